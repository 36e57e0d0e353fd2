//! Orders that are created like real ones: commands that are decided and recorded.

use event_store::{Delivered, EventStore, Fingerprint, InMemoryEventStore, Request, Timestamp, UpTo};
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

/// Returns a command that places two lines with a total of 25.
pub fn place(customer: &str) -> Command {
    place_in(customer, "EUR")
}

/// Returns the same command with another currency.
pub fn place_in(customer: &str, currency: &str) -> Command {
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

/// Returns a command that records a payment.
pub fn pay(id: u32, amount: u64) -> Command {
    let payment_id = PaymentId::parse(&format!("p{id}")).unwrap();
    Command::RecordPayment(RecordPayment { payment_id, amount: Amount::new(amount).unwrap(), method: None })
}

/// Returns a command that corrects the amount of a payment.
pub fn correct(id: u32, amount: u64) -> Command {
    let (payment_id, reason) = (PaymentId::parse(&format!("p{id}")).unwrap(), Text::parse("a typo").unwrap());
    let correction_id = CorrectionId::parse(&format!("c{id}-{amount}")).unwrap();
    let amount = Amount::new(amount).unwrap();
    Command::CorrectPayment(CorrectPayment { correction_id, payment_id, amount, reason, reason_code: None })
}

/// Returns a command that refunds a part of a payment.
pub fn refund(id: u32, payment: u32, amount: u64) -> Command {
    let refund_id = RefundId::parse(&format!("r{id}")).unwrap();
    let payment_id = PaymentId::parse(&format!("p{payment}")).unwrap();
    let amount = Amount::new(amount).unwrap();
    let (reduction, reason, reason_code) = (None, None, None);
    Command::RefundPayment(RefundPayment { refund_id, payment_id, amount, reduction, reason, reason_code })
}

fn some_of(sku: u32, quantity: u32) -> Vec<ItemQuantity> {
    vec![ItemQuantity { sku: Sku::parse(&format!("sku-{sku}")).unwrap(), quantity: Quantity::new(quantity).unwrap() }]
}

/// Returns a command that ships a quantity of one line.
pub fn ship(id: u32, sku: u32, quantity: u32) -> Command {
    let shipment_id = ShipmentId::parse(&format!("s{id}")).unwrap();
    Command::ShipItems(ShipItems { shipment_id, items: some_of(sku, quantity), carrier: None, tracking_number: None })
}

/// Returns a command that records the delivery of a shipment.
pub fn deliver(id: u32) -> Command {
    Command::RecordDelivery(RecordDelivery { shipment_id: ShipmentId::parse(&format!("s{id}")).unwrap() })
}

/// Returns a command that returns a quantity of one line.
pub fn take_back(id: u32, sku: u32, quantity: u32) -> Command {
    let return_id = ReturnId::parse(&format!("b{id}")).unwrap();
    Command::ReturnItems(ReturnItems { return_id, items: some_of(sku, quantity), reason: None, reason_code: None })
}

/// Returns a command that cancels an order.
pub fn cancel() -> Command {
    Command::CancelOrder(CancelOrder { reason: Text::parse("changed my mind").unwrap(), reason_code: None })
}

/// Returns a command that cancels a quantity of one line.
pub fn cancel_items(id: u32, sku: u32, quantity: u32) -> Command {
    Command::CancelItems(CancelItems {
        cancellation_id: CancellationId::parse(&format!("x{id}")).unwrap(),
        items: some_of(sku, quantity),
        reduction: None,
        reason: Text::parse("sold out").unwrap(),
        reason_code: None,
    })
}

/// Returns the request with a number, by the order's id.
pub fn request(order: &str, number: usize) -> Request {
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
pub async fn record(
    store: &InMemoryEventStore,
    order: &str,
    customer: &str,
    commands: &[Command],
) -> Vec<(OrderCommit, Order)> {
    record_from(store, order, &place(customer), commands).await
}

/// Records `first`, which places the order, and the accepted ones of `commands`.
pub async fn record_from(
    store: &InMemoryEventStore,
    order: &str,
    first: &Command,
    commands: &[Command],
) -> Vec<(OrderCommit, Order)> {
    let mut recorded = Vec::new();
    for (number, command) in std::iter::once(first).chain(commands).enumerate() {
        let loaded = EventStore::<Orders>::load(store, order, UpTo::Head).await.unwrap();
        let Ok(Decision::Record(events)) = decide(&loaded.state, command.clone()) else { continue };
        let now = Timestamp::from_epoch_ms(BEGINNING_MS + i64::try_from(number).unwrap() * 1000).unwrap();
        let new = loaded.next(&request(order, number), events, now);
        store.append(&new).await.unwrap();
        recorded.push((new.commit, new.state));
    }
    recorded
}

/// Returns the commits of an order that is placed and paid in so many parts: `payments` + 1 versions.
pub async fn paid_in_parts(store: &InMemoryEventStore, order: &str, payments: u32) -> Vec<OrderCommit> {
    let commands: Vec<_> = (1..=payments).map(|id| pay(id, 1)).collect();
    record(store, order, "c-1", &commands).await.into_iter().map(|(commit, _)| commit).collect()
}

/// Returns a commit as a record of the stream.
pub fn entry(commit: &OrderCommit) -> Delivered<Event> {
    Delivered { id: format!("{}@{}", commit.aggregate_id, commit.version), record: Ok(commit.clone()) }
}

/// Returns commits as records of the stream.
pub fn entries<'a>(commits: impl IntoIterator<Item = &'a OrderCommit>) -> Vec<Delivered<Event>> {
    commits.into_iter().map(entry).collect()
}
