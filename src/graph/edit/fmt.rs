//! The usual layout, without changing what is said or its order: two spaces per level, one blank after a colon or dash,
//! no blanks at the end of a line, at most one blank line in a row, and a line break at the end.
//!
//! Quotes, brackets and line breaks inside a value are left to their author. As with every edit the result is read again;
//! what would not mean the same is not done.

use super::layout::INDENT;
use super::splice::read;
use super::syntax::{Node, Shape, Style, Syntax, Writing};
use std::ops::Range;

/// The text in the usual layout; as it is if it cannot be read, or would mean something else.
pub fn formatted(text: &str) -> String {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let indented = same(body, indented(body)).unwrap_or_else(|| body.to_string());
    let tidied = tidied(&indented);
    let new = same(&indented, tidied).unwrap_or(indented);
    format!("{}{new}", &text[..text.len() - body.len()])
}

/// `new`, if it means what `old` means and has the same comments.
fn same(old: &str, new: Option<String>) -> Option<String> {
    let new = new?;
    let comments = |text: &str| -> Option<Vec<String>> {
        let syntax = Syntax::parse(text)?;
        Some(syntax.comments.iter().map(|c| text[c.clone()].trim_end().to_string()).collect())
    };
    let kept = read(&new).is_ok() && read(&new) == read(old) && comments(&new)? == comments(old)?;
    kept.then_some(new)
}

/// Lines moved to the columns of their levels.
fn indented(text: &str) -> Option<String> {
    let syntax = Syntax::parse(text)?;
    let mut layout = Layout::of(text);
    layout.visit(syntax.root.as_ref()?, 0);
    layout.comments();
    Some(layout.applied())
}

struct Layout<'t> {
    text: &'t str,
    /// Start of each line.
    lines: Vec<usize>,
    /// By how much each line moves.
    moved: Vec<Option<isize>>,
    /// Gaps that become one blank.
    gaps: Vec<Range<usize>>,
    /// Values that move as one: in brackets, or texts.
    solid: Vec<Range<usize>>,
}

