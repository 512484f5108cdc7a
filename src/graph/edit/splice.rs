//! Changes → the text with them, and everything else as it was, byte for byte.
//!
//! Each change becomes a few replacements of ranges of the text; what is not replaced is untouched by construction. The
//! result is read again and must mean exactly what the changes say, with every comment still there that did not stand in
//! what was taken away. If not, the edit is refused: better no edit than one that means something else.

use super::layout::{after_colon, block, flow, is_block, rank, scalar};
use super::plain::{Change, Path, Plain, Step, below, removed};
use super::syntax::{Entries, Node, Shape, Style, Syntax, Writing};
use crate::diag::{FileId, yaml};
use crate::graph::rules::invalid_yaml;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Why an edit is not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The reason, in words.
    pub reason: String,
    /// The byte of the text that stands in the way.
    pub at: usize,
}

/// What a text means.
///
/// # Errors
/// If it is not one YAML document.
pub fn read(text: &str) -> Result<Plain, Refusal> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let refused = |at| Refusal { reason: "this is not one valid YAML document".to_string(), at };
    match yaml::parse(FileId(0), body, text.len() - body.len(), invalid_yaml::CODE) {
        Ok(root) => Ok(Plain::of(&root)),
        Err(problem) => Err(refused(problem.primary.map_or(0, |l| l.span.start))),
    }
}

/// The text after `changes`.
///
/// # Errors
/// If that cannot be done without touching something else.
pub fn apply(text: &str, changes: &[Change]) -> Result<String, Refusal> {
    let missing = || Refusal { reason: "what should be changed is not in this file".to_string(), at: 0 };
    let before = read(text)?;
    let wanted = before.changed(changes).ok_or_else(missing)?;
    let setting_only: Vec<Change> =
        changes.iter().filter(|c| matches!(c, Change::Set(..) | Change::Append(..))).cloned().collect();
    let then = before.changed(&setting_only).ok_or_else(missing)?;
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = &text[..text.len() - body.len()];
    let mut setting = Splice::of(body)?;
    setting.set_all(&gathered(changes, &before, &then))?;
    let middle = setting.done()?;
    let mut removing = Splice::of(&middle)?;
    removing.remove_all(&removed(changes))?;
    let new = format!("{mark}{}", removing.done()?);
    if read(&new).as_ref() != Ok(&wanted) {
        let at = text.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
        let reason = "the way in which this is written does not let it be changed alone".to_string();
        return Err(Refusal { reason, at: at.min(text.len()) });
    }
    Ok(new)
}

/// The changes with those below something that is not there yet made one: it gets the value that it has `then`.
fn gathered(changes: &[Change], before: &Plain, then: &Plain) -> Vec<Change> {
    let mut gathered: Vec<Change> = Vec::new();
    let mut made: BTreeSet<Path> = BTreeSet::new();
    for change in changes {
        let Change::Set(path, _) = change else {
            gathered.push(change.clone());
            continue;
        };
        let missing = (0..path.len()).find(|n| matches!(before.at(&path[..*n]), None | Some(Plain::Null)));
        match missing.map(|n| path[..n].to_vec()) {
            None => gathered.push(change.clone()),
            Some(top) => {
                if let Some(value) = then.at(&top).filter(|_| made.insert(top.clone())) {
                    gathered.push(Change::Set(top, value.clone()));
                }
            }
        }
    }
    gathered
}

/// Replacements of ranges of one text.
struct Splice<'t> {
    text: &'t str,
    syntax: Syntax,
    /// Line breaks as the text has them.
    eol: &'static str,
    replacements: Vec<(Range<usize>, String)>,
    /// Comments in here may go.
    gone: Vec<Range<usize>>,
}

impl<'t> Splice<'t> {
    fn of(text: &'t str) -> Result<Self, Refusal> {
        let reason = "several YAML documents in one file cannot be edited; give each a file of its own";
        let syntax = Syntax::parse(text).ok_or_else(|| Refusal { reason: reason.to_string(), at: 0 })?;
        let first = text.find('\n').unwrap_or(0);
        let eol = if text[..first].ends_with('\r') { "\r\n" } else { "\n" };
        Ok(Splice { text, syntax, eol, replacements: Vec::new(), gone: Vec::new() })
    }

