//! What DNS tells of domains, asked of a name server of our own on this machine.

use crate::run;
use commoncause::diag::{Sources, has_errors};
use commoncause::discover::codes::CODES;
use commoncause::discover::lookup::{self, Names, Settings};
use commoncause::discover::{Domain, Host, Seen, Why};
use commoncause::graph;
use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType, rdata};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

/// What the server does with a question.
#[derive(Clone)]
enum Reply {
    Records(Vec<RData>),
    /// Only over TCP: over UDP the answer is cut.
    Large(Vec<RData>),
    Missing,
    Broken,
    Silent,
}

type Zone = BTreeMap<(String, RecordType), Reply>;

/// A name of any bytes; `%n` stands for a line break.
fn name(text: &str) -> Name {
    Name::from_labels(text.split('.').map(|label| label.replace("%n", "\n").into_bytes())).unwrap()
}

/// Records, one a line: `name kind value`; `!missing` as a value says that there is no such name; `!` instead of a kind makes the whole name behave so.
fn zone(text: &str) -> Zone {
    let mut zone = Zone::new();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let [owner, kind, value] = line.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
        let data = |value: &str| match kind {
            "NS" => (RecordType::NS, RData::NS(rdata::NS(name(value)))),
            "CNAME" => (RecordType::CNAME, RData::CNAME(rdata::CNAME(name(value)))),
            "A" => (RecordType::A, RData::A(rdata::A(value.parse().unwrap()))),
            "AAAA" => (RecordType::AAAA, RData::AAAA(rdata::AAAA(value.parse().unwrap()))),
            _ => panic!("{line}"),
        };
        if kind == "!" {
            let reply = match value {
                "missing" => Reply::Missing,
                "broken" => Reply::Broken,
                "silent" => Reply::Silent,
                _ => panic!("{line}"),
            };
            for kind in [RecordType::NS, RecordType::CNAME, RecordType::A, RecordType::AAAA] {
                zone.insert((owner.to_string(), kind), reply.clone());
            }
            continue;
        }
        if value == "!missing" {
            let kind = if kind == "NS" { RecordType::NS } else { panic!("{line}") };
            zone.insert((owner.to_string(), kind), Reply::Missing);
            continue;
        }
        let (large, value) = value.strip_prefix("tcp:").map_or((false, value), |v| (true, v));
        let (kind, data) = data(value);
        let entry = zone.entry((owner.to_string(), kind)).or_insert_with(|| match large {
            true => Reply::Large(Vec::new()),
            false => Reply::Records(Vec::new()),
        });
        if let Reply::Records(list) | Reply::Large(list) = entry {
            list.push(data);
        }
    }
    zone
}

/// The answer to a question; `None` for silence.
fn answer(zone: &Zone, question: &[u8], tcp: bool) -> Option<Vec<u8>> {
    let asked = Message::from_vec(question).ok()?;
    let mut message = Message::response(asked.metadata.id, asked.metadata.op_code);
    message.add_queries(asked.queries.clone());
    let query = asked.queries.first()?;
    let key = query.name().to_ascii().trim_end_matches('.').to_ascii_lowercase();
    let known = zone.keys().any(|(owner, _)| *owner == key || owner.ends_with(&format!(".{key}")));
    match zone.get(&(key, query.query_type())) {
        Some(Reply::Silent) => return None,
        Some(Reply::Broken) => message.metadata.response_code = ResponseCode::ServFail,
        Some(Reply::Missing) => message.metadata.response_code = ResponseCode::NXDomain,
        Some(Reply::Large(_)) if !tcp => message.metadata.truncation = true,
        Some(Reply::Records(list) | Reply::Large(list)) => {
            let records = list.iter().map(|data| Record::from_rdata(query.name().clone(), 60, data.clone()));
            message.add_answers(records);
        }
        None if known => {}
        None => message.metadata.response_code = ResponseCode::NXDomain,
    }
    message.to_vec().ok()
}

/// Starts a server on this machine; it ends with the process.
pub fn serve(text: &str) -> SocketAddr {
    let zone = Arc::new(zone(text));
    let (udp, tcp) = (0..20)
        .find_map(|_| {
            let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
            let tcp = TcpListener::bind(udp.local_addr().unwrap()).ok()?;
            Some((udp, tcp))
        })
        .expect("a port that is free for both");
    let address = udp.local_addr().unwrap();
    let same = zone.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = udp.recv_from(&mut buffer) {
            if let Some(bytes) = answer(&same, &buffer[..length], false) {
                let _ = udp.send_to(&bytes, from);
            }
        }
    });
    std::thread::spawn(move || {
        for mut stream in tcp.incoming().flatten() {
            let mut length = [0; 2];
            while stream.read_exact(&mut length).is_ok() {
                let mut question = vec![0; u16::from_be_bytes(length) as usize];
                if stream.read_exact(&mut question).is_err() {
                    break;
                }
                if let Some(bytes) = answer(&zone, &question, true) {
                    let _ = stream.write_all(&(bytes.len() as u16).to_be_bytes());
                    let _ = stream.write_all(&bytes);
                }
            }
        }
    });
    address
}

