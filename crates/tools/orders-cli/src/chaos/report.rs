//! The report on the histories, as text and as JSON.

use std::time::Duration;

use serde_json::{Value, json};
use simulation::{Fault, Invariant, Plan, Verdict};

use crate::text::{Table, bold, per_second, seconds};

/// The faults, the invariants, and the commands that reproduce a failure.
pub(crate) fn summary(verdict: &Verdict, elapsed: Duration) -> String {
    let sum = &verdict.sum;
    let mut faults = Table::new(["", "FAULT", "OCCURRED", "COUNTED"]).numbers(&["", "OCCURRED"]);
    for fault in Fault::ALL {
        let struck = sum.faults.get(&fault).copied().unwrap_or(0).to_string();
        faults.row([fault.number().to_string(), fault.to_string(), struck, fault.counted().to_owned()]);
    }
    let mut invariants = Table::new(["CHECKED", "INVARIANT"]).numbers(&["CHECKED"]);
    for invariant in Invariant::ALL {
        let checked = sum.checked.get(&invariant).copied().unwrap_or(0);
        invariants.row([checked.to_string(), invariant.sentence().to_owned()]);
    }
    let headline = format!(
        "{} histories in {}: {} a second; {} commands, {} commits, {} events on the bus",
        sum.histories,
        seconds(elapsed),
        per_second(sum.histories, elapsed),
        sum.commands,
        sum.commits,
        sum.published
    );
    let verdict = verdict.failure.as_ref().map_or_else(|| "every invariant holds".to_owned(), ToString::to_string);
    format!("{}\n\n{}\n\n{}\n\n{}", bold(&headline), faults.render(), invariants.render(), bold(&verdict))
}

/// The same report as JSON.
pub(crate) fn json(first: &Plan, verdict: &Verdict) -> anyhow::Result<String> {
    let sum = &verdict.sum;
    let faults = Fault::ALL.map(|fault| {
        let struck = sum.faults.get(&fault).copied().unwrap_or(0);
        json!({ "number": fault.number(), "name": fault.name(), "struck": struck })
    });
    let invariants = Invariant::ALL.map(|invariant| {
        let checked = sum.checked.get(&invariant).copied().unwrap_or(0);
        json!({ "invariant": invariant.sentence(), "checked": checked })
    });
    let failure = verdict.failure.as_ref().map_or(Value::Null, |failure| {
        let violations = failure.violations.iter().map(|violation| {
            let invariant = violation.invariant.sentence();
            json!({ "invariant": invariant, "order": violation.order, "found": violation.what })
        });
        json!({
            "seed": failure.plan.seed,
            "plan": failure.plan.to_string(),
            "shrunk": failure.shrunk.to_string(),
            "violations": violations.collect::<Vec<_>>(),
        })
    });
    Ok(serde_json::to_string_pretty(&json!({
        "first": first.to_string(), "histories": sum.histories, "commands": sum.commands, "commits": sum.commits,
        "published": sum.published, "faults": faults, "invariants": invariants.as_slice(), "failure": failure,
    }))?)
}

#[cfg(test)]
mod tests {
    use console::strip_ansi_codes;
    use simulation::{Failure, Sum, Violation};

    use super::*;

    fn verdict() -> Verdict {
        let violation = Violation { invariant: Invariant::Gapless, order: "o-1".to_owned(), what: "a gap".to_owned() };
        let shrunk = Plan { clients: Some(1), ..Plan::of(7) };
        let failure = Failure { plan: Plan::of(7), shrunk, violations: vec![violation] };
        let faults = [(Fault::Poison, 3)].into();
        Verdict { sum: Sum { histories: 8, faults, ..Sum::default() }, failure: Some(failure) }
    }

    #[test]
    fn a_summary_names_every_fault_and_how_to_reproduce_a_failure() {
        let summary = summary(&verdict(), Duration::from_secs(4));
        let summary = strip_ansi_codes(&summary);
        assert!(summary.starts_with("8 histories in 4.0 s: 2.0 a second;"), "{summary}");
        let poison: Vec<&str> = summary.lines().filter(|line| line.starts_with("11 ")).collect();
        assert!(matches!(poison[..], [line] if line.split_whitespace().take(3).eq(["11", "poison", "3"])), "{summary}");
        assert!(Fault::ALL.iter().all(|fault| summary.contains(fault.name())), "{summary}");
        assert!(summary.contains("order o-1: a gap"), "{summary}");
        assert!(summary.contains("shrunk: orders chaos --histories 1 --seed 7 --clients 1\n"), "{summary}");
    }

    #[test]
    fn the_json_report_has_the_faults_and_the_failure() {
        let read: Value = serde_json::from_str(&json(&Plan::of(0), &verdict()).unwrap()).unwrap();
        assert_eq!(read["faults"][10], json!({ "number": 11, "name": "poison", "struck": 3 }));
        assert_eq!(read["failure"]["shrunk"], "--seed 7 --clients 1");
    }
}
