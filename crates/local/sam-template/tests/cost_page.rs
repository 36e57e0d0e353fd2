//! The monthly costs of the template in `docs/COST.md`.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use sam_template::Template;
use yaml_serde::Value as Yaml;

const PAGE: &str = include_str!("../../../../docs/COST.md");

/// Returns the cells of the table's rows: resource, number, dollars a month.
fn rows() -> Vec<[&'static str; 3]> {
    let (_, rest) = PAGE.split_once("\n## By the month, however many orders\n").unwrap();
    let (section, _) = rest.split_once("\n## ").unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what"));
    let cells = rows.map(|row| row.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>());
    cells
        .filter(|cells| cells.len() > 1)
        .map(|cells| [cells[0], cells[cells.len() - 2], cells[cells.len() - 1]])
        .collect()
}

fn row(begins: &str) -> [&'static str; 3] {
    rows().into_iter().find(|[what, ..]| what.starts_with(begins)).unwrap()
}

/// Converts dollars such as `4.70` to cents.
fn cents(dollars: &str) -> u32 {
    let (whole, rest) = dollars.split_once('.').unwrap_or((dollars, "00"));
    whole.parse::<u32>().unwrap() * 100 + rest.parse::<u32>().unwrap()
}

/// Returns the minimum and the maximum of a range such as `3.30 to 18.30`.
fn range(dollars: &str) -> [u32; 2] {
    let (least, most) = dollars.split_once(" to ").unwrap_or((dollars, dollars));
    [cents(least), cents(most)]
}

#[test]
fn the_page_counts_the_alarms_and_the_metrics_that_they_read() {
    let template = Template::of_this_project().unwrap();
    let resources = template.document()["Resources"].as_mapping().unwrap().values();
    let alarms = resources.filter(|resource| resource["Type"].as_str() == Some("AWS::CloudWatch::Alarm"));
    let metrics = alarms.map(|alarm| {
        let metrics = alarm["Properties"].get("Metrics").and_then(Yaml::as_sequence);
        metrics.map_or(1, |metrics| metrics.iter().filter(|metric| metric.get("MetricStat").is_some()).count())
    });
    let metrics: Vec<usize> = metrics.collect();
    let (alarms, metrics) = (metrics.len(), metrics.iter().sum::<usize>());
    let [_, how_many, dollars] = row("alarms");
    assert_eq!(how_many, format!("{alarms} alarms on {metrics} metrics"));
    assert_eq!(cents(dollars), u32::try_from(metrics).unwrap() * 10);
}

#[test]
fn the_page_counts_the_invocations_of_schedules() {
    let schedules = Template::of_this_project().unwrap().schedules().unwrap();
    let [schedule] = &schedules[..] else { unreachable!("one schedule") };
    let ticks = 730 * 60 * 60 / schedule.rate.as_secs();
    let [_, how_many, _] = row("ticks");
    let thousands = format!("{},{:03}", ticks / 1000, ticks % 1000);
    assert!(how_many.starts_with(&format!("{thousands} invocations")), "{how_many}");
}

#[test]
fn the_sum_of_the_months_costs_is_that_of_its_rows() {
    let [sum, all]: [Vec<_>; 2] = {
        let (sum, all) = rows().into_iter().partition(|[what, ..]| *what == "**sum**");
        [sum, all]
    };
    let total = all
        .iter()
        .map(|[.., dollars]| range(dollars))
        .fold([0, 0], |[least, most], row| [least + row[0], most + row[1]]);
    assert_eq!(range(sum[0][2].trim_matches('*')), total);
}
