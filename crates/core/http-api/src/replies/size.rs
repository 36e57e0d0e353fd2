//! The size of a reply as Lambda counts it.

use std::io::{self, Write};

use serde::Serialize;

/// The largest response that Lambda accepts from a function, in bytes: "Invocation payload (request and response), 6 MB
/// each for request and response (synchronous)" in the AWS Lambda quotas. Lambda's own error message contains this
/// number.
pub const MAX_RESPONSE: usize = 6_291_556;

/// The largest size of the orders on one page, in bytes of the Lambda response: 4 MB.
pub const MAX_PAGE: usize = 4 * 1024 * 1024;

/// The largest size of one order with its details, in bytes of the Lambda response. The rest is more than status and
/// headers need.
pub const MAX_ORDER: usize = MAX_RESPONSE - 16 * 1024;

/// Returns the size of a part of a reply in the Lambda response, in bytes. The body is a JSON text inside a JSON
/// string, so each quotation mark and each backslash in it takes two bytes.
#[must_use]
pub fn response_bytes(part: &impl Serialize) -> usize {
    let mut counter = Counter(0);
    // The counter accepts every byte. If a part cannot be written, the reply fails later with its error.
    let _ = serde_json::to_writer(&mut counter, part);
    counter.0
}

struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let escaped = bytes.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count();
        self.0 = self.0.saturating_add(bytes.len()).saturating_add(escaped);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_part_counts_as_in_the_json_string_that_holds_it() {
        for part in [json!({ "name": "Tea \"Assam\" \\ 茶 \u{1f375}" }), json!(["\u{7f}/", 1]), Value::Null] {
            let inside = Value::String(part.to_string()).to_string();
            assert_eq!(response_bytes(&part), inside.len() - 2, "{part}");
        }
    }
}
