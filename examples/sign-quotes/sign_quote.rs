//! Signs a quote: cargo run -p sign-quotes KEY.jwk CLAIMS.json
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde_json::{Value, json};
type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let file = |nth| std::fs::read(std::env::args().nth(nth).unwrap_or_default());
    let (jwk, claims): (Value, Value) = (serde_json::from_slice(&file(1)?)?, serde_json::from_slice(&file(2)?)?);
    let seed = BASE64URL.decode(jwk["d"].as_str().ok_or("the key has no d")?)?;
    let key = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| "d is not an Ed25519 key")?;
    let encode = |value: &Value| BASE64URL.encode(value.to_string());
    let input = format!("{}.{}", encode(&json!({ "alg": "EdDSA", "kid": jwk["kid"] })), encode(&claims));
    println!("{input}.{}", BASE64URL.encode(key.sign(input.as_bytes())));
    Ok(())
}
