//! The graph as it is written: every value with its place, nothing checked against anything else.

use crate::diag::Span;
use std::collections::BTreeMap;

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// Everything that one or more files say.
#[derive(Debug, Clone, Default)]
pub struct RawGraph {
    /// Components in the order they were read; ids may repeat.
    pub components: Vec<RawComponent>,
    /// Kinds in the order they were read; names may repeat.
    pub kinds: Vec<RawKind>,
}

/// A warning or hint that someone accepted for one component or dependency, with the reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Allowed {
    /// Which: the id of a [`Code`](crate::diag::Code).
    pub code: At<String>,
    /// Why.
    pub reason: At<String>,
    /// The component or dependency for which it holds.
    pub within: Span,
}

/// Patterns of DNS records by which a component is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognise<T> {
    /// Names of name servers; `*` stands for any characters.
    pub ns: Vec<T>,
    /// Names that a name is an alias of; `*` stands for any characters.
    pub cname: Vec<T>,
    /// Networks, as `address/bits`.
    pub address: Vec<T>,
}

impl<T> Default for Recognise<T> {
    fn default() -> Self {
        Recognise { ns: Vec::new(), cname: Vec::new(), address: Vec::new() }
    }
}

/// One component.
#[derive(Debug, Clone)]
pub struct RawComponent {
    /// Its id.
    pub id: At<String>,
    /// Its kind.
    pub kind: Option<At<String>>,
    /// Name for people.
    pub title: Option<At<String>>,
    /// Who runs it.
    pub operator: Option<At<String>>,
    /// What contains it.
    pub part_of: Option<At<String>>,
    /// The page on which its operator tells of trouble.
    pub status_page: Option<At<String>>,
    /// Where this was read.
    pub source: Option<At<String>>,
    /// When it was checked.
    pub verified: Option<At<jiff::civil::Date>>,
    /// Remark.
    pub note: Option<At<String>>,
    /// What it does for others.
    pub capabilities: Vec<At<String>>,
    /// Own faults per year.
    pub faults_per_year: Option<At<f64>>,
    /// People who use it.
    pub audience: Option<At<f64>>,
    /// Other names.
    pub aliases: Vec<At<String>>,
    /// Where it serves.
    pub regions: Vec<At<String>>,
    /// Patterns of DNS records by which it is recognised.
    pub recognise: Recognise<At<String>>,
    /// Warnings and hints that someone accepted for it.
    pub allow: Vec<Allowed>,
    /// What it needs.
    pub depends_on: Vec<RawDependency>,
}

impl RawComponent {
    /// A component of which only the id is known.
    pub fn bare(id: At<String>) -> Self {
        RawComponent {
            id,
            kind: None,
            title: None,
            operator: None,
            part_of: None,
            status_page: None,
            source: None,
            verified: None,
            note: None,
            capabilities: Vec::new(),
            faults_per_year: None,
            audience: None,
            aliases: Vec::new(),
            regions: Vec::new(),
            recognise: Recognise::default(),
            allow: Vec::new(),
            depends_on: Vec::new(),
        }
    }

    /// True if it gives nothing but dependencies: it may add them to a definition elsewhere.
    pub(super) fn only_depends(&self) -> bool {
        let told = self.kind.is_some()
            || self.title.is_some()
            || self.operator.is_some()
            || self.part_of.is_some()
            || self.status_page.is_some()
            || self.source.is_some()
            || self.verified.is_some()
            || self.note.is_some()
            || self.faults_per_year.is_some()
            || self.audience.is_some();
        let recognise = [&self.recognise.ns, &self.recognise.cname, &self.recognise.address];
        let listed =
            [&self.capabilities, &self.aliases, &self.regions].into_iter().chain(recognise).any(|l| !l.is_empty());
        !told && !listed && !self.depends_on.is_empty()
    }
}

impl RawGraph {
    /// Entries that give nothing but `depends_on` are added to the one definition of their id, if there is one: so a
    /// patch can connect what stands in other files.
    pub fn with_additions_merged(&self) -> RawGraph {
        let mut definitions: BTreeMap<&str, usize> = BTreeMap::new();
        for (i, c) in self.components.iter().enumerate().filter(|(_, c)| !c.only_depends()) {
            definitions.entry(&c.id.value).or_insert(i);
        }
        let mut components = self.components.clone();
        let target = |c: &RawComponent| definitions.get(c.id.value.as_str()).copied().filter(|_| c.only_depends());
        for c in &self.components {
            if let Some(at) = target(c) {
                components[at].depends_on.extend(c.depends_on.iter().cloned());
            }
        }
        components.retain(|c| target(c).is_none());
        RawGraph { components, kinds: self.kinds.clone() }
    }
}

/// One dependency.
#[derive(Debug, Clone)]
pub struct RawDependency {
    /// Where it stands.
    pub span: Span,
    /// What is needed.
    pub need: RawNeed,
    /// `for`.
    pub scope: Vec<At<String>>,
    /// Chance that the failure gets through.
    pub impact: f64,
    /// Chance that the edge exists.
    pub confidence: f64,
    /// Seconds.
    pub lag_seconds: Option<f64>,
    /// Seconds.
    pub cache_seconds: Option<f64>,
    /// Where it holds.
    pub region: Option<At<String>>,
    /// Where it was read.
    pub source: Option<At<String>>,
    /// When it was checked.
    pub verified: Option<At<jiff::civil::Date>>,
    /// Remark.
    pub note: Option<At<String>>,
    /// Warnings and hints that someone accepted for it.
    pub allow: Vec<Allowed>,
}

impl RawDependency {
    /// A dependency of which nothing is said but what is needed: hard, certain, everywhere.
    pub fn bare(span: Span, need: RawNeed) -> Self {
        RawDependency {
            span,
            need,
            scope: Vec::new(),
            impact: HARD,
            confidence: 1.0,
            lag_seconds: None,
            cache_seconds: None,
            region: None,
            source: None,
            verified: None,
            note: None,
            allow: Vec::new(),
        }
    }
}

/// Impact of a dependency that does not say.
pub const HARD: f64 = 0.95;

/// What a dependency needs.
#[derive(Debug, Clone)]
pub enum RawNeed {
    /// One component.
    One(RawMember),
    /// A group.
    Group {
        /// `any_of`, `at_least` or `all_of`.
        rule: super::Rule,
        /// Where the group's list (or its `at_least`) stands.
        span: Span,
        /// In file order.
        members: Vec<RawMember>,
    },
}

impl RawNeed {
    /// The members: one, or the group's.
    pub fn members(&self) -> &[RawMember] {
        match self {
            RawNeed::One(m) => std::slice::from_ref(m),
            RawNeed::Group { members, .. } => members,
        }
    }
}

/// A component that is needed.
#[derive(Debug, Clone)]
pub struct RawMember {
    /// Its id or alias.
    pub component: At<String>,
    /// In what; `None` if not said.
    pub capability: Option<At<String>>,
}

/// A kind that the graph adds or overrides field by field.
#[derive(Debug, Clone)]
pub struct RawKind {
    /// Its name.
    pub name: At<String>,
    /// Its family.
    pub family: Option<At<String>>,
    /// The family that its parts count to.
    pub parts_family: Option<At<String>>,
    /// Own faults per year.
    pub faults_per_year: Option<At<f64>>,
    /// Capabilities of a component that lists none.
    pub capabilities: Option<Vec<At<String>>>,
    /// What an edge needs that names nothing.
    pub main: Option<At<String>>,
    /// Share of reports by capability.
    pub symptoms: Option<Vec<(At<String>, At<f64>)>>,
}
