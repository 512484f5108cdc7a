//! `graph add`, `graph set`, `graph remove`, `graph rename`: changes that leave everything else as it is.

use super::super::output::{replace_all, tell, write};
use super::super::{Exit, Problems};
use crate::diag::{clean, has_errors};
use crate::graph::edit::operations::{Assignment, OldId, References, Which};
use crate::graph::edit::plain::Plain;
use crate::graph::edit::{Edited, Files, Plan, Refused};
use crate::graph::{self};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where the graph is, and whether to change it.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// Files or folders of the graph.
    #[arg(long, required = true, value_name = "PATH")]
    graph: Vec<PathBuf>,
    /// Prints the change as a unified diff and writes nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Which dependency is meant.
#[derive(Debug, clap::Args)]
struct Need {
    /// The component that is needed; several with commas are the members of a group.
    #[arg(long, value_name = "COMPONENT", value_delimiter = ',')]
    needs: Vec<String>,
    /// The capability of the dependent that needs it, where there are several such dependencies.
    #[arg(long = "for", value_name = "CAPABILITY", requires = "needs")]
    scope: Option<String>,
}

/// Arguments of `graph add`.
#[derive(Debug, clap::Args)]
pub(super) struct AddArgs {
    /// A new component; or with --needs, one that is there.
    component: String,
    /// Keys and values as in a graph file, such as kind=service or impact=soft; lists with commas.
    #[arg(value_name = "KEY=VALUE", value_parser = assignment)]
    fields: Vec<Assignment>,
    /// Adds a dependency on this component.
    #[arg(long, value_name = "COMPONENT")]
    needs: Option<String>,
    /// Adds a dependency on a group of which one is enough, with commas.
    #[arg(long, value_name = "COMPONENTS", value_delimiter = ',', conflicts_with = "needs")]
    any_of: Vec<String>,
    /// Adds a dependency on a group that hits only where all fail together, with commas.
    #[arg(long, value_name = "COMPONENTS", value_delimiter = ',', conflicts_with_all = ["needs", "any_of"])]
    all_of: Vec<String>,
    /// The file for a new component, if the graph has several; it is made if it is not there.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["needs", "any_of", "all_of"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
}

/// Arguments of `graph set`.
#[derive(Debug, clap::Args)]
pub(super) struct SetArgs {
    /// The component.
    component: String,
    /// Keys and values as in a graph file, such as audience=4.5e8 or verified=2026-05-01; an empty value takes the key
    /// away.
    #[arg(value_name = "KEY=VALUE", value_parser = assignment, required = true)]
    fields: Vec<Assignment>,
    #[command(flatten)]
    need: Need,
    #[command(flatten)]
    target: Target,
}

/// Arguments of `graph remove`.
#[derive(Debug, clap::Args)]
pub(super) struct RemoveArgs {
    /// The component; with --needs, the one whose dependency goes.
    component: String,
    #[command(flatten)]
    need: Need,
    /// Also takes away what names the component: dependencies, members of groups, `part_of`.
    #[arg(long, conflicts_with = "needs")]
    references: bool,
    #[command(flatten)]
    target: Target,
}

/// Arguments of `graph rename`.
#[derive(Debug, clap::Args)]
pub(super) struct RenameArgs {
    /// The id now.
    old: String,
    /// The new id.
    new: String,
    /// Keeps the old id as an alias, so that signals that use it are still understood.
    #[arg(long)]
    keep_alias: bool,
    #[command(flatten)]
    target: Target,
}

fn assignment(text: &str) -> Result<Assignment, String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_string(), value.trim().to_string())),
        _ => Err("write KEY=VALUE, for example kind=service".to_string()),
    }
}

/// Runs `graph add`.
pub(super) fn add(args: &AddArgs) -> Exit {
    let group = |key, names: &[String]| {
        let names = names.iter().map(|n| Plain::from_text(n.trim())).collect();
        Plain::map([(key, Plain::List(names))])
    };
    edit(&args.target, |files| {
        let need = match &args.needs {
            Some(name) => Some(Plain::map([("component", Plain::from_text(name))])),
            None if !args.any_of.is_empty() => Some(group("any_of", &args.any_of)),
            None if !args.all_of.is_empty() => Some(group("all_of", &args.all_of)),
            None => None,
        };
        match need {
            Some(need) => files.add_dependency(&args.component, need, &args.fields).map_err(Wrong::Refused),
            None => {
                let file = file_for(files, args)?;
                files.add_component(&args.component, &args.fields, &file).map_err(Wrong::Refused)
            }
        }
    })
}

/// Runs `graph set`.
pub(super) fn set(args: &SetArgs) -> Exit {
    edit(&args.target, |files| {
        let plan = match which(&args.need) {
            Some(which) => files.set_dependency(&args.component, &which, &args.fields),
            None => files.set_component(&args.component, &args.fields),
        };
        plan.map_err(Wrong::Refused)
    })
}

