//! `orders chaos poison`: makes the newest commit of an order unreadable, to try parked orders on a local stack; also fixes
//! it.
//!
//! The commit is a payment of 1 minor unit as the command handler records it, with an unknown event name. The fix restores
//! the name. It has the same effect as a release that can read the commit.

use anyhow::{Context, bail, ensure};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use clap::Args;
use event_store::store::chain;
use event_store::{Appended, DynamoEventStore, EventStore, Fingerprint, Loaded, Request, Timestamp, UpTo, item};
use order_aggregate::Orders;
use order_domain::command::RecordPayment;
use order_domain::values::{Amount, PaymentId};
use order_domain::{Command, Decision, decide};
use reqwest::Url;
use uuid::Uuid;

use crate::aws::{AwsArguments, AwsClients, Needs, Place};
use crate::text::{print, program};

/// The local stack's table of events.
const EVENTS: &str = "OrderEvents";
/// The event's own name.
const PAYMENT: &str = "PaymentReceived";
/// The stored name, which is unknown to every release.
const FOREIGN: &str = "PaymentPromised";
/// The actor in the commit.
const ACTOR: &str = "orders-chaos-poison";

/// An order of a local stack.
#[derive(Args)]
pub(super) struct Arguments {
    /// The order's id
    order: String,
    /// Make the poisoned commit readable, so that `orders parked redrive` succeeds
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    aws: AwsArguments,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { order, undo, aws } = arguments;
    ensure!(aws.local, "poison works on a local stack only: add --local");
    let AwsClients { dynamodb, place, .. } = aws.clients(Needs::default()).await?;
    if let Place::Local { dynamodb, .. } = place {
        // The environment can name an endpoint on another machine.
        ensure!(is_loopback(&dynamodb.url), "{dynamodb} is not on this machine");
    }
    print(&if *undo { undone(&dynamodb, order).await? } else { poisoned(dynamodb, order).await? });
    Ok(())
}

/// Appends the commit, and returns a text that describes the next steps.
async fn poisoned(client: Client, order: &str) -> anyhow::Result<String> {
    let loaded: Loaded<Orders> = match DynamoEventStore::new(client.clone(), EVENTS).load(order, UpTo::Head).await {
        Ok(loaded) => loaded,
        Err(error) => bail!("cannot read order {order}: {}", chain(&error)),
    };
    ensure!(loaded.version > 0, "there is no order {order}");
    let request_id = format!("poison-{}", Uuid::now_v7());
    let payment = RecordPayment { payment_id: PaymentId::parse(&request_id)?, amount: Amount::new(1)?, method: None };
    let events = match decide(&loaded.state, Command::RecordPayment(payment)) {
        Ok(Decision::Record(events)) => events,
        Ok(Decision::Unchanged(_)) => bail!("order {order} has this payment already"),
        Err(rejection) => bail!("order {order} does not accept a payment: {rejection}: use another order"),
    };
    let fingerprint = Fingerprint::of(request_id.as_bytes());
    let request =
        Request { request_id, fingerprint, actor: ACTOR.to_owned(), correlation_id: None, causation_id: None };
    let commit = loaded.next(&request, events, Timestamp::now());
    let disguising = Client::from_conf(client.config().to_builder().interceptor(Disguise).build());
    match DynamoEventStore::new(disguising, EVENTS).append(&commit).await {
        Ok(Appended::Written { .. }) => {}
        Ok(Appended::Occupied { .. }) => {
            bail!("another command changed order {order} at the same time: run the command again")
        }
        Err(error) => bail!("cannot write to {EVENTS}: {}", chain(&error)),
    }
    let (good, bad) = (loaded.version, commit.commit.version);
    Ok(format!(
        "Version {bad} of order {order} has the event {FOREIGN}, which this release cannot read.\n\
         Within a second the projector and the publisher park the order. Its row stays at version {good}, its event\n\
         is not published, and commands on it receive 500 order_unreadable. To inspect and repair the order:\n\n\
         {program} parked list --local\n\
         {program} parked show {order} --local\n\
         {program} chaos poison {order} --undo --local\n\
         {program} parked redrive {order} --local",
        program = program(),
    ))
}

/// Restores the name of the commit's event, and returns a text that describes the next steps.
async fn undone(client: &Client, order: &str) -> anyhow::Result<String> {
    let name = |name: &str| AttributeValue::S(name.to_owned());
    let newest = client
        .query()
        .table_name(EVENTS)
        .consistent_read(true)
        .scan_index_forward(false)
        .key_condition_expression("#id = :id")
        .filter_expression("events[0].eventType = :foreign")
        .expression_attribute_names("#id", item::AGGREGATE_ID)
        .expression_attribute_values(":id", name(order))
        .expression_attribute_values(":foreign", name(FOREIGN))
        .into_paginator()
        .items()
        .send()
        .next()
        .await
        .with_context(|| format!("order {order} has no event {FOREIGN}"))?;
    let mut key = newest.with_context(|| format!("cannot read {EVENTS}"))?;
    key.retain(|name, _| name == item::AGGREGATE_ID || name == item::VERSION);
    let version = key.get(item::VERSION).and_then(|version| version.as_n().ok()).cloned().unwrap_or_default();
    let update = client
        .update_item()
        .table_name(EVENTS)
        .set_key(Some(key))
        .update_expression("SET events[0].eventType = :payment")
        .condition_expression("events[0].eventType = :foreign")
        .expression_attribute_values(":payment", name(PAYMENT))
        .expression_attribute_values(":foreign", name(FOREIGN));
    update.send().await.with_context(|| format!("cannot write to {EVENTS}"))?;
    Ok(format!(
        "Version {version} of order {order} is a payment of 1 minor unit now, as if a release that can read it were deployed.\n\
         The functions log an error, because a stored commit was changed. Next:\n\n\
         {program} parked redrive {order} --local",
        program = program(),
    ))
}

/// Stores the payment under the unknown name.
#[derive(Debug)]
struct Disguise;

#[dyn_dispatch_hint]
impl Intercept for Disguise {
    fn name(&self) -> &'static str {
        "Disguise"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let put = context.input_mut().downcast_mut::<PutItemInput>();
        let events = put.and_then(|put| put.item.as_mut()?.get_mut("events"));
        let Some(AttributeValue::L(events)) = events else { return Ok(()) };
        for event in events {
            if let AttributeValue::M(event) = event {
                event.insert("eventType".to_owned(), AttributeValue::S(FOREIGN.to_owned()));
            }
        }
        Ok(())
    }
}

/// Returns true if a URL is on this machine.
fn is_loopback(uri: &str) -> bool {
    let Ok(url) = Url::parse(uri) else { return false };
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_this_machine() {
        for local in ["http://127.0.0.1:8000/", "http://localhost:8000", "http://[::1]:8000/", "http://127.1.2.3"] {
            assert!(is_loopback(local), "{local}");
        }
        for other in [
            "https://dynamodb.eu-west-1.amazonaws.com/",
            "http://192.0.2.1:8000",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://127.0.0.1@evil.example",
            "nonsense",
        ] {
            assert!(!is_loopback(other), "{other}");
        }
    }
}
