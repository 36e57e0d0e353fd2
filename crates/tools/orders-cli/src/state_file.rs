//! The progress of a command, in a file from which another run continues.

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

/// The path of a state file.
pub(crate) struct StateFile(PathBuf);

impl StateFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Excludes other runs until the lock is dropped. Two runs would overwrite each other's state, and a replay would
    /// publish everything twice.
    pub(crate) fn lock(&self) -> anyhow::Result<Lock> {
        let path = self.with_suffix(".lock");
        let file = File::options().write(true).create(true).truncate(false).open(&path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => anyhow::bail!("another run is at work on {self}"),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display()))?,
        }
        // The run that held the lock may have ended and removed the file after it was opened. This lock would then exclude
        // no other run.
        let is_in_place =
            fs::metadata(&path).is_ok_and(|there| file.metadata().is_ok_and(|own| own.ino() == there.ino()));
        anyhow::ensure!(is_in_place, "another run was at work on {self}, and has just ended");
        Ok(Lock { path, _file: file })
    }

    /// Reads the state that an earlier run left. The error names `what` the file must contain, in case the operator gave
    /// another file.
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

    /// Rejects a state with the format of another release.
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

    /// Writes to a temporary name first, so that a killed run leaves the state before or after the write, and never a
    /// partial one.
    pub(crate) fn write(&self, state: &impl Serialize) -> anyhow::Result<()> {
        let temporary = self.with_suffix(".new");
        let written = fs::write(&temporary, serde_json::to_vec_pretty(state)?);
        written.and_then(|()| fs::rename(&temporary, &self.0)).with_context(|| format!("cannot write {self}"))
    }

    /// Returns the time of the last write, if the file system reports it.
    pub(crate) fn written_at(&self) -> Option<Timestamp> {
        let written = fs::metadata(&self.0).and_then(|file| file.modified()).ok()?;
        let since_epoch = written.duration_since(UNIX_EPOCH).ok()?;
        Timestamp::from_epoch_ms(i64::try_from(since_epoch.as_millis()).ok()?).ok()
    }

    /// Removes the file at the end, if it exists.
    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.with_context(|| format!("cannot remove {self}")),
        }
    }

    /// Returns the result of a finished command. If it was stopped or failed, the error reports the progress and the command
    /// that continues it.
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

/// A lock on a state. A killed run leaves the lock file behind without a lock.
pub(crate) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A remaining file does not block other runs.
        let _left = fs::remove_file(&self.path);
    }
}

impl fmt::Display for StateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

/// Describes the first difference between the requested parameters and the parameters of the started run.
pub(crate) fn difference<T: Serialize>(asked: &T, begun: &T) -> Option<String> {
    let (asked, begun) = (serde_json::to_value(asked).ok()?, serde_json::to_value(begun).ok()?);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let differs = |(name, value): (&String, &Value)| {
        let other = begun.get(name).filter(|other| *other != value)?;
        Some(format!("with {name} {} instead of {}", text(other), text(value)))
    };
    asked.as_object()?.iter().find_map(differs)
}
