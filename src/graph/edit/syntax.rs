//! A YAML text as it is written: where every entry, item and comment stands, and what came through an alias.

use super::plain::Step;
use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};
use std::collections::BTreeMap;
use std::ops::Range;

/// Levels of nesting; the reader of graphs takes fewer.
const MAX_DEPTH: usize = 64;

/// A node of the text.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub shape: Shape,
    /// From its first byte to one past its last, without comments or blanks after it. Of a block scalar, without the
    /// header.
    pub range: Range<usize>,
    /// True if it has an anchor or a tag.
    pub marked: bool,
}

/// What a node is.
#[derive(Debug, Clone)]
pub enum Shape {
    /// Nothing is written.
    Empty,
    /// A scalar.
    Scalar(Writing),
    /// `*name`.
    Alias,
    /// A list.
    List(Style, Vec<Node>),
    /// A mapping.
    Map(Style, Entries),
}

/// The entries of a mapping: keys with values in the order of the text.
#[derive(Debug, Clone, Default)]
pub struct Entries {
    /// Keys and values.
    pub all: Vec<(Node, Node)>,
    /// Where each key is first among them; only keys that are scalars.
    pub by_key: BTreeMap<String, usize>,
    /// True if a key stands twice, or is no scalar.
    pub unclear: bool,
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// Without quotes.
    Plain,
    /// In quotes.
    Quoted,
    /// After `|` or `>`.
    Block,
}

/// How a collection is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// One entry per line, by indentation.
    Block,
    /// In brackets.
    Flow,
}

/// A parsed text.
#[derive(Debug, Clone)]
pub struct Syntax {
    /// The root; `None` if the text says nothing.
    pub root: Option<Node>,
    /// Comments, from `#` to the end of their line.
    pub comments: Vec<Range<usize>>,
}

impl Node {
    /// The key, if it is that of a mapping, and the node to which `step` leads.
    fn step(&self, step: &Step) -> Option<(Option<&Node>, &Node)> {
        match (&self.shape, step) {
            (Shape::Map(_, entries), Step::Key(key)) => {
                let (key, value) = &entries.all[*entries.by_key.get(key)?];
                Some((Some(key), value))
            }
            (Shape::List(_, items), Step::Item(i)) => Some((None, items.get(*i)?)),
            _ => None,
        }
    }

    /// The parts of a list or mapping, one after the other: (first node, last node) of each.
    pub fn parts(&self) -> Vec<(&Node, &Node)> {
        match &self.shape {
            Shape::List(_, items) => items.iter().map(|i| (i, i)).collect(),
            Shape::Map(_, entries) => entries.all.iter().map(|(k, v)| (k, v)).collect(),
            _ => Vec::new(),
        }
    }
}

impl Syntax {
    /// Parses one document. `None` if it is not valid YAML, or holds several documents.
    pub fn parse(text: &str) -> Option<Syntax> {
        let mut comments = Vec::new();
        let mut events = Vec::new();
        let mut documents = 0;
        for event in Parser::new_from_str(text) {
            let (event, span) = event.ok()?;
            match event {
                Event::Comment(..) => comments.push(span.byte_range()?),
                Event::DocumentStart(..) => documents += 1,
                Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
                _ => events.push((event, span)),
            }
        }
        // A scalar's look-ahead may tell comments late.
        comments.sort_by_key(|c| c.start);
        let mut builder = Builder { text, events: events.into_iter().peekable() };
        let root = match documents {
            0 => None,
            1 => Some(builder.node(0)?),
            _ => return None,
        };
        Some(Syntax { root, comments })
    }

    /// The node at `path`, with its key if it has one. What came through an alias is not found: it stands elsewhere.
    pub fn at(&self, path: &[Step]) -> Option<(Option<&Node>, &Node)> {
        path.iter().try_fold((None, self.root.as_ref()?), |(_, node), step| node.step(step))
    }

    /// The end of the comment that begins at `at`.
    pub fn comment_at(&self, at: usize) -> Option<usize> {
        self.comments.binary_search_by_key(&at, |c| c.start).ok().map(|i| self.comments[i].end)
    }
}

struct Builder<'t, I: Iterator<Item = (Event<'t>, Span)>> {
    text: &'t str,
    events: std::iter::Peekable<I>,
}

impl<'t, I: Iterator<Item = (Event<'t>, Span)>> Builder<'t, I> {
    fn node(&mut self, depth: usize) -> Option<Node> {
        let (event, span) = self.events.next()?;
        let range = span.byte_range()?;
        let node = |shape, range, marked| Some(Node { shape, range, marked });
        match event {
            Event::Scalar(_, style, anchor, tag) => {
                let shape = match style {
                    ScalarStyle::Plain if range.is_empty() => Shape::Empty,
                    ScalarStyle::Plain => Shape::Scalar(Writing::Plain),
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Shape::Scalar(Writing::Quoted),
                    _ => Shape::Scalar(Writing::Block),
                };
                let end = range.start + self.text.get(range.clone())?.trim_end().len();
                node(shape, range.start..end, anchor > 0 || tag.is_some())
            }
            Event::Alias(_) => node(Shape::Alias, range, true),
            Event::SequenceStart(style, anchor, tag) if depth < MAX_DEPTH => {
                let mut items = Vec::new();
                while !matches!(self.events.peek()?.0, Event::SequenceEnd) {
                    items.push(self.node(depth + 1)?);
                }
                let last = items.last().map(|i| i.range.end);
                let (style, range) = self.close(style, range, last)?;
                node(Shape::List(style, items), range, anchor > 0 || tag.is_some())
            }
            Event::MappingStart(style, anchor, tag) if depth < MAX_DEPTH => {
                let entries = self.entries(depth)?;
                let last = entries.all.last().map(|(k, v)| k.range.end.max(v.range.end));
                let (style, range) = self.close(style, range, last)?;
                node(Shape::Map(style, entries), range, anchor > 0 || tag.is_some())
            }
            _ => None,
        }
    }

    fn entries(&mut self, depth: usize) -> Option<Entries> {
        let mut entries = Entries::default();
        while !matches!(self.events.peek()?.0, Event::MappingEnd) {
            let key = match &self.events.peek()?.0 {
                Event::Scalar(value, ..) => Some(value.to_string()),
                _ => None,
            };
            let at = entries.all.len();
            entries.all.push((self.node(depth + 1)?, self.node(depth + 1)?));
            match key {
                Some(key) if !entries.by_key.contains_key(&key) => {
                    entries.by_key.insert(key, at);
                }
                _ => entries.unclear = true,
            }
        }
        Some(entries)
    }

    /// Takes the end of a collection that began at `start` and whose last part ends at `last`.
    fn close(
        &mut self,
        style: StructureStyle,
        start: Range<usize>,
        last: Option<usize>,
    ) -> Option<(Style, Range<usize>)> {
        let end = self.events.next()?.1.byte_range()?.end;
        Some(match style {
            StructureStyle::Flow => (Style::Flow, start.start..end),
            StructureStyle::Block => (Style::Block, start.start..last?.max(start.start)),
        })
    }
}
