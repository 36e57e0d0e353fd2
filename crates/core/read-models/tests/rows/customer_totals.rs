//! The contribution of an order, and the totals of contributions.

use event_store::{InMemoryEventStore, Timestamp};
use order_aggregate::OrderCommit;
use order_domain::Command;
use order_domain::event::PaymentReceived;
use order_domain::values::{Amount, PaymentId};
use proptest::prelude::*;
use read_models::{
    Contribution, CurrencyTotals, CustomerTotals, FoldError, PlacedOrder, Projection, SumError, Summed, projection,
};
use serde_json::json;

use crate::story::{any_commands, cancel, correct, pay, record, refund, ship};

fn fold(row: Option<Contribution>, version: u64, commit: &OrderCommit) -> Result<Contribution, FoldError> {
    projection::fold::<CustomerTotals>(row, version, commit).map(Option::unwrap)
}

/// Returns the contribution of an order's commits, from the first on.
pub(crate) fn contribution(commits: &[OrderCommit]) -> Contribution {
    let folded = commits.iter().zip(0..).try_fold(None, |row, (commit, version)| fold(row, version, commit).map(Some));
    folded.unwrap().unwrap()
}

async fn commits(commands: &[Command]) -> Vec<OrderCommit> {
    let recorded = record(&InMemoryEventStore::default(), "o-1", "c-1", commands).await;
    recorded.into_iter().map(|(commit, _)| commit).collect()
}

#[tokio::test]
async fn a_contribution_is_what_is_paid_after_corrections_and_what_is_refunded() {
    let commits = commits(&[pay(1, 20), correct(1, 25), ship(1, 1, 2), refund(1, 1, 10), cancel()]).await;
    let row = contribution(&commits);
    let expected = json!({
        "currency": "EUR", "placedAt": "2027-01-15T08:00:00.000Z", "orderId": "o-1", "amountPaid": 25, "amountRefunded": 10,
    });
    assert_eq!(serde_json::to_value(&row).unwrap(), expected);
    assert_eq!(serde_json::from_value::<Contribution>(expected).unwrap(), row);
    let key = CustomerTotals::key(&commits[0]).unwrap();
    assert_eq!((key.partition.as_str(), key.sort.as_str()), ("c-1", "order#o-1"));
    assert_eq!(CustomerTotals::aggregate_id(&key), Some("o-1"));
}

#[tokio::test]
async fn only_a_placing_begins_a_contribution_and_only_once() {
    let commits = commits(&[pay(1, 25)]).await;
    let not_a_beginning = OrderCommit { version: 1, ..commits[1].clone() };
    let error = FoldError::NotABeginning { version: 1, event_type: "PaymentReceived" };
    assert_eq!(fold(None, 0, &not_a_beginning), Err(error));
    let twice = OrderCommit { version: 2, ..commits[0].clone() };
    let error = FoldError::BegunTwice { version: 2, event_type: "OrderPlaced" };
    assert_eq!(fold(Some(contribution(&commits[..1])), 1, &twice), Err(error));
}

#[tokio::test]
async fn an_amount_that_cannot_be_stated_is_poison_and_neither_wraps_nor_panics() {
    let commits = commits(&[pay(1, 25), correct(1, 20)]).await;
    let mut row = contribution(&commits[..2]);
    row.amount_paid = u64::MAX;
    let payment =
        PaymentReceived { payment_id: PaymentId::parse("p9").unwrap(), amount: Amount::new(1).unwrap(), method: None };
    let mut beyond = OrderCommit { version: 3, ..commits[1].clone() };
    beyond.events[0].event = order_domain::Event::PaymentReceived(payment);
    let error = FoldError::OutOfRange { version: 3, event_type: "PaymentReceived" };
    assert_eq!(fold(Some(row.clone()), 2, &beyond), Err(error));
    row.amount_paid = 24;
    let error = FoldError::OutOfRange { version: 3, event_type: "PaymentCorrected" };
    assert_eq!(fold(Some(row), 2, &commits[2]), Err(error));
}

fn contributed(order: &str, paid: u64, refunded: u64) -> Contribution {
    let placed_at = Timestamp::from_epoch_ms(1_800_000_000_000).unwrap();
    Contribution {
        currency: "EUR".to_owned(),
        order: PlacedOrder { placed_at, order_id: order.to_owned() },
        amount_paid: paid,
        amount_refunded: refunded,
    }
}

/// Returns the totals of contributions.
pub(crate) fn total<'a>(contributions: impl IntoIterator<Item = &'a Contribution>) -> CurrencyTotals {
    let mut contributions = contributions.into_iter();
    contributions.try_fold(None, |sum, row| CustomerTotals::replace(sum, None, row).map(Some)).unwrap().unwrap()
}

#[test]
fn totals_are_what_contributions_come_to() {
    let [first, second, third] = [contributed("o-1", 30, 0), contributed("o-2", 20, 5), contributed("o-3", 0, 0)];
    let totals = total([&second, &third, &first]);
    assert_eq!((totals.orders, totals.gross, totals.refunded, totals.net()), (3, 50, 5, 45));
    assert_eq!((&totals.first_order, &totals.last_order), (&first.order, &third.order));
    let expected = json!({
        "currency": "EUR", "orders": 3, "gross": 50, "refunded": 5,
        "firstOrder": { "placedAt": "2027-01-15T08:00:00.000Z", "orderId": "o-1" },
        "lastOrder": { "placedAt": "2027-01-15T08:00:00.000Z", "orderId": "o-3" },
    });
    assert_eq!(serde_json::to_value(&totals).unwrap(), expected);
}

#[test]
fn a_sum_that_cannot_follow_its_rows_says_so() {
    let (old, new) = (contributed("o-1", 30, 0), contributed("o-1", 40, 0));
    let replace = |sum, old, new| CustomerTotals::replace(sum, old, new);
    assert_eq!(replace(None, Some(&old), &new), Err(SumError::NotInIt { figure: "orders" }));
    let other = total([&contributed("o-2", 20, 0)]);
    assert_eq!(replace(Some(other), Some(&old), &new), Err(SumError::NotInIt { figure: "gross" }));
    let full = total([&contributed("o-2", u64::MAX, 0)]);
    assert_eq!(replace(Some(full), None, &new), Err(SumError::TooLarge { figure: "gross" }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_contribution_says_what_the_domain_says_at_every_version(commands in any_commands()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let recorded = runtime.block_on(record(&InMemoryEventStore::default(), "o-1", "c-1", &commands));
        let (mut row, mut sum) = (None, None);
        for ((commit, order), version) in recorded.into_iter().zip(0..) {
            let folded = fold(row.clone(), version, &commit).unwrap();
            prop_assert_eq!((folded.amount_paid, folded.amount_refunded), (order.amount_paid(), order.amount_refunded()));
            sum = Some(CustomerTotals::replace(sum, row.as_ref(), &folded).unwrap());
            prop_assert_eq!(sum.as_ref(), Some(&total([&folded])));
            row = Some(folded);
        }
    }
}
