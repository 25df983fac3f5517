//! A wallet that knows only DID Registration creates, changes and ends a DID, with keys of its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use consensus::mempool::{Accepted, Candidate, Refused};
use registry::author::{Key as _, key_hash};

use super::*;
use crate::keys::{KeyFile, Suite};

impl Web {
    async fn register(&self, operation: &str, request: &Value) -> (u16, Value) {
        let got = self.post(&format!("/1.0/{operation}?method=ndi"), request.to_string()).await;
        assert_eq!(got.header("content-type"), "application/json");
        let state = got.json();
        let name = state["didState"]["state"].as_str().unwrap();
        let ended = ["finished", "failed"].contains(&name);
        assert_eq!(
            state["jobId"].is_null(),
            ended,
            "a job lasts as long as there is work: {state}"
        );
        (got.status.as_u16(), state)
    }

    /// Signs whatever these keys are asked to, until nothing is left for them to do.
    async fn carry_out(&self, operation: &str, mut request: Value, keys: &[&KeyFile]) -> Value {
        let (_, mut state) = self.register(operation, &request).await;
        for _ in 0..4 {
            let responses = sign(&state, keys);
            if responses.as_object().unwrap().is_empty() {
                break;
            }
            request["jobId"] = state["jobId"].clone();
            request["secret"]["signingResponse"] = responses;
            state = self.register(operation, &request).await.1;
        }
        state
    }

    fn endorser(&self) -> (&KeyFile, String) {
        let key = &self.world.endorser;
        (key, key.did().unwrap().to_owned())
    }
}

/// The signing responses that these keys can give.
fn sign(state: &Value, keys: &[&KeyFile]) -> Value {
    let mut responses = json!({});
    let requests = state["didState"]["signingRequest"].as_object();
    for (name, request) in requests.into_iter().flatten() {
        let kid = request["kid"].as_str().unwrap();
        let message = STANDARD.decode(request["serializedPayload"].as_str().unwrap()).unwrap();
        // What is signed follows from what is shown.
        let hash = |value: &Value| {
            use sha2::Digest as _;
            sha2::Sha256::digest(registry::json::canonical(value).unwrap()).to_vec()
        };
        let payload = &request["payload"];
        assert_eq!([hash(&payload["proof"]), hash(&payload["document"])].concat(), message);
        for key in keys.iter().filter(|key| kid.ends_with(&key.public().to_string())) {
            let signature = key.sign(&message.clone().try_into().unwrap());
            responses[name] = json!({
                "signature": STANDARD.encode(signature), "kid": kid, "alg": request["alg"],
            });
        }
    }
    responses
}

fn method(key: &KeyFile) -> Value {
    json!({
        "type": "Multikey",
        "publicKeyMultibase": key.public(),
        "purpose": ["capabilityInvocation"],
    })
}

fn request(options: Value, methods: &[&KeyFile]) -> Value {
    let mut request = json!({ "options": { "clientSecretMode": true } });
    let members = options.as_object().unwrap().clone();
    request["options"].as_object_mut().unwrap().extend(members);
    let methods: Vec<Value> = methods.iter().map(|key| method(key)).collect();
    request["secret"] = json!({ "verificationMethod": methods });
    request
}

fn p256(seed: u8) -> KeyFile {
    KeyFile::from_secret(Suite::P256, &[seed; 32]).unwrap()
}

