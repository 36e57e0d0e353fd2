//! The plan of a replay, and the result.

use std::time::Duration;

use operations::replay::{ReplayCounts, ReplayRequest};

use super::state::Parameters;
use crate::text::{bold, seconds};

/// Describes the range and the destination. `expected` is the approximate number of commits in the table.
pub(super) fn plan(parameters: &Parameters, rate: u32, expected: Option<u64>) -> String {
    let Parameters { bus, table, request, local: _ } = parameters;
    let ReplayRequest { from, to, order, name } = request;
    let order = order.as_ref().map(|order| format!("\n  order   {order}")).unwrap_or_default();
    let expected = expected.map(|commits| format!(", about {commits} commits")).unwrap_or_default();
    format!(
        "Replay {name}:\n  events  {table}{expected}\n  from    {from}\n  until   {to}{order}\n  bus     {bus}, at most {rate} \
         events a second\nPublishes every event of this range again, marked with replayname {name}. Publication cannot be undone."
    )
}

/// Returns the result of a replay as text.
pub(super) fn summary(parameters: &Parameters, counts: &ReplayCounts, elapsed: Duration) -> String {
    let Parameters { bus, table, request, local: _ } = parameters;
    let ReplayCounts { scanned, published, calls, retried, left_out } = counts;
    format!(
        "{} is complete, after {}\n\ncommits scanned   {scanned}\nevents published  {published}\ncalls             {calls}\n\
         retried           {retried}\nleft out          {left_out}",
        bold(&format!("Replay {} from {table} to {bus}", request.name)),
        seconds(elapsed),
    )
}

#[cfg(test)]
mod tests {
    use console::strip_ansi_codes;

    use super::*;

    #[test]
    fn a_summary_has_the_counts_of_all_runs() {
        let time = "2026-11-21T00:00:00Z".parse().unwrap();
        let request = ReplayRequest { from: time, to: time.next(), order: None, name: "late".parse().unwrap() };
        let (bus, table) = ("OrderBus".to_owned(), "OrderEvents".to_owned());
        let parameters = Parameters { bus, table, request, local: true };
        let counts = ReplayCounts { scanned: 5000, published: 1234, calls: 124, retried: 3, left_out: 1 };
        let expected = "\
Replay late from OrderEvents to OrderBus is complete, after 12.3 s

commits scanned   5000
events published  1234
calls             124
retried           3
left out          1";
        let summary = summary(&parameters, &counts, Duration::from_millis(12_345));
        assert_eq!(strip_ansi_codes(&summary), expected);
    }
}
