//! A history: several clients, their commands, and everything that goes wrong, all of it from one seed.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use command_handler::CommandHandler;
use command_handler::order_id::new_order_id;
use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb, EmbeddedError};
use event_store::{DynamoEventStore, EventStore, StoreError};
use fastrand::Rng;
use http_api::AuthMode;
use order_store::{OrderCommit, Orders};
use projector::Projector;
use read_model::DynamoRows;
use sam_template::{Template, TemplateError};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::client::{Client, Exchange, Mischief};
use crate::clock;
use crate::command::Command;
use crate::delivery::{Delivery, Seen, StreamMischief};
use crate::fault::{Fired, Rates};
use crate::kill::Kills;
use crate::network::Network;

const TABLE: &str = "OrderEvents";
const ROWS: &str = "OrderSummaryByCustomer";
/// The caller whom the functions see where nobody is authenticated.
const CALLER: &str = "anonymous";

/// What a seed makes of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Clients at work at once, 1 to 8.
    pub clients: u8,
    /// Orders they meet on, 1 to 4.
    pub orders: u8,
    /// Commands in all, 5 to 60.
    pub commands: u8,
    /// Faults on the network: 5 to 30 percent of all requests.
    pub rates: Rates,
    /// Functions that are killed, in percent of invocations: 0 to 10.
    pub kills_percent: u8,
}

impl Shape {
    fn drawn(random: &mut Rng) -> Self {
        let faults = random.u8(5..=30);
        let before_percent = random.u8(0..=faults);
        Self {
            clients: random.u8(1..=8),
            orders: random.u8(1..=4),
            commands: random.u8(5..=60),
            rates: Rates { before_percent, after_percent: faults - before_percent },
            kills_percent: random.u8(0..=10),
        }
    }
}

/// What happened, and what is recorded of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// What the seed made of it.
    pub shape: Shape,
    /// What each client sent and was told, client by client.
    pub exchanges: Vec<Exchange>,
    /// Every order that clients asked for, with its commits as they are stored.
    pub recorded: Vec<(String, Vec<OrderCommit>)>,
    /// What struck on the network.
    pub fired: Fired,
    /// What struck elsewhere.
    pub mischief: Mischief,
    /// Every state of a row that was seen, in the order in which it was seen; the last ones after lost records are healed.
    pub seen: Vec<Seen>,
    /// What was done to the stream.
    pub stream: StreamMischief,
}

