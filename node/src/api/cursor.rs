//! Where a list goes on: opaque to clients, and of use only with the question that it came from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::problem::Problem;

/// The longest cursor: a DID behind a few numbers.
const CURSOR_CHARS_MAX: usize = 1024;

/// Bytes that tell one question from another.
const QUESTION_BYTES: usize = 8;

/// The cursor of a question: `place` is for the list that reads it again.
pub(super) fn write(question: &str, place: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode([&digest(question), place].concat())
}

/// The place that a cursor names.
///
/// # Errors
/// It is no cursor, or one of another question.
pub(super) fn read(question: &str, cursor: &str) -> Result<Vec<u8>, Problem> {
    let wrong = || {
        Problem::bad_request(
            "`cursor` is that of another question: repeat the first page's options",
        )
    };
    let bytes = Some(cursor).filter(|text| text.len() <= CURSOR_CHARS_MAX);
    let bytes = bytes.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or_else(wrong)?;
    match bytes.split_at_checked(QUESTION_BYTES) {
        Some((asked, place)) if asked == digest(question) => Ok(place.to_vec()),
        _ => Err(wrong()),
    }
}

/// Numbers of eight bytes from the front of a place, and what is behind them.
pub(super) fn numbers<const N: usize>(place: &[u8]) -> Option<([u64; N], &[u8])> {
    let (front, rest) = place.split_at_checked(8 * N)?;
    let mut numbers = [0; N];
    for (number, bytes) in numbers.iter_mut().zip(front.chunks_exact(8)) {
        *number = u64::from_be_bytes(bytes.try_into().ok()?);
    }
    Some((numbers, rest))
}

fn digest(question: &str) -> [u8; QUESTION_BYTES] {
    let mut digest = [0; QUESTION_BYTES];
    digest.copy_from_slice(&blake3::hash(question.as_bytes()).as_bytes()[..QUESTION_BYTES]);
    digest
}

/// A cursor of a node that is ahead of this one.
pub(super) fn behind() -> Problem {
    Problem::busy("this node is behind the one that gave the cursor: ask again, or ask that one")
}
