//! How answers leave: with their height, an entity tag over their bytes, how long they hold, and in
//! gzip to those who read it.

use std::io::Write as _;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::front::OfState;
use super::request::accepts_gzip;

/// The height for which an answer speaks.
pub(super) const HEIGHT: HeaderName = HeaderName::from_static("dzong-height");

/// What an answer varies by that has several forms: the form asked for, and the coding.
pub(super) const VARIES: HeaderValue = HeaderValue::from_static("accept, accept-encoding");

/// From how many bytes on an answer is compressed: the fewer, the less the work is worth.
const SQUEEZED_BYTES_MIN: usize = 2_048;

/// How long an answer may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// The next block may change it, and nothing else.
    Briefly,
    /// It may change at any time, but seldom does.
    Shortly,
    /// Nothing ever changes it.
    Forever,
    /// It is the answer to what was posted: the node keeps it, and nobody else does.
    Here,
    /// It is about this very moment.
    Not,
}

/// An answer before it is sent.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Empty where there is no body.
    pub(super) content_type: &'static str,
    pub(super) location: Option<HeaderValue>,
    pub(super) height: u64,
    pub(super) keep: Keep,
    pub(super) body: Bytes,
    /// Whether compression makes it smaller.
    pub(super) shrinks: bool,
}

impl Answer {
    /// An answer in JSON.
    pub(super) fn json(height: u64, keep: Keep, body: impl Into<Bytes>) -> Answer {
        let body = body.into();
        let (status, content_type) = (StatusCode::OK, "application/json");
        Answer { status, content_type, location: None, height, keep, body, shrinks: true }
    }

    /// An answer in bytes that are as few as they can be.
    pub(super) fn dense(
        height: u64,
        keep: Keep,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Answer {
        Answer { content_type, shrinks: false, ..Answer::json(height, keep, body) }
    }

    /// An answer in JSON made of a value.
    pub(super) fn value<T: serde::Serialize>(height: u64, keep: Keep, value: &T) -> Answer {
        Answer::json(height, keep, serde_json::to_vec(value).expect("only JSON members"))
    }

    /// The response; to a client that has these very bytes, only that. Large ones are for a thread
    /// that may take its time.
    pub(super) fn to(self, request: &HeaderMap) -> Response {
        let control = match self.keep {
            Keep::Briefly | Keep::Shortly => "public, max-age=1, must-revalidate",
            Keep::Forever => "public, max-age=31536000, immutable",
            Keep::Here | Keep::Not => "no-store",
        };
        let squeezed =
            self.shrinks && self.body.len() >= SQUEEZED_BYTES_MIN && accepts_gzip(request);
        let tagged = !matches!(self.keep, Keep::Here | Keep::Not);
        let tag = tagged.then(|| entity_tag(&self.body, squeezed));
        let known = tag.as_ref().is_some_and(|tag| is_known(request, tag));
        let known = known && self.status == StatusCode::OK;
        let squeezed = squeezed && !known;
        let body = if squeezed { gzip(&self.body) } else { self.body };
        let of_state = matches!(self.keep, Keep::Briefly | Keep::Forever | Keep::Here) && !known;
        let of_state = of_state.then(|| OfState(body.clone()));
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else if self.content_type.is_empty() {
            self.status.into_response()
        } else {
            let content_type = HeaderValue::from_static(self.content_type);
            (self.status, [(header::CONTENT_TYPE, content_type)], body).into_response()
        };
        if let Some(of_state) = of_state {
            response.extensions_mut().insert(of_state);
        }
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(control));
        headers.insert(HEIGHT, HeaderValue::from(self.height));
        if self.shrinks {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if squeezed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if let Some(tag) = tag {
            headers.insert(header::ETAG, tag);
        }
        if let Some(location) = self.location {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::fast());
    let done = encoder.write_all(bytes).and_then(|()| encoder.finish());
    done.expect("memory takes what is written").into()
}

/// A strong tag: half a BLAKE3 hash of the bytes, and their coding.
pub(super) fn entity_tag(body: &[u8], squeezed: bool) -> HeaderValue {
    let hash = blake3::hash(body).to_hex();
    let coding = if squeezed { "-gzip" } else { "" };
    let tag = format!("\"{}{coding}\"", hash.get(..32).unwrap_or(&hash));
    HeaderValue::from_str(&tag).expect("hexadecimal digits")
}

/// Whether the client says that it has the bytes of this tag.
pub(super) fn is_known(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let Some(known) = request.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()) else {
        return false;
    };
    let tag = tag.to_str().unwrap_or_default();
    known.split(',').map(str::trim).any(|known| known == tag || known == "*")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    fn asked(name: HeaderName, value: &str) -> HeaderMap {
        [(name, HeaderValue::from_str(value).unwrap())].into_iter().collect()
    }

    #[test]
    fn gzip_is_for_those_who_ask() {
        let accepts = |text: &str| accepts_gzip(&asked(header::ACCEPT_ENCODING, text));
        for yes in ["gzip", "br, GZIP;q=0.5", "identity,gzip"] {
            assert!(accepts(yes), "{yes}");
        }
        for no in ["", "identity", "br", "gzip;q=0", "gzip; q=0.0, br", "gzipped"] {
            assert!(!accepts(no), "{no}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn each_coding_has_its_tag_and_what_is_kept_are_the_bytes_that_were_sent() {
        let text = "a".repeat(SQUEEZED_BYTES_MIN);
        let answer = || Answer::json(7, Keep::Briefly, text.clone());
        let gzip = asked(header::ACCEPT_ENCODING, "gzip");
        let (plain, squeezed) = (answer().to(&HeaderMap::new()), answer().to(&gzip));
        let of = |response: &Response| response.extensions().get::<OfState>().unwrap().0.clone();
        assert_eq!(of(&plain), text);
        let mut read = String::new();
        GzDecoder::new(&*of(&squeezed)).read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
        let [tag, other] = [&plain, &squeezed].map(|response| &response.headers()[header::ETAG]);
        assert_ne!(tag, other);
        for response in [&plain, &squeezed] {
            assert_eq!(response.headers()[header::VARY], "accept-encoding");
        }
        assert_eq!(squeezed.headers()[header::CONTENT_ENCODING], "gzip");
        // Who has it in that coding has it.
        let mut again = gzip.clone();
        again.insert(header::IF_NONE_MATCH, other.clone());
        let known = answer().to(&again);
        assert_eq!(
            (known.status(), &known.headers()[header::ETAG]),
            (StatusCode::NOT_MODIFIED, other)
        );
        assert!(!known.headers().contains_key(header::CONTENT_ENCODING));
        again.insert(header::IF_NONE_MATCH, tag.clone());
        assert_eq!(answer().to(&again).status(), StatusCode::OK);
        // What is small, or as small as it can be, goes as it is.
        let small = Answer::json(7, Keep::Briefly, "a");
        for answer in [small, Answer::dense(7, Keep::Briefly, "text/plain", text.clone())] {
            assert!(!answer.to(&gzip).headers().contains_key(header::CONTENT_ENCODING));
        }
    }
}
