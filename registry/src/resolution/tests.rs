use serde_json::json;

use super::request::{Goal, Question, Refusal, Request};
use super::{Failure, expand};

const DID: &str = "did:ndi:bt-test:QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";

fn read(rest: &str, options: &[(&str, &str)], goal: Goal) -> Result<Request, Refusal> {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Request::read(&format!("{DID}{rest}"), options.iter().map(pair).collect(), goal)
}

#[test]
fn parameters_and_options_mean_the_same() {
    let own = read("?versionId=2&proof=true", &[], Goal::Any);
    assert_eq!(own, read("", &[("versionId", "2"), ("proof", "true")], Goal::Any));
    let request = own.unwrap();
    assert!(request.proof);
    let Question::Resolution(question) = request.question else { panic!("a resolution") };
    assert_eq!((question.did.as_str(), question.version_id.as_deref()), (DID, Some("2")));
}

#[test]
fn values_are_decoded_once() {
    let request = read("?service=a%26b&relativeRef=%2Fx%253Fy", &[], Goal::UriList).unwrap();
    let Question::Dereferencing(question) = request.question else { panic!("dereferencing") };
    assert_eq!(question.service.as_deref(), Some("a&b"), "an encoded separator separates nothing");
    assert_eq!(question.relative_ref.as_deref(), Some("/x%3Fy"));
}

#[test]
fn every_failure_has_both_names() {
    let words = Failure::ALL.map(Failure::word).join(" ");
    assert_eq!(
        words,
        "invalidDid invalidDidUrl methodNotSupported featureNotSupported invalidOptions notFound \
         representationNotSupported invalidVerificationMethod \
         invalidRelationshipForVerificationMethod internalError"
    );
}

#[test]
fn what_stands_twice_is_refused() {
    for (rest, options) in [
        ("?versionId=1&versionId=1", &[][..]),
        ("?versionId=1", &[("versionId", "1")][..]),
        ("?versio%6EId=1&versionId=1", &[][..]),
    ] {
        let refused = read(rest, options, Goal::Any).unwrap_err();
        assert_eq!(refused.failure, Failure::InvalidDidUrl, "{rest}");
    }
}

#[test]
fn relative_urls_become_absolute_where_they_name_parts() {
    let mut document = json!({
        "alsoKnownAs": ["https://a.example/"],
        "authentication": ["#a", "did:b:c#d", { "id": "#e", "controller": "#not-a-did" }],
        "id": DID,
        "other": { "id": "#o", "inner": { "id": "#deep" } },
        "service": [{ "id": "/path#s", "serviceEndpoint": "#endpoint" }],
        "verificationMethod": [{ "id": "#a" }],
    });
    expand(document.as_object_mut().unwrap(), DID);
    assert_eq!(
        document,
        json!({
            "alsoKnownAs": ["https://a.example/"],
            "authentication": [
                format!("{DID}#a"),
                "did:b:c#d",
                { "id": format!("{DID}#e"), "controller": "#not-a-did" },
            ],
            "id": DID,
            "other": { "id": format!("{DID}#o"), "inner": { "id": "#deep" } },
            "service": [{ "id": format!("{DID}/path#s"), "serviceEndpoint": "#endpoint" }],
            "verificationMethod": [{ "id": format!("{DID}#a") }],
        })
    );
}
