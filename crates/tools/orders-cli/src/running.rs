//! The addresses of a running local stack. `orders local` writes them into its data folder, and the other commands read
//! them.

use std::fmt;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde::{Deserialize, Serialize};

/// The default data folder of `orders local`.
pub(crate) const DATA_FOLDER: &str = ".order-ledger";

/// The file in the data folder. The stack's process keeps it locked, so a file without a lock is stale.
const FILE: &str = "running.json";

/// The addresses of a local stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Addresses {
    pub(crate) api: String,
    pub(crate) dynamodb: String,
    pub(crate) eventbridge: String,
    /// The id of the stack's process.
    pub(crate) process: u32,
}

impl Addresses {
    /// Reads the addresses of the stack that runs with a data folder; `None` if no stack runs.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Option<Self>> {
        let path = folder.join(FILE);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind()) => {
                return Ok(None);
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        match file.try_lock_shared() {
            // The process that wrote the file has ended.
            Ok(()) => return Ok(None),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        let addresses = serde_json::from_reader(file);
        Ok(Some(
            addresses.with_context(|| format!("{} does not contain the addresses of a local stack", path.display()))?,
        ))
    }

    /// Returns a shell line that makes the commands, and any AWS SDK, use this stack.
    pub(crate) fn export(&self) -> String {
        format!(
            "export {}={} {}={} {}={}",
            Service::Api.variable(),
            self.api,
            Service::DynamoDb.variable(),
            self.dynamodb,
            Service::EventBridge.variable(),
            self.eventbridge
        )
    }
}

/// The announced addresses of this process. They are removed when this value is dropped.
pub(crate) struct Announcement {
    file: PathBuf,
    /// The data folder, if this process created it.
    new_folder: Option<PathBuf>,
    /// The operating system releases the lock when the process ends, even after `kill -9`.
    lock: File,
}

impl Announcement {
    /// Writes the addresses into the data folder, and creates the folder if it is missing. Fails if another stack announced
    /// itself in the folder earlier.
    pub(crate) fn make(folder: &Path, addresses: &Addresses) -> anyhow::Result<Self> {
        if let Some(other) = Addresses::read(folder)? {
            bail!("the stack of process {} has its addresses in {}", other.process, folder.display());
        }
        let new_folder = match DirBuilder::new().mode(0o700).create(folder) {
            Ok(()) => Some(folder.to_owned()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
            Err(error) => return Err(error).with_context(|| format!("cannot create {}", folder.display())),
        };
        // The file is complete and locked before it is renamed, so no reader finds a partial file or takes it for a stale
        // one.
        let draft = folder.join(format!("{FILE}.{}", addresses.process));
        let written = File::create(&draft).and_then(|mut lock| {
            lock.lock()?;
            writeln!(lock, "{}", serde_json::to_string(addresses)?)?;
            Ok(lock)
        });
        let lock = written.with_context(|| format!("cannot write {}", draft.display()))?;
        let file = folder.join(FILE);
        fs::rename(&draft, &file).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(Self { file, new_folder, lock })
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        let inode = |metadata: io::Result<fs::Metadata>| metadata.map(|metadata| metadata.ino()).ok();
        // If two stacks start at once, the other one may have replaced the file.
        if inode(fs::metadata(&self.file)) == inode(self.lock.metadata()) {
            let _stale = fs::remove_file(&self.file);
        }
        if let Some(folder) = &self.new_folder {
            // This fails if the folder contains other files, such as the issuer's key.
            let _in_use = fs::remove_dir(folder);
        }
    }
}

/// A service of a local stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Api,
    DynamoDb,
    EventBridge,
}

impl Service {
    /// Returns the environment variable with the address. The AWS SDKs know the last two.
    pub(crate) const fn variable(self) -> &'static str {
        match self {
            Self::Api => "ORDERS_API",
            Self::DynamoDb => "AWS_ENDPOINT_URL_DYNAMODB",
            Self::EventBridge => "AWS_ENDPOINT_URL_EVENTBRIDGE",
        }
    }

    const fn default_address(self) -> &'static str {
        match self {
            Self::Api => "http://127.0.0.1:3000",
            Self::DynamoDb => "http://127.0.0.1:8000",
            Self::EventBridge => "http://127.0.0.1:8001",
        }
    }

    fn of(self, addresses: Addresses) -> String {
        match self {
            Self::Api => addresses.api,
            Self::DynamoDb => addresses.dynamodb,
            Self::EventBridge => addresses.eventbridge,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Api => "the API",
            Self::DynamoDb => "DynamoDB",
            Self::EventBridge => "EventBridge",
        })
    }
}

