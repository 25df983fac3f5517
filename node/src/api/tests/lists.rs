//! Lists: filters, order, cursors.

use registry::author::Key as _;

use super::*;

/// All items of a list, page by page, with the number of pages.
async fn all(web: &Web, path: &str, name: &str) -> (Vec<Value>, usize) {
    let (mut items, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let got = web.get(&format!("{path}{cursor}")).await;
        assert_eq!(got.status, StatusCode::OK, "{path}{cursor}");
        let page = got.json();
        items.extend(page[name].as_array().unwrap().iter().cloned());
        pages += 1;
        match page["cursor"].as_str() {
            Some(text) => cursor = format!("&cursor={text}"),
            None => return (items, pages),
        }
    }
}

fn indexes(items: &[Value]) -> Vec<u64> {
    items.iter().map(|item| item["index"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn events_are_found_by_kind_author_subject_height_and_time() {
    let web = Web::new();
    // Entries 0 to 5 and 6 to 11: events at even indexes, the blocks' own at odd ones.
    let (a, b) = (web.life(50, true), web.life(51, true));
    let time = |height: u64| {
        let header = web.world.ledger.snapshot().header(height).unwrap().unwrap().0;
        registry::time::format(header.time)
    };
    let (first, last) = (time(1), time(6));
    for (question, expected) in [
        ("".to_owned(), vec![0, 2, 4, 6, 8, 10]),
        ("type=DidUpdated".into(), vec![2, 8]),
        (format!("author={a}"), vec![0, 2, 4]),
        (format!("author={b}&type=DidDeactivated"), vec![10]),
        (format!("subject=did/{b}"), vec![6, 8, 10]),
        (format!("subject={b}&type=DidCreated&author={b}"), vec![6]),
        (format!("subject={a}&author={b}"), vec![]),
        ("fromHeight=3&toHeight=4".into(), vec![4, 6]),
        ("fromHeight=99".into(), vec![]),
        ("toHeight=0".into(), vec![]),
        ("from=3".into(), vec![4, 6, 8, 10]),
        ("from=999".into(), vec![]),
        (format!("fromTime={first}&toTime={last}"), vec![0, 2, 4, 6, 8, 10]),
        ("toTime=2020-01-01T00:00:00Z".into(), vec![]),
        ("fromTime=2100-01-01T00:00:00Z".into(), vec![]),
        ("order=desc&type=DidUpdated".into(), vec![8, 2]),
        (format!("order=desc&author={a}"), vec![4, 2, 0]),
    ] {
        for limit in [1, 2, 200] {
            let path = format!("/v1/events?{question}&limit={limit}");
            let (events, pages) = all(&web, &path, "events").await;
            assert_eq!(indexes(&events), expected, "{path}");
            assert!(pages <= expected.len() / limit + 2, "{path}");
        }
    }
    let event = &web.get(&format!("/v1/events?author={a}")).await.json()["events"][0];
    assert_eq!(event["subject"], json!(format!("did/{a}")));
    let id = event["id"].as_str().unwrap();
    assert_eq!(web.get(&format!("/v1/events/{id}")).await.json(), *event, "the same shape");
}

#[tokio::test]
async fn pages_stay_as_they_are_while_the_log_grows() {
    let web = Web::new();
    web.life(50, true);
    for (order, expected) in [("asc", [0, 2, 4]), ("desc", [4, 2, 0])] {
        let path = format!("/v1/events?limit=2&toHeight=3&order={order}");
        let first = web.get(&path).await.json();
        web.life(60 + expected[0] as u8, false);
        let cursor = first["cursor"].as_str().unwrap();
        let second = web.get(&format!("{path}&cursor={cursor}")).await.json();
        let both = [
            indexes(first["events"].as_array().unwrap()),
            indexes(second["events"].as_array().unwrap()),
        ]
        .concat();
        assert_eq!(both, expected, "{order}");
        assert_eq!(second["cursor"], Value::Null);
        let other = format!("/v1/events?limit=2&type=DidCreated&cursor={cursor}");
        assert_eq!(web.get(&other).await.problem().0, 400, "a cursor is of its own question");
    }
}

#[tokio::test]
async fn dids_are_listed_all_and_by_controller_and_endorser() {
    let web = Web::new();
    let genesis = all(&web, "/v1/dids?limit=1000", "dids").await.0.len();
    let (a, b) = (web.life(50, false), web.life(51, true));
    let control =
        json!({ "controllers": [a], "keys": [key(52).public().to_string()], "threshold": 1 });
    let (c, event) = web.world.did_created(&key(52));
    web.world.decide_events(&[event]);
    let members = json!({ "previousVersion": 1, "control": control });
    web.world.decide_events(&[web.world.changed("DidUpdated", &c, &key(52), members)]);
    let names = |items: &[Value]| -> Vec<String> {
        items.iter().map(|item| item["did"].as_str().unwrap().to_owned()).collect()
    };
    for limit in [1, 2, 1000] {
        let (dids, _) = all(&web, &format!("/v1/dids?limit={limit}"), "dids").await;
        let names = names(&dids);
        assert_eq!(names.len(), genesis + 3);
        assert!(names.is_sorted());
        let ended: Vec<_> = dids.iter().filter(|did| did["deactivated"] == true).collect();
        assert_eq!(ended.len(), 1);
        assert_eq!((&ended[0]["did"], &ended[0]["versionId"]), (&json!(b), &json!("3")));
        let path = format!("/v1/dids?controller={a}&limit={limit}");
        assert_eq!(all(&web, &path, "dids").await.0.len(), 1, "{path}");
    }
    let endorser = web.get(&format!("/v1/records/did/{a}")).await.json();
    let endorser = endorser["record"]["content"]["endorser"].as_str().unwrap().to_owned();
    let mut expected = vec![a.clone(), b, c.clone()];
    expected.sort();
    for limit in [1, 3] {
        let path = format!("/v1/dids?endorser={endorser}&limit={limit}");
        assert_eq!(names(&all(&web, &path, "dids").await.0), expected);
    }
    // A controller that lost its say is found no more, though its row is still there.
    let keys = json!({ "keys": [key(52).public().to_string()], "threshold": 1 });
    let members = json!({ "previousVersion": 2, "control": keys });
    web.world.decide_events(&[web.world.changed("DidUpdated", &c, &key(52), members)]);
    assert!(all(&web, &format!("/v1/dids?controller={a}&limit=5"), "dids").await.0.is_empty());
}

#[tokio::test]
async fn a_cursor_lists_the_dids_that_there_were() {
    let web = Web::new();
    web.life(50, false);
    let first = web.get("/v1/dids?limit=1").await.json();
    let before = all(&web, "/v1/dids?limit=1000", "dids").await.0.len();
    tokio::time::sleep(Duration::from_millis(5)).await;
    for seed in 60..64 {
        web.life(seed, false);
    }
    let cursor = first["cursor"].as_str().unwrap();
    let rest = web.get(&format!("/v1/dids?limit=1000&cursor={cursor}")).await.json();
    assert_eq!(rest["dids"].as_array().unwrap().len(), before - 1);
    // A node that lags does not pretend to have what the cursor speaks of.
    let behind = web.world.neighbour();
    let behind = Web::of(behind);
    let path = format!("/v1/dids?limit=2&cursor={cursor}");
    assert_eq!(behind.get(&path).await.problem(), (503, "busy".into()));
    assert_eq!(behind.get(&path).await.header("dzong-height"), "0");
}

#[tokio::test]
async fn decisions_are_listed_by_status_page_by_page_and_each_is_proven() {
    let web = Web::new();
    web.life(50, true);
    let body = web.get("/v1/governance/body?proof=true").await;
    web.assert_valid(&body.body);
    let record = &body.json()["record"];
    let governor = record["content"][0]["member"].as_str().unwrap().to_owned();
    let text = json!({ "sha256": "ab".repeat(32), "title": "A policy", "uri": "https://a.bt/" });
    let propose = |name: &str| {
        let motion = json!({
            "type": "PolicyApproved", "effective": "2026-11-22T00:00:00Z", "name": name,
            "languages": { "dz": text, "en": text }, "version": "1",
        });
        let members = json!({ "decision": motion, "membership": record["version"] });
        web.world.changed("DecisionProposed", &governor, &key(1), members)
    };
    web.world.decide_events(&["a", "b", "c"].map(propose));
    let (open, pages) =
        all(&web, "/v1/governance/decisions?limit=2&status=open", "decisions").await;
    assert_eq!((open.len(), pages), (3, 2));
    let (executed, _) = all(&web, "/v1/governance/decisions?status=executed", "decisions").await;
    assert!(executed.is_empty());
    let (documents, _) = all(&web, "/v1/governance/documents?limit=5", "documents").await;
    assert!(documents.is_empty());

    let id = open[0]["key"].as_str().unwrap().rsplit('/').next().unwrap();
    let decision = web.get(&format!("/v1/governance/decisions/{id}?proof=true")).await;
    web.assert_valid(&decision.body);
    assert_eq!(decision.json()["record"], open[0]["record"]);
    let unknown = format!("/v1/governance/decisions/{}?proof=true", "0".repeat(64));
    let unknown = web.get(&unknown).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    web.assert_valid(&unknown.body);
}

#[tokio::test]
async fn listings_are_found_by_who_made_them_whom_they_concern_and_whether_they_count() {
    let web = Web::new();
    web.world.decide_dids(0, 1);
    let members = web.get("/v1/governance/body").await.json()["record"]["content"].clone();
    let governor = |seat: usize| members[seat]["member"].as_str().unwrap().to_owned();
    let genesis = web.get("/v1/genesis").await.json();
    let authority = genesis["roles"]["administrativeBody"].as_str().unwrap().to_owned();
    let at = |ms| registry::time::format(ms);
    let now = crate::clock::now_ms();
    let grant = |(entity, resource): &(String, &str)| {
        let members = json!({
            "action": "issue", "authority": authority, "entity": entity, "resource": resource,
            "consent": { "sha256": "b".repeat(64), "uri": "https://ministry.example.bt/consent" },
            "period": { "from": at(now - 60_000), "until": at(now + 3_600_000) },
        });
        web.world.agreed("RecognitionGranted", &[0, 1, 2].map(governor), members)
    };
    let foreign = |place: &str| format!("did:web:identity.example.{place}");
    let resources = ["FoundationalID", "Degree", "Licence"];
    let grants: Vec<(String, &str)> = ["sg", "in"]
        .iter()
        .flat_map(|place| resources.map(|name| (foreign(place), name)))
        .collect();
    web.world.decide_events(&grants.iter().map(grant).collect::<Vec<_>>());

    let find = async |filter: &str| {
        let path = format!("/v1/recognitions?limit=2{filter}");
        let (found, _) = all(&web, &path, "recognitions").await;
        let listing = |entry: &Value| entry["record"]["content"]["listing"].clone();
        found.iter().map(listing).collect::<Vec<_>>()
    };
    assert_eq!(find("").await.len(), 6);
    assert_eq!(find(&format!("&authority={authority}")).await.len(), 6);
    let of_one = find(&format!("&entity={}", foreign("sg"))).await;
    assert_eq!(of_one.len(), 3);
    assert!(of_one.iter().all(|listing| listing["entity"] == foreign("sg").as_str()));
    let both = format!("&entity={}&authority={authority}", foreign("in"));
    assert_eq!(find(&both).await.len(), 3);
    let neither = format!("&entity={}&authority={}", foreign("in"), governor(0));
    assert!(find(&neither).await.is_empty());
    assert_eq!(find("&state=active").await.len(), 6);
    assert!(find(&format!("&entity={}&state=revoked", foreign("in"))).await.is_empty());
    for wrong in ["state=open", "entity=Singapore", "authority=", "status=active"] {
        let refused = web.get(&format!("/v1/recognitions?{wrong}")).await;
        assert_eq!(refused.problem(), (400, "request".into()), "{wrong}");
    }
}
