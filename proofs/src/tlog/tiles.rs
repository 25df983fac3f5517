//! The log's tree and entries in files of 256: C2SP tlog-tiles v0.1.0.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{LogHead, decimal};
use crate::Hash;
use crate::bytes::Reader;
use crate::merkle::{empty_root, node_hash};

/// Hashes or entries of a full tile.
pub const TILE_WIDTH: u64 = 256;

/// Levels of the tree that one level of tiles spans.
const TILE_HEIGHT: u32 = 8;

/// The highest level of tiles: above it a log would have more than 2^64 entries.
const LEVEL_MAX: u8 = 7;

/// The largest tile or bundle: 256 entries of 65,535 bytes with their lengths.
pub const TILE_BYTES_MAX: usize = 256 * (2 + 65_535);

/// A tile's place. Text form: its path below the log's prefix, in its one spelling, as
/// `tile/0/x001/234.p/56` or `tile/entries/000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// The level of hashes; none for a bundle of entries.
    pub level: Option<u8>,
    /// The tile's number in its level.
    pub number: u64,
    /// 1 to 256 hashes or entries.
    pub width: u64,
}

/// Not a tile's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a tile")]
pub struct BadTilePath;

impl Tile {
    /// Index of its first hash in the tree's level, or of its first entry. `None` beyond 2^64.
    pub fn first(&self) -> Option<u64> {
        self.number.checked_mul(TILE_WIDTH)
    }

    /// The level of the tree that its hashes are of; leaves are level 0.
    pub fn tree_level(&self) -> u8 {
        self.level.unwrap_or(0).saturating_mul(8)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Some(level) => write!(f, "tile/{level}/")?,
            None => write!(f, "tile/entries/")?,
        }
        let mut groups = vec![format!("{:03}", self.number % 1000)];
        let mut rest = self.number / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}/", rest % 1000));
            rest /= 1000;
        }
        groups.iter().rev().try_for_each(|group| f.write_str(group))?;
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

impl FromStr for Tile {
    type Err = BadTilePath;

    fn from_str(path: &str) -> Result<Tile, BadTilePath> {
        let read = || {
            let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
            let level = match level {
                "entries" => None,
                level => Some(u8::try_from(decimal(level)?).ok().filter(|l| *l <= LEVEL_MAX)?),
            };
            let (number, width) = match rest.split_once(".p/") {
                Some((number, width)) => {
                    (number, decimal(width).filter(|width| (1..TILE_WIDTH).contains(width))?)
                }
                None => (rest, TILE_WIDTH),
            };
            let digits = number.replace(['x', '/'], "");
            let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)?;
            Some(Tile { level, number: number.parse().ok()?, width })
        };
        // A path that writes its number otherwise is another path.
        read().filter(|tile| tile.to_string() == path).ok_or(BadTilePath)
    }
}

/// The bundle of these entries.
///
/// # Panics
/// If an entry is longer than 65,535 bytes: no event is.
pub fn encode_entries<T: AsRef<[u8]>>(entries: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries.iter().map(AsRef::as_ref) {
        let length = u16::try_from(entry.len()).expect("an entry has a 16-bit length");
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    bytes
}

/// The entries of a bundle with this many; `None` for anything else.
pub fn decode_entries(bundle: &[u8], width: u64) -> Option<Vec<&[u8]>> {
    let mut reader = Reader(bundle);
    let mut entries = Vec::new();
    for _ in 0..width.min(TILE_WIDTH) {
        let length = reader.u16()?;
        entries.push(reader.take(length.into())?);
    }
    reader.end().map(|()| entries)
}

/// The tile of these hashes.
pub fn encode_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The hashes of a tile of this width; `None` for anything else.
pub fn decode_hashes(tile: &[u8], width: u64) -> Option<Vec<Hash>> {
    let hashes = tile.chunks(32).map(|chunk| chunk.try_into().ok().map(Hash));
    let hashes = hashes.collect::<Option<Vec<_>>>()?;
    (u64::try_from(hashes.len()).ok()? == width).then_some(hashes)
}

/// The tiles of a log, made of its leaves from left to right. In memory there is the right edge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TileTree {
    size: u64,
    /// The tile of each level that is not full, lowest first.
    edge: Vec<Vec<Hash>>,
}

