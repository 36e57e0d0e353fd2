//! Signatures of quotes: compact JSON Web Signatures (RFC 7515) by Ed25519 keys (RFC 8037) of a JWK Set (RFC 7517).
//!
//! This crate must never do I/O, read a clock, or know a claim: it answers whether a key of the deployment signed a text.
//! `http_api` reads the claims, and the command handler decides what becomes of the quote.
//!
//! Where to start:
//!
//! | file | holds |
//! |---|---|
//! | [`jws`] | a quote taken apart: three parts, base64url, a header of `alg`, `kid` and `typ` |
//! | [`keys`] | the keys of a deployment, and the check of a signature |
//! | [`signer`] | a key that signs, for tests and the command line |
//!
//! # The library
//!
//! `aws-lc-rs` verifies: the one cryptographic library that is in every function already, because TLS uses it. With it, the
//! algorithm belongs to the key and there is one: a token chooses nothing, it can only be refused. What is left to this crate
//! is to split a text at two dots, to decode base64url with the `base64` crate, and to read a header of three members.
//!
//! `jsonwebtoken` 12 (feature `aws_lc_rs`) has the same backend and would save the first two of these. It was left out because
//! its header keeps the last of repeated members that it does not know and accepts `crit` for `b64`, it does not know the name
//! `Ed25519` (RFC 9864), and it chooses the algorithm from the token among HMAC, RSA and ECDSA: all of that would have to be
//! checked by code of ours before it, which then reads the header twice.

pub mod jws;
pub mod keys;
pub mod signer;

pub use jws::{Jws, JwsFault};
pub use keys::{KeyFault, KeySetFault, QuoteKeys, SignatureCheck};
pub use signer::{DEMO_AUDIENCE, QuoteSigner, SignerError};
