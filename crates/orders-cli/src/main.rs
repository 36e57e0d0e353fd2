//! `orders`: runs Order Ledger on one machine, puts load on it, and prints what it holds.
//!
//! One file a subcommand. All but `local` are clients of the HTTP API. They sign nothing, so they work against a local one.
//!
//! - `local`: the local stack in the foreground
//! - `load`: real-looking orders at a chosen rate, and a report
//! - `show`, `events`: one order, and its history
//! - `api`: the HTTP client they share
//! - `text`: amounts, tables and durations for people

mod api;
mod events;
mod load;
mod local;
mod show;
mod text;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Order Ledger from the command line.
#[derive(Parser)]
#[command(name = "orders", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything on this machine (Linux or macOS): DynamoDB, the HTTP API and the functions
    Local(local::Arguments),
    /// Send real-looking orders to the API, and report on how it fared
    Load(load::Arguments),
    /// Print an order
    Show(show::Arguments),
    /// Print an order's history
    Events(events::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Local(arguments) => local::run(arguments).await,
        Command::Load(arguments) => load::run(arguments).await,
        Command::Show(arguments) => show::run(&arguments).await,
        Command::Events(arguments) => events::run(&arguments).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            text::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
