//! Reading signals: what is accepted, what is refused and how, and that nothing panics.

use commoncause::diag::{Diagnostic, Severity, Sources};
use commoncause::signal::read::{Format, MAX_LINE_BYTES, Read, read_file, read_raw};
use commoncause::signal::{self, AtKind, Precision, SourceKind, State, schema, symptom};
use proptest::prelude::*;

fn read(format: Format, bytes: impl Into<Vec<u8>>) -> (Read, Sources) {
    let mut sources = Sources::default();
    let read = read_raw(format, "input", bytes.into(), &mut sources);
    for d in &read.diagnostics {
        assert!(signal::CODES.contains(&d.code), "{d:?}");
        assert!(d.help.is_some(), "every problem has a next step: {d:?}");
        let span = d.primary.as_ref().expect("every problem has a place").span;
        let text = sources.text(span.file);
        assert!(span.start <= span.end && span.end <= text.len(), "{d:?}");
        assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{d:?}");
    }
    (read, sources)
}

fn codes(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics.iter().map(|d| d.code.id).collect()
}

const GOOD: &str =
    r#"{"at":"2024-03-05T15:29:00Z","component":"facebook","state":"failing","source":{"kind":"probe"}}"#;

/// One line that differs from a good one in `from` → `to`.
fn line(from: &str, to: &str) -> String {
    let changed = GOOD.replacen(from, to, 1);
    assert_ne!(changed, GOOD, "{from}");
    changed
}

/// One line with one more field.
fn with(field: &str) -> String {
    line("{\"at\"", &format!("{{{field},\"at\""))
}

#[test]
fn a_full_record_arrives_whole() {
    let text = r#"{"at":"2024-03-05T16:29:00+01:00","precision":"hour","at_kind":"onset","until":"2024-03-05T17:00:00Z",
"seen_at":"2024-03-05T15:40:00Z","component":"facebook","capability":"network","state":"partial_outage","region":"NO",
"source":{"kind":"user_reports","name":"downdetector"},"count":13083,"baseline":12.5,"share":{"login":0.75,"cdn":0.2},
"value":0.5,"n":10,"text":"it is \"down\"","url":"https://example.org","likelihood":{"failed":1,"ok":1e-3},"x-own":{"a":[1]}}"#
        .replace('\n', "");
    let (read, sources) = read(Format::JsonLines, format!("\u{feff}\r\n{text}\r\n"));
    assert_eq!(codes(&read.diagnostics), [""; 0]);
    let record = &read.records[0];
    let o = &record.observation;
    assert_eq!(o.at, "2024-03-05T15:29:00Z".parse().unwrap());
    assert_eq!((o.precision, o.at_kind, o.state), (Precision::Hour, AtKind::Onset, State::Degraded));
    assert_eq!(o.until, Some("2024-03-05T17:00:00Z".parse().unwrap()));
    assert_eq!(o.seen_at, "2024-03-05T15:40:00Z".parse().unwrap());
    assert_eq!((o.component.as_str(), o.capability.as_str(), o.region.as_str()), ("facebook", "connectivity", "NO"));
    assert_eq!((o.source.kind, o.source.name.as_str()), (SourceKind::UserReports, "downdetector"));
    assert_eq!((o.count, o.baseline, o.value, o.n), (Some(13083.0), Some(12.5), Some(0.5), Some(10.0)));
    assert_eq!(o.share.iter().map(|(k, v)| (k.as_str(), *v)).collect::<Vec<_>>(), [("content", 0.2), ("login", 0.75)]);
    assert_eq!(o.likelihood.map(|l| (l.failed, l.ok)), Some((1.0, 1e-3)));
    assert_eq!(record.text.as_deref(), Some("it is \"down\""));
    assert_eq!(record.url.as_deref(), Some("https://example.org"));
    assert_eq!(sources.line_column(record.span.file, record.span.start), (2, 1));
}

