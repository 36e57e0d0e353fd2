//! A host with its port, as in a `Host` header.

use std::net::Ipv6Addr;

/// A host with its port, if the text has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Host<'a> {
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    pub(crate) name: &'a str,
    pub(crate) port: Option<u16>,
}

/// Recognizes a host with or without a port, such as `localhost:3000`.
#[must_use]
pub fn is_host(text: &str) -> bool {
    Host::parse(text).is_some()
}

impl<'a> Host<'a> {
    /// Parses a host with or without a port; `None` for any other text, such as user names and ports above 65535.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (name, port) = if let Some(rest) = text.strip_prefix('[') {
            let (address, _) = rest.split_once(']')?;
            address.parse::<Ipv6Addr>().ok()?;
            text.split_at(address.len() + 2)
        } else {
            let name = text.split(':').next().unwrap_or_default();
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if name.is_empty() || !name.bytes().all(is_part) {
                return None;
            }
            text.split_at(name.len())
        };
        if port.is_empty() {
            return Some(Self { name, port: None });
        }
        let digits = port.strip_prefix(':').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        Some(Self { name, port: Some(digits.parse().ok()?) })
    }

    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        for (text, name, port) in [
            ("localhost", "localhost", None),
            ("localhost:3000", "localhost", Some(3000)),
            ("127.0.0.1:0", "127.0.0.1", Some(0)),
            ("[::1]:65535", "[::1]", Some(65535)),
            ("[::1]", "[::1]", None),
            ("a-b_c.example.:80", "a-b_c.example.", Some(80)),
        ] {
            assert_eq!(Host::parse(text), Some(Host { name, port }), "{text}");
        }
    }

    #[test]
    fn all_else_is_no_host() {
        for text in [
            "", ":", ":80", "x:", "x:99999", "x:+80", "x:-1", "x:8x", "x:1:2", "::1", "[::1", "[::1]x", "[x]:80", "[]",
            "a b", "a/b", "u@h", "u:p@h:80", "http://h", "h?q", "h#f", "a,b", "ä", "*", "%31",
        ] {
            assert_eq!(Host::parse(text), None, "{text}");
        }
    }
}
