//! `orders local`: runs the local stack in the foreground until Ctrl-C. A second Ctrl-C does not wait for open requests.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use command_handler::order_id::new_order_id;
use local_stack::{Admission, Authentication, DataLocation, Faults, LocalIssuer, LocalStack, Options, is_host};
use rustix::fs::Mode;
use rustix::process::umask;
use sam_template::Template;
use signed_quotes::QuoteSigner;
use tracing_subscriber::EnvFilter;

use crate::running::{Addresses, Announcement, DATA_FOLDER};
use crate::stop::{Interrupted, StopSignals};
use crate::text::{bold, dim, note, print, program};

/// The ports, the data folder, and the behaviour of the stack.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The HTTP API's port on 127.0.0.1; 0 picks a free port
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// DynamoDB's port on 127.0.0.1; 0 picks a free port
    #[arg(long, default_value_t = 8000, value_name = "PORT")]
    dynamodb_port: u16,
    /// EventBridge's port on 127.0.0.1; 0 picks a free port
    #[arg(long, default_value_t = 8001, value_name = "PORT")]
    eventbridge_port: u16,
    /// The folder for the data and for the addresses of the running stack; used with --in-memory, too
    #[arg(long, default_value = DATA_FOLDER, value_name = "FOLDER")]
    data: PathBuf,
    /// Keep all data in memory; it is lost when the stack stops
    #[arg(long, conflicts_with = "data")]
    in_memory: bool,
    /// The authentication of callers. With jwt, the API requires tokens from `orders token`; their key is kept in the data
    /// folder, also with --in-memory
    #[arg(long, value_enum, default_value_t = Auth::None, value_name = "MODE")]
    auth: Auth,
    /// An origin whose pages can call the API, such as http://localhost:5173; can be repeated
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    cors: Vec<String>,
    /// A host besides localhost and 127.0.0.1 by which clients reach the ports, for example through a forwarded port: a name
    /// with a port, or without one for any port; can be repeated
    #[arg(long, value_name = "HOST", value_parser = host)]
    allow_host: Vec<String>,
    /// A file with the JWK Set of the keys whose quotes are accepted; without it, the demo key of `orders quote`
    #[arg(long, value_name = "FILE")]
    quote_keys: Option<PathBuf>,
    /// Percentage of entries that the event bus rejects at random, to test the publisher's retries; at the end the bus
    /// accepts all
    #[arg(long, default_value_t = 0, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    fail_entries: u8,
    /// The log level of the functions and the stack on standard error: error, warn, info, debug, or a tracing filter
    #[arg(long, default_value = "warn", value_name = "LEVEL")]
    log: String,
}

/// The authentication of callers.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Auth {
    /// No authentication: every caller has all permissions
    None,
    /// JSON Web Tokens, checked as API Gateway checks them
    Jwt,
}

