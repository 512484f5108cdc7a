//! What every command does with results and problems: stdout is data, stderr is talk.

use super::Exit;
use crate::diag::{Colour, Diagnostic, Severity, Sources, render_human};
use std::fs;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

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
        Some(path) => replace(path, text),
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

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = fs::write(&temporary, text).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // Best effort: the error that matters is the first one.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Does `f` to every item, on all cores; results come back in the items' order.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let next = std::sync::atomic::AtomicUsize::new(0);
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        let work = || {
            let mut mine = Vec::new();
            loop {
                let i = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let Some(item) = items.get(i) else { return mine };
                mine.push((i, f(item)));
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|w| w.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    results.sort_by_key(|r| r.0);
    results.into_iter().map(|r| r.1).collect()
}
