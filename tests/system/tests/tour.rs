//! The tour of README.md, and its continuation in CONTRIBUTING.md, command by command: the printed output must equal the
//! output on the page. Times and request ids differ between runs and are masked on both sides.

use std::process::Command;

use system_tests::{Api, System};

/// A line after `$ ` in a console block, and the output that the page shows for it.
struct Step {
    command: String,
    printed: String,
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for block in page.split("```console\n").skip(1) {
        let block = block.split("\n```").next().unwrap();
        for step in block.strip_prefix("$ ").unwrap().split("\n$ ") {
            let (command, printed) = step.split_once('\n').unwrap_or((step, ""));
            steps.push(Step { command: command.to_owned(), printed: printed.to_owned() });
        }
    }
    steps
}

/// Splits a command line into words, and removes the shell's single quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (index, part) in command.split('\'').enumerate() {
        if index % 2 == 1 {
            words.last_mut().unwrap().push_str(part);
            continue;
        }
        let mut pieces = part.split(' ');
        words.last_mut().unwrap().push_str(pieces.next().unwrap());
        words.extend(pieces.map(str::to_owned));
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Sends the request of a curl command, with the options that the tour uses, without curl.
async fn curl(api: &Api, options: &[String]) -> String {
    let (mut headers, mut data, mut path, mut with_head) = (Vec::new(), None, String::new(), false);
    let mut options = options.iter().map(String::as_str);
    while let Some(option) = options.next() {
        match option {
            "-s" => {}
            "-si" => with_head = true,
            "-H" => headers.push(options.next().unwrap().split_once(": ").unwrap()),
            "-d" => data = options.next(),
            url => path = url.strip_prefix("http://127.0.0.1:3000").unwrap().to_owned(),
        }
    }
    headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    let method = if data.is_some() { reqwest::Method::POST } else { reqwest::Method::GET };
    let reply = api.send(method, &path, &headers, data.map(|data| data.as_bytes().to_vec())).await;
    if !with_head {
        return reply.text;
    }
    let status = reqwest::StatusCode::from_u16(reply.status).unwrap();
    let head = reply.headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()));
    format!("HTTP/1.1 {status}\n{}\n{}", head.collect::<String>(), reply.text)
}

async fn run(command: &str, system: &System) -> String {
    let words = words(command);
    if words[0] == "curl" {
        return curl(&system.api, &words[1..]).await;
    }
    assert_eq!(words[..2], ["cargo", "orders"], "{command}");
    let binary = system_tests::binaries::binary("orders").await;
    let (arguments, api, bus) = (words[2..].to_vec(), system.stack.api_url(), system.stack.event_bus().endpoint());
    let run = move || {
        let environment =
            [("ORDERS_API", api.as_str()), ("AWS_ENDPOINT_URL_EVENTBRIDGE", bus.as_str()), ("NO_COLOR", "1")];
        Command::new(binary).args(arguments).envs(environment).output()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Replaces values that differ between runs: instants, and the gateway's request ids and dates.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    for line in text.trim_end().lines() {
        if ["date: ", "apigw-requestid: ", "x-correlation-id: ", "content-length: "]
            .iter()
            .any(|name| line.starts_with(name))
        {
            continue;
        }
        let mut rest = line.trim_end();
        while let Some(instant) = rest.char_indices().map(|(at, _)| at).find(|at| is_instant(&rest[*at..])) {
            masked.push_str(&rest[..instant]);
            masked.push_str("<instant>");
            rest = &rest[instant + 24..];
        }
        masked.push_str(rest);
        masked.push('\n');
    }
    match masked.split_once("\"requestId\":\"") {
        Some((before, after)) => format!("{before}\"requestId\":\"<id>{}", &after[36..]),
        None => masked,
    }
}

fn is_instant(text: &str) -> bool {
    let shape = "0000-00-00T00:00:00.000Z";
    text.len() >= shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(byte, like)| if like == b'0' { byte.is_ascii_digit() } else { byte == like })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_of_the_tour_print_the_output_on_the_page() {
    let readme = steps(include_str!("../../../README.md"));
    let continuation = steps(include_str!("../../../CONTRIBUTING.md"));
    assert_eq!((readme.len(), continuation.len()), (6, 4), "commands of the tour");
    let system = System::start().await;
    for step in readme.into_iter().chain(continuation) {
        system.drained().await;
        let printed = run(&step.command, &system).await;
        assert_eq!(masked(&printed), masked(&step.printed), "{}", step.command);
    }
}
