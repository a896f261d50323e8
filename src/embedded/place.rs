//! Where the embedded store keeps its files, and who may use them.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use tokio::time;

use super::EmbeddedError;

/// The kernel takes 108 bytes on Linux and 104 elsewhere, with a zero at the end.
const LONGEST_SOCKET_PATH: usize = 100;

/// For how long an owner waits for commands that borrow its store.
const GUESTS_PATIENCE: Duration = Duration::from_secs(5);

/// The paths of one data folder. All are absolute, and no part of them is a symbolic link.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Whose lock file says who owns the store.
    data_dir: PathBuf,
    /// Redis' own folder.
    pub(super) folder: PathBuf,
    /// Where it listens.
    pub(super) socket: PathBuf,
    /// Where it writes its process id.
    pub(super) pid_file: PathBuf,
    /// What it logs.
    pub(super) log: PathBuf,
}

impl Place {
    /// Makes the folders where they are missing. Errors: `File`, `NotPrivate`.
    pub(super) fn prepare(data_dir: &Path) -> Result<Self, EmbeddedError> {
        fs::create_dir_all(data_dir).map_err(file_error(data_dir))?;
        let data_dir = data_dir.canonicalize().map_err(file_error(data_dir))?;
        let folder = data_dir.join("redis");
        private_folder(&folder)?;
        let near = folder.join("redis.sock");
        let socket = if near.as_os_str().len() <= LONGEST_SOCKET_PATH {
            near
        } else {
            far_folder(&folder)?.join("redis.sock")
        };
        Ok(Self {
            socket,
            pid_file: folder.join("redis.pid"),
            log: folder.join("redis.log"),
            folder,
            data_dir,
        })
    }

    /// The socket's URL, with everything escaped that could mean something in a URL.
    pub(super) fn url(&self) -> String {
        let mut url = String::from("redis+unix://");
        for &byte in self.socket.as_os_str().as_bytes() {
            match byte {
                b'/' | b'-' | b'_' | b'.' | b'~' => url.push(byte.into()),
                _ if byte.is_ascii_alphanumeric() => url.push(byte.into()),
                _ => url.push_str(&format!("%{byte:02X}")),
            }
        }
        url
    }

    /// Takes the data folder for as long as the file is held. Errors: `Locked`, `File`.
    pub(super) fn own(&self) -> Result<File, EmbeddedError> {
        let path = self.data_dir.join("quad.lock");
        let mut file = open_lock(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(&path).ok();
                return Err(EmbeddedError::Locked {
                    folder: self.data_dir.clone(),
                    holder: holder.and_then(|text| text.trim().parse().ok()),
                });
            }
            Err(TryLockError::Error(error)) => return Err(file_error(&path)(error)),
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(file_error(&path))?;
        Ok(file)
    }

    /// Becomes a guest for as long as the file is held; `None` while the owner is stopping.
    pub(super) fn join(&self) -> Result<Option<File>, EmbeddedError> {
        let path = self.guests();
        let file = open_lock(&path)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(file_error(&path)(error)),
        }
    }

    /// Lets no more guests in for as long as the file is held, and gives those who are there a
    /// moment to finish.
    pub(super) async fn show_guests_out(&self) -> Option<File> {
        let file = open_lock(&self.guests()).ok()?;
        let patience = time::Instant::now() + GUESTS_PATIENCE;
        while file.try_lock().is_err() {
            if time::Instant::now() > patience {
                tracing::warn!("the embedded store stops while a command still uses it");
                break;
            }
            time::sleep(Duration::from_millis(20)).await;
        }
        Some(file)
    }

    fn guests(&self) -> PathBuf {
        self.folder.join("guests.lock")
    }
}

/// An error about a file or folder.
pub(super) fn file_error(path: &Path) -> impl FnOnce(io::Error) -> EmbeddedError {
    let path = path.to_owned();
    move |source| EmbeddedError::File { path, source }
}

fn open_lock(path: &Path) -> Result<File, EmbeddedError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).map_err(file_error(path))
}

/// A short folder for a socket whose own folder has a long path. Its name follows from that path
/// alone, so that every process finds it, whatever its environment.
fn far_folder(folder: &Path) -> Result<PathBuf, EmbeddedError> {
    let hash = Sha256::digest(folder.as_os_str().as_bytes());
    let name = format!("quad-{}", BASE64_URL_SAFE_NO_PAD.encode(&hash[..12]));
    let far = Path::new("/tmp").join(name);
    private_folder(&far)?;
    Ok(far)
}

/// Makes a folder that only this user can enter. In a folder where everybody can write, another
/// user may have been quicker: then it is not used.
fn private_folder(folder: &Path) -> Result<(), EmbeddedError> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(file_error(folder)(error)),
    }
    // The link itself is looked at, not what it points to.
    let found = fs::symlink_metadata(folder).map_err(file_error(folder))?;
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    if !found.is_dir() || !ours {
        return Err(EmbeddedError::NotPrivate(folder.to_owned()));
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(file_error(folder))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_private_and_a_link_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("open");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        private_folder(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        let link = temporary.path().join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        assert!(matches!(
            private_folder(&link),
            Err(EmbeddedError::NotPrivate(_))
        ));
    }

    #[test]
    fn a_long_path_moves_the_socket_and_a_strange_one_is_escaped() {
        let temporary = tempfile::tempdir().unwrap();
        let long = temporary.path().join("long".repeat(30));
        let place = Place::prepare(&long).unwrap();
        assert!(
            place.socket.starts_with("/tmp")
                && place.socket.as_os_str().len() <= LONGEST_SOCKET_PATH
        );
        assert_eq!(place.socket, Place::prepare(&long).unwrap().socket);
        fs::remove_dir(place.socket.parent().unwrap()).unwrap();
        let place = Place::prepare(&temporary.path().join("a b%?#ä")).unwrap();
        assert!(
            place
                .url()
                .ends_with("/a%20b%25%3F%23%C3%A4/redis/redis.sock"),
            "{}",
            place.url()
        );
    }
}
