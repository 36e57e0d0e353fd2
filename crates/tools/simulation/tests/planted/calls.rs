//! Bugs in calls of DynamoDB and EventBridge: interceptors of the SDK change requests and replies.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::scan::ScanOutput;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_eventbridge::operation::put_events::PutEventsOutput;
use aws_sdk_eventbridge::types::PutEventsResultEntry;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextMut, FinalizerInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use event_store::Aggregate;
use event_store::ring::RequestRing;
use order_aggregate::Orders;

use super::Bug;

/// Plants a bug between a function and its client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meddler(pub(crate) Bug);

#[dyn_dispatch_hint]
impl Intercept for Meddler {
    fn name(&self) -> &'static str {
        "Meddler"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(put) = context.input_mut().downcast_mut::<PutItemInput>() {
            let unguarded = match self.0 {
                Bug::DropsTheCondition => Some("OrderEvents"),
                Bug::DropsTheRowGuard => Some("OrderSummaryByCustomer"),
                _ => None,
            };
            if unguarded.is_some() && unguarded == put.table_name() {
                drop_condition(put);
            }
            if put.table_name() == Some("OrderSummaryByCustomer") {
                put.item.iter_mut().for_each(|row| misshow(row, self.0));
            }
            if self.0 == Bug::KeepsClosedOrdersListed && put.table_name() == Some("OrdersByStatus") {
                let shard = AttributeValue::S("paid#0".to_owned());
                if let Some(row) = &mut put.item {
                    row.entry("statusShard".to_owned()).or_insert(shard);
                }
            }
            let entry = put.item.as_ref().and_then(|item| item.get("entry")?.as_s().ok());
            if entry.is_some_and(|entry| entry.starts_with("total#")) {
                meddle_with_sums(put, self.0);
            }
            if self.0 == Bug::WritesUnreadableCommits && put.table_name() == Some("OrderEvents") {
                let is_later = |item: &HashMap<String, AttributeValue>| {
                    item.get("version") != Some(&AttributeValue::N("1".to_owned()))
                };
                put.item.iter_mut().filter(|item| is_later(item)).for_each(|item| drop(item.remove("actor")));
            }
        }
        Ok(())
    }

    fn modify_before_attempt_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Ok(output)) = context.output_or_error_mut() else { return Ok(()) };
        let is_note = |item: &HashMap<String, AttributeValue>| item.contains_key("heldUpTo");
        if let Some(page) = output.downcast_mut::<QueryOutput>() {
            match self.0 {
                Bug::StopsPaging => page.last_evaluated_key = None,
                Bug::PublishesPastPoison | Bug::OverlooksParkedOrders | Bug::HidesParkedOrders => {
                    page.items.iter_mut().for_each(|items| items.retain(|item| !is_note(item)));
                }
                Bug::TrustsAnOldSnapshot => each_snapshot(page, |_, snapshot| {
                    let schema = u16::try_from(Orders::STATE_SCHEMA).unwrap();
                    snapshot[..2].copy_from_slice(&schema.to_be_bytes());
                }),
                Bug::ForgetsRequests => each_snapshot(page, |version, snapshot| {
                    let end = snapshot.len().min(2 + RequestRing::bytes_at(version));
                    snapshot[2..end].fill(0);
                }),
                _ => {}
            }
        } else if let Some(got) = output.downcast_mut::<GetItemOutput>() {
            if self.0 == Bug::HidesParkedOrders {
                got.item.take_if(|item| is_note(item));
            }
        } else if let Some(page) = output.downcast_mut::<ScanOutput>() {
            if self.0 == Bug::StopsPaging {
                page.last_evaluated_key = None;
            }
        } else if let Some(answer) = output.downcast_mut::<PutEventsOutput>()
            && self.0 == Bug::IgnoresARefusedEntry
        {
            for entry in answer.entries.iter_mut().flatten() {
                *entry = PutEventsResultEntry::builder().event_id("taken").build();
            }
        }
        Ok(())
    }
}

fn drop_condition(put: &mut PutItemInput) {
    put.condition_expression = None;
    put.expression_attribute_names = None;
    put.expression_attribute_values = None;
}

/// A write of sums by an adapter with a bug.
fn meddle_with_sums(put: &mut PutItemInput, bug: Bug) {
    if bug == Bug::DropsTheSumGuard {
        drop_condition(put);
    }
    if bug == Bug::ForgetsPendingRows
        && let Some(item) = &mut put.item
    {
        item.remove("pending");
    }
}

/// Changes a row as a projection with a bug does.
fn misshow(row: &mut HashMap<String, AttributeValue>, bug: Bug) {
    if bug == Bug::ShowsTheTotalAsDue
        && let Some(total) = row.get("total").cloned()
    {
        row.insert("due".to_owned(), total);
    }
    if bug == Bug::ShowsNoCancelledUnits
        && let Some(AttributeValue::L(lines)) = row.get_mut("items")
    {
        for line in lines {
            if let AttributeValue::M(line) = line {
                line.remove("cancelled");
            }
        }
    }
}

/// Changes the bytes of each snapshot, given its version.
fn each_snapshot(page: &mut QueryOutput, change: impl Fn(u64, &mut [u8])) {
    for item in page.items.iter_mut().flatten() {
        let version =
            item.get("version").and_then(|version| version.as_n().ok()).and_then(|digits| digits.parse().ok());
        if let (Some(version), Some(AttributeValue::B(snapshot))) = (version, item.get_mut("snapshot")) {
            let mut bytes = snapshot.as_ref().to_vec();
            change(version, &mut bytes);
            *snapshot = Blob::new(bytes);
        }
    }
}
