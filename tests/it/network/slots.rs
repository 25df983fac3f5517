//! Proving an active credential without saying which it is, on a network of real processes: from
//! the ceremony of the set-up to the verdict of a verifier who trusts the genesis alone.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use holder::bbs::{Interface, SecretKey, Signature};
use holder::{
    Attributes, Credential, Delta, Issuer, NoSlotList, PresentError, Refusal, SlotList, Standing,
    Verifier, Witness, WitnessError, issue, present,
};
use node::trust::TrustArgs;
use proofs::Verdict;
use proofs::trust::Freshness;
use rand::rngs::{OsRng, StdRng};
use rand::{SeedableRng as _, seq};
use registry::slots::{Setup, Table};
use registry::status::{Status, Vector};
use serde_json::{Value, json};
use tests::Network;
use tests::network::{PATIENCE, text};

const NONCE: &[u8] = b"what a verifier drew for this one holder";
const GROUND: [&str; 2] = ["--ground", "on-request"];

/// How many slots the set-up has: `DZONG_SLOTS=65536` is the full size, and takes minutes.
fn size() -> u32 {
    std::env::var("DZONG_SLOTS").map_or(4_096, |slots| slots.parse().expect("a number"))
}

/// A network whose issuer has a DID, and whose Governing Body adopted what a ceremony made.
struct Country {
    network: Network,
    secret: SecretKey,
    issuer: Issuer,
}

impl Country {
    fn new() -> Country {
        let network = Network::start();
        network.ok(&["key", "new", "--suite", "ed25519", "--out", "issuer.json"]);
        network.ok(&["did", "create", "--key", "issuer.json", "--save"]);
        let secret = SecretKey::generate(Interface::Slots, &[9; 32], b"permits").expect("a key");
        let issuer = Issuer::new(secret.public(), b"permits-v1", 4).expect("four attributes");
        Country { network, secret, issuer }
    }

    /// The first line of what a command says that the issuer signs, once every node has it.
    fn signed(&self, command: &[&str]) -> String {
        self.done(&[command, &["--key", "issuer.json"]].concat())
    }

    fn done(&self, command: &[&str]) -> String {
        let said = self.network.ok(command);
        self.network.wait_until_equal();
        first_line(&said)
    }

    /// The set-up: made by two contributors, published, decided, adopted. Its blob's id.
    fn adopt(&self) -> String {
        let (network, slots) = (&self.network, size().to_string());
        network.ok(&["ceremony", "begin", "ceremony", "--slots", &slots]);
        for name in ["did:ndi:bt-demo:one", "did:ndi:bt-demo:two"] {
            let line = network.ok(&["ceremony", "contribute", "ceremony", "--name", name]);
            assert!(first_line(&line).ends_with(name), "{line}");
        }
        let finished = network.ok(&["ceremony", "finish", "ceremony", "--out", "tau.bin"]);
        let blob = first_line(&finished);
        assert!(finished.contains(&format!("{slots} slots, begun at 1; powers ")), "{finished}");
        assert_eq!(self.signed(&["blob", "put", "tau.bin", "--kind", "powersOfTau"]), blob);
        // What the Governing Body looks at before it decides.
        network.ok(&["blob", "get", &blob, "--out", "published.bin"]);
        let check = ["ceremony", "check", "ceremony", "--blob", "published.bin"];
        assert_eq!(first_line(&network.ok(&check)), blob);
        let motion = json!({ "type": "PowersOfTauAdopted", "blob": blob });
        fs::write(network.home().join("motion.json"), motion.to_string()).expect("a file");
        let propose = [&["governance", "propose", "motion.json"][..], &governors(4)].concat();
        let decision = first_line(&network.ok(&propose));
        let execute = ["governance", "execute", &decision, "--key", "keys/secretary.json"];
        let since = Instant::now();
        while !network.dzong(&execute).status.success() {
            assert!(since.elapsed() < PATIENCE, "the time-lock does not end");
            std::thread::sleep(Duration::from_millis(500));
        }
        blob
    }

    fn registry(&self, format: &str) -> String {
        let capacity = size().to_string();
        self.signed(&["status", "create", "--capacity", &capacity, "--format", format])
    }

    fn change(&self, registry: &str, options: &[&str]) {
        self.signed(&[&["status", "change", registry][..], &GROUND, options].concat());
    }

    fn overrule(&self, registry: &str, options: &[&str]) {
        let command = ["status", "override", registry, "--ground", "national-security"];
        self.done(&[&command[..], options, &governors(3)].concat());
    }