/// The address of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) service: Service,
    pub(crate) url: String,
    /// The environment variable that contained the address.
    variable: Option<&'static str>,
}

impl Address {
    fn new(service: Service, url: &str) -> Self {
        Self { service, url: url.trim_end_matches('/').to_owned(), variable: None }
    }

    /// Returns the message that nothing answers at this address, with a remedy.
    pub(crate) fn unreachable(&self, error: &(dyn std::error::Error + 'static)) -> String {
        format!("cannot reach {self}: {}. Is `orders local` running?", reason(error))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.service, self.url)?;
        self.variable.map_or(Ok(()), |variable| write!(f, " (from {variable})"))
    }
}

/// Returns the root cause of an error, such as "connection refused".
pub(crate) fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    match deepest.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::Other) | None => deepest.to_string(),
        Some(kind) => kind.to_string(),
    }
}

/// The local stack that a command uses.
#[derive(Args, Clone, Default)]
pub(crate) struct StackFolder {
    /// The data folder of the running stack, which contains its addresses. Without this option, the addresses come from the
    /// environment (`ORDERS_API`, `AWS_ENDPOINT_URL_EVENTBRIDGE`), then from the stack that runs with .order-ledger, then
    /// from the default ports
    #[arg(long = "data", value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

impl StackFolder {
    pub(crate) const fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Finds the address of a service: from the option, then from the named folder, the environment, or the default folder,
    /// and finally from the default port.
    pub(crate) fn address(&self, service: Service, given: Option<&str>) -> anyhow::Result<Address> {
        if let Some(url) = given {
            return Ok(Address::new(service, url));
        }
        if let Some(folder) = &self.folder {
            let addresses = Addresses::read(folder)?.with_context(|| {
                let folder = folder.display();
                format!("no stack runs with the data folder {folder}: start one with `orders local --data {folder}`")
            })?;
            return Ok(Address::new(service, &service.of(addresses)));
        }
        if let Some(url) = std::env::var(service.variable()).ok().filter(|url| !url.is_empty()) {
            return Ok(Address { variable: Some(service.variable()), ..Address::new(service, &url) });
        }
        let running = Addresses::read(Path::new(DATA_FOLDER))?.map(|addresses| service.of(addresses));
        Ok(Address::new(service, running.as_deref().unwrap_or(service.default_address())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(process: u32) -> Addresses {
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        Addresses { api: at(1), dynamodb: at(2), eventbridge: at(3), process }
    }

    #[test]
    fn addresses_are_found_until_their_process_lets_go_of_them() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("data");
        assert_eq!(Addresses::read(&folder).unwrap(), None);
        let announcement = Announcement::make(&folder, &addresses(7)).unwrap();
        assert_eq!(Addresses::read(&folder).unwrap(), Some(addresses(7)));
        let second = Announcement::make(&folder, &addresses(8)).err().unwrap();
        assert!(second.to_string().starts_with("the stack of process 7 has its addresses in "), "{second}");
        drop(announcement);
        assert_eq!(Addresses::read(&folder).unwrap(), None);
        assert!(!folder.exists(), "the folder was new");
    }

    #[test]
    fn a_stale_file_is_not_used_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), serde_json::to_string(&addresses(7)).unwrap()).unwrap();
        assert_eq!(Addresses::read(folder.path()).unwrap(), None);
        let announcement = Announcement::make(folder.path(), &addresses(8)).unwrap();
        assert_eq!(Addresses::read(folder.path()).unwrap(), Some(addresses(8)));
        drop(announcement);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "the folder was there before");
    }

    #[test]
    fn the_export_line_has_the_names_that_the_commands_read() {
        assert_eq!(
            addresses(7).export(),
            "export ORDERS_API=http://127.0.0.1:1 AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:2 \
             AWS_ENDPOINT_URL_EVENTBRIDGE=http://127.0.0.1:3"
        );
    }
}
