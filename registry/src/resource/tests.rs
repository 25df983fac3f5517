//! What may be published, by whom, and what DID URLs find of it.

use proofs::ProvenRecord;
use serde_json::{Value, json};

use super::*;
use crate::author::{self, Key};
use crate::rejection::Rejection;
use crate::resolution::Failure;
use crate::tests::{World, control, ed};

const DID: &str = "did:ndi:bt-test:QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

fn publication(name: &str, content: Value) -> Value {
    json!({ "resourceName": name, "resourceType": "JsonSchema", "content": content })
}

fn licence(properties: Value) -> Value {
    json!({ "$schema": DRAFT, "type": "object", "properties": properties })
}

fn publish(
    world: &mut World,
    did: &str,
    key: &dyn Key,
    members: Value,
) -> Result<String, Rejection> {
    let id = id(&crate::json::canonical(&members["content"]).unwrap());
    world.change("SchemaPublished", did, &[(did, key)], members).map(|_| id)
}

fn follow(previous: &str, mut members: Value) -> Value {
    members["previousVersionId"] = previous.into();
    members
}

fn state(world: &World, did: &str, id: &str) -> ResourceState {
    ResourceState::read(&world.records[&key(did, id)]).unwrap()
}

#[test]
fn s47_s48_a_published_schema_is_named_by_its_content_and_linked_to_the_version_that_it_follows() {
    let mut world = World::new();
    let key = ed(1);
    let did = world.create(&[&key], &control(&[&key], 1)).unwrap();
    let first = publication("Licence", licence(json!({})));
    let one = publish(&mut world, &did, &key, first.clone()).unwrap();
    let second = publication("Licence", licence(json!({ "class": { "type": "string" } })));
    let two = publish(&mut world, &did, &key, follow(&one, second.clone())).unwrap();
    let (old, new) = (state(&world, &did, &one), state(&world, &did, &two));
    assert_eq!((old.next_version_id.as_ref(), &old.previous_version_id), (Some(&two), &None));
    assert_eq!((&new.next_version_id, new.previous_version_id.as_ref()), (&None, Some(&one)));
    assert_eq!(old.metadata(&did)["resourceURI"], uri(&did, &one));
    assert!(is_id(&one) && split_uri(&uri(&did, &one)) == Some((&did, &one)));

    let again = publish(&mut world, &did, &key, follow(&two, first)).unwrap_err();
    assert_eq!(again, Rejection::Exists(uri(&did, &one)), "a content is published once");
    let third = publication("Licence", licence(json!({ "class": true })));
    for (previous, found) in [(None, "none"), (Some(&one), &*one)] {
        let members = previous.map_or(third.clone(), |id| follow(id, third.clone()));
        let stale = publish(&mut world, &did, &key, members).unwrap_err();
        let expected = Rejection::PreviousVersion { found: found.into(), latest: two.clone() };
        assert_eq!(stale, expected, "two writers do not overwrite each other");
    }
    let other = follow(&two, publication("Permit", third["content"].clone()));
    let none = publish(&mut world, &did, &key, other).unwrap_err();
    assert_eq!(none, Rejection::PreviousVersion { found: two, latest: "none".into() });
}

#[test]
fn only_the_did_itself_publishes_under_its_name() {
    let mut world = World::new();
    let (a, b, stranger) = (ed(1), ed(2), ed(3));
    let did = world.create(&[&a, &b], &control(&[&a, &b], 2)).unwrap();
    let other = world.create(&[&stranger], &control(&[&stranger], 1)).unwrap();
    let schema = publication("Licence", licence(json!({})));
    let kind = "SchemaPublished";
    let one = world.change(kind, &did, &[(&did, &a)], schema.clone()).unwrap_err();
    assert_eq!(one, Rejection::Threshold { count: 1, threshold: 2 });
    let foreign = world.change(kind, &did, &[(&other, &stranger)], schema.clone()).unwrap_err();
    assert_eq!(foreign, Rejection::ProofNotCounted(other.clone()));
    let unknown = world.change(kind, DID, &[(DID, &a)], schema.clone()).unwrap_err();
    assert_eq!(unknown, Rejection::NotFound(DID.to_owned()));
    world.change(kind, &did, &[(&did, &a), (&did, &b)], schema.clone()).unwrap();
    // Another DID may publish the same content under its own name.
    publish(&mut world, &other, &stranger, schema.clone()).unwrap();
    let members = json!({ "previousVersion": 1 });
    world.change("DidDeactivated", &other, &[(&other, &stranger)], members).unwrap();
    let next = publication("Permit", licence(json!({})));
    let ended = publish(&mut world, &other, &stranger, next).unwrap_err();
    assert_eq!(ended, Rejection::Deactivated(other));
}