    /// The text with the replacements.
    fn done(mut self) -> Result<String, Refusal> {
        // Stable: what is inserted at the same place keeps its order.
        self.replacements.sort_by_key(|(range, _)| (range.start, range.end));
        let mut new = String::with_capacity(self.text.len() + 64);
        let mut at = 0;
        for (range, with) in &self.replacements {
            if range.start < at {
                return Err(refuse("two changes meet here", range.start));
            }
            new += &self.text[at..range.start];
            new += with;
            at = range.end;
        }
        new += &self.text[at..];
        let stays = |c: &&Range<usize>| !self.gone.iter().any(|g| g.start <= c.start && c.end <= g.end);
        let before: Vec<&str> =
            self.syntax.comments.iter().filter(stays).map(|c| self.text[c.clone()].trim_end()).collect();
        let after = Syntax::parse(&new).map(|s| s.comments).unwrap_or_default();
        let after: Vec<&str> = after.iter().map(|c| new[c.clone()].trim_end()).collect();
        if before != after {
            let at = self.replacements.first().map_or(0, |(r, _)| r.start);
            return Err(refuse("a comment would be lost", at));
        }
        Ok(new)
    }

    fn set_all(&mut self, changes: &[Change]) -> Result<(), Refusal> {
        let mut entries: BTreeMap<&[Step], Vec<(&String, &Plain)>> = BTreeMap::new();
        let mut items: BTreeMap<&[Step], Vec<&Plain>> = BTreeMap::new();
        for change in changes {
            match change {
                Change::Set(path, value) => match (self.syntax.at(path).is_some(), path.split_last()) {
                    (_, None) => self.replace_root(value)?,
                    (true, _) => self.replace(path, value)?,
                    (false, Some((Step::Key(key), parent))) => entries.entry(parent).or_default().push((key, value)),
                    _ => return Err(refuse("there is nothing to change here", 0)),
                },
                Change::Append(path, value) => items.entry(path).or_default().push(value),
                Change::Rename(path, to) => {
                    let found = self.syntax.at(path).and_then(|(key, _)| key).filter(|k| !k.marked);
                    let key = found.ok_or_else(|| self.elsewhere(path))?;
                    self.replacements.push((key.range.clone(), scalar(to)));
                }
                Change::Remove(_) => {}
            }
        }
        // Where several end at the same place, what is inside comes first.
        let mut parents: Vec<&[Step]> = entries.keys().chain(items.keys()).copied().collect();
        parents.sort_by_key(|p| std::cmp::Reverse(p.len()));
        for parent in parents {
            if let Some(new) = entries.remove(parent) {
                self.add_entries(parent, new)?;
            } else if let Some(new) = items.remove(parent) {
                self.add_items(parent, &new)?;
            }
        }
        Ok(())
    }

    /// Gives the node at `path` another value.
    fn replace(&mut self, path: &[Step], value: &Plain) -> Result<(), Refusal> {
        let (key, node) = self.syntax.at(path).ok_or_else(|| self.elsewhere(path))?;
        if node.marked {
            return Err(self.elsewhere(path));
        }
        let whole = || flow(path, value);
        let slot = match key {
            Some(key) => self.after_colon_of(key)?,
            None => node.range.start.min(self.after_dash(node)),
        };
        let in_flow = self.in_flow(path);
        let lines = is_block(path, value)
            && !in_flow
            && self.text[node.range.end..].trim_start_matches(' ').starts_with(['\r', '\n']);
        let new = match (&node.shape, key) {
            (Shape::Empty, Some(key)) if !in_flow => {
                (slot..slot, after_colon(path, value, self.column(key)?, self.eol))
            }
            (Shape::Empty, _) => (slot..slot, format!(" {}", whole())),
            (Shape::Scalar(Writing::Block) | Shape::List(Style::Block, _) | Shape::Map(Style::Block, _), Some(key)) => {
                (slot..node.range.end, after_colon(path, value, self.column(key)?, self.eol))
            }
            (_, Some(key)) if lines => (slot..node.range.end, after_colon(path, value, self.column(key)?, self.eol)),
            _ => (node.range.clone(), whole()),
        };
        self.replacements.push(new);
        Ok(())
    }

