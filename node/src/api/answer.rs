//! How answers leave: with their height, an entity tag over their bytes, and how long they hold.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::front::OfState;

/// The height for which an answer speaks.
pub(super) const HEIGHT: HeaderName = HeaderName::from_static("dzong-height");

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
}

impl Answer {
    /// An answer in JSON.
    pub(super) fn json(height: u64, keep: Keep, body: impl Into<Bytes>) -> Answer {
        let body = body.into();
        let (status, content_type) = (StatusCode::OK, "application/json");
        Answer { status, content_type, location: None, height, keep, body }
    }

    /// An answer in JSON made of a value.
    pub(super) fn value<T: serde::Serialize>(height: u64, keep: Keep, value: &T) -> Answer {
        Answer::json(height, keep, serde_json::to_vec(value).expect("only JSON members"))
    }

    /// The response; to a client that has these very bytes, only that.
    pub(super) fn to(self, request: &HeaderMap) -> Response {
        let control = match self.keep {
            Keep::Briefly | Keep::Shortly => "public, max-age=1, must-revalidate",
            Keep::Forever => "public, max-age=31536000, immutable",
            Keep::Here | Keep::Not => "no-store",
        };
        let tagged = !matches!(self.keep, Keep::Here | Keep::Not);
        let tag = tagged.then(|| entity_tag(&self.body));
        let of_state = matches!(self.keep, Keep::Briefly | Keep::Forever | Keep::Here);
        let of_state = of_state.then(|| OfState(self.body.clone()));
        let known = tag.as_ref().is_some_and(|tag| is_known(request, tag));
        let mut response = if known && self.status == StatusCode::OK {
            StatusCode::NOT_MODIFIED.into_response()
        } else if self.content_type.is_empty() {
            self.status.into_response()
        } else {
            let content_type = HeaderValue::from_static(self.content_type);
            (self.status, [(header::CONTENT_TYPE, content_type)], self.body).into_response()
        };
        if let Some(of_state) = of_state.filter(|_| !known) {
            response.extensions_mut().insert(of_state);
        }
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(control));
        headers.insert(HEIGHT, HeaderValue::from(self.height));
        if let Some(tag) = tag {
            headers.insert(header::ETAG, tag);
        }
        if let Some(location) = self.location {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}

/// A strong tag: half a BLAKE3 hash of the bytes.
fn entity_tag(body: &[u8]) -> HeaderValue {
    let hash = blake3::hash(body).to_hex();
    let tag = format!("\"{}\"", hash.get(..32).unwrap_or(&hash));
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
