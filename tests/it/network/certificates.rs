//! Certificates of DIDs (Act s.37 to s.43) by the command line, judged by OpenSSL and the ledger.

use std::fs;
use std::process::{Command, Output};
use std::time::Duration;

use node::certificate::{Draft, Issuer, Label, X509, new_serial, to_pem};
use node::clock::now_ms;
use node::keys::{KeyFile, Suite};
use registry::author::Key as _;
use registry::time;
use registry::trust::{Moment, Period};
use serde_json::{Value, json};
use tests::Network;
use tests::authors::Author;
use tests::network::text;

const DAY: u64 = 86_400_000;

/// A network with the Administrative Body, those whom it authorised, and a bank.
struct Country {
    network: Network,
    administration: String,
}

impl Country {
    fn new() -> Country {
        let network = Network::start();
        let administration = network.key("administrative-body");
        let administration = administration.did().expect("it names its DID").to_owned();
        Country { network, administration }
    }

    /// Somebody with a DID; the key is in `keys/`.
    fn newcomer(&self, name: &str, suite: &str) -> String {
        let file = format!("keys/{name}.json");
        self.network.ok(&["key", "new", "--suite", suite, "--out", &file]);
        let output = self.network.ok(&["did", "create", "--key", &file, "--save"]);
        output.lines().next().expect("the DID").to_owned()
    }

    /// An event of the Administrative Body; its id.
    fn office(&self, kind: &str, members: Value) -> String {
        let key = self.network.key("administrative-body");
        let event = Author::new(&self.network).event(kind, &self.administration, &key, members);
        let receipt = self.network.client(0).submit_and_wait(&event).expect("it is taken");
        let receipt: Value = serde_json::from_slice(&receipt).expect("a receipt");
        receipt["id"].as_str().expect("an id").to_owned()
    }

    /// A trust service provider that may act on certificates.
    fn provider(&self, name: &str, role: &str, action: &str) -> String {
        let did = self.newcomer(name, "p256");
        let period = json!({
            "from": time::format(now_ms()), "until": time::format(now_ms() + 365 * DAY),
        });
        let certification = json!({ "entity": did, "period": period, "role": role });
        let id = self.office("CertificationIssued", certification);
        let limits = json!({ "sha256": "ab".repeat(32), "uri": "https://example.bt/limits" });
        let particulars = json!({
            "certifications": { role: id },
            "jurisdiction": "BT",
            "limitsOfUse": limits,
            "name": { "en": name },
            "roles": [role],
            "website": "https://example.bt/",
        });
        self.office("EntityRegistered", json!({ "entity": did, "particulars": particulars }));
        let grant = json!({
            "action": action,
            "authority": self.administration,
            "entity": did,
            "period": period,
            "resource": "dpki-certificate",
        });
        self.office("AuthorizationGranted", grant);
        did
    }

    /// `dzong certificate` with these words.
    fn certificate(&self, words: &[&str]) -> String {
        self.network.ok(&[&["certificate"], words].concat())
    }

    /// The verdict on a certificate: its exit code and its last line.
    fn check(&self, file: &str) -> (Option<i32>, String) {
        let words = ["certificate", "check", file, "--genesis", "genesis.json"];
        let output = self.network.dzong(&words);
        let said = text(&output);
        let last = said.lines().last().unwrap_or_default().to_owned();
        if last != "accepted" {
            println!("{said}");
        }
        (output.status.code(), last)
    }

    fn assert_accepted(&self, file: &str) {
        assert_eq!(self.check(file), (Some(0), "accepted".to_owned()), "{file}");
    }

    fn assert_refused(&self, file: &str, why: &str) {
        assert_eq!(self.check(file), (Some(1), format!("refused: {why}")), "{file}");
    }

    fn openssl(&self, words: &[&str]) -> Output {
        Command::new("openssl")
            .args(words)
            .current_dir(self.network.home())
            .output()
            .expect("openssl runs")
    }

    /// What OpenSSL says of a certificate under a list.
    fn openssl_verify(&self, authority: &str, list: &str, file: &str) -> (bool, String) {
        let words = ["verify", "-crl_check", "-CAfile", authority, "-CRLfile", list, file];
        let output = self.openssl(&words);
        (output.status.success(), text(&output))
    }

