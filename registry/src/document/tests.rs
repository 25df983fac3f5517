use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use expect_test::expect;
use serde_json::json;

use super::*;
use crate::did;

const DID: &str = "did:ndi:bt-demo:QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR";
const ED25519: &str = "z6MkmM42vxfqZQsv4ehtTjFFxQ4sQKS2w6WR7emozFAn5cxu";

/// The rule and the place that a document breaks.
fn broken(document: &Value) -> Option<(&'static str, String)> {
    check(document, DID).err().map(|error| (error.rule, error.place))
}

/// A document with these properties beside its `id`.
fn with(properties: Value) -> Value {
    let mut document = json!({ "id": DID });
    for (name, value) in properties.as_object().expect("a map") {
        document[name] = value.clone();
    }
    document
}

/// A document with one Multikey, changed by these members; `null` removes one.
fn with_method(changes: Value) -> Value {
    let mut method = json!({
        "id": "#key", "type": "Multikey", "controller": DID, "publicKeyMultibase": ED25519,
    });
    patch(&mut method, changes);
    with(json!({ "verificationMethod": [method] }))
}

fn with_key(key: &str) -> Value {
    with_method(json!({ "publicKeyMultibase": key }))
}

fn with_jwk(jwk: Value) -> Value {
    let changes = json!({ "type": "JsonWebKey", "publicKeyMultibase": null, "publicKeyJwk": jwk });
    with_method(changes)
}

fn with_service(changes: Value) -> Value {
    let mut service =
        json!({ "id": "#s", "type": "LinkedDomains", "serviceEndpoint": "https://example.bt" });
    patch(&mut service, changes);
    with(json!({ "service": [service] }))
}

fn with_endpoint(endpoint: Value) -> Value {
    with_service(json!({ "serviceEndpoint": endpoint }))
}

fn patch(map: &mut Value, changes: Value) {
    let map = map.as_object_mut().expect("a map");
    for (name, value) in changes.as_object().expect("a map") {
        map.insert(name.clone(), value.clone());
    }
    map.retain(|_, value| !value.is_null());
}

fn multikey(prefix: [u8; 2], length: usize) -> String {
    let mut bytes = prefix.to_vec();
    bytes.resize(length, 7);
    format!("z{}", bs58::encode(bytes).into_string())
}

fn nested(depth: usize) -> Value {
    (1..depth).fold(json!({}), |inner, _| json!([inner]))
}

