//! DID URLs of one DID whose document has something of everything: what they mean, and how they
//! fail.

use registry::answer;
use registry::author::Key as _;
use registry::dereferencing::{Accept, Question};
use serde_json::{Map, Value, json};
use tests::golden::{Golden, key};

use super::evidence;

/// A result with its proof, as a node serves it.
pub(super) fn dereferenced(golden: &Golden, question: Question) -> Value {
    let evidence = evidence(golden, &question.resolution());
    let answer = question.answer(&evidence.records[0]).expect("an answer");
    let proof = answer::Proof::to_json(answer::Question::Dereferencing(question), evidence);
    serde_json::from_str(&answer.to_json(Some(&proof))).expect("JSON")
}

fn document(did: &str) -> Value {
    let method = |id: &str, byte: u8| {
        json!({
            "controller": did,
            "id": id,
            "publicKeyMultibase": key(byte).public().to_string(),
            "type": "Multikey",
        })
    };
    json!({
        "@context": ["https://www.w3.org/ns/did/v1.1"],
        "assertionMethod": [method("#key-2", 54)],
        "authentication": ["#key-1"],
        "extension": [{ "id": "#part", "word": "ལམ" }],
        "id": did,
        "service": [
            { "id": "#files", "serviceEndpoint": "https://files.example/base", "type": "Files" },
            {
                "id": format!("{did}#hub"),
                "serviceEndpoint": [{ "uri": "x:y" }, "https://hub.example/in?box=1"],
                "type": ["Hub", "Files"],
            },
            { "id": "#top", "serviceEndpoint": "https://top.example/#own", "type": "Top" },
        ],
        "verificationMethod": [method("#key-1", 53)],
    })
}

/// A DID and its rich document, made after everything else; `ended` was deactivated long before.
pub(super) fn examples(golden: &Golden, ended: &str) -> Value {
    let (did, created) = golden.did_created(52);
    golden.commit(&[created]);
    let members = json!({ "previousVersion": 1, "document": document(&did) });
    golden.commit(&[golden.event("DidUpdated", &did, 52, members)]);

    let text = |text: &str| Some(text.to_owned());
    let ask = || Question { did: did.clone(), ..Question::default() };
    let part = |fragment: &str| Question { fragment: text(fragment), ..ask() };
    let used = |fragment: &str, relationship: &str| Question {
        verification_relationship: text(relationship),
        ..part(fragment)
    };
    let service = |name: &str| Question { service: text(name), ..ask() };
    let typed = |name: &str| Question { service_type: text(name), ..ask() };
    let urls = |of: Question| Question { accept: Some(Accept::UriList), ..of };
    let below = |reference: &str, of: Question| Question { relative_ref: text(reference), ..of };
    let behind = |fragment: &str, of: Question| Question { fragment: text(fragment), ..of };

    let questions = [
        ("document", ask()),
        ("expanded", Question { expand_relative_urls: true, ..ask() }),
        ("key", part("key-1")),
        ("embeddedKey", used("key-2", "assertionMethod")),
        ("extension", part("part")),
        ("service", service("files")),
        ("serviceOfType", behind("hub", typed("Files"))),
        ("url", urls(behind("e", below("/a/./b?c=d", service("#files"))))),
        ("urls", urls(below("c", typed("Files")))),
        ("past", Question { version_id: text("1"), ..ask() }),
        ("ended", Question { did: ended.to_owned(), ..part("key-1") }),
        ("noVersion", Question { version_id: text("9"), ..part("key-1") }),
        ("noPart", part("none")),
        ("noService", service("none")),
        ("noMethod", used("files", "authentication")),
        ("otherUse", used("key-1", "assertionMethod")),
        ("twoFragments", urls(behind("e", service("top")))),
        ("climbing", below("a/%252e%252e/x", service("files"))),
    ];
    let answers: Map<String, Value> = questions
        .into_iter()
        .map(|(name, question)| (name.to_owned(), dereferenced(golden, question)))
        .collect();
    json!({ "did": did, "answers": answers })
}
