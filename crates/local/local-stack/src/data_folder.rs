//! The data folder of a stack. One stack at a time can use it, and other users cannot read it.
//!
//! If other users can read an existing folder, the stack removes their rights if the folder is empty or has only data of a
//! stack. Otherwise it rejects the folder, because it may be a home or a project that the user shares on purpose.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::StartError;

const LOCK: &str = "lock";
const DATABASE: &str = "dynamodb.sqlite";
const EVENTS: &str = "events.ndjson";
/// The subfolder of keys.
pub(crate) const KEYS: &str = "keys";
/// The rights of every other user.
const OTHERS: u32 = 0o077;

/// A data folder that no other stack can use until this is dropped or the process ends, however it ends. If it is dropped
/// before [`DataFolder::keep`], it removes the files that were added to the folder.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    /// The operating system releases the lock with the file, even after `kill -9`.
    _lock: File,
    /// The folder's content before this start; `None` once the data is kept.
    before: Option<Before>,
}

/// The folder's content before a start.
#[derive(Debug)]
struct Before {
    files: BTreeSet<OsString>,
    /// The folders that this start created, the innermost first.
    made: Vec<PathBuf>,
}

impl DataFolder {
    /// Creates the folder if it is missing, and locks it.
    pub(crate) fn take(path: &Path) -> Result<Self, StartError> {
        let failed = |source: io::Error| StartError::DataFolder { path: path.to_owned(), source };
        let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let made: Vec<PathBuf> = path.ancestors().take_while(missing).map(Path::to_owned).collect();
        let created = DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed);
        let taken = created.and_then(|()| take_existing(path));
        match taken {
            Ok((lock, files)) => Ok(Self { path: path.to_owned(), _lock: lock, before: Some(Before { files, made }) }),
            Err(error) => {
                remove_empty(&made);
                Err(error)
            }
        }
    }

    /// Keeps the folder's content from now on.
    pub(crate) fn keep(&mut self) {
        self.before = None;
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of the embedded database's file.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Returns the path of the event bus's log.
    pub(crate) fn events(&self) -> PathBuf {
        self.path.join(EVENTS)
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        let Some(Before { files, made }) = self.before.take() else { return };
        let now = names(&self.path).unwrap_or_default();
        // The added files include the lock. It is free only once this file is closed, so no other stack uses a removed
        // file. A journal that SQLite left beside an existing database contains data of that database.
        let is_journal =
            |name: &OsString| files.contains(OsStr::new(DATABASE)) && name.to_string_lossy().starts_with(DATABASE);
        for added in now.difference(&files).filter(|name| is_of_a_stack(name) && !is_journal(name)) {
            let _left = fs::remove_file(self.path.join(added));
        }
        remove_empty(&made);
    }
}

/// Locks an existing folder. Returns its lock and the names of the files that were in it.
fn take_existing(path: &Path) -> Result<(File, BTreeSet<OsString>), StartError> {
    let failed = |source: io::Error| StartError::DataFolder { path: path.to_owned(), source };
    let folder = fs::metadata(path).map_err(failed)?;
    if folder.uid() != rustix::process::geteuid().as_raw() {
        return Err(StartError::ForeignDataFolder { path: path.to_owned() });
    }
    let files = names(path).map_err(failed)?;
    if folder.mode() & OTHERS != 0 {
        if !files.contains(OsStr::new(LOCK))
            && !files.iter().all(|name| is_of_a_stack(name) || name == OsStr::new(KEYS))
        {
            return Err(StartError::SharedFolder { path: path.to_owned() });
        }
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(failed)?;
    }
    let lock = lock(&path.join(LOCK)).map_err(failed)?;
    lock.map(|lock| (lock, files)).ok_or_else(|| StartError::DataFolderInUse { path: path.to_owned() })
}

/// Opens and locks the lock's file; `None` if another stack has locked it.
fn lock(path: &Path) -> io::Result<Option<File>> {
    loop {
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // A failed start removes its lock, perhaps between the two lines above. Then this file locks nothing.
        match fs::metadata(path) {
            Ok(found) if found.ino() == file.metadata()?.ino() => return Ok(Some(file)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
}

fn names(path: &Path) -> io::Result<BTreeSet<OsString>> {
    fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
}

/// Recognizes the files that a stack creates.
fn is_of_a_stack(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name == LOCK
        || name.starts_with(DATABASE)
        || name == EVENTS
        || ["-checkpoint.json", "-checkpoint.tmp", "-discarded.ndjson"].iter().any(|end| name.ends_with(end))
}

/// Removes folders, the innermost first. Folders that are not empty stay.
fn remove_empty(folders: &[PathBuf]) {
    for folder in folders {
        let _left = fs::remove_dir(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    fn share(path: &Path) {
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn a_folder_is_held_by_one_stack_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("nested");
        let mut first = DataFolder::take(&path).unwrap();
        assert!(matches!(DataFolder::take(&path), Err(StartError::DataFolderInUse { .. })));
        first.keep();
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

    #[test]
    fn a_new_folder_and_its_lock_are_closed_to_other_users() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("nested");
        let _taken = DataFolder::take(&path).unwrap();
        assert_eq!((mode(&path), mode(&folder.path().join("new")), mode(&path.join(LOCK))), (0o700, 0o700, 0o600));
    }

    #[test]
    fn a_shared_folder_is_closed_where_it_is_empty_or_holds_data() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("empty")).unwrap();
        fs::create_dir_all(folder.path().join("of-tokens/keys")).unwrap();
        for name in ["empty", "of-tokens"] {
            let path = folder.path().join(name);
            for _without_and_with_its_lock in 0..2 {
                share(&path);
                DataFolder::take(&path).unwrap().keep();
                assert_eq!(mode(&path), 0o700, "{name}");
            }
        }
    }

    #[test]
    fn a_shared_folder_with_other_files_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        share(folder.path());
        fs::write(folder.path().join("letter"), "").unwrap();
        let refused = DataFolder::take(folder.path());
        assert!(matches!(refused, Err(StartError::SharedFolder { .. })), "{refused:?}");
        assert_eq!((mode(folder.path()), names(folder.path()).unwrap().len()), (0o755, 1));
    }

    #[test]
    fn a_folder_of_another_user_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        // Only root can give a folder to another user. For every other user, root's own folder is a foreign one.
        let given_away = std::os::unix::fs::chown(folder.path(), Some(65_534), None).is_ok();
        let foreign = if given_away { folder.path() } else { Path::new("/") };
        let refused = DataFolder::take(foreign);
        assert!(matches!(refused, Err(StartError::ForeignDataFolder { .. })), "{refused:?}");
    }

    #[test]
    fn a_folder_that_is_not_kept_is_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let made = folder.path().join("new").join("nested");
        let taken = DataFolder::take(&made).unwrap();
        fs::write(taken.database(), "").unwrap();
        fs::write(taken.path().join("dynamodb.sqlite-wal"), "").unwrap();
        drop(taken);
        assert_eq!(names(folder.path()).unwrap(), BTreeSet::new());

        fs::write(folder.path().join(EVENTS), "before").unwrap();
        let taken = DataFolder::take(folder.path()).unwrap();
        for added in [DATABASE, "projector-checkpoint.json", "letter"] {
            fs::write(folder.path().join(added), "").unwrap();
        }
        drop(taken);
        let left: Vec<_> = names(folder.path()).unwrap().into_iter().collect();
        assert_eq!(left, [EVENTS, "letter"], "no file of a stack that is new, every other one");
        assert_eq!(fs::read_to_string(folder.path().join(EVENTS)).unwrap(), "before");
    }
}
