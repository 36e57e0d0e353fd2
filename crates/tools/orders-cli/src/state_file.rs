//! The progress of a command, in a file from which another run continues.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use anyhow::{Context, bail, ensure};
use event_store::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::stop::{Ended, Interrupted};
use crate::text::note;

/// The content of a state file. The file does not exist before the first finished part, so a run that did nothing leaves no
/// file.
pub(crate) trait Kept: Serialize + DeserializeOwned {
    /// The kind of run.
    const KIND: &'static str;
    /// The options that give a run a file of its own.
    const OWN_FILE: &'static str;
    /// The format number in the file, if the format has numbers.
    const FORMAT: Option<u32>;
    /// The parameters. A run with other parameters is a different run.
    type Parameters: Serialize;

    /// Returns the parameters.
    fn parameters(&self) -> &Self::Parameters;

    /// Returns true if a part is finished. A run of an earlier release left a file even if it did nothing.
    fn has_begun(&self) -> bool;

    /// Returns the result so far, such as `12 events published`.
    fn so_far(&self) -> String;
}

/// The state of a run, and the file that keeps it.
pub(crate) struct State<K> {
    /// Excludes other runs. Two runs would overwrite each other's state, and a replay would publish everything twice.
    _lock: Lock,
    file: StateFile,
    pub(crate) kept: K,
}

impl<K: Kept> State<K> {
    /// Continues the run that an earlier command left in a file, or starts the run that `new` creates. `new` receives the
    /// earlier run.
    pub(crate) fn begin(path: PathBuf, new: impl FnOnce(Option<&K>) -> anyhow::Result<K>) -> anyhow::Result<Self> {
        let file = StateFile(path);
        let lock = file.lock()?;
        let earlier = file.read::<K>()?.filter(K::has_begun);
        let new = new(earlier.as_ref())?;
        let Some(earlier) = earlier else { return Ok(Self { _lock: lock, file, kept: new }) };
        if let Some(difference) = difference(new.parameters(), earlier.parameters()) {
            let (kind, own_file) = (K::KIND, K::OWN_FILE);
            bail!(
                "{file} belongs to another {kind}, {difference}: finish that {kind}, give this {kind} its own file with \
                 {own_file}, or delete the file"
            );
        }
        let written_at = file.written_at().map(|time| format!(", written at {time}")).unwrap_or_default();
        let so_far = earlier.so_far();
        note(&format!("continuing from {file}{written_at}: {so_far}; to start from the beginning, delete the file"));
        Ok(Self { _lock: lock, file, kept: earlier })
    }

    /// Changes the state, and saves it.
    pub(crate) fn settle(&mut self, change: impl FnOnce(&mut K)) -> anyhow::Result<()> {
        change(&mut self.kept);
        self.file.write(&self.kept)
    }

    /// Returns the result of a finished command. If it was stopped or failed, the error reports the progress and the command
    /// that continues it.
    pub(crate) fn conclude(&self, ended: anyhow::Result<Ended>) -> anyhow::Result<()> {
        let so_far = self.kept.so_far();
        let next = if self.file.0.exists() {
            format!("to continue from {}, run the same command again", self.file)
        } else {
            "to start from the beginning, run the same command again".to_owned()
        };
        match ended {
            Ok(Ended::Complete) => Ok(()),
            Ok(Ended::Stopped) => Err(Interrupted(format!("stopped: {so_far}; {next}")).into()),
            Err(error) if error.is::<Interrupted>() => Err(Interrupted(format!("{error:#}; {so_far}; {next}")).into()),
            Err(error) => Err(anyhow::anyhow!("{error:#}; {so_far}; {next}")),
        }
    }

    /// Removes the file at the end, if it exists.
    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        match fs::remove_file(&self.file.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.with_context(|| format!("cannot remove {}", self.file)),
        }
    }
}

/// The path of a state file.
struct StateFile(PathBuf);

impl StateFile {
    /// Excludes other runs until the lock is dropped.
    fn lock(&self) -> anyhow::Result<Lock> {
        let path = self.with_suffix(".lock");
        let file = File::options().write(true).create(true).truncate(false).open(&path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("another run uses {self}"),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display()))?,
        }
        // The run that held the lock may have ended and removed the file after it was opened. This lock would then exclude
        // no other run.
        let is_in_place =
            fs::metadata(&path).is_ok_and(|there| file.metadata().is_ok_and(|own| own.ino() == there.ino()));
        ensure!(is_in_place, "another run used {self} and has just ended: run the command again");
        Ok(Lock { path, _file: file })
    }

    /// Reads the state that an earlier run left. Rejects the format of another release, and a file with other content.
    fn read<K: Kept>(&self) -> anyhow::Result<Option<K>> {
        let text = match fs::read(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {self}")),
        };
        let other_content = || format!("{self} is not the state of a {}", K::KIND);
        let state: Value = serde_json::from_slice(&text).with_context(other_content)?;
        ensure!(
            K::FORMAT.is_none_or(|format| state["format"] == format),
            "{self} has the format of another release: finish that {kind} with that release, give this {kind} its own file \
             with {own_file}, or delete the file",
            kind = K::KIND,
            own_file = K::OWN_FILE,
        );
        serde_json::from_value(state).map(Some).with_context(other_content)
    }

    /// Writes to a temporary name first, so that a killed run leaves the state before or after the write, and never a
    /// partial one.
    fn write(&self, state: &impl Serialize) -> anyhow::Result<()> {
        let temporary = self.with_suffix(".new");
        let written = fs::write(&temporary, serde_json::to_vec_pretty(state)?);
        written.and_then(|()| fs::rename(&temporary, &self.0)).with_context(|| format!("cannot write {self}"))
    }

    /// Returns the time of the last write, if the file system reports it.
    fn written_at(&self) -> Option<Timestamp> {
        let written = fs::metadata(&self.0).and_then(|file| file.modified()).ok()?;
        let since_epoch = written.duration_since(UNIX_EPOCH).ok()?;
        Timestamp::from_epoch_ms(i64::try_from(since_epoch.as_millis()).ok()?).ok()
    }

    fn with_suffix(&self, suffix: &str) -> PathBuf {
        let mut path = self.0.clone().into_os_string();
        path.push(suffix);
        path.into()
    }
}

/// A lock on a state. A killed run leaves the lock file behind without a lock.
struct Lock {
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
fn difference<T: Serialize>(asked: &T, begun: &T) -> Option<String> {
    let (asked, begun) = (serde_json::to_value(asked).ok()?, serde_json::to_value(begun).ok()?);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let differs = |(name, value): (&String, &Value)| {
        let other = begun.get(name).filter(|other| *other != value)?;
        Some(format!("with {name} {} instead of {}", text(other), text(value)))
    };
    asked.as_object()?.iter().find_map(differs)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_different_parameter_is_reported() {
        let begun = json!({ "from": "2026-11-21T00:00:00.000Z", "order": null });
        assert_eq!(difference(&begun, &begun), None);
        let other = json!({ "from": "2026-11-21T00:00:00.000Z", "order": "o-1" });
        assert_eq!(difference(&other, &begun).unwrap(), "with order null instead of o-1");
        let other = json!({ "from": "2026-11-23T00:00:00.000Z", "order": null });
        let expected = "with from 2026-11-21T00:00:00.000Z instead of 2026-11-23T00:00:00.000Z";
        assert_eq!(difference(&other, &begun).unwrap(), expected);
    }
}