fn ask(server: SocketAddr, domain: &str, names: Names) -> Seen {
    let settings = Settings { server: Some(server), timeout: Duration::from_millis(400), names };
    let mut seen = lookup::observe(&[Domain::parse(domain).unwrap()], settings).unwrap();
    seen.remove(0)
}

fn host(name: &str, aliases: &[&str], addresses: &[&str]) -> Host {
    Host {
        name: name.to_string(),
        aliases: aliases.iter().map(ToString::to_string).collect(),
        addresses: addresses.iter().map(|a| a.parse().unwrap()).collect(),
    }
}

#[test]
fn name_servers_aliases_and_addresses_are_found() {
    let server = serve(
        "example.org NS b.dns.test
         example.org NS A.dns.test
         example.org A 192.0.2.1
         www.example.org CNAME www.example.org.edge.test
         www.example.org.edge.test CNAME e1.edge.test
         e1.edge.test A 198.51.100.2
         e1.edge.test AAAA 2001:db8::2",
    );
    let seen = ask(server, "example.org", Names::WithWww);
    assert_eq!(seen.faults, []);
    let zone = seen.zone.unwrap();
    assert_eq!(
        (zone.name.as_str(), zone.servers.as_slice()),
        ("example.org", &["a.dns.test", "b.dns.test"].map(String::from)[..])
    );
    let www = host("www.example.org", &["www.example.org.edge.test", "e1.edge.test"], &["198.51.100.2", "2001:db8::2"]);
    assert_eq!(seen.hosts, [host("example.org", &[], &["192.0.2.1"]), www]);
    // The zone of a name below is found above; www. is not asked for.
    let seen = ask(server, "www.example.org", Names::Exact);
    assert_eq!((seen.zone.unwrap().name.as_str(), seen.hosts.len()), ("example.org", 1));
}

#[test]
fn circles_and_long_chains_of_aliases_end() {
    let chain: String = (0..30).map(|i| format!("a{i}.example.org CNAME a{}.example.org\n", i + 1)).collect();
    let server = serve(&format!(
        "x.example.org CNAME y.example.org\ny.example.org CNAME x.example.org\nz.example.org CNAME z.example.org\n{chain}"
    ));
    for (domain, aliases) in [("x.example.org", 1), ("z.example.org", 0), ("a0.example.org", 16)] {
        let seen = ask(server, domain, Names::Exact);
        assert_eq!(seen.hosts.iter().map(|h| h.aliases.len()).sum::<usize>(), aliases, "{domain}");
        assert!(seen.faults.iter().any(|f| f.why == Why::Aliases), "{domain}: {:?}", seen.faults);
    }
}

/// A resolver that is asked for the name servers of an alias answers about the name at its end.
#[test]
fn an_alias_of_nothing_is_not_a_domain_that_does_not_exist() {
    let server = serve(
        "example.org NS a.dns.test
         gone.example.org CNAME gone.apps.test
         gone.example.org NS !missing",
    );
    let seen = ask(server, "gone.example.org", Names::Exact);
    assert!(!seen.missing() && !seen.unreachable(), "{seen:?}");
    assert_eq!(seen.hosts, [host("gone.example.org", &["gone.apps.test"], &[])]);
    assert_eq!(seen.zone.as_ref().map(|z| z.name.as_str()), Some("example.org"));
    assert_eq!(seen.faults.len(), 1);
    let told = commoncause::discover::codes::problems(&seen);
    assert!(told.len() == 1 && told[0].code.id == "dangling-alias", "{told:?}");
}

#[test]
fn what_cannot_be_found_out_is_told_apart() {
    let server = serve(
        "broken.test ! broken
         silent.test ! silent
         half.test NS ns.half.test
         half.test A 192.0.2.1
         www.half.test ! broken
         large.test NS tcp:ns.large.test
         large.test A tcp:192.0.2.1
         xn--bcher-kva.test NS ns.dns.test",
    );
    let none = ask(server, "none.test", Names::WithWww);
    assert!(none.missing() && !none.unreachable() && none.hosts.is_empty(), "{none:?}");
    for domain in ["broken.test", "silent.test"] {
        let seen = ask(server, domain, Names::WithWww);
        assert!(seen.unreachable() && !seen.missing(), "{seen:?}");
    }
    let half = ask(server, "half.test", Names::WithWww);
    assert!(!half.unreachable() && half.hosts.len() == 1 && half.faults.len() == 1, "{half:?}");
    let large = ask(server, "large.test", Names::Exact);
    assert!(large.faults.is_empty() && large.hosts == [host("large.test", &[], &["192.0.2.1"])], "{large:?}");
    assert!(ask(server, "bücher.test", Names::Exact).zone.is_some());
}

