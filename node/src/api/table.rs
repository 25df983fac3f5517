//! The table of routes: each path with its operations, what they take and what they answer. The
//! router and the OpenAPI document are both made from it, so neither can know what the other does
//! not.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post, put};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::Api;
use super::schema::{self, count, named};
use crate::problem::Problem;

/// The media type of ordinary answers.
pub(super) const JSON: &str = "application/json";
/// The media type of bytes that have no other.
pub(super) const OCTETS: &str = "application/octet-stream";

const PROBLEM: &str = "application/problem+json";

/// Paths and their operations.
#[derive(Default)]
pub(super) struct Table {
    router: Router<Api>,
    paths: Map<String, Value>,
}

/// One operation of a path.
pub(super) struct Operation {
    method: &'static str,
    handler: MethodRouter<Api>,
    /// Whether the query is for the handler to judge; otherwise there may be none.
    free: bool,
    members: Map<String, Value>,
    parameters: Vec<Value>,
    answers: BTreeMap<u16, Value>,
}

impl Table {
    /// A path. In `{*name}` the name stands for all that follows.
    pub(super) fn path(
        mut self,
        path: &'static str,
        operations: impl IntoIterator<Item = Operation>,
    ) -> Table {
        let mut methods = MethodRouter::new();
        let mut described = Map::new();
        for operation in operations {
            described.insert(operation.method.to_owned(), operation.describe());
            methods = methods.merge(operation.into_handler());
        }
        self.router = self.router.route(path, only(methods));
        self.paths.insert(path.replace("{*", "{"), described.into());
        self
    }

    /// The router, and the document in OpenAPI 3.1.
    pub(super) fn finish(self) -> (Router<Api>, Bytes) {
        let document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Dzong",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "The verifiable data registry of a national digital identity. \
                    `GET` goes with `HEAD`, every path answers `OPTIONS`, and every answer has \
                    `Dzong-Height`, the height for which it speaks.",
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            },
            "servers": [{ "url": "/" }],
            "paths": self.paths,
            "components": { "schemas": schema::components() },
        });
        (self.router, document.to_string().into())
    }
}

/// `GET`, and with it `HEAD`.
pub(super) fn read<H: Handler<T, Api>, T: 'static>(
    handler: H,
    id: &str,
    summary: &str,
) -> Operation {
    Operation::new("get", get(handler), id, summary)
}

/// `POST`.
pub(super) fn write<H: Handler<T, Api>, T: 'static>(
    handler: H,
    id: &str,
    summary: &str,
) -> Operation {
    Operation::new("post", post(handler), id, summary)
}

/// `PUT`.
pub(super) fn store<H: Handler<T, Api>, T: 'static>(
    handler: H,
    id: &str,
    summary: &str,
) -> Operation {
    Operation::new("put", put(handler), id, summary)
}

impl Operation {
    fn new(method: &'static str, handler: MethodRouter<Api>, id: &str, summary: &str) -> Operation {
        let members = [("operationId", id), ("summary", summary)];
        let members = members.map(|(name, text)| (name.to_owned(), text.into()));
        let operation = Operation {
            method,
            handler,
            free: false,
            members: members.into_iter().collect(),
            parameters: Vec::new(),
            answers: BTreeMap::new(),
        };
        operation
            .problem(400, "The request makes no sense.")
            .problem(414, "The path is too long.")
            .problem(500, "This machine has a fault.")
    }

    /// A parameter of the path.
    pub(super) fn at(self, name: &str, schema: Value, text: &str) -> Operation {
        self.parameter("path", name, schema, text)
    }

    /// An option of the query.
    pub(super) fn option(self, name: &str, schema: Value, text: &str) -> Operation {
        self.parameter("query", name, schema, text).any_query()
    }

    /// A header of the request.
    pub(super) fn header(self, name: &str, schema: Value, text: &str) -> Operation {
        self.parameter("header", name, schema, text)
    }

