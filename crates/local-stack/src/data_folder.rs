//! The folder a stack keeps its data in, held by one stack at a time.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::StartError;

/// A data folder that nobody else can take until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    /// The operating system lets go of the lock with the file, even after `kill -9`.
    _lock: File,
}

impl DataFolder {
    /// Creates the folder where it is missing, and takes it.
    pub(crate) fn take(path: &Path) -> Result<Self, StartError> {
        let failed = |source: io::Error| StartError::DataFolder { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(failed)?;
        let lock = File::create(path.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StartError::DataFolderInUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The embedded database's file.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("dynamodb.sqlite")
    }

    /// The event bus's log.
    pub(crate) fn events(&self) -> PathBuf {
        self.path.join("events.ndjson")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_stack_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("nested");
        let first = DataFolder::take(&path).unwrap();
        assert!(matches!(DataFolder::take(&path), Err(StartError::DataFolderInUse { .. })));
        drop(first);
        DataFolder::take(&path).unwrap();
    }

    #[test]
    fn a_folder_that_is_a_file_is_refused_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "").unwrap();
        let message = DataFolder::take(&path).unwrap_err().to_string();
        assert!(message.contains(&path.display().to_string()) && message.lines().count() == 1, "{message}");
    }
}
