//! What may be said in sentences: each with how sure it is and the signals it rests on.
//!
//! A cause that leads is *pointed to*; one of at least one in twenty is *consistent with* the signals; causes that nothing
//! observed separates *cannot be told apart*; the next best cause that the signals have all but ruled out is *pointed
//! away from*. No sentence says "root cause", and none is more than "most likely".

use super::compose::LEADS;
use super::findings::{Findings, Suspect};
use super::text::{probability, some_of};
use super::view::{Band, Sentence};
use crate::graph::ComponentIx;
use crate::signal::{Observation, State};
use std::collections::BTreeSet;

/// From this chance on a cause is possible.
const POSSIBLE: f64 = 0.05;
/// From this chance on a shared cause outside the graph is worth a sentence.
const UNKNOWN_LEAST: f64 = 0.2;
/// Signals that a sentence names.
const NAMED: usize = 5;
/// Signals below this weight are no reason.
const WEIGHT_LEAST: f64 = 0.05;
/// Sentences of one kind.
const SENTENCES: usize = 3;

/// All sentences, the surest first.
pub fn sentences(f: &Findings) -> Vec<Sentence> {
    let words = Words { f };
    let mut all = words.pointed_to();
    all.extend(words.inside());
    let tied = f.ties.iter().any(|(together, _)| *together >= LEADS);
    if all.is_empty() && !tied && f.unknown.probability < LEADS {
        all.push(words.undecided());
    }
    all.extend(words.not_told_apart());
    all.extend(words.possible());
    all.extend(words.ruled_out());
    all.extend(words.on_their_own());
    all.extend(words.outside_the_graph());
    all
}

struct Words<'a> {
    f: &'a Findings<'a>,
}