const GRAPH: &str = "components:
  dns-one: {kind: dns, recognise: {ns: ['*.dns-one.test']}}
  dns-two: {kind: dns, recognise: {ns: ['*.dns-two.test']}}
  edge: {kind: cdn, recognise: {cname: ['*.edge.test'], address: [198.51.100.0/24]}}
  cloud: {kind: cloud, recognise: {address: [203.0.113.0/24]}}
  shop: {kind: service, aliases: [shop.test], depends_on: [{component: dns-one, source: general knowledge}]}
";

const RECORDS: &str = "
  shop.test NS a.dns-one.test
  shop.test A 203.0.113.5
  www.shop.test CNAME shop.edge.test
  shop.edge.test A 198.51.100.9
  two.test NS a.dns-one.test
  two.test NS b.dns-two.test
  two.test A 203.0.113.6
  two.test A 192.0.2.99
  xn--bcher-kva.test NS ns1.nobody.test
  xn--bcher-kva.test A 192.0.2.7
  own.test NS ns.own.test
  own.test NS a.dns-two.test
  dead.test ! silent
";

/// Runs the command against a server with [`RECORDS`], with a graph of these texts.
fn discover(domains: &[&str], files: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    for (i, text) in files.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{i}.yaml")), text).unwrap();
    }
    discover_with(&folder.path().to_string_lossy(), RECORDS, domains)
}

fn discover_with(graph: &str, records: &str, domains: &[&str]) -> (i32, String, String) {
    let server = serve(records).to_string();
    let options = ["--graph", graph, "--server", &server, "--timeout", "300ms", "--today", "2026-11-25"];
    run(&[&["graph", "discover"], domains, &options].concat())
}

#[test]
fn a_proposal_has_evidence_and_passes_the_check_with_its_graph() {
    let domains = ["shop.test", "two.test", "https://bücher.test/", "own.test"];
    let (code, out, err) = discover(&domains, &[GRAPH]);
    assert_eq!(code, 0, "{err}");
    crate::assert_file("tests/discover/proposal.yaml", &out);
    let mut sources = Sources::default();
    let today = jiff::civil::date(2026, 11, 25);
    let (graph, problems) = graph::load_texts(&[("a.yaml", GRAPH), ("b.yaml", &out)], &mut sources, Some(today));
    assert!(!has_errors(&problems), "{problems:#?}");
    assert!(graph.unwrap().find("bücher.test").is_some());
    // What is in the graph is not proposed again.
    let (code, again, err) = discover(&domains, &[GRAPH, &out]);
    assert!(
        code == 0 && again.contains("# There is nothing to propose.\ncomponents:\n# In the graph already:"),
        "{again}{err}"
    );
}

#[test]
fn exit_codes_tell_missing_from_unreachable_and_the_rest_is_printed() {
    let (code, out, err) = discover(&["none.test", "two.test"], &[GRAPH]);
    assert!(code == 1 && out.contains("two.test:") && err.contains("error[no-such-domain]"), "{code} {out} {err}");
    let (code, out, err) = discover(&["dead.test", "two.test"], &[GRAPH]);
    assert!(code == 3 && out.contains("two.test:") && err.contains("error[no-dns-answer]"), "{code} {out} {err}");
    let (code, out, err) = discover(&["dead.test", "none.test"], &[GRAPH]);
    assert!(code == 3 && out.is_empty() && err.matches("error[no-dns-answer]").count() == 1, "{code} {out} {err}");
    let (code, out, err) = discover(&["not a domain", "two.test"], &[GRAPH]);
    assert!(code == 2 && out.is_empty() && err.contains("error[bad-domain]"), "{code} {out} {err}");
    let (code, out, _) = run(&["graph", "discover", "--help"]);
    assert!(code == 0 && out.contains("Example:"), "{out}");
}

/// Domains as they often stand on the providers of the catalog.
const ON_PROVIDERS: &str = "
  amazon.test NS ns-1.awsdns-20.com
  amazon.test NS ns-2.awsdns-30.co.uk
  amazon.test A 3.210.0.1
  www.amazon.test CNAME d111.cloudfront.net
  d111.cloudfront.net A 18.154.0.7
  balanced.test NS ns-1.awsdns-20.com
  balanced.test CNAME b-1.us-east-1.elb.amazonaws.com
  b-1.us-east-1.elb.amazonaws.com A 3.210.0.2
  flare.test NS ada.ns.cloudflare.com
  flare.test A 104.16.1.1
  flare.test AAAA 2606:4700::1
  pages.test NS ns-cloud-a1.googledomains.com
  pages.test A 185.199.108.153
  www.pages.test CNAME someone.github.io
  someone.github.io A 185.199.108.153
