//! A pattern of DNS records by which nothing can be recognised.

use crate::diag::{Code, Diagnostic};
use crate::graph::raw::{At, RawGraph};
use core::net::IpAddr;
use ipnet::IpNet;

/// A pattern under `recognise` cannot be read.
pub const CODE: Code = Code { id: "bad-pattern", summary: "a pattern of DNS records cannot be read" };

/// A network such as `192.0.2.0/24`; a single address is a network of one.
pub fn network(text: &str) -> Option<IpNet> {
    let single = |_| text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>().or_else(single).ok().map(|net| net.trunc())
}

/// A name with `*` for any characters, in lower case and without the dot at the end. It must have a letter or digit of
/// its own, since it would fit everything otherwise.
pub fn name(text: &str) -> Option<String> {
    let text = text.trim_end_matches('.').to_ascii_lowercase();
    let fine = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.*".contains(c));
    (fine && text.chars().any(|c| c.is_ascii_alphanumeric())).then_some(text)
}

/// Every pattern of every component.
pub fn check(graph: &RawGraph, problems: &mut Vec<Diagnostic>) {
    for c in &graph.components {
        let names = c.recognise.ns.iter().chain(&c.recognise.cname).filter(|at| name(&at.value).is_none());
        problems.extend(names.map(|at| {
            problem(at, "a name").help("write a name of a server, with `*` for any characters: `*.example-dns.com`")
        }));
        let networks = c.recognise.address.iter().filter(|at| network(&at.value).is_none());
        problems.extend(
            networks.map(|at| problem(at, "a network").help("write `address/bits`: 192.0.2.0/24, or 2001:db8::/32")),
        );
    }
}

fn problem(at: &At<String>, what: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{}` is no pattern of {what}", at.value)).at(at.span, format!("not {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires() {
        for pattern in ["ns: ['*']", "ns: ['*.']", "cname: [a b]", "address: [192.0.2.0/33]", "address: [host]"] {
            let yaml = format!("components: {{a: {{kind: cdn, recognise: {{{pattern}}}}}}}");
            crate::graph::rules::testing::fires(CODE, &yaml);
        }
    }

    #[test]
    fn what_is_meant_is_read() {
        assert_eq!(name("*.Example-DNS.com.").as_deref(), Some("*.example-dns.com"));
        assert_eq!(network("192.0.2.77/24"), network("192.0.2.0/24"));
        assert_eq!(network("2001:db8::1"), network("2001:db8::1/128"));
    }
}