    /// What a node says of a registry's head, with its proof.
    fn head(&self, node: usize, registry: &str, query: &str) -> Vec<u8> {
        let path = format!("/v1/revocation/registries/{registry}?proof=true{query}");
        self.network.client(node).get(&path).expect("an answer")
    }

    /// The newest list, as a verifier has it who trusts the genesis.
    fn list(&self, node: usize, registry: &str) -> SlotList {
        self.prove(&self.head(node, registry, ""), registry, 60).expect("it is proven")
    }

    fn prove(&self, answer: &[u8], registry: &str, age: u64) -> Result<SlotList, NoSlotList> {
        let genesis = Some(self.network.home().join("genesis.json"));
        let trust = TrustArgs { genesis, ..TrustArgs::default() }.trust().expect("a genesis");
        let freshness = Freshness { now: node::clock::now_ms(), age_max: Some(age * 1000) };
        SlotList::proven(answer, registry, &trust, freshness)
    }

    /// A credential of that slot.
    fn credential(&self, registry: &str, setup: Setup, slot: u32) -> Credential {
        let others = vec![b"Permit".to_vec(), b"Thimphu".to_vec()];
        let registry = registry.to_owned();
        let attributes = Attributes { registry, domain: setup.domain, slot, others };
        let signature = issue(&self.secret, &self.issuer, &attributes).expect("it is signed");
        let signature = Signature::read(&signature.bytes()).expect("its own bytes");
        Credential::take(&self.issuer, attributes, signature).expect("it is the issuer's")
    }

    fn present(
        &self,
        credential: &Credential,
        list: &SlotList,
        witness: &Witness,
    ) -> Result<Vec<u8>, PresentError> {
        let disclose = BTreeSet::from([2]);
        present(&self.issuer, credential, list, witness, &disclose, NONCE, &mut OsRng)
    }

    /// What a verifier says who asks another node than the holder did.
    fn verify(&self, registry: &str, presentation: &[u8]) -> Result<(), Refusal> {
        let list = self.list(2, registry);
        let verifier = Verifier::new(&self.issuer, list.setup);
        let disclosed = verifier.verify(presentation, &list, NONCE)?;
        assert_eq!(disclosed.attributes[&2], b"Permit");
        assert_eq!(disclosed.attributes.len(), 2, "the registry's id and one attribute");
        Ok(())
    }
}

/// A credential in a wallet, and how it stands.
struct Wallet<'a> {
    country: &'a Country,
    table: &'a Table,
    credential: Credential,
    standing: Standing,
}

impl<'a> Wallet<'a> {
    /// The whole list, once.
    fn new(country: &'a Country, table: &'a Table, credential: Credential) -> Wallet<'a> {
        let Attributes { registry, slot, .. } = credential.attributes();
        let list = country.list(1, registry);
        let version = list.version;
        let path = format!("/v1/revocation/registries/{registry}/statuses?version={version}");
        let answer: Value = country.network.client(1).read(&path).expect("an answer");
        let bytes = Vector::bytes_of(answer["statuses"].as_str().expect("a text"));
        let statuses = Vector::read(size(), &bytes.expect("base64")).expect("statuses");
        let standing = Standing::of(|slot| table.at(slot), list, *slot, statuses);
        Wallet { country, table, standing: standing.expect("a slot"), credential }
    }

    /// What changed since, and nothing else; how many bytes the answer had, and its head.
    fn update(&mut self) -> (usize, usize) {
        let registry = &self.credential.attributes().registry;
        let from = self.standing.list().version;
        let path = format!("/v1/revocation/registries/{registry}/delta?from={from}");
        let (head, bytes) = self.country.network.raw(1, &path, "");
        let version = |name: &str| -> u64 {
            let line = head.lines().find_map(|line| line.strip_prefix(name)).expect(name);
            line.trim().parse().expect("a number")
        };
        let (from, to) = (version("dzong-version-from:"), version("dzong-version-to:"));
        let delta = Delta { from, to, bytes: &bytes };
        self.standing = self.standing.follow(|slot| self.table.at(slot), delta).expect("a delta");
        // The same by its name is a file for ever.
        let (named, same) = self.country.network.raw(3, &format!("{path}&to={to}"), "");
        assert!(named.contains("immutable") && same == bytes, "{named}");
        (bytes.len(), head.len())
    }

    fn present(&self) -> Vec<u8> {
        let (list, witness) = (self.standing.list(), self.standing.witness());
        let witness = witness.expect("the slot is active");
        assert!(witness.check(&list.setup, &list.commitment));
        self.country.present(&self.credential, list, witness).expect("a presentation")
    }

    /// As a holder does who is what it says, from what it has: nothing more is fetched.
    fn prove(&self) -> Result<(), Refusal> {
        let registry = &self.credential.attributes().registry;
        assert_eq!(*self.standing.list(), self.country.list(2, registry));
        let presentation = self.present();
        assert!(presentation.len() <= 800, "{} bytes", presentation.len());
        self.country.verify(registry, &presentation)
    }
}

