//! `orders`: runs Order Ledger on one machine, generates load, and prints orders and events.
//!
//! One file or folder a subcommand.
//!
//! - `local`: the local stack in the foreground
//! - `token`: a token for any caller of a local stack
//! - `load`, `show`, `events`: clients of the HTTP API, through `api`. They sign no requests, so they work with a local API
//!   only
//! - `quote`, `quote_key`: signed quotes, and the keys that sign them
//! - `tail`: follows the local stack's event bus
//! - `replay`: republishes recorded events, in an AWS account or locally, through the clients of `aws`
//! - `rebuild`: updates the rows of the read models to the newest events, through `sweep`
//! - `verify`: compares the rows of the read models with the events, and repairs them, through `sweep`
//! - `parked`: the orders that a stream consumer could not process, and their redrive
//! - `confirm`: the question before data is changed or deleted
//! - `chaos`: histories with injected faults, over the functions in this process; poison for the local stack
//! - `cost`: the cost of a million orders on AWS, from the units that they consume in this process
//! - `progress`: the progress bar
//! - `running`: the addresses of a running local stack, which `local` writes and the other commands read
//! - `stop`: Ctrl-C and SIGTERM
//! - `state_file`: the progress of a command, from which the next run continues
//! - `text`: events, amounts, tables and durations as text

mod api;
mod aws;
mod chaos;
mod confirm;
mod cost;
mod events;
mod load;
mod local;
mod parked;
mod progress;
mod quote;
mod quote_key;
mod rebuild;
mod replay;
mod running;
mod show;
mod state_file;
mod stop;
mod sweep;
mod tail;
mod text;
mod token;
mod verify;

use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use mimalloc::MiMalloc;

/// The local stack allocates often, in the AWS SDK and in the embedded database. This allocator takes less of its time than
/// the system's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The exit codes of every command.
const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    failed, as a whole or in part
  2    wrong arguments
  3    verify: there are differences; chaos: a history failed
  4    verify: there are no differences, but some orders are not projected yet
  130  stopped by Ctrl-C or SIGTERM before the end";

/// The exit code of a command that a signal has stopped; a shell reports the same code for Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Order Ledger from the command line.
#[derive(Parser)]
#[command(name = "orders", version, about, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole service on this machine (Linux or macOS): DynamoDB, the HTTP API and the functions
    Local(local::Arguments),
    /// Print a token for a caller of a local stack that runs with --auth jwt
    Token(token::Arguments),
    /// Send realistic orders to the API, and report latencies and errors
    Load(load::Arguments),
    /// Print an order
    Show(show::Arguments),
    /// Print an order's history
    Events(events::Arguments),
    /// Print a signed quote, from which a customer can place an order
    Quote(quote::Arguments),
    /// Print the public keys of key files in the form that the parameter `QuoteKeys` takes; with --new, create the key pair
    /// first
    QuoteKey(quote_key::Arguments),
    /// Follow the events on the local stack's bus as they are published
    Tail(tail::Arguments),
    /// Republish recorded events, marked as a replay, for consumers that were added later
    Replay(replay::Arguments),
    /// Update every row of the read models to the newest events, in an AWS account or locally
    Rebuild(rebuild::Arguments),
    /// Compare every row of the read models with the events, and repair the rows on request; exits with 3 if rows differ,
    /// with 4 if rows are only late
    Verify(verify::Arguments),
    /// List, show and redrive parked orders: orders with a commit that a consumer cannot process
    Parked(parked::Arguments),
    /// Run histories with injected faults over the functions in this process; exits with 3 if an invariant is violated.
    /// `chaos poison` damages one order of the local stack instead
    Chaos(chaos::Arguments),
    /// Print the cost of a million orders on AWS: units counted in this process, times a dated list of prices
    Cost(cost::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let is_local = is_local(&matches);
    let command = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()).command;
    match run(command).await {
        Ok(code) => code,
        Err(error) => {
            if let Some(usage) = error.downcast_ref::<clap::Error>() {
                usage.exit();
            }
            let message = format!("{error:#}");
            text::complain(&message);
            // The local stack has no permissions and accepts any credentials.
            let remedy = aws::remedy(&message).filter(|_| !is_local);
            remedy.iter().for_each(|remedy| text::note(remedy));
            if error.is::<stop::Interrupted>() { INTERRUPTED.into() } else { ExitCode::FAILURE }
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let done = match command {
        Command::Local(arguments) => local::run(arguments).await,
        Command::Token(arguments) => token::run(arguments),
        Command::Load(arguments) => load::run(arguments).await,
        Command::Show(arguments) => show::run(&arguments).await,
        Command::Events(arguments) => events::run(&arguments).await,
        Command::Quote(arguments) => quote::run(&arguments),
        Command::QuoteKey(arguments) => quote_key::run(&arguments),
        Command::Tail(arguments) => tail::run(&arguments).await,
        Command::Replay(arguments) => replay::run(arguments).await,
        Command::Rebuild(arguments) => rebuild::run(arguments).await,
        Command::Parked(arguments) => parked::run(arguments).await,
        Command::Cost(arguments) => cost::run(arguments).await,
        Command::Chaos(arguments) => return chaos::run(arguments).await,
        Command::Verify(arguments) => return verify::run(arguments).await,
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// Returns true if a command works on the local stack.
fn is_local(matches: &ArgMatches) -> bool {
    let local = matches.try_get_one::<bool>("local").ok().flatten();
    local.copied().unwrap_or(false) || matches.subcommand().is_some_and(|(_, matches)| is_local(matches))
}
