//! The state of a sweep, kept in a file.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::state_file::Kept;

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

/// The progress of a sweep.
pub(crate) trait Progress: Serialize + DeserializeOwned {
    /// Returns the result so far, such as `12 orders, 23 rows written`.
    fn so_far(&self) -> String;
}

/// A sweep and its progress.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptSweep<T> {
    format: u32,
    tables: Tables,
    begun: bool,
    #[serde(rename = "sweep")]
    pub(crate) progress: T,
}

impl<T> KeptSweep<T> {
    pub(crate) const fn new(tables: Tables, progress: T) -> Self {
        Self { format: FORMAT, tables, begun: true, progress }
    }
}

impl<T: Progress> Kept for KeptSweep<T> {
    const KIND: &'static str = "run";
    const OWN_FILE: &'static str = "--state";
    const FORMAT: Option<u32> = Some(FORMAT);
    type Parameters = Tables;

    fn parameters(&self) -> &Tables {
        &self.tables
    }

    fn has_begun(&self) -> bool {
        self.begun
    }

    fn so_far(&self) -> String {
        self.progress.so_far()
    }
}