impl TileTree {
    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf; every tile that it fills goes to `full`.
    pub fn push(&mut self, leaf: Hash, full: &mut impl FnMut(Tile, &[Hash])) {
        self.size = self.size.saturating_add(1);
        let mut hash = leaf;
        for level in 0..=LEVEL_MAX {
            if self.edge.len() <= level.into() {
                self.edge.push(Vec::new());
            }
            let Some(tile) = self.edge.get_mut(usize::from(level)) else { return };
            tile.push(hash);
            if tile.len() < 256 {
                return;
            }
            let number = full_tiles(self.size, level).saturating_sub(1);
            full(Tile { level: Some(level), number, width: TILE_WIDTH }, tile);
            hash = perfect_root(tile);
            tile.clear();
        }
    }

    /// The tiles of the right edge that are not full.
    pub fn partial(&self) -> impl Iterator<Item = (Tile, &[Hash])> {
        let levels = (0..=LEVEL_MAX).zip(&self.edge).filter(|(_, tile)| !tile.is_empty());
        levels.map(|(level, hashes)| {
            let number = full_tiles(self.size, level);
            let width = u64::try_from(hashes.len()).unwrap_or(TILE_WIDTH);
            (Tile { level: Some(level), number, width }, hashes.as_slice())
        })
    }

    /// RFC 9162 root.
    pub fn root(&self) -> Hash {
        let mut root = None;
        // From the right: the perfect trees that a level's hashes make, smallest last.
        for tile in &self.edge {
            let mut rest = tile.as_slice();
            while !rest.is_empty() {
                let perfect = 1usize << rest.len().trailing_zeros();
                let Some((before, last)) = rest.split_at_checked(rest.len() - perfect) else {
                    break;
                };
                let left = perfect_root(last);
                root = Some(root.map_or(left, |right| node_hash(&left, &right)));
                rest = before;
            }
        }
        root.unwrap_or_else(empty_root)
    }

    /// The tree of the first `tiles` full tiles of leaves, read back from tiles that were made
    /// before. `None` if one is missing or malformed. What they hold is not checked: compare the
    /// root at the end.
    pub fn resume(tiles: u64, mut read: impl FnMut(Tile) -> Option<Vec<Hash>>) -> Option<TileTree> {
        let mut edge = vec![Vec::new()];
        let mut below = tiles;
        for level in 0..LEVEL_MAX {
            if below == 0 {
                break;
            }
            let first = below - below % TILE_WIDTH;
            let root_of = |number| {
                let tile = Tile { level: Some(level), number, width: TILE_WIDTH };
                read(tile).filter(|hashes| hashes.len() == 256).map(|hashes| perfect_root(&hashes))
            };
            edge.push((first..below).map(root_of).collect::<Option<Vec<_>>>()?);
            below /= TILE_WIDTH;
        }
        Some(TileTree { size: tiles.checked_mul(TILE_WIDTH)?, edge })
    }
}

