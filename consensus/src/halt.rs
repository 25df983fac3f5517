//! The stop that outlives restarts: a file that an operator removes once the cause is known.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::application::Fault;

fn path(home: &Path) -> PathBuf {
    home.join("SAFETY_HALT")
}

/// Why agreement was stopped for safety in this home, if it was.
pub fn halt_reason(home: &Path) -> Result<Option<String>, Fault> {
    match std::fs::read(path(home)) {
        Ok(reason) => Ok(Some(String::from_utf8_lossy(&reason).trim_end().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Lets agreement start again in this home. For an operator who has found the cause.
pub fn clear_halt(home: &Path) -> Result<(), Fault> {
    match std::fs::remove_file(path(home)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes the file durably. The first reason stays: later ones are its consequences.
pub(crate) fn write_halt(home: &Path, reason: &str) -> Result<(), Fault> {
    let mut file = match File::options().write(true).create_new(true).open(path(home)) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        file => file?,
    };
    writeln!(file, "{reason}")?;
    file.sync_all()?;
    Ok(File::open(home)?.sync_all()?)
}
