//! Private files, written whole or not at all, and durably. Errors name the file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rand::RngCore as _;
use rand::rngs::OsRng;

/// Writes a file that is readable by its owner alone, never over another.
///
/// # Errors
/// The file exists ([`io::ErrorKind::AlreadyExists`]), or cannot be written.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link, unlike a rename, fails where the name is taken.
    let link = |draft: &Path| {
        let linked = fs::hard_link(draft, path);
        fs::remove_file(draft).and(linked)
    };
    put(path, bytes, link)
}

/// Replaces a file by one that is readable by its owner alone.
///
/// # Errors
/// The file cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put(path, bytes, |draft| fs::rename(draft, path))
}

/// Writes the bytes beside `path`, and gives them its name.
fn put(path: &Path, bytes: &[u8], name: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    let written = write_draft(path, bytes).and_then(|draft| name(&draft));
    written.and_then(|()| sync_folder(path)).map_err(|error| {
        io::Error::new(error.kind(), format!("cannot write `{}`: {error}", path.display()))
    })
}

/// Writes the bytes to a file beside `path` that has no meaning yet.
fn write_draft(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{:016x}.draft", OsRng.next_u64()));
    let draft = path.with_file_name(name);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(draft)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
