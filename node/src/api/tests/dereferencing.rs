//! DID URLs: parts of documents, services, and what browsers and drivers ask of them.

use registry::author::Key as _;

use super::*;

const WHOLE: &str = "application/did-url-dereferencing";

/// A DID whose document has a key, a relative and an absolute service.
fn rich(web: &Web, seed: u8) -> String {
    let key = key(seed);
    let (did, event) = web.world.did_created(&key);
    web.world.decide_events(&[event]);
    let document = json!({
        "@context": ["https://www.w3.org/ns/did/v1.1"],
        "authentication": ["#key-1"],
        "id": did,
        "service": [
            { "id": "#files", "serviceEndpoint": "https://files.example/base", "type": "Files" },
            { "id": format!("{did}#hub"), "serviceEndpoint": { "uri": "x:y" }, "type": ["Hub"] },
        ],
        "verificationMethod": [{
            "controller": did,
            "id": "#key-1",
            "publicKeyMultibase": key.public().to_string(),
            "type": "Multikey",
        }],
    });
    let members = json!({ "previousVersion": 1, "document": document });
    web.world.decide_events(&[web.world.changed("DidUpdated", &did, &key, members)]);
    did
}

fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[tokio::test]
async fn parts_and_services_are_found_and_proven() {
    let web = Web::new();
    let did = rich(&web, 50);
    for (url, id) in [
        (format!("{did}#key-1"), format!("{did}#key-1")),
        (format!("{did}#hub"), format!("{did}#hub")),
        (format!("{did}?service=files#files"), format!("{did}#files")),
        (format!("{did}?service=%23files"), did.clone()),
        (format!("{did}?serviceType=Hub"), did.clone()),
        (did.clone(), did.clone()),
        (format!("{did}?versionId=1"), did.clone()),
    ] {
        let path = format!("/1.0/identifiers/{}", encoded(&url));
        let got = web.get_as(&path, WHOLE).await;
        assert_eq!((got.status, got.header("content-type")), (StatusCode::OK, WHOLE), "{url}");
        let answer = got.json();
        assert_eq!(answer["contentStream"]["id"], json!(id), "{url}");
        assert_eq!(answer["contentStream"], answer["content"]);
        assert_eq!(answer["dereferencingMetadata"]["contentType"], "application/did");
        assert!(answer["contentMetadata"]["versionId"].is_string());
        let bare = web.get_as(&path, "application/did").await;
        assert_eq!(
            (bare.header("content-type"), bare.json()["id"].clone()),
            ("application/did", json!(id))
        );
        let proven = web.get_as(&format!("{path}?proof=true"), WHOLE).await;
        web.assert_valid(&proven.body);
        let mut forged: Value = proven.json();
        forged["content"]["id"] = json!("did:ndi:bt-test:other");
        assert!(!web.verdict(forged.to_string().as_bytes()).is_valid(), "{url}");
    }
    let path = format!("/1.0/identifiers/{}", encoded(&format!("{did}#nothing")));
    let absent = web.get_as(&format!("{path}?proof=true"), WHOLE).await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
    web.assert_valid(&absent.body);
}

