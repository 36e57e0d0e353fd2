//! An issuer of tokens for one machine: an RSA key in the data folder, and tokens signed with it.
//!
//! It has no endpoint. The stack reads its public key from the folder, as API Gateway reads an issuer's key from its
//! `jwks_uri`. Every user who can read the folder can issue tokens.

use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;
use uuid::Uuid;

use crate::data_folder::KEYS;

/// An issuer of tokens that a local stack trusts.
#[derive(Clone)]
pub struct LocalIssuer {
    private: EncodingKey,
    key_id: String,
    public: JwkSet,
    /// The key in PEM, if no file has it yet.
    new: Option<Vec<u8>>,
}

/// A token to issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// `sub`: the caller.
    pub subject: String,
    /// `scope`: words separated by spaces.
    pub scope: String,
    /// `aud`: the API for which it is issued.
    pub audience: String,
    /// The time until `exp`.
    pub lifetime: Duration,
}

/// A failure to open the issuer or to sign a token.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// No stack has created a key in this folder.
    #[error("there is no key {}", .0.display())]
    NoKey(PathBuf),
    /// The key's file or folder cannot be read or written.
    #[error("cannot use the key {}", path.display())]
    Unusable {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The file is not an RSA private key.
    #[error("{} is not an RSA private key in PEM", .0.display())]
    NotAKey(PathBuf),
    /// The key could not be generated.
    #[error("cannot generate an RSA key")]
    NotGenerated,
    /// A token could not be signed.
    #[error("cannot sign the token")]
    NotSigned(#[from] jsonwebtoken::errors::Error),
}

impl LocalIssuer {
    /// The `iss` of its tokens. API Gateway requires an https URL. No host has a name that ends in `.invalid` (RFC 6761),
    /// so no deployed API can trust this issuer. It is the same on every port, so a token does not depend on the stack's
    /// address.
    pub const URL: &str = "https://issuer.order-ledger.invalid";
    /// The `aud` of its tokens, unless another is requested.
    pub const AUDIENCE: &str = "order-ledger-local";

    /// Creates an issuer with a key that is not stored.
    ///
    /// # Errors
    /// When the operating system returns no random numbers.
    pub fn in_memory() -> Result<Self, IssuerError> {
        let pem = new_key()?;
        Self::of(&pem).map(|issuer| Self { new: Some(pem), ..issuer }).ok_or(IssuerError::NotGenerated)
    }

    /// Opens the issuer of a data folder, with a new key if the folder has none. [`LocalIssuer::keep`] writes the new key,
    /// once the stack has started.
    ///
    /// # Errors
    /// When the key can neither be read nor generated.
    pub fn open_or_new(data: &Path) -> Result<Self, IssuerError> {
        match Self::open(data) {
            Err(IssuerError::NoKey(_)) => Self::in_memory(),
            opened => opened,
        }
    }

    /// Writes a new key to a data folder. Does nothing if its key was read from a file.
    ///
    /// # Errors
    /// When the key cannot be written, or another stack has written a key in the meantime.
    pub fn keep(&self, data: &Path) -> Result<(), IssuerError> {
        let Some(pem) = &self.new else { return Ok(()) };
        let folder = Self::keys_folder(data);
        let path = folder.join("issuer.pem");
        keep(&folder, &path, pem).map_err(|source| IssuerError::Unusable { path, source })
    }

    /// Opens the issuer of a data folder.
    ///
    /// # Errors
    /// When there is no key, or it cannot be read.
    pub fn open(data: &Path) -> Result<Self, IssuerError> {
        let path = Self::keys_folder(data).join("issuer.pem");
        match fs::read(&path) {
            Ok(pem) => Self::of(&pem).ok_or(IssuerError::NotAKey(path)),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Err(IssuerError::NoKey(path)),
            Err(source) => Err(IssuerError::Unusable { path, source }),
        }
    }

    /// Returns the folder of keys within a data folder.
    #[must_use]
    pub fn keys_folder(data: &Path) -> PathBuf {
        data.join(KEYS)
    }

    /// Returns its public key, as a JWK Set.
    #[must_use]
    pub fn keys(&self) -> &JwkSet {
        &self.public
    }

    /// Issues a token now.
    ///
    /// # Errors
    /// When the token cannot be signed.
    pub fn token(&self, token: &Token) -> Result<String, IssuerError> {
        let Token { subject, scope, audience, lifetime } = token;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = json!({
            "iss": Self::URL, "aud": audience, "sub": subject, "scope": scope,
            "iat": now, "exp": now.saturating_add(lifetime.as_secs()),
        });
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::RS256) };
        Ok(encode(&header, &claims, &self.private)?)
    }

    fn of(pem: &[u8]) -> Option<Self> {
        let private = EncodingKey::from_rsa_pem(pem).ok()?;
        let mut public = Jwk::from_encoding_key(&private, Algorithm::RS256).ok()?;
        let key_id = public.thumbprint(ThumbprintHash::SHA256).ok()?;
        public.common.key_id = Some(key_id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Some(Self { private, key_id, public: JwkSet { keys: vec![public] }, new: None })
    }
}

