//! The report on the cost of a million orders, as text and as JSON.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::bill::{Line, Scope, sum};
use super::measure::{Counted, Traffic};
use super::prices::Dollars;
use super::tariff::{Tariff, Unit};
use crate::text::{Table, bold};

/// The cost limits of a million orders: for their commits, and for all of [`Scope::Order`].
const EVENTS_GOAL: Dollars = Dollars::cents(290);
const ORDER_GOAL: Dollars = Dollars::cents(1450);

/// Bills side by side.
pub(crate) struct Report<'a> {
    tariff: &'a Tariff,
    counted: &'a Counted,
    floor: Vec<Line>,
    bills: Vec<(Traffic, Vec<Line>)>,
    read: Vec<Line>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(tariff: &'a Tariff, counted: &'a Counted) -> anyhow::Result<Self> {
        let bills = counted.consumed.iter().map(|consumed| Ok((consumed.traffic, tariff.bill(counted, consumed)?)));
        let bills = bills.collect::<anyhow::Result<_>>()?;
        Ok(Self { tariff, counted, floor: tariff.floor(), bills, read: tariff.read(counted) })
    }

    /// Returns the report as text tables.
    pub(crate) fn text(&self) -> String {
        let assumed = &self.tariff.assumed;
        let headline = format!(
            "A million orders of four commands in {}, prices of {}",
            self.tariff.prices.region, self.tariff.prices.as_of
        );
        let basis = format!(
            "Counted over {} orders. Assumed: {} ms a command or query, {} ms a record, {} bytes of log an invocation,\n\
             {} bytes of access log a request.",
            self.counted.orders, assumed.request_ms, assumed.record_ms, assumed.log_bytes, assumed.access_bytes
        );
        [bold(&headline), basis, self.units(), self.costs(), self.beside(), self.levers()].join("\n\n")
    }

    /// Returns the floor, followed by each shape of traffic.
    fn columns(&self) -> [&[Line]; 4] {
        let of = |wanted| self.bills.iter().find(|(traffic, _)| *traffic == wanted).map_or(&[][..], |(_, lines)| lines);
        [&self.floor, of(Traffic::Quiet), of(Traffic::Busy), of(Traffic::Burst)]
    }

    /// Returns the kinds of lines in a scope, in any shape of traffic.
    fn kinds(&self, scope: Scope) -> Vec<(&'static str, Unit)> {
        let [_, quiet, busy, burst] = self.columns();
        let counts = |kind: &(&str, Unit)| {
            let of_scope = [quiet, busy, burst].into_iter().flatten().filter(|line| line.scope == scope);
            of_scope.into_iter().any(|line| (line.part, line.unit) == *kind && line.count > 0)
        };
        let lines = quiet.iter().filter(|line| line.scope == scope);
        lines.map(|line| (line.part, line.unit)).filter(counts).collect()
    }

    /// Returns the scopes, each of which is added to those before it.
    fn scopes(&self) -> BTreeSet<Scope> {
        self.bills.iter().flat_map(|(_, lines)| lines).map(|line| line.scope).collect()
    }

    /// Returns the units of one order.
    fn units(&self) -> String {
        let mut table = table("UNITS OF AN ORDER");
        for scope in self.scopes() {
            self.lines(&mut table, scope, each);
        }
        table.render()
    }

    /// Returns the cost of a million orders.
    fn costs(&self) -> String {
        let mut table = table("$ A MILLION ORDERS");
        let cost = |line: &Line| line.cost.to_string();
        for scope in self.scopes() {
            self.lines(&mut table, scope, cost);
            let (title, goal) = match scope {
                Scope::Order => {
                    let goal = format!("goal {EVENTS_GOAL}");
                    self.cost_sum(&mut table, "OrderEvents alone", &goal, |line| line.part == "OrderEvents");
                    ("sum".to_owned(), format!("goal {ORDER_GOAL}"))
                }
                Scope::Records => ("with archive and logs".to_owned(), String::new()),
                Scope::Optional(model) | Scope::OnRequest(model) => (format!("with {model}"), String::new()),
            };
            self.cost_sum(&mut table, &title, &goal, |line| line.scope <= scope);
        }
        table.render()
    }

    /// Adds a row for each kind of line in a scope.
    fn lines(&self, table: &mut Table, scope: Scope, cell: fn(&Line) -> String) {
        for (part, unit) in self.kinds(scope) {
            let cells = self.columns().map(|lines| find(lines, scope, part, unit).map_or_else(|| "-".to_owned(), cell));
            table.row(row(part, unit.terms().name, cells));
        }
    }

    fn cost_sum(&self, table: &mut Table, title: &str, goal: &str, among: impl Fn(&Line) -> bool) {
        let costs = self.columns().map(|lines| bold(&sum(lines.iter().filter(|line| among(line))).to_string()));
        table.row(row(&bold(title), goal, costs));
    }

    /// Returns the cost of reading and storing orders.
    fn beside(&self) -> String {
        let mut table = Table::new(["ALSO", "$ A MILLION"]).numbers(&["$ A MILLION"]);
        table.row(["reads of an order by its id".to_owned(), sum(&self.read).to_string()]);
        for stored in &self.counted.stored {
            let [kept, recovery] = self.tariff.month(self.counted, stored);
            table.row([format!("orders kept for a month in {}", stored.table), kept.to_string()]);
            table.row(["  with point-in-time recovery".to_owned(), (kept + recovery).to_string()]);
        }
        for consumed in self.counted.consumed.iter().filter(|consumed| consumed.traffic == Traffic::Busy) {
            let log = self.tariff.log_of_events(consumed);
            table.row(["orders with LogPublishedEvents=true".to_owned(), log.to_string()]);
        }
        table.render()
    }

    /// Returns the options that would change the cost, in busy traffic.
    fn levers(&self) -> String {
        let [floor, quiet, busy, _] = self.columns();
        let of = |wanted: &dyn Fn(&Line) -> bool| sum(busy.iter().filter(|line| wanted(line)));
        let order = |lines: &[Line]| sum(lines.iter().filter(|line| line.scope == Scope::Order));
        // The floor is one unit for each write of the row. The units above it are for the row's entry in the index.
        let rows = |lines: &[Line]| {
            find(lines, Scope::Order, "OrderSummaryByCustomer", Unit::WriteUnits)
                .map_or_else(Dollars::default, |line| line.cost)
        };
        let mut table = Table::new(["WITHOUT", "$ SAVED A MILLION ORDERS"]).numbers(&["$ SAVED A MILLION ORDERS"]);
        let mut row = |what: &str, less: Dollars| table.row([what.to_owned(), less.to_string()]);
        row("HTTP API: function URLs", of(&|line| line.unit == Unit::Requests));
        row("publication: EventBridge", of(&|line| line.part == "EventBridge"));
        row("a batch for each commit: a batching window, in quiet traffic", order(quiet) - order(busy));
        for scope in self.scopes() {
            if let Scope::Optional(model) | Scope::OnRequest(model) = scope {
                row(model, of(&|line| line.scope == scope));
            }
        }
        row("the index ByOrder: write units of rows above the floor", rows(busy) - rows(floor));
        table.render()
    }

    /// Returns the report as JSON: dollars as decimal text, counts in the steps of their unit.
    pub(crate) fn json(&self) -> anyhow::Result<String> {
        let lines = |lines: &[Line]| -> Vec<Value> { lines.iter().map(line).collect() };
        let bills = self.bills.iter().map(|(traffic, bill)| {
            let mut bill_of = json!({ "traffic": traffic.to_string(), "lines": lines(bill) });
            for scope in self.scopes() {
                let name = match scope {
                    Scope::Order => "order".to_owned(),
                    Scope::Records => "withRecords".to_owned(),
                    Scope::Optional(model) | Scope::OnRequest(model) => format!("with{model}"),
                };
                bill_of[name] = sum(bill.iter().filter(|line| line.scope <= scope)).to_string().into();
            }
            bill_of
        });
        let kept = self.counted.stored.iter().map(|stored| {
            let [kept, recovery] = self.tariff.month(self.counted, stored).map(|dollars| dollars.to_string());
            json!({
                "table": stored.table, "bytes": stored.items, "indexBytes": stored.indexes, "orders": self.counted.orders,
                "storage": kept, "recovery": recovery,
            })
        });
        Ok(serde_json::to_string_pretty(&json!({
            "region": self.tariff.prices.region, "pricesOf": self.tariff.prices.as_of, "dollarsFor": "a million orders",
            "assumed": self.tariff.assumed, "floor": lines(&self.floor), "bills": bills.collect::<Vec<_>>(),
            "read": { "lines": lines(&self.read), "sum": sum(&self.read).to_string() }, "monthOfStorage": kept.collect::<Vec<_>>(),
        }))?)
    }
}

fn table(title: &'static str) -> Table {
    Table::new([title, "", "FLOOR", "QUIET", "BUSY", "BURST"]).numbers(&["FLOOR", "QUIET", "BUSY", "BURST"])
}

fn row(part: &str, unit: &str, cells: [String; 4]) -> Vec<String> {
    [part.to_owned(), unit.to_owned()].into_iter().chain(cells).collect()
}

fn find<'a>(lines: &'a [Line], scope: Scope, part: &str, unit: Unit) -> Option<&'a Line> {
    lines.iter().find(|line| (line.scope, line.part, line.unit) == (scope, part, unit))
}

/// Returns the number of units of a line for one order, with at most four decimals.
fn each(line: &Line) -> String {
    const STEPS: u128 = 10_000;
    let in_one = line.unit.terms().in_one * u128::from(line.orders);
    let steps = (u128::from(line.count) * STEPS + in_one / 2) / in_one;
    let text = format!("{}.{:04}", steps / STEPS, steps % STEPS);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn line(line: &Line) -> Value {
    json!({
        "part": line.part, "unit": line.unit.terms().name, "count": line.count, "in": line.unit.terms().in_one,
        "orders": line.orders, "dollars": line.cost.to_string(),
    })
}
