//! The mapping's rules, one table for each rule, and the property that no record is ever skipped.

use proptest::prelude::*;
use sam_template::StreamMapping;

use super::{Mapping, PAYLOAD_LIMIT, StreamItem};
use crate::pump::outcome::Outcome;
use crate::pump::sequence::SequenceNumber;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    number: u64,
    sequence: SequenceNumber,
    bytes: usize,
}

impl StreamItem for Record {
    fn sequence(&self) -> &SequenceNumber {
        &self.sequence
    }

    fn encoded_bytes(&self) -> usize {
        self.bytes
    }
}

fn record(number: u64, bytes: usize) -> Record {
    Record { number, sequence: SequenceNumber::from(number.to_string().as_str()), bytes }
}

fn records(numbers: impl IntoIterator<Item = u64>) -> Vec<Record> {
    numbers.into_iter().map(|number| record(number, 1)).collect()
}

fn numbers(records: &[Record]) -> Vec<u64> {
    records.iter().map(|record| record.number).collect()
}

fn declared() -> StreamMapping {
    StreamMapping {
        function: "f".to_owned(),
        table: "t".to_owned(),
        batch_size: 4,
        maximum_retry_attempts: 2,
        bisect_batch_on_function_error: true,
        report_batch_item_failures: true,
    }
}

fn mapping(declared: StreamMapping, upto: u64) -> Mapping<Record> {
    let mut mapping = Mapping::new(declared);
    mapping.offer(records(1..=upto));
    mapping
}

/// Settles every batch with `answer`, and returns the results in order: `+` for processed, `!` for discarded.
#[track_caller]
fn run(mapping: &mut Mapping<Record>, mut answer: impl FnMut(&[u64]) -> Outcome) -> (Vec<Vec<u64>>, Vec<String>) {
    let (mut invocations, mut settled) = (Vec::new(), Vec::new());
    while let Some(batch) = mapping.front() {
        let sent = numbers(&batch.records);
        let outcome = answer(&sent);
        invocations.push(sent);
        assert!(invocations.len() < 10_000, "the mapping never comes to an end");
        let step = mapping.settle(&outcome);
        settled.extend(step.done.iter().map(|record| format!("+{}", record.number)));
        settled
            .extend(step.discarded.iter().flat_map(|batch| &batch.records).map(|record| format!("!{}", record.number)));
    }
    (invocations, settled)
}

fn failed_from(number: u64) -> Outcome {
    Outcome::FailedFrom(SequenceNumber::from(number.to_string().as_str()))
}

#[test]
fn records_go_out_in_batches_of_the_chosen_size() {
    let (invocations, settled) = run(&mut mapping(declared(), 6), |_| Outcome::Succeeded);
    assert_eq!(invocations, [vec![1, 2, 3, 4], vec![5, 6]]);
    assert_eq!(settled, ["+1", "+2", "+3", "+4", "+5", "+6"]);
}

#[test]
fn a_batch_ends_before_the_record_that_would_make_it_too_large_for_an_invocation() {
    let third = PAYLOAD_LIMIT / 3 - 1;
    let sizes = [third, third, third, 8, PAYLOAD_LIMIT * 2, 1, third];
    let mut mapping = Mapping::new(declared());
    mapping.offer((1..).zip(sizes).map(|(number, bytes)| record(number, bytes)));
    let (invocations, _) = run(&mut mapping, |_| Outcome::Succeeded);
    assert_eq!(invocations, [vec![1, 2, 3], vec![4], vec![5], vec![6, 7]]);
}

#[test]
fn the_batch_is_retried_from_the_reported_record_on() {
    let mut answers = [failed_from(3), Outcome::Succeeded].into_iter();
    let (invocations, settled) = run(&mut mapping(declared(), 4), |_| answers.next().unwrap());
    assert_eq!(invocations, [vec![1, 2, 3, 4], vec![3, 4]]);
    assert_eq!(settled, ["+1", "+2", "+3", "+4"]);
}

#[test]
fn an_unknown_identifier_fails_the_whole_batch() {
    let plain = StreamMapping { bisect_batch_on_function_error: false, ..declared() };
    let mut answers = [failed_from(99), Outcome::Succeeded].into_iter();
    let (invocations, _) = run(&mut mapping(plain, 2), |_| answers.next().unwrap());
    assert_eq!(invocations, [vec![1, 2], vec![1, 2]]);
}

#[test]
fn bisecting_isolates_the_one_bad_record_and_only_that_one_uses_up_retries() {
    let fails_on_three = |sent: &[u64]| if sent.contains(&3) { Outcome::Failed } else { Outcome::Succeeded };
    let (invocations, settled) = run(&mut mapping(declared(), 4), fails_on_three);
    assert_eq!(invocations, [vec![1, 2, 3, 4], vec![1, 2], vec![3, 4], vec![3], vec![3], vec![3], vec![4]]);
    assert_eq!(settled, ["+1", "+2", "!3", "+4"]);
}

#[test]
fn a_report_of_the_first_record_is_isolated_by_bisecting_too() {
    let poison_first = |sent: &[u64]| if sent.contains(&1) { failed_from(1) } else { Outcome::Succeeded };
    let (_, settled) = run(&mut mapping(declared(), 4), poison_first);
    assert_eq!(settled, ["!1", "+2", "+3", "+4"]);
}

#[test]
fn without_bisecting_the_whole_batch_is_given_up_after_its_last_retry() {
    let plain = StreamMapping { bisect_batch_on_function_error: false, ..declared() };
    let (invocations, settled) =
        run(&mut mapping(plain, 5), |sent| if sent.contains(&2) { Outcome::Failed } else { Outcome::Succeeded });
    assert_eq!(invocations, [vec![1, 2, 3, 4], vec![1, 2, 3, 4], vec![1, 2, 3, 4], vec![5]]);
    assert_eq!(settled, ["!1", "!2", "!3", "!4", "+5"]);
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![Just(Outcome::Succeeded), Just(Outcome::Failed), (1..40_u64).prop_map(failed_from)]
}

proptest! {
    #[test]
    fn every_record_is_settled_once_and_in_order(
        count in 0..40_u64,
        batch_size in 1..12_usize,
        retries in 0..4_u32,
        bisect in any::<bool>(),
        answers in prop::collection::vec(outcomes(), 1..60),
    ) {
        let declared = StreamMapping {
            batch_size,
            maximum_retry_attempts: retries,
            bisect_batch_on_function_error: bisect,
            ..declared()
        };
        let mut answers = answers.into_iter().cycle();
        let (_, settled) = run(&mut mapping(declared, count), |_| answers.next().unwrap());
        let order: Vec<u64> = settled.iter().map(|entry| entry[1..].parse().unwrap()).collect();
        prop_assert_eq!(order, (1..=count).collect::<Vec<_>>());
    }
}
