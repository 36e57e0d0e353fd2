//! How far a replay is, in a file: what is there was acknowledged by the bus.

use std::fmt;
use std::fs;
use std::io;
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
        let mut temporary = self.0.clone().into_os_string();
        temporary.push(".new");
        let written = fs::write(&temporary, serde_json::to_vec_pretty(state)?);
        written.and_then(|()| fs::rename(&temporary, &self.0)).with_context(|| format!("cannot write {self}"))
    }

    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        fs::remove_file(&self.0).with_context(|| format!("cannot remove {self}"))
    }
}

impl fmt::Display for StateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}