#[test]
fn what_did_core_allows_is_accepted() {
    let secp256k1 = json!({ "kty": "EC", "crv": "secp256k1", "x": "AQ", "y": "AQ", "kid": "1" });
    let okp = json!({ "kty": "OKP", "crv": "Ed25519", "x": "AQ" });
    let accepted = [
        with(json!({})),
        with(json!({ "@context": "https://www.w3.org/ns/did/v1.1" })),
        with(json!({ "@context": ["https://www.w3.org/ns/did/v1", { "a": "b:c" }, "x:y"] })),
        with(json!({ "controller": "did:web:example.bt" })),
        with(json!({ "controller": [DID, "did:key:z6Mk", "did:a:b%20c:d.e-f_g"] })),
        with(json!({ "alsoKnownAs": ["https://example.bt/", "did:web:example.bt", "urn:a:b"] })),
        with(json!({ "unknown": [null, true, -1, { "deep": ["x"] }], "proof": { "type": "P" } })),
        with_method(json!({})),
        with_method(json!({ "id": "key", "controller": "did:example:other", "note": 1 })),
        with_method(json!({ "id": format!("{DID}/a/b?c=d#e") })),
        with_method(json!({ "id": "did:example:other#key" })),
        with_method(
            json!({ "expires": "2026-12-31T00:00:00Z", "revoked": "2026-01-01T00:00:00.5+06:00" }),
        ),
        with_method(json!({ "type": "Unheard2031", "publicKeyMultibase": null, "key": "?" })),
        with_method(json!({ "type": "Ed25519VerificationKey2020", "publicKeyMultibase": "f00ff" })),
        with_key(&multikey([0x80, 0x24], 35)),
        with_key(&multikey([0xe7, 0x01], 35)),
        with_key(&multikey([0x90, 0x24], 1314)),
        with_key("uEiCAgA"),
        with_jwk(okp.clone()),
        with_jwk(secp256k1),
        with_jwk(json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" })),
        with_jwk(json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AQ" })),
        with(json!({ "authentication": ["#key", "/path", "did:example:other?x=y#key"] })),
        with(json!({ "keyAgreement": [{
            "id": "#k", "type": "JsonWebKey", "controller": DID, "publicKeyJwk": okp,
        }] })),
        with_service(json!({ "type": ["A", "B"], "extra": { "accept": ["didcomm/v2"] } })),
        with_service(json!({ "id": "https://example.bt/service" })),
        with_service(json!({ "id": format!("{DID}#s") })),
        with_endpoint(json!({ "uri": "not looked at" })),
        with_endpoint(json!(["https://a.bt", { "uri": "b" }, "wss://user@[::1]:8080/ü?a=b#c"])),
        with_endpoint(json!("mailto:registry@example.bt")),
        with_endpoint(json!("did:web:example.bt?service=files")),
        with_endpoint(json!("#other")),
        with(json!({ "publicKey": [{ "publicKeyPem": "-----BEGIN\nline\n" }] })),
        with(json!({ "@context": ["https://www.w3.org/ns/did/v1", { "privateKeyPem": "a:b" }] })),
        with(json!({ "deep": nested(DOCUMENT_DEPTH_MAX - 1) })),
    ];
    for document in &accepted {
        assert_eq!(check(document, DID), Ok(()), "{document}");
    }
}

#[test]
fn a_method_may_stand_both_listed_and_embedded() {
    let mut document = with_method(json!({}));
    document["authentication"] = document["verificationMethod"].clone();
    assert_eq!(check(&document, DID), Ok(()));
}

/// For each rule, documents that break it, and where.
fn refused() -> Vec<(&'static str, &'static str, Value)> {
    let two = |id: &str| {
        let service = |id, end| json!({ "id": id, "type": "A", "serviceEndpoint": end });
        with(json!({ "service": [service(id, "https://a.bt"), service("#s", "https://b.bt")] }))
    };
    let vm = "/verificationMethod/0";
    let key = "/verificationMethod/0/publicKeyMultibase";
    let jwk = "/verificationMethod/0/publicKeyJwk";
    let end = "/service/0/serviceEndpoint";
    vec![
        ("did-core:map", "", json!([])),
        ("did-core:context", "/@context", with(json!({ "@context": "https://w3id.org/did/v1" }))),
        ("did-core:context", "/@context", with(json!({ "@context": [] }))),
        ("did-core:context", "/@context", with(json!({ "@context": { "a": "b" } }))),
        ("did-core:context", "/@context", with(json!({ "@context": [CONTEXTS[0], 1] }))),
        ("did-core:id-required", "", json!({})),
        ("did-core:id-syntax", "/id", json!({ "id": 1 })),
        ("did-core:id-syntax", "/id", json!({ "id": "https://example.bt" })),
        ("did-core:id-syntax", "/id", json!({ "id": format!("{DID}#key") })),
        ("did-core:controller", "/controller", with(json!({ "controller": "" }))),
        ("did-core:controller", "/controller", with(json!({ "controller": { "id": DID } }))),
        ("did-core:controller", "/controller/1", with(json!({ "controller": [DID, "x"] }))),
        ("did-core:also-known-as", "/alsoKnownAs", with(json!({ "alsoKnownAs": "urn:a:b" }))),
        ("did-core:also-known-as", "/alsoKnownAs/0", with(json!({ "alsoKnownAs": ["name"] }))),
        ("did-core:also-known-as", "/alsoKnownAs/0", with(json!({ "alsoKnownAs": ["a:ü"] }))),
        ("did-core:set", "/controller/1", with(json!({ "controller": [DID, DID] }))),
        ("did-core:set", "/authentication/1", with(json!({ "authentication": ["#a", "#a"] }))),
        ("did-core:did-url-syntax", "/alsoKnownAs/0", with(json!({ "alsoKnownAs": ["did:A:b"] }))),
        (
            "did-core:verification-method-map",
            "/verificationMethod",
            with(json!({ "verificationMethod": {} })),
        ),
        (
            "did-core:verification-method-map",
            "/verificationMethod/0",
            with(json!({ "verificationMethod": ["#key"] })),
        ),
        ("did-core:verification-method-id", vm, with_method(json!({ "id": null }))),
        ("did-core:verification-method-id", vm, with_method(json!({ "id": "https://a.bt#k" }))),
        ("did-core:verification-method-id", vm, with_method(json!({ "id": "#a#b" }))),
        ("did-core:verification-method-type", vm, with_method(json!({ "type": null }))),
        ("did-core:verification-method-type", vm, with_method(json!({ "type": ["Multikey"] }))),
        ("did-core:verification-method-controller", vm, with_method(json!({ "controller": null }))),
        (
            "did-core:verification-method-controller",
            vm,
            with_method(json!({ "controller": [DID] })),
        ),
        ("did-core:verification-method-controller", vm, with_method(json!({ "controller": "#a" }))),
        (
            "did-core:verification-method-date",
            "/verificationMethod/0/expires",
            with_method(json!({ "expires": "2026-12-31" })),
        ),
        (
            "did-core:verification-method-date",
            "/verificationMethod/0/revoked",
            with_method(json!({ "revoked": "2026-12-31T00:00:00" })),
        ),
        ("did-core:verification-material", vm, with_method(json!({ "publicKeyMultibase": null }))),
        ("did-core:verification-material", vm, with_method(json!({ "type": "JsonWebKey" }))),
        (
            "did-core:one-verification-material",
            vm,
            with_method(json!({ "publicKeyJwk": { "kty": "OKP" } })),
        ),
        ("did-core:public-key-multibase", key, with_method(json!({ "publicKeyMultibase": 1 }))),
        ("did-core:public-key-multibase", key, with_key("")),
        ("did-core:public-key-multibase", key, with_key("z")),
        ("did-core:public-key-multibase", key, with_key("z0OIl")),
        ("did-core:public-key-multibase", key, with_key(&format!("z{}", "0".repeat(200)))),
        ("did-core:public-key-multibase", key, with_key("u+/")),
        ("did-core:public-key-multibase", key, with_key("6MkmM42vxfqZQsv4ehtTjFF")),
        ("did-core:multikey", key, with_key(&multikey([0xed, 0x01], 33))),
        ("did-core:multikey", key, with_key(&multikey([0x80, 0x24], 34))),
        ("did-core:multikey", key, with_key("u7QEAAAAA")),
        ("did-core:public-key-jwk", jwk, with_jwk(json!("text"))),
        ("did-core:public-key-jwk", jwk, with_jwk(json!({ "crv": "P-256" }))),
        ("did-core:public-key-jwk", jwk, with_jwk(json!({ "kty": "OKP", "x": "AQ" }))),
        (
            "did-core:public-key-jwk",
            jwk,
            with_jwk(json!({ "kty": "EC", "crv": "P-256", "x": "AQ" })),
        ),
        ("did-core:public-key-jwk", jwk, with_jwk(json!({ "kty": "OKP", "crv": "X", "x": "A=" }))),
        (
            "did-core:public-key-jwk-private",
            jwk,
            with_jwk(json!({ "kty": "OKP", "crv": "Ed25519", "x": "AQ", "d": "AQ" })),
        ),
        ("did-core:public-key-jwk-private", jwk, with_jwk(json!({ "kty": "oct", "k": "AQ" }))),
        (
            "did-core:public-key-jwk-private",
            "/publicKey/0/publicKeyJwk",
            with(json!({ "publicKey": [{ "publicKeyJwk": { "d": "AQ" } }] })),
        ),
        (
            "did-core:verification-relationship-set",
            "/authentication",
            with(json!({ "authentication": [] })),
        ),
        (
            "did-core:verification-relationship-set",
            "/assertionMethod",
            with(json!({ "assertionMethod": "#key" })),
        ),
        (
            "did-core:verification-relationship-entry",
            "/keyAgreement/0",
            with(json!({ "keyAgreement": ["https://example.bt#key"] })),
        ),
        (
            "did-core:verification-relationship-entry",
            "/keyAgreement/0",
            with(json!({ "keyAgreement": [7] })),
        ),
        (
            "did-core:verification-method-id",
            "/capabilityInvocation/0",
            with(json!({ "capabilityInvocation": [{ "publicKey": "#key" }] })),
        ),
        ("did-core:service-map", "/service", with(json!({ "service": {} }))),
        ("did-core:service-map", "/service/0", with_service(json!({ "id": null }))),
        ("did-core:service-map", "/service/0", with_service(json!({ "serviceEndpoint": null }))),
        ("did-core:service-id", "/service/0/id", with_service(json!({ "id": "a b" }))),
        ("did-core:service-id", "/service/0/id", with_service(json!({ "id": ["#s"] }))),
        ("did-core:service-id-unique", "/service/1/id", two("#s")),
        ("did-core:service-id-unique", "/service/1/id", two(&format!("{DID}#s"))),
        ("did-core:service-type", "/service/0/type", with_service(json!({ "type": 1 }))),
        ("did-core:service-type", "/service/0/type/0", with_service(json!({ "type": [1] }))),
        ("did-core:service-endpoint", end, with_endpoint(json!([]))),
        ("did-core:service-endpoint", end, with_endpoint(json!(1))),
        ("did-core:service-endpoint", end, with_endpoint(json!("https://"))),
        ("did-core:service-endpoint", end, with_endpoint(json!("https:///path"))),
        ("did-core:service-endpoint", end, with_endpoint(json!("https://a b"))),
        ("did-core:service-endpoint", end, with_endpoint(json!("https://a.bt/{id}"))),
        ("did-core:service-endpoint", end, with_endpoint(json!("https://a.bt/%zz"))),
        ("did-core:service-endpoint", end, with_endpoint(json!("https://[::g]/"))),
        ("did-core:service-endpoint", end, with_endpoint(json!("https://a.bt:http/"))),
        ("did-core:service-endpoint", end, with_endpoint(json!("https://[::1]x/"))),
        ("did-core:service-endpoint", "/service/0/serviceEndpoint/0", with_endpoint(json!(["\\"]))),
        ("ndi:1", "/id", json!({ "id": "did:example:123" })),
        ("ndi:2", "", with(json!({ "a": "x".repeat(DOCUMENT_BYTES_MAX) }))),
        (
            "ndi:3",
            "/deep/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0",
            with(json!({ "deep": nested(DOCUMENT_DEPTH_MAX) })),
        ),
        ("ndi:4", "/a", with(json!({ "a": 0.5 }))),
        ("ndi:4", "/a", with(json!({ "a": 1.0 }))),
        ("ndi:4", "/a", with(json!({ "a": 1_u64 << 53 }))),
        (
            "ndi:5",
            "/alsoKnownAs",
            with(json!({
                "alsoKnownAs": (0..=SET_ITEMS_MAX).map(|n| format!("a:{n}")).collect::<Vec<_>>(),
            })),
        ),
        ("ndi:6", "/a~1b", with(json!({ "a/b": "\u{0}" }))),
        ("ndi:6", "/a", with(json!({ "a": "\u{1b}[31m" }))),
        ("ndi:7", "/a/0", with(json!({ "a": ["did:ndi:bt-demo:{SCID}"] }))),
        ("ndi:8", "/authentication/0/id", {
            let mut document = with_method(json!({}));
            let mut method = document["verificationMethod"][0].clone();
            method["id"] = json!(format!("{DID}#key"));
            document["authentication"] = json!([method]);
            document
        }),
        ("ndi:8", "/service/0/id", {
            let mut document = with_method(json!({}));
            document["service"] = with_service(json!({ "id": "#key" }))["service"].clone();
            document
        }),
        (
            "ndi:9",
            "/verificationMethod/0/secretKeyMultibase",
            with_method(json!({ "secretKeyMultibase": "z" })),
        ),
        ("ndi:9", "/a/privateKeyPem", with(json!({ "a": { "privateKeyPem": "" } }))),
        ("ndi:9", key, with_key(&multikey([0x80, 0x26], 34))),
        ("ndi:10", end, with_endpoint(json!("linkedin.com/company/x"))),
        ("ndi:10", end, with_endpoint(json!("//example.bt/x"))),
        ("ndi:11", end, with_endpoint(json!("https://user:secret@example.bt/"))),
        ("ndi:12", "/alsoKnownAs/0", with(json!({ "alsoKnownAs": ["mailto:a@example.bt"] }))),
        ("ndi:12", "/alsoKnownAs/0", with(json!({ "alsoKnownAs": ["TEL:+97517000000"] }))),
        ("ndi:13", "/type", with(json!({ "type": "Person" }))),
        ("ndi:13", "/a/@type", with(json!({ "a": { "@type": ["x", "schema:Person"] } }))),
        ("ndi:13", "/subject/birthDate", with(json!({ "subject": { "birthDate": "" } }))),
    ]
}

#[test]
fn a_refusal_names_the_rule_and_the_place() {
    for (rule, place, document) in refused() {
        assert_eq!(broken(&document), Some((rule, place.to_owned())), "{document}");
    }
    let error = check(&json!({ "id": DID.to_lowercase() }), DID).expect_err("another DID");
    expect![[r#"ndi:1 at "/id": set the document's `id` to the DID that the event is about"#]]
        .assert_eq(&error.to_string());
}

#[test]
fn every_rule_has_a_case() {
    let cases: BTreeSet<&str> = refused().into_iter().map(|(rule, ..)| rule).collect();
    let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(cases, rules);
    assert_eq!(rules.len(), RULES.len(), "an id stands twice");
}

#[test]
fn the_specification_lists_the_same_rules() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/did-ndi.md");
    let text = std::fs::read_to_string(&path).expect("docs/did-ndi.md is part of the project");
    let written: BTreeSet<&str> = text
        .split('`')
        .filter(|code| {
            let number = code.strip_prefix("ndi:").unwrap_or("?");
            code.starts_with("did-core:") || number.bytes().all(|b| b.is_ascii_digit())
        })
        .collect();
    let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(written, rules);
    for rule in RULES {
        let row = format!("| `{}` | {} | {} |", rule.id, rule.section, rule.text);
        assert!(text.contains(&row), "docs/did-ndi.md lacks the row\n{row}");
    }
    for limit in [DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, SET_ITEMS_MAX] {
        assert!(RULES.iter().any(|rule| rule.text.contains(&limit.to_string())), "{limit}");
    }
}

/// Every value of every case, replaced by values of another kind: a verdict each time, never a
/// panic.
#[test]
fn a_check_is_total() {
    let odd = [json!(null), json!(0), json!(""), json!([]), json!([[]]), json!({}), json!("é:%")];
    for (_, _, document) in refused() {
        for place in places(&document) {
            for value in &odd {
                let mut changed = document.clone();
                *changed.pointer_mut(&place).expect("a place of the document") = value.clone();
                if let Err(error) = check(&changed, DID) {
                    assert!(changed.pointer(&error.place).is_some(), "{error}");
                }
            }
        }
    }
}

/// The JSON pointers of a value and of all in it.
fn places(value: &Value) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Array(items) => {
            items.iter().take(3).enumerate().map(|(n, item)| (n.to_string(), item)).collect()
        }
        Value::Object(map) => map.iter().map(|(n, v)| (n.replace('/', "~1"), v)).collect(),
        _ => Vec::new(),
    };
    let below = inner
        .into_iter()
        .flat_map(|(name, value)| places(value).into_iter().map(move |p| format!("/{name}{p}")));
    std::iter::once(String::new()).chain(below).collect()
}

#[test]
fn a_set_as_large_as_allowed_is_accepted() {
    let method =
        |n| json!({ "id": format!("#{n}"), "type": "A", "controller": "did:a:b", "b": "c" });
    let methods: Vec<Value> = (0..SET_ITEMS_MAX).map(method).collect();
    assert_eq!(check(&with(json!({ "verificationMethod": methods })), DID), Ok(()));
}

/// The documents that many implementers published with the W3C DID test suite, each with the DID of
/// a registrant of ours in the place of its own: what we refuse, and by which rule.
#[test]
fn real_documents() {
    let shared = std::env::var_os("DZONG_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), Into::into);
    let Ok(lines) = std::fs::read_to_string(shared.join("data/did-documents.jsonl")) else {
        println!("skipped: {} is not here; set DZONG_SHARED", shared.display());
        return;
    };
    let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, line) in lines.lines().enumerate() {
        let line: Value = serde_json::from_str(line).expect("a line is JSON");
        let Err(error) = check(&rehome(&line["document"], DID), DID) else { continue };
        *refused.entry(error.rule).or_default() += 1;
        let (source, id) = (&line["source"], &line["document"]["id"]);
        println!("{} {source} {id}: {error}", index + 1);
    }
    let count = lines.lines().count();
    println!("{count} documents, {} refused: {refused:#?}", refused.values().sum::<usize>());
    expect![[r#"
        (
            217,
            {
                "did-core:context": 26,
                "did-core:controller": 1,
                "did-core:service-endpoint": 2,
                "did-core:service-map": 1,
                "did-core:verification-method-controller": 11,
                "did-core:verification-method-type": 1,
                "did-core:verification-relationship-set": 6,
                "ndi:4": 5,
            },
        )
    "#]]
    .assert_debug_eq(&(count, refused));
}

/// The document as a registrant of `did` would write it.
fn rehome(document: &Value, did: &str) -> Value {
    let own = document["id"].as_str().expect("a document has an id");
    serde_json::from_str(&document.to_string().replace(own, did)).expect("still JSON")
}

#[test]
fn an_identifier_of_the_examples_is_well_formed() {
    assert!(did::NdiDid::parse(DID).is_ok());
}