    fn parameter(mut self, place: &str, name: &str, schema: Value, text: &str) -> Operation {
        let required = place == "path";
        self.parameters.push(json!({
            "in": place,
            "name": name,
            "required": required,
            "schema": schema,
            "description": text,
        }));
        self
    }

    /// Leaves the query to the handler.
    pub(super) fn any_query(mut self) -> Operation {
        self.free = true;
        self
    }

    /// What the body holds.
    pub(super) fn body(self, required: bool, schema: Value) -> Operation {
        self.content(required, JSON, schema)
    }

    /// The body is bytes, of which there are at most so many.
    pub(super) fn octets(self, bytes_max: u64) -> Operation {
        self.content(true, OCTETS, json!({ "maxLength": bytes_max }))
    }

    fn content(mut self, required: bool, content_type: &str, schema: Value) -> Operation {
        let body =
            json!({ "required": required, "content": { content_type: { "schema": schema } } });
        self.members.insert("requestBody".into(), body);
        self.problem(408, "The body took too long.").problem(413, "The body is too large.")
    }

    /// An answer in JSON.
    pub(super) fn json(self, schema: Value) -> Operation {
        self.answer(200, "The answer.", JSON, schema)
    }

    /// An answer that a client may keep: one that has it still gets 304.
    pub(super) fn kept(mut self, content_type: &str, schema: Value) -> Operation {
        let text = "The client's copy, named by `If-None-Match`, is what the answer would be.";
        self.answers.insert(304, described(text));
        self.answer(200, "The answer.", content_type, schema)
    }

    /// A header of the answer, also where the client's copy is still good.
    pub(super) fn says(mut self, name: &str, schema: Value, text: &str) -> Operation {
        for status in [200, 304] {
            if let Some(answer) = self.answers.get_mut(&status) {
                answer["headers"][name] = json!({ "schema": schema, "description": text });
            }
        }
        self
    }

    /// A kind of answer. Several content types can stand under one status.
    pub(super) fn answer(
        mut self,
        status: u16,
        text: &str,
        content_type: &str,
        schema: Value,
    ) -> Operation {
        let answer = self.answers.entry(status).or_insert_with(|| described(text));
        answer["content"][content_type] = json!({ "schema": schema });
        self
    }

    /// An answer without a body that says where to go.
    pub(super) fn elsewhere(mut self, status: u16, text: &str) -> Operation {
        let mut answer = described(text);
        answer["headers"]["Location"] = json!({ "schema": { "type": "string" } });
        self.answers.insert(status, answer);
        self
    }

    /// An error.
    pub(super) fn problem(self, status: u16, text: &str) -> Operation {
        self.answer(status, text, PROBLEM, named("Problem"))
    }

    fn describe(&self) -> Value {
        let mut members = self.members.clone();
        if !self.parameters.is_empty() {
            members.insert("parameters".into(), self.parameters.clone().into());
        }
        let answers = self.answers.iter().map(|(status, answer)| (status.to_string(), answer));
        let answers: Map<String, Value> =
            answers.map(|(status, answer)| (status, answer.clone())).collect();
        members.insert("responses".into(), answers.into());
        members.into()
    }

    fn into_handler(self) -> MethodRouter<Api> {
        match self.free {
            true => self.handler,
            false => self.handler.layer(from_fn(without_query)),
        }
    }
}

fn described(text: &str) -> Value {
    json!({
        "description": text,
        "headers": { "Dzong-Height": { "schema": count() } },
    })
}

/// For operations without options: what is not understood is refused, not passed over.
async fn without_query(request: Request, next: Next) -> Response {
    match request.uri().query() {
        None | Some("") => next.run(request).await,
        Some(_) => Problem::bad_request("there are no options here").into_response(),
    }
}

/// Other methods get a problem, too.
fn only(methods: MethodRouter<Api>) -> MethodRouter<Api> {
    methods.fallback(async || {
        let title = "the method is not for this path";
        let detail = "see /openapi.json for the methods of a path";
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", title, detail)
    })
}