/// Tiles of a log of which only a head is believed: each that is handed out leads to its root.
pub struct ProvenTiles<R> {
    edge: TileTree,
    read: R,
    /// Full tiles above the leaves that were proven before.
    known: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl<R: FnMut(Tile) -> Option<Vec<Hash>>> ProvenTiles<R> {
    /// Reads the right edge, which must give the head's root. `None` if it does not.
    pub fn open(head: &LogHead, mut read: R) -> Option<ProvenTiles<R>> {
        let mut edge = Vec::new();
        for level in 0..=LEVEL_MAX {
            let nodes = head.size.checked_shr(TILE_HEIGHT * u32::from(level)).unwrap_or(0);
            let width = nodes % TILE_WIDTH;
            let tile = Tile { level: Some(level), number: nodes / TILE_WIDTH, width };
            edge.push(if width == 0 { Vec::new() } else { of_width(read(tile)?, width)? });
        }
        let edge = TileTree { size: head.size, edge };
        (edge.root() == head.root).then(|| ProvenTiles { edge, read, known: BTreeMap::new() })
    }

    /// The hashes of tile `number` of a level, full or at the right edge. `None` if it is not
    /// there, or does not lead to the root.
    pub fn tile(&mut self, level: u8, number: u64) -> Option<Vec<Hash>> {
        let full = full_tiles(self.edge.size, level);
        if number >= full {
            let edge = self.edge.edge.get(usize::from(level)).filter(|edge| !edge.is_empty());
            return edge.filter(|_| number == full).cloned();
        }
        if let Some(known) = self.known.get(&(level, number)) {
            return Some(known.clone());
        }
        let tile = Tile { level: Some(level), number, width: TILE_WIDTH };
        let hashes = of_width((self.read)(tile)?, TILE_WIDTH)?;
        let above = self.tile(level.checked_add(1)?, number / TILE_WIDTH)?;
        let root = above.get(usize::try_from(number % TILE_WIDTH).ok()?)?;
        if perfect_root(&hashes) != *root {
            return None;
        }
        if level > 0 {
            self.known.insert((level, number), hashes.clone());
        }
        Some(hashes)
    }
}

fn of_width(hashes: Vec<Hash>, width: u64) -> Option<Vec<Hash>> {
    (u64::try_from(hashes.len()).ok()? == width).then_some(hashes)
}

/// Full tiles of a level in a tree of this size.
fn full_tiles(size: u64, level: u8) -> u64 {
    size.checked_shr(TILE_HEIGHT * (u32::from(level) + 1)).unwrap_or(0)
}

/// The root of the perfect tree over these hashes, as many as a power of two.
fn perfect_root(hashes: &[Hash]) -> Hash {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .filter_map(|pair| match pair {
                [left, right] => Some(node_hash(left, right)),
                _ => None,
            })
            .collect();
    }
    level.first().copied().unwrap_or_else(empty_root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;

    #[test]
    fn a_tile_has_one_path() {
        let tile = |level, number, width| Ok(Tile { level, number, width });
        assert_eq!("tile/0/000".parse(), tile(Some(0), 0, 256));
        assert_eq!("tile/1/x001/x234/067.p/8".parse(), tile(Some(1), 1_234_067, 8));
        assert_eq!("tile/entries/005".parse(), tile(None, 5, 256));
        assert_eq!("tile/0/x001/000".parse(), tile(Some(0), 1000, 256));
        for odd in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/1000",
            "tile/0/x000/000",
            "tile/8/000",
            "tile/64/000",
            "tile/00/000",
            "tile/-1/000",
            "tile/+1/000",
            "tile/0/000.p/256",
            "tile/0/000.p/0",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/+12",
            "tile/0/001/002",
            "tile/0/x001/x002",
            "tile/0/x001//002",
            "tile/entries/001/002",
            "tile/data/000",
            "tile/0/../000",
            "0/000",
            "/tile/0/000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
            "tile/0/\u{664}\u{664}\u{664}",
        ] {
            assert_eq!(odd.parse::<Tile>(), Err(BadTilePath), "{odd}");
        }
    }

