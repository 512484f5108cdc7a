//! What stands in one box of the graph: causes and what lies on their paths alone or with their like, quiet ones counted.

use crate::report::spotlight::Spotlight;
use crate::report::view::{ComponentView, Report, SeenState};
use std::collections::{BTreeMap, BTreeSet};

/// Boxes of what failed or is on a path; with more, only the paths are drawn, then alike ones share a box.
const MOST_CARDS: usize = 44;
/// Boxes of quiet components.
const MOST_QUIET: usize = 10;

/// Why a box is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A cause put forward, by rank.
    Cause(usize),
    /// Failing, degraded, or on the path of a cause.
    Involved,
    /// Healthy or unobserved, and on no path.
    Quiet,
}

/// A box: one component, or several of the same state between the same others.
#[derive(Debug, Clone)]
pub struct Card<'a> {
    /// Why it is there.
    pub role: Role,
    /// What was seen of all its members.
    pub state: SeenState,
    /// Sorted by id.
    pub members: Vec<&'a ComponentView>,
    /// Ranks of the causes on whose paths a member is.
    pub on: BTreeSet<usize>,
}

/// A line between two boxes.
#[derive(Debug, Clone)]
pub struct Line {
    /// Box of what needs.
    pub from: usize,
    /// Box of what is needed.
    pub to: usize,
    /// Ranks of the causes on whose paths it is.
    pub on: BTreeSet<usize>,
}

/// All boxes and lines.
#[derive(Debug, Default)]
pub struct Deck<'a> {
    /// The boxes.
    pub cards: Vec<Card<'a>>,
    /// Lines between them.
    pub lines: Vec<Line>,
    /// Components that are in no box: quiet, and needing nothing that is drawn.
    pub left_out: Vec<&'a ComponentView>,
    /// True if dependencies on no path were left out, because there are too many.
    pub thinned: bool,
}

/// Between components, by their place in the list.
type Links = BTreeSet<(usize, usize)>;
/// What members of one box have in common.
type Key = (Role, SeenState, BTreeSet<usize>, BTreeSet<usize>, usize);

struct Sorter<'a> {
    components: &'a [ComponentView],
    light: &'a Spotlight<'a>,
    at: BTreeMap<&'a str, usize>,
    links: Links,
    paths: Links,
    involved: BTreeSet<usize>,
}

/// Sorts the components of a report into boxes.
pub fn deck<'a>(report: &'a Report, light: &'a Spotlight<'a>) -> Deck<'a> {
    let sorter = Sorter::new(report, light);
    let everything: Links = sorter.links.union(&sorter.paths).copied().collect();
    let mut thinned = false;
    let mut groups = sorter.involved_groups(&everything, true);
    let mut links = everything;
    if groups.len() > MOST_CARDS {
        thinned = links != sorter.paths;
        links = sorter.paths.clone();
        groups = sorter.involved_groups(&links, true);
    }
    if groups.len() > MOST_CARDS {
        groups = sorter.involved_groups(&links, false);
    }
    let (quiet, left_out) = sorter.quiet_groups();
    groups.extend(quiet);
    let mut deck = sorter.draw(groups, &links);
    deck.left_out = left_out.into_iter().map(|n| &sorter.components[n]).collect();
    deck.thinned = thinned;
    deck
}

