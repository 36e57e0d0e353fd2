//! The outcome of a batch, read from the function's reply.
//!
//! The rules are those of «Configuring partial batch response with DynamoDB and Lambda» (AWS Lambda Developer Guide).

use serde_json::{Map, Value};

use super::sequence::SequenceNumber;
use crate::function::FunctionError;

/// The outcome of an invocation with a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every record is processed.
    Succeeded,
    /// Every record before this one is processed. This record and all that follow must be retried.
    FailedFrom(SequenceNumber),
    /// No record is known to be processed: all must be retried.
    Failed,
}

impl Outcome {
    /// Reads an invocation's result. `reports` is the mapping's `ReportBatchItemFailures`: without it, any reply is a
    /// success.
    pub(crate) fn of(result: &Result<bytes::Bytes, FunctionError>, reports: bool) -> Self {
        match result {
            Err(_) => Self::Failed,
            Ok(_) if !reports => Self::Succeeded,
            Ok(answer) if answer.is_empty() => Self::Succeeded,
            Ok(answer) => Self::of_answer(answer).unwrap_or(Self::Failed),
        }
    }

    /// Reads a reply. A null reply, or an empty or null list in it, is a success. `None` is any reply that the guide does
    /// not name as a success, such as one with an empty, null or misspelt identifier.
    fn of_answer(answer: &[u8]) -> Option<Self> {
        let report: Option<Map<String, Value>> = serde_json::from_slice(answer).ok()?;
        let failures = report.unwrap_or_default().remove("batchItemFailures").unwrap_or_default();
        let failures: Option<Vec<Map<String, Value>>> = serde_json::from_value(failures).ok()?;
        let identifier = |failure: &Map<String, Value>| Some(failure.get("itemIdentifier")?.as_str()?.to_owned());
        let identifiers: Option<Vec<String>> = failures.iter().flatten().map(identifier).collect();
        let identifiers = identifiers.filter(|all| !all.iter().any(String::is_empty))?;
        let lowest = identifiers.iter().map(|digits| SequenceNumber::from(digits.as_str())).min();
        Some(lowest.map_or(Self::Succeeded, Self::FailedFrom))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn from(sequence: &str) -> Outcome {
        Outcome::FailedFrom(sequence.into())
    }

    #[test]
    fn answers_are_read_as_lambda_documents_them() {
        for (answer, expected) in [
            (json!(null), Outcome::Succeeded),
            (json!({}), Outcome::Succeeded),
            (json!({ "batchItemFailures": null }), Outcome::Succeeded),
            (json!({ "batchItemFailures": [] }), Outcome::Succeeded),
            (json!({ "batchItemFailures": [{ "itemIdentifier": "7" }] }), from("7")),
            (json!({ "batchItemFailures": [{ "itemIdentifier": "10" }, { "itemIdentifier": "9" }] }), from("9")),
            (json!({ "batchItemFailures": [{ "itemIdentifier": "" }] }), Outcome::Failed),
            (json!({ "batchItemFailures": [{ "itemIdentifier": null }] }), Outcome::Failed),
            (json!({ "batchItemFailures": [{ "identifier": "7" }] }), Outcome::Failed),
            (json!({ "batchItemFailures": [{ "itemIdentifier": "7" }, {}] }), Outcome::Failed),
            (json!({ "batchItemFailures": "7" }), Outcome::Failed),
            (json!({ "batchItemFailures": {} }), Outcome::Failed),
            (json!(""), Outcome::Failed),
            (json!("done"), Outcome::Failed),
            (json!(true), Outcome::Failed),
            (json!(0), Outcome::Failed),
            (json!([]), Outcome::Failed),
        ] {
            assert_eq!(Outcome::of(&Ok(answer.to_string().into()), true), expected, "{answer}");
        }
    }

    #[test]
    fn an_empty_answer_is_success_and_one_that_is_no_json_is_not() {
        for (answer, expected) in [("", Outcome::Succeeded), ("done", Outcome::Failed), ("{", Outcome::Failed)] {
            assert_eq!(Outcome::of(&Ok(answer.into()), true), expected, "{answer}");
        }
    }

    #[test]
    fn without_report_batch_item_failures_an_answer_is_success_and_an_error_is_not() {
        let answer = json!({ "batchItemFailures": [{ "itemIdentifier": "7" }] });
        assert_eq!(Outcome::of(&Ok(answer.to_string().into()), false), Outcome::Succeeded);
        assert_eq!(Outcome::of(&Err(FunctionError::Panicked), false), Outcome::Failed);
    }
}
