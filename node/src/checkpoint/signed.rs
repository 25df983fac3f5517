//! The memory of the newest checkpoint that was signed here.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use proofs::Hash;
use proofs::tlog::LogHead;

use crate::files;

/// A file with the size and the root that were signed last.
#[derive(Debug)]
pub struct SignedFile {
    path: PathBuf,
    last: Option<LogHead>,
}

impl SignedFile {
    /// Reads what was signed.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged: then nothing may be signed until an operator has
    /// found out why.
    pub fn open(path: &Path) -> io::Result<SignedFile> {
        let last = match fs::read_to_string(path) {
            Ok(text) => Some(parse(&text).ok_or_else(|| {
                let problem = format!("`{}` is damaged: find the cause", path.display());
                io::Error::new(io::ErrorKind::InvalidData, problem)
            })?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(SignedFile { path: path.to_owned(), last })
    }

    /// Makes sure that this checkpoint may be signed, durably. Says no where a larger one was
    /// signed, or another root of this size.
    ///
    /// # Errors
    /// The disk refuses; then do not sign.
    pub(super) fn remember(&mut self, head: &LogHead) -> io::Result<bool> {
        match self.last {
            Some(last) if last == *head => return Ok(true),
            Some(last) if last.size == head.size => {
                tracing::error!(size = head.size, "another root of this log was signed before");
                return Ok(false);
            }
            Some(last) if last.size > head.size => return Ok(false),
            _ => {}
        }
        files::replace(&self.path, format!("{} {}\n", head.size, head.root).as_bytes())?;
        self.last = Some(*head);
        Ok(true)
    }
}

fn parse(text: &str) -> Option<LogHead> {
    let (size, root) = text.strip_suffix('\n')?.split_once(' ')?;
    Some(LogHead { size: size.parse().ok()?, root: root.parse::<Hash>().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_grow_and_a_size_has_one_root_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("checkpoint");
        let head = |size, root| LogHead { size, root: Hash([root; 32]) };
        let mut file = SignedFile::open(&path).unwrap();
        assert!(file.remember(&head(5, 1)).unwrap());
        let mut file = SignedFile::open(&path).unwrap();
        assert!(file.remember(&head(5, 1)).unwrap(), "the same again");
        assert!(!file.remember(&head(5, 2)).unwrap());
        assert!(!file.remember(&head(4, 1)).unwrap());
        assert!(file.remember(&head(6, 2)).unwrap());
        fs::write(&path, "6 ").unwrap();
        assert!(SignedFile::open(&path).is_err());
    }
}
