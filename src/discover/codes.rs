//! What can go wrong with a discovery, and its words.

use super::{Fault, Seen, Why};
use crate::diag::{Code, Diagnostic};

/// A name that no domain can have.
pub const BAD_DOMAIN: Code = Code { id: "bad-domain", summary: "this cannot be the name of a domain" };
/// There is no such domain.
pub const NO_SUCH_DOMAIN: Code = Code { id: "no-such-domain", summary: "there is no such domain" };
/// No answer.
pub const NO_ANSWER: Code = Code { id: "no-dns-answer", summary: "name servers gave no answer" };
/// Aliases without an end.
pub const ALIASES: Code = Code { id: "endless-aliases", summary: "aliases run in a circle, or are too many" };
/// An alias of nothing.
pub const DANGLING: Code = Code { id: "dangling-alias", summary: "a name is an alias of one that does not exist" };

/// Every code of this module.
pub const CODES: &[Code] = &[BAD_DOMAIN, NO_SUCH_DOMAIN, NO_ANSWER, ALIASES, DANGLING];

/// What could not be found out about a domain.
pub fn problems(seen: &Seen) -> Vec<Diagnostic> {
    let unreachable = seen.unreachable();
    let missing =
        |name: &str| Diagnostic::error(NO_SUCH_DOMAIN, format!("there is no domain {name}")).help("correct the name");
    let problem = |f: &Fault| match &f.why {
        // A domain without `www.` is nothing to talk about.
        Why::Missing => (f.name == seen.domain.ascii).then(|| missing(&f.name)),
        Why::Refused(why) | Why::Silent(why) => {
            let message = format!("no answer about {}: {why}", f.name);
            let problem = match unreachable {
                true => Diagnostic::error(NO_ANSWER, message),
                false => Diagnostic::warning(NO_ANSWER, message),
            };
            Some(problem.help("try again, with a longer --timeout, or another --server"))
        }
        Why::Dangling(end) => Some(
            Diagnostic::warning(DANGLING, format!("{} is an alias of {end}, which does not exist", f.name))
                .help("remove the record, or whoever can register that name answers in yours"),
        ),
        Why::Aliases => Some(
            Diagnostic::warning(ALIASES, format!("the aliases of {} run in a circle, or are too many", f.name))
                .help("this is a mistake in the zone: nobody can reach that name; tell its operator"),
        ),
    };
    let first = |(i, f): &(usize, &Fault)| !seen.faults[..*i].contains(f);
    seen.faults.iter().enumerate().filter(first).filter_map(|(_, f)| problem(f)).collect()
}
