//! The query parameters of a request, read one by one. Unknown and repeated parameters are rejected.

use lambda_http::{Request, RequestExt};
use timestamp::{Timestamp, TimestampError};

use crate::invalid::{Fault, Invalid, Place, note};

/// Records a fault for every query parameter of a request that takes none.
pub(crate) fn refuse_parameters(request: &Request, errors: &mut Vec<Invalid>) {
    Parameters::of(request, errors).finish();
}

/// The parameters of one request. The parser takes each known one once, and the rest are unknown.
pub(crate) struct Parameters<'a> {
    request: &'a Request,
    known: Vec<&'static str>,
    errors: &'a mut Vec<Invalid>,
}

impl<'a> Parameters<'a> {
    /// Begins to read, and records faults in `errors`.
    pub(crate) const fn of(request: &'a Request, errors: &'a mut Vec<Invalid>) -> Self {
        Self { request, known: Vec::new(), errors }
    }

    /// Reads an optional parameter. Returns `Some(None)` if it was left out, and `None` if it is faulty.
    pub(crate) fn read<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<Option<T>> {
        self.known.push(name);
        let values = self.request.query_string_parameters_ref().and_then(|parameters| parameters.all(name));
        let value = match values.as_deref() {
            None | Some([]) => return Some(None),
            Some([value]) => read(value),
            Some([_, _, ..]) => Err(Fault::new("repeated_parameter", "must be given once")),
        };
        note(self.errors, Place::Parameter(name.to_owned()), value).map(Some)
    }

    /// Records a fault for every unknown parameter.
    pub(crate) fn finish(self) {
        let given = self.request.query_string_parameters();
        let mut unknown: Vec<_> =
            given.iter().map(|(name, _)| name).filter(|name| !self.known.contains(name)).collect();
        // The iteration order of a map varies, but the order in a reply must not.
        unknown.sort_unstable();
        unknown.dedup();
        self.errors.extend(unknown.into_iter().map(|name| {
            let fault = Fault::new("unknown_parameter", "is not a parameter of this request");
            fault.at(Place::Parameter(name.to_owned()))
        }));
    }

    /// Records the fault of a parameter that excludes another one.
    pub(crate) fn conflict(&mut self, name: &str, rule: &str) {
        self.errors.push(Fault::new("conflicting_parameters", rule).at(Place::Parameter(name.to_owned())));
    }
}

/// Reads the word `true` or `false`.
pub(crate) fn read_boolean(word: &str) -> Result<bool, Fault> {
    match word {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Fault::new("not_a_boolean", "must be true or false")),
    }
}

/// Reads an RFC 3339 timestamp, truncated to milliseconds. In a query string, `+` means a space, so an offset after a space
/// gets a hint.
pub(crate) fn read_timestamp(text: &str) -> Result<Timestamp, Fault> {
    text.parse().map_err(|error: TimestampError| {
        let with_plus = text.rsplit_once(' ').map(|(date_time, offset)| format!("{date_time}+{offset}"));
        let is_unescaped = with_plus.is_some_and(|text| text.parse::<Timestamp>().is_ok());
        let hint = if is_unescaped { "; in a query string, write the + of the offset as %2B" } else { "" };
        Fault::new("bad_timestamp", format!("{error}{hint}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unescaped_plus_gets_a_hint() {
        let detail = |text| read_timestamp(text).unwrap_err().detail;
        for text in ["2026-11-21T09:30:00 02:00", "2026-11-21T09:30:00.5 23:59"] {
            assert!(detail(text).contains("%2B"), "{text}");
        }
        for text in ["2026-11-21 09:30:00Z", "2026-11-21T09:30:00 24:00", "2026-11-21T09:30:00 ", " ", ""] {
            assert!(!detail(text).contains("%2B"), "{text}");
        }
    }
}
