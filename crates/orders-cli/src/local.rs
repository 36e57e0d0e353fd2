//! `orders local`: the local stack in the foreground, until Ctrl-C; a second Ctrl-C does not wait for requests under way.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use command_handler::order_id::new_order_id;
use local_stack::{DataLocation, LocalStack, Options};
use sam_template::Template;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::text::{bold, dim, print};

/// Where things listen and are kept.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The HTTP API's port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// DynamoDB's port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8000, value_name = "PORT")]
    dynamodb_port: u16,
    /// The folder that keeps the data
    #[arg(long, default_value = ".order-ledger", value_name = "FOLDER")]
    data: PathBuf,
    /// Keep nothing: the data goes when the stack stops
    #[arg(long, conflicts_with = "data")]
    in_memory: bool,
    /// What the functions and the stack write to standard error: error, warn, info, debug, or a tracing filter
    #[arg(long, default_value = "warn", value_name = "LEVEL")]
    log: String,
}

/// The caller that the API sees where nobody is authenticated, and the key of the tour's first order: together they give its id.
const CALLER: &str = "anonymous";
const FIRST_ORDER: &str = "first-order";

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    // The embedded database warns of every 400 it answers, and a condition that fails is the command handler's daily bread.
    let filter: EnvFilter = format!("dynoxide=error,{}", arguments.log).parse().context("--log")?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let data = if arguments.in_memory { DataLocation::InMemory } else { DataLocation::Folder(arguments.data) };
    let kept = match &data {
        DataLocation::InMemory => "in memory, gone when this stops".to_owned(),
        DataLocation::Folder(folder) => folder.display().to_string(),
    };
    // Before the stack starts, so that no signal finds nobody listening.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let options = Options {
        data,
        http: loopback(arguments.port),
        dynamodb: loopback(arguments.dynamodb_port),
        template: Template::of_this_project()?,
    };
    let stack = LocalStack::start_in_process(options).await?;
    print(&welcome(&stack.api_url(), &stack.dynamodb_endpoint(), &kept));

    let mut told_to_stop = async || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    told_to_stop().await;
    tokio::select! {
        () = stack.stop() => {}
        () = told_to_stop() => anyhow::bail!("told to stop a second time: what was under way is cut off"),
    }
    print(&format!("Stopped. Data: {kept}."));
    Ok(())
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn welcome(api: &str, dynamodb: &str, data: &str) -> String {
    let order = new_order_id(CALLER, Some(FIRST_ORDER));
    let body = r#"{"customerId":"alice","currency":"EUR","items":[{"sku":"TEA-500","name":"Assam tea","quantity":3,"unitPrice":999}]}"#;
    format!(
        "{title}\n\n  HTTP API   {api}\n  DynamoDB   {dynamodb}\n  data       {data}\n\n{try_it}\n\n\
         curl -i {api}/orders -H 'Idempotency-Key: {FIRST_ORDER}' -H 'Content-Type: application/json' -d '{body}'\n\
         curl '{api}/orders/{order}?minVersion=1'\n\
         curl {api}/customers/alice/orders\n\n{stop}",
        title = bold("Order Ledger is running on this machine."),
        try_it = dim("Place an order, read it, list its customer's:"),
        stop = dim("Ctrl-C stops it."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_welcome_names_what_is_served_and_three_lines_to_paste() {
        let text = welcome("http://127.0.0.1:3000", "http://127.0.0.1:8000", ".order-ledger");
        assert_eq!(text.lines().filter(|line| line.starts_with("curl ")).count(), 3);
        for part in [
            "http://127.0.0.1:3000",
            "http://127.0.0.1:8000",
            ".order-ledger",
            &new_order_id("anonymous", Some("first-order")),
        ] {
            assert!(text.contains(part), "{part}");
        }
    }
}
