//! Poison parks its order and no other, and after the fix no order is parked.

use std::collections::BTreeSet;

use parked_orders::Consumer;

use super::book::Book;
use super::findings::{Findings, Invariant};
use super::history::History;
use crate::world::models::{MODELS, Model, consumers};

pub(super) fn check(books: &[Book<'_>], history: &History, findings: &mut Findings) {
    let poisoned: BTreeSet<&String> = history.foreign.iter().map(|(order, _)| order).collect();
    let poison = history.shape.poison;
    findings.did("rows deferred by an outage", history.kept.has_deferred);
    for parked @ (consumer, order) in history.parked.keys() {
        if history.deferred.contains(parked) {
            let what = || format!("{consumer} has deferred it");
            findings.must(Invariant::Parked, order, history.deferring.contains(consumer), what);
            continue;
        }
        let what = || format!("{consumer} has parked it, and nothing is wrong with it");
        findings.must(Invariant::Parked, order, poison.stops(consumer) && poisoned.contains(order), what);
    }
    for order in poisoned.iter().filter(|order| !history.shape.is_deployed && !history.lost.contains(**order)) {
        // Otherwise it may have lost the record, or be of the release that reads it.
        for consumer in MODELS.iter().map(Model::consumer) {
            let is_parked = history.parked.contains_key(&(consumer.clone(), (*order).clone()));
            findings.must(Invariant::Parked, order, is_parked, || format!("{consumer} has not parked it"));
        }
    }
    // The newer release's rows are not this one's to redrive.
    for model in MODELS.iter().filter(|model| !history.shape.replaces(&model.consumer())) {
        let of_model = history.parked.iter().filter(|((consumer, _), _)| consumer.as_str() == model.name);
        for (parked @ (consumer, order), waiting) in of_model {
            let row = history.redriven.get(parked).copied().unwrap_or(0);
            let book = books.iter().find(|book| book.order == order);
            let waited = book.map_or(*waiting, |book| model.row_version(book.commits, *waiting));
            findings.must(Invariant::Redriven, order, row >= waited, || {
                format!("{consumer} was redriven up to version {row}, and {waited} waited")
            });
        }
    }
    let held = poisoned.into_iter().filter(|_| poison.stops(&Consumer::PUBLISHER));
    for order in held.filter(|order| !history.exhausted.contains(*order)) {
        let is_parked = history.parked.contains_key(&(Consumer::PUBLISHER, order.clone()));
        findings.must(Invariant::Parked, order, is_parked, || "the publisher has not parked it".to_owned());
    }
    for Book { order, .. } in books {
        for consumer in consumers() {
            let is_left = history.left_parked.contains_key(&(consumer.clone(), (*order).to_owned()));
            findings.must(Invariant::Unparked, order, !is_left, || format!("{consumer} still has it parked"));
        }
    }
}
