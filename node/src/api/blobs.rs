//! Blobs: their bytes, and who attests them.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use ledger::{Fault, NotKept, Snapshot};
use registry::blob::{BLOB_BYTES_MAX, BlobKind, BlobState};
use serde_json::{Value, json};

use super::answer::{Answer, Keep, is_known};
use super::request::{aside, read_body};
use super::schema::{count, hash, list, object, text};
use super::table::{JSON, OCTETS, Operation, Table, read, store};
use super::{Api, schema};
use crate::problem::Problem;

/// Bytes that are read for an answer at once.
const CHUNK_BYTES: u64 = 256 << 10;

/// How slow a body may come, in bytes a second, beyond the time that every body has.
const RATE_MIN: u64 = 128 << 10;

const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

pub(super) fn routes(table: Table) -> Table {
    let attestation = || object([("signature", text()), ("validatorKey", hash())]);
    let of_blob = |operation: Operation| {
        operation
            .at("id", text(), "The blob's id: `z` and the base58btc SHA-256 multihash.")
            .problem(404, "No such blob is proposed, or its bytes are not here.")
    };
    let get = read(get, "getBlob", "A blob's bytes, whole or in part.")
        .header("Range", text(), "The part: `bytes=0-127`; one range, otherwise all is sent.")
        .kept(OCTETS, schema::any())
        .kept(JSON, schema::any())
        .answer(206, "The part.", OCTETS, schema::any())
        .answer(206, "The part.", JSON, schema::any())
        .problem(416, "The blob ends before.")
        .problem(503, "This node is fetching the blob.");
    let kept = || object([("blob", text()), ("size", count())]);
    let put = store(put, "putBlob", "Sends the bytes of a blob that an event has proposed.")
        .octets(BLOB_BYTES_MAX)
        .json(kept())
        .answer(201, "The bytes are new here.", JSON, kept())
        .problem(422, "They are other bytes than were proposed.")
        .problem(503, "The node takes no blobs now.");
    let own = read(own, "getOwnAttestation", "What this validator says of a blob.")
        .json(attestation())
        .problem(422, "The bytes are not what the blob's kind says.");
    let all = "The attestations of a blob that this node knows; it asks its peers for more.";
    let all = read(all_known, "listAttestations", all)
        .json(object([("attestations", list(attestation()))]));
    table
        .path("/v1/blobs/{id}", [of_blob(get), of_blob(put)])
        .path("/v1/blobs/{id}/attestation", [of_blob(own)])
        .path("/v1/blobs/{id}/attestations", [of_blob(all)])
}

/// What the state says of a blob.
fn state(snapshot: &Snapshot, id: &str) -> Result<BlobState, Problem> {
    snapshot.blob_state(id)?.ok_or_else(|| refused(NotKept::Unknown(id.to_owned())))
}

fn refused(why: NotKept) -> Problem {
    let (status, code) = match &why {
        NotKept::Unknown(_) => (StatusCode::NOT_FOUND, "blob-unknown"),
        NotKept::Size { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "blob-size"),
        NotKept::Hash(_) => (StatusCode::UNPROCESSABLE_ENTITY, "blob-hash"),
    };
    Problem::new(status, code, "the blob is not taken", why)
}

/// `GET /v1/blobs/{id}`
async fn get(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let snapshot = api.snapshot();
    let blob = state(&snapshot, &id)?;
    if !snapshot.holds_blob(&id)? {
        let awaited = "the blob's bytes have not come to this node: ask again, or another node";
        return Err(match blob.is_active() {
            true => Problem::busy(awaited),
            false => {
                let title = "the blob is awaited";
                Problem::new(StatusCode::NOT_FOUND, "blob-awaited", title, awaited)
            }
        });
    }
    let tag =
        HeaderValue::from_str(&format!("\"{id}\"")).map_err(|error| Problem::fault(&error))?;
    let kept = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, FOREVER)];
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    // A part of what the client has: its tag, or all anew.
    let same = headers.get(header::IF_RANGE).is_none_or(|own| own == tag);
    let asked = headers.get(header::RANGE).filter(|_| same).and_then(|range| range.to_str().ok());
    let part = match asked.and_then(|range| part(range, blob.size)) {
        None => None,
        Some(Some(part)) => Some(part),
        Some(None) => return Ok(beyond(blob.size)),
    };
    let (from, to) = part.unwrap_or((0, blob.size));
    let media_type = BlobKind::named(&blob.kind).map_or(OCTETS, |kind| kind.media_type);
    let mut response = (kept, body(snapshot, id, from, to)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(to - from));
    if part.is_some() {
        let range = format!("bytes {from}-{}/{}", to - 1, blob.size);
        headers.extend(HeaderValue::from_str(&range).map(|range| (header::CONTENT_RANGE, range)));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

/// The bytes, a piece at a time: so that many slow readers cost little memory.
fn body(snapshot: Snapshot, id: String, from: u64, to: u64) -> Body {
    let pieces = stream::unfold((snapshot, id, from), move |(snapshot, id, from)| async move {
        let end = to.min(from + CHUNK_BYTES);
        if from == end {
            return None;
        }
        let read = tokio::task::spawn_blocking(move || {
            let piece = snapshot.blob(&id, from..end);
            (piece, (snapshot, id, end))
        });
        let (piece, rest) = read.await.ok()?;
        let missing = || Fault::BlobMissing(rest.1.clone());
        let piece = piece.and_then(|piece| piece.ok_or_else(missing));
        Some((piece.map(Bytes::from), rest))
    });
    Body::from_stream(pieces)
}

/// The part that a `Range` asks for, its end excluded, and within `Some` none where the blob ends
/// before. `None` where it asks for anything else than one range of bytes (RFC 9110, 14.2).
fn part(range: &str, size: u64) -> Option<Option<(u64, u64)>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| !text.starts_with('+'));
    let (from, to) = match (first, last) {
        ("", last) => (size.saturating_sub(number(last)?), size),
        (first, "") => (number(first)?, size),
        (first, last) => (number(first)?, number(last)?.checked_add(1)?),
    };
    if from >= to && from < size {
        return if first.is_empty() { Some(None) } else { None };
    }
    Some((from < size).then_some((from, to.min(size))))
}

