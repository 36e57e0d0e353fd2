//! Counted units times their prices: one line for each thing that AWS bills.

use anyhow::ensure;
use embedded_dynamodb::Units;
use read_models::registry::{CORE, Registered};

use super::measure::{Consumed, Counted, Stored};
use super::metered::Usage;
use super::prices::{Dollars, Price};
use super::tariff::{GB, Tariff, Unit};
use super::workload::COMMANDS;

/// The number of orders that a bill covers.
const MILLION: u128 = 1_000_000;

/// The sum to which a line belongs. A sum includes all scopes before it, so the order of the variants matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// The parts that every order needs: HTTP API, functions, events, summary, bus.
    Order,
    /// An optional read model that is on by default.
    Optional(&'static str),
    /// The records that are kept: archive and logs.
    Records,
    /// An optional read model that is off by default.
    OnRequest(&'static str),
}

/// One thing that AWS bills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) scope: Scope,
    pub(crate) part: &'static str,
    pub(crate) unit: Unit,
    /// The count over all orders, in the steps of the unit.
    pub(crate) count: u64,
    pub(crate) orders: u64,
    /// The cost of a million orders.
    pub(crate) cost: Dollars,
}

/// The lines of one scope for a number of orders.
#[derive(Clone, Copy)]
struct Sheet<'a> {
    tariff: &'a Tariff,
    scope: Scope,
    orders: u64,
}

impl Sheet<'_> {
    fn line(&self, part: &'static str, unit: Unit, count: u64) -> Line {
        let (scope, orders) = (self.scope, self.orders);
        let million = u128::from(count) * MILLION;
        let cost = self.tariff.cost(unit, million, orders.into());
        Line { scope, part, unit, count, orders, cost }
    }

    fn function(&self, name: &'static str, usage: &Usage, records: u64) -> [Line; 2] {
        let time = self.tariff.time(name, usage.invocations, records);
        [self.line(name, Unit::Invocations, usage.invocations), self.line(name, Unit::GbSeconds, time)]
    }

    fn table(&self, name: &'static str, usages: &[&Usage]) -> [Line; 2] {
        let sum = |halves: fn(Units) -> u64| usages.iter().map(|usage| halves(usage.of(name))).sum();
        let written = self.line(name, Unit::WriteUnits, sum(|units| units.write_half_units));
        [written, self.line(name, Unit::ReadUnits, sum(|units| units.read_half_units))]
    }
}

