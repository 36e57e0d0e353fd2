//! How far a replay is, in a file: what is there was acknowledged by the bus.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use anyhow::Context;
use event_store::Position;
use serde::{Deserialize, Serialize};

use super::parameters::Parameters;

/// A replay, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) parameters: Parameters,
    /// The last commit that is done with; none at the beginning.
    pub(crate) after: Option<Position>,
    pub(crate) tally: Tally,
}

/// What was done, in all runs of a replay together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Commits looked at, those outside the range included, and those again that a run after the first one meets twice.
    pub(crate) scanned: u64,
    /// Events that the bus has acknowledged.
    pub(crate) published: u64,
    /// PutEvents calls.
    pub(crate) calls: u64,
    /// Entries that were sent again.
    pub(crate) retried: u64,
    /// Commits that cannot be read, and events that can never be published.
    pub(crate) left_out: u64,
}

impl Tally {
    /// `12 events published`
    pub(crate) fn published(&self) -> String {
        format!("{} events published", self.published)
    }
}

impl State {
    pub(crate) fn new(parameters: Parameters) -> Self {
        Self { parameters, after: None, tally: Tally::default() }
    }
}

/// Where a state is kept.
pub(crate) struct StateFile(PathBuf);

impl StateFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Keeps other runs away until the lock is dropped: two would write over each other's state, and publish everything
    /// twice.
    pub(crate) fn lock(&self) -> anyhow::Result<Lock> {
        let path = self.with_suffix(".lock");
        let file = File::options().write(true).create(true).truncate(false).open(&path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => anyhow::bail!("another run is at work on {self}"),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display()))?,
        }
        // The run that had it may have ended and removed the file since it was opened: then this lock keeps nobody away.
        let is_in_place =
            fs::metadata(&path).is_ok_and(|there| file.metadata().is_ok_and(|own| own.ino() == there.ino()));
        anyhow::ensure!(is_in_place, "another run was at work on {self}, and has just ended");
        Ok(Lock { path, _file: file })
    }

    /// What an earlier run has left.
    pub(crate) fn read(&self) -> anyhow::Result<Option<State>> {
        match fs::read(&self.0) {
            Ok(text) => {
                Ok(Some(serde_json::from_slice(&text).with_context(|| format!("{self} is no replay's state"))?))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {self}")),
        }
    }

    /// Under another name first: a run that is killed leaves the state before or the state after, never half of one.
    pub(crate) fn write(&self, state: &State) -> anyhow::Result<()> {
        let temporary = self.with_suffix(".new");
        let written = fs::write(&temporary, serde_json::to_vec_pretty(state)?);
        written.and_then(|()| fs::rename(&temporary, &self.0)).with_context(|| format!("cannot write {self}"))
    }

    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        fs::remove_file(&self.0).with_context(|| format!("cannot remove {self}"))
    }

    fn with_suffix(&self, suffix: &str) -> PathBuf {
        let mut path = self.0.clone().into_os_string();
        path.push(suffix);
        path.into()
    }
}

/// The right to work on a state. A run that is killed leaves the file behind, and nobody holds it then.
pub(crate) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Left behind, it is in nobody's way.
        let _left = fs::remove_file(&self.path);
    }
}

impl fmt::Display for StateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}
