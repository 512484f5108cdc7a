//! The checked graph: what the rest of the program may rely on.

use super::raw::Recognise;
use crate::diag::Span;
use std::collections::BTreeMap;

/// A component, by its position in [`DependencyGraph::components`] (which is sorted by id).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentIx(pub u32);

/// A kind of component: data, not code. Built-in kinds stand in `graphs/kinds.yaml`; a graph may extend or override them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Kind {
    /// Name, e.g. `identity-provider`.
    pub name: String,
    /// Family for questions like "is it a cloud provider?": `cloud`, `cloud-region` and `cloud-service` are all of family `cloud`. Default: the name.
    pub family: String,
    /// Family to which, in such questions, also everything counts that is part of such a component: a cloud's network is
    /// the cloud's.
    pub parts_family: Option<String>,
    /// Own faults per year of one component of this kind, large enough to be noticed outside; `None` if the table gives no rate.
    pub faults_per_year: Option<f64>,
    /// Capabilities of a component that lists none.
    pub capabilities: Vec<String>,
    /// The capability an edge needs when it names none; `None` means the component as a whole.
    pub main: Option<String>,
    /// Share of reports that name each capability when a component of this kind fails (adds up to at most 1).
    pub symptoms: BTreeMap<String, f64>,
}

/// A node of the graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Unique id.
    pub id: String,
    /// Kind, always a key of [`DependencyGraph::kinds`].
    pub kind: String,
    /// Name for people; defaults to the id.
    pub title: String,
    /// Who runs it.
    pub operator: Option<String>,
    /// What contains it.
    pub part_of: Option<ComponentIx>,
    /// The page on which its operator tells of trouble.
    pub status_page: Option<String>,
    /// Where this was read.
    pub source: Option<String>,
    /// When it was last checked, as written (`2026-05-01`).
    pub verified: Option<String>,
    /// Remark.
    pub note: Option<String>,
    /// What it does for others: as listed, else the kind's. Sorted, no duplicates, never `any`.
    pub capabilities: Vec<String>,
    /// Overrides the kind's rate.
    pub faults_per_year: Option<f64>,
    /// People who use it.
    pub audience: Option<f64>,
    /// Other names.
    pub aliases: Vec<String>,
    /// Where it serves.
    pub regions: Vec<String>,
    /// Patterns of DNS records by which it is recognised.
    pub recognise: Recognise<String>,
    /// Warnings and hints accepted here: reasons by code.
    pub allow: BTreeMap<String, String>,
    /// What it needs, in file order.
    pub depends_on: Vec<Dependency>,
    /// Where its id stands.
    pub span: Span,
}

/// One dependency of a component: on another, or on a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Dependency {
    /// What is needed.
    pub need: Need,
    /// Which capabilities of the dependent need it (`for`).
    pub scope: Scope,
    /// Chance that the dependent fails when the need is not met, in (0, 1].
    pub impact: f64,
    /// Chance that the edge exists at all, in (0, 1].
    pub confidence: f64,
    /// Seconds until the dependent notices.
    pub lag_seconds: Option<f64>,
    /// Seconds the dependent survives on what it has cached.
    pub cache_seconds: Option<f64>,
    /// The edge holds only for users there; `None` or `global` means everywhere.
    pub region: Option<String>,
    /// Where the claim was read.
    pub source: Option<String>,
    /// When it was last checked, as written (`2026-05-01`).
    pub verified: Option<String>,
    /// Remark.
    pub note: Option<String>,
    /// Warnings and hints accepted here: reasons by code.
    pub allow: BTreeMap<String, String>,
    /// Where the edge stands.
    pub span: Span,
}

/// Which capabilities of the dependent an edge is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The dependent as a whole (`for` absent or `any`).
    Whole,
    /// Only these capabilities; never empty.
    Capabilities(Vec<String>),
}

/// What a dependency needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// One component.
    One(Member),
    /// A group that fails by `rule`.
    Group {
        /// When the group fails.
        rule: Rule,
        /// At least two, all different.
        members: Vec<Member>,
    },
}

impl Need {
    /// The members: one, or the group's.
    pub fn members(&self) -> &[Member] {
        match self {
            Need::One(m) => std::slice::from_ref(m),
            Need::Group { members, .. } => members,
        }
    }
}

/// A component that is needed, and in what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The component.
    pub component: ComponentIx,
    /// The capability that is needed; `None`: the kind's main one if it has that, else the component as a whole.
    pub capability: Option<String>,
}

/// When a group fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// `any_of`: one member is enough; fails when all have failed.
    AnyOf,
    /// `at_least: k`: fails when fewer than `k` members are left.
    AtLeast(u32),
    /// `all_of`: a conjunction; the dependent is hit only where the failures of all members meet.
    AllOf,
}

/// The checked graph. Components are sorted by id; every index is valid.
#[derive(Debug, Clone, Default)]
pub struct DependencyGraph {
    components: Vec<Component>,
    kinds: BTreeMap<String, Kind>,
    names: BTreeMap<String, ComponentIx>,
}

impl DependencyGraph {
    /// Puts checked parts together. `names` holds ids and aliases; aliases are also kept in lower case.
    pub(super) fn new(
        components: Vec<Component>,
        kinds: BTreeMap<String, Kind>,
        names: BTreeMap<String, ComponentIx>,
    ) -> Self {
        DependencyGraph { components, kinds, names }
    }

    /// All components, sorted by id.
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// Every index with its component.
    pub fn iter(&self) -> impl Iterator<Item = (ComponentIx, &Component)> {
        self.components.iter().enumerate().map(|(i, c)| (ComponentIx(i as u32), c))
    }

    /// The component at `ix`.
    pub fn component(&self, ix: ComponentIx) -> &Component {
        &self.components[ix.0 as usize]
    }

    /// All kinds by name: built-in ones and the graph's.
    pub fn kinds(&self) -> &BTreeMap<String, Kind> {
        &self.kinds
    }

    /// The kind of a component.
    pub fn kind(&self, component: &Component) -> &Kind {
        &self.kinds[&component.kind]
    }

    /// Finds a component by id or alias (aliases ignore case).
    pub fn find(&self, name: &str) -> Option<ComponentIx> {
        self.names.get(name).or_else(|| self.names.get(&name.to_lowercase())).copied()
    }

    /// Every name that [`find`](Self::find) knows, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// The same graph without the dependencies for which `drop(component, position)` says so.
    pub fn without(&self, mut drop: impl FnMut(ComponentIx, usize) -> bool) -> DependencyGraph {
        let mut graph = self.clone();
        for (i, component) in graph.components.iter_mut().enumerate() {
            let mut position = 0;
            component.depends_on.retain(|_| {
                position += 1;
                !drop(ComponentIx(i as u32), position - 1)
            });
        }
        graph
    }
}
