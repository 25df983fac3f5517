//! The log as files (C2SP tlog-tiles): where they are read, and how a copy is made that any web
//! server serves.
//!
//! # Invariants
//!
//! * A file is written as a whole, and the checkpoint last: a copy always holds all that its
//!   checkpoint speaks of.
//! * Tiles of a copy are made here from the entries, and lead to the checkpoint's root. Who signed
//!   it is for the audit.

use std::fs;
use std::ops;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use ledger::Snapshot;
use proofs::Hash;
use proofs::merkle::leaf_hash;
use proofs::tlog::note::NOTE_BYTES_MAX;
use proofs::tlog::tiles::{
    ProvenTiles, TILE_BYTES_MAX, TILE_WIDTH, decode_entries, decode_hashes, encode_entries,
    encode_hashes,
};
use proofs::tlog::{LogHead, Note, Tile, TileTree};

use crate::client::Client;
use crate::files::publish;

/// The checkpoint's name below the log's prefix.
pub const CHECKPOINT: &str = "checkpoint";
/// The policy's name.
pub const POLICY: &str = "policy";
/// The genesis document's name in a copy.
pub const GENESIS: &str = "genesis.json";

/// Where a log's files are.
#[derive(Clone)]
pub enum Source {
    /// Below a URL.
    Web(Client),
    /// In a directory.
    Directory(PathBuf),
    /// In the ledger of a stopped node, with the checkpoint that it kept.
    Ledger(Snapshot, String),
}

impl Source {
    /// The log that a node serves.
    pub fn node(url: &str) -> Source {
        Source::Web(Client::new(&format!("{}/log", url.trim_end_matches('/'))))
    }

    /// The log at a URL, or in a directory.
    pub fn at(place: &str) -> Source {
        match place.starts_with("http://") || place.starts_with("https://") {
            true => Source::Web(Client::new(place)),
            false => Source::Directory(place.into()),
        }
    }

    /// A file of the log, if there is one.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn file(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        match self {
            Source::Web(client) => Ok(client.find(&format!("/{name}"))?),
            Source::Directory(directory) => read_file(&directory.join(name)),
            Source::Ledger(_, note) if name == CHECKPOINT => Ok(Some(note.clone().into_bytes())),
            Source::Ledger(snapshot, _) => match name.parse::<Tile>() {
                Ok(tile) => Ok(snapshot.tile(&tile)?),
                Err(_) => Ok(None),
            },
        }
    }

    /// A tile or a bundle. Where a partial one is gone, the beginning of the full one is the same.
    ///
    /// # Errors
    /// It cannot be read, or is not there.
    pub fn tile(&self, tile: Tile) -> anyhow::Result<Vec<u8>> {
        if let Some(bytes) = self.file(&tile.to_string())? {
            return Ok(bytes);
        }
        let full = Tile { width: TILE_WIDTH, ..tile };
        let found = if tile == full { None } else { self.file(&full.to_string())? };
        let bytes = found.with_context(|| format!("the log has no {tile}"))?;
        let cut = match tile.level {
            Some(_) => bytes.get(..tile.width as usize * 32).map(<[u8]>::to_vec),
            None => decode_entries(&bytes, TILE_WIDTH)
                .and_then(|entries| Some(encode_entries(entries.get(..tile.width as usize)?))),
        };
        cut.with_context(|| format!("{full} of the log is malformed"))
    }

    /// The checkpoint, and what it says. Who signed it is not looked at.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn checkpoint(&self) -> anyhow::Result<(String, LogHead)> {
        let bytes = self.file(CHECKPOINT)?.context("the log has no cosigned checkpoint yet")?;
        let note = String::from_utf8(bytes).context("the checkpoint is not text")?;
        let head = head_of(&note)?;
        Ok((note, head))
    }

    /// The entries of bundle `number` in a log of `size` entries.
    ///
    /// # Errors
    /// They are not there, or malformed.
    pub fn entries(&self, number: u64, size: u64) -> anyhow::Result<Vec<Vec<u8>>> {
        let tile = bundle(number, size);
        let bytes = self.tile(tile)?;
        let entries = decode_entries(&bytes, tile.width);
        let entries = entries.with_context(|| format!("{tile} of the log is malformed"))?;
        Ok(entries.into_iter().map(<[u8]>::to_vec).collect())
    }
}