#[test]
fn what_is_not_given_has_its_default() {
    for absent in ["", r#","until":null,"capability":null,"region":null,"count":null,"share":null,"text":null"#] {
        let (read, _) = read(Format::JsonLines, GOOD.replacen("}}", &format!("}}{absent}}}"), 1));
        assert_eq!(codes(&read.diagnostics), [""; 0]);
        let o = &read.records[0].observation;
        assert_eq!((o.precision, o.at_kind, o.until, o.seen_at), (Precision::Minute, AtKind::Seen, None, o.at));
        assert_eq!((o.capability.as_str(), o.region.as_str(), o.source.name.as_str()), ("any", "global", "probe"));
        assert!(o.share.is_empty() && o.count.is_none() && o.likelihood.is_none());
    }
}

#[test]
fn all_formats_say_the_same() {
    let csv = "at,component,state,source_kind,source.name,region,count,share.login,likelihood_failed,likelihood.ok,text,x-me\n\
               2024-03-05T15:29:00Z,facebook,failing,probe,mine,NO,12,0.5,0.9,0.1,\"a, b\",?\n\
               2024-03-05T15:29:00Z,facebook,failing,probe,,,,,,,,\n";
    let yaml = "- at: 2024-03-05T15:29:00Z\n  component: facebook\n  state: failing\n  source: {kind: probe, name: mine}\n  \
                region: NO\n  count: 12\n  share: {login: 0.5}\n  likelihood: {failed: 0.9, ok: 0.1}\n  text: a, b\n  x-me: [?]\n\
                - {at: 2024-03-05T15:29:00Z, component: facebook, state: failing, source: {kind: probe}, until: ~}\n";
    let json = format!(
        "{}\n{GOOD}\n",
        r#"{"at":"2024-03-05T15:29:00Z","component":"facebook","state":"failing","source":{"kind":"probe","name":"mine"},"region":"NO","count":12,"share":{"login":0.5},"likelihood":{"failed":0.9,"ok":0.1},"text":"a, b"}"#
    );
    let read = |format, text: &str| {
        let (read, _) = read(format, text);
        assert_eq!(codes(&read.diagnostics), [""; 0], "{format:?} {:?}", read.diagnostics);
        read.records.into_iter().map(|r| (r.observation, r.text, r.url)).collect::<Vec<_>>()
    };
    let expected = read(Format::JsonLines, &json);
    assert_eq!(expected.len(), 2);
    assert_eq!(expected[0].0.region, "NO");
    assert_eq!(read(Format::Csv, csv), expected);
    assert_eq!(read(Format::Yaml, yaml), expected);
}

#[test]
fn coverage_is_read_beside_signals() {
    let json = r#"{"source":{"kind":"probe","name":"blackbox"},"covers":["a","b"],"every":"1m"}"#;
    let yaml = "- {source: {kind: probe, name: blackbox}, covers: [a, b], every: 60s}\n";
    for (format, text) in [(Format::JsonLines, json), (Format::Yaml, yaml)] {
        let (read, _) = read(format, text);
        assert_eq!(codes(&read.diagnostics), [""; 0]);
        assert_eq!((read.coverage[0].covers.join(" "), read.coverage[0].every_seconds), ("a b".to_string(), 60.0));
    }
}

#[test]
fn one_bad_line_never_hides_the_others() {
    let text = format!("{GOOD}\nnonsense\n\n{}\n{GOOD}", line("failing", "failling"));
    let (read, sources) = read(Format::JsonLines, text);
    assert_eq!(read.records.len(), 2);
    let places: Vec<_> = read
        .diagnostics
        .iter()
        .map(|d| {
            let span = d.primary.as_ref().unwrap().span;
            (d.code.id, sources.line_column(span.file, span.start))
        })
        .collect();
    assert_eq!(places, [("bad-signal", (2, 1)), ("unknown-state", (4, 61))]);
    assert!(read.diagnostics[1].help.as_deref().unwrap().contains("failing"), "{:?}", read.diagnostics[1]);
}

