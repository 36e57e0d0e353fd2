//! Orders that are created like real ones: commands that are decided and recorded.

use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use event_store::{Delivered, EventStore, Fingerprint, InMemoryEventStore, RecordedEvent, Request, Timestamp, UpTo};
use order_aggregate::{OrderCommit, Orders};
use order_domain::command::{
    CancelItems, CancelOrder, CorrectPayment, ItemQuantity, OrderItem, PlaceOrder, RecordDelivery, RecordPayment,
    RefundPayment, ReturnItems, ShipItems,
};
use order_domain::values::{
    Amount, CancellationId, CorrectionId, Currency, CustomerId, Metadata, PaymentId, Quantity, RefundId, ReturnId,
    ShipmentId, Sku, Text,
};
use order_domain::{Command, Decision, Event, Order, decide};
use proptest::prelude::*;
use read_models::projection::{self, CommitOf, EventOf};
use read_models::{
    Engine, FoldError, KeyAttributes, NewRow, OrderSummaryByCustomer, OrderSummaryRow, Projection, RowError, RowKey,
    RowStore, SumError, Summed, Write,
};
use sam_template::Template;
use serde::{Deserialize, Serialize};

/// The projection with another number, as in another release.
pub(crate) struct Numbered<const N: u32>;

impl<const N: u32> Projection for Numbered<N> {
    type Aggregate = Orders;
    type Row = OrderSummaryRow;
    const NAME: &'static str = OrderSummaryByCustomer::NAME;
    const NUMBER: u32 = N;
    const KEY: KeyAttributes = OrderSummaryByCustomer::KEY;

    fn key(commit: &CommitOf<Self>) -> Result<RowKey, FoldError> {
        OrderSummaryByCustomer::key(commit)
    }

    fn aggregate_id(key: &RowKey) -> Option<&str> {
        OrderSummaryByCustomer::aggregate_id(key)
    }

    fn apply(
        row: Option<OrderSummaryRow>,
        event: &RecordedEvent<EventOf<Self>>,
        commit: &CommitOf<Self>,
    ) -> Result<OrderSummaryRow, FoldError> {
        OrderSummaryByCustomer::apply(row, event, commit)
    }
}

/// The sums: the amounts that its customers have paid, by currency.
impl<const N: u32> Summed for Numbered<N> {
    type Sum = Paid;

    fn sum_name(row: &OrderSummaryRow) -> &str {
        &row.currency
    }

