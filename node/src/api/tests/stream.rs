//! The stream of events.

use super::*;

/// What a follower reads.
struct Followed(Body);

impl Followed {
    async fn follow(web: &Web, path: &str, last: Option<&str>) -> Followed {
        let mut request = Request::get(path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = web.front.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Followed(response.into_body())
    }

    /// The next text, or nothing at the end.
    async fn text(&mut self) -> Option<String> {
        let frame = tokio::time::timeout(Duration::from_secs(5), self.0.frame()).await;
        let frame = frame.expect("something comes")?.unwrap();
        Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
    }

    /// Ids and names of so many server-sent events: (id, is a block).
    async fn events(&mut self, count: usize) -> Vec<(Option<u64>, bool)> {
        let mut events = Vec::new();
        while events.len() < count {
            let text = self.text().await.expect("it goes on");
            for event in text.split("\n\n").filter(|event| event.contains("data: ")) {
                let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
                let data: Value = serde_json::from_str(line("data: ").unwrap()).unwrap();
                let id = line("id: ").map(|id| id.parse().unwrap());
                let block = line("event: ") == Some("block");
                if !block {
                    assert_eq!(data["index"].as_u64(), id);
                    for name in ["id", "height", "type", "author", "subject"] {
                        assert!(!data[name].is_null(), "{data}");
                    }
                }
                events.push((id, block));
            }
        }
        events
    }
}

#[tokio::test]
async fn followers_get_each_event_and_block_once_from_where_they_ask() {
    let web = Web::new();
    let mut live = Followed::follow(&web, "/v1/stream", None).await;
    assert_eq!(live.text().await.unwrap(), "retry: 2000\n\n");
    web.life(50, false);
    let expected = vec![(Some(0), false), (Some(1), true), (Some(2), false), (Some(3), true)];
    assert_eq!(live.events(4).await, expected);
    web.world.decide(vec![]);
    assert_eq!(live.events(1).await, [(None, true)], "a block without events has no id");
    let mut again = Followed::follow(&web, "/v1/stream?from=0", None).await;
    assert_eq!(again.events(5).await, [&expected[..], &[(None, true)]].concat());
    for (last, rest) in [("0", 1), ("1", 2), ("2", 3)] {
        let mut resumed = Followed::follow(&web, "/v1/stream?from=0", Some(last)).await;
        assert_eq!(resumed.events(4 - rest).await, expected[rest..], "after {last}");
    }
    // One that another node showed more waits for this one to get there.
    let mut ahead = Followed::follow(&web, "/v1/stream", Some("5")).await;
    web.life(51, true);
    assert_eq!(ahead.events(4).await[..2], [(Some(6), false), (Some(7), true)]);
}

#[tokio::test]
async fn followers_have_a_cap_and_give_their_places_back() {
    let web = Web::new();
    let mut all = Vec::new();
    for _ in 0..6 {
        all.push(Followed::follow(&web, "/v1/stream", None).await);
    }
    assert_eq!(web.get("/v1/stream").await.problem(), (503, "busy".into()));
    assert_eq!(web.world.metrics.streams.get(), 6);
    drop(all);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(web.world.metrics.streams.get(), 0);
    Followed::follow(&web, "/v1/stream", None).await;
}

#[tokio::test]
async fn a_follower_that_takes_nothing_is_let_go() {
    let web = Web::new();
    for seed in 50..60 {
        web.life(seed, false);
    }
    let mut slow = Followed::follow(&web, "/v1/stream?from=0", None).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(web.world.metrics.streams.get(), 0, "its place is free");
    let mut texts = 0;
    while slow.text().await.is_some() {
        texts += 1;
    }
    assert!(texts < 10, "{texts}");
}

#[tokio::test]
async fn the_end_of_the_node_is_the_end_of_the_stream() {
    let web = Web::new();
    let mut live = Followed::follow(&web, "/v1/stream", None).await;
    assert!(live.text().await.is_some());
    web.world.feed.close();
    assert_eq!(live.text().await, None);
    assert_eq!(web.get("/v1/stream").await.problem(), (503, "busy".into()));
}
