//! Formats an event as a line. Column widths are fixed, because a line is printed before the next one is known. Without a
//! terminal, a longer text moves the following columns on its line.

use console::{Alignment, pad_str, truncate_str};
use publication::CloudEvent;

use crate::text::{bold, dim, event_summary};

/// The widths of the columns before the last one, and the marker of a shortened cell.
struct Layout {
    widths: [usize; 5],
    shortened: Option<&'static str>,
}

/// Widths for an instant with milliseconds, a UUID, the longest name of an event, and most customer ids.
const WHOLE: Layout = Layout { widths: [24, 36, 7, 16, 16], shortened: None };
/// Widths for a time of day with milliseconds, the start of a UUID, and the minimum for the rest, so that the summary fits
/// into 80 columns.
const NARROW: Layout = Layout { widths: [12, 9, 4, 16, 9], shortened: Some("…") };
/// The number of terminal columns from which all cells fit.
const WIDE: usize = 140;

/// Returns the line of headings for a terminal of this many columns, if there is one.
pub(crate) fn headings(columns: Option<usize>) -> String {
    let [time, order, version, event, customer] = match narrow(columns) {
        false => cells(&WHOLE, ["RECORDED AT", "ORDER", "VERSION", "EVENT", "CUSTOMER"]),
        true => cells(&NARROW, ["TIME", "ORDER", "VER", "EVENT", "CUSTOMER"]),
    }
    .map(|cell| dim(&cell));
    fit(format!("{time}  {order}  {version}  {event}  {customer}  {}", dim("WHAT")), columns)
}

/// Formats an event as a line. Amounts are in `currency`, if it is known.
pub(crate) fn row(event: &CloudEvent, currency: Option<&str>, columns: Option<usize>) -> String {
    let version = version(&event.sequence);
    let cells_in = |layout, time| cells(layout, [time, &event.subject, &version, &event.event_type, &event.customerid]);
    let [time, order, version, event_type, customer] =
        if narrow(columns) { cells_in(&NARROW, time_of_day(&event.time)) } else { cells_in(&WHOLE, &event.time) };
    let summary = event_summary(&event.event_type, &event.data, currency);
    let replay = event.replayname.as_ref().map(|name| dim(&format!("  (replay {name})"))).unwrap_or_default();
    fit(format!("{time}  {order}  {version}  {}  {customer}  {summary}{replay}", bold(&event_type)), columns)
}

fn narrow(columns: Option<usize>) -> bool {
    columns.is_some_and(|columns| columns < WIDE)
}

/// `09:30:00.123` of `2026-11-21T09:30:00.123Z`
fn time_of_day(instant: &str) -> &str {
    let time = instant.split_once('T').map_or(instant, |(_day, time)| time);
    time.trim_end_matches('Z')
}

fn cells(layout: &Layout, texts: [&str; 5]) -> [String; 5] {
    let alignments = [Alignment::Left, Alignment::Left, Alignment::Right, Alignment::Left, Alignment::Left];
    std::array::from_fn(|column| {
        pad_str(texts[column], layout.widths[column], alignments[column], layout.shortened).into_owned()
    })
}

/// Shortens a line so that it does not wrap.
fn fit(line: String, columns: Option<usize>) -> String {
    match columns {
        Some(columns) => truncate_str(&line, columns, "…").into_owned(),
        None => line,
    }
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
    use console::{measure_text_width, strip_ansi_codes};
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
        let mut lines = vec![headings(None), row(&paid, Some("EUR"), None), row(&paid, None, None)];
        paid.replayname = Some("late".to_owned());
        lines.push(row(&paid, Some("EUR"), None));
        let expected = "\
RECORDED AT               ORDER                                 VERSION  EVENT             CUSTOMER          WHAT
2026-11-21T09:30:00.123Z  549573fc-5b7a-558f-911a-631f826fbf01        3  PaymentReceived   alice             pay-1 20.00 EUR
2026-11-21T09:30:00.123Z  549573fc-5b7a-558f-911a-631f826fbf01        3  PaymentReceived   alice             pay-1 2000 minor units
2026-11-21T09:30:00.123Z  549573fc-5b7a-558f-911a-631f826fbf01        3  PaymentReceived   alice             pay-1 20.00 EUR  (replay late)";
        assert_eq!(strip_ansi_codes(&lines.join("\n")), expected);
    }

    #[test]
    fn rows_fit_a_terminal_of_80_columns() {
        let order = "549573fc-5b7a-558f-911a-631f826fbf01";
        let paid = event(
            "PaymentReceived",
            order,
            &json!({ "paymentId": "pay-1", "amount": 2000, "method": "a long method" }),
        );
        let lines = [headings(Some(80)), row(&paid, Some("EUR"), Some(80))].join("\n");
        let expected = "\
TIME          ORDER       VER  EVENT             CUSTOMER   WHAT
09:30:00.123  549573fc…     3  PaymentReceived   alice      pay-1 20.00 EUR by …";
        assert_eq!(strip_ansi_codes(&lines), expected);
        for columns in [10, 60, 80, 139, 140, 200] {
            let line = row(&paid, Some("EUR"), Some(columns));
            assert!(measure_text_width(&line) <= columns, "{columns}: {line}");
        }
        assert!(row(&paid, None, Some(140)).contains(order), "a wide terminal has whole ids");
    }

    #[test]
    fn a_sequence_is_a_version_and_a_place_in_its_commit() {
        for (sequence, text) in [("0000000003", "3"), ("0000000120", "120"), ("0000000003.001", "3.1"), ("", "0")] {
            assert_eq!(version(sequence), text);
        }
    }
}