#[test]
fn under_pre_rotation_the_keys_in_force_publish() {
    let mut world = World::new();
    let (key, next) = (ed(1), ed(2));
    let mut committed = control(&[&key], 1);
    committed.next_key_hashes = vec![author::key_hash(&next.public())];
    let did = world.create(&[&key], &committed).unwrap();
    let schema = publication("Licence", licence(json!({})));
    let early = publish(&mut world, &did, &next, schema.clone()).unwrap_err();
    assert!(matches!(early, Rejection::ProofNotCounted(_)), "{early}");
    publish(&mut world, &did, &key, schema).unwrap();
}

fn refused(members: Value) -> String {
    let publication = Publication {
        did: DID,
        name: members["resourceName"].as_str().unwrap(),
        resource_type: members["resourceType"].as_str().unwrap(),
        version: members["resourceVersion"].as_str(),
        content: &members["content"],
    };
    let known = ResourceType::named(publication.resource_type);
    let kind = known.map_or("SchemaPublished", |known| known.kind);
    let checked = publication.check(kind).and_then(|known| (known.check)(&publication));
    checked.map_or_else(|error| error.place, |()| "accepted".into())
}

#[test]
fn names_and_types_are_bounded() {
    let schema = licence(json!({}));
    for (name, sound) in [
        ("ལམ་ཡིག", true),
        ("Driving licence", true),
        ("", false),
        (" a", false),
        ("a ", false),
        ("a\nb", false),
        (&*"a".repeat(NAME_BYTES_MAX + 1), false),
    ] {
        let place = if sound { "accepted" } else { "/resourceName" };
        assert_eq!(refused(publication(name, schema.clone())), place, "{name}");
    }
    let mut labelled = publication("a", schema);
    labelled["resourceVersion"] = "".into();
    assert_eq!(refused(labelled.clone()), "/resourceVersion");
    labelled["resourceVersion"] = "1.0".into();
    labelled["resourceType"] = "Picture".into();
    assert_eq!(refused(labelled), "/resourceType");
}

#[test]
fn what_is_no_json_schema_is_refused_with_its_place() {
    let with = |name: &str, value: Value| {
        let mut schema = licence(json!({}));
        schema[name] = value;
        schema
    };
    for (content, place) in [
        (json!(true), ""),
        (json!([]), ""),
        (json!({ "type": "object" }), ""),
        (json!({ "$schema": "https://json-schema.org/draft/2019-09/schema" }), "/$schema"),
        (with("type", json!("text")), "/type"),
        (with("type", json!(["string", "string"])), "/type"),
        (with("required", json!(["a", "a"])), "/required"),
        (with("required", json!("a")), "/required"),
        (with("minLength", json!(-1)), "/minLength"),
        (with("multipleOf", json!(0)), "/multipleOf"),
        (with("uniqueItems", json!("yes")), "/uniqueItems"),
        (with("enum", json!("a")), "/enum"),
        (with("pattern", json!(1)), "/pattern"),
        (with("allOf", json!([])), "/allOf"),
        (with("not", json!("a")), "/not"),
        (with("$id", json!("https://a.bt/s#part")), "/$id"),
        (with("properties", json!({ "a/b": { "items": 1 } })), "/properties/a~1b/items"),
        (with("dependencies", json!({ "a": ["b", 1] })), "/dependencies/a"),
        (with("$ref", json!("https://example.bt/other.json")), "/$ref"),
        (with("items", json!({ "$ref": "other.json#/$defs/a" })), "/items/$ref"),
        (with("$dynamicRef", json!("file:///etc/passwd")), "/$dynamicRef"),
        (with("$ref", json!(7)), "/$ref"),
    ] {
        assert_eq!(refused(publication("a", content.clone())), format!("/content{place}"));
    }
    let mut deep = json!({});
    for _ in 0..CONTENT_DEPTH_MAX {
        deep = json!({ "not": deep });
    }
    assert_eq!(refused(publication("a", with("not", deep))), "/content");
}

