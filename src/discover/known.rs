//! Which component of a graph a DNS record belongs to.

use crate::graph::rules::bad_pattern;
use crate::graph::{ComponentIx, DependencyGraph};
use core::net::IpAddr;
use ipnet::IpNet;

/// The patterns of a graph, read once.
pub struct Known {
    servers: Vec<(String, ComponentIx)>,
    aliases: Vec<(String, ComponentIx)>,
    networks: Vec<(IpNet, ComponentIx)>,
}

impl Known {
    /// The patterns under `recognise` of all components. Those that cannot be read have been told by the graph's check.
    pub fn new(graph: &DependencyGraph) -> Self {
        let names = |list: fn(&crate::graph::Component) -> &Vec<String>| {
            graph
                .iter()
                .flat_map(|(ix, c)| list(c).iter().filter_map(move |p| Some((bad_pattern::name(p)?, ix))))
                .collect()
        };
        let networks = graph
            .iter()
            .flat_map(|(ix, c)| c.recognise.address.iter().filter_map(move |p| Some((bad_pattern::network(p)?, ix))));
        Known {
            servers: names(|c| &c.recognise.ns),
            aliases: names(|c| &c.recognise.cname),
            networks: networks.collect(),
        }
    }

    /// The component that a name server is of.
    pub fn server(&self, name: &str) -> Option<ComponentIx> {
        longest(&self.servers, name)
    }

    /// The component that the target of an alias is of.
    pub fn alias(&self, name: &str) -> Option<ComponentIx> {
        longest(&self.aliases, name)
    }

    /// The component that an address is of.
    pub fn address(&self, address: IpAddr) -> Option<ComponentIx> {
        let fitting = self.networks.iter().filter(|(net, _)| net.contains(&address));
        // Ties go to the smaller id.
        fitting.max_by_key(|(net, ix)| (net.prefix_len(), std::cmp::Reverse(*ix))).map(|(_, ix)| *ix)
    }
}

/// Of the patterns that fit, the one with most characters of its own says most.
fn longest(patterns: &[(String, ComponentIx)], name: &str) -> Option<ComponentIx> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let fitting = patterns.iter().filter(|(pattern, _)| fits(pattern.as_bytes(), name.as_bytes()));
    let own = |pattern: &str| pattern.bytes().filter(|b| *b != b'*').count();
    fitting.max_by_key(|(pattern, ix)| (own(pattern), std::cmp::Reverse(*ix))).map(|(_, ix)| *ix)
}

/// Whether a pattern with `*` fits a name. Goes back to the last `*` only, so time is bounded by the product of lengths.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, n));
            p += 1;
        } else if pattern.get(p) == Some(&name[n]) {
            (p, n) = (p + 1, n + 1);
        } else if let Some((at, from)) = star {
            (p, n) = (at + 1, from + 1);
            star = Some((at, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;

    #[test]
    fn stars_stand_for_any_characters() {
        let table = [
            ("*.example.net", "a.b.example.net", true),
            ("*.example.net", "example.net", false),
            ("ns*.awsdns-*.com", "ns-1.awsdns-20.com", true),
            ("a*b*c", "abbbcc", true),
            ("a*b*c", "abb", false),
            ("example.net", "example.net", true),
            ("*", "", true),
        ];
        for (pattern, name, fit) in table {
            assert_eq!(fits(pattern.as_bytes(), name.as_bytes()), fit, "{pattern} {name}");
        }
    }

    #[test]
    fn the_longest_match_wins() {
        let yaml = "components:\n  \
            wide: {kind: cdn, recognise: {ns: ['*.net'], address: [192.0.0.0/16]}}\n  \
            narrow: {kind: cdn, recognise: {ns: ['*.dns.net'], address: [192.0.2.0/24, '2001:db8::/32']}}\n";
        let graph = crate::graph::load_texts(&[("a", yaml)], &mut Sources::default(), None).0.unwrap();
        let known = Known::new(&graph);
        let id = |ix: Option<ComponentIx>| ix.map(|ix| graph.component(ix).id.as_str());
        assert_eq!(id(known.server("A.DNS.net.")), Some("narrow"));
        assert_eq!(id(known.server("a.net")), Some("wide"));
        assert_eq!(id(known.alias("a.net")), None);
        assert_eq!(id(known.address("192.0.2.9".parse().unwrap())), Some("narrow"));
        assert_eq!(id(known.address("192.0.3.9".parse().unwrap())), Some("wide"));
        assert_eq!(id(known.address("2001:db8::1".parse().unwrap())), Some("narrow"));
    }
}
