//! `orders quote-key`: the key pair of a pricing service.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use order_domain::values::KeyId;
use signed_quotes::{QuoteKeys, QuoteSigner};

use crate::text::print;

/// The files of private keys.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The private key files, each a JWK
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// First create a key with this name (`kid`) in the file, which must be the only one; an existing file is an error
    #[arg(long, value_name = "KID")]
    new: Option<String>,
}

/// Prints the JWK Set of the public keys: the value of the template's parameter `QuoteKeys`.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match (&arguments.new, &arguments.files[..]) {
        (None, _) => {}
        (Some(kid), [file]) => make(file, kid)?,
        (Some(_), _) => anyhow::bail!("--new requires exactly one file"),
    }
    print(&key_set(&arguments.files)?);
    Ok(())
}

/// Returns the set of public keys in the form that the API accepts.
fn key_set(files: &[PathBuf]) -> anyhow::Result<String> {
    let signers = files.iter().map(|file| read_signer(file)).collect::<anyhow::Result<Vec<_>>>()?;
    let set = QuoteSigner::key_set(&signers).to_string();
    QuoteKeys::parse(&set)?;
    Ok(set)
}

/// Reads a private key.
pub(crate) fn read_signer(file: &Path) -> anyhow::Result<QuoteSigner> {
    let key = fs::read_to_string(file);
    let key =
        key.with_context(|| format!("cannot read {}: `orders quote-key --new KID` creates a key", file.display()))?;
    QuoteSigner::from_private_jwk(&key).with_context(|| file.display().to_string())
}

/// Writes a new key to a file that only its owner can read.
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

    #[test]
    fn the_keys_of_several_files_are_one_set() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["2026-q4", "2027-q1"].map(|kid| (folder.path().join(kid), kid));
        for (file, kid) in &files {
            make(file, kid).unwrap();
        }
        let [old, new] = files.map(|(file, _)| file);
        let set = key_set(&[old.clone(), new]).unwrap();
        assert!(set.contains("2026-q4") && set.contains("2027-q1") && !set.contains("\"d\""), "{set}");
        key_set(&[old.clone(), old]).unwrap_err();
    }
}
