//! What must hold of a history, whatever struck. A model of its own: it knows what was sent, told and stored, and no code
//! that is under test but the fold.

use std::collections::{BTreeMap, BTreeSet};

use event_store::Commit;
use order_domain::{Event, Order};
use order_store::{OrderCommit, Orders};
use read_model::{OrderSummaryByCustomer, OrderSummaryRow, projection};
use serde_json::{Value, json};

use crate::client::{Exchange, Told};
use crate::delivery::Seen;
use crate::history::History;

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Of which order.
    pub order: String,
    /// What.
    pub what: String,
}

/// Everything that does not hold of a history.
#[must_use]
pub fn violations(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (order, commits) in &history.recorded {
        let mut found = |what: String| violations.push(Violation { order: order.clone(), what });
        sequence(commits, &mut found);
        let exchanges: Vec<&Exchange> = history.exchanges.iter().filter(|it| it.command.order == *order).collect();
        recorded_once(commits, &exchanges, &mut found);
        let states = states(commits);
        for exchange in &exchanges {
            truthful(exchange, commits, &states, &mut found);
        }
        replies_agree(&exchanges, &mut found);
        let seen = history.seen.iter().filter(|seen| seen.order == *order);
        rows(commits, &seen.collect::<Vec<_>>(), &mut found);
    }
    violations
}

/// Versions are gapless from 1, and time rises with them, whatever the clocks did.
fn sequence(commits: &[OrderCommit], found: &mut impl FnMut(String)) {
    for (expected, commit) in (1..).zip(commits) {
        if commit.version != expected {
            found(format!("version {} stands where {expected} must", commit.version));
        }
    }
    for pair in commits.windows(2) {
        if pair[1].recorded_at <= pair[0].recorded_at {
            found(format!("version {} was not recorded after version {}", pair[1].version, pair[0].version));
        }
    }
}

/// Every commit was asked for, and none of them twice.
fn recorded_once(commits: &[OrderCommit], exchanges: &[&Exchange], found: &mut impl FnMut(String)) {
    let mut seen = BTreeSet::new();
    for commit in commits {
        let key = commit.request.request_id.as_str();
        if !seen.insert(key) {
            found(format!("{key} is recorded twice"));
        }
        let asked = |exchange: &&&Exchange| exchange.command.key == key;
        let may_be = exchanges.iter().filter(asked).any(|exchange| !matches!(exchange.told, Told::Refused { .. }));
        if !may_be {
            found(format!("{key} is recorded, and everybody who asked for it was refused"));
        }
    }
}

/// What a client was told is what is recorded.
fn truthful(exchange: &Exchange, commits: &[OrderCommit], states: &[Order], found: &mut impl FnMut(String)) {
    let key = &exchange.command.key;
    let Told::Accepted { status, body, .. } = &exchange.told else { return };
    let own = commits.iter().find(|commit| commit.request.request_id == *key);
    match (status, own) {
        (201, None) => found(format!("{key} was acknowledged, and is not recorded")),
        (201, Some(commit)) => {
            let state = states.get(usize::try_from(commit.version).unwrap_or(usize::MAX).saturating_sub(1));
            if let Some(state) = state
                && reply(commit, state) != *body
            {
                found(format!("{key} was answered with {body}, and recorded is {}", reply(commit, state)));
            }
        }
        (_, Some(commit)) => {
            found(format!("{key} needed no change, and is recorded as version {}", commit.version));
        }
        (_, None) if body["version"].as_u64().is_none_or(|version| version > commits.len() as u64) => {
            found(format!("{key} was told of a version that does not exist: {body}"));
        }
        (_, None) => {}
    }
}

/// Clients that asked for the same were told the same, and only the first of them that it is new.
fn replies_agree(exchanges: &[&Exchange], found: &mut impl FnMut(String)) {
    let mut replies: BTreeMap<(&str, String), &Value> = BTreeMap::new();
    for exchange in exchanges {
        let Told::Accepted { status: 201, body, .. } = &exchange.told else { continue };
        let asked = (exchange.command.key.as_str(), exchange.command.body.to_string());
        if *replies.entry(asked).or_insert(body) != body {
            found(format!("{} was answered in two ways", exchange.command.key));
        }
    }
    let mut bodies: BTreeMap<&str, BTreeSet<&String>> = BTreeMap::new();
    for (key, body) in replies.keys() {
        bodies.entry(key).or_default().insert(body);
    }
    for (key, _) in bodies.into_iter().filter(|(_, bodies)| bodies.len() > 1) {
        found(format!("{key} was accepted with two bodies"));
    }
}

/// At every moment a row is the fold of a prefix, and never a shorter one than before; at the end it is the fold of all.
fn rows(commits: &[OrderCommit], seen: &[&Seen], found: &mut impl FnMut(String)) {
    let mut version = 0;
    for seen in seen {
        if seen.version < version {
            found(format!("the row went back from version {version} to {}", seen.version));
        }
        version = seen.version;
        if folded(commits, version).as_ref() != Some(&seen.row) {
            found(format!("the row of version {version} is not the fold of its events"));
        }
    }
    if version != commits.len() as u64 {
        found(format!("the row ends at version {version}, the events at {}", commits.len()));
    }
}

/// The row after so many commits.
fn folded(commits: &[OrderCommit], version: u64) -> Option<OrderSummaryRow> {
    let mut row = None;
    for (folded, commit) in (0..version).zip(commits) {
        row = projection::fold::<OrderSummaryByCustomer>(row, folded, commit).ok()?;
    }
    row
}

/// The state after each commit.
fn states(commits: &[OrderCommit]) -> Vec<Order> {
    let mut state = Order::default();
    let mut states = Vec::new();
    for commit in commits {
        state = commit.apply_to::<Orders>(state);
        states.push(state.clone());
    }
    states
}

/// The reply that a commit is answered with.
fn reply(commit: &Commit<Event>, state: &Order) -> Value {
    let events = commit.events.iter().map(|recorded| {
        let stored = order_domain::stored::encode(&recorded.event);
        let (event_type, data) = stored.map_or((String::new(), Value::Null), |it| (it.event_type.to_owned(), it.data));
        json!({
            "eventId": recorded.event_id, "eventType": event_type, "version": commit.version,
            "recordedAt": commit.recorded_at.to_string(), "data": data,
        })
    });
    json!({
        "orderId": commit.aggregate_id, "version": commit.version, "status": state.status().as_str(),
        "paymentStatus": state.payment_status().as_str(), "fulfillmentStatus": state.fulfillment_status().as_str(),
        "events": events.collect::<Vec<_>>(),
    })
}
