//! What holds for the interface as a whole.

use super::*;

#[tokio::test]
async fn every_route_is_in_the_document_and_answers() {
    let web = Web::new();
    let did = web.life(50, false);
    let id = web.get("/v1/events").await.json()["events"][0]["id"].as_str().unwrap().to_owned();
    let document = web.document();
    for (name, operations) in document.paths() {
        let path = name
            .replace("{did}", &did)
            .replace("{id}", &id)
            .replace("{key}", "network/validators")
            .replace("{height}", "latest")
            .replace("/{path}", "/0/000.p/2");
        for (method, operation) in operations.as_object().unwrap() {
            for member in ["operationId", "summary", "responses"] {
                assert!(!operation[member].is_null(), "{method} {name}: {member}");
            }
            let request = Request::builder().method(&*method.to_uppercase()).uri(&path);
            let got = web.first(request.body(Body::empty()).unwrap()).await;
            assert_ne!(got, StatusCode::METHOD_NOT_ALLOWED, "{method} {name}");
            assert!(!got.is_server_error(), "{method} {name}: {got}");
        }
        let request = Request::builder().method("DELETE").uri(&path).body(Body::empty()).unwrap();
        let got = web.send(request).await;
        assert_eq!(got.problem(), (405, "method".into()), "{name}");
        for method in operations.as_object().unwrap().keys() {
            assert!(got.header("allow").contains(&method.to_uppercase()), "{method} {name}");
        }
    }
}

#[tokio::test]
async fn browsers_may_ask_and_submit_from_any_page() {
    let web = Web::new();
    let did = web.life(50, false);
    let identifier = format!("/1.0/identifiers/{did}");
    for path in ["/v1/events", "/v1/stream", "/v1/status", "/log/checkpoint", &identifier] {
        let request = Request::builder().method("OPTIONS").uri(path);
        let got = web.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(got.status, StatusCode::NO_CONTENT, "{path}");
        for name in ["GET", "HEAD", "POST", "PUT"] {
            assert!(got.header("access-control-allow-methods").contains(name));
        }
        for name in ["content-type", "if-none-match", "last-event-id", "range"] {
            assert!(got.header("access-control-allow-headers").contains(name));
        }
        let got = web.head(path).await;
        assert_eq!(got.header("access-control-allow-origin"), "*", "{path}");
        assert!(got.header("access-control-expose-headers").contains("dzong-height"));
    }
}

#[tokio::test]
async fn head_says_what_get_would_say_without_its_body() {
    let web = Web::new();
    let did = web.life(50, true);
    for path in ["/v1/events", "/v1/dids", "/v1/blocks/1", &format!("/1.0/identifiers/{did}")] {
        let (head, get) = (web.head(path).await, web.get(path).await);
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        for name in ["etag", "content-type", "dzong-height", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
        assert_eq!(head.header("content-length"), get.body.len().to_string(), "{path}");
    }
}

#[tokio::test]
async fn every_answer_says_its_height_refusals_included() {
    let web = Web::new();
    web.life(50, false);
    for path in ["/nothing", "/v1/events/x", "/v1/events?limit=0", "/healthz", "/metrics"] {
        assert_eq!(web.get(path).await.header("dzong-height"), "2", "{path}");
    }
    let (_, event) = web.world.did_created(&key(51));
    let got = web.post("/v1/events", event).await;
    assert_eq!((got.status, got.header("dzong-height")), (StatusCode::ACCEPTED, "3"));
}

#[tokio::test]
async fn an_answer_that_is_ready_is_the_answer_of_its_height() {
    let web = Web::new();
    let did = web.life(50, false);
    let path = format!("/1.0/identifiers/{did}");
    for (path, accept) in [
        (path.clone(), "*/*"),
        (path.clone(), "application/did"),
        (format!("{path}?proof=true"), "*/*"),
        ("/v1/events".into(), "*/*"),
        ("/log/checkpoint".into(), "*/*"),
        ("/v1/status".into(), "*/*"),
    ] {
        let (first, second) = (web.get_as(&path, accept).await, web.get_as(&path, accept).await);
        assert_eq!((first.status, first.headers), (second.status, second.headers), "{path}");
        assert_eq!(first.body, second.body, "{path} {accept}");
    }
    let again = web.get(&format!("{path}?proof=true")).await;
    assert_eq!(again.header("dzong-height"), "2");
    let members = json!({ "previousVersion": 2 });
    web.world.decide_events(&[web.world.changed("DidDeactivated", &did, &key(50), members)]);
    assert_eq!(web.get(&path).await.status, StatusCode::GONE);
    let proven = web.get(&format!("{path}?proof=true")).await;
    assert_eq!((proven.status, proven.header("dzong-height")), (StatusCode::GONE, "3"));
    web.assert_valid(&proven.body);
    let text = String::from_utf8(web.get("/metrics").await.body.to_vec()).unwrap();
    let route = r#"dzong_http_requests_total{route="/1.0/identifiers/{*did}",status="200"} 7"#;
    assert!(text.contains(route), "{text}");
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let web = Web::new();
    let did = web.life(50, false);
    for path in [
        "/v1/status?x=1",
        "/v1/validators?page=2",
        "/v1/blocks/01",
        "/v1/blocks/+1",
        "/v1/blocks/18446744073709551616",
        "/v1/blocks/1%2F2",
        "/v1/events?limit=0",
        "/v1/events?limit=201",
        "/v1/events?limit=-1",
        "/v1/events?limit=5&limit=6",
        "/v1/events?from=9007199254740992",
        "/v1/events?from=1e3",
        "/v1/events?from=%31%zz",
        "/v1/events?type=Nothing",
        "/v1/events?author=alice",
        "/v1/events?order=up",
        "/v1/events?fromTime=yesterday",
        "/v1/events?toHeight=%F0%9F%94%A5",
        "/v1/events?cursor=AAAA",
        "/v1/events?cursor=%00",
        "/v1/dids?limit=1001",
        "/v1/dids?controller=x",
        "/v1/dids?cursor=abc",
        "/v1/governance/decisions?status=maybe",
        "/v1/governance/decisions?cursor=abc",
        "/v1/governance/decisions/x",
        "/v1/governance/body?limit=1",
        "/v1/governance/documents?limit=201",
        "/v1/stream?from=x",
        "/v1/stream?from=100",
        "/v1/records/did%2F..%2Fnetwork",
        "/v1/records/a/./b",
        "/v1/records/%c3%a9",
        "/v1/records/a%ff",
        "/v1/records/a%0d%0ab",
        "/log/tile/..%2f..%2fetc%2fpasswd",
    ] {
        let (status, code) = web.get(path).await.problem();
        assert_eq!((status, &*code), (400, "request"), "{path}");
    }
    let both = format!("/v1/dids?controller={did}&endorser={did}");
    assert_eq!(web.get(&both).await.problem().0, 400);
}
