//! An event as a line. Widths are fixed, because a line is printed before the next one is known; a longer text moves what
//! follows it on its own line.

use console::{Alignment, pad_str};
use published_events::CloudEvent;

use crate::text::{bold, dim, event_summary};

/// An instant with milliseconds; a UUID; the longest name of an event; what most customers' ids fit into.
const WIDTHS: [usize; 5] = [24, 36, 7, 16, 16];

/// The line above all others.
pub(crate) fn headings() -> String {
    let [time, order, version, event, customer] =
        cells(["RECORDED AT", "ORDER", "VERSION", "EVENT", "CUSTOMER"]).map(|cell| dim(&cell));
    format!("{time}  {order}  {version}  {event}  {customer}  {}", dim("WHAT"))
}

/// An event's line; amounts are in `currency`, if that is known.
pub(crate) fn row(event: &CloudEvent, currency: Option<&str>) -> String {
    let version = version(&event.sequence);
    let [time, order, version, event_type, customer] =
        cells([&event.time, &event.subject, &version, &event.event_type, &event.customerid]);
    let summary = event_summary(&event.event_type, &event.data, currency);
    let replay = event.replayname.as_ref().map(|name| dim(&format!("  (replay {name})"))).unwrap_or_default();
    format!("{time}  {order}  {version}  {}  {customer}  {summary}{replay}", bold(&event_type))
}

fn cells(texts: [&str; 5]) -> [String; 5] {
    let alignments = [Alignment::Left, Alignment::Left, Alignment::Right, Alignment::Left, Alignment::Left];
    std::array::from_fn(|column| pad_str(texts[column], WIDTHS[column], alignments[column], None).into_owned())
}

/// `0000000003` is version 3, and `0000000003.001` the second event of its commit, `3.1`.
fn version(sequence: &str) -> String {
    let numbers = sequence.split('.').map(|digits| match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    });
    numbers.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
pub(crate) mod tests {
    use console::strip_ansi_codes;
    use serde_json::{Value, json};

    use super::*;

    pub(crate) fn event(event_type: &str, order: &str, data: &Value) -> CloudEvent {
        serde_json::from_value(json!({
            "specversion": "1.0", "id": "0a32eac1-e77e-511d-9f82-39fa61d6de86",
            "source": format!("order-ledger/orders/{order}"), "type": event_type, "subject": order,
            "time": "2026-11-21T09:30:00.123Z", "dataschema": format!("urn:order-ledger:event:{event_type}:1"),
            "sequence": "0000000003", "correlationid": "c", "customerid": "alice", "data": data,
        }))
        .unwrap()
    }

    #[test]
    fn rows_stand_under_their_headings() {
        let mut paid = event(
            "PaymentReceived",
            "549573fc-5b7a-558f-911a-631f826fbf01",
            &json!({ "paymentId": "pay-1", "amount": 2000 }),
        );
        let mut lines = vec![headings(), row(&paid, Some("EUR")), row(&paid, None)];
        paid.replayname = Some("late".to_owned());
        lines.push(row(&paid, Some("EUR")));
        let expected = "\
RECORDED AT               ORDER                                 VERSION  EVENT             CUSTOMER          WHAT
2026-11-21T09:30:00.123Z  549573fc-5b7a-558f-911a-631f826fbf01        3  PaymentReceived   alice             pay-1 20.00 EUR
2026-11-21T09:30:00.123Z  549573fc-5b7a-558f-911a-631f826fbf01        3  PaymentReceived   alice             pay-1 2000 minor units
2026-11-21T09:30:00.123Z  549573fc-5b7a-558f-911a-631f826fbf01        3  PaymentReceived   alice             pay-1 20.00 EUR  (replay late)";
        assert_eq!(strip_ansi_codes(&lines.join("\n")), expected);
    }

    #[test]
    fn a_sequence_is_a_version_and_a_place_in_its_commit() {
        for (sequence, text) in [("0000000003", "3"), ("0000000120", "120"), ("0000000003.001", "3.1"), ("", "0")] {
            assert_eq!(version(sequence), text);
        }
    }
}
