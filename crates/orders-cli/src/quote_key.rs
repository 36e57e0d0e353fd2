//! `orders quote-key`: the key pair of a pricing service.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use order_domain::values::KeyId;
use signed_quotes::QuoteSigner;

use crate::text::print;

/// The file of the private key, and whether to make it.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The file of the private key, a JWK
    file: PathBuf,
    /// Make a new key with this name (`kid`) first; an existing file is left as it is
    #[arg(long, value_name = "KID")]
    new: Option<String>,
}

/// Prints the JWK Set of the public key: the value of the template's parameter `QuoteKeys`.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { file, new } = arguments;
    if let Some(kid) = new {
        make(file, kid)?;
    }
    let key = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let signer = QuoteSigner::from_private_jwk(&key).with_context(|| file.display().to_string())?;
    print(&QuoteSigner::key_set([&signer]).to_string());
    Ok(())
}

/// Writes a new key that its owner alone may read.
fn make(file: &Path, kid: &str) -> anyhow::Result<()> {
    let kid = KeyId::parse(kid).context("--new")?;
    let key = QuoteSigner::generate(kid)?.private_jwk()?;
    let mut options = OpenOptions::new();
    let created = options.write(true).create_new(true).mode(0o600).open(file);
    let mut created = created.with_context(|| format!("cannot create {}", file.display()))?;
    writeln!(created, "{key}").with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.jwk");
        make(&file, "2026-q4").unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let key = fs::read_to_string(&file).unwrap();
        assert_eq!(QuoteSigner::from_private_jwk(&key).unwrap().kid().as_str(), "2026-q4");
        make(&file, "2027-q1").unwrap_err();
        assert_eq!(fs::read_to_string(&file).unwrap(), key);
    }
}
