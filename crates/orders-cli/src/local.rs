//! `orders local`: the local stack in the foreground, until Ctrl-C; a second Ctrl-C does not wait for requests under way.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use command_handler::order_id::new_order_id;
use local_stack::{Authentication, DataLocation, Faults, LocalStack, Options};
use sam_template::Template;
use tracing_subscriber::EnvFilter;

use crate::stop::StopSignals;
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
    /// EventBridge's port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8001, value_name = "PORT")]
    eventbridge_port: u16,
    /// The folder that keeps the data
    #[arg(long, default_value = ".order-ledger", value_name = "FOLDER")]
    data: PathBuf,
    /// Keep nothing: the data goes when the stack stops
    #[arg(long, conflicts_with = "data")]
    in_memory: bool,
    /// Entries in a hundred that the event bus refuses at random, to watch the publisher's retries; at the end it takes all
    #[arg(long, default_value_t = 0, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    fail_entries: u8,
    /// What the functions and the stack write to standard error: error, warn, info, debug, or a tracing filter
    #[arg(long, default_value = "warn", value_name = "LEVEL")]
    log: String,
}

/// The caller that the API sees where nobody is authenticated, and the key of the tour's first order: together they give its id.
const CALLER: &str = "anonymous";
const FIRST_ORDER: &str = "first-order";

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    // The embedded database warns of every 400 it answers, and a condition that fails is the command handler's daily bread.
    // Metrics are for CloudWatch.
    let filter: EnvFilter = format!("dynoxide=error,metrics=off,{}", arguments.log).parse().context("--log")?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let data = if arguments.in_memory { DataLocation::InMemory } else { DataLocation::Folder(arguments.data) };
    let kept = match &data {
        DataLocation::InMemory => "in memory, gone when this stops".to_owned(),
        DataLocation::Folder(folder) => folder.display().to_string(),
    };
    // Before the stack starts, so that no signal finds nobody listening.
    let mut signals = StopSignals::listen()?;
    let options = Options {
        data,
        http: loopback(arguments.port),
        dynamodb: loopback(arguments.dynamodb_port),
        eventbridge: loopback(arguments.eventbridge_port),
        authentication: Authentication::None,
        template: Template::of_this_project()?,
    };
    let stack = LocalStack::start_in_process(options).await?;
    stack.event_bus().set_faults(Faults {
        seed: fastrand::u64(..),
        entries_percent: arguments.fail_entries,
        ..Faults::default()
    });
    let events = stack.event_log();
    print(&welcome(&Served {
        api: &stack.api_url(),
        dynamodb: &stack.dynamodb_endpoint(),
        eventbridge: &stack.event_bus().endpoint(),
        events: events.as_deref(),
        data: &kept,
    }));

    signals.next().await;
    tokio::select! {
        () = stack.stop() => {}
        () = signals.next() => anyhow::bail!("told to stop a second time: what was under way is cut off"),
    }
    print(&format!("Stopped. Data: {kept}."));
    Ok(())
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// What the welcome names.
struct Served<'a> {
    api: &'a str,
    dynamodb: &'a str,
    eventbridge: &'a str,
    /// The file of published events, where it is kept.
    events: Option<&'a Path>,
    data: &'a str,
}

fn welcome(served: &Served<'_>) -> String {
    let Served { api, dynamodb, eventbridge, events, data } = served;
    let events = events.map_or_else(|| "gone when this stops".to_owned(), |file| file.display().to_string());
    let bus = if *eventbridge == "http://127.0.0.1:8001" { String::new() } else { format!(" --bus-url {eventbridge}") };
    let order = new_order_id(CALLER, FIRST_ORDER);
    let body = r#"{"customerId":"alice","currency":"EUR","items":[{"sku":"TEA-500","name":"Assam tea","quantity":3,"unitPrice":999}]}"#;
    format!(
        "{title}\n\n  HTTP API     {api}\n  DynamoDB     {dynamodb}\n  EventBridge  {eventbridge}\n  \
         events       {events}\n  data         {data}\n\n{try_it}\n\n\
         curl -i {api}/orders -H 'Idempotency-Key: {FIRST_ORDER}' -H 'Content-Type: application/json' -d '{body}'\n\
         curl '{api}/orders/{order}?minVersion=1'\n\
         curl {api}/customers/alice/orders\n\n{watch}\n\ncargo orders tail{bus}\n\n{stop}",
        title = bold("Order Ledger is running on this machine."),
        try_it = dim("Place an order, read it, list its customer's:"),
        watch = dim("In another terminal, watch what is published:"),
        stop = dim("Ctrl-C stops it."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served<'a>() -> Served<'a> {
        Served {
            api: "http://127.0.0.1:3000",
            dynamodb: "http://127.0.0.1:8000",
            eventbridge: "http://127.0.0.1:8001",
            events: Some(Path::new(".order-ledger/events.ndjson")),
            data: ".order-ledger",
        }
    }

    #[test]
    fn the_welcome_names_what_is_served_and_four_lines_to_paste() {
        let text = welcome(&served());
        let pasted = text.lines().filter(|line| line.starts_with("curl ") || line.starts_with("cargo "));
        assert_eq!(pasted.count(), 4);
        assert!(text.contains("\ncargo orders tail\n"));
        for part in [
            "http://127.0.0.1:3000",
            "http://127.0.0.1:8000",
            "http://127.0.0.1:8001",
            ".order-ledger/events.ndjson",
            &new_order_id("anonymous", "first-order"),
        ] {
            assert!(text.contains(part), "{part}");
        }
    }

    #[test]
    fn a_bus_on_another_port_is_named_to_the_tail() {
        let text = welcome(&Served { eventbridge: "http://127.0.0.1:9", events: None, ..served() });
        assert!(text.contains("\ncargo orders tail --bus-url http://127.0.0.1:9\n"), "{text}");
    }
}
