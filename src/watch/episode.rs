//! When there is something to tell.
//!
//! An episode begins when something shared is blamed, changes when something else is, and ends when nothing that it is
//! about is in trouble any more. What is told was so in two looks, or is sure: a verdict that wavers is not told with every
//! wave. Each episode that was told of is told to be over, also after a new start in between.

use super::stance::{Said, Stance};
use crate::notify::{Message, Status, Told};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What every key begins with; the time at which it was first told follows.
pub const KEY: &str = "cc-";

/// What there is to tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What it is about, the same from the first to the last: letters, digits and dashes.
    pub key: String,
    /// What kind of change it is.
    pub status: Status,
    /// When it was found.
    pub at: Timestamp,
    /// When the episode was first told of.
    pub began: Timestamp,
    /// What is said now; of one that is over, what was said last.
    pub said: Said,
    /// Components that are in trouble now and were in the episode.
    pub failing: BTreeSet<String>,
}

/// What is remembered from one look to the next, and from one start to the next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Episodes {
    open: Option<Episode>,
    /// When the last one ended: what was in trouble before is over.
    ended: Option<Timestamp>,
    /// What the last look said, if that was not told.
    #[serde(skip)]
    candidate: Option<Said>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Episode {
    key: String,
    began: Timestamp,
    /// What was told last.
    told: Said,
    /// Components that it was ever about.
    about: BTreeSet<String>,
    /// Since when none of them is in trouble.
    calm_since: Option<Timestamp>,
}

impl Episodes {
    /// When the open episode began.
    pub fn began(&self) -> Option<Timestamp> {
        self.open.as_ref().map(|e| e.began)
    }

    /// When the last episode ended.
    pub fn ended(&self) -> Option<Timestamp> {
        self.ended
    }

    /// What was told last of the open episode.
    pub fn told(&self) -> Option<&Said> {
        self.open.as_ref().map(|e| &e.told)
    }

    /// Looks at a stance; gives what there is to tell. An episode is over when nothing in it was in trouble for `settle`.
    pub fn look(&mut self, stance: &Stance, settle: SignedDuration) -> Option<Change> {
        let Some(episode) = &mut self.open else { return self.begin(stance) };
        let ((now, _), (before, sure)) = (stance.said.leads(), episode.told.leads());
        let same = stance.said.kind == episode.told.kind && now == before;
        if same {
            episode.about.extend(about(stance));
        }
        let failing: BTreeSet<String> = episode.about.intersection(&stance.failing).cloned().collect();
        if failing.is_empty() {
            let since = *episode.calm_since.get_or_insert(stance.at);
            if stance.at.duration_since(since) < settle {
                return None;
            }
            let change = episode.change(Status::Resolved, stance.at, failing);
            (self.open, self.candidate, self.ended) = (None, None, Some(since));
            return Some(change);
        }
        episode.calm_since = None;
        // A surer answer is news; one that is less sure, with the same leading, is not. Of what is nearly over only its end
        // is, unless something else is blamed for the failure of others.
        let others = about(stance).difference(&episode.about).count();
        let nearly_over = failing.len() < 2 && (others < 2 || !stance.said.kind.is_shared());
        if same && (sure || !stance.said.leads().1) || nearly_over {
            self.candidate = None;
            return None;
        }
        if !confirmed(&self.candidate, &stance.said) {
            self.candidate = Some(stance.said.clone());
            return None;
        }
        self.candidate = None;
        episode.told = stance.said.clone();
        if stance.said.kind.is_shared() {
            episode.about.extend(about(stance));
        }
        let failing = episode.about.intersection(&stance.failing).cloned().collect();
        Some(episode.change(Status::Changed, stance.at, failing))
    }

    fn begin(&mut self, stance: &Stance) -> Option<Change> {
        let about = about(stance);
        if !stance.said.kind.is_shared() || about.len() < 2 {
            self.candidate = None;
            return None;
        }
        if !confirmed(&self.candidate, &stance.said) {
            self.candidate = Some(stance.said.clone());
            return None;
        }
        self.candidate = None;
        let key = format!("{KEY}{}", stance.at.strftime("%Y%m%dT%H%M%SZ"));
        let (began, told) = (stance.at, stance.said.clone());
        let episode = Episode { key, began, told, about: about.clone(), calm_since: None };
        let change = episode.change(Status::Suspected, stance.at, about);
        self.open = Some(episode);
        Some(change)
    }
}

impl Change {
    /// What people are told of it; `lines` are reasons in words.
    pub fn message(&self, lines: Vec<String>) -> Message {
        Message {
            key: self.key.clone(),
            status: self.status,
            at: self.at,
            began: Some(self.began),
            verdict: self.said.verdict.clone(),
            verdict_kind: self.said.kind.as_str().to_string(),
            causes: self.said.causes.clone(),
            error: self.said.error,
            lines,
        }
    }
}

impl Episode {
    fn change(&self, status: Status, at: Timestamp, failing: BTreeSet<String>) -> Change {
        Change { key: self.key.clone(), status, at, began: self.began, said: self.told.clone(), failing }
    }
}

/// Whether an answer is sure, or was the same in the look before.
fn confirmed(before: &Option<Said>, now: &Said) -> bool {
    let (leads, sure) = now.leads();
    sure || before.as_ref().is_some_and(|b| b.kind == now.kind && b.leads().0 == leads)
}

/// Components in trouble that the causes explain; without causes, all that are in trouble.
fn about(stance: &Stance) -> BTreeSet<String> {
    let (leads, _) = stance.said.leads();
    let of = |c: &&Told| leads.is_empty() || leads.contains(c.component.as_str());
    let explained: BTreeSet<&str> = stance
        .said
        .causes
        .iter()
        .filter(of)
        .flat_map(|c| c.explains.iter().map(String::as_str).chain([c.component.as_str()]))
        .collect();
    let failing = stance.failing.iter();
    match explained.is_empty() {
        true => failing.cloned().collect(),
        false => failing.filter(|c| explained.contains(c.as_str())).cloned().collect(),
    }
}
