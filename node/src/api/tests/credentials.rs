//! Authorisation credentials (Act s.96), made from the listing.

use super::*;

/// A network whose Administrative Body lists and authorises one organisation.
struct Office {
    web: Web,
    did: String,
    entity: String,
}

impl Office {
    async fn new() -> Office {
        let web = Web::new();
        let (entity, created) = web.world.did_created(&key(50));
        web.world.decide_events(&[created]);
        let genesis = web.get("/v1/genesis").await.json();
        let did = genesis["roles"]["administrativeBody"].as_str().unwrap().to_owned();
        Office { web, did, entity }
    }

    /// An event of the Administrative Body; its id.
    fn act(&self, kind: &str, members: Value) -> String {
        let event = self.web.world.changed(kind, &self.did, &key(6), members);
        let id = registry::event::id_of(&event).unwrap().to_string();
        self.web.world.decide_events(&[event]);
        id
    }

    async fn credential(&self, issuer: &str) -> Got {
        self.web.get(&format!("/v1/credentials/{}?issuer={issuer}", self.entity)).await
    }
}

fn ever() -> Value {
    json!({ "from": "2026-01-01T00:00:00Z", "until": "2099-01-01T00:00:00Z" })
}

#[tokio::test]
async fn an_answer_to_what_was_posted_is_that_of_its_height_and_repeats_each_requests_name() {
    let office = Office::new().await;
    let Office { web, did, entity } = &office;
    let question = json!({
        "action": "certify", "authority_id": did, "entity_id": entity, "resource": "x",
    });
    let ask = async |id: &str, question: &Value| {
        let request = Request::post("/authorization?proof=true").header("x-request-id", id);
        let got = web.send(request.body(question.to_string().into()).unwrap()).await;
        assert_eq!((got.header("x-request-id"), got.header("cache-control")), (id, "no-store"));
        got
    };
    let (first, second) = (ask("one", &question).await, ask("two", &question).await);
    assert_eq!(first.body, second.body);
    web.assert_valid(&first.body);
    let mut other = question.clone();
    other["resource"] = "y".into();
    assert_eq!(ask("three", &other).await.json()["resource"], "y");
    let (_, event) = web.world.did_created(&key(60));
    web.world.decide_events(&[event]);
    let later = ask("four", &question).await;
    assert_ne!(later.header("dzong-height"), first.header("dzong-height"));
    web.assert_valid(&later.body);
    let text = String::from_utf8(web.get("/metrics").await.body.to_vec()).unwrap();
    let route = r#"dzong_http_requests_total{route="/authorization",status="200"} 4"#;
    assert!(text.contains(route), "{text}");
}

#[tokio::test]
async fn s96_a_credential_says_what_the_listing_says_and_ends_with_it() {
    let office = Office::new().await;
    let Office { web, did, entity } = &office;
    assert_eq!(office.credential(did).await.problem(), (404, "not-found".into()));
    let role = "certification-service-provider";
    let certification = office
        .act("CertificationIssued", json!({ "entity": entity, "period": ever(), "role": role }));
    let particulars = json!({
        "certifications": { role: certification },
        "jurisdiction": "BT",
        "limitsOfUse": { "sha256": "ab".repeat(32), "uri": "https://example.bt/limits" },
        "name": { "en": "Certifier" },
        "roles": [role],
        "website": "https://example.bt/",
    });
    office.act("EntityRegistered", json!({ "entity": entity, "particulars": particulars }));
    assert_eq!(office.credential(did).await.problem(), (404, "not-found".into()));
    for resource in ["agent-provider", "custodial-wallet-provider"] {
        let members = json!({
            "action": "certify", "authority": did, "entity": entity, "period": ever(),
            "resource": resource,
        });
        office.act("AuthorizationGranted", members);
    }
    let made = office.credential(did).await.json();
    assert_eq!((&made["issuer"], &made["credentialSubject"]["id"]), (&json!(did), &json!(entity)));
    assert_eq!(made["credentialSubject"]["authorizations"].as_array().unwrap().len(), 2);
    let without = web.get(&format!("/v1/credentials/{entity}")).await.json();
    assert_eq!(without["issuer"], made["issuer"], "who listed it");
    for status in made["credentialStatus"].as_array().unwrap() {
        let asked = web.post("/authorization?proof=true", status.to_string()).await.json();
        assert_eq!(asked["authorized"], true);
    }
    assert_eq!(office.credential(entity).await.status, StatusCode::NOT_FOUND, "nor by itself");
    let members = json!({ "ground": "contravention", "previousVersion": 1, "subject": entity });
    office.act("EntitySuspended", members);
    let refused = office.credential(did).await;
    assert!(refused.json()["detail"].as_str().unwrap().starts_with("the entity is suspended"));
}
