//! `dzong demo`: a nation's first day, on a network that runs on this machine.

mod governance;
mod guest;
mod stage;
mod trust;

use std::path::PathBuf;

use clap::Args;
use proofs::{Hash, Trust, Verdict};
use registry::author::{Key as _, key_hash};
use registry::control::Control;
use registry::did_state;
use registry::network::VALIDATORS;
use registry::resolution::Question;
use serde_json::json;

use crate::cli::{Exit, Global};
use crate::client::Client;
use crate::keys::{KeyFile, Suite};
use crate::output::{self, Tone};
use crate::trust::{TrustArgs, local_home};

use stage::{Stage, question};

/// A nation's first day: every step with the verdict on its proof
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong localnet        in one terminal\n  \
                        dzong demo            in another")]
pub struct Demo {
    /// Where the local network is [default: DZONG_HOME, else ./localnet]
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
}

impl Demo {
    /// Runs the command.
    ///
    /// # Errors
    /// There is no network, or a step did not end as it must.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        let home = self.home.unwrap_or_else(local_home);
        let path = home.join("genesis.json");
        anyhow::ensure!(
            path.exists(),
            "there is no network at {}: start one with `dzong localnet` and run this beside it",
            home.display()
        );
        let trust = TrustArgs { genesis: Some(path), ..TrustArgs::default() };
        let mut stage = Stage::new(global, &home, trust)?;
        first_day(&mut stage)?;
        match stage.finish()? {
            true => Ok(()),
            false => Err(Exit(1).into()),
        }
    }
}

fn first_day(stage: &mut Stage) -> anyhow::Result<()> {
    the_network(stage)?;
    governance::play(stage)?;
    let (key, issuer) = an_issuer(stage)?;
    from_another_node(stage, &issuer)?;
    an_update(stage, &key, &issuer)?;
    let key = a_rotation(stage, key, &issuer)?;
    let organisation = two_of_three(stage)?;
    the_end_of_a_did(stage, organisation)?;
    an_absence(stage, &issuer)?;
    trust::play(stage)?;
    governance::a_fifth_validator(stage)?;
    what_is_refused(stage, &issuer)?;
    drop(key);
    Ok(())
}

fn the_network(stage: &mut Stage) -> anyhow::Result<()> {
    stage.begin("The network, from nothing but its genesis document");
    let status = stage.client.status()?;
    stage.say(&format!("{} is at height {}", status.network, status.height));
    stage.say(&format!("genesis {}", stage.trust.genesis));
    anyhow::ensure!(
        status.genesis == stage.trust.genesis,
        "the node at {} belongs to another network: name one of yours with --url",
        stage.client.url()
    );
    let answer = stage.client.record(VALIDATORS)?;
    let count = registry::answer::shown_record(&answer)
        .and_then(|record| registry::network::validators(&record))
        .map_or(0, |list| list.len());
    let quorum = count * 2 / 3 + 1;
    stage.say(&format!("{count} validators; {quorum} of them certify a block"));
    stage.expect_valid(&answer);
    Ok(())
}

fn an_issuer(stage: &mut Stage) -> anyhow::Result<(KeyFile, String)> {
    stage.begin("A ministry gets its DID: signed by its own key, endorsed, certified");
    let key = KeyFile::generate(Suite::P256);
    let did = stage.create(&[&key], control(&[&key], 1, None))?;
    stage.say(&format!("its key is P-256, as in a phone: {}", key.public()));
    Ok((key, did))
}

fn from_another_node(stage: &mut Stage, did: &str) -> anyhow::Result<()> {
    stage.begin("Anyone resolves it, from another node, and believes only the proof");
    let other = Client::new(&stage.other_node()?);
    let reply = stage.resolve_until(&other, did, 1)?;
    stage.say(&format!("{} answered with {} bytes", other.url(), reply.len()));
    stage.expect_valid(&reply);
    Ok(())
}

fn an_update(stage: &mut Stage, key: &KeyFile, did: &str) -> anyhow::Result<()> {
    stage.begin("It publishes a service; the version before stays provable");
    let mut document = stage.document(did)?;
    let service = json!([{
        "id": format!("{did}#issuer"),
        "type": "CredentialIssuer",
        "serviceEndpoint": "https://issuer.example.bt/",
    }]);
    if let Some(members) = document.as_object_mut() {
        members.insert("service".into(), service);
    }
    stage.change("DidUpdated", did, &[key], json!({ "document": document }))?;
    let version = Question { version_id: Some("1".into()), ..question(did) };
    let reply = stage.client.resolve(&version)?;
    stage.say("version 1, which had no service, from today's state root:");
    stage.expect_valid(&reply.body);
    Ok(())
}