#[tokio::test]
async fn a_wallet_creates_changes_and_ends_a_did_with_its_own_keys() {
    let web = Web::new();
    let (mine, (endorser, endorser_did)) = (p256(60), web.endorser());
    let options = json!({ "endorser": endorser_did, "network": "bt-test" });
    let mut create = request(options, &[&mine]);
    create["didDocument"] = json!({
        "@context": ["https://www.w3.org/ns/did/v1.1"],
        "alsoKnownAs": ["https://issuer.example.bt/"],
    });
    let (status, state) = web.register("create", &create).await;
    assert_eq!((status, &state["didState"]["action"]), (200, &json!("signPayload")));
    let asked = &state["didState"]["signingRequest"]["signingRequest1"];
    assert_eq!(
        (&asked["alg"], &asked["purpose"]),
        (&json!("ES256"), &json!("capabilityInvocation"))
    );

    create["jobId"] = state["jobId"].clone();
    create["secret"]["signingResponse"] = sign(&state, &[&mine]);
    let (_, state) = web.register("create", &create).await;
    let asked = &state["didState"]["signingRequest"]["signingRequest2"];
    assert_eq!((&asked["alg"], &asked["purpose"]), (&json!("EdDSA"), &json!("assertionMethod")));
    // Nothing of the request but the job is needed any more.
    let last = json!({
        "jobId": state["jobId"],
        "options": { "clientSecretMode": true },
        "secret": { "signingResponse": sign(&state, &[endorser]) },
    });
    let (status, done) = web.register("create", &last).await;
    assert_eq!((status, &done["didState"]["state"]), (201, &json!("finished")), "{done}");
    let did = done["didState"]["did"].as_str().unwrap();
    assert_eq!(done["didState"]["didDocument"]["alsoKnownAs"][0], "https://issuer.example.bt/");
    assert_eq!(done["didDocumentMetadata"]["versionId"], "1");
    let receipt = done["didRegistrationMetadata"]["receipt"].as_str().unwrap();
    web.assert_valid(&web.get(receipt).await.body);
    let again = web.register("create", &last).await;
    assert_eq!(again, (201, done.clone()), "the same job ends as it ended");

    let mut update = request(json!({}), &[]);
    update["did"] = json!(did);
    update["didDocumentOperation"] = json!(["addToDidDocument", "removeFromDidDocument"]);
    update["didDocument"] = json!([
        { "service": [{ "id": "#s", "type": "Web", "serviceEndpoint": "https://a.bt/" }] },
        { "alsoKnownAs": ["https://issuer.example.bt/"] },
    ]);
    let state = web.carry_out("update", update.clone(), &[&mine]).await;
    let document = &state["didState"]["didDocument"];
    assert_eq!((&document["service"][0]["id"], document.get("alsoKnownAs")), (&json!("#s"), None));

    let mut end = request(json!({}), &[]);
    end["did"] = json!(did);
    let state = web.carry_out("deactivate", end, &[&mine]).await;
    assert_eq!(state["didState"]["state"], "finished", "{state}");
    assert_eq!(state["didDocumentMetadata"]["deactivated"], true);
    let (status, late) = web.register("update", &update).await;
    assert_eq!((status, &late["didState"]["error"]), (400, &json!("deactivated")));
}

#[tokio::test]
async fn those_who_share_control_sign_in_any_order_at_any_time() {
    let web = Web::new();
    let (a, b, c) = (key(61), p256(62), key(63));
    let (endorser, endorser_did) = web.endorser();
    let options = json!({ "endorser": endorser_did, "threshold": 2 });
    let mut create = request(options, &[&a, &b, &c]);
    let (_, first) = web.register("create", &create).await;
    assert_eq!(first["didState"]["signingRequest"].as_object().unwrap().len(), 3);
    create["jobId"] = first["jobId"].clone();
    create["secret"]["signingResponse"] = sign(&first, &[&c]);
    let (_, second) = web.register("create", &create).await;
    let left = second["didState"]["signingRequest"].as_object().unwrap();
    assert_eq!(left.keys().collect::<Vec<_>>(), ["signingRequest1", "signingRequest2"]);
    create["jobId"] = second["jobId"].clone();
    create["secret"]["signingResponse"] = sign(&second, &[&b]);
    let (_, third) = web.register("create", &create).await;
    create["jobId"] = third["jobId"].clone();
    create["secret"]["signingResponse"] = sign(&third, &[endorser]);
    let (status, done) = web.register("create", &create).await;
    assert_eq!(status, 201, "{done}");
}

#[tokio::test]
async fn a_wallet_without_keys_or_endorser_is_told_what_it_needs() {
    let web = Web::new();
    let mine = key(64);
    let mut create = request(json!({}), &[]);
    let (_, state) = web.register("create", &create).await;
    assert_eq!(state["didState"]["action"], "getVerificationMethod");
    create["jobId"] = state["jobId"].clone();
    create["secret"] = json!({ "verificationMethod": [method(&mine)] });
    let (_, state) = web.register("create", &create).await;
    create["jobId"] = state["jobId"].clone();
    create["secret"] = json!({ "signingResponse": sign(&state, &[&mine]) });
    let (_, state) = web.register("create", &create).await;
    let (endorser, endorser_did) = web.endorser();
    assert_eq!(state["didState"]["action"], "chooseEndorser");
    assert_eq!(state["didState"]["endorsers"], json!([endorser_did]));
    create["jobId"] = state["jobId"].clone();
    create["options"]["endorser"] = json!(format!("{endorser_did}#{}", endorser.public()));
    create["secret"] = Value::Null;
    let state = web.carry_out("create", create, &[endorser]).await;
    assert_eq!(state["didState"]["state"], "finished", "{state}");
}

