//! The traffic of a history: the commands that its seed makes, and the clients that send them.

use fastrand::Rng;
use tokio::task::{JoinError, JoinSet};

use crate::campaign::harness::Harness;
use crate::faults::fault::{Fault, Faults};
use crate::workload::client::Client;
use crate::workload::command::Command;
use crate::workload::draft::Drafts;
use crate::workload::exchange::Exchange;
use crate::workload::inquiry::Inquiry;
use crate::workload::plan::Plan;

/// Commands that are sent again a day later.
const LATE_RETRIES: usize = 3;
/// Commands that are sent again a day later under another key.
const LATE_REPEATS: usize = 2;
/// Quotes that are sent again a day later, under any key.
const LATE_QUOTES: usize = 3;

/// Commands and queries with their answers, client by client.
pub(super) struct Traffic {
    pub(super) exchanges: Vec<Exchange>,
    pub(super) inquiries: Vec<Inquiry>,
}

/// The clients at work, each with its number.
pub(super) struct Clients(JoinSet<(u8, Traffic)>);

impl Clients {
    /// Waits until every client has finished.
    pub(super) async fn finish(mut self) -> Result<Traffic, JoinError> {
        let mut finished = Vec::new();
        while let Some(client) = self.0.join_next().await {
            finished.push(client?);
        }
        finished.sort_by_key(|(number, _)| *number);
        let mut all = Traffic { exchanges: Vec::new(), inquiries: Vec::new() };
        for (_, traffic) in finished {
            all.exchanges.extend(traffic.exchanges);
            all.inquiries.extend(traffic.inquiries);
        }
        Ok(all)
    }
}

/// Starts the clients. Those commands are sent that the plan does not leave out.
pub(super) fn start_clients(
    plan: &Plan,
    harness: &Harness<'_>,
    client: &Client,
    commands: &[(u8, Command)],
    random: &mut Rng,
) -> Clients {
    let is_sent = |number: u8| plan.commands.as_ref().is_none_or(|numbers| numbers.0.contains(&number));
    let count = harness.shape.clients;
    let mut clients = JoinSet::new();
    for number in 0..count {
        let own = commands.iter().filter(|(it, _)| it % count == number && is_sent(*it));
        let own = own.map(|(_, command)| command.clone()).collect();
        let client = Client { name: format!("client-{number}"), random: random.fork(), ..client.clone() };
        let reader = harness.reader(harness.network(random.u64(..), true), random);
        clients.spawn(async move {
            let (exchanges, inquiries) = client.work(own, reader).await;
            (number, Traffic { exchanges, inquiries })
        });
    }
    Clients(clients)
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