#[test]
fn schemas_of_both_drafts_stand_as_they_are_written() {
    for content in [
        json!({ "$schema": DRAFT, "$defs": { "a": true }, "$ref": "#/$defs/a" }),
        json!({ "$schema": "http://json-schema.org/draft-07/schema#", "items": [true, {}],
            "definitions": { "b": { "$id": "urn:b" } }, "not": { "$ref": "urn:b#/x" },
            "dependencies": { "a": ["b"], "c": { "required": [] } } }),
        json!({ "$schema": DRAFT, "$ref": uri(DID, &id(b"{}")) }),
        json!({ "$schema": DRAFT, "allOf": [{ "$ref": format!("{DRAFT}#/$defs/x") }] }),
        // Data and names of properties are not keywords.
        json!({ "$schema": DRAFT, "const": { "$ref": "https://a.bt/" }, "x-own": { "type": 1 },
            "properties": { "$ref": { "type": "string" }, "type": { "enum": [null, 1] } } }),
    ] {
        assert_eq!(refused(publication("a", content.clone())), "accepted", "{content}");
    }
}

fn anoncreds(attributes: Value) -> Value {
    json!({ "resourceName": "Licence", "resourceType": "anonCredsSchema",
        "resourceVersion": "1.0",
        "content": { "issuerId": DID, "name": "Licence", "version": "1.0",
            "attrNames": attributes } })
}

#[test]
fn an_anoncreds_schema_is_exactly_that_and_its_publishers() {
    let many = |count: usize| (0..count).map(|n| json!(format!("a{n}"))).collect::<Vec<_>>();
    for (attributes, place) in [
        (json!(["name", "date of birth"]), "accepted"),
        (json!(many(125)), "accepted"),
        (json!(many(126)), "/content/attrNames"),
        (json!([]), "/content/attrNames"),
        (json!(["name", "Na me"]), "/content/attrNames/1"),
        (json!([""]), "/content/attrNames/0"),
        (json!([1]), "/content"),
        (json!("name"), "/content"),
    ] {
        assert_eq!(refused(anoncreds(attributes.clone())), place, "{attributes}");
    }
    let sound = anoncreds(json!(["name"]));
    for (member, value, place) in [
        ("issuerId", json!("did:ndi:bt-test:Qm"), "/content/issuerId"),
        ("name", json!("Other"), "/content/name"),
        ("version", json!("2"), "/content/version"),
        ("seqNo", json!(1), "/content"),
    ] {
        let mut changed = sound.clone();
        changed["content"][member] = value;
        assert_eq!(refused(changed), place, "{member}");
    }
    let mut short = sound.clone();
    short["content"].as_object_mut().unwrap().remove("version");
    assert_eq!(refused(short), "/content");
    let mut unlabelled = sound;
    unlabelled.as_object_mut().unwrap().remove("resourceVersion");
    assert_eq!(refused(unlabelled), "/content/version");
}

fn ask(rest: &str) -> Option<Result<Question, Failure>> {
    Asked::read(&format!("{DID}{rest}"), &[]).map(|asked| asked.map(|asked| asked.question))
}

