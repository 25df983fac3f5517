//! Certificates: status and lists, each with proof.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use registry::trust::{Moment, Period};

use super::*;
use crate::certificate::{Draft, Issuer, List, ListDraft, X509};

#[tokio::test]
async fn s41_the_status_of_a_certificate_and_its_issuers_list_are_published_with_proof() {
    let web = Web::new();
    let (key, did) = (key(50), web.life(50, false));
    let from = now_ms() / 1000 * 1000;
    let period = Period { from: Moment(from), until: Moment(from + 86_400_000) };
    let issuer = Issuer { did: &did, key: &key };
    let draft = Draft {
        did: &did,
        key: &registry::author::Key::public(&key),
        organization: None,
        period,
        serial: "4001",
        is_authority: false,
        list_url: None,
    };
    let made = X509::read(&issuer.certify(&draft).unwrap()).unwrap();
    let der = issuer.list(&ListDraft { number: 1, period, ended: Vec::new() }).unwrap();
    let list = json!({
        "crl": BASE64.encode(&der),
        "crlNumber": 1,
        "nextUpdate": period.until,
        "thisUpdate": period.from,
    });
    let (status, crl) =
        (format!("/v1/certificates/{}", made.fingerprint), format!("/v1/crl/{did}"));
    for path in [&status, &crl] {
        assert_eq!(web.get(path).await.problem().0, 404);
        let absent = web.get(&format!("{path}?proof=true")).await;
        assert_eq!(
            (absent.status, &absent.json()["record"]),
            (StatusCode::NOT_FOUND, &json!(null))
        );
        web.assert_valid(&absent.body);
    }
    let registration = made.registration(None);
    for (kind, members) in [("CertificateRegistered", registration), ("CrlPublished", list)] {
        let event = web.world.changed(kind, &did, &key, members);
        web.world.decide_events(&[event]);
    }
    let shown = web.get(&status).await.json();
    let listing = &shown["record"]["content"];
    assert_eq!(
        (&listing["listing"]["did"], &listing["status"]["state"]),
        (&json!(did), &json!("active"))
    );
    let got = web.get(&crl).await;
    assert_eq!((got.header("content-type"), &got.body[..]), ("application/pkix-crl", &der[..]));
    assert!(List::read(&got.body).unwrap().is_signed_by(&registry::author::Key::public(&key)));
    let encoded = web.get(&format!("/v1/crl/{}", did.replace(':', "%3A"))).await;
    assert_eq!(encoded.body, got.body);
    for path in [&status, &crl] {
        let proven = web.get(&format!("{path}?proof=true")).await;
        assert_eq!(proven.header("content-type"), "application/json");
        web.assert_valid(&proven.body);
        assert_eq!(web.get(&format!("{path}?height=1")).await.problem().0, 400);
    }
    assert_eq!(web.get("/v1/certificates/xyz").await.problem().0, 400);
}
