//! Blobs by HTTP: only what was proposed is taken, and it is served whole and in parts.

use super::*;

/// A tails file's frame of many pieces.
fn tails() -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..2 + 4001 * 128).map(|at| (at / 3) as u8).collect();
    bytes[..2].copy_from_slice(&[0, 2]);
    bytes
}

impl Web {
    /// Proposes these bytes, and returns the path of the blob.
    fn propose(&self, bytes: &[u8]) -> String {
        let did = self.life(50, false);
        let id = registry::blob::id(bytes);
        let members = json!({ "blob": id, "kind": "anonCredsTails", "size": bytes.len() });
        let event = self.world.changed("BlobProposed", &did, &key(50), members);
        self.world.decide_events(&[event]);
        format!("/v1/blobs/{id}")
    }

    async fn put(&self, path: &str, body: impl Into<Body>) -> Got {
        self.send(Request::put(path).body(body.into()).unwrap()).await
    }

    async fn part(&self, path: &str, headers: &[(&str, &str)]) -> Got {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

#[tokio::test]
async fn only_the_bytes_that_were_proposed_are_taken() {
    let web = Web::new();
    let bytes = tails();
    let path = web.propose(&bytes);
    let unknown = format!("/v1/blobs/{}", registry::blob::id(b"unknown"));
    assert_eq!(web.put(&unknown, "unknown").await.problem(), (404, "blob-unknown".into()));
    assert_eq!(web.get(&unknown).await.problem(), (404, "blob-unknown".into()));
    assert_eq!(web.get(&path).await.problem(), (404, "blob-awaited".into()));
    let larger = [&bytes[..], &[0]].concat();
    assert_eq!(web.put(&path, larger).await.problem(), (413, "too-large".into()));
    assert_eq!(web.put(&path, bytes[1..].to_vec()).await.problem(), (422, "blob-size".into()));
    let other = vec![0; bytes.len()];
    assert_eq!(web.put(&path, other).await.problem(), (422, "blob-hash".into()));
    assert_eq!(web.get(&path).await.problem(), (404, "blob-awaited".into()));

    let new = web.put(&path, bytes.clone()).await;
    assert_eq!((new.status, new.json()["size"].as_u64()), (StatusCode::CREATED, Some(512_130)));
    assert_eq!(web.put(&path, bytes.clone()).await.status, StatusCode::OK, "the same again");
    assert_eq!(web.get(&path).await.body, bytes);
    let own = web.get(&format!("{path}/attestation")).await;
    assert_eq!(own.problem(), (404, "blob-unattested".into()), "a replica attests nothing");
    let known = web.get(&format!("{path}/attestations")).await;
    assert_eq!(known.json(), json!({ "attestations": [] }));
}

#[tokio::test]
async fn a_blob_is_served_in_parts_and_kept_for_ever() {
    let web = Web::new();
    let bytes = tails();
    let path = web.propose(&bytes);
    web.put(&path, bytes.clone()).await;
    let whole = web.get(&path).await;
    assert_eq!(whole.header("content-type"), "application/octet-stream");
    assert_eq!(whole.header("content-length"), "512130");
    assert_eq!(whole.header("accept-ranges"), "bytes");
    assert!(whole.header("cache-control").contains("immutable"));
    let tag = whole.header("etag").to_owned();
    let known = web.part(&path, &[("if-none-match", &tag)]).await;
    assert_eq!((known.status, known.body.len()), (StatusCode::NOT_MODIFIED, 0));

    for (range, from, to) in [
        ("bytes=0-1", 0, 2),
        ("bytes=262143-262144", 262_143, 262_145),
        ("bytes=512128-", 512_128, 512_130),
        ("bytes=-128", 512_002, 512_130),
    ] {
        let part = web.part(&path, &[("range", range), ("if-range", &tag)]).await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(part.body, bytes[from..to], "{range}");
        let expected = format!("bytes {from}-{}/512130", to - 1);
        assert_eq!(part.header("content-range"), expected);
        assert_eq!(part.header("content-length"), (to - from).to_string());
    }
    for headers in [[("range", "bytes=0-1"), ("if-range", "\"other\"")], [("range", "lines=1"); 2]]
    {
        let all = web.part(&path, &headers).await;
        assert_eq!((all.status, all.body.len()), (StatusCode::OK, bytes.len()), "{headers:?}");
    }
    let beyond = web.part(&path, &[("range", "bytes=512130-")]).await;
    assert_eq!(beyond.problem(), (416, "range".into()));
    assert_eq!(beyond.header("content-range"), "bytes */512130");
    let head = web.head(&path).await;
    assert_eq!((head.header("content-length"), head.body.len()), ("512130", 0));
}
