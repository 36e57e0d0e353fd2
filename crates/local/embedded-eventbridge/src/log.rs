//! The log, with one accepted detail a line, oldest first, and its followers.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::error::EmbeddedError;

/// The location of the details of accepted entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogLocation {
    /// In a file without a name. It is deleted when the process ends, however it ends.
    Temporary,
    /// In this file. It is created if it does not exist, and appended to if it does.
    File(PathBuf),
}

/// The approximate number of bytes in one read of a follower. A read returns whole lines, and at least one.
const CHUNK: u64 = 64 * 1024;

pub(crate) struct EventLog {
    kept: Mutex<Kept>,
    /// The number of lines. Followers wait for it to change.
    lines: watch::Sender<usize>,
}

struct Kept {
    file: File,
    /// The end of each line, including its line feed.
    ends: Vec<u64>,
}

impl EventLog {
    pub(crate) fn open(location: LogLocation) -> Result<Self, EmbeddedError> {
        let kept = match location {
            LogLocation::Temporary => {
                let file = tempfile::tempfile().map_err(|source| EmbeddedError::Temporary { source })?;
                Kept { file, ends: Vec::new() }
            }
            LogLocation::File(path) => Kept::from_file(&path)?,
        };
        let lines = watch::Sender::new(kept.ends.len());
        Ok(Self { kept: Mutex::new(kept), lines })
    }

    /// Appends details without line feeds. When this returns, the operating system has the details: they survive the end of
    /// the process, but not a power failure. On an error, no detail is in the log.
    pub(crate) fn append(&self, details: &[String]) -> io::Result<()> {
        let count = self.kept().append(details)?;
        self.lines.send_replace(count);
        Ok(())
    }

    /// Returns some lines from line `from` on (counted from 0), and the number of the line after them.
    fn read(&self, from: usize) -> io::Result<(Vec<u8>, usize)> {
        self.kept().read(from)
    }

    /// Returns the whole log.
    pub(crate) fn details(&self) -> io::Result<Vec<Value>> {
        let (mut details, mut next) = (Vec::new(), 0);
        loop {
            let (lines, after) = self.read(next)?;
            if after == next {
                return Ok(details);
            }
            for detail in serde_json::Deserializer::from_slice(&lines).into_iter() {
                details.push(detail?);
            }
            next = after;
        }
    }

    pub(crate) fn follow(log: &Arc<Self>, after: usize) -> Follower {
        Follower { log: Arc::clone(log), lines: log.lines.subscribe(), next: after }
    }

    /// Waits until no follower is left.
    #[cfg(test)]
    pub(crate) async fn unfollowed(&self) {
        self.lines.closed().await;
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn from_file(path: &Path) -> Result<Self, EmbeddedError> {
        let failed = |source| EmbeddedError::Log { file: path.to_owned(), source };
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        let mut reader = BufReader::new(&file);
        let (mut ends, mut end, mut line) = (Vec::new(), 0, Vec::new());
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line).map_err(failed)?;
            let is_complete = line.ends_with(b"\n");
            let is_valid = if is_complete {
                serde_json::from_slice::<Map<String, Value>>(&line).is_ok()
            } else {
                line.is_empty() || line.starts_with(b"{")
            };
            if !is_valid {
                return Err(EmbeddedError::NotALog { file: path.to_owned(), line: ends.len() + 1 });
            }
            if !is_complete {
                break;
            }
            end += length as u64;
            ends.push(end);
        }
        // A crash left an incomplete line of an append that was not acknowledged.
        if !line.is_empty() {
            file.set_len(end).map_err(failed)?;
        }
        Ok(Self { file, ends })
    }

    fn append(&mut self, details: &[String]) -> io::Result<usize> {
        let before = self.end();
        let (mut text, mut ends) = (Vec::new(), Vec::new());
        for detail in details {
            text.extend_from_slice(detail.as_bytes());
            text.push(b'\n');
            ends.push(before + text.len() as u64);
        }
        // One write without a buffer in this process, so `kill -9` cannot lose acknowledged details. The write goes to the
        // page cache and is too short to need a thread of its own.
        if let Err(error) = self.file.write_all_at(&text, before) {
            // If this fails too, the next append overwrites the remaining bytes.
            let _left = self.file.set_len(before);
            return Err(error);
        }
        self.ends.extend(ends);
        Ok(self.ends.len())
    }

    fn read(&self, from: usize) -> io::Result<(Vec<u8>, usize)> {
        let Some(waiting) = self.ends.get(from..).filter(|waiting| !waiting.is_empty()) else {
            return Ok((Vec::new(), from));
        };
        let start = from.checked_sub(1).map_or(0, |previous| self.ends[previous]);
        let count = waiting.partition_point(|end| end - start <= CHUNK).max(1);
        let length = usize::try_from(waiting[count - 1] - start).map_err(io::Error::other)?;
        let mut lines = vec![0; length];
        self.file.read_exact_at(&mut lines, start)?;
        Ok((lines, from + count))
    }

    fn end(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }
}

/// A reader of the log, from one line on.
pub(crate) struct Follower {
    log: Arc<EventLog>,
    lines: watch::Receiver<usize>,
    next: usize,
}

impl Follower {
    /// Returns the next available lines; empty at the end of the log.
    pub(crate) fn read(&mut self) -> io::Result<Vec<u8>> {
        let (lines, next) = self.log.read(self.next)?;
        self.next = next;
        Ok(lines)
    }

    /// Waits until a line is available. It compares line numbers instead of waiting for a change, so a line that was
    /// appended since the last [`Follower::read`] ends the wait at once.
    pub(crate) async fn more(&mut self) {
        let next = self.next;
        // The log owns the sender and lives as long as its followers.
        let _more = self.lines.wait_for(|lines| *lines > next).await;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn append(log: &EventLog, text: &str) {
        log.append(&[text.to_owned()]).unwrap();
    }

    #[tokio::test]
    async fn a_line_appended_between_the_read_and_the_wait_ends_the_wait() {
        let log = Arc::new(EventLog::open(LogLocation::Temporary).unwrap());
        let mut follower = EventLog::follow(&log, 0);
        for _ in 0..3 {
            assert_eq!(follower.read().unwrap(), b"");
            append(&log, "{}");
            assert!(follower.more().now_or_never().is_some(), "the follower waits for what it has not read");
            assert_eq!(follower.read().unwrap(), b"{}\n");
            assert!(follower.more().now_or_never().is_none(), "the follower waits for nothing");
        }
    }

    #[test]
    fn a_failed_write_adds_no_event_to_the_log() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let kept = Kept { file: File::open(file.path()).unwrap(), ends: Vec::new() };
        let log = EventLog { kept: Mutex::new(kept), lines: watch::Sender::new(0) };
        log.append(&["{}".to_owned()]).unwrap_err();
        assert_eq!((log.details().unwrap(), *log.lines.borrow()), (Vec::<Value>::new(), 0));
    }

    #[test]
    fn a_chunk_is_whole_lines_and_at_least_one() {
        let log = EventLog::open(LogLocation::Temporary).unwrap();
        let line = |bytes: u64| format!("{{{}}}", " ".repeat(usize::try_from(bytes).unwrap() - 3));
        for bytes in [CHUNK * 2, CHUNK - 10, 10, 10] {
            append(&log, &line(bytes));
        }
        let sizes = |from| {
            let (lines, next) = log.read(from).unwrap();
            (lines.len() as u64, next)
        };
        assert_eq!([sizes(0), sizes(1), sizes(3), sizes(4)], [(CHUNK * 2, 1), (CHUNK, 3), (10, 4), (0, 4)]);
    }
}
