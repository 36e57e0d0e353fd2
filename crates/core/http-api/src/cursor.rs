//! Opaque page cursors: a position, bound to the list it belongs to.
//!
//! A cursor is base64url of an 8-byte check and the position. The check is a digest of kind, scope and position. So an
//! altered cursor, or a cursor from another list, is rejected and never returns a wrong page.
//!
//! The digest has no key, so a caller can forge a cursor but gains nothing: a cursor only names a position within the
//! partition that the path names, and the path is authorised. A key would have to be stored, shared and rotated.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::invalid::Fault;

const CHECK: usize = 8;

/// Returns the cursor for `position` in the list `kind`. `scope` is the owner of the list and its filters.
#[must_use]
pub fn encode(kind: &str, scope: &[impl AsRef<str>], position: &str) -> String {
    let mut bytes = check(kind, scope, position).to_vec();
    bytes.extend_from_slice(position.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns the position in a cursor.
///
/// # Errors
/// Returns a fault if the cursor was altered or belongs to another list.
pub fn decode(kind: &str, scope: &[impl AsRef<str>], cursor: &str) -> Result<String, Fault> {
    let position = || {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (given, position) = bytes.split_at_checked(CHECK)?;
        let position = std::str::from_utf8(position).ok()?;
        (given == check(kind, scope, position)).then(|| position.to_owned())
    };
    position().ok_or_else(refused)
}

/// Returns the fault for a cursor that does not belong to the list it was sent to.
#[must_use]
pub fn refused() -> Fault {
    Fault::new("bad_cursor", "is not a cursor of this list; start again without one")
}

fn check(kind: &str, scope: &[impl AsRef<str>], position: &str) -> [u8; CHECK] {
    let mut digest = Sha256::new();
    for part in [kind].into_iter().chain(scope.iter().map(AsRef::as_ref)).chain([position]) {
        // The length separates the parts, so two different lists of parts never hash the same bytes.
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(digest.finalize());
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_position() {
        let cursor = encode("orders", &["c-1", "paid"], "2026-11-21T09:30:00.123Z#o-1");
        assert_eq!(decode("orders", &["c-1", "paid"], &cursor).as_deref(), Ok("2026-11-21T09:30:00.123Z#o-1"));
        assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{cursor}");
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = encode("orders", &["c-1", "paid"], "x");
        for (kind, scope) in [
            ("events", ["c-1", "paid"].as_slice()),
            ("orders", &["c-2", "paid"]),
            ("orders", &["c-1", ""]),
            ("orders", &["c-1"]),
            ("orders", &["c-1p", "aid"]),
        ] {
            assert_eq!(decode(kind, scope, &cursor).map_err(|fault| fault.code), Err("bad_cursor"), "{kind} {scope:?}");
        }
    }

    #[test]
    fn an_altered_cursor_is_refused() {
        let cursor = encode("events", &["o-1"], "42");
        for index in 0..cursor.len() {
            let mut altered = cursor.clone().into_bytes();
            altered[index] = if altered[index] == b'A' { b'B' } else { b'A' };
            assert!(decode("events", &["o-1"], std::str::from_utf8(&altered).unwrap()).is_err(), "at {index}");
        }
        for altered in
            [String::new(), "AAAA".to_owned(), format!("{cursor}="), format!("{cursor}A"), "#/\0\u{202e}".to_owned()]
        {
            assert!(decode("events", &["o-1"], &altered).is_err(), "{altered:?}");
        }
    }

    proptest! {
        #[test]
        fn any_position_comes_back_and_any_text_is_read_without_a_panic(position in ".*", text in ".*") {
            prop_assert_eq!(decode("k", &["s"], &encode("k", &["s"], &position)), Ok(position));
            prop_assert!(decode("k", &["s"], &text).is_err());
        }
    }
}