fn a_rotation(stage: &mut Stage, key: KeyFile, did: &str) -> anyhow::Result<KeyFile> {
    stage.begin("Pre-rotation: it commits to a key that nobody has seen, then reveals it");
    let next = KeyFile::generate(Suite::Ed25519);
    let after = KeyFile::generate(Suite::Ed25519);
    let commit = json!({ "control": control(&[&key], 1, Some(&next)) });
    stage.change("DidUpdated", did, &[&key], commit)?;
    stage.say(&format!("committed to {}", key_hash(&next.public())));
    stage.say("a thief with the key in force tries to take over:");
    let thief = KeyFile::generate(Suite::Ed25519);
    let theft = json!({ "control": control(&[&thief], 1, None) });
    stage.expect_refusal("DidUpdated", did, &[&key], theft)?;
    let reveal = json!({ "control": control(&[&next], 1, Some(&after)) });
    stage.change("DidUpdated", did, &[&next], reveal)?;
    stage.say(&format!("now in force: {}", next.public()));
    Ok(next)
}

/// An organisation with three keys, two of which must agree.
struct Organisation {
    did: String,
    keys: [KeyFile; 3],
}

fn two_of_three(stage: &mut Stage) -> anyhow::Result<Organisation> {
    stage.begin("A bank whose changes need two of its three officers");
    let keys = [Suite::Ed25519, Suite::P256, Suite::Ed25519].map(KeyFile::generate);
    let [a, b, c] = &keys;
    let did = stage.create(&[a, b], control(&[a, b, c], 2, None))?;
    let mut document = stage.document(&did)?;
    if let Some(members) = document.as_object_mut() {
        members.insert("alsoKnownAs".into(), json!(["https://bank.example.bt/"]));
    }
    let members = json!({ "document": document });
    stage.say("one officer alone:");
    stage.expect_refusal("DidUpdated", &did, &[a], members.clone())?;
    stage.say("two officers:");
    stage.change("DidUpdated", &did, &[b, c], members)?;
    Ok(Organisation { did, keys })
}

fn the_end_of_a_did(stage: &mut Stage, organisation: Organisation) -> anyhow::Result<()> {
    stage.begin("The bank closes: its DID ends, its history does not");
    let Organisation { did, keys: [a, b, _] } = organisation;
    stage.change("DidDeactivated", &did, &[&a, &b], json!({}))?;
    let reply = stage.client.resolve(&question(&did))?;
    stage.say(&format!("resolving it answers {} (gone), with proof:", reply.status));
    stage.expect_valid(&reply.body);
    Ok(())
}

fn an_absence(stage: &mut Stage, issuer: &str) -> anyhow::Result<()> {
    stage.begin("That a DID does not exist is proven, too");
    let prefix = issuer.rsplit_once(':').map_or("did:ndi:x", |(prefix, _)| prefix);
    let scid = registry::did::sha256_multihash(&Hash::ZERO.0);
    let reply = stage.client.resolve(&question(&format!("{prefix}:{scid}")))?;
    stage.say(&format!("{prefix}:{scid} answers {} (not found)", reply.status));
    stage.expect_valid(&reply.body);
    Ok(())
}

fn what_is_refused(stage: &mut Stage, issuer: &str) -> anyhow::Result<()> {
    stage.begin("A verifier is not fooled");
    let answer = stage.client.record(&did_state::key(issuer))?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let forged = text.replace("issuer.example.bt", "thieves.example.bt");
    stage.say("the same answer with another service address:");
    stage.expect("Invalid", forged.as_bytes(), &stage.trust.clone(), None);
    stage.say("the true answer, to someone who trusts another network:");
    let other = Trust { genesis: Hash::ZERO, ..stage.trust.clone() };
    stage.expect("Untrusted", &answer, &other, None);
    stage.say("the true answer a while later, to someone who wants it from this very moment:");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    stage.expect("Stale", &answer, &stage.trust.clone(), Some(1));
    stage.say("and as it came:");
    stage.expect_valid(&answer);
    Ok(())
}

fn control(keys: &[&KeyFile], threshold: u64, next: Option<&KeyFile>) -> Control {
    Control {
        controllers: Vec::new(),
        keys: keys.iter().map(|key| key.public().to_string()).collect(),
        next_key_hashes: next.iter().map(|key| key_hash(&key.public())).collect(),
        threshold,
    }
}

/// The name of a verdict, as texts and programs have it.
fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Valid { .. } => "Valid",
        Verdict::Stale { .. } => "Stale",
        Verdict::Untrusted { .. } => "Untrusted",
        Verdict::Invalid { .. } => "Invalid",
    }
}

fn mark(as_expected: bool) -> String {
    match as_expected {
        true => output::paint(Tone::Good, "✓"),
        false => output::paint(Tone::Bad, "✗"),
    }
}