impl Tariff {
    const fn sheet(&self, scope: Scope, orders: u64) -> Sheet<'_> {
        Sheet { tariff: self, scope, orders }
    }

    fn scope(&self, model: &Registered) -> Scope {
        if !model.is_optional {
            Scope::Order
        } else if self.on_request.contains(&model.name) {
            Scope::OnRequest(model.name)
        } else {
            Scope::Optional(model.name)
        }
    }

    /// Returns the cost of a million orders in one shape of traffic.
    pub(crate) fn bill(&self, counted: &Counted, consumed: &Consumed) -> anyhow::Result<Vec<Line>> {
        let (projector, publisher) = (&consumed.projector, &consumed.publisher);
        let again = projector.of("OrderEvents");
        ensure!(again == Units::default(), "the projector read commits that were in its batches: {again:?}");

        let commands = self.sheet(Scope::Order, counted.orders);
        let consumers = self.sheet(Scope::Order, consumed.orders);
        let records = consumed.orders * COMMANDS;
        let (of_projector, of_publisher) = (projector.of("ParkedOrders"), publisher.of("ParkedOrders"));
        let mut notes = of_projector.read_half_units + of_publisher.read_half_units;
        // The projector looks for parked orders once for each read model, in the same batches.
        let notes_of_one = of_projector.read_half_units / u64::try_from(CORE.len())?;
        let (mut always, mut others) = (Vec::new(), Vec::new());
        for model in &CORE {
            let scope = self.scope(model);
            let sheet = self.sheet(scope, consumed.orders);
            let lines = if scope == Scope::Order { &mut always } else { &mut others };
            lines.extend(sheet.table(model.name, &[projector]));
            if scope != Scope::Order {
                lines.push(sheet.line("ParkedOrders, for it", Unit::ReadUnits, notes_of_one));
                notes -= notes_of_one;
            }
        }
        Ok([
            vec![commands.line("HTTP API", Unit::Requests, counted.commands.http_requests)],
            commands.function("command-handler", &counted.commands, 0).into(),
            commands.table("OrderEvents", &[&counted.commands]).into(),
            consumers.function("projector", projector, records).into(),
            always,
            consumers.function("publisher", publisher, records).into(),
            vec![consumers.line("ParkedOrders", Unit::ReadUnits, notes)],
            vec![consumers.line("EventBridge", Unit::Events, consumed.events)],
            others,
            self.records(counted, consumed),
        ]
        .concat())
    }

    /// Returns the cost of the archive and the logs.
    fn records(&self, counted: &Counted, consumed: &Consumed) -> Vec<Line> {
        let commands = self.sheet(Scope::Records, counted.orders);
        let consumers = self.sheet(Scope::Records, consumed.orders);
        let batches = consumed.projector.invocations + consumed.publisher.invocations;
        let (log, access) = (u64::from(self.assumed.log_bytes), u64::from(self.assumed.access_bytes));
        vec![
            consumers.line("archive of the bus", Unit::Archived, consumed.event_bytes),
            commands.line("access log", Unit::Logged, counted.commands.http_requests * access),
            commands.line("log of command-handler", Unit::Logged, counted.commands.invocations * log),
            consumers.line("logs of projector and publisher", Unit::Logged, batches * log),
        ]
    }

    /// Returns the lowest possible cost of four commands that are recorded, projected and published one by one: a request,
    /// an invocation, a unit for the commit, another for each row, and an event for each of them.
    pub(crate) fn floor(&self) -> Vec<Line> {
        let sheet = self.sheet(Scope::Order, 1);
        let rows = CORE.iter().filter(|model| self.scope(model) == Scope::Order);
        [
            vec![sheet.line("HTTP API", Unit::Requests, COMMANDS)],
            vec![sheet.line("command-handler", Unit::Invocations, COMMANDS)],
            vec![sheet.line("OrderEvents", Unit::WriteUnits, COMMANDS * 2)],
            rows.map(|model| sheet.line(model.name, Unit::WriteUnits, COMMANDS * 2)).collect(),
            vec![sheet.line("EventBridge", Unit::Events, COMMANDS)],
        ]
        .concat()
    }

    /// Returns the cost of a million reads of an order.
    pub(crate) fn read(&self, counted: &Counted) -> Vec<Line> {
        let (sheet, reads) = (self.sheet(Scope::Order, counted.orders), &counted.reads);
        let tables = ["OrderSummaryByCustomer", "ParkedOrders"].map(|table| sheet.table(table, &[reads]));
        [
            vec![sheet.line("HTTP API", Unit::Requests, reads.http_requests)],
            sheet.function("query-handler", reads, 0).into(),
            tables.concat(),
        ]
        .concat()
    }

    /// Returns the cost of storing the counted orders in a table for a month, scaled to a million orders: with the indexes,
    /// and for point-in-time recovery, which AWS bills for the table alone.
    pub(crate) fn month(&self, counted: &Counted, stored: &Stored) -> [Dollars; 2] {
        let of = |price: &Price, bytes: u64| price.of(u128::from(bytes) * MILLION, GB * u128::from(counted.orders));
        let list = &self.prices.list;
        [of(&list.dynamodb_storage, stored.items + stored.indexes), of(&list.dynamodb_recovery, stored.items)]
    }

    /// Returns the additional cost of a million orders if a log group receives every published event.
    pub(crate) fn log_of_events(&self, consumed: &Consumed) -> Dollars {
        self.prices.list.logs.of(u128::from(consumed.event_bytes) * MILLION, GB * u128::from(consumed.orders))
    }
}

/// Returns the sum of the lines' costs.
pub(crate) fn sum<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Dollars {
    lines.into_iter().map(|line| line.cost).sum()
}