/// What every format must refuse: a change of a good line, and the code.
fn broken_lines() -> Vec<(String, &'static str)> {
    let likelihood = |l: &str| with(&format!("\"likelihood\":{l}"));
    vec![
        (GOOD[..GOOD.len() - 1].to_string(), "bad-signal"),
        (GOOD[..40].to_string(), "bad-signal"),
        ("# comment".to_string(), "bad-signal"),
        ("[1, 2]".to_string(), "bad-signal"),
        ("17".to_string(), "bad-signal"),
        ("{}{}".to_string(), "bad-signal"),
        (line("\"at\":\"2024-03-05T15:29:00Z\",", ""), "bad-signal"),
        (line("\"component\":\"facebook\",", ""), "bad-signal"),
        (line("\"state\":\"failing\",", ""), "bad-signal"),
        (line(",\"source\":{\"kind\":\"probe\"}", ""), "bad-signal"),
        (line("\"facebook\"", "17"), "bad-signal"),
        (line("\"facebook\"", "\" \""), "bad-signal"),
        (line("\"facebook\"", "null"), "bad-signal"),
        (line("{\"kind\":\"probe\"}", "\"probe\""), "bad-signal"),
        (line("\"kind\":\"probe\"", "\"name\":\"x\""), "bad-signal"),
        (with("\"at\":\"2024-03-05T15:29:00Z\""), "bad-signal"),
        (with("\"count\":\"5\""), "bad-signal"),
        (with("\"count\":NaN"), "bad-signal"),
        (with("\"count\":true"), "bad-signal"),
        (with("\"precision\":\"second\""), "bad-signal"),
        (with("\"share\":0.5"), "bad-signal"),
        (with("\"text\":[\"a\"]"), "bad-signal"),
        (likelihood("{\"failed\":0.5}"), "bad-signal"),
        (line("failing", "kaputt"), "unknown-state"),
        (line("\"kind\":\"probe\"", "\"kind\":\"prob\""), "unknown-source-kind"),
        (line("2024-03-05T15:29:00Z", "2024-03-05T15:29:00"), "bad-time"),
        (line("2024-03-05T15:29:00Z", "2024-03-05"), "bad-time"),
        (line("2024-03-05T15:29:00Z", "2024-02-30T15:29:00Z"), "bad-time"),
        (line("2024-03-05T15:29:00Z", "yesterday"), "bad-time"),
        (line("\"2024-03-05T15:29:00Z\"", "1709652540"), "bad-time"),
        (with("\"until\":\"soon\""), "bad-time"),
        (with("\"until\":\"2024-03-05T15:28:59Z\""), "until-before-at"),
        (with("\"count\":-1"), "out-of-range-signal"),
        (with("\"count\":1e999"), "out-of-range-signal"),
        (with("\"baseline\":-0.5"), "out-of-range-signal"),
        (with("\"value\":1.01"), "out-of-range-signal"),
        (with("\"n\":-3"), "out-of-range-signal"),
        (with("\"share\":{\"login\":1.5}"), "out-of-range-signal"),
        (with("\"share\":{\"login\":0.6,\"api\":0.6}"), "out-of-range-signal"),
        (likelihood("{\"failed\":0,\"ok\":0.5}"), "out-of-range-signal"),
        (likelihood("{\"failed\":1.1,\"ok\":0.5}"), "out-of-range-signal"),
        (with("\"componnet\":\"a\""), "unknown-signal-field"),
        (line("\"kind\"", "\"url\":1,\"kind\""), "unknown-signal-field"),
        (with(&format!("\"share\":{}0{}", "{\"a\":".repeat(200), "}".repeat(200))), "signals-too-large"),
        (with(&format!("\"text\":\"{}\"", "x".repeat(MAX_LINE_BYTES))), "signals-too-large"),
        (r#"{"source":{"kind":"probe"},"covers":"a","every":"1m"}"#.to_string(), "bad-signal"),
        (r#"{"source":{"kind":"probe"},"covers":["a"],"every":"often"}"#.to_string(), "bad-signal"),
        (r#"{"source":{"kind":"probe"},"covers":["a"],"every":"-1m"}"#.to_string(), "out-of-range-signal"),
        (
            r#"{"source":{"kind":"probe"},"covers":["a"],"every":"1m","state":"failing"}"#.to_string(),
            "unknown-signal-field",
        ),
    ]
}

#[test]
fn broken_json_lines_are_refused_by_name() {
    for (bad, code) in broken_lines() {
        let (read, _) = read(Format::JsonLines, format!("{GOOD}\n{bad}\n{GOOD}\n"));
        let shown = &bad[..bad.len().min(200)];
        assert_eq!(codes(&read.diagnostics), [code], "{shown}: {:?}", read.diagnostics);
        assert_eq!((read.records.len(), read.coverage.len()), (2, 0), "{shown}");
    }
}

#[test]
fn broken_bytes_are_refused_by_name() {
    let latin1 = [GOOD.as_bytes(), b"\n{\"at\":\"\xe9\"}\n", GOOD.as_bytes()].concat();
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(GOOD.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for format in [Format::JsonLines, Format::Csv, Format::Yaml] {
        for bytes in [&b"\x7fELF\0\0\0"[..], &utf16] {
            let (read, _) = read(format, bytes);
            assert_eq!(codes(&read.diagnostics), ["bad-signal"], "{format:?}");
            assert!(read.records.is_empty());
        }
        let (read, _) = read(format, latin1.clone());
        assert_eq!(codes(&read.diagnostics)[0], "bad-signal", "{format:?}");
        assert!(read.diagnostics[0].message.contains("UTF-8"));
    }
    assert_eq!(read(Format::JsonLines, latin1).0.records.len(), 2, "the lines beside it are fine");
}

#[test]
fn broken_csv_is_refused_by_name() {
    let head = "at,component,state,source_kind,count,until";
    let good = "2024-03-05T15:29:00Z,a,failing,probe,1,";
    let rows = [
        ("2024-03-05T15:29:00Z,a,failing,probe,1", "bad-signal"),
        ("2024-03-05T15:29:00Z,a,failing,probe,1,,,", "bad-signal"),
        ("2024-03-05T15:29:00Z,,failing,probe,1,", "bad-signal"),
        (",a,failing,probe,1,", "bad-signal"),
        ("2024-03-05T15:29:00Z,a,,probe,1,", "bad-signal"),
        ("2024-03-05T15:29:00Z,a,failing,,1,", "bad-signal"),
        ("2024-03-05T15:29:00Z,a,failing,probe,many,", "bad-signal"),
        ("2024-03-05T15:29:00Z,a,failing,probe,\"1,000\",", "bad-signal"),
        ("2024-03-05T15:29:00Z,a,failing,probe,NaN,", "out-of-range-signal"),
        ("2024-03-05T15:29:00Z,a,failing,probe,inf,", "out-of-range-signal"),
        ("2024-03-05T15:29:00Z,a,failing,probe,-1,", "out-of-range-signal"),
        ("2024-03-05T15:29:00Z,a,down,probe,1,", "unknown-state"),
        ("2024-03-05T15:29:00Z,a,failing,rumour,1,", "unknown-source-kind"),
        ("05/03/2024 15:29,a,failing,probe,1,", "bad-time"),
        ("2024-03-05T15:29:00Z,a,failing,probe,1,2024-03-05T15:00:00Z", "until-before-at"),
    ];
    for (bad, code) in rows {
        let (read, sources) = read(Format::Csv, format!("{head}\r\n{good}\r\n{bad}\r\n\r\n{good}\r\n"));
        assert_eq!(codes(&read.diagnostics), [code], "{bad}: {:?}", read.diagnostics);
        assert_eq!(read.records.len(), 2, "{bad}");
        let span = read.diagnostics[0].primary.as_ref().unwrap().span;
        assert_eq!(sources.line_column(span.file, span.start).0, 3, "{bad}");
    }
    let long =
        format!("{head}\n{good}\n2024-03-05T15:29:00Z,{},failing,probe,1,\n{good}\n", "x".repeat(MAX_LINE_BYTES));
    let files = [
        ("", "bad-signal", 0),
        ("\n\n", "bad-signal", 0),
        (good, "unknown-signal-field", 0),
        ("at,componnet,state,source_kind\n", "unknown-signal-field", 0),
        ("at,source,state\n", "unknown-signal-field", 0),
        ("at,source_url\n", "unknown-signal-field", 0),
        ("at,at\n", "bad-signal", 0),
        (&long, "signals-too-large", 2),
    ];
    for (bad, code, kept) in files {
        let (read, _) = read(Format::Csv, bad);
        assert_eq!(read.diagnostics.first().map(|d| d.code.id), Some(code), "{:?}", read.diagnostics);
        assert_eq!(read.records.len(), kept);
    }
    let (unclosed, _) = read(Format::Csv, format!("{head}\n2024-03-05T15:29:00Z,\"a,failing\n{good}\n"));
    assert_eq!(codes(&unclosed.diagnostics), ["bad-signal"]);
}

#[test]
fn broken_yaml_is_refused_by_name() {
    let good = "- {at: 2024-03-05T15:29:00Z, component: a, state: failing, source: {kind: probe}}\n";
    let change = |from: &str, to: &str| good.replacen(from, to, 1);
    // Only this entry is lost.
    let entries = [
        ("- 17\n".to_string(), "bad-signal"),
        ("- \n".to_string(), "bad-signal"),
        ("- [a]\n".to_string(), "bad-signal"),
        (change("component: a, ", ""), "bad-signal"),
        (change("component: a", "component: [a]"), "bad-signal"),
        (change("component: a", "component: a, component: b"), "bad-signal"),
        (change("{kind: probe}", "probe"), "bad-signal"),
        (change("component: a", "component: a, count: '5'"), "bad-signal"),
        (change("component: a", "component: a, count: yes"), "bad-signal"),
        (change("component: a", "component: a, count: .nan"), "out-of-range-signal"),
        (change("component: a", "component: a, count: -.inf"), "out-of-range-signal"),
        (change("component: a", "component: a, count: -2"), "out-of-range-signal"),
        (change("component: a", "componen: a, component: a"), "unknown-signal-field"),
        (change("failing", "no"), "unknown-state"),
        (change("probe", "probes"), "unknown-source-kind"),
        (change("T15:29:00Z", ""), "bad-time"),
        (change("2024-03-05T15:29:00Z", "2024"), "bad-time"),
    ];
    for (bad, code) in entries {
        let (read, sources) = read(Format::Yaml, format!("{good}{bad}{good}"));
        assert_eq!(codes(&read.diagnostics), [code], "{bad}: {:?}", read.diagnostics);
        assert_eq!(read.records.len(), 2, "{bad}");
        let span = read.diagnostics[0].primary.as_ref().unwrap().span;
        assert_eq!(sources.line_column(span.file, span.start).0, 2, "{bad}");
    }
    let bomb = "- &a [x,x,x,x,x,x,x,x,x]\n- &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n- &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                - &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n- &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n- &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    let deep = format!("- {}1{}", "[".repeat(5000), "]".repeat(5000));
    let files = [
        bomb,
        &deep,
        "at: 2024-03-05T15:29:00Z\n",
        "just words",
        "- {at: 1",
        "- \"unclosed\n",
        "- *nowhere\n",
        "a: b\n- c\n",
        "- a\n---\n- b\n",
        "\t- a\n",
    ];
    for bad in files {
        let (read, _) = read(Format::Yaml, bad);
        assert_eq!(codes(&read.diagnostics), ["bad-signal"], "{}", &bad[..bad.len().min(80)]);
        assert!(read.records.is_empty());
    }
    assert!(read(Format::Yaml, "").0.diagnostics.is_empty(), "an empty file has no signals and no fault");
}

#[test]
fn a_file_is_read_by_its_extension_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut sources = Sources::default();
    for (name, code) in [("missing.jsonl", "missing-file"), ("signals.xlsx", "unknown-signal-format")] {
        assert_eq!(codes(&read_file(&dir.path().join(name), &mut sources).diagnostics), [code]);
    }
    std::fs::create_dir(dir.path().join("folder.csv")).unwrap();
    assert_eq!(codes(&read_file(&dir.path().join("folder.csv"), &mut sources).diagnostics), ["missing-file"]);
    for name in ["a.jsonl", "a.NDJSON"] {
        std::fs::write(dir.path().join(name), GOOD).unwrap();
        assert_eq!(read_file(&dir.path().join(name), &mut sources).records.len(), 1);
    }
}

#[test]
fn a_hundred_thousand_signals_are_read_in_one_pass() {
    let mut text = String::new();
    for i in 0..100_000 {
        text += &GOOD.replacen("facebook", &format!("c{i}"), 1);
        text.push('\n');
    }
    let (read, _) = read(Format::JsonLines, text);
    assert_eq!((read.records.len(), read.diagnostics.len()), (100_000, 0));
    assert_eq!(read.records[99_999].observation.component, "c99999");
}

#[test]
fn many_yaml_and_csv_signals_are_no_bomb() {
    let entry = "- {at: 2024-03-05T15:29:00Z, component: a, state: failing, source: {kind: probe}, count: 1}\n";
    let rows = format!("at,component,state,source_kind\n{}", "2024-03-05T15:29:00Z,a,failing,probe\n".repeat(20_000));
    for (format, text) in [(Format::Yaml, entry.repeat(20_000)), (Format::Csv, rows)] {
        let (read, _) = read(format, text);
        assert_eq!((read.records.len(), read.diagnostics.len()), (20_000, 0), "{:?}", read.diagnostics.first());
    }
}

#[test]
fn a_text_is_classified_only_where_no_capability_is_given() {
    let capability = |fields: &str| read(Format::JsonLines, with(fields)).0.records[0].observation.capability.clone();
    assert_eq!(capability(r#""text":"nobody can log in""#), "login");
    assert_eq!(capability(r#""text":"nobody can log in","capability":"any""#), "any");
    assert_eq!(capability(r#""text":"nobody can log in","capability":null"#), "login");
    assert_eq!(capability(r#""text":"something is off""#), "any");
}

#[test]
fn symptom_rules_read_plain_complaints() {
    let phrases = [
        ("I keep getting thrown out and my password is rejected", "login"),
        ("SSO redirects back to the start in a loop", "login"),
        ("everyone was logged out at three", "login"),
        ("card terminals decline every customer", "payments"),
        ("refunds hang for hours", "payments"),
        ("host names under our zone return SERVFAIL", "dns"),
        ("the resolver gives no answer", "dns"),
        ("traffic to the exchange shows heavy packet loss", "connectivity"),
        ("BGP announcements withdrawn", "connectivity"),
        ("chat messages stay on one tick", "messaging"),
        ("text messages arrive a day late", "messaging"),
        ("REST calls answer with 503 errors", "api"),
        ("the GraphQL endpoint is slow", "api"),
        ("home page comes up blank", "content"),
        ("images missing in the feed", "content"),
        ("tweets cannot be sent", "posting"),
        ("new comments vanish", "posting"),
        ("videos stall while buffering", "media"),
        ("objects in the bucket cannot be listed", "storage"),
        ("new virtual machines never start", "compute"),
        ("queries to the primary database pile up", "database"),
        ("search gives no results", "search"),
        ("push notifications come twice", "notifications"),
    ];
    let wrong: Vec<_> = phrases
        .iter()
        .filter(|(text, capability)| symptom::classify(text) != Some(capability))
        .map(|(text, capability)| (text, capability, symptom::classify(text)))
        .collect();
    let right = phrases.len() - wrong.len();
    println!("{right} of {} phrases right; wrong: {wrong:?}", phrases.len());
    assert!(right * 10 >= phrases.len() * 9, "{wrong:?}");
    for vague in ["", "it is down", "problems since noon", "ca marche pas"] {
        assert_eq!(symptom::classify(vague), None, "{vague}");
    }
}

#[test]
fn symptom_rules_are_data_with_limits() {
    let rules = symptom::Rules::parse("- {capability: tea, pattern: 'kettle'}").unwrap();
    assert_eq!(rules.classify("the KETTLE is off"), Some("tea"));
    for bad in
        ["- {capability: a, pattern: '('}", "- {capability: a, pattern: '\\w{1000}{1000}'}", "- {capability: a}", "x"]
    {
        assert!(symptom::Rules::parse(bad).is_err(), "{bad}");
    }
}

/// Compares with the committed file, or writes it if `UPDATE_SCHEMA` is set.
pub fn assert_schema_is_current(name: &str, schema: &serde_json::Value) {
    let path = format!("{}/docs/schema/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{path} is out of date; run the tests with UPDATE_SCHEMA=1");
}

#[test]
fn the_schema_is_current_and_agrees_with_the_reader() {
    assert_schema_is_current("signal.schema.json", &schema());
    let validator = jsonschema::draft7::new(&schema()).unwrap();
    let valid = |text: &str| validator.is_valid(&serde_json::from_str(text).unwrap());
    assert!(valid(GOOD));
    assert!(valid(&with(r#""x-own":1,"until":null"#)));
    assert!(valid(r#"{"source":{"kind":"probe"},"covers":["a"],"every":"1m"}"#));
    assert!(valid(&format!("[{GOOD}, {GOOD}]")), "a YAML file is a list");
    assert!(!valid(&format!("[{GOOD}, {}]", with(r#""value":2"#))));
    for bad in [with(r#""componnet":"a""#), with(r#""value":2"#), line("failing", "kaputt"), line("probe", "prob")] {
        assert!(!valid(&bad), "{bad}");
    }
}

/// Nothing panics, and what comes back is sane.
fn survives(format: Format, bytes: Vec<u8>) {
    let (read, _) = read(format, bytes);
    for record in &read.records {
        let o = &record.observation;
        assert!(!o.component.is_empty() && o.until.is_none_or(|u| u >= o.at));
        assert!(o.count.is_none_or(|c| c >= 0.0) && o.value.is_none_or(|v| (0.0..=1.0).contains(&v)));
    }
    assert!(read.diagnostics.iter().all(|d| d.severity == Severity::Error));
}

const CSV: &str = "at,component,state,source_kind,count,text\n2024-03-05T15:29:00Z,a,failing,probe,1,\"b, c\"\n";
const YAML: &str = "- at: 2024-03-05T15:29:00Z\n  component: &c a\n  state: failing\n  source: {kind: probe}\n  text: *c\n  share: {a: 0.5}\n";

/// A valid text with a few bytes replaced, inserted or removed.
fn mutated(valid: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![any::<u8>(), proptest::sample::select(b"{}[],:\"'\n\t-&*!|>%#@ 0".to_vec())];
    proptest::collection::vec((0..valid.len(), 0..3u8, byte), 1..6).prop_map(move |edits| {
        let mut bytes = valid.as_bytes().to_vec();
        for (at, what, byte) in edits {
            let at = at.min(bytes.len().saturating_sub(1));
            match what {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => {}
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for format in [Format::JsonLines, Format::Csv, Format::Yaml] {
            survives(format, bytes.clone());
        }
    }

    #[test]
    fn mutated_json_lines_never_panic(bytes in mutated(GOOD)) {
        survives(Format::JsonLines, bytes);
    }

    #[test]
    fn mutated_csv_never_panics(bytes in mutated(CSV)) {
        survives(Format::Csv, bytes);
    }

    #[test]
    fn mutated_yaml_never_panics(bytes in mutated(YAML)) {
        survives(Format::Yaml, bytes);
    }
}

/// A line that is cut off inside a text with characters of several bytes: the place is at one of them, not inside.
#[test]
fn places_never_point_into_a_character() {
    for line in ["{\"at\": \"é", "{\"a\": \"日本", "{\"é\": 🔥", "é"] {
        assert_eq!(read(Format::JsonLines, line).0.diagnostics.len(), 1, "{line}");
    }
}