#[test]
fn a_did_url_asks_for_a_resource_by_path_or_parameters_and_otherwise_for_something_else() {
    let id = id(b"{}");
    for url in ["", "/other", "/resources", "?versionId=1", "?service=files", "/x?resourceId=1"] {
        assert_eq!(ask(url), None, "{url}");
    }
    let question = |url: &str| ask(url).unwrap().unwrap();
    assert_eq!(question(&format!("/resources/{id}")), question(&format!("?resourceId={id}")));
    for url in [
        "?resourceId=a&versionId=1",
        "?resourceMetadata=yes",
        "?resourceName=a&colour=red",
        "/resources/a?resourceId=b",
        "?resourceName=a&resourceName=b",
        "/resources/a?proof=maybe",
    ] {
        assert_eq!(ask(url), Some(Err(Failure::InvalidOptions)), "{url}");
    }
    let option = |name: &str, value: &str| [(name.to_owned(), value.to_owned())];
    let beside = Asked::read(DID, &option("resourceName", "ལ")).unwrap().unwrap();
    assert_eq!(beside.question, question("?resourceName=%E0%BD%A3"));
    let proven = Asked::read(&format!("{DID}/resources/{id}"), &option("proof", "true"));
    assert!(proven.unwrap().unwrap().proof);
    let route = |url: &str| question(url).route("bt-test");
    assert_eq!(route(&format!("/resources/{id}")), Ok(Route::Resource(key(DID, &id))));
    let series = series_key(DID, "JsonSchema", "a");
    assert_eq!(
        route("?resourceName=a&resourceType=JsonSchema&resourceVersionTime=1970-01-01T00:00:01Z"),
        Ok(Route::Series(series, Some(1999)))
    );
    assert_eq!(route("?resourceName=a"), Ok(Route::Search));
    assert_eq!(route("/resources/a"), Err(Failure::NotFound));
    assert_eq!(route("?resourceCollectionId=other"), Err(Failure::NotFound));
    assert_eq!(route("?resourceId=a&resourceVersionTime=now"), Err(Failure::InvalidOptions));
    let elsewhere = question("?resourceName=a").route("bt");
    assert_eq!(elsewhere, Err(Failure::MethodNotSupported));
}

#[test]
fn records_that_do_not_answer_are_no_answer() {
    let mut world = World::new();
    let key_ = ed(1);
    let did = world.create(&[&key_], &control(&[&key_], 1)).unwrap();
    let schema = publication("a", licence(json!({})));
    let id = publish(&mut world, &did, &key_, schema).unwrap();
    let proven = |key: &str| ProvenRecord {
        key: key.to_owned(),
        past: None,
        path: vec![],
        record: world.records.get(key).cloned(),
    };
    let by_id = |id: &str| Question {
        did: did.clone(),
        resource_id: Some(id.to_owned()),
        ..Question::default()
    };
    let (resource, series) = (proven(&key(&did, &id)), series_key(&did, "JsonSchema", "a"));
    let series = proven(&series);
    let found = by_id(&id).answer("bt-test", std::slice::from_ref(&resource)).unwrap();
    assert_eq!((found.failure, found.content_type), (None, "application/schema+json"));
    for records in [vec![], vec![series.clone()], vec![resource.clone(), resource.clone()]] {
        assert!(by_id(&id).answer("bt-test", &records).is_none());
    }
    let other = super::id(b"{}");
    assert!(by_id(&other).answer("bt-test", std::slice::from_ref(&resource)).is_none());
    let absent = by_id(&other).answer("bt-test", &[proven(&key(&did, &other))]).unwrap();
    assert_eq!(absent.failure, Some(Failure::NotFound));
    let wrong_sum = Question { checksum: Some("00".into()), ..by_id(&id) };
    let wrong_sum = wrong_sum.answer("bt-test", std::slice::from_ref(&resource)).unwrap();
    assert_eq!(wrong_sum.failure, Some(Failure::NotFound));

    let mut named = Question { did: did.clone(), ..Question::default() };
    named.resource_type = Some("JsonSchema".into());
    named.resource_name = Some("a".into());
    let both = [series.clone(), resource.clone()];
    assert!(named.answer("bt-test", &both).unwrap().content.is_some());
    // The series says that there is one, so an answer without it hides it.
    assert!(named.answer("bt-test", std::slice::from_ref(&series)).is_none());
    assert!(named.answer("bt-test", &[series.clone(), proven(&key(&did, &other))]).is_none());
    named.resource_version_time = Some("2020-01-01T00:00:00Z".into());
    let early = named.answer("bt-test", &[series]).unwrap();
    assert_eq!(early.failure, Some(Failure::NotFound), "before the first version");
    assert!(named.answer("bt-test", &both).is_none());
}
