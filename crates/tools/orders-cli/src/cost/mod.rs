//! `orders cost`: the cost of a million orders on AWS. It counts the units that orders consume, and multiplies them by a
//! dated list of prices.
//!
//! - `workload`: the commands and reads that are sent
//! - `bench`, `metered`: a local stack that counts units, and delivers batches of any size
//! - `measure`: the counts, in three shapes of traffic; start here
//! - `prices`, `us-east-1.json`: the price of each unit, and its source
//! - `tariff`, `bill`: units, assumptions about them, and their cost
//! - `report`: the report, as text and as JSON

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

/// The number of orders, and the assumptions about units that a laptop cannot count.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The number of orders to count; it also decides how full batches are
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(8..=10_000))]
    orders: u64,
    /// A file of prices to use instead of the built-in prices, in the same form
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
