//! The state of a replay, kept in a file.

use operations::replay::{ReplayProgress, ReplayRequest};
use serde::{Deserialize, Serialize};

use crate::state_file::Kept;

/// A replay and its progress. The file contains these names, so they must never change.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptReplay {
    pub(super) parameters: Parameters,
    #[serde(flatten)]
    pub(super) progress: ReplayProgress,
}

/// The events and the destination. Different parameters make a different replay.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Parameters {
    pub(super) bus: String,
    pub(super) table: String,
    #[serde(flatten)]
    pub(super) request: ReplayRequest,
    /// True if the destination is the local stack.
    pub(super) local: bool,
}

impl Kept for KeptReplay {
    const KIND: &'static str = "replay";
    const OWN_FILE: &'static str = "--name or --state";
    const FORMAT: Option<u32> = None;
    type Parameters = Parameters;

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn has_begun(&self) -> bool {
        self.progress.after.is_some()
    }

    fn so_far(&self) -> String {
        format!("{} events published", self.progress.counts.published)
    }
}
