//! The progress of a sweep, in a file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::state_file::{Lock, StateFile, difference};
use crate::text::note;

/// The format of state files. A release that changes it starts sweeps from the beginning.
const FORMAT: u32 = 2;

/// The tables of a sweep, kept in the state file. A sweep of other tables is a different sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tables {
    /// The command that runs the sweep.
    pub(crate) command: String,
    pub(crate) events: String,
    /// The id of the table of events, if it can be read. A table of the same name in another stack, or a recreated table,
    /// has another id.
    pub(crate) events_id: Option<String>,
    /// The read models, by name.
    pub(crate) read_models: BTreeMap<String, KeptReadModel>,
    /// The number of segments. A position is valid only for the same number.
    pub(crate) segments: u32,
    /// True if the tables belong to the local stack.
    pub(crate) local: bool,
}

/// A read model of a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptReadModel {
    pub(crate) table: String,
    /// The id of the table, if it can be read.
    pub(crate) id: Option<String>,
    /// The projection number. Rows with another number belong to another projection.
    pub(crate) projection: u32,
}

impl Tables {
    /// Returns the names of the read models' tables, by read model.
    pub(crate) fn table_names(&self) -> BTreeMap<&str, &str> {
        self.read_models.iter().map(|(name, kept)| (name.as_str(), kept.table.as_str())).collect()
    }

    /// Lists the tables of the read models as text.
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
    /// True if at least one page is finished.
    begun: bool,
    sweep: T,
}

/// A sweep that an earlier run left, or a new one, with the file that keeps it.
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

    /// Changes the progress, and saves it.
    pub(crate) fn settle(&mut self, change: impl FnOnce(&mut T)) -> anyhow::Result<()> {
        change(&mut self.kept.sweep);
        self.kept.begun = true;
        self.file.write(&self.kept)
    }
}

/// Loads the sweep from `path`, or starts `new`.
pub(crate) fn begin<T: Serialize + DeserializeOwned>(
    path: PathBuf,
    tables: Tables,
    new: T,
) -> anyhow::Result<State<T>> {
    let file = StateFile::new(path);
    let lock = file.lock()?;
    // A run of an earlier release left a file even if it did nothing.
    file.check_format(FORMAT)?;
    let kept = file.read::<Kept<T>>("state of this command")?.filter(|kept| kept.begun);
    let Some(kept) = kept else {
        // The file does not exist before the first finished page, so a run that did nothing leaves no file.
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