    /// A text that says nothing yet says `value`.
    fn replace_root(&mut self, value: &Plain) -> Result<(), Refusal> {
        if self.syntax.root.as_ref().is_some_and(|r| !matches!(r.shape, Shape::Empty)) {
            return Err(self.elsewhere(&[]));
        }
        let gap = if self.text.is_empty() || self.text.ends_with('\n') { "" } else { self.eol };
        let new = format!("{gap}{}{}", block(&[], value, 0, self.eol), self.eol);
        self.replacements.push((self.text.len()..self.text.len(), new));
        Ok(())
    }

    /// Adds keys to the mapping at `path`.
    fn add_entries(&mut self, path: &[Step], new: Vec<(&String, &Plain)>) -> Result<(), Refusal> {
        let all = || Plain::Map(new.iter().map(|(k, v)| (k.to_string(), (*v).clone())).collect());
        let (style, entries) = match self.syntax.at(path).map(|(_, node)| (&node.shape, node.marked)) {
            Some((Shape::Map(style, entries), false)) if !entries.unclear => (*style, entries),
            _ => return Err(self.elsewhere(path)),
        };
        if entries.all.is_empty() {
            return self.replace(path, &all());
        }
        let mut new = new;
        new.sort_by_key(|(k, _)| rank(path, k));
        let mut added = Vec::new();
        for (key, value) in new {
            let inside: Path = below(path, Step::Key(key.clone()));
            added.push(match (style, self.before(path, entries, key)) {
                (Style::Flow, None) => {
                    let at = entries.all[0].0.range.start;
                    (at..at, format!("{}: {}, ", scalar(key), flow(&inside, value)))
                }
                (Style::Flow, Some((before, last))) => {
                    let at = self.end_of(Some(before), last)?;
                    (at..at, format!(", {}: {}", scalar(key), flow(&inside, value)))
                }
                (Style::Block, before) => {
                    let column = self.column(&entries.all[0].0)?;
                    let line = format!("{}:{}", scalar(key), after_colon(&inside, value, column, self.eol));
                    let pad = " ".repeat(column);
                    match before {
                        None => {
                            let at = entries.all[0].0.range.start;
                            (at..at, format!("{line}{}{pad}", self.eol))
                        }
                        Some((before, last)) => {
                            let at = self.entry_end(Some(before), last, column)?;
                            let gap = if self.spaced(entries) { self.eol } else { "" };
                            (at..at, format!("{gap}{}{pad}{line}", self.eol))
                        }
                    }
                }
            });
        }
        self.replacements.extend(added);
        Ok(())
    }