fn first_line(said: &str) -> String {
    said.lines().next().unwrap_or_default().to_owned()
}

fn governors(count: usize) -> Vec<&'static str> {
    let files = ["keys/governor-1.json", "keys/governor-2.json", "keys/governor-3.json"];
    let files = files.into_iter().chain(["keys/governor-4.json"]).take(count);
    files.flat_map(|file| ["--key", file]).collect()
}

fn listed(slots: &[u32]) -> String {
    slots.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

/// The table, as a wallet gets it once for the country.
fn table(network: &Network, blob: &str) -> Table {
    let (head, bytes) = network.raw(1, &format!("/v1/powers-of-tau/{blob}/table"), "");
    assert!(head.contains("immutable"), "{head}");
    Table::unpack(&bytes).expect("a table")
}

#[test]
fn s57_a_holder_a_year_behind_proves_an_active_slot_after_two_kilobytes_and_nobody_else_does() {
    let country = Country::new();
    let early = ["status", "create", "--capacity", "100", "--format", "slots"];
    let early = country.network.dzong(&[&early[..], &["--key", "issuer.json"]].concat());
    assert!(text(&early).contains("adopted no set-up yet"), "{}", text(&early));
    let blob = country.adopt();
    let registry = country.registry("slots");
    let (fresh, table) = (country.list(0, &registry), table(&country.network, &blob));
    assert_eq!(fresh.version, 1);

    // Who holds what: a good holder, one whom the body will suspend, and one to be revoked.
    let mut random = StdRng::seed_from_u64(7);
    let last = usize::try_from(size() - 1).expect("a number");
    let slots = seq::index::sample(&mut random, last, 1_003).into_iter();
    let slots: Vec<u32> = slots.map(|slot| u32::try_from(slot + 1).expect("a slot")).collect();
    let ([good, suspended, revoked], others) = slots.split_first_chunk().expect("enough");
    let wallet = |slot: &u32| {
        Wallet::new(&country, &table, country.credential(&registry, fresh.setup, *slot))
    };
    let (mut good, mut suspended, mut ended) = (wallet(good), wallet(suspended), wallet(revoked));
    for wallet in [&good, &suspended, &ended] {
        assert_eq!(wallet.prove(), Ok(()));
    }
    let (old, stale) = (*good.standing.witness().expect("active"), good.present());

    // A year: a thousand changes, and the one that ends a credential of ours.
    for batch in others.chunks(250) {
        let (revoke, suspend) = batch.split_at(batch.len() / 2);
        let (revoke, suspend) = (listed(revoke), listed(suspend));
        country.change(&registry, &["--revoke", &revoke, "--suspend", &suspend]);
    }
    country.change(&registry, &["--revoke", &revoked.to_string()]);

    let began = Instant::now();
    let (bytes, head) = good.update();
    let made = began.elapsed();
    println!("1,001 changes of {}: {bytes} bytes, {head} of headers; {made:?}", size());
    println!("a proven head: {} bytes", country.head(1, &registry, "").len());
    assert!(bytes <= 2_048, "{bytes} bytes");
    let newest = country.list(1, &registry);
    assert_eq!((&newest, newest.version), (good.standing.list(), 6));
    assert_eq!(good.prove(), Ok(()));

    // What was proven before, or is claimed of this version with the witness of the last.
    assert_eq!(country.verify(&registry, &stale), Err(Refusal::AnotherVersion(1)));
    let behind = country.present(&good.credential, &newest, &old).expect("bytes");
    assert_eq!(country.verify(&registry, &behind), Err(Refusal::Proof));
    // The revoked holder has no witness, and the one that it had serves no more.
    let last = *ended.standing.witness().expect("it was active");
    ended.update();
    assert_eq!(ended.standing.status(), Some(Status::Revoked));
    assert_eq!(ended.standing.witness(), Err(WitnessError::Inactive));
    let claimed = country.present(&ended.credential, &newest, &last).expect("bytes");
    assert_eq!(country.verify(&registry, &claimed), Err(Refusal::Proof));

    another_slot(&country, &good, &ended);
    overridden(&country, &registry, &mut good, &mut suspended);
    other_registries_and_answers(&country, &ended, &registry);
}

/// The witness of another's slot is no secret: anybody can make it, and it helps nobody.
fn another_slot(country: &Country, good: &Wallet<'_>, ended: &Wallet<'_>) {
    let (list, theirs) = (good.standing.list(), good.standing.witness().expect("active"));
    let refused = country.present(&ended.credential, list, theirs);
    assert_eq!(refused, Err(PresentError::AnotherSlot));
    // With a credential of that slot that the issuer did not sign.
    let secret = SecretKey::generate(Interface::Slots, &[8; 32], b"permits").expect("a key");
    let forger = Issuer::new(secret.public(), b"permits-v1", 4).expect("four attributes");
    let attributes = good.credential.attributes().clone();
    let signature = issue(&secret, &forger, &attributes).expect("it is signed");
    let forged = Credential::take(&forger, attributes, signature).expect("it is the forger's");
    let bytes = present(&forger, &forged, list, theirs, &BTreeSet::from([2]), NONCE, &mut OsRng);
    let refused = country.verify(&list.registry, &bytes.expect("bytes"));
    assert_eq!(refused, Err(Refusal::Proof));
}

/// The Governing Body suspends without the issuer; every holder sees it, and the issuer cannot undo
/// it. When the body lifts it, the holder is back, from the delta alone.
fn overridden(
    country: &Country,
    registry: &str,
    good: &mut Wallet<'_>,
    suspended: &mut Wallet<'_>,
) {
    let slot = suspended.credential.attributes().slot.to_string();
    country.overrule(registry, &["--suspend", &slot, "--lock"]);
    suspended.update();
    assert_eq!(suspended.standing.status(), Some(Status::Suspended));
    assert_eq!(suspended.standing.witness(), Err(WitnessError::Inactive));
    let reactivate = ["status", "change", registry, "--reactivate", &slot, "--key", "issuer.json"];
    let refused = country.network.dzong(&[&reactivate[..], &GROUND].concat());
    assert!(text(&refused).contains("locked"), "{}", text(&refused));
    good.update();
    assert_eq!(good.prove(), Ok(()));
    country.overrule(registry, &["--reactivate", &slot, "--unlock"]);
    suspended.update();
    assert_eq!(suspended.prove(), Ok(()));
    country.change(registry, &["--suspend", &slot]);
    country.change(registry, &["--reactivate", &slot]);
    suspended.update();
    assert_eq!(suspended.prove(), Ok(()));
}

/// Neither another registry's list nor an answer to another question serves.
fn other_registries_and_answers(country: &Country, ended: &Wallet<'_>, registry: &str) {
    // A fresh registry has the commitment in which the revoked slot was active.
    let other = country.registry("slots");
    assert_ne!(other, registry);
    let list = country.list(1, &other);
    let setup = list.setup;
    let there = Wallet::new(country, ended.table, country.credential(&other, setup, 5));
    assert_eq!(there.prove(), Ok(()));
    let witness = there.standing.witness().expect("active");
    let refused = country.present(&ended.credential, &list, witness);
    assert_eq!(refused, Err(PresentError::AnotherRegistry));
    let here = there.present();
    assert_eq!(country.verify(registry, &here), Err(Refusal::AnotherVersion(1)));
    let first = country.head(1, registry, "&version=1");
    let past = SlotList { version: 1, ..country.list(1, registry) };
    let verifier = Verifier::new(&country.issuer, setup);
    assert_eq!(verifier.verify(&here, &past, NONCE), Err(Refusal::AnotherRegistry));

    let delta = format!("/v1/revocation/registries/{registry}/delta");
    for (path, status) in [
        (format!("{delta}?from=2&to=1"), "HTTP/1.1 400"),
        (format!("{delta}?to=2"), "HTTP/1.1 400"),
        (format!("{delta}?from=99"), "HTTP/1.1 404"),
        (format!("{delta}?from=1&to=99"), "HTTP/1.1 404"),
        (format!("/v1/powers-of-tau/{registry}/table"), "HTTP/1.1 404"),
    ] {
        let (head, body) = country.network.raw(1, &path, "");
        assert!(head.starts_with(status), "{path}: {head} {}", String::from_utf8_lossy(&body));
        assert!(!head.contains("immutable"), "{head}");
    }

    assert_eq!(country.prove(&first, registry, 60), Err(NoSlotList::Question));
    let answer = country.head(1, &other, "");
    assert_eq!(country.prove(&answer, registry, 60), Err(NoSlotList::Question));
    let changed = String::from_utf8(answer.clone()).expect("a text");
    let changed = changed.replace("\"version\":1", "\"version\":2");
    let forged = country.prove(changed.as_bytes(), &other, 60);
    assert!(matches!(forged, Err(NoSlotList::Verdict(Verdict::Invalid { .. }))), "{forged:?}");
    std::thread::sleep(Duration::from_millis(1_100));
    let late = country.prove(&answer, &other, 1);
    assert!(matches!(late, Err(NoSlotList::Verdict(Verdict::Stale { .. }))), "{late:?}");
    let tokens = country.registry("token");
    let without = country.prove(&country.head(1, &tokens, ""), &tokens, 60);
    assert_eq!(without, Err(NoSlotList::Format));
}

#[test]
fn a_ceremony_overwrites_nothing_and_takes_no_step_that_does_not_follow() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(tests::network::dzong());
        command.arg("ceremony").args(args).current_dir(folder.path());
        command.output().expect("dzong runs")
    };
    let ok = |args: &[&str]| {
        let output = run(args);
        assert!(output.status.success(), "{args:?}: {}", text(&output));
        text(&output)
    };
    let refused = |args: &[&str], why: &str| {
        let output = run(args);
        let said = text(&output);
        assert!(!output.status.success() && said.contains(why), "{args:?}: {said}");
    };
    let file = |name: &str| folder.path().join("c").join(name);

    refused(&["contribute", "c", "--name", "a"], "dzong ceremony begin");
    refused(&["begin", "c", "--slots", "1024"], "4096 or 65536");
    refused(&["begin", "c"], "--slots");
    ok(&["begin", "c", "--slots", "4096"]);
    refused(&["begin", "c", "--slots", "4096"], "powers-0.bin");
    refused(&["finish", "c", "--out", "tau.bin"], "nobody contributed yet");
    refused(&["contribute", "c", "--name", "two words"], "no spaces");
    ok(&["contribute", "c", "--name", "a"]);
    ok(&["contribute", "c", "--name", "b"]);
    let said = ok(&["check", "c"]);
    assert!(said.contains("\n  a\n  b\n"), "{said}");
    ok(&["finish", "c", "--out", "tau.bin"]);
    refused(&["finish", "c", "--out", "tau.bin"], "`tau.bin` exists");

    // Another's contribution under one's own name, and a file that was put in the place of one.
    let transcript = fs::read_to_string(file("transcript.txt")).expect("a transcript");
    let stolen = transcript.replace(" b\n", " c\n");
    fs::write(file("transcript.txt"), &stolen).expect("a file");
    refused(&["check", "c"], "contribution 2 by c: the proof of the factor does not hold");
    let (first, _) = transcript.split_once('\n').expect("two lines");
    fs::write(file("transcript.txt"), format!("{first}\n")).expect("a file");
    refused(&["check", "c", "--blob", "tau.bin"], "not what this ceremony leads to");
    refused(&["contribute", "c", "--name", "c"], "powers-2.bin");
    fs::write(file("transcript.txt"), &transcript).expect("a file");
    fs::copy(file("powers-1.bin"), file("powers-2.bin")).expect("a file");
    refused(&["check", "c"], "contribution 2 by b: the contribution is about other powers");
    refused(&["contribute", "c", "--name", "c"], "about other powers");
    fs::copy(file("powers-1.bin"), file("powers-0.bin")).expect("a file");
    refused(&["check", "c"], "begins neither at 1 nor at Ethereum's powers");
}

#[test]
fn a_ceremony_goes_on_from_ethereums() {
    let Ok(path) = std::env::var("DZONG_POWERS_OF_TAU") else {
        println!("skipped: set DZONG_POWERS_OF_TAU to the file trusted_setup_4096.json");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    for args in [
        &["begin", "c", "--ethereum", &path][..],
        &["contribute", "c", "--name", "a"],
        &["finish", "c", "--out", "tau.bin"],
        &["check", "c", "--blob", "tau.bin"],
    ] {
        let mut command = std::process::Command::new(tests::network::dzong());
        let output = command.arg("ceremony").args(args).current_dir(folder.path()).output();
        let output = output.expect("dzong runs");
        assert!(output.status.success(), "{args:?}: {}", text(&output));
        let begun = text(&output).contains("begun at Ethereum's powers");
        assert_eq!(begun, args[0] == "finish" || args[0] == "check");
    }
}