/// Runs `graph remove`.
pub(super) fn remove(args: &RemoveArgs) -> Exit {
    let references = if args.references { References::Remove } else { References::Keep };
    edit(&args.target, |files| {
        let plan = match which(&args.need) {
            Some(which) => files.remove_dependency(&args.component, &which),
            None => files.remove_component(&args.component, references),
        };
        plan.map_err(Wrong::Refused)
    })
}

/// Runs `graph rename`.
pub(super) fn rename(args: &RenameArgs) -> Exit {
    let old_id = if args.keep_alias { OldId::KeepAsAlias } else { OldId::Forget };
    let exit = edit(&args.target, |files| files.rename(&args.old, &args.new, old_id).map_err(Wrong::Refused));
    if exit == Exit::Done && old_id == OldId::Forget {
        let old = clean(&args.old);
        eprintln!("signals, scenarios and tables may still say {old}: --keep-alias lets them");
    }
    exit
}

fn which(need: &Need) -> Option<Which> {
    (!need.needs.is_empty()).then(|| Which { needs: need.needs.clone(), scope: need.scope.clone() })
}

/// The file in which a new component is to stand.
fn file_for(files: &Files, args: &AddArgs) -> Result<String, Wrong> {
    let names: Vec<&str> = files.texts().map(|(name, _)| name).collect();
    match (&args.file, names.as_slice()) {
        (Some(file), _) => named(&names, file),
        (None, [one]) => Ok(one.to_string()),
        (None, _) => Err(Wrong::Said(
            "the graph has several files: say with --file in which one the component is to stand".to_string(),
            Exit::Usage,
        )),
    }
}

/// `file` as the graph names it, if it is one of its files; another is named as it is given.
pub(super) fn named(names: &[&str], file: &Path) -> Result<String, Wrong> {
    let real = |p: &Path| p.canonicalize().ok();
    let same = names.iter().find(|n| real(Path::new(n)).is_some_and(|p| real(file) == Some(p)));
    if same.is_none() && file.exists() {
        let says = format!("{} is there, but no file of the graph: name it with --graph, too", file.display());
        return Err(Wrong::Said(says, Exit::Usage));
    }
    Ok(same.map_or_else(|| file.display().to_string(), |n| n.to_string()))
}

/// Why nothing is changed.
pub(super) enum Wrong {
    /// Something is wrong with the graph or the wish.
    Refused(Box<Refused>),
    /// In one line.
    Said(String, Exit),
    /// Another changed a file while this was at work.
    Overtaken(String),
    /// It has been told.
    Told(Exit),
}

impl Wrong {
    /// Tells it on stderr.
    pub fn tell(self) -> Exit {
        match self {
            Wrong::Refused(refused) => {
                tell(&refused.problems, &refused.sources);
                Problems(&refused.problems).exit()
            }
            Wrong::Said(says, exit) => {
                eprintln!("error: {}", clean(&says));
                exit
            }
            Wrong::Overtaken(says) => Wrong::Said(says, Exit::Io).tell(),
            Wrong::Told(exit) => exit,
        }
    }
}

/// Reads the files of a graph to change them.
pub(super) fn open(paths: &[PathBuf]) -> Result<Files, Wrong> {
    let (texts, problems) = graph::texts(paths);
    if has_errors(&problems) {
        let refused = Refused { problems, sources: Default::default() };
        return Err(Wrong::Refused(Box::new(refused)));
    }
    Files::read(texts).map_err(Wrong::Refused)
}

fn edit(target: &Target, plan: impl Fn(&Files) -> Result<Plan, Wrong>) -> Exit {
    let dry_run = target.dry_run;
    until_unhindered(|| {
        let files = open(&target.graph)?;
        let plan = plan(&files)?;
        finish(&files.carry_out(plan).map_err(Wrong::Refused)?, dry_run)
    })
}

/// Does it again from the reading on if another changed a file in between.
pub(super) fn until_unhindered(work: impl Fn() -> Result<Exit, Wrong>) -> Exit {
    for _ in 1..TRIES {
        match work() {
            Err(Wrong::Overtaken(_)) => {}
            result => return result.unwrap_or_else(Wrong::tell),
        }
    }
    work().unwrap_or_else(Wrong::tell)
}

/// How often an edit is begun again.
const TRIES: usize = 50;

/// Shows what would change, or writes it and says it.
pub(super) fn finish(edited: &Edited, dry_run: bool) -> Result<Exit, Wrong> {
    if dry_run {
        return Ok(write(&edited.diff(), None));
    }
    let files: Vec<(&Path, Option<&str>, &str)> =
        edited.files.iter().map(|f| (Path::new(&f.name), f.before.as_deref(), f.after.as_str())).collect();
    replace_all(&files).map_err(|(path, e)| {
        let says = format!("cannot write {}: {e}; nothing was changed", path.display());
        if e.kind() == ErrorKind::ResourceBusy { Wrong::Overtaken(says) } else { Wrong::Said(says, Exit::Io) }
    })?;
    let said: String = edited.said.iter().map(|line| format!("{}\n", clean(line))).collect();
    Ok(write(&said, None))
}
