use std::collections::BTreeMap;

use clap::Parser;
use embedded_dynamodb::Units;

use super::bench::Bench;
use super::measure::{Consumed, Counted, Stored, Traffic, measure};
use super::metered::Usage;
use super::prices::Dollars;
use super::tariff::Unit;
use super::*;

/// Half units of reading and writing, by table.
fn tables<const N: usize>(units: [(&str, u64, u64); N]) -> BTreeMap<String, Units> {
    let units = units.map(|(table, read_half_units, write_half_units)| {
        (table.to_owned(), Units { read_half_units, write_half_units })
    });
    units.into()
}

/// The projector's tables for eight orders: reads and writes of the summary, of the totals and of the open orders, and
/// reads of notes.
fn projected(summary: [u64; 2], totals: [u64; 2], open_orders: [u64; 2], notes: u64) -> BTreeMap<String, Units> {
    let [summary_reads, summary_writes] = summary;
    let [totals_reads, totals_writes] = totals;
    let [open_reads, open_writes] = open_orders;
    tables([
        ("CustomerTotals", totals_reads, totals_writes),
        ("OrderSummaryByCustomer", summary_reads, summary_writes),
        ("OrdersByStatus", open_reads, open_writes),
        ("ParkedOrders", notes, 0),
    ])
}

#[tokio::test]
async fn an_order_takes_exactly_these_units() {
    let counted = measure(8).await.unwrap();
    // A write unit for each command, and half a read unit for each command except the first.
    let commands = Usage { invocations: 32, http_requests: 32, tables: tables([("OrderEvents", 8 * 3, 8 * 8)]) };
    assert_eq!(counted.commands, commands);
    // Reads of the index, of the row, and of the table of parked orders.
    let reads = tables([("OrderSummaryByCustomer", 8 * 3, 0), ("ParkedOrders", 8 * 2, 0)]);
    assert_eq!(counted.reads, Usage { invocations: 8, http_requests: 8, tables: reads });

    // An entry of the index has three keys, by name and value, and DynamoDB's 100 bytes of overhead.
    let (names, customer, time, id) = ("customerIdplacedAtOrderIdorderId".len(), "customer-000000".len(), 24, 36);
    let entry = u64::try_from(names + customer + (time + 1 + id) + id).unwrap() + 100;
    let indexes = counted.stored.iter().map(|stored| (stored.table, stored.indexes));
    let expected =
        [("OrderEvents", 0), ("OrderSummaryByCustomer", 8 * entry), ("CustomerTotals", 0), ("OrdersByStatus", 0)];
    assert!(indexes.eq(expected), "{:?}", counted.stored);

    for (consumed, wanted) in counted.consumed.iter().zip(Traffic::ALL) {
        let (traffic, projector, publisher) = match wanted {
            // The first write of a row also writes its entry in the index. A batch with a new order reads the notes on
            // parked orders once for each read model, and the publisher reads them for every other batch.
            Traffic::Quiet => {
                let projected = projected([8 * 3, 8 * 10], [108, 64], [8 * 3, 8 * 20], 8 * 6);
                (Traffic::Quiet, (32, projected), (32, 24 * 2))
            }
            Traffic::Busy => (Traffic::Busy, (4, projected([8 * 3, 8 * 10], [60, 48], [8 * 3, 8 * 20], 6)), (4, 3 * 2)),
            // One write of a row, and one of the totals, for all commits of the order.
            Traffic::Burst => (Traffic::Burst, (1, projected([0, 8 * 4], [24, 24], [0, 8 * 2], 6)), (1, 0)),
        };
        let usage = |(invocations, tables)| Usage { invocations, http_requests: invocations, tables };
        assert_eq!(consumed.traffic, traffic);
        assert_eq!(consumed.projector, usage(projector), "{traffic}");
        let notes = tables([("ParkedOrders", publisher.1, 0)]).into_iter().filter(|_| publisher.1 > 0).collect();
        assert_eq!(consumed.publisher, usage((publisher.0, notes)), "{traffic}");
        assert_eq!((consumed.orders, consumed.events), (8, 32), "{traffic}");
    }
}

#[tokio::test]
async fn the_hundredth_order_takes_what_the_eighth_took() {
    let (few, many) = tokio::join!(measure(8), measure(32));
    let (few, many) = (few.unwrap(), many.unwrap());
    let (of_few, of_many) = (few.commands.of("OrderEvents"), many.commands.of("OrderEvents"));
    assert_eq!(
        (of_few.read_half_units * 4, of_few.write_half_units * 4),
        (of_many.read_half_units, of_many.write_half_units)
    );
    let summaries = |counted: &Counted| {
        let units = counted.consumed.iter().map(|consumed| consumed.projector.of("OrderSummaryByCustomer"));
        units
            .zip(&counted.consumed)
            .map(|(units, of)| (units.read_half_units / of.orders, units.write_half_units / of.orders))
            .collect::<Vec<_>>()
    };
    assert_eq!(summaries(&few), summaries(&many));
}