#[tokio::test]
async fn under_pre_rotation_the_committed_keys_are_asked_for() {
    let web = Web::new();
    let (now, next) = (key(65), key(66));
    let (endorser, endorser_did) = web.endorser();
    let options = json!({ "endorser": endorser_did, "nextKeyHashes": [key_hash(&next.public())] });
    let state = web.carry_out("create", request(options, &[&now]), &[&now, endorser]).await;
    let did = state["didState"]["did"].clone();
    for (operation, document) in
        [("update", json!([{ "alsoKnownAs": ["https://a.bt/"] }])), ("deactivate", Value::Null)]
    {
        let mut change = request(json!({}), &[]);
        change["did"] = did.clone();
        if operation == "update" {
            change["didDocumentOperation"] = json!(["addToDidDocument"]);
            change["didDocument"] = document;
            let (_, state) = web.register(operation, &change).await;
            assert_eq!(state["didState"]["action"], "getVerificationMethod");
            let mut stolen = change.clone();
            stolen["secret"] = json!({ "verificationMethod": [method(&now)] });
            let (status, state) = web.register(operation, &stolen).await;
            assert_eq!((status, &state["didState"]["error"]), (400, &json!("key-not-committed")));
        }
        change["secret"] = json!({ "verificationMethod": [method(&next)] });
        let state = web.carry_out(operation, change, &[&next]).await;
        assert_eq!(state["didState"]["state"], "finished", "{state}");
    }
}

#[tokio::test]
async fn keys_are_rotated_by_an_update_of_control() {
    let web = Web::new();
    let (old, new) = (key(67), p256(68));
    let (endorser, endorser_did) = web.endorser();
    let create = request(json!({ "endorser": endorser_did }), &[&old]);
    let state = web.carry_out("create", create, &[&old, endorser]).await;
    let mut rotate = request(json!({}), &[&new]);
    rotate["did"] = state["didState"]["did"].clone();
    let state = web.carry_out("update", rotate.clone(), &[&old]).await;
    assert_eq!(state["didState"]["state"], "finished", "{state}");
    let (status, again) = web.register("update", &rotate).await;
    assert_eq!((status, &again["didState"]["error"]), (400, &json!("nothing-changes")));
}

/// Agreement that never decides.
struct Never;

impl Agreement for Never {
    fn submit(&self, _: Candidate) -> Result<Accepted, Refused> {
        Ok(Accepted::Inserted)
    }
    fn status(&self) -> Status {
        unreachable!("nobody asks")
    }
    fn peers(&self) -> Vec<PeerStatus> {
        Vec::new()
    }
    fn evidence(&self) -> Vec<DoubleSign> {
        Vec::new()
    }
    fn metrics(&self, _: &mut String) {}
}

#[tokio::test]
async fn the_wallet_waits_while_the_network_decides_and_any_node_goes_on() {
    let world = World::new();
    let slow = Web::with(world.clone(), Arc::new(Never));
    let mine = key(69);
    let (endorser, endorser_did) = slow.endorser();
    let create = request(json!({ "endorser": endorser_did }), &[&mine]);
    let state = slow.carry_out("create", create, &[&mine, endorser]).await;
    assert_eq!(state["didState"]["state"], "wait", "{state}");
    assert_eq!(state["didState"]["waitTime"], 1000);
    let asked = json!({ "jobId": state["jobId"], "options": { "clientSecretMode": true } });
    let other = Web::with(world.clone(), Arc::new(AtOnce(world)));
    let (status, done) = other.register("create", &asked).await;
    assert_eq!((status, &done["didState"]["did"]), (201, &state["didState"]["did"]));
}

