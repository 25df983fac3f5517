//! What the node serves of its log, against the texts of C2SP.

use std::io::Read as _;

use flate2::read::GzDecoder;
use proofs::Hash;
use proofs::merkle::{leaf_hash, verify_consistency};
use proofs::tlog::tiles::{decode_entries, decode_hashes};
use proofs::tlog::{LogHead, LogProof, Note, Policy, Tile, TileTree};
use tlog_tiles::tlog;

use super::*;

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

impl Web {
    /// A log of `count` events in one block, with a checkpoint that three of four cosigned.
    fn with_log(count: u16) -> Web {
        let web = Web::new();
        web.world.decide_dids(0, count);
        web.cosign();
        web
    }

    fn cosign(&self) {
        // The checkpoint of a block without events is always due.
        self.world.decide(Vec::new());
        let statements = self.world.statements();
        statements.iter().take(3).for_each(|statement| {
            self.world.checkpoints.receive(statement).unwrap();
        });
    }

    async fn text(&self, path: &str) -> String {
        let got = self.get(path).await;
        assert_eq!((got.status.as_u16(), got.header("content-type")), (200, TEXT), "{path}");
        String::from_utf8(got.body.to_vec()).unwrap()
    }

    async fn log_head(&self) -> LogHead {
        let note = self.text("/log/checkpoint").await;
        LogHead::parse(Note::parse(&note).unwrap().text).unwrap().1
    }
}

const TEXT: &str = "text/plain; charset=utf-8";

#[tokio::test]
async fn the_checkpoint_satisfies_the_policy() {
    let web = Web::with_log(3);
    let got = web.get("/log/checkpoint").await;
    assert_eq!(got.header("cache-control"), "public, max-age=1, must-revalidate");
    let note = web.text("/log/checkpoint").await;
    let policy = web.text("/log/policy").await;
    let parsed: Policy = policy.parse().unwrap();
    let head = parsed.verify(&note).unwrap();
    let expected = web.world.ledger.snapshot();
    assert_eq!(head.size, 4);
    assert_eq!(Some(head.root), expected.log_root(4).unwrap());
    let genesis = web.world.ledger.genesis().hash();
    assert!(note.starts_with(&format!("dzong/bt-test/{genesis}\n4\n")), "{note}");
    // Without one of its three cosignatures it is no quorum.
    let last = note.trim_end().rfind('\n').unwrap();
    assert!(parsed.verify(&note[..=last]).is_err());
    assert_eq!(web.text("/log/policy?height=0").await, policy);
    assert_eq!(web.text("/log/policy?height=2").await, policy);
    assert_eq!(web.get("/log/policy?height=3").await.problem().0, 404);
    assert_eq!(web.get("/log/policy?height=x").await.problem().0, 400);
}

#[tokio::test]
async fn an_event_has_a_proof_that_the_transparency_world_reads() {
    let web = Web::new();
    let (_, event) = web.world.did_created(&key(50));
    let receipt = web.post("/v1/events?wait=certified", event.clone()).await.json();
    let path = format!("/v1/events/{}/receipt", receipt["id"].as_str().unwrap());
    let unready = web.get(&format!("{path}?format=tlog-proof")).await;
    assert_eq!((unready.problem().0, unready.header("retry-after")), (404, "1"));
    web.world.decide_dids(0, 5);
    web.cosign();
    let by_option = web.get(&format!("{path}?format=tlog-proof")).await;
    let by_accept = web.get_as(&path, "text/plain").await;
    assert_eq!((&by_option.body, by_accept.header("content-type")), (&by_accept.body, TEXT));
    assert_eq!(by_accept.header("vary"), "accept, accept-encoding");
    let proof: LogProof = std::str::from_utf8(&by_option.body).unwrap().parse().unwrap();
    assert_eq!((proof.index, proof.extra.as_deref()), (0, Some(&event[..])));
    let policy: Policy = web.text("/log/policy").await.parse().unwrap();
    let head = proof.verify(&policy, leaf_hash(&event)).unwrap();
    assert_eq!(head.size, 8);
    assert!(proof.verify(&policy, leaf_hash(b"{}")).is_err(), "another event");
    assert!(LogProof { index: 1, ..proof }.verify(&policy, leaf_hash(&event)).is_err());
    for other in ["", "?format=json"] {
        web.assert_valid(&web.get(&format!("{path}{other}")).await.body);
    }
    web.assert_valid(&web.get_as(&path, "application/json, text/plain").await.body);
    assert_eq!(web.get(&format!("{path}?format=cbor")).await.problem().0, 400);
}

#[tokio::test]
async fn tiles_and_entries_are_those_of_the_log() {
    let web = Web::with_log(300);
    let head = web.log_head().await;
    assert_eq!(head.size, 301);
    let mut tree = TileTree::default();
    let mut full = Vec::new();
    for (path, width) in [("/log/tile/entries/000", 256), ("/log/tile/entries/001.p/45", 45)] {
        let got = web.get(path).await;
        assert_eq!(got.header("content-type"), "application/octet-stream");
        assert_eq!(got.header("cache-control"), IMMUTABLE);
        for entry in decode_entries(&got.body, width).unwrap() {
            tree.push(leaf_hash(entry), &mut |tile, hashes| full.push((tile, hashes.to_vec())));
        }
    }
    assert_eq!(tree.root(), head.root);
    full.extend(tree.partial().map(|(tile, hashes)| (tile, hashes.to_vec())));
    assert_eq!(full.len(), 3);
    for (tile, hashes) in full {
        let got = web.get(&format!("/log/{tile}")).await;
        assert_eq!(got.header("cache-control"), IMMUTABLE);
        assert_eq!(decode_hashes(&got.body, tile.width), Some(hashes), "{tile}");
    }
    // A part of what is full by now stays: a checkpoint may have needed it.
    assert_eq!(web.get("/log/tile/0/000.p/4").await.body.len(), 4 * 32);
}