/// Half a read unit for each consumer whose parked orders are counted, and one to look for deferred rows. Three of the half
/// units are for OrdersByStatus. The page counts one of them, because by default a deployment only counts its parked orders.
#[tokio::test]
async fn a_month_of_ticks_costs_what_the_page_says() {
    let template = Template::of_this_project().unwrap();
    let schedule = template.schedules().unwrap().remove(0);
    let bench = Bench::start().await.unwrap();
    bench.invoke(&schedule.function, &schedule.payload).await.unwrap();
    let usage = bench.usage_of(&schedule.function);
    bench.stop().await;
    assert_eq!(usage, Usage { invocations: 1, http_requests: 1, tables: tables([("ParkedOrders", 8, 0)]) });

    let assumed = Command::try_parse_from(["cost"]).unwrap().arguments.assumed;
    let tariff = Tariff::new(Prices::read(None).unwrap(), assumed, &template).unwrap();
    let ticks = 730 * 60 * 60 / schedule.rate.as_secs();
    let cost = |unit: Unit, count: u64| tariff.cost(unit, count.into(), 1);
    let costs = [
        cost(Unit::Invocations, ticks),
        cost(Unit::ReadUnits, ticks * 6),
        cost(Unit::GbSeconds, tariff.time(&schedule.function, ticks, 0)),
        cost(Unit::Logged, ticks * u64::from(assumed.log_bytes)),
    ];
    let sum: Dollars = costs.into_iter().sum();
    let page = include_str!("../../../../../docs/COST.md");
    let row = format!("43,800 invocations and 131,400 read units, with time and logs as assumed above: {sum} $");
    assert!(page.contains(&row), "docs/COST.md does not say: {row}");
}

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    arguments: Arguments,
}

/// Returns the report on one order with round counts, as text and as JSON.
fn report(arguments: &[&str]) -> (String, serde_json::Value) {
    let arguments = Command::try_parse_from([&["cost"], arguments].concat()).unwrap().arguments;
    let template = Template::of_this_project().unwrap();
    let tariff = Tariff::new(Prices::read(None).unwrap(), arguments.assumed, &template).unwrap();
    let usage = |invocations, tables| Usage { invocations, http_requests: invocations, tables };
    let consumed = |traffic| Consumed {
        traffic,
        orders: 1,
        projector: usage(2, projected([6, 10], [8, 16], [6, 18], 12)),
        publisher: usage(1, tables([("ParkedOrders", 2, 0)])),
        events: 4,
        event_bytes: 4096,
    };
    let counted = Counted {
        orders: 1,
        commands: usage(4, tables([("OrderEvents", 6, 8)])),
        reads: usage(1, tables([("OrderSummaryByCustomer", 3, 0), ("ParkedOrders", 2, 0)])),
        stored: vec![
            Stored { table: "OrderEvents", items: 1024, indexes: 0 },
            Stored { table: "OrderSummaryByCustomer", items: 512, indexes: 256 },
            Stored { table: "CustomerTotals", items: 0, indexes: 0 },
            Stored { table: "OrdersByStatus", items: 0, indexes: 0 },
        ],
        consumed: Traffic::ALL.map(consumed).into(),
    };
    let report = Report::new(&tariff, &counted).unwrap();
    let text = console::strip_ansi_codes(&report.text()).into_owned();
    (text, serde_json::from_str(&report.json().unwrap()).unwrap())
}

fn line<'a>(report: &'a str, begins: &str) -> Vec<&'a str> {
    report.lines().rfind(|line| line.starts_with(begins)).unwrap_or_default().split_whitespace().collect()
}

#[test]
fn a_bill_is_counts_times_prices() {
    let (text, _) = report(&["--assume-ms", "100", "--assume-record-ms", "0"]);
    assert_eq!(line(&text, "HTTP API   "), ["HTTP", "API", "requests", "4.000", "4.000", "4.000", "4.000"]);
    // Four times 100 ms of 256 MB at 0.0000133334 $ for a GB-second.
    assert_eq!(line(&text, "command-handler")[1..], ["GB-seconds,", "assumed", "-", "1.333", "1.333", "1.333"]);
    // Four writes at 0.625 $ for a million, and three reads at 0.125 $.
    let store = line(&text, "OrderEvents alone");
    assert_eq!(store[2..], ["goal", "2.900", "2.500", "2.875", "2.875", "2.875"]);
    // 4 + 0.8 + 1.333 + 2.875, projector 0.4 + 1.333, rows 3.5, publisher 0.2 + 0.333, notes 0.375, bus 4.
    assert_eq!(line(&text, "sum")[1..], ["goal", "14.500", "13.800", "19.150", "19.150", "19.150"]);
    assert_eq!(line(&text, "with CustomerTotals")[2..], ["13.800", "24.900", "24.900", "24.900"]);
    // A GB is 1024 MB: a million times 1 KB.
    let dollars = |begins| line(&text, begins).last().map(|dollars| (*dollars).to_owned());
    assert_eq!(dollars("orders kept for a month in OrderEvents").as_deref(), Some("0.238"));
    // Storage includes the index, and backups do not: 768 bytes at 0.25 $, plus 512 bytes at 0.20 $.
    assert!(text.contains(
        "in OrderSummaryByCustomer        0.179\n  with point-in-time recovery                            0.274"
    ));
    assert_eq!(dollars("orders with LogPublishedEvents=true").as_deref(), Some("1.907"));
    // Five write units, where four commands write one unit of the row.
    assert_eq!(dollars("the index ByOrder").as_deref(), Some("0.625"));
}

#[test]
fn a_machine_reads_the_same() {
    let (_, json) = report(&["--assume-ms", "100", "--assume-record-ms", "0"]);
    assert_eq!((&json["bills"][1]["traffic"], &json["bills"][1]["order"]), (&"busy".into(), &"19.150".into()));
    // The read models are added to it: 5.75 for CustomerTotals and, after the records, 6.25 for OrdersByStatus.
    let with = |part: &str| &json["bills"][1][format!("with{part}")];
    assert_eq!([with("CustomerTotals"), with("Records"), with("OrdersByStatus")], ["24.900", "30.101", "36.351"]);
    let events = &json["bills"][1]["lines"][3];
    assert_eq!((&events["part"], &events["unit"]), (&"OrderEvents".into(), &"write units".into()));
    assert_eq!((&events["count"], &events["in"], &events["dollars"]), (&8.into(), &2.into(), &"2.500".into()));
    assert_eq!(json["assumed"]["request_ms"], 100);
}
