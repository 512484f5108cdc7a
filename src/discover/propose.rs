//! What was seen → a patch for the graph, as text, with evidence for every dependency.

use super::{Domain, Host, Known, Seen, Zone};
use crate::diag::{FileId, Span, clean};
use crate::graph::raw::{At, HARD, RawComponent, RawDependency, RawGraph, RawMember, RawNeed};
use crate::graph::{Component, ComponentIx, DependencyGraph, Rule, query, write};
use core::net::IpAddr;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// Chance that a zone needs the provider of its name servers: the zone itself says so.
const BY_SERVER: f64 = 0.95;
/// Chance that a name needs what it is an alias of: everyone is sent there who asks from here; elsewhere the answer
/// may be another.
const BY_ALIAS: f64 = 0.9;
/// Chance that a name needs the owner of its address: the network is theirs, but which service of theirs stands there,
/// and whether other places get other addresses, cannot be seen.
const BY_ADDRESS: f64 = 0.7;
/// Impact of what only some of the records show.
const LIKELY: f64 = 0.7;
/// Impact of what stands beside something that is not known.
const SOFT: f64 = 0.3;
/// The kind of a component for a domain that the graph does not have.
const NEW_KIND: &str = "service";
/// The capability that a delivery network carries.
const CONTENT: &str = "content";
/// Records of one kind that a source names.
const NAMED: usize = 6;
/// What is proposed stands in no file yet.
const NOWHERE: Span = Span { file: FileId(0), start: 0, end: 0 };

/// A proposed dependency.
struct Need {
    /// One component, or several of which one is enough.
    members: BTreeSet<ComponentIx>,
    impact: f64,
    confidence: f64,
    /// The records.
    source: String,
    note: Option<&'static str>,
}

/// Everything proposed for one component.
#[derive(Default)]
struct Entry {
    /// The domain, for a component that the graph does not have.
    new: Option<Domain>,
    needs: Vec<Need>,
}

/// A graph file that adds what was seen to `graph`, with `today` as the day it was checked.
///
/// Records that no component is known by stand at its end as comments. What the graph has already is left out.
pub fn propose(all: &[Seen], graph: &DependencyGraph, today: Date) -> String {
    let known = Known::new(graph);
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    let mut remarks = Remarks::default();
    for seen in all.iter().filter(|s| s.zone.is_some() || !s.hosts.is_empty()) {
        let component = find(graph, &seen.domain);
        let id = component.map_or_else(|| new_id(&seen.domain), |ix| graph.component(ix).id.clone());
        let entry = entries.entry(id.clone()).or_default();
        entry.new = component.is_none().then(|| seen.domain.clone());
        for need in needs(seen, &known, graph, component, &mut remarks) {
            if component.is_some_and(|ix| has(graph.component(ix), &need)) {
                remarks.there.insert(format!("{id} depends on {}", ids(graph, &need).join(", ")));
            } else if !entry.needs.iter().any(|n| n.members == need.members) {
                entry.needs.push(need);
            }
        }
    }
    entries.retain(|_, e| e.new.is_some() || !e.needs.is_empty());
    let components = entries.iter().map(|(id, entry)| raw(id, entry, graph, today)).collect();
    let mut out = String::from("# Proposed from DNS by `commoncause graph discover`: look at it before you keep it.\n");
    if entries.is_empty() {
        out += "# There is nothing to propose.\n";
    }
    out += &write::yaml(&RawGraph { components, ..RawGraph::default() });
    out + &remarks.comments()
}

/// The component that the graph has for a domain, under any of its names.
fn find(graph: &DependencyGraph, domain: &Domain) -> Option<ComponentIx> {
    let plain = domain.ascii.strip_prefix("www.").unwrap_or(&domain.ascii);
    graph.find(&domain.ascii).or_else(|| graph.find(&domain.shown)).or_else(|| graph.find(plain))
}

fn new_id(domain: &Domain) -> String {
    domain.ascii.strip_prefix("www.").unwrap_or(&domain.ascii).to_string()
}

/// True if the component depends on all of the members already.
fn has(component: &Component, need: &Need) -> bool {
    let there: BTreeSet<ComponentIx> =
        component.depends_on.iter().flat_map(|d| d.need.members()).map(|m| m.component).collect();
    need.members.is_subset(&there)
}

fn ids<'g>(graph: &'g DependencyGraph, need: &Need) -> Vec<&'g str> {
    need.members.iter().map(|ix| graph.component(*ix).id.as_str()).collect()
}