fn head_of(note: &str) -> anyhow::Result<LogHead> {
    let (_, head) = LogHead::parse(Note::parse(note)?.text).context("it is not a checkpoint")?;
    Ok(head)
}

/// Bundle `number` of a log of `size` entries, which reaches so far.
fn bundle(number: u64, size: u64) -> Tile {
    let width = size.saturating_sub(number.saturating_mul(TILE_WIDTH)).min(TILE_WIDTH);
    Tile { level: None, number, width }
}

fn read_file(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    let limit = NOTE_BYTES_MAX.max(TILE_BYTES_MAX) as u64;
    match fs::metadata(path) {
        Ok(about) if about.is_file() => {
            ensure!(about.len() <= limit, "`{}` is too large", path.display());
            let bytes = fs::read(path).with_context(|| format!("`{}`", path.display()))?;
            Ok(Some(bytes))
        }
        Ok(_) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("`{}`", path.display())),
    }
}

/// What an export did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// The log that the copy holds now.
    pub head: LogHead,
    /// Entries that were there already.
    pub before: u64,
    /// Bytes of entries that were written; of all files, for a range.
    pub bytes: u64,
}

/// Copies a log up to its checkpoint into a directory, and goes on where an earlier export ended.
/// `progress` gets the number of entries done, and of all.
///
/// # Errors
/// The log cannot be read, is not that of the directory, or the disk does not take it.
pub fn export(
    source: &Source,
    directory: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<Exported> {
    let (note, head) = source.checkpoint()?;
    let copy = Source::Directory(directory.to_owned());
    if let Some(before) = copy.file(CHECKPOINT)? {
        let before = String::from_utf8(before).context("the copy's checkpoint is not text")?;
        let before = head_of(&before).context("the copy's checkpoint")?;
        if before.size > head.size {
            bail!(
                "the copy has {} entries already, the log's checkpoint only {}: export later",
                before.size,
                head.size
            );
        }
    }
    let mut writer = Writer { directory, bytes: 0 };
    let there = writer.full_bundles(head.size / TILE_WIDTH);
    let tiles = |tile: Tile| decode_hashes(&copy.file(&tile.to_string()).ok()??, tile.width);
    let mut tree = TileTree::resume(there, tiles).unwrap_or_default();
    let before = tree.size();
    let bundles = head.size.div_ceil(TILE_WIDTH);
    for number in before / TILE_WIDTH..bundles {
        writer.bundle(&mut tree, bundle(number, head.size), source)?;
        progress(tree.size(), head.size);
    }
    for (tile, hashes) in tree.partial() {
        writer.write(&tile, &encode_hashes(hashes))?;
    }
    ensure!(
        (tree.size(), tree.root()) == (head.size, head.root),
        "the entries are not those of the checkpoint: what is in `{}` is of another log, or the \
         log is damaged; export into an empty directory, and audit it",
        directory.display()
    );
    writer.file(CHECKPOINT, note.as_bytes())?;
    Ok(Exported { head, before, bytes: writer.bytes })
}

/// Entries of a log, proven by its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// Their bytes.
    pub entries: Vec<Vec<u8>>,
    /// The files that prove them, but for the checkpoint.
    pub files: Vec<(Tile, Vec<u8>)>,
}

/// Reads entries `range` of a log, and checks that they lead to `head`.
///
/// # Errors
/// They are not there, or are not the head's.
pub fn range(source: &Source, head: &LogHead, range: ops::Range<u64>) -> anyhow::Result<Range> {
    ensure!(
        range.start < range.end && range.end <= head.size,
        "entries {}..{} are not in the checkpoint's log, which has {}",
        range.start,
        range.end,
        head.size
    );
    let mut files = Vec::new();
    let mut entries = Vec::new();
    // What a tile lacks is said when it is asked for; the closure can only say that it lacks it.
    let read = |tile: Tile| {
        let bytes = source.tile(tile).ok()?;
        let hashes = decode_hashes(&bytes, tile.width)?;
        files.push((tile, bytes));
        Some(hashes)
    };
    let not_proven = "the tiles of the log do not lead to its checkpoint";
    let mut tiles = ProvenTiles::open(head, read).context(not_proven)?;
    let mut bundles = Vec::new();
    for number in range.start / TILE_WIDTH..range.end.div_ceil(TILE_WIDTH) {
        let tile = bundle(number, head.size);
        let bytes = source.tile(tile)?;
        let hashes = tiles.tile(0, number).context(not_proven)?;
        let found = decode_entries(&bytes, tile.width);
        let found = found.with_context(|| format!("{tile} of the log is malformed"))?;
        ensure!(
            found.iter().map(|entry| leaf_hash(entry)).eq(hashes),
            "{tile} of the log is not what its checkpoint speaks of"
        );
        for (index, entry) in (number * TILE_WIDTH..).zip(found) {
            if range.contains(&index) {
                entries.push(entry.to_vec());
            }
        }
        bundles.push((tile, bytes));
    }
    drop(tiles);
    files.extend(bundles);
    Ok(Range { entries, files })
}

