//! Signatures of quotes: compact JSON Web Signatures (RFC 7515) by Ed25519 keys (RFC 8037) of a JWK Set (RFC 7517).
//!
//! This crate must never do I/O, read a clock, or know a claim: it only checks whether a key of the deployment signed a
//! text. `http_api` reads the claims, and the command handler decides whether to accept the quote.
//!
//! Start here:
//!
//! | file | holds |
//! |---|---|
//! | [`jws`] | parses a quote: three parts, base64url, a header of `alg`, `kid` and `typ` |
//! | [`keys`] | the keys of a deployment, and the check of a signature |
//! | [`signer`] | a key that signs, for tests and the command line |
//!
//! # The library
//!
//! `aws-lc-rs` verifies signatures. Every function contains this cryptographic library already, because TLS uses it.
//! The key decides the algorithm, and there is only one, so a token cannot choose. This crate itself only splits a text
//! at two dots, decodes base64url with the `base64` crate, and reads a header of three members.
//!
//! `jsonwebtoken` 12 (feature `aws_lc_rs`) has the same backend and would do the first two of these. It was rejected
//! for these reasons:
//!
//! - Its header keeps the last of repeated members that it does not know, and accepts `crit` for `b64`.
//! - It does not know the name `Ed25519` (RFC 9864).
//! - It chooses the algorithm from the token, among HMAC, RSA and ECDSA.
//!
//! Our own code would have to check all of this before calling it, and the header would be read twice.

pub mod jws;
pub mod keys;
pub mod signer;

pub use jws::{Jws, JwsFault};
pub use keys::{KeyFault, KeySetFault, QuoteKeys, SignatureCheck};
pub use signer::{DEMO_AUDIENCE, QuoteSigner, SignerError};
