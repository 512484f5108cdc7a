//! What every command does with results and problems: stdout is data, stderr is talk.

use super::Exit;
use crate::diag::{Colour, Diagnostic, Severity, Sources, render_human};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// The day it is, in UTC.
pub fn utc_today() -> Date {
    TimeZone::UTC.to_datetime(Timestamp::now()).date()
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl When {
    /// Whether output to `terminal` gets colours.
    pub fn colours(self, terminal: bool) -> bool {
        match self {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        }
    }
}

/// Prints problems to stderr, worst first within their order.
pub fn tell(problems: &[Diagnostic], sources: &Sources) {
    if problems.is_empty() {
        return;
    }
    let colour = if When::Auto.colours(std::io::stderr().is_terminal()) { Colour::Always } else { Colour::Never };
    eprint!("{}", render_human(problems, sources, colour));
    eprintln!("{}", count(problems));
}

/// `2 errors, 1 warning`.
pub fn count(problems: &[Diagnostic]) -> String {
    let parts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Hint]
        .into_iter()
        .map(|s| (s, problems.iter().filter(|d| d.severity == s).count()))
        .filter(|&(_, n)| n > 0)
        .map(|(s, n)| format!("{n} {s}{}", if n == 1 { "" } else { "s" }))
        .collect();
    if parts.is_empty() { "no problems".to_string() } else { parts.join(", ") }
}

/// Does `work`; if that takes longer than a second, says on stderr what it is.
pub fn patiently<T>(what: &str, work: impl FnOnce() -> T) -> T {
    std::thread::scope(|scope| {
        let (done, waiting) = std::sync::mpsc::channel::<()>();
        scope.spawn(move || {
            if waiting.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                eprintln!("{what} …");
            }
        });
        let result = work();
        // Dropping the sender ends the waiting at once.
        drop(done);
        result
    })
}

/// How long nothing is said.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);

/// Writes to stdout, or to a file by way of a temporary one beside it, so that nothing is ever half-written.
pub fn write(text: &str, out: Option<&Path>) -> Exit {
    let result = match out {
        None => {
            let mut stdout = std::io::stdout().lock();
            stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
        }
        Some(path) => replace(path, text.as_bytes()),
    };
    match result {
        Ok(()) => Exit::Done,
        // The reader has gone; there is nobody to tell.
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Exit::Done,
        Err(e) => {
            let target = out.map_or("stdout".to_string(), |p| p.display().to_string());
            eprintln!("error: cannot write {target}: {e}");
            Exit::Io
        }
    }
}

/// Writes a file by way of a temporary one beside it.
pub fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = beside(path)?;
    let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // Best effort: the error that matters is the first one.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Writes several files, all or none: path, the text that must be there now (`None`: no file), the new text.
///
/// A link stays one: what it leads to is written. Permissions stay.
///
/// # Errors
/// With the file at which it failed. What was replaced before it is put back.
pub fn replace_all<'p>(files: &[(&'p Path, Option<&str>, &str)]) -> Result<(), (&'p Path, std::io::Error)> {
    let mut ready: Vec<(&Path, PathBuf, PathBuf, Option<&str>)> = Vec::new();
    // While these are held no other edit checks and replaces in the same folders.
    let _locks = files
        .iter()
        .map(|(path, ..)| parent(path))
        .collect::<BTreeSet<_>>()
        .iter()
        .map(|d| lock(d))
        .collect::<Vec<_>>();
    let prepared = files.iter().try_for_each(|&(path, before, after)| {
        let (target, temporary) = prepare(path, before, after).map_err(|e| (path, e))?;
        ready.push((path, target, temporary, before));
        Ok(())
    });
    let mut done = 0;
    let written = prepared.and_then(|()| {
        ready.iter().try_for_each(|(path, target, temporary, before)| {
            // An editor knows nothing of locks.
            unchanged(target, *before).map_err(|e| (*path, e))?;
            fs::rename(temporary, target).map_err(|e| (*path, e))?;
            done += 1;
            Ok(())
        })
    });
    if written.is_err() {
        // Best effort: the error that matters is the first one.
        for (_, target, _, before) in &ready[..done] {
            let _ = match before {
                Some(text) => replace(target, text.as_bytes()),
                None => fs::remove_file(target),
            };
        }
        for (_, _, temporary, _) in &ready[done..] {
            let _ = fs::remove_file(temporary);
        }
    }
    written
}

/// Writes a temporary file beside the target of `path`; gives both.
fn prepare(path: &Path, before: Option<&str>, after: &str) -> std::io::Result<(PathBuf, PathBuf)> {
    let target = match before {
        Some(_) => fs::canonicalize(path)?,
        None => path.to_path_buf(),
    };
    unchanged(&target, before)?;
    let temporary = beside(&target)?;
    let written = (|| {
        let mut file = fs::File::create_new(&temporary)?;
        file.write_all(after.as_bytes())?;
        if before.is_some() {
            file.set_permissions(fs::metadata(&target)?.permissions())?;
        }
        file.sync_all()
    })();
    match written {
        Ok(()) => Ok((target, temporary)),
        Err(e) => {
            let _ = fs::remove_file(&temporary);
            Err(e)
        }
    }
}

/// An error unless the file still says what it said.
fn unchanged(path: &Path, before: Option<&str>) -> std::io::Result<()> {
    let now = match fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        Err(e) => return Err(e),
    };
    if now.as_deref() == before.map(str::as_bytes) {
        return Ok(());
    }
    Err(std::io::Error::new(ErrorKind::ResourceBusy, "somebody else changed it meanwhile"))
}

/// The folder of the file that `path` leads to.
fn parent(path: &Path) -> PathBuf {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    match real.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf())
        }
        _ => PathBuf::from("."),
    }
}

/// Holds a folder against other edits for as long as the result lives; none where the system has no such locks.
fn lock(folder: &Path) -> Option<fs::File> {
    let file = fs::File::open(folder).ok()?;
    file.lock().ok()?;
    Some(file)
}

/// The name of a temporary file beside `path`.
fn beside(path: &Path) -> std::io::Result<PathBuf> {
    let mut name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_files_are_written_all_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("a"), "old a").unwrap();
        fs::write(path("b"), "changed by another").unwrap();
        let (a, b, c) = (path("a"), path("b"), path("c"));
        let stale = [
            (a.as_path(), Some("old a"), "new a"),
            (c.as_path(), None, "new c"),
            (b.as_path(), Some("old b"), "new b"),
        ];
        assert_eq!(replace_all(&stale).map_err(|(p, _)| p.to_path_buf()), Err(b.clone()));
        let nowhere = path("no/where");
        let missing = [(a.as_path(), Some("old a"), "new a"), (nowhere.as_path(), None, "x")];
        assert!(replace_all(&missing).is_err());
        assert_eq!(fs::read_to_string(&a).unwrap(), "old a");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        let right = [(a.as_path(), Some("old a"), "new a"), (c.as_path(), None, "new c")];
        replace_all(&right).unwrap();
        assert_eq!(fs::read_to_string(&a).unwrap(), "new a");
        assert_eq!(fs::read_to_string(&c).unwrap(), "new c");
        assert!(replace_all(&[(c.as_path(), None, "again")]).is_err(), "it is there by now");
    }
}
