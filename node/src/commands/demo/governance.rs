//! The Governing Body's first day: it approves the framework, is held to its own rules, changes the
//! network with patience, and lets a fifth validator in.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use proofs::{Hash, PublicKey};
use registry::governance::decision::{self, Decision};
use registry::governance::{Procedure, body, document, procedure};
use registry::network::{PARAMETERS, VALIDATORS, ValidatorEntry};
use registry::time;
use serde_json::{Value, json};

use super::guest::Guest;
use super::stage::{Actor, Stage};
use super::{control, mark};
use crate::clock::now_ms;
use crate::commands::node::apply::admission;
use crate::keys::{KeyFile, Suite};

/// How long a new validator may take until blocks carry its signature.
const CERTIFIES_MAX: Duration = Duration::from_secs(40);

/// Block time is a validator's clock: a moment more than a time-lock, so that none is behind it.
const MOMENT: Duration = Duration::from_millis(500);

/// The governors, by seat, and the Member Secretary.
struct Council {
    governors: Vec<Actor>,
    secretary: Actor,
}

impl Council {
    fn of(stage: &Stage) -> anyhow::Result<Council> {
        let governors = (1..=5).map(|seat| stage.actor(&format!("governor-{seat}")));
        let governors = governors.collect::<anyhow::Result<_>>()?;
        Ok(Council { governors, secretary: stage.actor("secretary")? })
    }

    /// Those who hold these seats.
    fn seats<const N: usize>(&self, numbers: [usize; N]) -> Vec<&Actor> {
        numbers.iter().filter_map(|number| self.governors.get(number - 1)).collect()
    }
}

pub(super) fn play(stage: &mut Stage) -> anyhow::Result<()> {
    let council = Council::of(stage)?;
    the_rules(stage)?;
    the_framework(stage, &council)?;
    what_one_cannot(stage, &council)?;
    the_time_lock(stage, &council)
}

fn the_rules(stage: &mut Stage) -> anyhow::Result<()> {
    stage.begin("The Governing Body, as genesis seated it, and how it decides (s.5, s.10)");
    let seats = stage.proven(body::KEY)?;
    for (number, seat) in (1..).zip(seats.as_array().into_iter().flatten()) {
        let text = |name: &str| seat.get(name).and_then(Value::as_str).unwrap_or("vacant");
        stage.say(&format!("seat {number} ({}): {}", text("category"), text("member")));
    }
    let rules: Procedure = serde_json::from_value(stage.proven(procedure::KEY)?)?;
    let Procedure { thresholds, spans, .. } = rules;
    stage.say(&format!(
        "{} of 5 decide; {} of 5 who sits here and what the network is, the latter after {} s",
        thresholds.ordinary, thresholds.constitutional, spans.time_lock_seconds
    ));
    Ok(())
}

fn the_framework(stage: &mut Stage, council: &Council) -> anyhow::Result<()> {
    stage.begin("The Governance Framework: the Secretary proposes, three members approve (s.14)");
    let key = document::key("framework");
    let text = |title: &str, language: &str| {
        json!({
            "sha256": blake3::hash(title.as_bytes()).to_hex().to_string(),
            "title": title,
            "uri": format!("https://governance.example.bt/framework/{language}"),
        })
    };
    let mut motion = json!({
        "type": "FrameworkApproved",
        "effective": time::format(now_ms()),
        "languages": {
            "dz": text("རྒྱལ་ཡོངས་ཨང་གྲངས་ངོ་རྟགས་གཞི་བཀོད", "dz"),
            "en": text("Governance Framework", "en"),
        },
        "version": "1.0",
    });
    stage.supersede(&mut motion, &key)?;
    let id = stage.propose(&[&council.secretary], &motion)?;
    for member in council.seats([1, 2, 4]) {
        stage.vote(id, &[member], true)?;
    }
    stage.decision(id)?;
    let approved = stage.proven(&key)?;
    let languages = approved["languages"].as_object().into_iter().flat_map(|texts| texts.keys());
    let languages: Vec<&str> = languages.map(String::as_str).collect();
    let version = approved["version"].as_str().unwrap_or("?");
    stage.say(&format!("in force: version {version}, in {}", languages.join(", ")));
    Ok(())
}

fn what_one_cannot(stage: &mut Stage, council: &Council) -> anyhow::Result<()> {
    stage.begin("A rogue act: nobody decides alone, and those who have no vote add none (s.12)");
    let regulation = json!({
        "effective": time::format(now_ms()),
        "languages": {},
        "name": "fees",
        "version": "1",
    });
    let regulation = with_texts(regulation);
    stage.say("one governor approves a regulation on fees:");
    stage.refused_act("RegulationApproved", &council.seats([4]), regulation.clone())?;
    stage.say("the same with the Secretary's and another's signature:");
    let [two, secretary] = [council.seats([4, 5]), vec![&council.secretary]];
    stage.refused_act("RegulationApproved", &[two, secretary].concat(), regulation.clone())?;
    stage.say("three governors do it:");
    let mut motion = regulation;
    stage.supersede(&mut motion, &document::key("regulation/fees"))?;
    stage.act("RegulationApproved", &council.seats([1, 4, 5]), motion)?;
    Ok(())
}

fn with_texts(mut motion: Value) -> Value {
    for (language, title) in [("dz", "འཐུས་ཀྱི་སྒྲིག་གཞི"), ("en", "Regulation on Fees")]
    {
        motion["languages"][language] = json!({
            "sha256": blake3::hash(title.as_bytes()).to_hex().to_string(),
            "title": title,
            "uri": format!("https://governance.example.bt/fees/{language}"),
        });
    }
    motion
}

