//! The report at the end of a load.

use std::time::Duration;

use super::lag::Lag;
use super::tally::{Latencies, Tally};
use crate::stop::Ended;
use crate::text::{Table, bold, milliseconds, per_second, seconds};

/// Returns the result of a load in a few lines.
pub(crate) fn report(tally: &Tally, lag: &Lag, elapsed: Duration, ended: Ended) -> String {
    let all = &tally.all;
    let mut table =
        Table::new(["COMMAND", "COUNT", "P50", "P90", "P99", "MAX"]).numbers(&["COUNT", "P50", "P90", "P99", "MAX"]);
    for (kind, latencies) in &tally.latencies {
        table.row(row(&format!("{kind:?}"), latencies));
    }
    table.row(row("all", all));
    table.row(row("summary lag", &lag.samples));

    let stopped = match ended {
        Ended::Complete => "",
        Ended::Stopped => "Stopped: ",
    };
    let errors: u64 = tally.errors.values().sum();
    let by_code = tally.errors.iter().map(|(code, count)| format!("\n  {count} x {code}"));
    let unseen =
        if lag.unseen == 0 { String::new() } else { format!("\n{} samples were not seen within 30 s", lag.unseen) };
    format!(
        "{headline}\n\n{table}\n\nsummary lag: from an acknowledged command until the customer's list shows its version, \
         sampled one order at a time{unseen}\nerrors: {errors}{by_code}",
        headline = bold(&format!(
            "{stopped}{} commands in {}: {} commands/s, {} orders",
            all.count(),
            seconds(elapsed),
            per_second(all.count(), elapsed),
            tally.orders
        )),
        table = table.render(),
        by_code = by_code.collect::<String>(),
    )
}

fn row(name: &str, latencies: &Latencies) -> Vec<String> {
    let figures = latencies.percentiles().map(milliseconds);
    [name.to_owned(), latencies.count().to_string()].into_iter().chain(figures).collect()
}

#[cfg(test)]
mod tests {
    use console::strip_ansi_codes;

    use super::*;
    use crate::api::ApiError;
    use crate::load::plan::Kind;

    #[test]
    fn a_report_has_rates_percentiles_errors_and_lag() {
        let mut tally = Tally { orders: 1, ..Tally::new().unwrap() };
        for latency in [2, 4].map(Duration::from_millis) {
            tally.accepted(Kind::PlaceOrder, latency).unwrap();
        }
        tally.failed(&ApiError::Refused { status: 503, code: "contention".to_owned(), detail: String::new() });
        let mut samples = Latencies::new().unwrap();
        samples.record(Duration::from_millis(10));
        let lag = Lag { samples, unseen: 0 };
        let stopped = report(&tally, &lag, Duration::from_secs(1), Ended::Stopped);
        assert!(strip_ansi_codes(&stopped).starts_with("Stopped: 2 commands in 1.0 s: "), "{stopped}");
        let report = report(&tally, &lag, Duration::from_secs(1), Ended::Complete);
        let expected = "\
2 commands in 1.0 s: 2.0 commands/s, 1 orders

COMMAND      COUNT       P50       P90       P99       MAX
PlaceOrder       2   2.00 ms   4.00 ms   4.00 ms   4.00 ms
all              2   2.00 ms   4.00 ms   4.00 ms   4.00 ms
summary lag      1  10.00 ms  10.00 ms  10.00 ms  10.00 ms

summary lag: from an acknowledged command until the customer's list shows its version, sampled one order at a time
errors: 1
  1 x 503 contention";
        assert_eq!(strip_ansi_codes(&report), expected);
    }
}
