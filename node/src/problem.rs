//! Problem details (RFC 9457): how every error of the HTTP interface looks.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use registry::Rejection;
use serde_json::json;

/// What the `type` of every problem begins with; a stable code follows.
pub const TYPE: &str = "urn:dzong:problem:";

/// An error as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable code.
    pub code: Cow<'static, str>,
    /// The kind of problem, the same for every occurrence.
    pub title: &'static str,
    /// This occurrence, and what to do about it.
    pub detail: String,
    /// After how many seconds trying again makes sense.
    pub retry_after: Option<u32>,
}

impl Problem {
    /// A problem that trying again does not mend.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        title: &'static str,
        detail: impl ToString,
    ) -> Problem {
        Problem { status, code: code.into(), title, detail: detail.to_string(), retry_after: None }
    }

    /// The request makes no sense.
    pub fn bad_request(detail: impl ToString) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "request", "the request makes no sense", detail)
    }

    /// There is no such thing.
    pub fn not_found(detail: impl ToString) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not-found", "there is no such thing", detail)
    }

    /// More than this node takes now.
    pub fn busy(detail: impl ToString) -> Problem {
        let title = "the node is busy";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", title, detail);
        Problem { retry_after: Some(1), ..problem }
    }

    /// The machine's fault. What exactly is in the node's log, not in the answer.
    pub fn fault(fault: &dyn std::fmt::Display) -> Problem {
        tracing::error!(%fault, "a request met a fault");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "fault",
            "the node could not answer",
            "this machine has a fault: ask another node",
        )
    }

    /// A refused event.
    pub fn rejection(rejection: &Rejection) -> Problem {
        let status = match rejection {
            Rejection::StaleVersion { .. }
            | Rejection::PreviousVersion { .. }
            | Rejection::Exists(_)
            | Rejection::KeysJustChanged(_) => StatusCode::CONFLICT,
            Rejection::Json(_) | Rejection::Members(_) | Rejection::Kind(_) => {
                StatusCode::BAD_REQUEST
            }
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let retry_after = rejection.is_passing().then_some(1);
        let title = "the event is refused";
        Problem { retry_after, ..Problem::new(status, rejection.code(), title, rejection) }
    }
}

impl From<ledger::Fault> for Problem {
    fn from(fault: ledger::Fault) -> Problem {
        match fault {
            ledger::Fault::BlobMissing(_) => Problem::busy(fault),
            fault => Problem::fault(&fault),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": format!("{TYPE}{}", self.code),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let headers = [
            (header::CONTENT_TYPE, "application/problem+json"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        let mut response = (self.status, headers, body.to_string()).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
