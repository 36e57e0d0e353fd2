//! The requests that a server accepts.

use std::net::SocketAddr;
use std::time::Duration;

use http::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use http::request::Parts;

use crate::host::Host;
use crate::refusal::Refusal;

/// The port of a `Host` without a port.
const HTTP_PORT: u16 = 80;
/// The names of loopback, which are the names of every server on it.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The requests that a server accepts, in addition to those for a loopback name with the server's port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// Additional hosts, for a server behind a forwarded port. A host without a port matches every port.
    pub hosts: Vec<String>,
    /// Additional origins whose pages may call the server, in the form of [`allows_origin`].
    pub origins: Vec<String>,
    /// The time in which a request's head must arrive. A connection without a request is closed after the same time.
    pub head_time: Duration,
    /// The time in which a request's body must arrive.
    pub body_time: Duration,
}

/// The default: no additional hosts and origins; 10 seconds for a head, 30 for a body.
impl Default for Admission {
    fn default() -> Self {
        let (head_time, body_time) = (Duration::from_secs(10), Duration::from_secs(30));
        Self { hosts: Vec::new(), origins: Vec::new(), head_time, body_time }
    }
}

/// Compares an origin with an allowed one. `https://shop.example` allows itself, `https://*` allows every origin of that
/// scheme, and `*` allows every origin.
#[must_use]
pub fn allows_origin(allowed: &str, origin: &[u8]) -> bool {
    match allowed.strip_suffix('*') {
        Some(scheme) => origin.starts_with(scheme.as_bytes()),
        None => origin == allowed.as_bytes(),
    }
}

impl Admission {
    /// Rejects a request that a server at this address does not accept.
    pub(crate) fn check(&self, request: &Parts, address: SocketAddr) -> Result<(), Refusal> {
        let host = only(&request.headers, &HOST)?.and_then(|host| host.to_str().ok()).ok_or(Refusal::MalformedHost)?;
        // RFC 9112: the host of an absolute target replaces `Host`.
        for text in [Some(host), request.uri.authority().map(http::uri::Authority::as_str)].into_iter().flatten() {
            let host = Host::parse(text).ok_or(Refusal::MalformedHost)?;
            if !self.allows_host(&host, address) {
                return Err(Refusal::ForeignHost);
            }
        }
        let origin = only(&request.headers, &ORIGIN).map_err(|_several| Refusal::ForeignOrigin)?;
        if origin.is_none_or(|origin| self.allows_origin(origin.as_bytes(), host)) {
            Ok(())
        } else {
            Err(Refusal::ForeignOrigin)
        }
    }

    fn allows_host(&self, host: &Host<'_>, address: SocketAddr) -> bool {
        let own = address.ip().to_string();
        let is_own_port = host.port.unwrap_or(HTTP_PORT) == address.port();
        if is_own_port && LOOPBACK.into_iter().chain([own.as_str()]).any(|name| host.has_name(name)) {
            return true;
        }
        let added = self.hosts.iter().filter_map(|host| Host::parse(host));
        added.into_iter().any(|added| host.has_name(added.name) && (added.port.is_none() || added.port == host.port))
    }

    /// Returns true if the origin is allowed. The server's own origin is the host of the request, which is already checked.
    fn allows_origin(&self, origin: &[u8], host: &str) -> bool {
        let rest = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
        rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host.as_bytes()))
            || self.origins.iter().any(|allowed| allows_origin(allowed, origin))
    }
}

/// Returns the value of a header that may occur once; `None` if it is missing.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Refusal> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (line, None) => Ok(line),
        (_, Some(_)) => Err(Refusal::MalformedHost),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn check(admission: &Admission, target: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let mut request = Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        admission.check(&request.body(()).unwrap().into_parts().0, ([127, 0, 0, 1], 3000).into())
    }

    #[test]
    fn a_loopback_name_with_the_port_is_accepted() {
        for host in ["127.0.0.1:3000", "localhost:3000", "LocalHost:3000", "[::1]:3000"] {
            assert_eq!(check(&Admission::default(), "/", &[("host", host)]), Ok(()), "{host}");
        }
    }

    #[test]
    fn another_name_or_port_is_refused() {
        let foreign =
            ["evil.example:3000", "127.0.0.1", "localhost:3001", "localhost.evil.example:3000", "127.0.0.2:3000"];
        for host in foreign {
            assert_eq!(check(&Admission::default(), "/", &[("host", host)]), Err(Refusal::ForeignHost), "{host}");
        }
    }

    #[test]
    fn a_missing_repeated_or_malformed_host_is_refused() {
        let host = ("host", "localhost:3000");
        for headers in
            [&[][..], &[host, host], &[("host", "")], &[("host", "x:99999")], &[("host", "u@localhost:3000")]]
        {
            assert_eq!(check(&Admission::default(), "/", headers), Err(Refusal::MalformedHost), "{headers:?}");
        }
    }

    #[test]
    fn the_host_of_an_absolute_target_counts_too() {
        let host = [("host", "localhost:3000")];
        assert_eq!(check(&Admission::default(), "http://localhost:3000/x", &host), Ok(()));
        assert_eq!(check(&Admission::default(), "http://evil.example/x", &host), Err(Refusal::ForeignHost));
        assert_eq!(check(&Admission::default(), "http://u@localhost:3000/x", &host), Err(Refusal::MalformedHost));
    }

    #[test]
    fn an_added_host_has_any_port_or_the_one_that_it_names() {
        let hosts = vec!["box.example".to_owned(), "localhost:8080".to_owned()];
        let admission = Admission { hosts, ..Admission::default() };
        for host in ["box.example", "Box.Example:1", "localhost:8080", "localhost:3000"] {
            assert_eq!(check(&admission, "/", &[("host", host)]), Ok(()), "{host}");
        }
        for host in ["localhost:8081", "a.box.example"] {
            assert_eq!(check(&admission, "/", &[("host", host)]), Err(Refusal::ForeignHost), "{host}");
        }
    }

    #[test]
    fn only_the_own_origin_is_accepted_unless_others_are_added() {
        let from = |admission: &Admission, origin: &str| {
            check(admission, "/", &[("host", "localhost:3000"), ("origin", origin)])
        };
        for own in ["http://localhost:3000", "https://localhost:3000"] {
            assert_eq!(from(&Admission::default(), own), Ok(()), "{own}");
        }
        let foreign = [
            "https://evil.example",
            "null",
            "",
            "http://127.0.0.1:3000",
            "http://localhost:3001",
            "http://localhost",
            "ftp://localhost:3000",
            "http://localhost:3000/",
        ];
        for origin in foreign {
            assert_eq!(from(&Admission::default(), origin), Err(Refusal::ForeignOrigin), "{origin}");
        }
        let shop = Admission { origins: vec!["https://shop.example".to_owned()], ..Admission::default() };
        assert_eq!(from(&shop, "https://shop.example"), Ok(()));
        assert_eq!(from(&shop, "https://shop.example.evil.example"), Err(Refusal::ForeignOrigin));
        let twice =
            [("host", "localhost:3000"), ("origin", "https://shop.example"), ("origin", "https://shop.example")];
        assert_eq!(check(&shop, "/", &twice), Err(Refusal::ForeignOrigin));
    }
}
