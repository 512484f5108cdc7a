//! The files of the queue, and the dead letters.

use super::{FOLDER, Message, hash};
use crate::diag::{Diagnostic, cut};
use crate::notify::codes::UNUSABLE;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The file with what was given up, in a data folder: one message on each line, with the reason.
pub const DEAD_LETTERS: &str = "dead-letter.jsonl";
/// The file with those before, once there are too many.
const OLDER_DEAD_LETTERS: &str = "dead-letter.old.jsonl";
/// Bytes of one of them.
const MAX_DEAD_LETTERS: u64 = 16 << 20;
/// Bytes of a message; what is written is smaller.
const MAX_FILE: u64 = 8 << 20;
/// Characters of a reason.
const MAX_WHY: usize = 300;
/// Hexadecimal digits of a message's name.
const ID_DIGITS: usize = 32;
/// Hexadecimal digits by which the incident of an open alert is known.
const KEY_DIGITS: usize = 16;
/// Digits of a number, so that names are in order.
const NUMBER_DIGITS: usize = 20;

const MESSAGE: &str = "json";
const OPEN: &str = "open";
const TEMPORARY: &str = "tmp";
const ASIDE: &str = "unreadable";

/// What the name of a file says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// A message that waits.
    Message {
        /// For whom.
        receiver: String,
        /// In which order.
        number: u64,
    },
    /// An alert that goes on.
    Open {
        /// Where.
        receiver: String,
        /// The hash of its incident.
        key: String,
    },
    /// Nothing of ours.
    Strange,
}

impl Name {
    /// The alert of the incident `key`.
    pub fn open(receiver: &str, key: &str) -> Name {
        Name::Open { receiver: receiver.to_string(), key: hash(&[key], KEY_DIGITS) }
    }

    fn of(file: &str) -> Name {
        let parts = file.rsplit_once('.').and_then(|(stem, kind)| stem.split_once('-').map(|(r, n)| (r, n, kind)));
        let name = match parts {
            Some((receiver, number, MESSAGE)) => {
                number.parse().ok().map(|number| Name::Message { receiver: receiver.to_string(), number })
            }
            Some((receiver, key, OPEN)) => Some(Name::Open { receiver: receiver.to_string(), key: key.to_string() }),
            _ => None,
        };
        name.filter(|name| name.file() == file).unwrap_or(Name::Strange)
    }

    fn file(&self) -> String {
        match self {
            Name::Message { receiver, number } => format!("{receiver}-{number:0NUMBER_DIGITS$}.{MESSAGE}"),
            Name::Open { receiver, key } => format!("{receiver}-{key}.{OPEN}"),
            Name::Strange => String::new(),
        }
    }
}

/// A message as a file has it. Nothing of the receiver but what it is called: no place, no secret.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// Its name.
    pub id: String,
    /// When it was put.
    pub put_at: Timestamp,
    /// What its receiver is called.
    pub to: String,
    /// It itself.
    pub message: Message,
}

/// The text of such a file. The name is the hash of the message's text, which tells whether that is whole.
#[derive(Serialize, Deserialize)]
struct Text {
    id: String,
    put_at: Timestamp,
    to: String,
    message: Box<RawValue>,
}

/// A line of the dead letters.
#[derive(Serialize)]
struct DeadLetter<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    given_up_at: Option<Timestamp>,
    why: &'a str,
    to: &'a str,
    id: &'a str,
    put_at: Timestamp,
    message: &'a Message,
}

/// The name of a message: the same for all receivers, and whenever the same is told again.
pub(super) fn id(message: &Message) -> String {
    hash(&[&serde_json::to_string(message).unwrap_or_default()], ID_DIGITS)
}

/// Files of the queue, and what their names say.
pub(super) type Found = Vec<(Name, PathBuf)>;

/// The folder of the data and that of the queue in it.
#[derive(Debug)]
pub(super) struct Disk {
    data: PathBuf,
    folder: PathBuf,
}

impl Disk {
    /// Opens the folder: what is in it, in order. What was never wholly written is removed.
    pub fn open(data: &Path) -> Result<(Disk, Found), Box<Diagnostic>> {
        let disk = Disk { data: data.to_path_buf(), folder: data.join(FOLDER) };
        fs::create_dir_all(&disk.folder).and_then(|()| sync_folder(data)).map_err(|e| unusable(&disk.folder, &e))?;
        let mut found = Vec::new();
        for entry in fs::read_dir(&disk.folder).map_err(|e| unusable(&disk.folder, &e))? {
            let path = entry.map_err(|e| unusable(&disk.folder, &e))?.path();
            let ends = |kind| path.extension().is_some_and(|e| e == kind);
            if ends(TEMPORARY) {
                disk.remove(&path)?;
            } else if !ends(ASIDE) {
                let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                found.push((Name::of(file), path));
            }
        }
        found.sort();
        Ok((disk, found))
    }

