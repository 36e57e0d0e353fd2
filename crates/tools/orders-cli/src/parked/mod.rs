//! `orders parked`: lists parked orders with the reasons, and redrives them after the cause is repaired.
//!
//! - `notes`: the table of parked orders, and its notes
//! - `list`, `show`, `redrive`: one file a subcommand
//! - `waiting`: the waiting commits, as far as this release can read them

mod list;
mod notes;
mod redrive;
mod show;
mod waiting;

use clap::{Args, Subcommand};

/// The arguments of `orders parked`.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List parked orders, and records of the stream that name no order
    List(list::Arguments),
    /// Print the reason why an order is parked, and its waiting commits
    Show(show::Arguments),
    /// Process the waiting commits in sequence, and remove the order from the parked orders; exits with 1 if a commit still
    /// cannot be processed
    Redrive(redrive::Arguments),
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::List(arguments) => list::run(&arguments).await,
        Command::Show(arguments) => show::run(&arguments).await,
        Command::Redrive(arguments) => redrive::run(&arguments).await,
    }
}
