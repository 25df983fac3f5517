//! The stop that outlives restarts: a file that an operator removes once the cause is known.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::application::Fault;

fn path(home: &Path) -> PathBuf {
    home.join("SAFETY_HALT")
}

/// Why agreement was stopped for safety in this home, if it was.
pub(crate) fn halt_reason(home: &Path) -> Result<Option<String>, Fault> {
    match std::fs::read(path(home)) {
        Ok(text) => {
            let text = String::from_utf8_lossy(&text);
            Ok(Some(text.lines().next().unwrap_or_default().to_owned()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Writes the file durably. The first reason stays: later ones are its consequences.
pub(crate) fn write_halt(home: &Path, reason: &str) -> Result<(), Fault> {
    let mut file = match File::options().write(true).create_new(true).open(path(home)) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        file => file?,
    };
    writeln!(file, "{}", reason.replace('\n', " "))?;
    writeln!(file, "When the cause is gone, remove this file and start the node with --rejoin.")?;
    file.sync_all()?;
    Ok(File::open(home)?.sync_all()?)
}
