//! `orders cost`: what a million orders cost on AWS: what they consume is counted here, and multiplied by a dated list of
//! prices.
//!
//! - `workload`: what is sent
//! - `bench`, `metered`: a local stack that counts, and hands out batches of any size
//! - `measure`: the counts, in three shapes of traffic; start here
//! - `prices`, `us-east-1.json`: what a unit costs, and where that was read
//! - `tariff`, `bill`: units, what is assumed of them, and what they come to
//! - `report`: what is said about it

mod bench;
mod bill;
mod measure;
mod metered;
mod prices;
mod report;
mod tariff;
#[cfg(test)]
mod tests;
mod workload;

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use sam_template::Template;

use crate::text::print;
use prices::Prices;
use report::Report;
use tariff::{Assumptions, Tariff};

/// What is counted, and what cannot be counted here.
#[derive(Args)]
pub(crate) struct Arguments {
    /// How many orders are counted, and with them how full batches are
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(8..=10_000))]
    orders: u64,
    /// Other prices than those compiled in, in a file of the same form
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    #[command(flatten)]
    assumed: Assumptions,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let file = arguments.prices.map(|path| std::fs::read_to_string(&path).with_context(|| path.display().to_string()));
    let prices = Prices::read(file.transpose()?.as_deref())?;
    let tariff = Tariff::new(prices, arguments.assumed, &Template::of_this_project()?)?;
    let counted = measure::measure(arguments.orders).await?;
    let report = Report::new(&tariff, &counted)?;
    print(&if arguments.json { report.json()? } else { report.text() });
    Ok(())
}
