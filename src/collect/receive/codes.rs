//! The kinds of problem that receiving can have.

use crate::diag::Code;

/// The address is not free, or not ours.
pub const CANNOT_LISTEN: Code = Code { id: "cannot-listen", summary: "webhooks cannot be received at this address" };

/// Every code of this module.
pub const CODES: &[Code] = &[CANNOT_LISTEN];
