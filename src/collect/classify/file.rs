//! A file of rules for texts, read with every problem at its place.

use super::set::one;
use super::{TENORS, Tenor};
use crate::diag::suggest::did_you_mean;
use crate::diag::tree::Node;
use crate::diag::{Code, Diagnostic, FileId, Span, yaml};
use crate::incident::Placed;
use crate::incident::mapping::{Dialect, Mapping, text_of, wrong};

/// The file cannot be read as rules.
pub const BAD_RULES: Code = Code { id: "bad-rules", summary: "a file of rules for texts cannot be read as one" };
/// A key that no such file has.
pub const UNKNOWN_FIELD: Code =
    Code { id: "unknown-rules-field", summary: "a file of rules for texts has no field of this name" };
/// Every code of this module.
pub const CODES: &[Code] = &[BAD_RULES, UNKNOWN_FIELD];

/// Largest file, in bytes (1 MiB).
pub const MAX_FILE_BYTES: usize = 1 << 20;
/// Most rules under one key.
const MAX_RULES: usize = 1000;
/// Longest name of a capability.
const MAX_WORD_CHARS: usize = 40;
/// What stands in place of a file and line for rules that come with the program.
pub(super) const BUILT_IN_PLACE: &str = "built in";
const DIALECT: Dialect = Dialect { bad: BAD_RULES, unknown: UNKNOWN_FIELD };

/// The fields of the file.
pub(super) const FIELDS: &[&str] =
    &["capability", "state", "own", "denied", "outside", "blamed", "features", "providers"];
/// The fields of a rule for a capability.
pub(super) const CAPABILITY: &[&str] = &["capability", "pattern"];
/// The fields of a rule for a state.
pub(super) const STATE: &[&str] = &["state", "pattern"];
/// The fields of a provider.
pub(super) const PROVIDER: &[&str] = &["name", "pattern"];

/// A regular expression that can be read, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pub text: String,
    pub place: String,
}

/// The rules of one file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written {
    pub(super) capability: Vec<(String, Pattern)>,
    pub(super) state: Vec<(Tenor, Pattern)>,
    pub(super) own: Vec<Pattern>,
    pub(super) denied: Vec<Pattern>,
    pub(super) outside: Vec<Pattern>,
    pub(super) blamed: Vec<Pattern>,
    pub(super) features: Vec<Pattern>,
    pub(super) providers: Vec<(String, Pattern)>,
    words: Vec<Placed>,
}

impl Written {
    /// Every capability that is named, where it is named.
    pub fn capabilities(&self) -> &[Placed] {
        &self.words
    }
}

/// Reads the text of a file of rules, which is called `shown`. They come back with their problems; errors among them mean
/// that rules are missing.
pub fn read(file: FileId, text: &str, shown: &str) -> (Option<Written>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = match yaml::parse(file, body, text.len() - body.len(), BAD_RULES) {
        Ok(root) => root,
        Err(problem) => return (None, vec![*problem]),
    };
    let Some(map) = Mapping::of(&root, "a file of rules", FIELDS, DIALECT, &mut problems) else {
        return (None, problems);
    };
    let mut reader = Reader { text, shown, problems };
    let mut written = Written::default();
    for node in reader.items(&map, "capability") {
        if let Some((word, pattern)) = reader.pair(node, CAPABILITY, true) {
            written.capability.extend(reader.capability(&word).map(|c| (c, pattern)));
            written.words.push(word);
        }
    }
    for node in reader.items(&map, "state") {
        if let Some((word, pattern)) = reader.pair(node, STATE, true) {
            written.state.extend(reader.tenor(&word).map(|t| (t, pattern)));
        }
    }
    for node in reader.items(&map, "providers") {
        written.providers.extend(reader.pair(node, PROVIDER, false).map(|(name, p)| (name.text.to_lowercase(), p)));
    }
    let texts = [
        ("own", &mut written.own),
        ("denied", &mut written.denied),
        ("outside", &mut written.outside),
        ("blamed", &mut written.blamed),
        ("features", &mut written.features),
    ];
    for (key, patterns) in texts {
        for node in reader.items(&map, key) {
            patterns.extend(reader.pattern(key, node, true));
        }
    }
    (Some(written), reader.problems)
}

struct Reader<'t> {
    text: &'t str,
    shown: &'t str,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn complain(&mut self, at: Span, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Diagnostic::error(BAD_RULES, message).at(at, "here").help(help));
    }

    /// The rules under `key`, no more than are allowed.
    fn items<'n>(&mut self, map: &Mapping<'n>, key: &str) -> &'n [Node<'n>] {
        let Some(node) = map.get(key) else { return &[] };
        let Some(items) = node.items() else {
            let problem = wrong(BAD_RULES, node.span, &format!("`{key}`"), "a list", node.what());
            self.problems.push(problem.help(format!("begin each rule with `- ` below {key}:")));
            return &[];
        };
        if let Some(beyond) = items.get(MAX_RULES) {
            let message = format!("{} rules under `{key}`, more than {MAX_RULES}", items.len());
            self.complain(beyond.span, message, "join patterns with `|`, or remove what never matches");
        }
        &items[..items.len().min(MAX_RULES)]
    }

    /// A word and the pattern that tells it.
    fn pair(&mut self, node: &Node, keys: &'static [&'static str], ignore_case: bool) -> Option<(Placed, Pattern)> {
        let map = Mapping::of(node, "a rule", keys, DIALECT, &mut self.problems)?;
        let here = Span { end: node.span.start, ..node.span };
        for key in keys.iter().filter(|key| map.get(key).is_none()) {
            self.complain(here, format!("a rule without `{key}`"), format!("write {{{}: …, pattern: '…'}}", keys[0]));
        }
        let word = map.text(keys[0], &mut self.problems);
        let pattern = map.get("pattern").and_then(|node| self.pattern("pattern", node, ignore_case));
        Some((word?, pattern?))
    }

    fn pattern(&mut self, key: &str, node: &Node, ignore_case: bool) -> Option<Pattern> {
        let text = text_of(key, node, BAD_RULES, &mut self.problems)?;
        match one(&text.text, ignore_case) {
            Ok(_) => Some(Pattern { place: self.place(text.span), text: text.text }),
            Err(why) => {
                let help = "patterns are those of Rust's `regex`, without look-around; write them in single quotes";
                self.complain(text.span, format!("this is no pattern: {why}"), help);
                None
            }
        }
    }

    /// A capability is one word, as in a graph.
    fn capability(&mut self, word: &Placed) -> Option<String> {
        let fine = word.text.chars().count() <= MAX_WORD_CHARS
            && word.text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if !fine {
            self.complain(
                word.span,
                format!("`{}` is no capability", word.text),
                "write one word, as in a graph: login",
            );
        }
        fine.then(|| word.text.clone())
    }

    fn tenor(&mut self, word: &Placed) -> Option<Tenor> {
        let found = TENORS.iter().find(|(known, _)| *known == word.text).map(|(_, tenor)| *tenor);
        if found.is_none() {
            let words: Vec<&str> = TENORS.iter().map(|(word, _)| *word).collect();
            let help = did_you_mean(&word.text, words.iter().copied())
                .unwrap_or_else(|| format!("write one of {}", words.join(", ")));
            self.complain(word.span, format!("unknown state `{}`", word.text), help);
        }
        found
    }

    /// The file and line of a rule.
    fn place(&self, span: Span) -> String {
        if self.shown == BUILT_IN_PLACE {
            return self.shown.to_string();
        }
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        format!("{}:{}", self.shown, before.iter().filter(|b| **b == b'\n').count() + 1)
    }
}
