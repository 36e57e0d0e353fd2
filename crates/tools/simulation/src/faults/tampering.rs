//! Tampering with stored commits, and with the commits that readers receive.
//!
//! A commit is *foreign* when only a newer release can read or fold it. The command handlers are of that release. A consumer of
//! the older release receives poison, from the stream and from the table, until the newer release is deployed there too.

use std::collections::BTreeSet;

use embedded_dynamodb::Database;
use fastrand::Rng;
use parked_orders::Consumer;
use serde_json::{Value, json};

use crate::faults::fault::{Fault, Faults};
use crate::faults::snapshots::{Replaced, spoil};
use crate::world::names::EVENTS;
use crate::world::panicking_projection::PANICS;
use crate::world::shared::Shared;
use crate::world::wire::{self, Position, position, put};

/// A type of event that is unknown to every release of this repository.
const FOREIGN_TYPE: &str = "OrderGiftWrapped";
/// The bytes added to a large commit: four of them exceed a page of 1 MB.
const LARGE_TAG_BYTES: usize = 300 * 1024;

/// The kind of a foreign commit for a consumer of the older release. A history has one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Poison {
    /// It has an event of an unknown type.
    UnknownType,
    /// It has data of a wrong type.
    WrongType,
    /// It makes the projections panic.
    Panic,
}

impl Poison {
    pub(crate) const ALL: [Self; 3] = [Self::UnknownType, Self::WrongType, Self::Panic];

    /// Returns true if it stops a consumer. The publisher does not fold events, so a panicking fold does not stop it.
    #[must_use]
    pub fn stops(self, consumer: &Consumer) -> bool {
        match self {
            Self::UnknownType | Self::WrongType => true,
            Self::Panic => *consumer != Consumer::PUBLISHER,
        }
    }
}

/// The rates of tampering.
#[derive(Debug, Clone)]
pub(crate) struct Tamper {
    /// Commits with an event from a newer release, in percent.
    pub(crate) foreign_percent: u8,
    /// The kind of these commits for the older release.
    pub(crate) poison: Poison,
    /// Snapshots that are made unusable right after they are written, in percent.
    pub(crate) snapshot_percent: u8,
    /// The order whose commits are large.
    pub(crate) large: Option<String>,
}

#[derive(Debug)]
struct State {
    random: Rng,
    tamper: Tamper,
    foreign: BTreeSet<Position>,
    unusable: BTreeSet<Position>,
    is_deployed: bool,
}

/// The tampering of a history. Clones share their state.
#[derive(Debug, Clone)]
pub(crate) struct Tampering {
    faults: Faults,
    state: Shared<State>,
}

impl Tampering {
    pub(crate) fn new(random: Rng, faults: Faults, tamper: Tamper) -> Self {
        let state = State { random, tamper, foreign: BTreeSet::new(), unusable: BTreeSet::new(), is_deployed: false };
        Self { faults, state: Shared::new(state) }
    }

    /// The commits that only the newer release can read.
    pub(crate) fn foreign(&self) -> BTreeSet<Position> {
        self.state.lock().foreign.clone()
    }

    /// Deploys the newer release everywhere, so that every reader can read every commit.
    pub(crate) fn deploy(&self) {
        self.state.lock().is_deployed = true;
    }

    /// The enlarged body of a `PutItem`, or `None` if it is not of the large order.
    pub(crate) fn enlarged(&self, body: &[u8]) -> Option<Vec<u8>> {
        let large = self.state.lock().tamper.large.clone()?;
        let mut request: Value = serde_json::from_slice(body).ok()?;
        let is_large = position(&request["Item"]).is_some_and(|(order, _)| order == large);
        let is_padded = is_large && request["TableName"] == EVENTS;
        request["Item"]["chaosPadding"] = json!({ "S": "x".repeat(LARGE_TAG_BYTES) });
        is_padded.then(|| request.to_string().into_bytes())
    }