/// The idempotency key of the tour's first order. Together with the caller that the API sees, it determines the order's id.
const FIRST_ORDER: &str = "first-order";

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    // The embedded database warns about every 400, and failed conditions are normal for the command handler. Metrics are for
    // CloudWatch.
    let filter: EnvFilter = format!("dynoxide=error,metrics=off,{}", arguments.log).parse().context("--log")?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    // Only the owner can read the files of the stack.
    umask(Mode::RWXG | Mode::RWXO);
    let issuer = match arguments.auth {
        Auth::None => None,
        Auth::Jwt => Some(LocalIssuer::open_or_new(&arguments.data)?),
    };
    let quote_keys = match &arguments.quote_keys {
        None => QuoteSigner::key_set([&QuoteSigner::demo()?]).to_string(),
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?,
    };
    let folder = arguments.data;
    let keys = (arguments.auth == Auth::Jwt).then_some(folder.as_path());
    let data = if arguments.in_memory { DataLocation::InMemory } else { DataLocation::Folder(folder.clone()) };
    let kept = match &data {
        DataLocation::InMemory => "in memory, lost when the stack stops".to_owned(),
        DataLocation::Folder(folder) => folder.display().to_string(),
    };
    // Listens before the stack starts, so that no signal is lost.
    let mut signals = StopSignals::listen()?;
    let options = Options {
        data,
        http: loopback(arguments.port),
        dynamodb: loopback(arguments.dynamodb_port),
        eventbridge: loopback(arguments.eventbridge_port),
        admission: Admission { hosts: arguments.allow_host, ..Admission::default() },
        authentication: issuer.clone().map_or(Authentication::None, Authentication::Jwt),
        cors_origins: arguments.cors,
        quote_keys,
        // A laptop shows every read model.
        template: Template::of_this_project()?.with_every_read_model()?,
    };
    let stack = LocalStack::start_in_process(options).await?;
    // Runs after every step that can fail, so that a failed start leaves no key.
    if let Some(issuer) = issuer {
        issuer.keep(&folder)?;
    }
    stack.event_bus().set_faults(Faults {
        seed: fastrand::u64(..),
        entries_percent: arguments.fail_entries,
        ..Faults::default()
    });
    let addresses = Addresses {
        api: stack.api_url(),
        dynamodb: stack.dynamodb_endpoint(),
        eventbridge: stack.event_bus().endpoint(),
        process: std::process::id(),
    };
    let announcement = announce(&folder, &addresses);
    let events = stack.event_log();
    print(&welcome(&addresses, &folder, events.as_deref(), &kept, keys));

    signals.next().await;
    drop(announcement);
    tokio::select! {
        () = stack.stop() => {}
        () = signals.next() => {
            return Err(Interrupted("stopped at once: the requests in progress may be incomplete".to_owned()).into());
        }
    }
    print(&format!("Stopped. Data: {kept}."));
    Ok(())
}

/// Announces the addresses, so that the other commands find this stack. The stack still works if this fails.
fn announce(folder: &Path, addresses: &Addresses) -> Option<Announcement> {
    let announced = Announcement::make(folder, addresses).inspect_err(|error| {
        note(&format!("warning: the other commands find this stack only after the line with `export`: {error:#}"));
    });
    announced.ok()
}

/// Parses an origin in the form that browsers send. An origin in another form would never match.
fn origin(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_host = |host: &str| !host.is_empty() && !host.contains(|c: char| "/?#@,".contains(c) || c.is_whitespace());
    if text == "*" || host.is_some_and(is_host) {
        Ok(text.to_owned())
    } else {
        Err("an origin is http:// or https://, a host and a port, without a path".to_owned())
    }
}