fn the_time_lock(stage: &mut Stage, council: &Council) -> anyhow::Result<()> {
    stage.begin("A change of the network waits, and two members may stop it once (s.6, s.10)");
    let mut parameters = stage.proven(PARAMETERS)?;
    let days = parameters["trustPeriodSeconds"].as_u64().unwrap_or_default() / 86_400;
    let other = if days == 21 { 20 } else { 21 };
    parameters["trustPeriodSeconds"] = (other * 86_400).into();
    let mut motion = json!({ "type": "ParametersChanged", "parameters": parameters });
    stage.supersede(&mut motion, PARAMETERS)?;
    stage.say(&format!("clients shall trust a head for {other} days instead of {days}:"));
    let id = stage.propose(&council.seats([1, 2, 3, 4]), &motion)?;
    stage.decision(id)?;
    stage.say("executed at once, it is refused:");
    let execution = json!({ "decision": id });
    stage.refused_act("DecisionExecuted", &[&council.secretary], execution)?;
    stage.say("two members cancel it:");
    stage.act("DecisionCancelled", &council.seats([4, 5]), json!({ "decision": id }))?;
    stage.say("four decide the very same again, and now it stands:");
    let again = stage.propose_again(&council.seats([1, 2, 3, 5]), &motion, id)?;
    execute(stage, council, again)?;
    let days = stage.proven(PARAMETERS)?["trustPeriodSeconds"].as_u64().unwrap_or_default();
    stage.say(&format!("in force: {} days", days / 86_400));
    Ok(())
}

/// Waits for the end of a decision's time-lock, and executes it. Returns how long such a lock is.
fn execute(stage: &mut Stage, council: &Council, id: Hash) -> anyhow::Result<Duration> {
    let decision: Decision = serde_json::from_value(stage.proven(&decision::key(&id))?)?;
    let end = decision.executable.context("the decision has no time-lock")?;
    stage.say(&format!("the time-lock ends at {}", time::format(end)));
    let wait = Duration::from_millis(end.saturating_sub(now_ms()));
    std::thread::sleep(wait + MOMENT);
    stage.act("DecisionExecuted", &[&council.secretary], json!({ "decision": id }))?;
    Ok(Duration::from_secs(decision.time_lock_seconds))
}

pub(super) fn a_fifth_validator(stage: &mut Stage) -> anyhow::Result<()> {
    let council = &Council::of(stage)?;
    stage.begin("A fifth validator joins the running network (s.35, s.115)");
    let key = KeyFile::generate(Suite::Ed25519);
    let operator = stage.create(&[&key], control(&[&key], 1, None))?;
    let mut guest = Guest::make(stage.home(), &stage.client)?;
    let entry = guest.keys().validator_entry("guest").context("a validator has four keys")?;
    let jurisdiction = Some("BT".to_owned());
    let entry = ValidatorEntry { operator, jurisdiction, ..entry };
    let motion = admission(guest.keys(), &entry, &stage.trust.genesis, None)?;
    stage.say("its operator shows that it holds the four keys; four members admit it:");
    let id = stage.propose(&council.seats([1, 2, 3, 4]), &motion)?;
    let lock = execute(stage, council, id)?;
    let admitted = Instant::now();
    stage.say("the validators do not turn over within one time-lock; another change at once:");
    let removal = json!({ "type": "ValidatorRemoved", "validatorKey": entry.validator_key });
    let proposal = json!({ "decision": removal, "membership": stage.membership()? });
    stage.refused_act("DecisionProposed", &council.seats([2, 3, 4, 5]), proposal)?;
    stage.follow()?;
    guest.start()?;
    certifies(stage, &guest, &entry.validator_key)?;
    let answer = guest.client().record(VALIDATORS)?;
    stage.say("the new validator's own answer about the list:");
    stage.expect_valid(&answer);

    stage.begin("It leaves again, as a guest of this demonstration, by the same rules");
    std::thread::sleep(lock.saturating_sub(admitted.elapsed()) + MOMENT);
    let id = stage.propose(&council.seats([2, 3, 4, 5]), &removal)?;
    execute(stage, council, id)?;
    stage.follow()?;
    guest.stop();
    let list: Vec<ValidatorEntry> = serde_json::from_value(stage.proven(VALIDATORS)?)?;
    let staying = list.iter().filter(|entry| entry.until.is_none()).count();
    stage.say(&format!("{staying} validators stay; its keys never serve again"));
    Ok(())
}

/// Waits for a certificate that bears the new validator's signature.
fn certifies(stage: &mut Stage, guest: &Guest, key: &PublicKey) -> anyhow::Result<()> {
    let began = Instant::now();
    let from = stage.client.status()?.height;
    let mut looked = from;
    while began.elapsed() < CERTIFIES_MAX {
        guest.check()?;
        let height = stage.client.status()?.height;
        for at in looked..=height {
            let block: Value = stage.client.read(&format!("/v1/blocks/{at}"))?;
            let signatures = block.pointer("/certificate/signatures").and_then(Value::as_array);
            let mut signers = signatures.into_iter().flatten().map(|s| &s["validator"]);
            if signers.any(|signer| *signer == json!(key)) {
                let text = format!("block {at} is certified with its signature, too");
                stage.say(&format!("{} {text}", mark(true)));
                return Ok(());
            }
        }
        looked = height + 1;
        std::thread::sleep(Duration::from_millis(200));
    }
    anyhow::bail!("no block since height {from} bears the new validator's signature")
}
