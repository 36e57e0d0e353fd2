//! The progress of a sweep, in a file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::state_file::{Lock, StateFile, difference};
use crate::text::note;

/// The format of state files. A release that changes it begins anew.
const FORMAT: u32 = 2;

/// The tables of a sweep. Kept in the state file: with other tables it is another sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tables {
    /// The command that sweeps them.
    pub(crate) command: String,
    pub(crate) events: String,
    /// The id of the table of events, where it can be read. A table of the same name in another stack, or one made anew, has
    /// another id.
    pub(crate) events_id: Option<String>,
    /// The read models, by name.
    pub(crate) read_models: BTreeMap<String, KeptReadModel>,
    /// In how many parts. A position belongs to one of so many.
    pub(crate) segments: u32,
    /// True if they are the local stack's.
    pub(crate) local: bool,
}

/// A read model of a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptReadModel {
    pub(crate) table: String,
    /// The id of the table, where it can be read.
    pub(crate) id: Option<String>,
    /// The projection number: rows of another one are other rows.
    pub(crate) projection: u32,
}

impl Tables {
    /// The names of the read models' tables, by read model.
    pub(crate) fn table_names(&self) -> BTreeMap<&str, &str> {
        self.read_models.iter().map(|(name, kept)| (name.as_str(), kept.table.as_str())).collect()
    }

    /// The tables of the read models, in words.
    pub(crate) fn read_models(&self) -> String {
        let tables: Vec<&str> = self.read_models.values().map(|kept| kept.table.as_str()).collect();
        tables.join(" and ")
    }
}

/// The content of a state file.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept<T> {
    format: u32,
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
    file.check_format(FORMAT)?;
    let kept = file.read::<Kept<T>>("state of this command")?.filter(|kept| kept.begun);
    let Some(kept) = kept else {
        // There is no file before the first page is settled: a run that did nothing leaves nothing.
        let kept = Kept { format: FORMAT, tables, begun: false, sweep: new };
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
