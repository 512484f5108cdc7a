//! The only integration test binary; each module is a subject.

mod incident;
mod infer;
mod signal;