#[tokio::test]
async fn the_url_of_a_service_is_a_redirection() {
    let web = Web::new();
    let did = rich(&web, 50);
    let url = format!("{did}?service=files&relativeRef=%2Fa%2Fb%3Fc%3Dd#e");
    let path = format!("/1.0/identifiers/{}", encoded(&url));
    let got = web.get_as(&path, "text/uri-list").await;
    assert_eq!((got.status, got.body.len()), (StatusCode::SEE_OTHER, 0));
    assert_eq!(got.header("location"), "https://files.example/base/a/b?c=d#e");
    let literal = format!("/1.0/identifiers/{did}?service=files&relativeRef=/resume.pdf");
    let got = web.get_as(&literal, "text/uri-list").await;
    assert_eq!(got.header("location"), "https://files.example/base/resume.pdf");
    // So it is where a whole result is asked for, which has a body only with a proof.
    let both = "application/did-url-dereferencing, text/uri-list";
    for accept in [WHOLE, both] {
        let got = web.get_as(&path, accept).await;
        assert_eq!((got.status, got.body.len()), (StatusCode::SEE_OTHER, 0), "{accept}");
        let got = web.get_as(&format!("{path}?proof=true"), accept).await;
        assert_eq!(got.json()["content"], json!(["https://files.example/base/a/b?c=d#e"]));
        web.assert_valid(&got.body);
    }
    let got = web.get_as(&format!("/1.0/identifiers/{did}?service=files"), both).await;
    assert_eq!(got.header("location"), "https://files.example/base");
    let accept = "application/did-url-dereferencing, application/did";
    let got = web.get_as(&literal, accept).await;
    assert_eq!(got.json()["content"]["service"].as_array().unwrap().len(), 1);
    let document = web.get_as(&literal, "application/did").await.json();
    assert_eq!(document["service"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_dereferenced_has_the_error_of_the_standard() {
    let web = Web::new();
    let did = rich(&web, 50);
    let did_ns = "https://www.w3.org/ns/did#";
    let security = "https://w3id.org/security#";
    for (url, options, accept, status, kind) in [
        ("#nothing", "", WHOLE, 404, "NOT_FOUND"),
        ("/whois", "", WHOLE, 404, "NOT_FOUND"),
        ("?unknown=1", "", WHOLE, 404, "NOT_FOUND"),
        ("?service=nothing", "", WHOLE, 404, "NOT_FOUND"),
        ("?relativeRef=a", "", WHOLE, 404, "NOT_FOUND"),
        ("?service=hub", "", "text/uri-list", 404, "NOT_FOUND"),
        ("?service=files&service=hub", "", WHOLE, 400, "INVALID_DID_URL"),
        ("?versionId=1", "versionId=2", WHOLE, 400, "INVALID_DID_URL"),
        ("?service=files&relativeRef=%252e%252e%2Fx", "", WHOLE, 400, "INVALID_DID_URL"),
        ("?service=files&relativeRef=..%5Cx", "", WHOLE, 400, "INVALID_DID_URL"),
        ("?service=files&relativeRef=https:%2F%2Fx", "", WHOLE, 400, "INVALID_DID_URL"),
        ("?service=files&relativeRef=%2F%2Fx", "", WHOLE, 400, "INVALID_DID_URL"),
        ("?service=%zz", "", WHOLE, 400, "INVALID_DID_URL"),
        ("#a#b", "", WHOLE, 400, "INVALID_DID_URL"),
        ("#é", "", WHOLE, 400, "INVALID_DID_URL"),
        ("", "unknown=1", WHOLE, 501, "FEATURE_NOT_SUPPORTED"),
        ("", "proof=yes", WHOLE, 400, "INVALID_OPTIONS"),
        ("#key-1", "proof=true", "application/did", 400, "INVALID_OPTIONS"),
        ("#key-1", "", "application/did-resolution", 406, "REPRESENTATION_NOT_SUPPORTED"),
        ("", "", "text/uri-list", 406, "REPRESENTATION_NOT_SUPPORTED"),
        (
            "#hub",
            "verificationRelationship=authentication",
            WHOLE,
            500,
            "INVALID_VERIFICATION_METHOD",
        ),
        ("", "verificationRelationship=authentication", WHOLE, 500, "INVALID_VERIFICATION_METHOD"),
        (
            "#key-1",
            "verificationRelationship=assertionMethod",
            WHOLE,
            500,
            "INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD",
        ),
    ] {
        let path = format!("/1.0/identifiers/{}?{options}", encoded(&format!("{did}{url}")));
        let got = web.get_as(&path, accept).await;
        let answer = got.json();
        let metadata = match accept {
            "application/did-resolution" => "didResolutionMetadata",
            _ => "dereferencingMetadata",
        };
        let namespace = if kind.ends_with("METHOD") { security } else { did_ns };
        assert_eq!(got.status.as_u16(), status, "{url} {options}");
        assert_eq!(answer[metadata]["error"]["type"], json!(format!("{namespace}{kind}")));
    }
    let allowed = format!(
        "/1.0/identifiers/{}?verificationRelationship=authentication&proof=true",
        encoded(&format!("{did}#key-1"))
    );
    let got = web.get_as(&allowed, WHOLE).await;
    assert_eq!(got.json()["content"]["type"], "Multikey");
    web.assert_valid(&got.body);
}

#[tokio::test]
async fn options_may_come_as_a_body() {
    let web = Web::new();
    let did = rich(&web, 50);
    let path = format!("/1.0/identifiers/{did}");
    let got = web.post(&path, r#"{"versionId":"1","proof":true}"#).await;
    assert_eq!(got.json()["didDocumentMetadata"]["versionId"], "1");
    web.assert_valid(&got.body);
    let got = web.post(&path, r#"{"expandRelativeUrls":true,"proof":true}"#).await;
    assert_eq!(got.json()["didDocument"]["authentication"], json!([format!("{did}#key-1")]));
    web.assert_valid(&got.body);
    assert_eq!(
        web.post(&path, "").await.json()["didDocument"]["authentication"],
        json!(["#key-1"])
    );
    for (body, status) in [
        (r#"{"verificationRelationship":false}"#, 400),
        ("[]", 400),
        ("{", 400),
        (r#"{"versionId":1}"#, 400),
        (r#"{"versionId":"1","versionId":"2"}"#, 400),
        (r#"{"other":"1"}"#, 501),
        (r#"{"accept":"text/uri-list"}"#, 501),
    ] {
        assert_eq!(web.post(&path, body).await.status.as_u16(), status, "{body}");
    }
    let twice = web.post(&format!("{path}?versionId=1"), r#"{"versionId":"1"}"#).await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    assert_eq!(web.post(&path, vec![b' '; 17 << 10]).await.problem(), (413, "too-large".into()));
}

#[tokio::test]
async fn odd_identifiers_have_the_error_of_the_standard() {
    let web = Web::new();
    for identifier in [
        "not-a-did",
        "did:example",
        "did:ndi:bt-test:%ff",
        "did:ndi:bt-test:%c3%a9",
        "did:ndi:bt-test:a%00b",
        "did:NDI:bt-test:a",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        &format!("did:ndi:{}", "a".repeat(3_000)),
    ] {
        let path = format!("/1.0/identifiers/{identifier}");
        let got = web.get_as(&path, "application/did-resolution").await;
        let error = got.json()["didResolutionMetadata"]["error"]["type"].clone();
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{identifier}");
        assert_eq!(error, "https://www.w3.org/ns/did#INVALID_DID", "{identifier}");
    }
}

#[tokio::test]
async fn the_driver_says_what_it_resolves() {
    let web = Web::new();
    assert_eq!(web.get("/1.0/methods").await.json(), json!(["ndi"]));
    let examples = web.get("/1.0/testIdentifiers").await.json();
    for did in examples["ndi"].as_array().unwrap() {
        let path = format!("/1.0/identifiers/{}", did.as_str().unwrap());
        assert_eq!(web.get(&path).await.status, StatusCode::OK);
    }
    assert_eq!(web.get("/1.0/properties").await.json()["ndi"]["network"], "bt-test");
    assert_eq!(web.get("/1.0/traits").await.json()["ndi"]["updatable"], true);
}