/// What is written as comments.
#[derive(Default)]
struct Remarks {
    /// Records that no component is known by, as lines for `recognise`, with the names that they were seen for.
    unknown: BTreeMap<String, BTreeSet<String>>,
    /// Addresses that mean something else in every network.
    private: BTreeMap<String, BTreeSet<String>>,
    /// Dependencies that the graph has.
    there: BTreeSet<String>,
}

impl Remarks {
    fn unknown(&mut self, kind: &str, record: &str, name: &str) {
        self.unknown.entry(format!("{kind}: {record}")).or_default().insert(name.to_string());
    }

    fn address(&mut self, address: IpAddr, name: &str) {
        if is_private(address) {
            self.private.entry(address.to_string()).or_default().insert(name.to_string());
        } else {
            self.unknown("address", &address.to_string(), name);
        }
    }

    fn comments(&self) -> String {
        let of_names = |records: &BTreeMap<String, BTreeSet<String>>| -> Vec<String> {
            records.iter().map(|(record, names)| format!("{record}  (of {})", some(names.iter()))).collect()
        };
        let there: Vec<String> = self.there.iter().cloned().collect();
        let unknown = "Known by no component; add a pattern under `recognise` of the one it belongs to";
        let private = "Private addresses, which tell nothing of a provider";
        [("In the graph already", there), (unknown, of_names(&self.unknown)), (private, of_names(&self.private))]
            .iter()
            .map(|(title, lines)| comment(title, lines))
            .collect()
    }
}

/// Lines of comment below a title; nothing if there are none.
fn comment(title: &str, lines: &[String]) -> String {
    let title = Some(format!("# {title}:\n")).filter(|_| !lines.is_empty());
    // Names come from outside: whatever they hold, a comment stays one line.
    title.into_iter().chain(lines.iter().map(|line| format!("#   {}\n", clean(line).replace('\t', " ")))).collect()
}

/// The first few texts, and how many there are beside them.
fn some<T: ToString>(texts: impl ExactSizeIterator<Item = T>) -> String {
    let more = texts.len().saturating_sub(NAMED);
    let mut named: Vec<String> = texts.take(NAMED).map(|t| t.to_string()).collect();
    named.extend((more > 0).then(|| format!("and {more} more")));
    named.join(", ")
}

/// True for addresses that are used over and over inside networks.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => a.is_private() || a.is_loopback() || a.is_link_local() || a.is_unspecified(),
        IpAddr::V6(a) => a.is_unique_local() || a.is_loopback() || a.is_unicast_link_local() || a.is_unspecified(),
    }
}

fn needs(
    seen: &Seen,
    known: &Known,
    graph: &DependencyGraph,
    own: Option<ComponentIx>,
    remarks: &mut Remarks,
) -> Vec<Need> {
    let mut needs: Vec<Need> = seen.zone.iter().filter_map(|zone| by_servers(zone, known, own, remarks)).collect();
    needs.extend(by_aliases(seen, known, remarks));
    for host in &seen.hosts {
        needs.extend(by_addresses(host, known, graph, remarks));
    }
    // Nothing depends on itself.
    needs.iter_mut().for_each(|n| n.members.retain(|m| Some(*m) != own));
    needs.retain(|n| !n.members.is_empty());
    needs
}

/// The provider of the name servers; several are as good as one another to those who ask.
fn by_servers(zone: &Zone, known: &Known, own: Option<ComponentIx>, remarks: &mut Remarks) -> Option<Need> {
    let mut members = BTreeSet::new();
    let mut all_known = true;
    for server in &zone.servers {
        match known.server(server) {
            Some(ix) => {
                all_known &= Some(ix) != own;
                members.insert(ix);
            }
            None => {
                all_known = false;
                // Servers of one's own are no dependency on somebody.
                if !within(server, &zone.name) {
                    remarks.unknown("ns", server, &zone.name);
                }
            }
        }
    }
    (!members.is_empty()).then(|| Need {
        members,
        impact: if all_known { HARD } else { SOFT },
        confidence: BY_SERVER,
        source: format!("DNS: {} NS {}", zone.name, some(zone.servers.iter())),
        note: (!all_known).then_some("not its only name servers"),
    })
}