impl Words<'_> {
    fn id(&self, ix: ComponentIx) -> &str {
        &self.f.graph.component(ix).id
    }

    fn name(&self, s: &Suspect) -> String {
        let id = self.id(s.component);
        if s.capability == "any" { id.to_string() } else { format!("{id} ({})", s.capability) }
    }

    fn p(&self, p: f64) -> String {
        probability(p, self.f.inference.error)
    }

    fn shared(&self) -> impl Iterator<Item = &Suspect> {
        self.f.suspects.iter().filter(|s| s.is_shared())
    }

    fn tied(&self, ix: ComponentIx) -> bool {
        self.f.ties.iter().any(|(_, group)| group.contains(&ix))
    }

    fn pointed_to(&self) -> Vec<Sentence> {
        let failed: BTreeSet<ComponentIx> = self.f.believed.iter().map(|(ix, _)| *ix).collect();
        let leading: Vec<&Suspect> = self.shared().filter(|s| s.p_cause >= LEADS).collect();
        let article = if leading.len() > 1 { "a" } else { "the" };
        leading
            .into_iter()
            .map(|s| {
                let explained: BTreeSet<ComponentIx> = s.explains.iter().map(|((ix, _), _)| *ix).collect();
                let text = format!(
                    "Evidence points to {} as {article} most likely common cause ({}): it would explain {} of the {} \
                     components that probably failed.",
                    self.name(s),
                    self.p(s.p_cause),
                    explained.len(),
                    failed.len()
                );
                sentence(Band::PointsTo, text, Some(self.id(s.component)), self.reasons(s))
            })
            .collect()
    }

    /// A container in which some suspects together lead.
    fn inside(&self) -> Vec<Sentence> {
        let Some((container, together, group)) = &self.f.within else { return Vec::new() };
        let text = format!(
            "Evidence points to something in {} as the most likely common cause ({} together).",
            self.id(*container),
            self.p(*together)
        );
        let first = self.f.suspects.iter().find(|s| group.contains(&s.component));
        let signals = first.map(|s| self.reasons(s)).unwrap_or_default();
        vec![sentence(Band::PointsTo, text, Some(self.id(*container)), signals)]
    }

    fn not_told_apart(&self) -> Vec<Sentence> {
        let groups = self.f.ties.iter().filter(|(together, _)| *together >= POSSIBLE);
        groups
            .map(|(together, group)| {
                let names: Vec<String> = group.iter().map(|&c| self.id(c).to_string()).collect();
                let text = format!(
                    "{} cannot be told apart by anything that was observed; a fault in one of them: {}.",
                    some_of(&names, 4),
                    self.p(*together)
                );
                let first = self.f.suspects.iter().find(|s| group.contains(&s.component));
                sentence(Band::CannotBeToldApart, text, None, first.map(|s| self.reasons(s)).unwrap_or_default())
            })
            .collect()
    }

    fn possible(&self) -> Vec<Sentence> {
        let possible = self.shared().filter(|s| (POSSIBLE..LEADS).contains(&s.p_cause) && !self.tied(s.component));
        possible
            .take(SENTENCES)
            .map(|s| {
                let text = format!("The signals are consistent with {} ({}).", self.name(s), self.p(s.p_cause));
                sentence(Band::ConsistentWith, text, Some(self.id(s.component)), self.reasons(s))
            })
            .collect()
    }

    /// The next best cause of the first one, if hardly anything is left of it.
    fn ruled_out(&self) -> Vec<Sentence> {
        let first = self.shared().find(|s| s.p_cause >= LEADS);
        let account = first.and_then(|s| s.ledger.as_ref()).and_then(|l| Some((l.rival.as_ref()?, l)));
        let Some((rival, ledger)) = account else { return Vec::new() };
        let state = self.f.picture.components.iter().find(|c| c.id == rival.component);
        let chance = state.map_or(0.0, |c| c.p_fault);
        let clear = chance < POSSIBLE && rival.posterior - rival.prior >= std::f64::consts::LN_10;
        let weighed =
            ledger.channels.iter().flat_map(|c| &c.signals).filter_map(|s| Some((s.signal, s.against_rival?)));
        let mut signals: Vec<(usize, f64)> = weighed.filter(|(_, w)| *w >= WEIGHT_LEAST).collect();
        signals.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let text = format!(
            "Evidence points away from {}, the next best cause if it were not {} ({}).",
            rival.component,
            first.map_or("", |s| self.id(s.component)),
            self.p(chance)
        );
        let signals = signals.into_iter().take(NAMED).map(|s| s.0).collect();
        let away = sentence(Band::PointsAwayFrom, text, Some(&rival.component), signals);
        if clear && !away.signals.is_empty() { vec![away] } else { Vec::new() }
    }

    /// What probably failed by itself.
    fn on_their_own(&self) -> Vec<Sentence> {
        let own = self.f.suspects.iter().filter(|s| !s.is_shared() && s.p_fault >= LEADS);
        own.take(SENTENCES)
            .map(|s| {
                let text =
                    format!("Evidence points to a fault of its own in {} ({}).", self.name(s), self.p(s.p_fault));
                sentence(Band::PointsTo, text, Some(self.id(s.component)), self.reasons(s))
            })
            .collect()
    }

    fn outside_the_graph(&self) -> Vec<Sentence> {
        let unknown = &self.f.unknown;
        let names: Vec<String> = unknown.members.iter().map(|&c| self.id(c).to_string()).collect();
        if unknown.probability < UNKNOWN_LEAST || names.len() < 2 {
            return Vec::new();
        }
        let (band, lead) = if unknown.probability >= LEADS {
            (Band::PointsTo, "Evidence points to")
        } else {
            (Band::ConsistentWith, "The signals are consistent with")
        };
        let text = format!(
            "{lead} a shared cause that is not in the graph ({}), something that {} need.",
            self.p(unknown.probability),
            some_of(&names, 4)
        );
        vec![sentence(band, text, None, Vec::new())]
    }

    /// The strongest signals for a suspect. Where signals repeat each other so much that none counts alone: the first
    /// reports of trouble that it would explain.
    fn reasons(&self, s: &Suspect) -> Vec<usize> {
        let none = |signal: usize| s.deleted.iter().any(|(deleted, w)| *deleted == signal && *w < WEIGHT_LEAST);
        let strong = s.evidence.iter().filter(|(n, w)| *w >= WEIGHT_LEAST && !none(*n)).map(|(signal, _)| *signal);
        let strong: Vec<usize> = strong.take(NAMED).collect();
        if !strong.is_empty() {
            return strong;
        }
        let explained: BTreeSet<&str> = s.explains.iter().map(|((ix, _), _)| self.id(*ix)).collect();
        let trouble = |o: &Observation| matches!(o.state, State::Failing | State::Degraded);
        let signals = self.f.signals.iter().enumerate();
        let mut reports: Vec<usize> = signals
            .filter(|(_, o)| trouble(o) && explained.contains(o.component.as_str()))
            .map(|(signal, _)| signal)
            .collect();
        reports.sort_by_key(|&signal| (self.f.signals[signal].at, signal));
        reports.truncate(NAMED);
        reports
    }

    fn undecided(&self) -> Sentence {
        let text = if self.f.failing.is_empty() {
            "No signal says that anything failed.".to_string()
        } else if self.f.coincidence >= LEADS {
            format!("Nothing observed asks for a common cause: coincidence {}.", self.p(self.f.coincidence))
        } else {
            "The signals do not decide between the causes below; see the checks for what would.".to_string()
        };
        sentence(Band::Undecided, text, None, Vec::new())
    }
}

fn sentence(band: Band, text: String, component: Option<&str>, signals: Vec<usize>) -> Sentence {
    Sentence { band, text, component: component.map(String::from), signals }
}
