//! Compares snapshots with the fold of the events. Decisions are based on snapshots, so a wrong snapshot is as bad as a
//! wrong event.

use serde_json::Value;

use crate::changed_value::changed_values;
use crate::ring::RequestRing;
use crate::snapshot::{self, Snapshot, StoredSnapshot};
use crate::{Aggregate, ChangedValue, Commit, Delivered, catch_panic};

/// A snapshot that differs from the fold of the events up to its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotDifference {
    /// The aggregate.
    pub aggregate_id: String,
    /// The version of the commit that carries the snapshot.
    pub version: u64,
    /// The values of the state that differ. `requests` is the ring of request ids, in hexadecimal digits.
    pub changes: Vec<ChangedValue>,
}

/// The checked snapshots of one aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedSnapshots {
    /// The aggregate.
    pub aggregate_id: String,
    /// The number of snapshots that were compared.
    pub compared: u64,
    /// The wrong snapshots, by version.
    pub differences: Vec<SnapshotDifference>,
}

/// Folds the commits of a scan, one aggregate at a time, and compares each snapshot that a command would use.
pub struct SnapshotAudit<A: Aggregate>(Option<Fold<A>>);

/// The fold of the current aggregate.
struct Fold<A: Aggregate> {
    checked: CheckedSnapshots,
    /// The state after the last commit; `None` after a commit that cannot be read or folded, because later snapshots
    /// then cannot be checked.
    at: Option<(u64, A::State, RequestRing)>,
}

impl<A: Aggregate> Default for SnapshotAudit<A> {
    fn default() -> Self {
        Self(None)
    }
}

impl<A: Aggregate> SnapshotAudit<A> {
    /// Takes the next commit of a scan, named `<aggregateId>@<version>`, with its snapshot. Returns the previous
    /// aggregate if this commit belongs to another one.
    ///
    /// A snapshot that has another schema or does not decode is not compared, because no command uses it.
    pub fn push(
        &mut self,
        delivered: &Delivered<A::Event>,
        snapshot: Option<&StoredSnapshot>,
    ) -> Option<CheckedSnapshots> {
        let id = delivered.id.rsplit_once('@').map_or(delivered.id.as_str(), |(id, _)| id);
        let complete = self.0.take_if(|current| current.checked.aggregate_id != id);
        let current = self.0.get_or_insert_with(|| Fold::begin(id));
        current.at = match &delivered.record {
            Ok(commit) => current.at.take().and_then(|at| advance::<A>(at, commit)),
            Err(_) => None,
        };
        if let Some(snapshot) = snapshot {
            current.compare(snapshot);
        }
        complete.map(|complete| complete.checked)
    }

    /// Ends the scan and returns the last aggregate.
    pub fn finish(&mut self) -> Option<CheckedSnapshots> {
        self.0.take().map(|complete| complete.checked)
    }
}

impl<A: Aggregate> Fold<A> {
    fn begin(aggregate_id: &str) -> Self {
        let checked = CheckedSnapshots { aggregate_id: aggregate_id.to_owned(), compared: 0, differences: Vec::new() };
        Self { checked, at: Some((0, A::State::default(), RequestRing::default())) }
    }

    fn compare(&mut self, StoredSnapshot(stored): &StoredSnapshot) {
        let Some((version, state, requests)) = &self.at else { return };
        let Some(used) = catch_panic(|| snapshot::decode::<A>(stored, *version)).ok().flatten() else { return };
        self.checked.compared += 1;
        // Most snapshots are equal byte for byte, which is cheap to check.
        let encoded = catch_panic(|| snapshot::encode::<A>(state, requests)).ok().and_then(Result::ok);
        if encoded.as_ref() == Some(stored) {
            return;
        }
        let changes = changes::<A>(&used, state, requests);
        if !changes.is_empty() {
            let (aggregate_id, version) = (self.checked.aggregate_id.clone(), *version);
            self.checked.differences.push(SnapshotDifference { aggregate_id, version, changes });
        }
    }
}

/// Returns the fold after a commit; `None` if the commit is not the next version, or if the fold panics on it.
fn advance<A: Aggregate>(
    (version, state, mut requests): (u64, A::State, RequestRing),
    commit: &Commit<A::Event>,
) -> Option<(u64, A::State, RequestRing)> {
    if version.checked_add(1) != Some(commit.version) {
        return None;
    }
    let state = catch_panic(|| commit.apply_to::<A>(state)).ok()?;
    requests.push(&commit.request.request_id);
    Some((commit.version, state, requests))
}

fn changes<A: Aggregate>(found: &Snapshot<A>, state: &A::State, requests: &RequestRing) -> Vec<ChangedValue> {
    let json = |state: &A::State| catch_panic(|| serde_json::to_value(state).ok()).ok().flatten();
    let hex =
        |ring: &RequestRing| Value::from(ring.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let of_state = changed_values("", json(&found.state).as_ref(), json(state).as_ref());
    let of_requests = changed_values("requests", Some(&hex(&found.requests)), Some(&hex(requests)));
    of_state.into_iter().chain(of_requests).collect()
}
