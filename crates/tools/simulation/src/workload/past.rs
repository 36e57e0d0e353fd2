//! The past of the first order when a history begins: a long one, or one that fills the order up.

use std::error::Error;

use aws_sdk_dynamodb::Client as Dynamo;
use event_store::{Appended, DynamoEventStore, EventStore, Fingerprint, Loaded, Request, UpTo};
use http_api::parse_command;
use order_aggregate::Orders;
use order_domain::event::PaymentReceived;
use order_domain::values::{Amount, PaymentId};
use order_domain::{Decision, Event, decide};
use serde_json::{Value, json};

use crate::workload::caller::Caller;
use crate::workload::client::Client;
use crate::workload::command::{Command, Exchange};
use crate::workload::new_order::NewOrder;
use crate::workload::pricing::Pricing;
use crate::world::clock;
use crate::world::names::EVENTS;

/// The payments after a correction: so many that its request is forgotten.
const LATER_PAYMENTS: u32 = 66;
/// The commits that fill an order up, and the payments in each. The order then has almost as many ids as it may have.
const FILLING: (u32, u32) = (4, 249);

/// Sends the commands of a long past. At its end an old correction is sent under a new key, and again under its own.
pub(crate) async fn long(client: &mut Client, order: &NewOrder) -> Vec<Exchange> {
    let command = |key: &str, path: &str, body: Value| Command::about(order, Caller::PaymentProvider, key, path, body);
    let correction = |id: &str, amount: u64| {
        let body = json!({ "correctionId": id, "amount": amount, "reason": "bank statement" });
        command(id, "payments/long/corrections", body)
    };
    let old = correction("long-1", 300);
    let mut commands = vec![
        Command::place(order, 5, &client.pricing),
        command("long-0", "payments", json!({ "paymentId": "long", "amount": 100 })),
        old.clone(),
        correction("long-2", 200),
    ];
    commands.extend((0..LATER_PAYMENTS).map(|number| {
        let id = format!("later-{number}");
        command(&id, "payments", json!({ "paymentId": id, "amount": 1 }))
    }));
    commands.extend(old.under_another_key("long-again".to_owned()));
    commands.push(old);
    client.send_all(commands).await
}

/// Fills an order up by direct appends, because so many commands would take too long. In the history their commands count as
/// sent before all others, and never answered.
///
/// # Errors
/// When the order is rejected, or the events cannot be read or written.
pub(crate) async fn full(
    client: Dynamo,
    order: &NewOrder,
    pricing: &Pricing,
) -> Result<Vec<Exchange>, Box<dyn Error + Send + Sync>> {
    let store = DynamoEventStore::new(client, EVENTS);
    let place = Command::place(order, 5, pricing);
    let parsed = place.request("filling").ok().and_then(|request| parse_command(&request).ok()?.command());
    let parsed = parsed.ok_or("the first order cannot be placed")?;
    let Ok(Decision::Record(placed)) = decide(&order_domain::Order::default(), parsed.command) else {
        return Err("the first order is rejected".into());
    };
    let mut commands = vec![place];
    append(&store, Loaded::absent(&order.id), &commands[0], Fingerprint(parsed.fingerprint), placed).await?;
    let (commits, payments) = FILLING;
    for commit in 0..commits {
        let events = (0..payments).filter_map(|number| {
            let payment_id = PaymentId::parse(&format!("full-{commit}-{number}")).ok()?;
            Some(Event::PaymentReceived(PaymentReceived { payment_id, amount: Amount::new(1).ok()?, method: None }))
        });
        let key = format!("filling-{commit}");
        // The first payment of the commit, which clients may send again.
        let body = json!({ "paymentId": format!("full-{commit}-0"), "amount": 1 });
        let command = Command::about(order, Caller::PaymentProvider, &key, "payments", body);
        let loaded = store.load(&order.id, UpTo::Head).await?;
        append(&store, loaded, &command, Fingerprint::of(key.as_bytes()), events.collect()).await?;
        commands.push(command);
    }
    Ok(commands.into_iter().map(|command| Exchange::unanswered(command, false)).collect())
}

async fn append(
    store: &DynamoEventStore,
    loaded: Loaded<Orders>,
    command: &Command,
    fingerprint: Fingerprint,
    events: Vec<Event>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let (request_id, actor) = (command.key.clone(), command.caller.actor());
    let request = Request { request_id, fingerprint, actor, correlation_id: None, causation_id: None };
    let new = loaded.next(&request, events, clock::now());
    match store.append(&new).await? {
        Appended::Written { oversized_snapshot: _ } => Ok(()),
        Appended::Occupied(_) => Err("the first order was placed already".into()),
    }
}