/// Copies entries `range` of a log into a directory, with the checkpoint and all that proves them.
///
/// # Errors
/// As [`range`], or the disk does not take it.
pub fn export_range(
    source: &Source,
    directory: &Path,
    wanted: ops::Range<u64>,
) -> anyhow::Result<Exported> {
    let (note, head) = source.checkpoint()?;
    if Source::Directory(directory.to_owned()).file(CHECKPOINT)?.is_some() {
        bail!("`{}` holds a log already: name an empty directory", directory.display());
    }
    let Range { files, .. } = range(source, &head, wanted)?;
    let mut bytes = 0;
    for (tile, content) in &files {
        write_into(directory, &tile.to_string(), content)?;
        bytes += content.len() as u64;
    }
    write_into(directory, CHECKPOINT, note.as_bytes())?;
    Ok(Exported { head, before: 0, bytes })
}

/// Writes a copy.
struct Writer<'a> {
    directory: &'a Path,
    bytes: u64,
}

impl Writer<'_> {
    /// How many full bundles and their tiles are there from the beginning on.
    fn full_bundles(&self, most: u64) -> u64 {
        let is_there = |level, number| {
            let tile = Tile { level, number, width: TILE_WIDTH };
            self.directory.join(tile.to_string()).is_file()
        };
        let missing =
            (0..most).find(|number| !is_there(None, *number) || !is_there(Some(0), *number));
        missing.unwrap_or(most)
    }

    fn bundle(&mut self, tree: &mut TileTree, tile: Tile, source: &Source) -> anyhow::Result<()> {
        let bytes = source.tile(tile)?;
        let entries = decode_entries(&bytes, tile.width);
        let entries = entries.with_context(|| format!("{tile} of the log is malformed"))?;
        let mut full: Vec<(Tile, Vec<Hash>)> = Vec::new();
        for entry in entries {
            tree.push(leaf_hash(entry), &mut |tile, hashes| full.push((tile, hashes.to_vec())));
        }
        // Entries first: where the tile of their hashes is, they are too.
        self.write(&tile, &bytes)?;
        self.bytes += bytes.len() as u64;
        full.iter().try_for_each(|(tile, hashes)| self.write(tile, &encode_hashes(hashes)))
    }

    fn write(&self, tile: &Tile, bytes: &[u8]) -> anyhow::Result<()> {
        self.file(&tile.to_string(), bytes)?;
        if tile.width == TILE_WIDTH {
            // Nobody asks for the parts of a tile that is full.
            let parts = self.directory.join(format!("{tile}.p"));
            match fs::remove_dir_all(&parts) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("`{}`", parts.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        write_into(self.directory, name, bytes)
    }
}

/// Writes a file below a directory, which is made where it is missing.
///
/// # Errors
/// What the disk refused.
pub fn write_into(directory: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let path = directory.join(name);
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(path.parent().unwrap_or(directory))?;
        publish(&path, bytes)
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))
}

/// All tiles and bundles of a log of this size.
pub fn tiles(size: u64) -> impl Iterator<Item = Tile> {
    let levels = [None].into_iter().chain((0..8).map(Some));
    levels.flat_map(move |level: Option<u8>| {
        let nodes = size.checked_shr(8 * u32::from(level.unwrap_or(0))).unwrap_or(0);
        let width = move |number: u64| (nodes - number * TILE_WIDTH).min(TILE_WIDTH);
        (0..nodes.div_ceil(TILE_WIDTH)).map(move |number| Tile {
            level,
            number,
            width: width(number),
        })
    })
}

#[cfg(test)]
mod tests;
