//! Bugs in the state of an order on which the command handler decides.

use event_store::Loaded;
use order_aggregate::Orders;
use order_domain::{Event, Order};
use serde_json::{Value, json};

use super::Bug;

/// A number of ids below the limit, and above that of a history without a past.
const MANY: usize = 900;

/// The state that a release with the bug reads.
pub(crate) fn forgetful(mut loaded: Loaded<Orders>, bug: Bug) -> Loaded<Orders> {
    let mut state = serde_json::to_value(&loaded.state).unwrap();
    let each = |list: &mut Value, name: &str| {
        list.as_array_mut().into_iter().flatten().for_each(|one| one[name] = json!(0));
    };
    match bug {
        Bug::ForgetsCorrections => state["corrections"] = json!([]),
        Bug::ShipsCancelledUnits if !state["placed"].is_null() => each(&mut state["placed"]["lines"], "cancelled"),
        Bug::KeepsForgivenAmounts if !state["placed"].is_null() => take_forgiveness_off_the_total(&mut state),
        Bug::ForgetsTheLimit => gather_payments(&mut state),
        Bug::ShipsUnpaid if !state["placed"].is_null() => state["due"] = json!(0),
        Bug::RefundsBeyondThePayment => each(&mut state["payments"], "refunded"),
        _ => return loaded,
    }
    loaded.state = serde_json::from_value::<Order>(state).unwrap();
    loaded
}

/// Takes forgiven amounts off the order's total, so that a refund in full does not restore them.
fn take_forgiveness_off_the_total(state: &mut Value) {
    let mut total = state["placed"]["total"].as_u64().unwrap();
    for payment in state["payments"].as_array_mut().unwrap() {
        total -= payment["reductions"].as_u64().unwrap().min(total);
        payment["reductions"] = json!(0);
    }
    state["placed"]["total"] = json!(total);
}

/// Merges many payments into one, so that the order may have more.
fn gather_payments(state: &mut Value) {
    let Some(payments) = state["payments"].as_array_mut().filter(|payments| payments.len() > MANY) else { return };
    let later = payments.split_off(MANY);
    let sum: u64 = payments.iter().filter_map(|payment| payment["amount"].as_u64()).sum();
    payments.truncate(1);
    payments[0]["amount"] = json!(sum);
    payments.extend(later);
}

/// The events that a release with the bug writes.
pub(crate) fn misstated(events: impl Iterator<Item = Event>, bug: Bug) -> Vec<Event> {
    let misstate = |event| match event {
        Event::PaymentRefunded(mut event) if bug == Bug::StatesTheOldDue => {
            let before = event.due.minor_units() + event.reduction.minor_units();
            event.due = order_domain::values::Amount::new(before).unwrap();
            Event::PaymentRefunded(event)
        }
        Event::PaymentRefunded(mut event) if bug == Bug::IgnoresTheNamedReduction => {
            let due = event.due.minor_units() + event.reduction.minor_units();
            event.due = order_domain::values::Amount::new(due).unwrap();
            event.reduction = order_domain::values::Amount::ZERO;
            Event::PaymentRefunded(event)
        }
        event => event,
    };
    events.map(misstate).collect()
}
