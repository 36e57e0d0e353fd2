//! The traffic of a history: the commands that its seed makes, and the clients that send them.

use fastrand::Rng;
use tokio::task::{JoinError, JoinHandle};

use crate::campaign::harness::Harness;
use crate::faults::fault::{Fault, Faults};
use crate::workload::client::Client;
use crate::workload::command::{Command, Exchange};
use crate::workload::draft::Drafts;
use crate::workload::plan::Plan;
use crate::workload::query::Inquiry;

/// Commands that are sent again a day later.
const LATE_RETRIES: usize = 3;
/// Commands that are sent again a day later under another key.
const LATE_REPEATS: usize = 2;
/// Quotes that are sent again a day later, under any key.
const LATE_QUOTES: usize = 3;

/// Commands and queries with their answers, client by client.
pub(super) type Traffic = (Vec<Exchange>, Vec<Inquiry>);

/// The clients at work, by number.
pub(super) struct Clients(Vec<JoinHandle<Traffic>>);

impl Clients {
    /// Starts the clients. Those commands are sent that the plan does not leave out.
    pub(super) fn start(
        plan: &Plan,
        harness: &Harness<'_>,
        client: &Client,
        commands: &[(u8, Command)],
        random: &mut Rng,
    ) -> Self {
        let is_sent = |number: u8| plan.commands.as_ref().is_none_or(|numbers| numbers.0.contains(&number));
        let count = harness.shape.clients;
        let start = |number| {
            let own = commands.iter().filter(|(it, _)| it % count == number && is_sent(*it));
            let own = own.map(|(_, command)| command.clone()).collect();
            let client = Client { name: format!("client-{number}"), random: random.fork(), ..client.clone() };
            let reader = harness.reader(harness.network(random.u64(..), true), random);
            tokio::spawn(client.work(own, reader))
        };
        Self((0..count).map(start).collect())
    }

    /// Waits until every client has finished.
    pub(super) async fn finish(self) -> Result<Traffic, JoinError> {
        let mut all = Traffic::default();
        for client in self.0 {
            let (exchanges, inquiries) = client.await?;
            all.0.extend(exchanges);
            all.1.extend(inquiries);
        }
        Ok(all)
    }
}

/// Every command of the seed, by its number.
pub(super) fn draw_commands(harness: &Harness<'_>, drafts: &mut Drafts, random: &mut Rng) -> Vec<(u8, Command)> {
    (0..harness.shape.commands).map(|number| (number, draw_command(number, harness, drafts, random))).collect()
}

/// The first commands place orders. Several clients send some of those at once, and some with a key that another body has.
fn draw_command(number: u8, harness: &Harness<'_>, drafts: &mut Drafts, random: &mut Rng) -> Command {
    let orders = &harness.orders;
    let any = &orders[random.usize(0..orders.len())];
    let first = orders.get(usize::from(number));
    if first.is_some() || random.u8(0..12) == 0 {
        let quantity = if first.is_some() || random.u8(0..3) > 0 { 5 } else { 6 };
        return Command::place(first.unwrap_or(any), quantity, &harness.pricing);
    }
    drafts.command(any, &format!("command-{number}"), random)
}

/// Sends some of the accepted commands once more, to instances that have not seen them.
pub(super) async fn late_retries(client: &mut Client, exchanges: &[Exchange], faults: &Faults) -> Vec<Exchange> {
    let accepted = exchanges.iter().filter(|it| it.recorded().is_some());
    let mut commands: Vec<Command> = accepted.map(|it| it.command.clone()).collect();
    client.random.shuffle(&mut commands);
    let mut late = Vec::new();
    for command in commands.into_iter().take(LATE_RETRIES) {
        faults.struck(Fault::LateRetry);
        late.push(client.send(command).await);
    }
    for _ in 0..LATE_REPEATS {
        if let Some(command) = client.under_another_key(exchanges) {
            late.push(client.send(command).await);
        }
    }
    let quotes: Vec<&Exchange> = exchanges.iter().filter(|it| it.command.quote.is_some()).collect();
    for _ in 0..LATE_QUOTES {
        let Some(quote) = client.random.choice(&quotes).map(|it| it.command.clone()) else { break };
        let is_other = client.random.u8(0..4) == 0;
        let again = if is_other {
            Some(quote.with_another_body(&client.pricing))
        } else {
            quote.quoted_again(&mut client.random)
        };
        if let Some(again) = again {
            late.push(client.send(again).await);
        }
    }
    late
}