impl<'a> Sorter<'a> {
    fn new(report: &'a Report, light: &'a Spotlight<'a>) -> Sorter<'a> {
        let components = &report.graph.components[..];
        let at: BTreeMap<&str, usize> = components.iter().zip(0..).map(|(c, i)| (c.id.as_str(), i)).collect();
        let find = |a: &str, b: &str| Some((*at.get(a)?, *at.get(b)?)).filter(|(a, b)| a != b);
        let links = report.graph.dependencies.iter().filter_map(|d| find(&d.dependent, &d.dependency)).collect();
        let paths = light.lines().filter_map(|(a, b)| find(a, b)).collect();
        let tied: BTreeSet<&str> = light.causes.iter().flat_map(|c| c.ties.iter().map(String::as_str)).collect();
        let involved = components
            .iter()
            .zip(0..)
            .filter(|(c, _)| {
                matches!(c.state, SeenState::Failing | SeenState::Degraded)
                    || tied.contains(c.id.as_str())
                    || !light.of_component(&c.id).is_empty()
            })
            .map(|(_, i)| i)
            .collect();
        Sorter { components, light, at, links, paths, involved }
    }

    fn role(&self, n: usize) -> Role {
        match self.light.cause(&self.components[n].id) {
            Some(cause) => Role::Cause(cause.rank),
            None if self.involved.contains(&n) => Role::Involved,
            None => Role::Quiet,
        }
    }

    /// Groups of involved components between the same others; if not `exact`, on the paths of the same causes.
    fn involved_groups(&self, links: &Links, exact: bool) -> Vec<Vec<usize>> {
        let mut groups: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for &n in &self.involved {
            let role = self.role(n);
            let inside = |other: &usize| self.involved.contains(other);
            let key = match (role, exact) {
                (Role::Cause(_), _) => (role, self.components[n].state, BTreeSet::new(), BTreeSet::new(), n),
                (_, true) => {
                    let needs = links.iter().filter(|l| l.0 == n).map(|l| l.1).filter(inside).collect();
                    let needed_by = links.iter().filter(|l| l.1 == n).map(|l| l.0).filter(inside).collect();
                    (role, self.components[n].state, needs, needed_by, 0)
                }
                (_, false) => {
                    let on = self.light.of_component(&self.components[n].id);
                    (role, self.components[n].state, on, BTreeSet::new(), 0)
                }
            };
            groups.entry(key).or_default().push(n);
        }
        groups.into_values().collect()
    }

    /// Groups of quiet components that need the same drawn ones, and those that need none.
    fn quiet_groups(&self) -> (Vec<Vec<usize>>, Vec<usize>) {
        let quiet: Vec<usize> = (0..self.components.len()).filter(|n| !self.involved.contains(n)).collect();
        let causes: BTreeSet<usize> =
            self.light.causes.iter().filter_map(|c| self.at.get(c.component.as_str()).copied()).collect();
        let grouped = |drawn: &BTreeSet<usize>| {
            let mut groups: BTreeMap<(SeenState, BTreeSet<usize>), Vec<usize>> = BTreeMap::new();
            for &n in &quiet {
                let needs: BTreeSet<usize> =
                    self.links.iter().filter(|l| l.0 == n && drawn.contains(&l.1)).map(|l| l.1).collect();
                groups.entry((self.components[n].state, needs)).or_default().push(n);
            }
            groups
        };
        let mut groups = grouped(&self.involved);
        if groups.len() > MOST_QUIET {
            groups = grouped(&causes);
        }
        let mut lonely: Vec<usize> = Vec::new();
        let mut together = Vec::new();
        for ((_, needs), members) in groups {
            // Beyond what can be drawn they are listed like those that need nothing.
            if needs.is_empty() || together.len() >= MOST_QUIET {
                lonely.extend(members);
            } else {
                together.push(members);
            }
        }
        lonely.sort_unstable();
        (together, lonely)
    }

    fn draw(&self, groups: Vec<Vec<usize>>, links: &Links) -> Deck<'a> {
        let mut card_of = BTreeMap::new();
        let mut cards = Vec::new();
        for members in groups {
            let first = members[0];
            members.iter().for_each(|&n| {
                card_of.insert(n, cards.len());
            });
            let members: Vec<&ComponentView> = members.iter().map(|&n| &self.components[n]).collect();
            let on = members.iter().flat_map(|c| self.light.of_component(&c.id)).collect();
            cards.push(Card { role: self.role(first), state: self.components[first].state, members, on });
        }
        let mut lines: BTreeMap<(usize, usize), BTreeSet<usize>> = BTreeMap::new();
        let quiet_links = self.links.iter().filter(|l| !self.involved.contains(&l.0));
        for &(a, b) in links.iter().chain(quiet_links) {
            let (Some(&from), Some(&to)) = (card_of.get(&a), card_of.get(&b)) else { continue };
            // Of a quiet box only what all its members need.
            let partial = cards[from].role == Role::Quiet
                && !cards[from].members.iter().all(|m| self.links.contains(&(self.at[m.id.as_str()], b)));
            if from != to && !partial && cards[to].role != Role::Quiet {
                let on = self.light.of_line(&self.components[a].id, &self.components[b].id);
                lines.entry((from, to)).or_default().extend(on);
            }
        }
        let lines = lines.into_iter().map(|((from, to), on)| Line { from, to, on }).collect();
        Deck { cards, lines, left_out: Vec::new(), thinned: false }
    }
}