    /// Draws after the write of a commit if it is foreign, and if its snapshot is made unusable.
    pub(crate) fn written(&self, database: &Database, body: &[u8]) {
        let Ok(mut request) = serde_json::from_slice::<Value>(body) else { return };
        let Some(at) = position(&request["Item"]).filter(|_| request["TableName"] == EVENTS) else { return };
        let mut state = self.state.lock();
        let drawn = state.random.u8(0..100);
        if drawn < state.tamper.foreign_percent && !state.is_deployed {
            state.foreign.insert(at.clone());
        }
        if state.random.u8(0..100) >= state.tamper.snapshot_percent || request["Item"]["snapshot"].is_null() {
            return;
        }
        let kind = state.random.u8(0..4);
        spoil(&mut request["Item"], kind);
        if put(database, EVENTS, &request["Item"]) {
            state.unusable.insert(at);
        }
    }

    /// Makes every stored snapshot unusable.
    pub(crate) fn spoil_snapshots(&self, database: &Database) {
        for mut item in wire::items(database, EVENTS) {
            let Some(at) = position(&item).filter(|_| !item["snapshot"].is_null()) else { continue };
            let kind = self.state.lock().random.u8(0..4);
            spoil(&mut item, kind);
            if put(database, EVENTS, &item) {
                self.state.lock().unusable.insert(at);
            }
        }
    }

    /// Replaces a usable snapshot by one of an order without events. The caller restores it.
    pub(crate) fn replace_snapshot(&self, database: &Database, random: &mut Rng) -> Option<Replaced> {
        let unusable = self.state.lock().unusable.clone();
        let usable = |item: &Value| position(item).filter(|at| !item["snapshot"].is_null() && !unusable.contains(at));
        let mut commits: Vec<(Position, Value)> =
            wire::items(database, EVENTS).into_iter().filter_map(|item| Some((usable(&item)?, item))).collect();
        commits.sort_by(|(one, _), (other, _)| one.cmp(other));
        let (at, original) = random.choice(commits)?;
        Replaced::in_table(database, at, original)
    }

    /// The page that a reader of commits receives. A reader of the newer release `knows_all`.
    pub(crate) fn seen(&self, body: String, knows_all: bool) -> String {
        {
            let state = self.state.lock();
            if state.unusable.is_empty() && (knows_all || state.foreign.is_empty()) {
                return body;
            }
        }
        let Ok(mut page) = serde_json::from_str::<Value>(&body) else { return body };
        for item in page["Items"].as_array_mut().into_iter().flatten() {
            if position(item).is_some_and(|at| self.state.lock().unusable.contains(&at)) {
                self.faults.struck(Fault::UnusableSnapshot);
            }
            self.make_foreign(item, knows_all);
        }
        page.to_string()
    }

    /// The record that a consumer receives.
    pub(crate) fn delivered(&self, mut record: Value, knows_all: bool) -> Value {
        self.make_foreign(&mut record["dynamodb"]["NewImage"], knows_all);
        record
    }

    fn make_foreign(&self, item: &mut Value, knows_all: bool) {
        let state = self.state.lock();
        if knows_all || state.is_deployed {
            return;
        }
        let Some(at) = position(item).filter(|at| state.foreign.contains(at)) else { return };
        match state.tamper.poison {
            Poison::UnknownType => {
                for event in item["events"]["L"].as_array_mut().into_iter().flatten() {
                    event["M"]["eventType"] = json!({ "S": FOREIGN_TYPE });
                }
            }
            Poison::WrongType => spoil_type(item, at.1),
            Poison::Panic => item["causationId"] = json!({ "S": PANICS }),
        }
        self.faults.struck(Fault::Poison);
    }
}

/// Changes the type of an attribute that every reader needs. The version decides which one.
fn spoil_type(item: &mut Value, version: u64) {
    match version % 3 {
        0 => item["events"] = json!({ "S": "none" }),
        1 => item["recordedAt"] = json!({ "N": "7" }),
        _ => {
            for event in item["events"]["L"].as_array_mut().into_iter().flatten() {
                event["M"]["data"] = json!({ "L": [] });
            }
        }
    }
}
