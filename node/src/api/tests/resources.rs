//! Schemas are found by everybody, in every way that DID URLs ask for them, and proven.

use super::*;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

impl Web {
    /// Publishes a schema with this property, and returns the resource's id.
    fn schema(&self, did: &str, name: &str, property: &str, previous: Option<&str>) -> String {
        let content = json!({ "$schema": DRAFT, "properties": { property: { "type": "string" } } });
        let id = registry::resource::id(&registry::json::canonical(&content).unwrap());
        let mut members =
            json!({ "content": content, "resourceName": name, "resourceType": "JsonSchema" });
        if let Some(previous) = previous {
            members["previousVersionId"] = previous.into();
        }
        let event = self.world.changed("SchemaPublished", did, &key(50), members);
        self.world.decide_events(&[event]);
        id
    }

    async fn metadata(&self, url: &str) -> Value {
        let got = self.get_as(url, "application/did-url-dereferencing").await;
        got.json()["contentMetadata"].clone()
    }
}

#[tokio::test]
async fn a_schema_is_served_as_it_was_published_and_its_checksum_agrees() {
    use sha2::Digest as _;
    let web = Web::new();
    let did = web.life(50, false);
    let id = web.schema(&did, "Licence", "class", None);
    let url = format!("/1.0/identifiers/{did}/resources/{id}");
    let got = web.get(&url).await;
    assert_eq!(got.header("content-type"), "application/schema+json");
    assert_eq!(registry::resource::id(&got.body), id, "the id is the content's hash");
    assert!(got.header("cache-control").contains("immutable"));
    let metadata = web.metadata(&url).await;
    assert_eq!(metadata["checksum"], hex::encode(sha2::Sha256::digest(&got.body)));
    assert_eq!(metadata["resourceURI"], format!("{did}/resources/{id}"));
    assert_eq!(metadata["resourceCollectionId"], did.rsplit(':').next().unwrap());
    assert_eq!(metadata["nextVersionId"], Value::Null);
    let encoded =
        url.replace(&did, &did.replace(':', "%3A")).replace("/resources/", "%2Fresources%2F");
    for (path, whole) in [
        (format!("/1.0/identifiers/{did}?resourceId={id}"), false),
        (encoded.clone(), false),
        (format!("{encoded}?proof=true"), true),
        (format!("/v1/resources/{did}/resources/{id}"), true),
        (format!("/v1/resources/{did}/resources/{id}?proof=true"), true),
    ] {
        let again = web.get(&path).await;
        assert_eq!(again.status, StatusCode::OK, "{path}");
        let content = if whole { again.json()["contentStream"].clone() } else { again.json() };
        assert_eq!(content, got.json(), "{path}");
        if path.ends_with("proof=true") {
            web.assert_valid(&again.body);
        }
    }
}

#[tokio::test]
async fn versions_are_found_by_name_and_time_and_every_answer_proves_itself() {
    let web = Web::new();
    let did = web.life(50, false);
    let one = web.schema(&did, "Driving licence", "class", None);
    let two = web.schema(&did, "Driving licence", "expiry", Some(&one));
    let first = web.metadata(&format!("/1.0/identifiers/{did}/resources/{one}")).await;
    assert_eq!(first["nextVersionId"], json!(two));
    let named =
        format!("/1.0/identifiers/{did}?resourceName=Driving%20licence&resourceType=JsonSchema");
    let latest = web.metadata(&named).await;
    assert_eq!((&latest["resourceId"], &latest["previousVersionId"]), (&json!(two), &json!(one)));
    let now = format!("{named}&resourceVersionTime=2999-01-01T00:00:00Z");
    assert_eq!(web.metadata(&now).await["resourceId"], json!(two));
    let early = format!("{named}&resourceVersionTime=2020-01-01T00:00:00Z");
    assert_eq!(web.get(&early).await.status, StatusCode::NOT_FOUND);
    for url in [&named, &now, &early, &format!("{named}&resourceMetadata=true")] {
        web.assert_valid(&web.get(&format!("{url}&proof=true")).await.body);
    }
    let absent = format!("/1.0/identifiers/{did}/resources/{}", registry::resource::id(b"{}"));
    let got = web.get(&format!("{absent}?proof=true")).await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    web.assert_valid(&got.body);
    // A swapped content is no answer, though its proof is whole.
    let mut forged = web.get(&format!("{named}&proof=true")).await.json();
    forged["content"]["properties"] = json!({});
    forged["contentStream"]["properties"] = json!({});
    assert!(!web.verdict(forged.to_string().as_bytes()).is_valid());
}