    /// Where a file of this name is.
    pub fn path(&self, name: &Name) -> PathBuf {
        self.folder.join(name.file())
    }

    /// Reads a message.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(&self, path: &Path) -> Result<Kept, String> {
        let kind = fs::symlink_metadata(path).map_err(|e| e.to_string())?;
        if !kind.is_file() || kind.len() > MAX_FILE {
            return Err("it is no ordinary file, or too large".to_string());
        }
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(|e| e.to_string())?;
        file.take(MAX_FILE).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        let text: Text = serde_json::from_slice(&bytes).map_err(|e| e.to_string())?;
        if hash(&[text.message.get()], ID_DIGITS) != text.id {
            return Err("it was changed".to_string());
        }
        let message: Message = serde_json::from_str(text.message.get()).map_err(|e| e.to_string())?;
        Ok(Kept { id: text.id, put_at: text.put_at, to: text.to, message: message.bounded() })
    }

    /// Writes a message: wholly, or not at all. The name of the file is durable only after [`sync`](Disk::sync).
    pub fn write(&self, path: &Path, to: &str, message: &Message, now: Timestamp) -> Result<(), Box<Diagnostic>> {
        let raw = |e: serde_json::Error| unusable(path, &io::Error::other(e));
        let raw_message = serde_json::value::to_raw_value(message).map_err(raw)?;
        let id = hash(&[raw_message.get()], ID_DIGITS);
        let text = Text { id, put_at: now, to: to.to_string(), message: raw_message };
        let bytes = serde_json::to_vec(&text).map_err(raw)?;
        let temporary = path.with_extension(TEMPORARY);
        let written = (|| {
            let mut file = File::create(&temporary)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, path)
        })();
        written.map_err(|e| {
            // Best effort: the error that matters is the first one.
            let _ = fs::remove_file(&temporary);
            unusable(path, &e)
        })
    }

    /// Makes the names of files durable.
    pub fn sync(&self) -> Result<(), Box<Diagnostic>> {
        sync_folder(&self.folder).map_err(|e| unusable(&self.folder, &e))
    }

    /// Removes a file, which need not be there.
    pub fn remove(&self, path: &Path) -> Result<(), Box<Diagnostic>> {
        match fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(unusable(path, &e)),
            _ => self.sync(),
        }
    }

    /// Gives a file a name under which it is left alone.
    pub fn set_aside(&self, path: &Path) -> Result<PathBuf, Box<Diagnostic>> {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let place = self.folder.join(format!("{name}.{ASIDE}"));
        fs::rename(path, &place).map_err(|e| unusable(path, &e))?;
        Ok(place)
    }

    /// Appends to the dead letters, durably; `now` if it is known.
    pub fn bury(&self, kept: &Kept, why: &str, now: Option<Timestamp>) -> Result<(), Box<Diagnostic>> {
        let path = self.data.join(DEAD_LETTERS);
        let why = cut(why, MAX_WHY);
        let Kept { id, put_at, to, message } = kept;
        let letter = DeadLetter { given_up_at: now, why: &why, to, id, put_at: *put_at, message };
        let buried = serde_json::to_vec(&letter).map_err(io::Error::other).and_then(|line| self.append(&path, line));
        buried.map_err(|e| unusable(&path, &e))
    }

    fn append(&self, path: &Path, mut line: Vec<u8>) -> io::Result<()> {
        line.push(b'\n');
        let length = fs::metadata(path).map_or(0, |m| m.len());
        if length > 0 && length + line.len() as u64 > MAX_DEAD_LETTERS {
            fs::rename(path, self.data.join(OLDER_DEAD_LETTERS))?;
        }
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let length = file.metadata()?.len();
        if length > 0 {
            // Half a line, of a process that was killed, would spoil this one.
            let mut last = [0];
            file.seek(SeekFrom::Start(length - 1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                line.insert(0, b'\n');
            }
        }
        if let Err(e) = file.write_all(&line) {
            // Best effort, for the same reason.
            let _ = file.set_len(length);
            return Err(e);
        }
        file.sync_all()?;
        sync_folder(&self.data)
    }
}

/// Makes names of files durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The problem of a place that cannot be read or written.
fn unusable(path: &Path, error: &io::Error) -> Box<Diagnostic> {
    let help = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room: nothing new can be told until then",
        io::ErrorKind::ReadOnlyFilesystem => "mount the disk for writing: nothing new can be told until then",
        io::ErrorKind::PermissionDenied => "let the user of this process read and write there",
        _ => "check the disk",
    };
    Box::new(Diagnostic::error(UNUSABLE, format!("cannot use `{}`: {error}", path.display())).help(help))
}