";

#[test]
fn domains_on_well_known_providers_map_to_the_catalog() {
    let domains = ["amazon.test", "balanced.test", "flare.test", "pages.test"];
    let (code, out, err) = discover_with("graphs", ON_PROVIDERS, &domains);
    assert_eq!((code, err.as_str()), (0, ""));
    crate::assert_file("tests/discover/catalog.yaml", &out);
    for part in ["aws/route53", "aws/cloudfront", "cloudflare/dns", "google-cloud/dns"] {
        assert!(
            out.contains(&format!("component: \"{part}\"")) || out.contains(&format!("component: {part}")),
            "{out}"
        );
    }
}

/// Which of two would win cannot be seen in the files.
#[test]
fn no_two_components_of_the_catalog_have_the_same_pattern() {
    let root = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("graphs");
    let graph = graph::load(&[root], &mut Sources::default(), None).0.unwrap();
    let mut owners: BTreeMap<(&str, String), &str> = BTreeMap::new();
    for c in graph.components() {
        let lists = [("ns", &c.recognise.ns), ("cname", &c.recognise.cname), ("address", &c.recognise.address)];
        for (kind, pattern) in lists.into_iter().flat_map(|(kind, list)| list.iter().map(move |p| (kind, p))) {
            let first = owners.insert((kind, pattern.to_lowercase()), &c.id);
            assert!(first.is_none(), "{kind} {pattern}: {} and {first:?}", c.id);
        }
    }
    assert!(owners.len() > 300, "{}", owners.len());
}

#[test]
fn private_addresses_and_long_lists_are_no_burden() {
    let mut records = String::from("inside.test A 10.0.0.1\ninside.test AAAA fd00::1\nwide.test A 192.0.2.1\n");
    records += &(0..50).map(|i| format!("wide.test NS ns{i}.dns-one.test\n")).collect::<String>();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), GRAPH).unwrap();
    let (code, out, err) = discover_with(&folder.path().to_string_lossy(), &records, &["inside.test", "wide.test"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("# Private addresses") && out.contains("#   10.0.0.1  (of inside.test)"), "{out}");
    assert!(out.contains("and 44 more") && !out.contains("address: 10.0.0.1"), "{out}");
}

/// Name servers may be called anything: what they are called stays inside a quotation, or a comment of one line.
#[test]
fn names_with_hostile_bytes_are_written_safely() {
    let records = "odd.test NS a%nb\"#:{x}.dns-one.test\nodd.test NS c%nd\u{202e}.nobody.test\nodd.test A 192.0.2.1";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), GRAPH).unwrap();
    let (code, out, err) = discover_with(&folder.path().to_string_lossy(), records, &["odd.test"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let (graph, problems) = graph::load_texts(&[("a", GRAPH), ("b", &out)], &mut Sources::default(), None);
    assert!(!has_errors(&problems) && graph.unwrap().find("odd.test").is_some(), "{out}");
    assert!(out.is_ascii() && out.lines().count() == 9, "{out}");
}

#[test]
fn a_server_that_answers_about_nothing_is_not_asked_on() {
    let records: String = (0..20).map(|i| format!("s{i}.test ! silent\nwww.s{i}.test ! silent\n")).collect();
    let domains: Vec<Domain> = (0..20).map(|i| Domain::parse(&format!("s{i}.test")).unwrap()).collect();
    let settings =
        Settings { server: Some(serve(&records)), timeout: Duration::from_millis(200), names: Names::WithWww };
    let started = std::time::Instant::now();
    let seen = lookup::observe(&domains, settings).unwrap();
    assert!(seen.len() == 20 && seen.iter().all(Seen::unreachable), "{seen:?}");
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    assert!(matches!(&seen[19].faults[0].why, Why::Silent(why) if why.starts_with("not asked")), "{:?}", seen[19]);
}

/// A name that no domain has, and what looks like an option.
#[test]
fn what_is_no_domain_never_reaches_a_name_server() {
    for text in ["192.0.2.1", "a..test", "localhost", "@evil.test"] {
        let (code, out, err) = discover(&[text], &[GRAPH]);
        assert!(code == 2 && out.is_empty() && err.contains("error[bad-domain]"), "{text}: {err}");
    }
    let (code, out, err) = run(&["graph", "discover", "--graph", "graphs", "--", "--server=192.0.2.1:53"]);
    assert!(code == 2 && out.is_empty() && err.contains("error[bad-domain]"), "{err}");
}

#[test]
fn every_code_has_a_page() {
    for code in CODES {
        let path = crate::folder(&format!("../docs/diagnostics/{}.md", code.id));
        let page = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert!(page.starts_with(&format!("# {}\n", code.id)) && page.contains("**What to do.**"), "{path}");
        assert!(!graph::rules::ALL.contains(code));
    }
}