    fn key(&self, name: &str) -> KeyFile {
        self.network.key(name)
    }

    fn write(&self, file: &str, der: &[u8]) {
        let pem = to_pem(Label::Certificate, der);
        fs::write(self.network.home().join(file), pem).expect("a file");
    }

    fn read(&self, file: &str) -> X509 {
        let bytes = fs::read(self.network.home().join(file)).expect("a file");
        X509::read(&bytes).expect("a certificate")
    }
}

/// A certificate as its issuer's own software might make it.
fn made(issuer: (&str, &KeyFile), did: &str, key: &KeyFile, period: Period) -> Vec<u8> {
    let draft = Draft {
        did,
        key: &key.public(),
        organization: None,
        period,
        serial: &new_serial(),
        is_authority: false,
        list_url: None,
    };
    Issuer { did: issuer.0, key: issuer.1 }.certify(&draft).expect("a certificate")
}

fn from_now(milliseconds: u64) -> Period {
    let now = now_ms() / 1000 * 1000;
    Period { from: Moment(now), until: Moment(now + milliseconds) }
}

fn has_openssl() -> bool {
    let has = Command::new("openssl").arg("version").output().is_ok_and(|o| o.status.success());
    if !has {
        println!("skipped: openssl is not there");
    }
    has
}

#[test]
fn s37_s40_openssl_accepts_a_certificate_before_and_with_the_list_refuses_it_after() {
    if !has_openssl() {
        return;
    }
    let country = Country::new();
    let provider = country.provider("provider", "certification-service-provider", "certify");
    country.provider("revoker", "revocation-service-provider", "revoke");
    let bank = country.newcomer("bank", "p256");
    let authority = country.administration.as_str();
    country.certificate(&["issue", "--key", "keys/provider.json", "--ca", "--out", "ca.pem"]);
    let url = format!("{}/v1/crl/{provider}", country.network.url(0));
    let words = ["issue", "--did", &bank, "--key", "keys/provider.json", "--crl-url", &url];
    let issue = [&words[..], &["--authority", authority, "--out", "bank.pem"]].concat();
    let fingerprint = country.certificate(&issue);
    let fingerprint = fingerprint.lines().next().expect("the fingerprint");
    let again = [&["certificate"], &issue[..]].concat();
    assert!(text(&country.network.dzong(&again)).contains("is not written over"));

    let shown = text(&country.openssl(&["x509", "-in", "bank.pem", "-noout", "-text"]));
    assert!(shown.contains(&format!("URI:{bank}")), "{shown}");
    assert!(shown.contains(&format!("UID = {provider}")) && shown.contains(&url), "{shown}");
    let plain = country.openssl(&["verify", "-x509_strict", "-CAfile", "ca.pem", "bank.pem"]);
    assert!(plain.status.success(), "{}", text(&plain));
    country.assert_accepted("ca.pem");
    country.assert_accepted("bank.pem");

    let publish = || {
        country.certificate(&["crl", "--key", "keys/provider.json", "--out", "list.pem"]);
        country.openssl_verify("ca.pem", "list.pem", "bank.pem")
    };
    assert_eq!(publish(), (true, "bank.pem: OK\n".to_owned()));
    let revoker = ["--key", "keys/revoker.json", "--authority", authority];
    let reference = "cd".repeat(32);
    let ends = |verb: &str| {
        let grounds = ["--ground", "reliability", "--reference", &reference];
        country.certificate(&[&[verb, "bank.pem"][..], &grounds, &revoker].concat())
    };
    ends("suspend");
    country.assert_refused("bank.pem", "status");
    let (accepted, said) = publish();
    assert!(!accepted && said.contains("certificate revoked"), "suspended: {said}");
    let reference = ["--reference", &reference];
    country.certificate(&[&["reinstate", fingerprint][..], &reference, &revoker].concat());
    country.assert_accepted("bank.pem");
    assert_eq!(publish(), (true, "bank.pem: OK\n".to_owned()));
    ends("revoke");
    country.assert_refused("bank.pem", "status");
    let (accepted, said) = publish();
    assert!(!accepted && said.contains("certificate revoked"), "revoked: {said}");
    // The certificate says where its list is, and OpenSSL fetches it from the node.
    let words = ["verify", "-crl_check", "-crl_download", "-CAfile", "ca.pem", "bank.pem"];
    let said = text(&country.openssl(&words));
    assert!(said.contains("certificate revoked"), "{said}");
    country.assert_accepted("ca.pem");
    the_list_is_served_with_its_proof(&country, &provider, fingerprint);
}

