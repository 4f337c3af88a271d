//! The data folder: the secret key, the table's file, and who is using them.
//!
//! Locks tell who is alive, because they die with their process; a file that a killed site left behind tells nothing.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use secrecy::SecretString;
use shared::config;
use shared::entropy::Entropy;

/// The folder, held by this process alone.
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// The word, for the operator's commands, that a site is running and where its table is. Dropping it takes it back.
pub struct Announcement {
    path: PathBuf,
    _lock: File,
}

/// The data folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Another process has it.
    #[error("the data folder {} is in use by another bangumoe: stop that one, or choose another folder with --data", .0.display())]
    InUse(PathBuf),
    /// The secret key's file holds something else.
    #[error("{} is not a secret key of 32 characters or more (or several, each on its line): restore it, or remove the whole folder", .0.display())]
    NotAKey(PathBuf),
    /// The file system.
    #[error("{}: {source}", path.display())]
    Io {
        /// What could not be read or written.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl DataFolder {
    /// Opens the folder for this process alone; makes it if it isn't there.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn open(path: &Path) -> Result<Self, DataError> {
        create_folder(path)?;
        let file = path.join("lock");
        let lock = owner_only().create(true).truncate(false).open(&file).map_err(at(&file))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(DataError::Io { path: file, source: error }),
        }
    }

    /// The site's secret keys, of which the first is made at the first start.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn secret_keys(&self, entropy: &Entropy) -> Result<Vec<SecretString>, DataError> {
        match read_secret_keys(&self.path) {
            Err(DataError::Io { path, source }) if source.kind() == io::ErrorKind::NotFound => {
                let key = HEXLOWER.encode(&entropy.bytes::<32>());
                // Whole or not at all: half a key after a crash would lock the site out of its own data.
                let draft = self.path.join("secret_key.new");
                let mut file = owner_only().create(true).truncate(true).open(&draft).map_err(at(&draft))?;
                file.write_all(key.as_bytes()).and_then(|()| file.sync_all()).map_err(at(&draft))?;
                std::fs::rename(&draft, &path).map_err(at(&path))?;
                Ok(vec![SecretString::from(key)])
            }
            read => read,
        }
    }

    /// The table's file, which exists afterwards, if only empty: SQLite would make it readable for everybody.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn table(&self) -> Result<PathBuf, DataError> {
        let path = self.path.join("table.db");
        owner_only().create(true).truncate(false).open(&path).map_err(at(&path))?;
        Ok(path)
    }
}

/// The secret keys of the site whose data folder `path` is, also while that site is running: one on each line of a file,
/// of which the first seals.
///
/// # Errors
/// [`DataError`], also where there are none yet.
pub fn read_secret_keys(path: &Path) -> Result<Vec<SecretString>, DataError> {
    let path = path.join("secret_key");
    let text = std::fs::read_to_string(&path).map_err(at(&path))?;
    config::secret_keys(text.lines()).ok_or(DataError::NotAKey(path))
}

impl Announcement {
    /// Announces that a site is running whose table is at `endpoint`. `None` where another site has already announced
    /// itself in this folder, as one in memory can.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn make(folder: &Path, endpoint: &str) -> Result<Option<Self>, DataError> {
        create_folder(folder)?;
        let path = folder.join("endpoint");
        let mut lock = owner_only().create(true).truncate(false).open(&path).map_err(at(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                tracing::warn!(folder = %folder.display(), "commands speak to the site that was here first, not to this");
                return Ok(None);
            }
            Err(TryLockError::Error(error)) => return Err(DataError::Io { path, source: error }),
        }
        lock.set_len(0).and_then(|()| writeln!(lock, "{endpoint}")).map_err(at(&path))?;
        Ok(Some(Self { path, _lock: lock }))
    }

    /// The table's endpoint of the site that is running, if one is.
    pub fn read(folder: &Path) -> Option<String> {
        let path = folder.join("endpoint");
        let lock = File::open(&path).ok()?;
        // Who can lock it finds it left behind.
        if !matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return None;
        }
        let text = std::fs::read_to_string(&path).ok()?;
        Some(text.trim().to_owned()).filter(|endpoint| !endpoint.is_empty())
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // If it stays, its lock is gone all the same.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn create_folder(path: &Path) -> Result<(), DataError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(at(path))
}

fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> DataError {
    let path = path.to_owned();
    |source| DataError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn the_secret_key_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let key = |seed| {
            let mut keys = DataFolder::open(&path).unwrap().secret_keys(&Entropy::seeded(seed)).unwrap();
            assert_eq!(keys.len(), 1);
            keys.remove(0)
        };
        let first = key(1);
        assert_eq!(first.expose_secret().len(), 64);
        assert_eq!(first.expose_secret(), key(2).expose_secret());
    }

    #[test]
    fn somebody_may_put_a_new_secret_key_before_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        let old = data.secret_keys(&Entropy::seeded(1)).unwrap().remove(0);
        let new = "a new secret key of 32 characters or more";
        std::fs::write(folder.path().join("secret_key"), format!("{new}\n{}\n", old.expose_secret())).unwrap();
        let keys = read_secret_keys(folder.path()).unwrap();
        let keys: Vec<_> = keys.iter().map(|key| key.expose_secret()).collect();
        assert_eq!(keys, [new, old.expose_secret()]);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let data = DataFolder::open(&path).unwrap();
        data.secret_keys(&Entropy::seeded(1)).unwrap();
        data.table().unwrap();
        for (file, mode) in [(".", 0o700), ("secret_key", 0o600), ("table.db", 0o600)] {
            assert_eq!(path.join(file).metadata().unwrap().permissions().mode() & 0o777, mode, "{file}");
        }
    }

    #[test]
    fn a_second_site_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataFolder::open(folder.path()).unwrap();
        assert!(matches!(DataFolder::open(folder.path()), Err(DataError::InUse(_))));
        drop(first);
        assert!(DataFolder::open(folder.path()).is_ok());
    }

    #[test]
    fn an_announcement_counts_only_while_its_site_lives() {
        let folder = tempfile::tempdir().unwrap();
        let announcement = Announcement::make(folder.path(), "http://127.0.0.1:1").unwrap().unwrap();
        assert_eq!(Announcement::read(folder.path()).as_deref(), Some("http://127.0.0.1:1"));
        assert!(Announcement::make(folder.path(), "http://127.0.0.1:2").unwrap().is_none());
        drop(announcement);
        assert_eq!(Announcement::read(folder.path()), None);
        // As after a kill: the file is there, and nobody holds it.
        std::fs::write(folder.path().join("endpoint"), "http://127.0.0.1:1\n").unwrap();
        assert_eq!(Announcement::read(folder.path()), None);
    }
}