impl<'t> Layout<'t> {
    fn of(text: &'t str) -> Self {
        let lines: Vec<usize> = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(i, _)| i + 1))
            .filter(|&i| i < text.len())
            .collect();
        let moved = vec![None; lines.len()];
        Layout { text, lines, moved, gaps: Vec::new(), solid: Vec::new() }
    }

    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|&start| start <= at).saturating_sub(1)
    }

    fn content(&self, line: usize) -> &'t str {
        let end = self.lines.get(line + 1).copied().unwrap_or(self.text.len());
        &self.text[self.lines[line]..end]
    }

    fn indent(&self, line: usize) -> usize {
        let content = self.content(line);
        content.len() - content.trim_start_matches(' ').len()
    }

    /// The parts of a list or mapping over several lines get the column `want`.
    fn visit(&mut self, node: &Node, want: usize) {
        let is_map = match &node.shape {
            Shape::Map(Style::Block, _) => true,
            Shape::List(Style::Block, _) => false,
            _ => {
                self.solid.push(node.range.clone());
                return;
            }
        };
        for (key, value) in node.parts() {
            let start = if is_map { key.range.start } else { self.dash(key).unwrap_or(key.range.start) };
            let first = self.line(start);
            let begins = self.text[self.lines[first]..start].trim().is_empty();
            let last = self.line(value.range.end.max(key.range.end).saturating_sub(1)).max(first);
            if begins {
                let by = want as isize - (start - self.lines[first]) as isize;
                self.moved[first..=last].fill(Some(by));
            }
            let mark = if is_map { key.range.end } else { start };
            self.gap(mark, value);
            self.visit(value, want + INDENT);
        }
    }

    fn dash(&self, item: &Node) -> Option<usize> {
        let before = self.text[..item.range.start].trim_end_matches(' ');
        before.ends_with('-').then(|| before.len() - 1)
    }

    /// What stands between a colon or dash and its value on the same line.
    fn gap(&mut self, mark: usize, value: &Node) {
        if value.marked
            || matches!(value.shape, Shape::Empty | Shape::Scalar(Writing::Block))
            || mark >= value.range.start
        {
            return;
        }
        let between = &self.text[mark..value.range.start];
        let sign = between.trim_end_matches(' ');
        if [":", "-"].contains(&sign) && between.len() > sign.len() {
            self.gaps.push(mark + sign.len()..value.range.start);
        }
    }

    /// Lines that are only a comment go with the next line of their column, else with the one before.
    fn comments(&mut self) {
        // In the order of the text, and none in another.
        let inside = |at: usize| {
            let next = self.solid.partition_point(|r| r.end <= at);
            self.solid.get(next).is_some_and(|r| r.start <= at)
        };
        let plain: Vec<bool> = (0..self.lines.len())
            .map(|i| self.content(i).trim_start().starts_with('#') && !inside(self.lines[i] + self.indent(i)))
            .collect();
        let comments = (0..self.lines.len()).filter(|&i| plain[i]);
        comments.for_each(|i| self.moved[i] = None);
        let mut next: Option<(usize, Option<isize>)> = None;
        for i in (0..self.lines.len()).rev() {
            if plain[i] {
                if let Some((column, by)) = next.filter(|(column, _)| *column == self.indent(i)) {
                    self.moved[i] = by;
                    next = Some((column, by));
                }
            } else if !self.content(i).trim().is_empty() {
                next = Some((self.indent(i), self.moved[i]));
            }
        }
        let mut before: Vec<(usize, isize)> = Vec::new();
        for i in 0..self.lines.len() {
            if self.content(i).trim().is_empty() {
                continue;
            }
            let column = self.indent(i);
            match self.moved[i] {
                Some(by) => {
                    before.retain(|(c, _)| *c < column);
                    before.push((column, by));
                }
                None => self.moved[i] = before.iter().rev().find(|(c, _)| *c <= column).map(|(_, by)| *by),
            }
        }
    }

    fn applied(mut self) -> String {
        self.gaps.sort_by_key(|g| g.start);
        let mut new = String::with_capacity(self.text.len());
        let mut gaps = self.gaps.iter().peekable();
        for (i, &start) in self.lines.iter().enumerate() {
            let content = self.content(i);
            let old = self.indent(i);
            let indent = self.moved[i].map_or(old as isize, |by| old as isize + by).max(0) as usize;
            if !content.trim().is_empty() {
                new.extend(std::iter::repeat_n(' ', indent));
            }
            let mut at = start + if content.trim().is_empty() { 0 } else { old };
            while let Some(gap) = gaps.next_if(|g| g.start < start + content.len()) {
                new += &self.text[at..gap.start];
                new.push(' ');
                at = gap.end;
            }
            new += &self.text[at..start + content.len()];
        }
        new
    }
}

/// No blanks at the ends of lines, no two blank lines in a row, one line break at the end; texts that keep their line
/// breaks are left alone.
fn tidied(text: &str) -> Option<String> {
    let syntax = Syntax::parse(text)?;
    let mut kept = Vec::new();
    if let Some(root) = &syntax.root {
        literal(root, &mut kept);
    }
    let mut new = String::with_capacity(text.len());
    let mut at = 0;
    let mut blank = true;
    for line in text.split_inclusive('\n') {
        let inside = kept.iter().any(|r| r.start <= at + line.len() && at < r.end);
        at += line.len();
        let content = line.trim_end_matches(['\n', '\r']);
        let end = &line[content.len()..];
        let content = if inside { content } else { content.trim_end() };
        if content.is_empty() && blank && !inside {
            continue;
        }
        blank = content.is_empty();
        new += content;
        new += match end {
            // A text that keeps its line breaks would get one more.
            "" if inside => "",
            "" if text.contains("\r\n") => "\r\n",
            "" => "\n",
            end => end,
        };
    }
    while new.ends_with("\n\n") || new.ends_with("\n\r\n") {
        new.truncate(new.len() - if new.ends_with("\n\r\n") { 2 } else { 1 });
    }
    Some(new)
}

/// Where texts stand that keep their line breaks.
fn literal(node: &Node, found: &mut Vec<Range<usize>>) {
    match &node.shape {
        Shape::Scalar(Writing::Block) => found.push(node.range.clone()),
        _ => node.parts().into_iter().for_each(|(key, value)| {
            literal(value, found);
            if !std::ptr::eq(key, value) {
                literal(key, found);
            }
        }),
    }
}