/// Any node gives the list and the status, and both can be proven.
fn the_list_is_served_with_its_proof(country: &Country, provider: &str, fingerprint: &str) {
    let network = &country.network;
    let home = network.home();
    network.wait_until_equal();
    let der = network.client(2).get(&format!("/v1/crl/{provider}")).expect("the list");
    fs::write(home.join("served.crl"), &der).expect("a file");
    let words = ["crl", "-inform", "DER", "-in", "served.crl", "-noout", "-text"];
    let shown = text(&country.openssl(&words));
    let serial = country.read("bank.pem").serial.to_uppercase();
    assert!(shown.contains(&serial) && shown.contains("Key Compromise"), "{shown}");
    assert!(shown.contains("X509v3 CRL Number"), "{shown}");
    let fetched = network.url(3);
    let fetch = ["fetch-crl", provider, "--genesis", "genesis.json", "--url", &fetched];
    let said = country.certificate(&[&fetch[..], &["--out", "fetched.pem"]].concat());
    assert!(said.starts_with("list 4 of "), "{said}");
    let read = |file: &str| fs::read(home.join(file)).expect("a file");
    assert_eq!(read("fetched.pem"), read("list.pem"), "what the issuer signed, to the byte");
    for path in [format!("/v1/crl/{provider}"), format!("/v1/certificates/{fingerprint}")] {
        let answer = network.client(1).get(&format!("{path}?proof=true")).expect("an answer");
        fs::write(home.join("answer.json"), answer).expect("a file");
        let verdict = network.ok(&["verify", "answer.json", "--genesis", "genesis.json"]);
        assert!(verdict.contains("Valid"), "{path}: {verdict}");
    }
    let none = ["certificate", "fetch-crl", &country.administration, "--out", "none.pem"];
    assert!(text(&network.dzong(&none)).contains("has published no list"));
}

#[test]
fn s37_s40_who_certifies_itself_revokes_itself_and_the_governing_body_revokes_anyone() {
    let country = Country::new();
    for suite in ["ed25519", "p256"] {
        country.newcomer(suite, suite);
        let (key, file) = (format!("keys/{suite}.json"), format!("{suite}.pem"));
        country.certificate(&["issue", "--key", &key, "--out", &file]);
        country.assert_accepted(&file);
    }
    let revoke = |file: &str, ground: &str, keys: &[&str]| {
        let keys: Vec<String> = keys.iter().map(|key| format!("keys/{key}.json")).collect();
        let keys = keys.iter().flat_map(|key| ["--key", key]);
        let words = ["certificate", "revoke", file, "--ground", ground];
        country.network.dzong(&words.into_iter().chain(keys).collect::<Vec<_>>())
    };
    let two = ["governor-1", "governor-2"];
    let refused = revoke("p256.pem", "national-security", &two);
    assert!(text(&refused).contains("2 of the 3 required"), "{}", text(&refused));
    let stranger = revoke("ed25519.pem", "reliability", &["p256"]);
    assert!(!stranger.status.success(), "{}", text(&stranger));
    let three = ["governor-1", "governor-2", "governor-4"];
    for (file, ground, keys) in [
        ("p256.pem", "national-security", &three[..]),
        ("ed25519.pem", "reliability", &["ed25519"]),
    ] {
        let output = revoke(file, ground, keys);
        assert!(output.status.success(), "{}", text(&output));
        country.assert_refused(file, "status");
    }
    if !has_openssl() {
        return;
    }
    for suite in ["ed25519", "p256"] {
        let (key, file) = (format!("keys/{suite}.json"), format!("{suite}.pem"));
        let plain = country.openssl(&["verify", "-CAfile", &file, &file]);
        assert!(plain.status.success(), "{}", text(&plain));
        let list = format!("{suite}.crl");
        country.certificate(&["crl", "--key", &key, "--out", &list]);
        let (accepted, said) = country.openssl_verify(&file, &list, &file);
        assert!(!accepted && said.contains("certificate revoked"), "{said}");
    }
}

