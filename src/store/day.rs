//! The log of one day: read, repaired, appended to, made smaller.

use super::codes::{DAMAGED, TORN, UNREADABLE, UNWRITABLE};
use super::line::{self, MAX_LINE_BYTES, Piece, Stored};
use crate::diag::Diagnostic;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// What the name of a log ends with, after its day.
const EXTENSION: &str = "log";

/// The log of `day`.
pub(super) fn path(folder: &Path, day: Date) -> PathBuf {
    folder.join(format!("{day}.{EXTENSION}"))
}

/// The days that have a log, in order; none if there is no folder.
pub(super) fn days(folder: &Path) -> io::Result<Vec<Date>> {
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut days = Vec::new();
    for entry in entries {
        let name = PathBuf::from(entry?.file_name());
        if name.extension().is_some_and(|e| e == EXTENSION)
            && let Some(day) = name.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse::<Date>().ok())
            && path(folder, day) == folder.join(&name)
        {
            days.push(day);
        }
    }
    days.sort_unstable();
    Ok(days)
}

/// What was met on the way through a log.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scan {
    /// Bytes of the file.
    length: u64,
    /// Where the last whole record ends, its line break not counted.
    whole: u64,
    /// Whether nothing but a line break follows it.
    clean: bool,
    /// Places before it that are no record.
    damaged: usize,
    /// Whole records that this version does not understand.
    foreign: usize,
}

/// Reads a log in bounded memory and gives every whole record to `each`, in order.
pub(super) fn scan(path: &Path, mut each: impl FnMut(Stored)) -> io::Result<Scan> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no ordinary file"));
    }
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut scan = Scan { clean: true, ..Scan::default() };
    let mut unsure = 0;
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = reader.by_ref().take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', &mut text)?;
        if read == 0 {
            break;
        }
        let content = text.strip_suffix(b"\n").unwrap_or(&text);
        for piece in line::pieces(content) {
            match piece {
                Piece::Damaged => unsure += 1,
                Piece::Whole(json, end) => {
                    scan.whole = scan.length + end as u64;
                    scan.damaged += std::mem::take(&mut unsure);
                    match line::read(json) {
                        Some(stored) => each(stored),
                        None => scan.foreign += 1,
                    }
                }
            }
        }
        scan.length += read as u64;
        scan.clean = unsure == 0 && content.len() < text.len();
    }
    Ok(scan)
}

impl Scan {
    /// What to tell of records in the middle that could not be used.
    pub fn notices(&self, path: &Path) -> Vec<Diagnostic> {
        let shown = path.display();
        let mut notices = Vec::new();
        if self.damaged > 0 {
            let message = format!("`{shown}` is damaged in {} place(s), which are skipped", self.damaged);
            let help = "check the disk; all other records of the file are whole";
            notices.push(Diagnostic::warning(DAMAGED, message).help(help));
        }
        if self.foreign > 0 {
            let message = format!("{} record(s) of `{shown}` are of a kind not known here, and skipped", self.foreign);
            let help = "a newer commoncause wrote them: use that version; they are kept";
            notices.push(Diagnostic::warning(DAMAGED, message).help(help));
        }
        notices
    }
}

/// Cuts off what follows the last whole record, so that the next one begins on a line of its own.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn repair(path: &Path, scan: &Scan) -> io::Result<Option<Diagnostic>> {
    if scan.clean {
        return Ok(None);
    }
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.set_len(scan.whole)?;
    if scan.whole > 0 {
        file.write_all(b"\n")?;
    }
    file.sync_data()?;
    let cut = scan.length - scan.whole;
    let message = format!("the last write to `{}` was cut off; {cut} byte(s) are removed", path.display());
    let help = "nothing is to be done: what had been made durable is whole, and sources are asked again";
    Ok(Some(Diagnostic::warning(TORN, message).help(help)))
}

/// A log that is appended to.
#[derive(Debug)]
pub(super) struct Open {
    /// Its day.
    pub day: Date,
    path: PathBuf,
    file: File,
    length: u64,
    /// Whether half a line stands at its end, which could not be removed.
    torn: bool,
}

impl Open {
    /// Opens the log of `day`, which has been repaired or does not exist.
    pub fn new(folder: &Path, day: Date) -> io::Result<Open> {
        let path = path(folder, day);
        let file = match OpenOptions::new().append(true).create_new(true).open(&path) {
            Ok(file) => {
                sync_folder(folder)?;
                file
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => OpenOptions::new().append(true).open(&path)?,
            Err(e) => return Err(e),
        };
        let length = file.metadata()?.len();
        Ok(Open { day, path, file, length, torn: false })
    }

    /// Appends whole lines: all, or none.
    pub fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.torn {
            self.file.write_all(b"\n")?;
            self.length = self.file.metadata()?.len();
            self.torn = false;
        }
        let written = self.file.write_all(lines);
        match &written {
            Ok(()) => self.length += lines.len() as u64,
            // Half a line would spoil the next one.
            Err(_) => self.torn = self.file.set_len(self.length).is_err(),
        }
        written
    }

    /// Waits until all is on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Keeps of every identity the last record of the day only. Gives the number of records that are left out.
///
/// # Errors
/// If the log cannot be read or replaced; it is as before then.
pub(super) fn compact(path: &Path) -> io::Result<usize> {
    // By identity: when the last record was told, and its place.
    let mut last: HashMap<u64, (Timestamp, usize)> = HashMap::new();
    let mut records = 0;
    let before = scan(path, |stored| {
        let this = (stored.record.observation.seen_at, records);
        let known = last.entry(line::key(&stored.identity, &stored.record)).or_insert(this);
        *known = this.max(*known);
        records += 1;
    })?;
    // Records of a newer version would be lost.
    if last.len() == records || before.foreign > 0 {
        return Ok(0);
    }
    let temporary = path.with_extension("tmp");
    let written = (|| {
        let mut out = BufWriter::new(File::create(&temporary)?);
        let (mut at, mut failed, mut line) = (0, None, Vec::new());
        scan(path, |stored| {
            if failed.is_none() && last[&line::key(&stored.identity, &stored.record)].1 == at {
                line.clear();
                // What was read fits; the numbers of a record are written as they were read.
                let _ = line::write(&stored.identity, &stored.record, &mut line);
                failed = out.write_all(&line).err();
            }
            at += 1;
        })?;
        failed.map_or(Ok(()), Err)?;
        out.into_inner()?.sync_all()?;
        fs::rename(&temporary, path)
    })();
    if written.is_err() {
        // Best effort: the error that matters is the first one.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    path.parent().map_or(Ok(()), sync_folder)?;
    Ok(records - last.len())
}

/// Makes names of files durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The problem of a log that cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(UNREADABLE, format!("cannot read `{}`: {error}", path.display()))
        .help("check permissions and the disk; signals of other days are read")
}

/// The problem of a place that cannot be written.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> Box<Diagnostic> {
    let help = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room, or keep fewer days; what is there stays readable"
        }
        io::ErrorKind::ReadOnlyFilesystem => "mount the disk for writing; what is there stays readable",
        io::ErrorKind::PermissionDenied => "let the user of this process write there; what is there stays readable",
        _ => "check the disk; what is there stays readable",
    };
    Box::new(Diagnostic::error(UNWRITABLE, format!("cannot write `{}`: {error}", path.display())).help(help))
}
