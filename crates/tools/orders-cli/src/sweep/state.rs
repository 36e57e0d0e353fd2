//! The progress of a sweep, in a file.

use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::state_file::{Lock, StateFile, difference};
use crate::text::note;

/// The tables of a sweep. Kept in the state file: with other tables it is another sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tables {
    /// The command that sweeps them.
    pub(crate) command: String,
    pub(crate) events: String,
    pub(crate) rows: String,
    /// None where totals are left out.
    pub(crate) totals: Option<String>,
    /// The ids, as far as they can be read. A table of the same name in another stack, or one made anew, has another id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) ids: Vec<Option<String>>,
    /// In how many parts. A position belongs to one of so many.
    pub(crate) segments: u32,
    /// True if they are the local stack's.
    pub(crate) local: bool,
    /// The number of the summaries' projection: rows of another one are other rows.
    pub(crate) projection: u32,
    /// The same of the totals' projection.
    pub(crate) totals_projection: u32,
}

impl Tables {
    /// The id of the table of events, as far as it can be read.
    pub(crate) fn events_id(&self) -> Option<&str> {
        self.ids.first()?.as_deref()
    }

    /// The tables of the read models, in words.
    pub(crate) fn read_models(&self) -> String {
        match &self.totals {
            Some(totals) => format!("{} and {totals}", self.rows),
            None => self.rows.clone(),
        }
    }
}

/// The place of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place<P> {
    Beginning,
    After(P),
    End,
}

impl<P> Place<P> {
    /// The place after a page that ends there.
    pub(crate) fn after(next: Option<P>) -> Self {
        next.map_or(Self::End, Self::After)
    }

    /// After what to read on, if after anything; `None` at the end, where there is nothing to read.
    pub(crate) const fn to_read(&self) -> Option<Option<&P>> {
        match self {
            Self::Beginning => Some(None),
            Self::After(last) => Some(Some(last)),
            Self::End => None,
        }
    }
}

/// The content of a state file.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept<T> {
    tables: Tables,
    /// True if a page is settled.
    begun: bool,
    sweep: T,
}

/// A sweep as an earlier run has left it, or a new one, and the file that keeps it up to date.
pub(crate) struct State<T> {
    _lock: Lock,
    pub(crate) file: StateFile,
    kept: Kept<T>,
}

impl<T: Serialize> State<T> {
    /// The progress so far.
    pub(crate) const fn known(&self) -> &T {
        &self.kept.sweep
    }

    /// Changes what is known, and saves it.
    pub(crate) fn settle(&mut self, change: impl FnOnce(&mut T)) -> anyhow::Result<()> {
        change(&mut self.kept.sweep);
        self.kept.begun = true;
        self.file.write(&self.kept)
    }
}

/// Takes up what `path` says, or begins with `new`.
pub(crate) fn begin<T: Serialize + DeserializeOwned>(
    path: PathBuf,
    tables: Tables,
    new: T,
) -> anyhow::Result<State<T>> {
    let file = StateFile::new(path);
    let lock = file.lock()?;
    // A run of an earlier release that did nothing has left a file, too.
    let kept = file.read::<Kept<T>>("state of this command")?.filter(|kept| kept.begun);
    let Some(kept) = kept else {
        // There is no file before the first page is settled: a run that did nothing leaves nothing.
        let kept = Kept { tables, begun: false, sweep: new };
        return Ok(State { _lock: lock, file, kept });
    };
    if let Some(difference) = difference(&tables, &kept.tables) {
        anyhow::bail!(
            "{file} belongs to another run, {difference}: finish that one, give this one a --state file of its own, or delete the file"
        );
    }
    let since = file.written_at().map(|time| format!(", of {time}")).unwrap_or_default();
    note(&format!(
        "going on from {file}{since}: what is settled there is not looked at again; delete it to begin anew"
    ));
    Ok(State { _lock: lock, file, kept })
}