#[tokio::test]
async fn entries_come_compressed_to_those_who_read_that() {
    let web = Web::with_log(20);
    let path = "/log/tile/entries/000.p/21";
    let plain = web.get(path).await;
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "accept-encoding"));
    let ask = |tag: &str| {
        let request = Request::get(path).header("accept-encoding", "identity, gzip");
        web.send(request.header("if-none-match", tag).body(Body::empty()).unwrap())
    };
    let got = ask("").await;
    assert_eq!((got.header("content-encoding"), got.header("vary")), ("gzip", "accept-encoding"));
    assert!(got.body.len() < plain.body.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(&got.body[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    assert_ne!(got.header("etag"), plain.header("etag"), "other bytes, another tag");
    assert_eq!(ask(got.header("etag")).await.status, StatusCode::NOT_MODIFIED);
    let hashes = Request::get("/log/tile/0/000.p/21").header("accept-encoding", "gzip");
    let hashes = web.send(hashes.body(Body::empty()).unwrap()).await;
    assert_eq!(hashes.header("content-encoding"), "", "hashes do not get smaller");
}

#[tokio::test]
async fn what_is_not_there_is_404_and_never_kept() {
    let web = Web::with_log(10);
    for path in [
        "/log/tile/0/000",
        "/log/tile/0/000.p/12",
        "/log/tile/0/000.p/0",
        "/log/tile/0/000.p/256",
        "/log/tile/0/000.p/011",
        "/log/tile/0/001.p/1",
        "/log/tile/1/000.p/1",
        "/log/tile/7/000.p/1",
        "/log/tile/63/000",
        "/log/tile/256/000",
        "/log/tile/00/000.p/1",
        "/log/tile/0/0.p/1",
        "/log/tile/0/x000/000.p/1",
        "/log/tile/0/x999/x999/x999/x999/x999/x999/999",
        "/log/tile/0/x018/x446/x744/x073/x709/x551/615",
        "/log/tile/entries/x072/x057/x594/x037/x927/935",
        "/log/tile/entries/000",
        "/log/tile/entries/000.p/12",
        "/log/tile/entries/000.p/+1",
        "/log/tile/data/000.p/1",
        "/log/tile/0/%30%30%30.p/x",
        "/log/tile/0",
        "/log/checkpoint/x",
    ] {
        let got = web.get(path).await;
        assert_eq!(got.problem().0, 404, "{path}");
        assert_eq!(got.header("cache-control"), "no-store", "{path}");
    }
    for path in ["/log/tile/0/../000.p/1", "/log/tile/%2e%2e/checkpoint", "/log/tile/0/%2e"] {
        assert_eq!(web.get(path).await.problem().0, 400, "{path}");
    }
}

/// The tiles of a node, as `tlog_tiles` asks for them.
struct Served(std::collections::BTreeMap<String, Vec<u8>>);

impl Served {
    async fn of(web: &Web, size: u64) -> Served {
        let mut tiles = std::collections::BTreeMap::new();
        for tile in crate::mirror::tiles(size).filter(|tile| tile.level.is_some()) {
            // All parts of a tile, since smaller trees need them.
            for width in 1..=tile.width {
                let part = Tile { width, ..tile };
                let got = web.get(&format!("/log/{part}")).await;
                assert_eq!(got.status, StatusCode::OK, "{part}");
                tiles.insert(part.to_string(), got.body.to_vec());
            }
        }
        Served(tiles)
    }
}

impl tlog_tiles::TileReader for Served {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        let read = |tile: &tlog_tiles::Tile| {
            let path = tile.path().replacen("tile/8/", "tile/", 1);
            self.0.get(&path).cloned().ok_or(tlog::Error::IndexesNotInTree)
        };
        tiles.iter().map(read).collect()
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

#[tokio::test]
async fn tiles_suffice_for_consistency_between_any_two_sizes() {
    let web = Web::with_log(299);
    let snapshot = web.world.ledger.snapshot();
    let served = Served::of(&web, 300).await;
    let root = |size| snapshot.log_root(size).unwrap().unwrap();
    for new in [1, 2, 7, 255, 256, 257, 299, 300] {
        let reader = tlog_tiles::TileHashReader::new(new, tlog::Hash(root(new).0), &served);
        for old in 1..=new {
            let path = tlog::prove_tree(new, old, &reader).unwrap();
            let path: Vec<Hash> = path.into_iter().map(|hash| Hash(hash.0)).collect();
            verify_consistency(old, &root(old), new, &root(new), &path).unwrap();
        }
        let first = tlog::prove_record(new, 0, &reader).unwrap();
        let own = snapshot.inclusion(0, new).unwrap().unwrap();
        assert_eq!(first.into_iter().map(|hash| Hash(hash.0)).collect::<Vec<_>>(), own);
    }
    let wrong = tlog_tiles::TileHashReader::new(300, tlog::Hash([1; 32]), &served);
    assert!(tlog::prove_tree(300, 5, &wrong).is_err(), "tiles of another tree");
}