/// The output does not contain the private key.
impl fmt::Debug for LocalIssuer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LocalIssuer").field("public", &self.public).finish_non_exhaustive()
    }
}

/// Generates an RSA key of 2,048 bits, PKCS #8 in PEM.
fn new_key() -> Result<Vec<u8>, IssuerError> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| IssuerError::NotGenerated)?;
    let der = pair.as_der().map_err(|_| IssuerError::NotGenerated)?;
    // 48 bytes give a line of 64 characters.
    let lines: Vec<_> = der.as_ref().chunks(48).map(|bytes| STANDARD.encode(bytes)).collect();
    Ok(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")).into_bytes())
}

/// Writes a key that only its owner can read, unless a key exists.
fn keep(folder: &Path, path: &Path, key: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // The folder may have existed with other rights.
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    let draft = folder.join(format!("{}.tmp", Uuid::new_v4()));
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?.write_all(key)?;
    // A hard link appears complete, and never replaces another file.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    linked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    /// Returns the issuer of a data folder, with its key written.
    fn kept(data: &Path) -> LocalIssuer {
        let issuer = LocalIssuer::open_or_new(data).unwrap();
        issuer.keep(data).unwrap();
        issuer
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(kept(data.path()).keys(), kept(data.path()).keys());
        let folder = LocalIssuer::keys_folder(data.path());
        assert_eq!((mode(&folder), mode(&folder.join("issuer.pem"))), (0o700, 0o600));
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
    }

    #[test]
    fn a_new_key_is_in_no_file_until_it_is_kept() {
        let data = tempfile::tempdir().unwrap();
        LocalIssuer::open_or_new(data.path()).unwrap();
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_key_that_another_process_kept_meanwhile_is_not_replaced() {
        let data = tempfile::tempdir().unwrap();
        let late = LocalIssuer::open_or_new(data.path()).unwrap();
        let first = kept(data.path());
        assert!(matches!(late.keep(data.path()), Err(IssuerError::Unusable { .. })));
        assert_eq!(first.keys(), LocalIssuer::open(data.path()).unwrap().keys());
    }

    #[test]
    fn a_key_that_is_missing_or_something_else_is_one_clear_line() {
        let data = tempfile::tempdir().unwrap();
        let path = LocalIssuer::keys_folder(data.path()).join("issuer.pem");
        let complaint = || LocalIssuer::open(data.path()).unwrap_err().to_string();
        assert_eq!(complaint(), format!("there is no key {}", path.display()));
        kept(data.path());
        fs::write(&path, "no key").unwrap();
        assert_eq!(complaint(), format!("{} is not an RSA private key in PEM", path.display()));
    }

    #[test]
    fn the_private_key_is_not_shown() {
        let shown = format!("{:?}", LocalIssuer::in_memory().unwrap());
        assert!(shown.contains("public") && !shown.contains("private"), "{shown}");
    }
}
