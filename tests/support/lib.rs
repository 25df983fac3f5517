//! What the integration tests share: places, keys, and networks of their own.

use std::path::{Path, PathBuf};

pub mod authors;
pub mod golden;
pub mod network;

pub use network::Network;

/// The root of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace holds this package")
}

/// A folder of other people's vectors and data, which the project does not hold itself: beside the
/// project, or where `DZONG_SHARED` says. Where it is absent the caller says so and is skipped.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let shared = match std::env::var_os("DZONG_SHARED") {
        Some(shared) => PathBuf::from(shared),
        None => root().parent()?.join("shared"),
    };
    let folder = shared.join(folder);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is not there", folder.display());
    None
}