    fn replace(sum: Option<Paid>, old: Option<&OrderSummaryRow>, new: &OrderSummaryRow) -> Result<Paid, SumError> {
        let others = sum.map_or(0, |sum| sum.paid).checked_sub(old.map_or(0, |row| row.amount_paid));
        let others = others.ok_or(SumError::NotInIt { figure: "paid" })?;
        Ok(Paid { paid: others + new.amount_paid })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Paid {
    paid: u64,
}

pub(crate) type SummaryEngine<S, R> = Engine<OrderSummaryByCustomer, S, R>;

/// Returns a command that places two lines with a total of 25.
pub(crate) fn place(customer: &str) -> Command {
    place_in(customer, "EUR")
}

pub(crate) fn place_in(customer: &str, currency: &str) -> Command {
    let line = |sku: &str, name: Option<&str>, quantity, price| OrderItem {
        sku: Sku::parse(sku).unwrap(),
        name: name.map(|name| Text::parse(name).unwrap()),
        quantity: Quantity::new(quantity).unwrap(),
        unit_price: Amount::new(price).unwrap(),
    };
    Command::PlaceOrder(PlaceOrder {
        customer_id: CustomerId::parse(customer).unwrap(),
        currency: Currency::parse(currency).unwrap(),
        items: vec![line("sku-1", Some("Teapot 茶壺"), 2, 10), line("sku-2", None, 1, 4)],
        shipping: Amount::new(2).unwrap(),
        tax: Amount::ZERO,
        discount: Amount::new(1).unwrap(),
        reference: None,
        metadata: Metadata::default(),
        quote: None,
    })
}

pub(crate) fn pay(id: u32, amount: u64) -> Command {
    let payment_id = PaymentId::parse(&format!("p{id}")).unwrap();
    Command::RecordPayment(RecordPayment { payment_id, amount: Amount::new(amount).unwrap(), method: None })
}

pub(crate) fn correct(id: u32, amount: u64) -> Command {
    let (payment_id, reason) = (PaymentId::parse(&format!("p{id}")).unwrap(), Text::parse("a typo").unwrap());
    let correction_id = CorrectionId::parse(&format!("c{id}-{amount}")).unwrap();
    let amount = Amount::new(amount).unwrap();
    Command::CorrectPayment(CorrectPayment { correction_id, payment_id, amount, reason, reason_code: None })
}

pub(crate) fn refund(id: u32, payment: u32, amount: u64) -> Command {
    let refund_id = RefundId::parse(&format!("r{id}")).unwrap();
    let payment_id = PaymentId::parse(&format!("p{payment}")).unwrap();
    let amount = Amount::new(amount).unwrap();
    let (reduction, reason, reason_code) = (None, None, None);
    Command::RefundPayment(RefundPayment { refund_id, payment_id, amount, reduction, reason, reason_code })
}

fn some_of(sku: u32, quantity: u32) -> Vec<ItemQuantity> {
    vec![ItemQuantity { sku: Sku::parse(&format!("sku-{sku}")).unwrap(), quantity: Quantity::new(quantity).unwrap() }]
}

pub(crate) fn ship(id: u32, sku: u32, quantity: u32) -> Command {
    let shipment_id = ShipmentId::parse(&format!("s{id}")).unwrap();
    Command::ShipItems(ShipItems { shipment_id, items: some_of(sku, quantity), carrier: None, tracking_number: None })
}

fn deliver(id: u32) -> Command {
    Command::RecordDelivery(RecordDelivery { shipment_id: ShipmentId::parse(&format!("s{id}")).unwrap() })
}

fn take_back(id: u32, sku: u32, quantity: u32) -> Command {
    let return_id = ReturnId::parse(&format!("b{id}")).unwrap();
    Command::ReturnItems(ReturnItems { return_id, items: some_of(sku, quantity), reason: None, reason_code: None })
}

pub(crate) fn cancel() -> Command {
    Command::CancelOrder(CancelOrder { reason: Text::parse("changed my mind").unwrap(), reason_code: None })
}

fn cancel_items(id: u32, sku: u32, quantity: u32) -> Command {
    Command::CancelItems(CancelItems {
        cancellation_id: CancellationId::parse(&format!("x{id}")).unwrap(),
        items: some_of(sku, quantity),
        reduction: None,
        reason: Text::parse("sold out").unwrap(),
        reason_code: None,
    })
}

/// Random commands on a placed order. They use so few ids and amounts that many of them are accepted.
pub(crate) fn any_commands() -> impl Strategy<Value = Vec<Command>> {
    let id = 1..=4_u32;
    let command = prop_oneof![
        3 => (id.clone(), prop::sample::select(vec![5, 10, 25, 30])).prop_map(|(id, amount)| pay(id, amount)),
        2 => (id.clone(), prop::sample::select(vec![0, 5, 25])).prop_map(|(id, amount)| correct(id, amount)),
        2 => (id.clone(), id.clone(), 1..=25_u64).prop_map(|(id, payment, amount)| refund(id, payment, amount)),
        6 => (id.clone(), 1..=2_u32, 1..=2_u32).prop_map(|(id, sku, quantity)| ship(id, sku, quantity)),
        4 => id.clone().prop_map(deliver),
        4 => (id.clone(), 1..=2_u32, 1..=2_u32).prop_map(|(id, sku, quantity)| take_back(id, sku, quantity)),
        3 => (id, 1..=2_u32, 1..=2_u32).prop_map(|(id, sku, quantity)| cancel_items(id, sku, quantity)),
        1 => Just(cancel()),
    ];
    // Half of the orders are paid at once, so that some units can be shipped.
    (any::<bool>(), prop::collection::vec(command, 0..24)).prop_map(|(paid, mut commands)| {
        if paid {
            commands.insert(0, pay(1, 25));
        }
        commands
    })
}

pub(crate) fn request(order: &str, number: usize) -> Request {
    Request {
        request_id: format!("{order}-{number}"),
        fingerprint: Fingerprint::of(&number.to_be_bytes()),
        actor: "a test".to_owned(),
        correlation_id: None,
        causation_id: None,
    }
}

/// The time when the stories begin: 2027-01-15T08:00:00.000Z.
const BEGINNING_MS: i64 = 1_800_000_000_000;

/// Places an order and records the accepted ones of `commands`. Returns each commit with the order after it.
pub(crate) async fn tell(
    store: &InMemoryEventStore,
    order: &str,
    customer: &str,
    commands: &[Command],
) -> Vec<(OrderCommit, Order)> {
    tell_from(store, order, &place(customer), commands).await
}

/// Does the same with `first` as the placing command.
pub(crate) async fn tell_from(
    store: &InMemoryEventStore,
    order: &str,
    first: &Command,
    commands: &[Command],
) -> Vec<(OrderCommit, Order)> {
    let mut told = Vec::new();
    for (number, command) in std::iter::once(first).chain(commands).enumerate() {
        let loaded = EventStore::<Orders>::load(store, order, UpTo::Head).await.unwrap();
        let Ok(Decision::Record(events)) = decide(&loaded.state, command.clone()) else { continue };
        let now = Timestamp::from_epoch_ms(BEGINNING_MS + i64::try_from(number).unwrap() * 1000).unwrap();
        let new = loaded.next(&request(order, number), events, now);
        store.append(&new).await.unwrap();
        told.push((new.commit, new.state));
    }
    told
}

/// Returns the commits of an order that is placed and paid in so many parts: `payments` + 1 versions.
pub(crate) async fn paid_in_parts(store: &InMemoryEventStore, order: &str, payments: u32) -> Vec<OrderCommit> {
    let commands: Vec<_> = (1..=payments).map(|id| pay(id, 1)).collect();
    tell(store, order, "c-1", &commands).await.into_iter().map(|(commit, _)| commit).collect()
}

/// Returns the row of an order's commits, from the first on.
#[track_caller]
pub(crate) fn row_of(commits: &[OrderCommit]) -> OrderSummaryRow {
    let folded = commits
        .iter()
        .zip(0..)
        .try_fold(None, |row, (commit, version)| projection::fold::<OrderSummaryByCustomer>(row, version, commit));
    folded.unwrap().unwrap()
}

/// Returns a commit as a record of the stream.
pub(crate) fn entry(commit: &OrderCommit) -> Delivered<Event> {
    Delivered { id: format!("{}@{}", commit.aggregate_id, commit.version), record: Ok(commit.clone()) }
}

pub(crate) fn entries<'a>(commits: impl IntoIterator<Item = &'a OrderCommit>) -> Vec<Delivered<Event>> {
    commits.into_iter().map(entry).collect()
}

/// Writes one row.
pub(crate) async fn write<P: Projection>(
    rows: &impl RowStore<P>,
    key: &RowKey,
    version: u64,
    row: &P::Row,
) -> Result<Write, RowError> {
    let row = NewRow { key: key.clone(), version, position: version, row: row.clone() };
    rows.write(&[row], None).await.pop().unwrap()
}

/// Starts an embedded DynamoDB with the project's tables.
pub(crate) async fn dynamo() -> EmbeddedDynamoDb {
    let server = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
    server.create_tables(&Template::of_this_project().unwrap()).unwrap();
    server
}

pub(crate) const SUMMARY_TABLE: &str = "OrderSummaryByCustomer";
pub(crate) const TOTALS_TABLE: &str = "CustomerTotals";