/// Why a history could not be told. None of it is the fault of what is under test.
#[derive(Debug, thiserror::Error)]
pub enum Untold {
    /// The embedded database does not start.
    #[error(transparent)]
    Database(#[from] EmbeddedError),
    /// The template cannot be read.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// What is recorded cannot be read back.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no runtime to be had.
    #[error(transparent)]
    Runtime(#[from] std::io::Error),
}

/// Tells the history of a seed, over stores that `under_test` makes of the real one. Same seed, same history.
///
/// # Errors
/// When the surroundings fail.
pub fn tell<S, F>(seed: u64, under_test: F) -> Result<History, Untold>
where
    S: EventStore<Orders> + Clone + 'static,
    F: Fn(DynamoEventStore) -> S,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(told(seed, under_test))
}

async fn told<S, F>(seed: u64, under_test: F) -> Result<History, Untold>
where
    S: EventStore<Orders> + Clone + 'static,
    F: Fn(DynamoEventStore) -> S,
{
    // The SDK and the event store draw their pauses from the thread's own dice.
    fastrand::seed(seed);
    clock::reset();
    let mut random = Rng::with_seed(seed);
    let shape = Shape::drawn(&mut random);
    let dynamo = EmbeddedDynamoDb::in_memory(ANY_PORT).await?;
    dynamo.create_tables(&Template::of_this_project()?)?;
    let network = Network::new(dynamo.database().clone(), random.u64(..), shape.rates);
    let client = network.client(as_the_functions_have_it(dynamo.config()));
    let (ended, over) = watch::channel(false);
    let calm = Network::new(dynamo.database().clone(), 0, Rates::default()).client(dynamo.config());
    let delivery = Delivery {
        database: dynamo.database().clone(),
        projector: projector(&client),
        rows: DynamoRows::new(calm.clone(), ROWS),
        random: random.fork(),
        kills: Kills { percent: shape.kills_percent, latest_ms: 200 },
        keys: BTreeMap::new(),
        mischief: StreamMischief::default(),
        seen: Vec::new(),
    };
    let delivery = tokio::spawn(delivery.run(over));
    let store = under_test(DynamoEventStore::new(client, TABLE));

    let orders: Vec<String> = (0..shape.orders).map(|order| new_order_id(CALLER, Some(&first_key(order)))).collect();
    let mut clients = JoinSet::new();
    let mut numbers = 0..shape.commands;
    for number in 0..shape.clients {
        let share = shape.commands.div_ceil(shape.clients);
        let commands = numbers.by_ref().take(share.into());
        let commands = commands.map(|number| command(number, &orders, &mut random)).collect();
        let client = Client {
            handler: CommandHandler::new(store.clone(), AuthMode::None, clock::now),
            name: format!("client-{number}"),
            random: random.fork(),
            kills: Kills { percent: shape.kills_percent, latest_ms: 120 },
            mischief: Mischief::default(),
            exchanges: Vec::new(),
        };
        clients.spawn(client.work(commands));
    }
    let mut exchanges = Vec::new();
    let mut mischief = Mischief::default();
    while let Some(ended) = clients.join_next().await {
        let (theirs, done) = ended.map_err(std::io::Error::other)?;
        exchanges.extend(theirs);
        mischief.kills += done.kills;
        mischief.retries += done.retries;
        mischief.duplicates += done.duplicates;
        mischief.clock.jumps += done.clock.jumps;
        mischief.clock.stops += done.clock.stops;
    }
    ended.send_replace(true);
    let delivery = delivery.await.map_err(std::io::Error::other)?.heal(projector(&calm)).await;
    let recorded = recorded(calm, orders).await?;
    let (seen, stream) = (delivery.seen, delivery.mischief);
    Ok(History { shape, exchanges, recorded, fired: network.fired(), mischief, seen, stream })
}

fn projector(client: &aws_sdk_dynamodb::Client) -> Projector<DynamoEventStore, DynamoRows> {
    let store = DynamoEventStore::new(client.clone(), TABLE);
    Projector::new(store, DynamoRows::new(client.clone(), ROWS))
}

/// Reads what is stored.
async fn recorded(
    calm: aws_sdk_dynamodb::Client,
    orders: Vec<String>,
) -> Result<Vec<(String, Vec<OrderCommit>)>, StoreError> {
    let store = DynamoEventStore::new(calm, TABLE);
    let mut recorded = Vec::new();
    for order in orders {
        let commits = EventStore::<Orders>::commits(&store, &order, 0, None).await?;
        recorded.push((order, commits));
    }
    Ok(recorded)
}

/// The `number`th command: the first ones place orders; some of those are sent by several clients at once, and some with a
/// key that another body has.
fn command(number: u8, orders: &[String], random: &mut Rng) -> Command {
    let index = random.usize(0..orders.len());
    let order = orders.get(usize::from(number)).map_or(index, |_| usize::from(number));
    let is_first = usize::from(number) < orders.len();
    if is_first || random.u8(0..12) == 0 {
        let quantity = if is_first || random.u8(0..3) > 0 { 3 } else { 4 };
        let place = u8::try_from(order).unwrap_or_default();
        return Command::place(orders[order].clone(), first_key(place), quantity);
    }
    Command::random(&orders[index], format!("command-{number}"), random)
}

fn first_key(order: u8) -> String {
    format!("order-{order}")
}

/// Time-outs and retries as `function_setup::clients` sets them.
fn as_the_functions_have_it(config: aws_sdk_dynamodb::config::Builder) -> aws_sdk_dynamodb::config::Builder {
    use function_setup::clients::{ATTEMPT_TIMEOUT, MAX_ATTEMPTS, OPERATION_TIMEOUT};
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_secs(1));
    config.timeout_config(timeouts).retry_config(retries)
}
