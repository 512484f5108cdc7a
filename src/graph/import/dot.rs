//! The part of the DOT language that tools write: nodes, edges and attributes, in graphs inside graphs.
//!
//! Our own, because readers of the whole language give no places for what they read.

use crate::diag::{FileId, Span};
use std::iter::Peekable;
use std::str::CharIndices;

/// A name and where it stands.
pub(super) type Name = (String, Span);

/// What a text in DOT says, graphs inside it flattened.
#[derive(Default)]
pub(super) struct Dot {
    /// Nodes that are listed; others appear in edges only.
    pub(super) nodes: Vec<Name>,
    /// Edges from the first to the second.
    pub(super) edges: Vec<(Name, Name)>,
    /// Why reading ended early, and where.
    pub(super) fault: Option<Fault>,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    /// `->`
    Arrow,
    /// One of `{}[];,=:`.
    Mark(char),
}

/// Reads `text`, which begins at byte `base` of `file`.
pub(super) fn read(file: FileId, text: &str, base: usize) -> Dot {
    let mut dot = Dot::default();
    let mut reader = Reader { tokens: Tokens { file, text, base, chars: text.char_indices().peekable() }.peekable() };
    dot.fault = reader.graph(&mut dot).err();
    dot
}

/// Where reading ended (`None`: where the text does), and why.
type Fault = (Option<Span>, &'static str);

struct Reader<'t> {
    tokens: Peekable<Tokens<'t>>,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<Option<(Token, Span)>, Fault> {
        self.tokens.next().transpose()
    }

    /// Takes the next token if it is this one.
    fn take(&mut self, wanted: &Token) -> bool {
        self.tokens.next_if(|t| t.as_ref().is_ok_and(|(token, _)| token == wanted)).is_some()
    }

    fn graph(&mut self, dot: &mut Dot) -> Result<(), Fault> {
        let mut depth = 0_usize;
        while let Some((token, span)) = self.next()? {
            match token {
                Token::Mark('{') => depth += 1,
                Token::Mark('}') => match depth.checked_sub(1) {
                    Some(outer) => depth = outer,
                    None => return Err((Some(span), "a closing brace without an opening one")),
                },
                Token::Mark('[') => self.attributes(span)?,
                Token::Mark(';' | ',') => {}
                Token::Word(word) if depth == 0 || word == "subgraph" => self.head(),
                Token::Word(word) => self.statement(word, span, dot)?,
                Token::Mark(_) | Token::Arrow => return Err((Some(span), "a name should stand here")),
            }
        }
        match depth {
            0 => Ok(()),
            _ => Err((None, "it ends inside a graph")),
        }
    }

    /// The words before the brace of a graph.
    fn head(&mut self) {
        while self.tokens.next_if(|t| matches!(t, Ok((Token::Word(_), _)))).is_some() {}
    }

    /// A node, a chain of edges, an attribute, or defaults for what follows.
    fn statement(&mut self, word: String, span: Span, dot: &mut Dot) -> Result<(), Fault> {
        if self.take(&Token::Mark('=')) {
            return self.name().map(|_| ());
        }
        let mut chain = vec![(word, span)];
        while self.take(&Token::Arrow) {
            chain.push(self.name()?);
        }
        if let [(name, _)] = chain.as_slice() {
            let defaults = ["node", "edge", "graph"].contains(&name.as_str());
            if !defaults {
                dot.nodes.extend(chain);
            }
        } else {
            dot.edges.extend(chain.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())));
        }
        Ok(())
    }

    fn name(&mut self) -> Result<Name, Fault> {
        match self.next()? {
            Some((Token::Word(word), span)) => Ok((word, span)),
            Some((_, span)) => Err((Some(span), "a name should stand here")),
            None => Err((None, "it ends where a name should stand")),
        }
    }

    fn attributes(&mut self, open: Span) -> Result<(), Fault> {
        while let Some((token, _)) = self.next()? {
            if token == Token::Mark(']') {
                return Ok(());
            }
        }
        Err((Some(open), "a bracket that is not closed"))
    }
}

struct Tokens<'t> {
    file: FileId,
    text: &'t str,
    base: usize,
    chars: Peekable<CharIndices<'t>>,
}

impl Tokens<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span { file: self.file, start: self.base + start, end: self.base + end }
    }

    /// The byte of the next character.
    fn here(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |(i, _)| *i)
    }

    fn skip_while(&mut self, skip: impl Fn(char) -> bool) {
        while self.chars.next_if(|(_, c)| skip(*c)).is_some() {}
    }

    /// Goes on behind `end`, or to the end of the text.
    fn skip_past(&mut self, from: usize, end: &str) {
        let stop = self.text[from..].find(end).map_or(self.text.len(), |i| from + i + end.len());
        while self.chars.next_if(|(i, _)| *i < stop).is_some() {}
    }

    /// A text in quotes, from behind the opening one.
    fn quoted(&mut self, start: usize) -> Result<(Token, Span), Fault> {
        let mut word = String::new();
        while let Some((i, c)) = self.chars.next() {
            match c {
                '"' => return Ok((Token::Word(word), self.span(start, i + 1))),
                '\\' => word.extend(self.chars.next().map(|(_, c)| c)),
                c => word.push(c),
            }
        }
        Err((Some(self.span(start, start + 1)), "a quote that is not closed"))
    }
}

impl Iterator for Tokens<'_> {
    type Item = Result<(Token, Span), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (start, c) = self.chars.next()?;
            let rest = &self.text[start..];
            return Some(match c {
                c if c.is_whitespace() => continue,
                '#' => {
                    self.skip_while(|c| c != '\n');
                    continue;
                }
                '/' if rest.starts_with("//") => {
                    self.skip_while(|c| c != '\n');
                    continue;
                }
                '/' if rest.starts_with("/*") => {
                    self.skip_past(start + 2, "*/");
                    continue;
                }
                '-' if rest.starts_with("->") => {
                    self.chars.next();
                    Ok((Token::Arrow, self.span(start, start + 2)))
                }
                '{' | '}' | '[' | ']' | ';' | ',' | '=' | ':' => Ok((Token::Mark(c), self.span(start, start + 1))),
                '"' => self.quoted(start),
                c if c.is_alphanumeric() || "_.-".contains(c) => {
                    self.skip_while(|c| c.is_alphanumeric() || "_.".contains(c));
                    let end = self.here();
                    Ok((Token::Word(self.text[start..end].to_string()), self.span(start, end)))
                }
                c => Err((Some(self.span(start, start + c.len_utf8())), "a character that stands for nothing here")),
            });
        }
    }
}
