//! The log of the local stack's event bus, over HTTP.

use std::time::Duration;

use reqwest::{Client, Response};

use crate::running::{Address, reason};

/// The maximum length of a line. An event has at most 256 KB, and escaping makes it at most six times as long, so a longer
/// line is not from a log.
const LONGEST_LINE: usize = 2 * 1024 * 1024;

/// The reason why the log cannot be read, as one line for an operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    #[error("{0}")]
    Unreachable(String),
    #[error("{url} is not the event bus of a local stack: {problem}")]
    Broken { url: String, problem: String },
    #[error("the connection to {url} was lost: {problem}")]
    BrokeOff { url: String, problem: String },
}

/// The log at an address.
pub(crate) struct Log {
    address: Address,
    client: Client,
}

impl Log {
    pub(crate) fn new(address: Address) -> Result<Self, reqwest::Error> {
        // The response has no end, so it has no time limit. A local connection needs little time.
        let client = Client::builder().connect_timeout(Duration::from_secs(5)).build()?;
        Ok(Self { address, client })
    }

    /// Returns the lines after the first `after`. With `follow`, also returns new lines, until the bus stops.
    pub(crate) async fn lines(&self, after: usize, follow: bool) -> Result<Lines, LogError> {
        let request = self.client.get(format!("{}/events?after={after}&follow={follow}", self.address.url));
        let response = request.send().await.map_err(|error| {
            if error.is_connect() {
                LogError::Unreachable(self.address.unreachable(&error))
            } else {
                self.broken(&error)
            }
        })?;
        let response = response.error_for_status().map_err(|error| self.broken(&error))?;
        Ok(Lines { url: self.address.url.clone(), response, begun: Vec::new() })
    }

    fn broken(&self, error: &reqwest::Error) -> LogError {
        LogError::Broken { url: self.address.url.clone(), problem: reason(error) }
    }
}

/// Lines as they arrive.
pub(crate) struct Lines {
    url: String,
    response: Response,
    /// The start of an incomplete line.
    begun: Vec<u8>,
}

impl Lines {
    /// Returns the next complete lines, each with its line feed; `None` at the end. A bus that stops normally ends its
    /// response. A broken response means that the bus was killed, or could not read its log.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, LogError> {
        loop {
            let chunk = self.response.chunk().await;
            match chunk.map_err(|error| LogError::BrokeOff { url: self.url.clone(), problem: reason(&error) })? {
                None => return Ok(None),
                Some(chunk) => {
                    let lines = complete(&mut self.begun, &chunk);
                    if !lines.is_empty() {
                        return Ok(Some(lines));
                    }
                    if self.begun.len() > LONGEST_LINE {
                        let problem = "a line is longer than 2 MB".to_owned();
                        return Err(LogError::Broken { url: self.url.clone(), problem });
                    }
                }
            }
        }
    }
}

/// Returns the complete lines, and keeps the incomplete one.
fn complete(begun: &mut Vec<u8>, chunk: &[u8]) -> Vec<u8> {
    let Some(last) = chunk.iter().rposition(|byte| *byte == b'\n') else {
        begun.extend_from_slice(chunk);
        return Vec::new();
    };
    let (end, rest) = chunk.split_at(last + 1);
    begun.extend_from_slice(end);
    std::mem::replace(begun, rest.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_they_are_cut_on_the_way() {
        let text = b"{\"a\":1}\n{\"b\":\"\xc3\xa4\"}\n\n{}\n";
        for size in 1..=text.len() {
            let mut begun = Vec::new();
            let batches: Vec<Vec<u8>> = text.chunks(size).map(|chunk| complete(&mut begun, chunk)).collect();
            assert!(batches.iter().all(|lines| lines.is_empty() || lines.ends_with(b"\n")), "{size}");
            assert_eq!(batches.concat(), text, "{size}");
            assert_eq!(begun, b"");
        }
    }
}