#[tokio::test]
async fn each_wrong_request_fails_with_its_reason() {
    let web = Web::new();
    let mine = key(70);
    let (_, endorser_did) = web.endorser();
    let sound = request(json!({ "endorser": endorser_did }), &[&mine]);
    let with = |place: &str, value: Value| {
        let mut changed = sound.clone();
        let (parent, name) = place.rsplit_once('/').unwrap();
        changed.pointer_mut(parent).unwrap()[name] = value;
        changed
    };
    let mut secret = method(&mine);
    secret["privateKeyMultibase"] = json!("z3u2");
    for (wrong, error, reason) in [
        (with("/options/clientSecretMode", json!(false)), "INVALID_OPTIONS", "clientSecretMode"),
        (with("/options/storeSecrets", json!(true)), "INVALID_OPTIONS", "storeSecrets"),
        (with("/options/network", json!("bt")), "INVALID_OPTIONS", "bt-test"),
        (with("/options/colour", json!("red")), "INVALID_REQUEST", "colour"),
        (with("/options/threshold", json!(2)), "control", "threshold"),
        (with("/options/validUntil", json!("soon")), "INVALID_OPTIONS", "validUntil"),
        (with("/options/endorser", json!("did:ndi:x")), "not-endorser", "did:ndi:x"),
        (with("/options/endorser", json!(format!("{endorser_did}#z"))), "INVALID_OPTIONS", "`z`"),
        (with("/secret/seed", json!("x")), "INVALID_REQUEST", "seed"),
        (with("/secret/verificationMethod", json!([secret])), "INVALID_OPTIONS", "exposed"),
        (with("/did", json!("did:ndi:bt-test:Qm")), "INVALID_OPTIONS", "leave out `did`"),
        (with("/didDocumentOperation", json!([])), "INVALID_OPTIONS", "didDocumentOperation"),
        (with("/didDocument", json!([])), "INVALID_DID_DOCUMENT", "object"),
        (with("/didDocument", json!({ "service": 1 })), "INVALID_DID_DOCUMENT", "service"),
        (with("/jobId", json!("4711")), "INVALID_OPTIONS", "jobId"),
        (json!([]), "INVALID_REQUEST", ""),
    ] {
        let (status, state) = web.register("create", &wrong).await;
        assert_eq!((status, &state["didState"]["error"]), (400, &json!(error)), "{state}");
        assert!(state["didState"]["reason"].as_str().unwrap().contains(reason), "{state}");
    }
    let other = web.post("/1.0/create?method=web", sound.to_string()).await;
    assert_eq!(other.json()["didState"]["error"], "METHOD_NOT_SUPPORTED");
    let broken = web.post("/1.0/create", "{\"did\":null,\"did\":null}").await;
    assert_eq!(broken.json()["didState"]["error"], "INVALID_REQUEST");
    let large = vec![b' '; (256 << 10) + 1];
    assert_eq!(web.post("/1.0/create", large).await.status, StatusCode::BAD_REQUEST);
    for operation in ["update", "deactivate"] {
        let (_, state) = web.register(operation, &request(json!({}), &[])).await;
        assert_eq!(state["didState"]["error"], "INVALID_DID");
        let mut absent = request(json!({}), &[]);
        absent["did"] = json!(web.world.did_created(&key(71)).0);
        let (_, state) = web.register(operation, &absent).await;
        assert_eq!(state["didState"]["error"], "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_signature_that_was_not_asked_for_or_does_not_hold_is_refused_by_its_name() {
    let web = Web::new();
    let (mine, stranger) = (key(72), key(73));
    let (endorser, endorser_did) = web.endorser();
    let mut create = request(json!({ "endorser": endorser_did }), &[&mine]);
    let (_, state) = web.register("create", &create).await;
    create["jobId"] = state["jobId"].clone();
    let sound = sign(&state, &[&mine]);
    let forged = {
        let message = state["didState"]["signingRequest"]["signingRequest1"]["serializedPayload"]
            .as_str()
            .unwrap();
        let message = STANDARD.decode(message).unwrap();
        STANDARD.encode(stranger.sign(&message.try_into().unwrap()))
    };
    for (name, value) in [
        ("signature", json!(forged)),
        ("signature", json!("?")),
        ("signature", json!("")),
        ("kid", json!("did:ndi:x#y")),
        ("alg", json!("ES256")),
    ] {
        let mut wrong = sound.clone();
        wrong["signingRequest1"][name] = value;
        create["secret"]["signingResponse"] = wrong;
        let (status, state) = web.register("create", &create).await;
        assert_eq!((status, &state["didState"]["error"]), (400, &json!("INVALID_SIGNATURE")));
        assert!(state["didState"]["reason"].as_str().unwrap().contains("signingRequest1"));
    }
    create["secret"]["signingResponse"] = json!({ "signingRequest9": sound["signingRequest1"] });
    let (_, state) = web.register("create", &create).await;
    assert!(state["didState"]["reason"].as_str().unwrap().contains("signingRequest9"), "{state}");
    // The job is still good.
    create["secret"] = json!({ "verificationMethod": [method(&mine)] });
    let state = web.carry_out("create", create, &[&mine, endorser]).await;
    assert_eq!(state["didState"]["state"], "finished", "{state}");
}