/// Parses a host in the form of the `Host` header of a request.
fn host(text: &str) -> Result<String, String> {
    let host = is_host(text).then(|| text.to_owned());
    host.ok_or_else(|| "a host is a name or an address, with a port or without".to_owned())
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Lists the addresses and the files of the stack, and the first commands to try.
///
/// - `events` is the file of published events, if there is one.
/// - `keys` is the data folder with the issuer's key, if callers need a token.
fn welcome(addresses: &Addresses, folder: &Path, events: Option<&Path>, data: &str, keys: Option<&Path>) -> String {
    let Addresses { api, dynamodb, eventbridge, .. } = addresses;
    let events = events.map_or_else(|| "lost when the stack stops".to_owned(), |file| file.display().to_string());
    let (caller, callers) = match keys {
        None => ("anonymous", String::new()),
        Some(folder) => {
            let folder = LocalIssuer::keys_folder(folder);
            (
                "jwt:shop",
                format!("\n  callers      need a token of `orders token`, whose key is in {}", folder.display()),
            )
        }
    };
    let token = |caller: &str| keys.map_or_else(String::new, |data| authorization(caller, data));
    let (shop, customer) = (token("--shop"), token("--customer alice"));
    let order = new_order_id(caller, FIRST_ORDER);
    let body = r#"{"customerId":"alice","currency":"EUR","items":[{"sku":"TEA-500","name":"Assam tea","quantity":3,"unitPrice":999}]}"#;
    format!(
        "{title}\n\n  HTTP API     {api}\n  DynamoDB     {dynamodb}\n  EventBridge  {eventbridge}\n  \
         events       {events}\n  data         {data}{callers}\n\n{try_it}\n\n\
         curl -i {api}/orders{shop} -H 'Idempotency-Key: {FIRST_ORDER}' -H 'Content-Type: application/json' -d '{body}'\n\
         curl '{api}/orders/{order}?minVersion=1'{customer}\n\
         curl {api}/customers/alice/orders{customer}\n\n{watch}\n\n{program} tail{option}\n\n{elsewhere}\n\n{export}\n\n{stop}",
        title = bold("Order Ledger is running on this machine."),
        try_it = dim("Place an order, read it, and list the customer's orders:"),
        program = program(),
        watch = dim("In another terminal, follow the published events:"),
        option = data_option(folder),
        elsewhere = dim("In other folders, run this first, so that the commands find the stack:"),
        export = addresses.export(),
        stop = dim("Ctrl-C stops the stack."),
    )
}

/// Returns curl's option that sends a token of this caller.
fn authorization(caller: &str, data: &Path) -> String {
    format!(r#" -H "Authorization: Bearer $({} token {caller}{})""#, program(), data_option(data))
}

/// Returns the option, quoted for a shell, that names a data folder other than the default.
fn data_option(folder: &Path) -> String {
    match folder.to_string_lossy() {
        folder if folder == DATA_FOLDER => String::new(),
        folder => format!(" --data '{}'", folder.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn welcomed(folder: &str, jwt: bool) -> String {
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        let addresses = Addresses { api: at(3000), dynamodb: at(8000), eventbridge: at(8001), process: 7 };
        let (folder, events) = (Path::new(folder), Some(Path::new(".order-ledger/events.ndjson")));
        let keys = jwt.then_some(folder);
        welcome(&addresses, folder, events, ".order-ledger", keys)
    }

    #[test]
    fn the_welcome_has_the_addresses_and_five_lines_to_paste() {
        let text = welcomed(".order-ledger", false);
        let pasted = text.lines().filter(|line| ["curl ", "cargo ", "export "].iter().any(|it| line.starts_with(it)));
        assert_eq!(pasted.count(), 5);
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
    fn with_tokens_the_welcome_names_their_source() {
        let text = welcomed(".order-ledger", true);
        assert!(
            text.contains("callers      need a token of `orders token`, whose key is in .order-ledger/keys\n"),
            "{text}"
        );
        assert!(text.contains(&new_order_id("jwt:shop", "first-order")), "{text}");
        let header = |caller: &str| format!(r#" -H "Authorization: Bearer $(cargo orders token {caller})""#);
        let calls: Vec<_> = text.lines().filter(|line| line.starts_with("curl ")).collect();
        for (call, caller) in calls.iter().zip(["--shop", "--customer alice", "--customer alice"]) {
            assert!(call.contains(&header(caller)), "{call}");
        }
        let elsewhere = welcomed("/tmp/a b", true);
        assert!(elsewhere.contains(&header("--shop --data '/tmp/a b'")), "{elsewhere}");
        assert!(elsewhere.contains("\ncargo orders tail --data '/tmp/a b'\n"), "{elsewhere}");
    }

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for good in ["http://localhost:5173", "https://shop.example", "https://*", "*"] {
            assert_eq!(origin(good).as_deref(), Ok(good));
        }
        for bad in
            ["", "localhost:5173", "https://", "https://a.example/", "https://a.example/shop", "https://a,b", "null"]
        {
            origin(bad).unwrap_err();
        }
    }

    #[test]
    fn a_host_is_what_a_client_sends() {
        for good in ["box.example", "box.example:3000", "[::1]:3000"] {
            assert_eq!(host(good).as_deref(), Ok(good));
        }
        for bad in ["", "http://box.example", "box.example/", "*", "box.example:99999"] {
            host(bad).unwrap_err();
        }
    }
}
