use registry::trust::{Particulars, Status};

use super::*;
use crate::certificate::{Draft, Issuer, Organization, methods, new_serial};
use crate::keys::Suite;

const OPERATOR: &str = "did:ndi:test:operator";
const BANK: &str = "did:ndi:test:bank";
const NOW: Moment = Moment(1_790_000_000_000);
const YEAR: u64 = 365 * 86_400_000;

fn scheme() -> Scheme {
    serde_json::from_value(json!({
        "information": {
            "SchemeOperatorName": [{ "lang": "en", "value": "GovTech Agency" }],
            "SchemeTerritory": "BT",
        },
        "serviceTypes": "https://trust.example.bt/service-types/",
    }))
    .unwrap()
}

fn bank(state: State) -> Trusted {
    let key = KeyFile::from_secret(Suite::P256, &[5; 32]).unwrap();
    let document = json!({
        "id": BANK,
        "assertionMethod": [{
            "id": "#key-1", "type": "Multikey", "controller": BANK,
            "publicKeyMultibase": key.public(),
        }],
    });
    let particulars = Particulars {
        certifications: BTreeMap::new(),
        insurance: None,
        jurisdiction: "BT".to_owned(),
        limits_of_use: None,
        name: Names::from([("dz".to_owned(), "དངུལ་ཁང".to_owned()), ("en".into(), "Bank".into())]),
        roles: [EntityRole::Issuer, EntityRole::Verifier].into(),
        website: None,
    };
    let status = Status {
        by: OPERATOR.to_owned(),
        ground: None,
        reference: None,
        since: Moment(NOW.0 - YEAR),
        state,
    };
    let listing = Entity { did: BANK.to_owned(), particulars, registrar: OPERATOR.to_owned() };
    Trusted { entity: Listed { listing, status }, keys: methods(&document, NOW.0) }
}

fn certificate(key: &KeyFile, name: &str, country: &str) -> Vec<u8> {
    let organization = Organization { name: name.to_owned(), country: country.to_owned() };
    let draft = Draft {
        did: OPERATOR,
        key: &key.public(),
        organization: Some(&organization),
        period: Period { from: Moment(NOW.0 - YEAR), until: Moment(NOW.0 + YEAR) },
        serial: &new_serial(),
        is_authority: false,
        list_url: None,
    };
    Issuer { did: OPERATOR, key }.certify(&draft).unwrap()
}

fn listed(state: State) -> Value {
    let period = Period { from: NOW, until: Moment(NOW.0 + YEAR / 12) };
    scheme().list(7, period, &[bank(state)])
}

#[test]
fn a_list_says_what_the_ledger_says_and_of_itself_what_the_scheme_says() {
    let list = &listed(State::Active)["LoTE"];
    let information = &list["ListAndSchemeInformation"];
    assert_eq!(information["LoTESequenceNumber"], 7);
    assert_eq!(information["ListIssueDateTime"], json!(NOW));
    assert_eq!(information["SchemeTerritory"], "BT");
    let entity = &list["TrustedEntitiesList"][0];
    assert_eq!(entity["TrustedEntityInformation"]["TEName"][1]["value"], "Bank");
    let services = entity["TrustedEntityServices"].as_array().unwrap();
    assert_eq!(services.len(), 2, "one for each role");
    let service = &services[0]["ServiceInformation"];
    assert_eq!(service["ServiceTypeIdentifier"], "https://trust.example.bt/service-types/issuer");
    assert_eq!(service["ServiceStatus"], RECOGNISED);
    let key = &service["ServiceDigitalIdentity"]["PublicKeyValues"][0];
    assert_eq!((&key["crv"], &key["kid"]), (&json!("P-256"), &json!(format!("{BANK}#key-1"))));
}

#[test]
fn who_does_not_count_is_listed_as_such() {
    for state in [State::Suspended, State::Revoked] {
        let list = listed(state);
        let entity = &list["LoTE"]["TrustedEntitiesList"][0];
        let status = &entity["TrustedEntityServices"][0]["ServiceInformation"]["ServiceStatus"];
        assert_eq!(status, DEPRECATED);
    }
    let nobody = scheme().list(1, Period { from: NOW, until: NOW }, &[]);
    assert!(nobody["LoTE"].get("TrustedEntitiesList").is_none());
}

#[test]
fn a_scheme_says_nothing_that_the_list_says() {
    let mut scheme = scheme();
    assert_eq!(scheme.check(), Ok(()));
    scheme.information.insert("NextUpdate".into(), json!("2099-01-01T00:00:00Z"));
    assert!(matches!(scheme.check(), Err(ListError::Scheme(why)) if why.contains("NextUpdate")));
    let nowhere = Scheme { service_types: "service-types/".into(), ..self::scheme() };
    assert!(matches!(nowhere.check(), Err(ListError::Scheme(why)) if why.contains("serviceTypes")));
    for name in ["SchemeOperatorName", "SchemeTerritory"] {
        let mut scheme = self::scheme();
        scheme.information.remove(name);
        assert!(matches!(scheme.check(), Err(ListError::Scheme(why)) if why.contains(name)));
    }
}

#[test]
fn only_the_operators_own_certificate_signs() {
    let list = listed(State::Active);
    for suite in [Suite::Ed25519, Suite::P256] {
        let key = KeyFile::from_secret(suite, &[9; 32]).unwrap();
        let good = certificate(&key, "GovTech Agency", "BT");
        let signed = scheme().sign(&list, &key, &good, NOW).unwrap();
        let parts: Vec<&str> = signed.split('.').collect();
        let [header, payload, _] = parts[..] else { panic!("{signed}") };
        let read = |part: &str| -> Value {
            serde_json::from_slice(&BASE64_URL.decode(part).unwrap()).unwrap()
        };
        assert_eq!(read(payload), list);
        assert_eq!(read(header)["x5c"][0], BASE64.encode(&good));
        let refused = |key: &KeyFile, certificate: &[u8], now: Moment| {
            scheme().sign(&list, key, certificate, now).unwrap_err().to_string()
        };
        let other = KeyFile::from_secret(suite, &[8; 32]).unwrap();
        assert!(refused(&other, &good, NOW).contains("another key"));
        assert!(refused(&key, &good, Moment(NOW.0 + 2 * YEAR)).contains("holds from"));
        for (name, country) in [("Somebody", "BT"), ("GovTech Agency", "IN")] {
            let wrong = certificate(&key, name, country);
            assert!(refused(&key, &wrong, NOW).contains("operator and territory"));
        }
        assert!(refused(&key, b"x", NOW).contains("the certificate: "));
    }
}
