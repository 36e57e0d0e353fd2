//! A client as real ones are: it sends a command again, with the same key, until it has an answer that is one.

use std::time::Duration;

use event_store::EventStore;
use fastrand::Rng;
use order_store::Orders;
use serde_json::Value;

use crate::clock::{self, Jumps};
use crate::command::Command;
use crate::kill::Kills;
use command_handler::CommandHandler;

/// How often a client sends a command before it gives up.
const ATTEMPTS: u32 = 8;

/// What a client was told in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// 201 or 200: it is done.
    Accepted {
        /// The status code.
        status: u16,
        /// The reply.
        body: Value,
        /// Whether it said that this is the reply to an earlier attempt.
        replayed: bool,
    },
    /// It will not be done.
    Refused {
        /// The status code.
        status: u16,
        /// The problem's code.
        code: String,
    },
    /// Nothing that is an answer: it may have been done.
    Nothing,
}

/// A command, and what its client was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The command.
    pub command: Command,
    /// The answer.
    pub told: Told,
}

/// What clients did to the functions and the clocks, beside the network's faults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mischief {
    /// Functions that were killed between two awaits.
    pub kills: u64,
    /// Commands that were sent again after an answer that was none.
    pub retries: u64,
    /// Commands that were sent again although they had been answered.
    pub duplicates: u64,
    /// What the clocks did.
    pub clock: Jumps,
}

/// A client with its own dice.
pub(crate) struct Client<S> {
    pub(crate) handler: CommandHandler<S>,
    pub(crate) name: String,
    pub(crate) random: Rng,
    pub(crate) kills: Kills,
    pub(crate) mischief: Mischief,
    pub(crate) exchanges: Vec<Exchange>,
}

impl<S: EventStore<Orders>> Client<S> {
    /// Sends the commands, one after another, and some of them twice.
    pub(crate) async fn work(mut self, commands: Vec<Command>) -> (Vec<Exchange>, Mischief) {
        for command in commands {
            self.pause(0..=200).await;
            self.send(command).await;
            if self.random.u8(0..10) == 0
                && let Some(earlier) = self.random.choice(&self.exchanges)
            {
                let again = earlier.command.clone();
                self.mischief.duplicates += 1;
                self.send(again).await;
            }
        }
        (self.exchanges, self.mischief)
    }

    async fn send(&mut self, command: Command) {
        let mut told = Told::Nothing;
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                self.mischief.retries += 1;
                self.pause(50..=400).await;
            }
            clock::disturb(&mut self.random, &mut self.mischief.clock);
            if let Some(answer) = self.attempt(&command).await {
                told = answer;
                break;
            }
        }
        self.exchanges.push(Exchange { command, told });
    }

    /// One invocation; nothing where it was killed, or answered that it should be tried again.
    async fn attempt(&mut self, command: &Command) -> Option<Told> {
        let request_id = format!("{}-{}", self.name, self.random.u64(..));
        let request = command.request(&request_id).ok()?;
        let invocation = self.handler.handle(request);
        let Some(response) = self.kills.spare(&mut self.random, invocation).await else {
            self.mischief.kills += 1;
            return None;
        };
        let Ok(response) = response;
        let status = response.status().as_u16();
        let replayed = response.headers().contains_key("idempotent-replayed");
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let code = body["code"].as_str().unwrap_or_default().to_owned();
        match status {
            200 | 201 => Some(Told::Accepted { status, body, replayed }),
            409 if code == "conflict" => None,
            400..=499 => Some(Told::Refused { status, code }),
            _ => None,
        }
    }

    async fn pause(&mut self, milliseconds: std::ops::RangeInclusive<u64>) {
        tokio::time::sleep(Duration::from_millis(self.random.u64(milliseconds))).await;
    }
}
