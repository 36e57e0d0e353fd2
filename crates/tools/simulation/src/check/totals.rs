//! Totals of customers, at the end and in replies to queries.

use std::collections::BTreeMap;

use order_aggregate::OrderCommit;
use parked_orders::Consumer;
use read_models::{Contribution, CurrencyTotals, CustomerTotals, FoldError, PlacedOrder, Projection, projection};
use serde_json::{Value, json};

use super::book::Book;
use super::findings::Findings;
use super::history::History;
use super::invariant::Invariant;
use crate::workload::inquiry::Inquiry;
use crate::world::journal::Waiting;
use crate::world::names::TOTALS_CONSUMER;

pub(super) fn check(history: &History, findings: &mut Findings) {
    for (order, commits) in &history.recorded {
        let contribution = contribution(commits);
        let what = || format!("its commits do not fold: {:?}", contribution.as_ref().err());
        findings.must(Invariant::Totals, order, contribution.is_ok(), what);
    }
    for (customer, found) in &history.totals {
        let of_customer = history.recorded.iter().filter(|(_, commits)| is_of(customer, commits));
        let expected = sums(of_customer.map(|(_, commits)| commits.as_slice()));
        let mut found = found.clone();
        found.sort_by(|one, other| one.currency.cmp(&other.currency));
        let what = || format!("the totals of {customer} are {found:?}, and the sums over the orders are {expected:?}");
        findings.must(Invariant::Totals, customer, found == expected, what);
    }
}

/// A query shows the sums over the rows at some time between request and reply.
pub(super) fn shown(customer: &str, inquiry: &Inquiry, books: &[Book<'_>], history: &History, findings: &mut Findings) {
    for page in inquiry.pages.iter().filter(|page| page.status == 200) {
        let sums_of = |rows: &BTreeMap<String, u64>| {
            let of_customer = books.iter().filter(|book| book.is_of(customer));
            let folded = of_customer.filter_map(|book| {
                let version = usize::try_from(*rows.get(book.order)?).ok()?;
                book.commits.get(..version)
            });
            view(&sums(folded))
        };
        let mut rows = history.kept.contributions.during(page.began, page.ended);
        let mut found = page.body["totals"].as_array().cloned().unwrap_or_default();
        found.sort_by_key(|totals| totals["currency"].to_string());
        let what = || format!("the query of {customer} shows {found:?}, which was never the sum of the rows");
        let holds = page.body["customerId"] == customer && rows.any(|rows| sums_of(rows) == found);
        findings.must(Invariant::TotalsShown, customer, holds, what);

        let is_of = |order: &str| books.iter().any(|book| book.order == order && book.is_of(customer));
        let is_parked =
            |notes: &Waiting| notes.keys().any(|(consumer, order)| *consumer == TOTALS_CONSUMER && is_of(order));
        let is_stale = page.body["stale"] == true;
        let mut notes = history.kept.notes.during(page.began, page.ended);
        let what = || format!("the totals of {customer} are stale: {is_stale}, and the notes contradict that");
        findings.must(Invariant::StaleIsSaid, customer, notes.any(|notes| is_parked(notes) == is_stale), what);
    }
}

/// The version that a consumer's row of an order has when it holds the commits up to `version`.
pub(super) fn row_version(consumer: &Consumer, commits: &[OrderCommit], version: u64) -> u64 {
    if *consumer != TOTALS_CONSUMER {
        return version;
    }
    let concerns = |commit: &&OrderCommit| commit.version <= version && CustomerTotals::concerns(commit);
    commits.iter().rfind(concerns).map_or(0, |commit| commit.version)
}

fn is_of(customer: &str, commits: &[OrderCommit]) -> bool {
    commits.first().and_then(order_aggregate::customer_id) == Some(customer)
}

/// The sums over orders, by currency.
fn sums<'a>(orders: impl Iterator<Item = &'a [OrderCommit]>) -> Vec<CurrencyTotals> {
    let mut sums: BTreeMap<String, CurrencyTotals> = BTreeMap::new();
    for commits in orders {
        let Ok(Some(Contribution { currency, order, amount_paid, amount_refunded })) = contribution(commits) else {
            continue;
        };
        let totals = sums.entry(currency.clone()).or_insert_with(|| CurrencyTotals {
            currency,
            orders: 0,
            gross: 0,
            refunded: 0,
            first_order: order.clone(),
            last_order: order.clone(),
        });
        totals.orders += 1;
        totals.gross += amount_paid;
        totals.refunded += amount_refunded;
        totals.first_order = totals.first_order.clone().min(order.clone());
        totals.last_order = totals.last_order.clone().max(order);
    }
    sums.into_values().collect()
}

/// Totals as a query shows them.
fn view(sums: &[CurrencyTotals]) -> Vec<Value> {
    let placed = |order: &PlacedOrder| json!({ "orderId": order.order_id, "placedAt": order.placed_at.to_string() });
    let view = |sum: &CurrencyTotals| {
        let CurrencyTotals { currency, orders, gross, refunded, first_order, last_order } = sum;
        json!({
            "currency": currency, "orders": orders, "gross": gross, "refunded": refunded,
            "net": gross.saturating_sub(*refunded), "firstOrder": placed(first_order), "lastOrder": placed(last_order),
        })
    };
    sums.iter().map(view).collect()
}

fn contribution(commits: &[OrderCommit]) -> Result<Option<Contribution>, FoldError> {
    let mut row = None;
    for (version, commit) in (0..).zip(commits) {
        row = projection::fold::<CustomerTotals>(row, version, commit)?;
    }
    Ok(row)
}
