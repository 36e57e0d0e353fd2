//! A bank account on the event store: deposits, withdrawals, a balance, and a correction.
//! Run it with `cargo run -p event-store --example bank_ledger`.

use event_store::{
    Aggregate, CodecError, Decided, EncodedEvent, EventPosition, EventStore, Failure, Fingerprint, InMemoryEventStore,
    Invocation, Request, Rules, Tags, Timestamp, UpTo, execute,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Account {
    balance: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Entry {
    Deposited { cents: i64 },
    Withdrawn { cents: i64 },
    Corrected { by_cents: i64, reason: String },
}

/// The account's connection to the store.
struct Ledger;

impl Aggregate for Ledger {
    type State = Account;
    type Event = Entry;
    const STATE_SCHEMA: u32 = 1;
    const TAGS: &'static [&'static str] = &[];

    fn evolve(account: Account, entry: &Entry, _at: EventPosition) -> Account {
        let change = match entry {
            Entry::Deposited { cents } => *cents,
            Entry::Withdrawn { cents } => -cents,
            Entry::Corrected { by_cents, .. } => *by_cents,
        };
        Account { balance: account.balance + change }
    }

    fn tags(_first: &Account, _recorded_at: Timestamp) -> Tags {
        Tags::new()
    }

    fn encode(entry: &Entry) -> Result<EncodedEvent, CodecError> {
        Ok(EncodedEvent { event_type: "Entry".into(), schema_version: 1, data: serde_json::to_value(entry)? })
    }

    fn decode(event: EncodedEvent) -> Result<Entry, CodecError> {
        Ok(serde_json::from_value(event.data)?)
    }
}

#[derive(Debug)]
struct Overdrawn {
    balance: i64,
}

/// The one rule: a withdrawal must not exceed the balance.
impl Rules<Ledger> for Entry {
    type Refusal = Overdrawn;

    fn authorize(&self, _account: &Account) -> Result<(), Overdrawn> {
        Ok(())
    }

    fn decide(&self, account: &Account) -> Result<Decided<Entry>, Overdrawn> {
        match self {
            Entry::Withdrawn { cents } if *cents > account.balance => Err(Overdrawn { balance: account.balance }),
            Entry::Deposited { .. } | Entry::Withdrawn { .. } | Entry::Corrected { .. } => {
                Ok(Decided::Append(vec![self.clone()]))
            }
        }
    }
}

async fn enter(store: &InMemoryEventStore, request_id: &str, entry: Entry) -> Result<i64, Failure<Overdrawn>> {
    let request = Request {
        request_id: request_id.to_owned(),
        fingerprint: Fingerprint::of(format!("{entry:?}").as_bytes()),
        actor: "teller-7".to_owned(),
        correlation_id: None,
        causation_id: None,
    };
    let invocation = Invocation {
        aggregate_id: "account-1",
        creates: false,
        request: &request,
        expected_versions: None,
        clock: Timestamp::now,
    };
    Ok(execute::<Ledger, _, _>(store, invocation, &entry).await?.state.balance)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = InMemoryEventStore::default();
    assert_eq!(enter(&store, "r1", Entry::Deposited { cents: 10_000 }).await.ok(), Some(10_000));
    assert_eq!(enter(&store, "r2", Entry::Withdrawn { cents: 2_500 }).await.ok(), Some(7_500));

    // The client retries the request because the response was lost: nothing happens twice.
    assert_eq!(enter(&store, "r2", Entry::Withdrawn { cents: 2_500 }).await.ok(), Some(7_500));

    // A rule rejects the command and returns the number behind the decision.
    let refused = enter(&store, "r3", Entry::Withdrawn { cents: 9_999 }).await;
    assert!(matches!(refused, Err(Failure::Refused(Overdrawn { balance: 7_500 }))));

    // An error is never erased: a new entry corrects it.
    let reason = "the deposit was 90.00".to_owned();
    assert_eq!(enter(&store, "r4", Entry::Corrected { by_cents: -1_000, reason }).await.ok(), Some(6_500));

    // Every version can still be read.
    let then = EventStore::<Ledger>::load(&store, "account-1", UpTo::Version(1)).await?;
    assert_eq!((then.version, then.state.balance), (1, 10_000));
    Ok(())
}
