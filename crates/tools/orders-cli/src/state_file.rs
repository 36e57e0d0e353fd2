//! How far a command is, in a file, so that another run goes on from there.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use anyhow::Context;
use event_store::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::stop::{Ended, Interrupted};

/// Where a state is kept.
pub(crate) struct StateFile(PathBuf);

impl StateFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Keeps other runs away until the lock is dropped: two would write over each other's state, and a
    /// replay publish everything twice.
    pub(crate) fn lock(&self) -> anyhow::Result<Lock> {
        let path = self.with_suffix(".lock");
        let file = File::options().write(true).create(true).truncate(false).open(&path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => anyhow::bail!("another run is at work on {self}"),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display()))?,
        }
        // The run that had it may have ended and removed the file since it was opened: then this lock keeps no other run away.
        let is_in_place =
            fs::metadata(&path).is_ok_and(|there| file.metadata().is_ok_and(|own| own.ino() == there.ino()));
        anyhow::ensure!(is_in_place, "another run was at work on {self}, and has just ended");
        Ok(Lock { path, _file: file })
    }

    /// The state that an earlier run has left; `what` it must be, for an operator who named another file.
    pub(crate) fn read<T: DeserializeOwned>(&self, what: &str) -> anyhow::Result<Option<T>> {
        match fs::read(&self.0) {
            Ok(text) => {
                let state = serde_json::from_slice(&text);
                Ok(Some(state.with_context(|| format!("{self} is no {what}"))?))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {self}")),
        }
    }

    /// Refuses the state of a release with another format.
    pub(crate) fn check_format(&self, format: u32) -> anyhow::Result<()> {
        let found = self.read::<Value>("state of this command")?;
        let is_other = found.is_some_and(|state| state["format"] != format);
        anyhow::ensure!(
            !is_other,
            "{self} is of another release: finish that run with that release, give this one a --state file of its own, or \
             delete the file"
        );
        Ok(())
    }

    /// Under another name first: a run that is killed leaves the state before or the state after, never half of one.
    pub(crate) fn write(&self, state: &impl Serialize) -> anyhow::Result<()> {
        let temporary = self.with_suffix(".new");
        let written = fs::write(&temporary, serde_json::to_vec_pretty(state)?);
        written.and_then(|()| fs::rename(&temporary, &self.0)).with_context(|| format!("cannot write {self}"))
    }

    /// When it was written last, if that can be told.
    pub(crate) fn written_at(&self) -> Option<Timestamp> {
        let written = fs::metadata(&self.0).and_then(|file| file.modified()).ok()?;
        let since_epoch = written.duration_since(UNIX_EPOCH).ok()?;
        Timestamp::from_epoch_ms(i64::try_from(since_epoch.as_millis()).ok()?).ok()
    }

    /// Removes it at the end, if anything was written.
    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.with_context(|| format!("cannot remove {self}")),
        }
    }

    /// The result of a command whose work has ended: where it was stopped or failed, an error with how far it is and how the
    /// next run goes on.
    pub(crate) fn conclude(&self, ended: anyhow::Result<Ended>, so_far: impl fmt::Display) -> anyhow::Result<()> {
        let next = if self.0.exists() {
            format!("the same command goes on from {self}")
        } else {
            "the same command begins anew".to_owned()
        };
        match ended {
            Ok(Ended::Complete) => Ok(()),
            Ok(Ended::Stopped) => Err(Interrupted(format!("stopped, {so_far}; {next}")).into()),
            Err(error) if error.is::<Interrupted>() => Err(Interrupted(format!("{error:#}; {so_far}, {next}")).into()),
            Err(error) => Err(anyhow::anyhow!("{error:#}; {so_far}, {next}")),
        }
    }

    fn with_suffix(&self, suffix: &str) -> PathBuf {
        let mut path = self.0.clone().into_os_string();
        path.push(suffix);
        path.into()
    }
}

/// The right to work on a state. A run that is killed leaves the file behind without the lock on it.
pub(crate) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Left behind, it hinders no other run.
        let _left = fs::remove_file(&self.path);
    }
}

impl fmt::Display for StateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

/// The first thing in which what is asked for differs from what was `begun`, in words.
pub(crate) fn difference<T: Serialize>(asked: &T, begun: &T) -> Option<String> {
    let (asked, begun) = (serde_json::to_value(asked).ok()?, serde_json::to_value(begun).ok()?);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let differs = |(name, value): (&String, &Value)| {
        let other = begun.get(name).filter(|other| *other != value)?;
        Some(format!("with {name} {} instead of {}", text(other), text(value)))
    };
    asked.as_object()?.iter().find_map(differs)
}