fn beyond(size: u64) -> Response {
    let title = "the blob ends before";
    let detail = format!("the blob has {size} bytes: ask for a part of them");
    let problem = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range", title, detail);
    let mut response = problem.into_response();
    let range = HeaderValue::from_str(&format!("bytes */{size}"));
    response.headers_mut().extend(range.map(|range| (header::CONTENT_RANGE, range)));
    response
}

/// `PUT /v1/blobs/{id}`
async fn put(
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Body,
) -> Result<Response, Problem> {
    let snapshot = api.snapshot();
    let size = state(&snapshot, &id)?.size;
    if let Some(problem) = api.space.problem() {
        return Err(Problem::busy(problem));
    }
    let many = || Problem::busy("the node takes as many blobs as it can: send it again later");
    let _place = api.blobs.uploads.try_acquire().map_err(|_| many())?;
    let patience = api.body + Duration::from_secs(size / RATE_MIN);
    let bytes = read_body(patience, body, usize::try_from(size).unwrap_or(usize::MAX)).await?;
    let (blobs, named) = (api.blobs.clone(), id.clone());
    let kept = aside(move || blobs.accept(&named, &bytes)).await?;
    let is_new = kept.map_err(refused)?;
    let kept = json!({ "blob": id, "size": size });
    let answer = Answer::value(snapshot.height(), Keep::Here, &kept);
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Answer { status, ..answer }.to(&HeaderMap::new()))
}

/// `GET /v1/blobs/{id}/attestation`
async fn own(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let snapshot = api.snapshot();
    state(&snapshot, &id)?;
    match api.blobs.verdict(&id) {
        Some(Ok(attestation)) => {
            Ok(Answer::value(snapshot.height(), Keep::Not, &attestation).to(&headers))
        }
        Some(Err(why)) => {
            let title = "the bytes are not what the blob's kind says";
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "blob-check", title, why))
        }
        None if api.blobs.attests() => {
            Err(unattested("this validator has not checked the blob yet: ask again"))
        }
        None => Err(unattested("this node is no validator, so it attests nothing: ask one")),
    }
}

fn unattested(detail: &str) -> Problem {
    let title = "there is no attestation";
    Problem::new(StatusCode::NOT_FOUND, "blob-unattested", title, detail)
}

/// `GET /v1/blobs/{id}/attestations`
async fn all_known(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let snapshot = api.snapshot();
    state(&snapshot, &id)?;
    let attestations: Value = json!({ "attestations": api.blobs.attestations(&id)? });
    Ok(Answer::value(snapshot.height(), Keep::Not, &attestations).to(&headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_one_part_or_everything() {
        for (range, expected) in [
            ("bytes=0-0", Some(Some((0, 1)))),
            ("bytes=2-", Some(Some((2, 10)))),
            ("bytes=-3", Some(Some((7, 10)))),
            ("bytes=-30", Some(Some((0, 10)))),
            ("bytes=5-99", Some(Some((5, 10)))),
            ("bytes=10-", Some(None)),
            ("bytes=10-12", Some(None)),
            ("bytes=-0", Some(None)),
            ("bytes=3-2", None),
            ("bytes=0-1,4-5", None),
            ("bytes=-", None),
            ("bytes=+1-2", None),
            ("lines=0-1", None),
            ("bytes=0-18446744073709551615", None),
        ] {
            assert_eq!(part(range, 10), expected, "{range}");
        }
    }
}
