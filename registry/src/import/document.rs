//! The DID document of an Indy DID (did:indy method, "DIDDoc Assembly Steps").

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::NotIndy;
use super::record::Endpoint;
use crate::document;
use crate::json;
use crate::rejection::Rejection;

/// The document of `did` with this key, and what its owner added: in `content`, or, where there is
/// none, in the endpoint of an ATTRIB.
pub(super) fn assemble(
    did: &str,
    verkey: &str,
    content: Option<&Map<String, Value>>,
    endpoint: Option<&Endpoint>,
) -> Result<Box<RawValue>, Rejection> {
    let key = format!("{did}#verkey");
    let mut document = Map::from_iter([
        ("id".to_owned(), json!(did)),
        ("authentication".to_owned(), json!([key])),
        (
            "verificationMethod".to_owned(),
            json!([{
                "controller": did,
                "id": key,
                "publicKeyBase58": verkey,
                "type": "Ed25519VerificationKey2018",
            }]),
        ),
    ]);
    let of_endpoint = endpoint.map(|endpoint| service(did, endpoint));
    for (name, value) in content.or(of_endpoint.as_ref()).into_iter().flatten() {
        merge(&mut document, name, value)?;
    }
    let document = Value::Object(document);
    document::check(&document, did)?;
    Ok(json::raw(&document)?)
}

fn merge(document: &mut Map<String, Value>, name: &str, value: &Value) -> Result<(), NotIndy> {
    let wrong = |problem| Err(NotIndy(format!("`diddocContent`: `{name}` {problem}")));
    match (document.get_mut(name), value) {
        (None, _) => drop(document.insert(name.to_owned(), value.clone())),
        (Some(Value::Array(own)), Value::Array(more)) => own.extend_from_slice(more),
        (Some(Value::Array(_)), _) => return wrong("is a list"),
        (Some(_), _) => return wrong("is not for it to say"),
    }
    Ok(())
}

/// What the method says that an endpoint stands for.
fn service(did: &str, endpoint: &Endpoint) -> Map<String, Value> {
    let context = [
        "https://www.w3.org/ns/did/v1",
        "https://identity.foundation/didcomm-messaging/service-endpoint/v1",
    ];
    Map::from_iter([
        ("@context".to_owned(), json!(context)),
        (
            "service".to_owned(),
            json!([{
                "id": format!("{did}#did-communication"),
                "priority": 0,
                "recipientKeys": ["#verkey"],
                "routingKeys": endpoint.routing_keys,
                "serviceEndpoint": endpoint.endpoint,
                "type": "did-communication",
            }]),
        ),
    ])
}
