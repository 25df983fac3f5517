//! Files, written whole or not at all. Errors name the file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rand::RngCore as _;
use rand::rngs::OsRng;

/// Who may read a file, and write it.
const PRIVATE: u32 = 0o600;
const PUBLIC: u32 = 0o644;

/// Writes a file that is readable by its owner alone, never over another, durably.
///
/// # Errors
/// The file exists ([`io::ErrorKind::AlreadyExists`]), or cannot be written.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put_new(path, bytes, PRIVATE)
}

/// Writes a file that everyone may read, never over another, durably.
///
/// # Errors
/// As [`write_new`].
pub fn publish_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put_new(path, bytes, PUBLIC)
}

/// Replaces a file by one that is readable by its owner alone, durably.
///
/// # Errors
/// The file cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put(path, bytes, PRIVATE, |draft| fs::rename(draft, path))?;
    sync_folder(path)
}

/// Writes or replaces a file that everyone may read. A crash leaves what was there before, or all
/// of the new bytes.
///
/// # Errors
/// The file cannot be written.
pub fn publish(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put(path, bytes, PUBLIC, |draft| fs::rename(draft, path))
}

fn put_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    // A link, unlike a rename, fails where the name is taken.
    let link = |draft: &Path| {
        let linked = fs::hard_link(draft, path);
        fs::remove_file(draft).and(linked)
    };
    put(path, bytes, mode, link)?;
    sync_folder(path)
}

/// Writes the bytes beside `path`, and gives them its name.
fn put(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    name: impl Fn(&Path) -> io::Result<()>,
) -> io::Result<()> {
    write_draft(path, bytes, mode).and_then(|draft| name(&draft)).map_err(|error| {
        io::Error::new(error.kind(), format!("cannot write `{}`: {error}", path.display()))
    })
}

/// Writes the bytes to a file beside `path` that has no meaning yet.
fn write_draft(path: &Path, bytes: &[u8], mode: u32) -> io::Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{:016x}.draft", OsRng.next_u64()));
    let draft = path.with_file_name(name);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(draft)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.json");
        for bytes in [&b"one"[..], b"", b"three"] {
            publish(&path, bytes).unwrap();
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        assert!(publish(&directory.path().join("no/such"), b"").is_err());
    }
}
