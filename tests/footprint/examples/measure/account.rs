//! An account of a warm invocation: the instructions of each part of the work, of a function and of its bare one.

use std::collections::BTreeMap;

use anyhow::ensure;

use crate::profile::{Cost, OTHER, Profile};
use crate::{Measuring, TO_WARM_UP, Tool};

/// The parts of the work, and texts in the paths of their source files. The first match counts.
const PARTS: &[(&str, &[&str])] = &[
    ("HTTP contract and handler", &["/http-api/", "/command-handler/", "/query-handler/"]),
    ("batch: records, order, parking", &["/projector/", "/publisher/", "/stream-consumer/", "/parked-orders/"]),
    ("read models", &["/read-models/"]),
    ("publication", &["/publication/"]),
    ("event store", &["/event-store/", "/timestamp/"]),
    ("domain: rules, fold, values", &["/order-domain/", "/order-aggregate/"]),
    ("log line and metrics", &["/function-setup/", "/tracing-", "/tracing_", "/sharded-slab-"]),
    ("bare handler", &["/footprint/"]),
    ("SDK: items and JSON of a call", &["/aws-sdk-", "/aws-smithy-json-", "/aws-smithy-types-", "/serde_dynamo-"]),
    ("SDK: signature", &["/aws-sigv4-"]),
    ("SDK: the rest of a call", &["/aws-"]),
    ("Lambda runtime: event and reply", &["/lambda_", "/aws_lambda_events-", "/query_map-", "/lambda-"]),
    ("HTTP client", &["/hyper-", "/http-body-", "/httparse-", "/tower-"]),
    ("async runtime", &["/tokio-1", "/mio-"]),
];

fn part_of(file: &str) -> Option<&str> {
    PARTS.iter().find(|(_, texts)| texts.iter().any(|text| file.contains(text))).map(|(part, _)| *part)
}

/// Returns a file's path from its package on, for files that are part of a part.
fn file_of(file: &str) -> Option<&str> {
    part_of(file)?;
    let start = ["/crates/", "/tests/", "index.crates.io-"].into_iter().find_map(|root| Some(file.find(root)? + 1));
    file.get(start?..)
}

/// Prints the account of a function. `by_file` prints the source files with the largest difference, not the parts.
pub(crate) async fn print(real: &Measuring<'_>, bare: &Measuring<'_>, by_file: bool) -> anyhow::Result<()> {
    let (real_profile, bare_profile) = (profile(real).await?, profile(bare).await?);
    let split = if by_file { file_of } else { part_of };
    let (real_parts, bare_parts) = (real_profile.by_part(split), bare_profile.by_part(split));
    let mut rows: BTreeMap<&str, [Cost; 2]> = BTreeMap::new();
    for (column, parts) in [&real_parts, &bare_parts].into_iter().enumerate() {
        for (part, cost) in parts {
            rows.entry(part).or_default()[column] = *cost;
        }
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by(|(_, [left, other]), (_, [right, another])| {
        (right.all - another.all).total_cmp(&(left.all - other.all))
    });
    let total = |column: usize| Cost {
        all: rows.iter().map(|(_, costs)| costs[column].all).sum(),
        in_c_library: rows.iter().map(|(_, costs)| costs[column].in_c_library).sum(),
    };
    let sum = [total(0), total(1)];
    println!("| {}: thousand instructions | real | bare | difference | of it in the C library |", real.function);
    println!("|---|---|---|---|---|");
    for (part, [real, bare]) in rows.iter().chain([&("all", sum)]).take(if by_file { 60 } else { usize::MAX }) {
        let shown = [real.all, bare.all, real.all - bare.all, real.in_c_library - bare.in_c_library];
        let [real, bare, difference, in_c_library] = shown.map(|cost| format!("{:.1}", cost / 1_000.0));
        println!("| {part} | {real} | {bare} | {difference} | {in_c_library} |");
    }
    println!();
    Ok(())
}

/// Returns the profile of one warm invocation.
async fn profile(measuring: &Measuring<'_>) -> anyhow::Result<Profile> {
    let warm = measuring.arguments.invocations as usize;
    let [shorter, longer] = [TO_WARM_UP, TO_WARM_UP + warm];
    let (shorter, _) = measuring.under_valgrind(Tool::Callgrind, shorter).await?;
    let (longer, _) = measuring.under_valgrind(Tool::Callgrind, longer).await?;
    let profile = Profile::read(&longer).beyond(&Profile::read(&shorter), warm as f64);
    let other = profile.by_part(part_of).get(OTHER).map_or(0.0, |cost| cost.all);
    ensure!(other < 100_000.0, "no source files: build with line tables and symbols");
    Ok(profile)
}