    /// The entry after which a new key stands: the last of those that come before it.
    fn before<'e>(&self, path: &[Step], entries: &'e Entries, key: &str) -> Option<(&'e Node, &'e Node)> {
        let order = rank(path, key);
        let names = entries.by_key.iter().filter(|(k, _)| rank(path, k) <= order);
        names.map(|(_, &i)| i).max().map(|i| (&entries.all[i].0, &entries.all[i].1))
    }

    /// True if the last entries are set apart by a blank line.
    fn spaced(&self, entries: &Entries) -> bool {
        let [.., (_, last), (key, _)] = entries.all.as_slice() else { return false };
        let between = &self.text[last.range.end.min(key.range.start)..key.range.start];
        let inner = between.lines().skip(1);
        inner.clone().take(inner.count().saturating_sub(1)).any(|l| l.trim().is_empty())
    }

    /// Adds items at the end of the list at `path`.
    fn add_items(&mut self, path: &[Step], new: &[&Plain]) -> Result<(), Refusal> {
        let all = Plain::List(new.iter().map(|v| (*v).clone()).collect());
        let (_, node) = self.syntax.at(path).ok_or_else(|| self.elsewhere(path))?;
        let (style, items) = match &node.shape {
            Shape::List(style, items) if !node.marked => (*style, items),
            Shape::Empty | Shape::Scalar(Writing::Plain) => return self.replace(path, &all),
            _ => return Err(self.elsewhere(path)),
        };
        let Some(last) = items.last() else { return self.replace(path, &all) };
        let texts = new.iter().enumerate().map(|(i, v)| flow(&below(path, Step::Item(items.len() + i)), v));
        let added = match style {
            Style::Flow => {
                let at = last.range.end;
                (at..at, texts.map(|t| format!(", {t}")).collect())
            }
            Style::Block => {
                let dash = items.iter().find_map(|i| self.dash(i)).ok_or_else(|| self.elsewhere(path))?;
                let column = dash - self.line_start(dash);
                let at = self.entry_end(None, last, column)?;
                let pad = " ".repeat(column);
                (at..at, texts.map(|t| format!("{}{pad}- {t}", self.eol)).collect::<String>())
            }
        };
        self.replacements.push(added);
        Ok(())
    }

    fn remove_all(&mut self, paths: &[&Path]) -> Result<(), Refusal> {
        let mut by_parent: BTreeMap<&[Step], BTreeSet<usize>> = BTreeMap::new();
        for path in paths {
            let Some((last, parent)) = path.split_last() else {
                return Err(refuse("a whole file cannot be removed", 0));
            };
            let position = match (self.syntax.at(parent).map(|(_, n)| &n.shape), last) {
                (Some(Shape::Map(_, entries)), Step::Key(key)) if !entries.unclear => entries.by_key.get(key).copied(),
                (Some(Shape::List(..)), Step::Item(i)) => Some(*i),
                _ => None,
            };
            by_parent.entry(parent).or_default().insert(position.ok_or_else(|| self.elsewhere(path))?);
        }
        for (parent, positions) in by_parent {
            let (key, node) = self.syntax.at(parent).ok_or_else(|| self.elsewhere(parent))?;
            let (key, node) = (key.cloned(), node.clone());
            match &node.shape {
                Shape::Map(Style::Block, _) => self.remove_lines(key.as_ref(), &node, &positions, " {}")?,
                Shape::List(Style::Block, _) => self.remove_lines(key.as_ref(), &node, &positions, " []")?,
                _ => self.remove_between(&node, &positions),
            }
        }
        Ok(())
    }

    /// Takes parts of a mapping or list over several lines away; if none is left, `nothing` says so.
    fn remove_lines(
        &mut self,
        key: Option<&Node>,
        node: &Node,
        positions: &BTreeSet<usize>,
        nothing: &str,
    ) -> Result<(), Refusal> {
        let parts = node.parts();
        if positions.len() == parts.len() {
            let key = key.ok_or_else(|| refuse("nothing would be left here", node.range.start))?;
            let at = self.after_colon_of(key)?;
            self.replacements.push((at..at, nothing.to_string()));
        }
        let is_map = matches!(node.shape, Shape::Map(..));
        for &i in positions {
            let (first, last) = *parts.get(i).ok_or_else(|| refuse("there is no such item", node.range.start))?;
            let start = match is_map {
                true => first.range.start,
                false => self.dash(first).ok_or_else(|| refuse("this item cannot be taken out", first.range.start))?,
            };
            let line = self.line_start(start);
            let end = if is_map {
                self.entry_end(Some(first), last, start - line)?
            } else {
                self.entry_end(None, last, start - line)?
            };
            let range = if self.text[line..start].trim().is_empty() {
                self.whole_lines(line, end)
            } else {
                // The first key of an item stands behind its dash: what follows takes its place.
                let next = (i + 1..parts.len()).find(|n| !positions.contains(n)).map(|n| parts[n].0.range.start);
                if positions.range(..i).next().is_some() {
                    continue;
                }
                start..next.ok_or_else(|| refuse("nothing would be left here", start))?
            };
            self.gone.push(range.clone());
            self.replacements.push((range, String::new()));
        }
        Ok(())
    }

    /// From the start of a line to one past the break of the line that ends at `end`.
    fn whole_lines(&self, start: usize, end: usize) -> Range<usize> {
        let rest = &self.text[end..];
        let break_len = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
        if break_len == 0 && start > 0 {
            // The last line of a file without a break at its end: that before it becomes the last.
            let before = self.text[..start].strip_suffix('\n').unwrap_or(&self.text[..start]);
            return before.strip_suffix('\r').unwrap_or(before).len()..end;
        }
        start..end + break_len
    }

    /// Takes parts of a mapping or list in brackets away, with a comma each.
    fn remove_between(&mut self, node: &Node, positions: &BTreeSet<usize>) {
        let parts = node.parts();
        let kept = |i: &usize| !positions.contains(i);
        for &i in positions {
            let Some((first, _)) = parts.get(i) else { continue };
            let next = (i + 1..parts.len()).find(kept);
            let range = match (next, (0..i).rev().find(kept)) {
                // Up to what follows.
                (Some(_), _) => first.range.start..parts[i + 1].0.range.start,
                // The end of the list: from the last that stays, once.
                (None, Some(last)) if last + 1 == i => parts[last].1.range.end..parts[parts.len() - 1].1.range.end,
                (None, None) if i == 0 => first.range.start..parts[parts.len() - 1].1.range.end,
                _ => continue,
            };
            self.replacements.push((range, String::new()));
        }
    }

    fn elsewhere(&self, path: &[Step]) -> Refusal {
        // The last part of the way that stands here.
        let known = (0..=path.len()).rev().find_map(|n| self.syntax.at(&path[..n]));
        refuse(
            "this came through an anchor, an alias or a tag, or a key stands twice",
            known.map_or(0, |(_, n)| n.range.start),
        )
    }

    /// True if what stands at `path` is inside brackets.
    fn in_flow(&self, path: &[Step]) -> bool {
        (0..path.len())
            .filter_map(|n| self.syntax.at(&path[..n]))
            .any(|(_, node)| matches!(node.shape, Shape::List(Style::Flow, _) | Shape::Map(Style::Flow, _)))
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |i| i + 1)
    }

    /// The end of the line at `at`, before its break.
    fn line_end(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        let line = rest.split('\n').next().unwrap_or(rest);
        at + line.strip_suffix('\r').unwrap_or(line).len()
    }

    /// The column of a key that begins its line, but for dashes.
    fn column(&self, key: &Node) -> Result<usize, Refusal> {
        let start = self.line_start(key.range.start);
        let before = &self.text[start..key.range.start];
        if before.chars().all(|c| c == ' ' || c == '-') {
            Ok(before.len())
        } else {
            Err(refuse("this line cannot be continued", key.range.start))
        }
    }

    /// Where the dash of an item stands.
    fn dash(&self, item: &Node) -> Option<usize> {
        let before = self.text[..item.range.start].trim_end_matches(' ');
        before.ends_with('-').then(|| before.len() - 1)
    }

    /// One past the dash of an item, or where it begins if it has none.
    fn after_dash(&self, item: &Node) -> usize {
        self.dash(item).map_or(item.range.start, |at| at + 1)
    }

    /// One past the colon of a key; comments and line breaks may stand between.
    fn after_colon_of(&self, key: &Node) -> Result<usize, Refusal> {
        let mut at = key.range.end;
        loop {
            let rest = &self.text[at..];
            at += rest.len() - rest.trim_start().len();
            match self.syntax.comment_at(at) {
                Some(end) => at = end,
                None if self.text[at..].starts_with(':') => return Ok(at + 1),
                None => return Err(refuse("this key has no colon of its own", key.range.start)),
            }
        }
    }

    /// One past the last byte of an entry or item.
    fn end_of(&self, key: Option<&Node>, value: &Node) -> Result<usize, Refusal> {
        match (&value.shape, key) {
            (Shape::Empty, Some(key)) => self.after_colon_of(key),
            _ => Ok(value.range.end),
        }
    }

    /// The end of the last line of an entry or item at `column`: comments below it that stand deeper belong to it.
    fn entry_end(&self, key: Option<&Node>, value: &Node, column: usize) -> Result<usize, Refusal> {
        let mut end = self.line_end(self.end_of(key, value)?);
        let mut at = end;
        while at < self.text.len() {
            let start = at + if self.text[at..].starts_with("\r\n") { 2 } else { 1 };
            if start > self.text.len() {
                break;
            }
            at = self.line_end(start);
            let line = &self.text[start..at];
            let deep = line.len() - line.trim_start_matches(' ').len();
            match line.trim_start().chars().next() {
                None => {}
                Some('#') if deep > column => end = at,
                Some(_) => break,
            }
        }
        Ok(end)
    }
}

fn refuse(reason: &str, at: usize) -> Refusal {
    Refusal { reason: reason.to_string(), at }
}
