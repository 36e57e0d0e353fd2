//! The small aggregate of the test suite: an account with a balance.

use event_store::{
    Aggregate, CodecError, Decided, EncodedEvent, EventPosition, EventStore, Execution, Failure, Fingerprint,
    Invocation, Request, Rules, Tags, Timestamp, execute,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) balance: i64,
    pub(crate) entries: u64,
    pub(crate) last_deposit_at: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Booked {
    pub(crate) cents: i64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) note: String,
}

pub(crate) fn booked(cents: i64) -> Booked {
    Booked { cents, note: String::new() }
}

/// An account with a given schema number of its state.
pub(crate) struct LedgerOfSchema<const SCHEMA: u32>;
pub(crate) type Ledger = LedgerOfSchema<1>;
/// The same account in a later release. The meaning of its fold has changed, and it knows events that this release does
/// not.
pub(crate) type LaterLedger = LedgerOfSchema<2>;

impl<const SCHEMA: u32> Aggregate for LedgerOfSchema<SCHEMA> {
    type State = Account;
    type Event = Booked;
    const STATE_SCHEMA: u32 = SCHEMA;
    const TAGS: &'static [&'static str] = &["openedAt", "openingBalance"];

    fn evolve(account: Account, event: &Booked, at: EventPosition) -> Account {
        let last_deposit_at = if event.cents > 0 { at.version } else { account.last_deposit_at };
        Account { balance: account.balance + event.cents, entries: account.entries + 1, last_deposit_at }
    }

    fn tags(first: &Account, recorded_at: Timestamp) -> Tags {
        Tags::from([
            ("openedAt".to_owned(), recorded_at.to_string()),
            ("openingBalance".to_owned(), first.balance.to_string()),
        ])
    }

    fn encode(event: &Booked) -> Result<EncodedEvent, CodecError> {
        let schema_version = if event.note == "new" { SCHEMA } else { 1 };
        Ok(EncodedEvent { event_type: "Booked".to_owned(), schema_version, data: serde_json::to_value(event)? })
    }

    fn decode(event: EncodedEvent) -> Result<Booked, CodecError> {
        if event.event_type != "Booked" || !(1..=SCHEMA).contains(&event.schema_version) {
            return Err(format!("{} of version {} is unknown", event.event_type, event.schema_version).into());
        }
        Ok(serde_json::from_value(event.data)?)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    Overdrawn { balance: i64 },
    NotYours,
}

/// Books an amount. Rejects an amount above the balance, and every caller except the owner.
#[derive(Debug, Clone)]
pub(crate) struct Book {
    pub(crate) event: Booked,
    pub(crate) by_owner: bool,
    pub(crate) once: bool,
}

pub(crate) fn book(cents: i64) -> Book {
    Book { event: booked(cents), by_owner: true, once: false }
}

impl<const SCHEMA: u32> Rules<LedgerOfSchema<SCHEMA>> for Book {
    type Refusal = Refusal;

    fn authorize(&self, _account: &Account) -> Result<(), Refusal> {
        if self.by_owner { Ok(()) } else { Err(Refusal::NotYours) }
    }

    fn decide(&self, account: &Account) -> Result<Decided<Booked>, Refusal> {
        if self.once && account.last_deposit_at > 0 {
            return Ok(Decided::AlreadyAt(account.last_deposit_at));
        }
        if account.balance + self.event.cents < 0 {
            return Err(Refusal::Overdrawn { balance: account.balance });
        }
        Ok(Decided::Append(vec![self.event.clone()]))
    }
}

pub(crate) fn request(request_id: &str, content: &str) -> Request {
    Request {
        request_id: request_id.to_owned(),
        fingerprint: Fingerprint::of(content.as_bytes()),
        actor: "teller".to_owned(),
        correlation_id: None,
        causation_id: None,
    }
}

pub(crate) fn at(epoch_ms: i64) -> Timestamp {
    Timestamp::from_epoch_ms(epoch_ms).unwrap()
}

/// Runs one command on an account that is loaded first.
pub(crate) async fn run(
    store: &impl EventStore<Ledger>,
    account: &str,
    request_id: &str,
    command: &Book,
) -> Result<Execution<Ledger>, Failure<Refusal>> {
    run_with(store, account, request_id, command, |_| {}).await
}

/// Runs one command with a changed invocation.
pub(crate) async fn run_with(
    store: &impl EventStore<Ledger>,
    account: &str,
    request_id: &str,
    command: &Book,
    change: impl FnOnce(&mut Invocation<'_>),
) -> Result<Execution<Ledger>, Failure<Refusal>> {
    let request = request(request_id, &format!("{:?}", command.event));
    let mut invocation = Invocation {
        aggregate_id: account,
        creates: false,
        request: &request,
        expected_versions: None,
        clock: || at(1_000),
    };
    change(&mut invocation);
    execute::<Ledger, _, _>(store, invocation, command).await
}

/// Appends so many entries of one cent each, without reading in between.
pub(crate) async fn fill(store: &impl EventStore<Ledger>, account: &str, versions: std::ops::RangeInclusive<u64>) {
    for version in versions {
        run(store, account, &format!("fill-{version}"), &book(1)).await.unwrap();
    }
}
