//! Totals of customers, at the end and in replies to queries.

use std::collections::BTreeMap;

use order_aggregate::OrderCommit;
use read_models::{Contribution, CurrencyTotals, CustomerTotals, FoldError, PlacedOrder, projection};
use serde_json::{Value, json};

use super::book::Book;
use super::findings::{Findings, Invariant};
use super::history::History;
use super::staleness;
use crate::workload::query::Inquiry;
use crate::world::journal::Waiting;
use crate::world::names::TOTALS_CONSUMER;

pub(super) fn check(books: &[Book<'_>], history: &History, findings: &mut Findings) {
    for book in books {
        let contribution = contribution(book.commits);
        let what = || format!("its commits do not fold: {:?}", contribution.as_ref().err());
        findings.must(Invariant::Totals, book.order, contribution.is_ok(), what);
    }
    for (customer, found) in &history.totals {
        let of_customer = books.iter().filter(|book| book.is_of(customer));
        let expected = sums(of_customer.map(|book| book.commits));
        let mut found = found.clone();
        found.sort_by(|one, other| one.currency.cmp(&other.currency));
        let what = || format!("the totals of {customer} are {found:?}, and the sums over the orders are {expected:?}");
        findings.must(Invariant::Totals, customer, found == expected, what);
    }
}

/// A query shows the sums over the rows at some time between request and reply.
pub(super) fn shown(customer: &str, inquiry: &Inquiry, books: &[Book<'_>], history: &History, findings: &mut Findings) {
    let of_customer = || books.iter().filter(|book| book.is_of(customer));
    for page in inquiry.shown() {
        let sums_of = |rows: &BTreeMap<String, u64>| {
            let folded = of_customer().filter_map(|book| {
                let version = usize::try_from(*rows.get(book.order)?).ok()?;
                book.commits.get(..version)
            });
            sums(folded).iter().map(view).collect::<Vec<_>>()
        };
        let mut rows = history.kept.contributions.during(page.began, page.ended);
        let mut found = page.body["totals"].as_array().cloned().unwrap_or_default();
        found.sort_by_key(|totals| totals["currency"].to_string());
        let what = || format!("the query of {customer} shows {found:?}, which was never the sum of the rows");
        let holds = page.body["customerId"] == customer && rows.any(|rows| sums_of(rows) == found);
        findings.must(Invariant::TotalsShown, customer, holds, what);
        let is_parked =
            |notes: &Waiting| of_customer().any(|book| notes.contains_key(&(TOTALS_CONSUMER, book.order.to_owned())));
        staleness::check(customer, &page.body, page, history, is_parked, findings);
    }
}

/// The sums over orders, by currency.
fn sums<'a>(orders: impl Iterator<Item = &'a [OrderCommit]>) -> Vec<CurrencyTotals> {
    let mut by_currency: BTreeMap<String, Vec<Contribution>> = BTreeMap::new();
    for contribution in orders.filter_map(|commits| contribution(commits).ok()?) {
        by_currency.entry(contribution.currency.clone()).or_default().push(contribution);
    }
    let sum = |(currency, orders): (String, Vec<Contribution>)| {
        Some(CurrencyTotals {
            currency,
            orders: orders.len() as u64,
            gross: orders.iter().map(|it| it.amount_paid).sum(),
            refunded: orders.iter().map(|it| it.amount_refunded).sum(),
            first_order: orders.iter().map(|it| &it.order).min()?.clone(),
            last_order: orders.iter().map(|it| &it.order).max()?.clone(),
        })
    };
    by_currency.into_iter().filter_map(sum).collect()
}

/// Totals as a query shows them.
fn view(sum: &CurrencyTotals) -> Value {
    let placed = |order: &PlacedOrder| json!({ "orderId": order.order_id, "placedAt": order.placed_at.to_string() });
    let CurrencyTotals { currency, orders, gross, refunded, first_order, last_order } = sum;
    json!({
        "currency": currency, "orders": orders, "gross": gross, "refunded": refunded,
        "net": gross.saturating_sub(*refunded), "firstOrder": placed(first_order), "lastOrder": placed(last_order),
    })
}

fn contribution(commits: &[OrderCommit]) -> Result<Option<Contribution>, FoldError> {
    let mut row = None;
    for (version, commit) in (0..).zip(commits) {
        row = projection::fold::<CustomerTotals>(row, version, commit)?;
    }
    Ok(row)
}