#[tokio::test]
async fn what_matches_several_resources_is_listed_to_choose_from() {
    let web = Web::new();
    let did = web.life(50, false);
    let one = web.schema(&did, "Licence", "class", None);
    let two = web.schema(&did, "Licence", "expiry", Some(&one));
    let base = format!("/1.0/identifiers/{did}?");
    let got = web.get(&format!("{base}resourceName=Licence")).await;
    assert_eq!(registry::resource::id(&got.body), two, "of one series the latest");
    let proven = web.get(&format!("{base}resourceType=JsonSchema&proof=true")).await;
    web.assert_valid(&proven.body);
    web.schema(&did, "Permit", "zone", None);
    let choice = web.get(&format!("{base}resourceType=JsonSchema")).await;
    assert_eq!(choice.status, StatusCode::MULTIPLE_CHOICES);
    assert_eq!(choice.json()["linkedResourceMetadata"].as_array().unwrap().len(), 2);
    let all = web.get(&format!("{base}resourceMetadata=true")).await;
    assert_eq!(
        (all.status, all.json()["linkedResourceMetadata"].as_array().unwrap().len()),
        (StatusCode::OK, 3)
    );
    for (parameters, status) in [
        ("resourceName=Other", 404),
        ("resourceId=x", 404),
        ("resourceCollectionId=x", 404),
        ("resourceName=Licence&resourceType=JsonSchema&checksum=00", 404),
        ("resourceMetadata=maybe", 400),
        ("resourceName=Licence&colour=red", 400),
        ("resourceName=Licence&resourceName=Permit", 400),
        ("resourceName=Licence&resourceVersionTime=yesterday", 400),
        ("resourceName=Licence&proof=maybe", 400),
    ] {
        let got = web.get(&format!("{base}{parameters}")).await;
        assert_eq!(got.status.as_u16(), status, "{parameters}");
    }
    let elsewhere = "did:ndi:other:QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR";
    let elsewhere = web.get(&format!("/1.0/identifiers/{elsewhere}/resources/{one}")).await;
    assert_eq!(elsewhere.status.as_u16(), 501);
}

#[tokio::test]
async fn schemas_are_listed_by_pages() {
    let web = Web::new();
    let did = web.life(50, false);
    for name in ["A", "B", "C"] {
        web.schema(&did, name, name, None);
    }
    let (mut names, mut after) = (Vec::new(), String::new());
    for _ in 0..4 {
        let page = web.get(&format!("/v1/schemas?did={did}&limit=1{after}")).await.json();
        let schemas = page["schemas"].as_array().unwrap();
        names.extend(schemas.iter().map(|schema| schema["resourceName"].to_string()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    names.sort();
    assert_eq!(names, ["\"A\"", "\"B\"", "\"C\""]);
    let count = |page: Value| page["schemas"].as_array().unwrap().len();
    assert_eq!(count(web.get("/v1/schemas").await.json()), 3);
    assert_eq!(count(web.get("/v1/schemas?resourceName=B").await.json()), 1);
    assert_eq!(count(web.get("/v1/schemas?resourceType=anonCredsSchema").await.json()), 0);
    for path in [
        "/v1/schemas?did=x",
        "/v1/schemas?after=x",
        "/v1/schemas?limit=x",
        "/v1/schemas?colour=red",
        "/v1/resources/zQm",
    ] {
        assert_eq!(web.get(path).await.problem(), (400, "request".into()), "{path}");
    }
}

#[tokio::test]
async fn a_schema_outlives_its_publisher_and_none_follows() {
    let web = Web::new();
    let did = web.life(50, false);
    let id = web.schema(&did, "Licence", "class", None);
    let stale = json!({ "content": { "$schema": DRAFT }, "resourceName": "Licence",
        "resourceType": "JsonSchema" });
    let stale = web.world.changed("SchemaPublished", &did, &key(50), stale);
    let refused = web.post("/v1/events", stale).await.problem();
    assert_eq!(refused, (409, "previous-version".into()));
    let ended =
        web.world.changed("DidDeactivated", &did, &key(50), json!({ "previousVersion": 2 }));
    web.world.decide_events(&[ended]);
    let late = json!({ "content": { "$schema": DRAFT }, "resourceName": "Permit",
        "resourceType": "JsonSchema" });
    let late = web.world.changed("SchemaPublished", &did, &key(50), late);
    assert_eq!(web.post("/v1/events", late).await.problem(), (422, "deactivated".into()));
    let got = web.get(&format!("/1.0/identifiers/{did}/resources/{id}?proof=true")).await;
    web.assert_valid(&got.body);
}
