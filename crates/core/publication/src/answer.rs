//! The meaning of PutEvents responses for the entries that were sent.
//!
//! PutEvents responds 200 even if it rejected some or all entries. So this module reads each entry's own result and
//! ignores `FailedEntryCount`: an entry is published only if its result has an event id and no error code.

use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};
use aws_sdk_eventbridge::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_eventbridge::operation::put_events::PutEventsError;
use aws_sdk_eventbridge::types::PutEventsResultEntry;
use event_store::store::chain;

use crate::outcome::UnpublishedReason;

/// Returns the results of the entries of a call with a response, one for each entry sent.
pub(crate) fn to_entries(results: &[PutEventsResultEntry], sent: usize) -> Vec<Result<(), UnpublishedReason>> {
    // A result belongs to the entry at the same position. With another number of results, they cannot be assigned.
    if results.len() != sent {
        let cause = format!("{} results for {sent} entries", results.len());
        return vec![Err(UnpublishedReason::Unavailable { cause }); sent];
    }
    results.iter().map(to_entry).collect()
}

/// Reads one result. The codes are those of `PutEventsResultEntry` in the EventBridge API Reference.
fn to_entry(result: &PutEventsResultEntry) -> Result<(), UnpublishedReason> {
    let Some(code) = result.error_code() else {
        let no_id = || UnpublishedReason::Unavailable { cause: "a result without an event id".to_owned() };
        return result.event_id().map(|_| ()).ok_or_else(no_id);
    };
    let cause = result.error_message().map_or_else(|| code.to_owned(), |message| format!("{code}: {message}"));
    Err(match code {
        "InvalidArgument" | "MalformedDetail" | "RedactionFailure" => UnpublishedReason::Unpublishable { cause },
        "AccessDeniedException"
        | "InvalidAccountIdException"
        | "NotAuthorizedForDetailTypeException"
        | "NotAuthorizedForSourceException" => UnpublishedReason::Refused { cause },
        // InternalFailure, ThrottlingException and unknown codes are treated as temporary. If that is wrong, it costs
        // attempts; the opposite mistake would cost events.
        _ => UnpublishedReason::Unavailable { cause },
    })
}

/// Returns the result of every entry of a call that failed as a whole, after the SDK's own retries. An error code that
/// the SDK retries is temporary.
///
/// A bus that does not exist is rejected here if EventBridge reports it. EventBridge has also been seen to respond 200
/// with event ids and drop the events (<https://github.com/aws/aws-cli/issues/9186>). A caller cannot detect that.
pub(crate) fn to_call(error: &SdkError<PutEventsError>) -> UnpublishedReason {
    let may_pass =
        error.code().is_some_and(|code| THROTTLING_ERRORS.contains(&code) || TRANSIENT_ERRORS.contains(&code));
    let is_refused = match error.raw_response().map(|response| response.status().as_u16()) {
        // Request Timeout and Too Many Requests count as client errors by their status, but are temporary.
        Some(408 | 429) => false,
        Some(status) => (400..500).contains(&status) && !may_pass,
        None => matches!(error, SdkError::ConstructionFailure(_)),
    };
    let cause = chain(error);
    if is_refused { UnpublishedReason::Refused { cause } } else { UnpublishedReason::Unavailable { cause } }
}

#[cfg(test)]
mod tests {
    use aws_sdk_eventbridge::config::http::HttpResponse;
    use aws_sdk_eventbridge::error::ErrorMetadata;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn taken() -> PutEventsResultEntry {
        PutEventsResultEntry::builder().event_id("11710aed").build()
    }

    fn with(code: &str) -> PutEventsResultEntry {
        PutEventsResultEntry::builder().error_code(code).error_message("why").build()
    }

    #[test]
    fn each_entry_is_held_to_its_own_result() {
        let cause = || "ThrottlingException: why".to_owned();
        let expected = [Ok(()), Err(UnpublishedReason::Unavailable { cause: cause() }), Ok(())];
        assert_eq!(to_entries(&[taken(), with("ThrottlingException"), taken()], 3), expected);
    }

    #[test]
    fn an_error_code_outweighs_an_event_id() {
        let both = PutEventsResultEntry::builder().event_id("11710aed").error_code("InternalFailure").build();
        assert_eq!(to_entry(&both), Err(UnpublishedReason::Unavailable { cause: "InternalFailure".to_owned() }));
    }

    #[test]
    fn a_result_that_says_nothing_is_no_publication() {
        let silent = PutEventsResultEntry::builder().build();
        assert!(matches!(to_entry(&silent), Err(UnpublishedReason::Unavailable { .. })));
    }

    #[test]
    fn with_more_or_fewer_results_than_entries_nothing_is_taken_for_published() {
        for results in [vec![], vec![taken()], vec![taken(), taken(), taken()]] {
            let cause = format!("{} results for 2 entries", results.len());
            assert_eq!(to_entries(&results, 2), vec![Err(UnpublishedReason::Unavailable { cause }); 2]);
        }
    }

    #[test]
    fn a_code_is_an_outage_or_a_refusal_or_a_defect_of_the_event() {
        for code in ["InternalFailure", "ThrottlingException", "AnythingNew"] {
            assert!(matches!(to_entry(&with(code)), Err(UnpublishedReason::Unavailable { .. })), "{code}");
        }
        for code in [
            "AccessDeniedException",
            "InvalidAccountIdException",
            "NotAuthorizedForSourceException",
            "NotAuthorizedForDetailTypeException",
        ] {
            assert!(matches!(to_entry(&with(code)), Err(UnpublishedReason::Refused { .. })), "{code}");
        }
        for code in ["MalformedDetail", "InvalidArgument", "RedactionFailure"] {
            assert!(matches!(to_entry(&with(code)), Err(UnpublishedReason::Unpublishable { .. })), "{code}");
        }
    }

    fn answered(status: u16, code: &str) -> UnpublishedReason {
        let error = PutEventsError::generic(ErrorMetadata::builder().code(code).build());
        let response = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        to_call(&SdkError::service_error(error, response))
    }

    #[test]
    fn a_call_is_refused_by_what_attempts_do_not_change() {
        for (status, code) in
            [(400, "AccessDeniedException"), (400, "ResourceNotFoundException"), (400, "ValidationException")]
        {
            assert!(matches!(answered(status, code), UnpublishedReason::Refused { .. }), "{code}");
        }
    }

    #[test]
    fn an_outage_and_a_throttled_call_may_pass() {
        for (status, code) in [
            (400, "ThrottlingException"),
            (400, "TooManyRequestsException"),
            (400, "RequestLimitExceeded"),
            (400, "RequestTimeout"),
            (408, "AnythingNew"),
            (429, "AnythingNew"),
            (500, "InternalException"),
            (503, "ServiceUnavailable"),
            (200, "Cut"),
        ] {
            assert!(matches!(answered(status, code), UnpublishedReason::Unavailable { .. }), "{code}");
        }
        assert!(matches!(to_call(&SdkError::timeout_error("it hangs")), UnpublishedReason::Unavailable { .. }));
    }
}