    /// RFC 9162, 2.1.1, word by word.
    fn definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(&definition(left), &definition(right))
            }
        }
    }

    #[test]
    fn tiles_are_those_that_the_specification_counts() {
        let leaves: Vec<Hash> = (0..70_000u64).map(|at| leaf_hash(&at.to_be_bytes())).collect();
        let mut tree = TileTree::default();
        let mut tiles = BTreeMap::new();
        for (at, leaf) in leaves.iter().enumerate() {
            let sizes = [0, 1, 2, 3, 255, 256, 257, 511, 513, 4_097, 65_535, 65_536, 65_537];
            if sizes.contains(&at) {
                assert_eq!(tree.root(), definition(&leaves[..at]), "size {at}");
            }
            tree.push(*leaf, &mut |tile, hashes| {
                assert!(tiles.insert(tile.to_string(), hashes.to_vec()).is_none());
            });
        }
        assert_eq!(tree.root(), definition(&leaves));
        // tlog-tiles, "Partial Tiles": the example of 70,000 entries.
        let level = |prefix: &str| tiles.keys().filter(|path| path.starts_with(prefix)).count();
        assert_eq!((level("tile/0/"), level("tile/1/"), level("tile/2/")), (273, 1, 0));
        let partial: Vec<String> = tree.partial().map(|(tile, _)| tile.to_string()).collect();
        assert_eq!(partial, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
        // MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l])
        assert_eq!(tiles["tile/0/272"], leaves[272 * 256..273 * 256]);
        assert_eq!(tiles["tile/1/000"][9], definition(&leaves[9 * 256..10 * 256]));
        let (_, top) = tree.partial().last().unwrap();
        assert_eq!(top, [definition(&leaves[..65_536])]);

        let read = |tile: Tile| tiles.get(&tile.to_string()).cloned();
        let mut resumed = TileTree::resume(273, read).unwrap();
        leaves[273 * 256..].iter().for_each(|leaf| resumed.push(*leaf, &mut |_, _| {}));
        assert_eq!(resumed, tree);
        assert_eq!(TileTree::resume(274, read), None, "a tile is missing");

        tiles.extend(tree.partial().map(|(tile, hashes)| (tile.to_string(), hashes.to_vec())));
        let head = LogHead { size: tree.size(), root: tree.root() };
        let read = |tile: Tile| tiles.get(&tile.to_string()).cloned();
        let mut proven = ProvenTiles::open(&head, read).unwrap();
        assert_eq!(proven.tile(0, 5).unwrap(), leaves[5 * 256..6 * 256]);
        assert_eq!(proven.tile(0, 273).unwrap(), leaves[273 * 256..]);
        assert_eq!((proven.tile(0, 274), proven.tile(2, 1)), (None, None), "beyond the log");
        for changed in ["tile/0/005", "tile/1/000"] {
            let read = |tile: Tile| {
                let mut hashes = tiles.get(&tile.to_string()).cloned()?;
                if tile.to_string() == changed {
                    hashes[200] = Hash([0; 32]);
                }
                Some(hashes)
            };
            assert_eq!(ProvenTiles::open(&head, read).unwrap().tile(0, 5), None, "{changed}");
        }
        let other = LogHead { root: Hash([0; 32]), ..head };
        assert!(ProvenTiles::open(&other, read).is_none());
        let empty = LogHead { size: 0, root: empty_root() };
        assert_eq!(ProvenTiles::open(&empty, read).unwrap().tile(0, 0), None);
    }

    #[test]
    fn a_tree_of_256_has_a_full_tile_and_a_partial_one_above() {
        let mut tree = TileTree::default();
        let mut full = Vec::new();
        (0..256u64).for_each(|at| {
            tree.push(leaf_hash(&at.to_be_bytes()), &mut |tile, _| full.push(tile.to_string()));
        });
        let partial: Vec<String> = tree.partial().map(|(tile, _)| tile.to_string()).collect();
        assert_eq!((full, partial), (vec!["tile/0/000".into()], vec!["tile/1/000.p/1".into()]));
    }

    #[test]
    fn bundles_and_tiles_are_read_back_and_nothing_else_is() {
        let entries: [&[u8]; 3] = [b"one", b"", &[7; 65_535]];
        let bundle = encode_entries(&entries);
        assert_eq!(bundle[..5], [0, 3, b'o', b'n', b'e']);
        assert_eq!(decode_entries(&bundle, 3), Some(entries.to_vec()));
        assert_eq!(decode_entries(&bundle, 2), None);
        assert_eq!(decode_entries(&bundle, 4), None);
        assert_eq!(decode_entries(&bundle[..bundle.len() - 1], 3), None);
        let hashes = [Hash([1; 32]), Hash([2; 32])];
        assert_eq!(decode_hashes(&encode_hashes(&hashes), 2), Some(hashes.to_vec()));
        assert_eq!(decode_hashes(&encode_hashes(&hashes), 1), None);
        assert_eq!(decode_hashes(&encode_hashes(&hashes)[..63], 2), None);
    }
}
