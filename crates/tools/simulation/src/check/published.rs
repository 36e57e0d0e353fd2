//! The bus: every event is on it at least once, equal to its commit, and the events after poison follow it.

use std::collections::BTreeMap;

use parked_orders::Consumer;
use serde_json::Value;

use super::findings::{Findings, Invariant};
use super::history::History;

pub(super) fn check(history: &History, findings: &mut Findings) {
    let mut first_places: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, detail) in history.published.iter().enumerate() {
        first_places.entry(detail["id"].as_str().unwrap_or_default()).or_insert(place);
    }
    let mut recorded: BTreeMap<String, Value> = BTreeMap::new();
    for (order, commits) in &history.recorded {
        let poisoned = history.foreign.iter().find(|(foreign, _)| foreign == order).map(|(_, version)| *version);
        let poisoned = poisoned.filter(|_| history.shape.poison.stops(&Consumer::PUBLISHER));
        let mut last = None;
        for commit in commits {
            let events = publication::cloud_events(commit);
            let what = || format!("version {} cannot be published: {:?}", commit.version, events.as_ref().err());
            findings.must(Invariant::Published, order, events.is_ok(), what);
            for event in events.into_iter().flatten() {
                let id = event.id.to_string();
                let place = first_places.get(id.as_str()).copied();
                let what = || format!("event {id} of version {} is not on the bus", commit.version);
                findings.must(Invariant::Published, order, place.is_some(), what);
                let is_held = poisoned.is_some_and(|poisoned| commit.version >= poisoned);
                if is_held && !history.exhausted.contains(order) {
                    let what = || format!("version {} is on the bus before an earlier version", commit.version);
                    findings.must(Invariant::PublishedInOrder, order, place >= last, what);
                    last = place;
                }
                recorded.insert(id, serde_json::to_value(&event).unwrap_or_default());
            }
        }
    }
    for detail in &history.published {
        let (id, order) = (detail["id"].as_str().unwrap_or_default(), detail["subject"].as_str().unwrap_or_default());
        let what = || format!("the bus has {detail}, and {:?} is recorded", recorded.get(id));
        findings.must(Invariant::PublishedTruly, order, recorded.get(id) == Some(detail), what);
    }
}