/// One dependency on each component to which aliases lead: all of a chain must answer.
fn by_aliases(seen: &Seen, known: &Known, remarks: &mut Remarks) -> Vec<Need> {
    let mut found: BTreeMap<ComponentIx, Vec<String>> = BTreeMap::new();
    for host in &seen.hosts {
        let owners = std::iter::once(&host.name).chain(&host.aliases);
        for (owner, alias) in owners.zip(&host.aliases) {
            match known.alias(alias) {
                Some(ix) => found.entry(ix).or_default().push(format!("{owner} CNAME {alias}")),
                None if within(alias, &seen.domain.ascii) => {}
                None => remarks.unknown("cname", alias, &host.name),
            }
        }
    }
    let leads_to = |host: &Host, ix: ComponentIx| {
        let mut addresses = host.addresses.iter().map(|a| known.address(*a)).peekable();
        host.aliases.iter().any(|alias| known.alias(alias) == Some(ix))
            || (addresses.peek().is_some() && addresses.all(|owner| owner == Some(ix)))
    };
    let need = |(ix, records): (ComponentIx, Vec<String>)| {
        let everywhere = seen.hosts.iter().all(|host| leads_to(host, ix));
        Need {
            members: BTreeSet::from([ix]),
            impact: if everywhere { HARD } else { LIKELY },
            confidence: BY_ALIAS,
            source: format!("DNS: {}", some(records.iter())),
            note: (!everywhere).then_some("seen for one of two names only"),
        }
    };
    found.into_iter().map(need).collect()
}

/// The owners of the addresses of a name; several are as good as one another to those who ask. Where an alias told more
/// (a part of the owner), the address says nothing new, nor is it unknown then.
fn by_addresses(host: &Host, known: &Known, graph: &DependencyGraph, remarks: &mut Remarks) -> Option<Need> {
    let told: Vec<ComponentIx> = host.aliases.iter().filter_map(|alias| known.alias(alias)).collect();
    let owners: Vec<Option<ComponentIx>> = host.addresses.iter().map(|a| known.address(*a)).collect();
    let mut members: BTreeSet<ComponentIx> = owners.iter().copied().flatten().collect();
    if members.is_empty() && told.is_empty() {
        host.addresses.iter().for_each(|a| remarks.address(*a, &host.name));
    }
    members.retain(|owner| !told.iter().any(|ix| query::containers(graph, *ix).contains(owner)));
    let all_known = owners.iter().all(Option::is_some);
    let kind = if host.addresses.iter().all(IpAddr::is_ipv6) { "AAAA" } else { "A" };
    (!members.is_empty()).then(|| Need {
        members,
        impact: if all_known { LIKELY } else { SOFT },
        confidence: BY_ADDRESS,
        source: format!("DNS: {} {kind} {}", host.aliases.last().unwrap_or(&host.name), some(host.addresses.iter())),
        note: (!all_known).then_some("not its only addresses"),
    })
}

/// Whether a name is `zone` or below it.
fn within(name: &str, zone: &str) -> bool {
    name == zone || name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
}

fn at<T>(value: T) -> At<T> {
    At { value, span: NOWHERE }
}

/// An entry as the graph would have it.
fn raw(id: &str, entry: &Entry, graph: &DependencyGraph, today: Date) -> RawComponent {
    let mut component = RawComponent::bare(at(id.to_string()));
    if let Some(domain) = &entry.new {
        component.kind = Some(at(NEW_KIND.to_string()));
        component.title = Some(at(domain.shown.clone())).filter(|_| domain.shown != domain.ascii);
        component.aliases = component.title.iter().cloned().collect();
    }
    let capabilities = match graph.find(id) {
        Some(ix) => &graph.component(ix).capabilities,
        None => &graph.kinds()[NEW_KIND].capabilities,
    };
    let has_content = capabilities.iter().any(|k| k == CONTENT);
    component.depends_on = entry.needs.iter().map(|need| dependency(need, has_content, graph, today)).collect();
    component
}

fn dependency(need: &Need, has_content: bool, graph: &DependencyGraph, today: Date) -> RawDependency {
    let member = |id: &str| RawMember { component: at(id.to_string()), capability: None };
    let mut members: Vec<RawMember> = ids(graph, need).into_iter().map(member).collect();
    let what = match members.len() {
        1 => RawNeed::One(members.remove(0)),
        _ => RawNeed::Group { rule: Rule::AnyOf, span: NOWHERE, members },
    };
    // Users fetch contents from a delivery network; the rest goes past it.
    let delivery = need.members.iter().all(|ix| graph.kind(graph.component(*ix)).family == "cdn");
    let scope = if delivery && has_content { vec![at(CONTENT.to_string())] } else { Vec::new() };
    RawDependency {
        scope,
        impact: need.impact,
        confidence: need.confidence,
        source: Some(at(need.source.clone())),
        verified: Some(at(today)),
        note: need.note.map(|note| at(note.to_string())),
        ..RawDependency::bare(NOWHERE, what)
    }
}