#[test]
fn s37_s38_what_is_wrong_with_a_certificate_is_named() {
    let country = Country::new();
    let bank = country.newcomer("bank", "p256");
    let key = country.key("bank");
    let own = (bank.as_str(), &key);
    let year = from_now(365 * DAY);
    let by_bank = ["--key", "keys/bank.json"];
    let register = |file: &str| country.certificate(&[&["register", file][..], &by_bank].concat());

    let good = made(own, &bank, &key, year);
    country.write("good.pem", &good);
    country.assert_refused("good.pem", "status");
    register("good.pem");
    country.assert_accepted("good.pem");
    let json = ["certificate", "check", "good.pem", "--json", "--max-age", "60"];
    let json: Value = serde_json::from_str(&country.network.ok(&json)).expect("JSON");
    assert_eq!(json["accepted"], true);
    let checks: Vec<&str> = json["checks"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|c| c["check"].as_str())
        .collect();
    let all = ["form", "validity", "status", "registration", "DID", "key", "signature"];
    assert_eq!(checks, all);

    let mut tampered = good.clone();
    *tampered.last_mut().expect("a signature ends it") ^= 1;
    country.write("tampered.pem", &tampered);
    country.assert_refused("tampered.pem", "status, signature");
    fs::write(country.network.home().join("nothing.pem"), "-----BEGIN").expect("a file");
    country.assert_refused("nothing.pem", "form");

    let stranger = KeyFile::generate(Suite::P256);
    country.write("forged.pem", &made((&bank, &stranger), &bank, &key, year));
    country.assert_refused("forged.pem", "status, signature");
    let forged = ["certificate", "register", "forged.pem", "--key", "keys/bank.json"];
    let forged = text(&country.network.dzong(&forged));
    assert!(forged.contains("it is its issuer who registers"), "{forged}");
    country.write("stolen.pem", &made(own, &bank, &stranger, year));
    register("stolen.pem");
    country.assert_refused("stolen.pem", "key");

    let nobody = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
    let nobody = format!("{}:{nobody}", bank.rsplit_once(':').expect("a DID").0);
    country.write("nobody.pem", &made(own, &nobody, &stranger, year));
    country.assert_refused("nobody.pem", "status, DID");
    country.write("foreign.pem", &made(own, "did:web:example.org", &stranger, year));
    country.assert_refused("foreign.pem", "status, DID");

    country.write("short.pem", &made(own, &bank, &key, from_now(6_000)));
    register("short.pem");
    std::thread::sleep(Duration::from_millis(6_000));
    country.assert_refused("short.pem", "validity");
    country.write(
        "early.pem",
        &made(own, &bank, &key, Period { from: Moment(year.from.0 + DAY), ..year }),
    );
    let early = ["certificate", "register", "early.pem", "--key", "keys/bank.json"];
    assert!(country.network.dzong(&early).status.success());
    country.assert_refused("early.pem", "validity");

    a_replaced_key_no_longer_counts_and_what_it_issued_does(&country, &bank);
}

/// What a key signed while it was its DID's stands; that it is the DID's does not.
fn a_replaced_key_no_longer_counts_and_what_it_issued_does(country: &Country, bank: &str) {
    let network = &country.network;
    let next = KeyFile::generate(Suite::Ed25519);
    let patch = json!({ "verificationMethod": [{
        "id": format!("{bank}#key-1"), "type": "Multikey", "controller": bank,
        "publicKeyMultibase": next.public(),
    }] });
    fs::write(network.home().join("patch.json"), patch.to_string()).expect("a file");
    network.ok(&["did", "update", bank, "--key", "keys/bank.json", "--patch", "patch.json"]);
    country.assert_refused("good.pem", "key");
    network.ok(&["did", "deactivate", bank, "--key", "keys/bank.json"]);
    let (code, last) = country.check("good.pem");
    assert_eq!((code, last.as_str()), (Some(1), "refused: DID"));
}
