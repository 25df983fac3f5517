//! What every step of the demonstration needs: events get to the network, answers to the verifier,
//! and what came of it to the terminal as it happens.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use proofs::trust::Freshness;
use proofs::{Hash, Record, Trust, Verdict};
use registry::author::{self, Key as _};
use registry::control::Control;
use registry::governance::body;
use registry::governance::decision::{self, Decision};
use registry::multikey::PublicKey;
use registry::resolution::Question;
use registry::time;
use registry::trust::{Moment, Period};
use serde_json::{Value, json};

use super::{mark, name};
use crate::author::{Delivered, Delivery, Network, endorser, times};
use crate::certificate::{Draft, Issuer, new_serial};
use crate::cli::Global;
use crate::client::{Client, ClientError};
use crate::clock::now_ms;
use crate::commands::certificate::check::examine;
use crate::document;
use crate::keys::{KeyFile, Suite};
use crate::output::{self, Tone};
use crate::trust::TrustArgs;

/// How long another node may take to have what the first one certified.
const FOLLOWING_TIME_MAX: Duration = Duration::from_secs(15);

/// The demonstration as it goes on.
pub(super) struct Stage {
    pub(super) client: Client,
    pub(super) trust: Trust,
    home: PathBuf,
    network: Network,
    endorser: KeyFile,
    trust_args: TrustArgs,
    json: bool,
    began: Instant,
    steps: Vec<Value>,
    whole: bool,
}

/// Somebody who signs, by the name of the key file.
pub(super) struct Actor {
    name: String,
    did: String,
    key: KeyFile,
}

impl Actor {
    pub(super) fn did(&self) -> &str {
        &self.did
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// The question for a DID's latest version.
pub(super) fn question(did: &str) -> Question {
    Question::latest(did)
}

impl Stage {
    pub(super) fn new(global: &Global, home: &Path, trust: TrustArgs) -> anyhow::Result<Stage> {
        let client = Client::new(&global.url);
        Ok(Stage {
            home: home.to_owned(),
            network: Network::of(&client)?,
            endorser: endorser(Some(&home.join("keys").join("endorser.json")))?,
            trust: trust.trust()?,
            trust_args: trust,
            client,
            json: global.json,
            began: Instant::now(),
            steps: Vec::new(),
            whole: true,
        })
    }

    /// A new step.
    pub(super) fn begin(&mut self, title: &str) {
        self.steps.push(json!({ "step": self.steps.len() + 1, "title": title, "results": [] }));
        let number = self.steps.len();
        self.print(&output::paint(Tone::Strong, &format!("\n{number}. {title}")));
    }

    /// A fact, for people.
    pub(super) fn say(&mut self, text: &str) {
        self.print(&format!("   {text}"));
    }

    /// Ends the demonstration; whether every step ended as it must.
    pub(super) fn finish(self) -> anyhow::Result<bool> {
        let seconds = self.began.elapsed().as_secs_f64();
        if self.json {
            let whole = self.whole;
            output::json(&json!({ "steps": self.steps, "seconds": seconds, "whole": whole }))?;
        } else if self.whole {
            let text = format!("\nEvery step ended as it must, in {seconds:.1} s.");
            output::line(&output::paint(Tone::Good, &text))?;
        } else {
            output::line(&output::paint(Tone::Bad, "\nA step did not end as it must: see above."))?;
        }
        Ok(self.whole)
    }

    /// A new DID with a minimal document, certified.
    pub(super) fn create(&mut self, keys: &[&KeyFile], control: Control) -> anyhow::Result<String> {
        let publics: Vec<PublicKey> = keys.iter().map(|key| key.public()).collect();
        let placeholder = author::placeholder(&self.network.name);
        let document = document::minimal(&placeholder, &publics);
        let (did, mut event) = author::inception(&self.network.name, document, &control, times())?;
        let did = did.to_did().as_str().to_owned();
        let domain = self.network.domain();
        for key in keys {
            author::sign(&mut event, &did, &domain, *key)?;
        }
        let endorser_did = self.endorser.did().unwrap_or_default();
        author::endorse(&mut event, endorser_did, &domain, &self.endorser)?;
        self.say(&did);
        self.deliver(&event)?;
        Ok(did)
    }

    /// A change of a DID, certified. Names the version that it replaces.
    pub(super) fn change(
        &mut self,
        kind: &str,
        did: &str,
        keys: &[&KeyFile],
        members: Value,
    ) -> anyhow::Result<()> {
        let event = self.event(kind, did, keys, members)?;
        self.deliver(&event)
    }

    /// A change that the network must refuse.
    pub(super) fn expect_refusal(
        &mut self,
        kind: &str,
        did: &str,
        keys: &[&KeyFile],
        members: Value,
    ) -> anyhow::Result<()> {
        let event = self.event(kind, did, keys, members)?;
        self.expect_refused(&event)
    }

    fn expect_refused(&mut self, event: &Value) -> anyhow::Result<()> {
        let bytes = registry::json::canonical(event)?;
        match self.client.submit(&bytes) {
            Err(ClientError::Refused(problem)) if problem.status < 500 => {
                let code = problem.code().to_owned();
                self.result(true, &format!("refused: {problem}"), json!({ "refused": code }));
                Ok(())
            }
            Err(error) => Err(error.into()),
            Ok(id) => {
                self.result(false, "accepted, which must not be", json!({ "accepted": id }));
                Ok(())
            }
        }
    }

    /// An organisation with a DID of its own.
    pub(super) fn newcomer(&mut self, name: &str) -> anyhow::Result<Actor> {
        self.say(&format!("{name} makes a key and gets its DID:"));
        let key = KeyFile::generate(Suite::P256);
        let did = self.create(&[&key], Control::of([&key.public()], 1))?;
        Ok(Actor { name: name.to_owned(), did, key })
    }

    /// Lets a DID's document name services: each has its id's fragment, a type and an endpoint.
    pub(super) fn offer(
        &mut self,
        actor: &Actor,
        services: &[(&str, &str, Value)],
    ) -> anyhow::Result<()> {
        let service = |(id, kind, endpoint): &(&str, &str, Value)| {
            json!({
                "id": format!("{}#{id}", actor.did), "type": kind, "serviceEndpoint": endpoint,
            })
        };
        let services: Vec<Value> = services.iter().map(service).collect();
        self.amend(actor, json!({ "service": services }))
    }

    /// Lets a DID's document name the key that it signs with.
    pub(super) fn publish_key(&mut self, actor: &Actor) -> anyhow::Result<()> {
        self.amend(actor, document::minimal(&actor.did, &[actor.key.public()]))
    }

    /// Merges something into a DID's document, unless it is there.
    fn amend(&mut self, actor: &Actor, patch: Value) -> anyhow::Result<()> {
        let before = self.document(&actor.did)?;
        let document = document::merge(before.clone(), patch);
        if document == before {
            return Ok(());
        }
        let members = json!({ "document": document });
        self.change("DidUpdated", &actor.did, &[&actor.key], members)
    }

    /// A certificate of the holder's key for a year, signed by the issuer's: its DER bytes.
    pub(super) fn certify(&self, issuer: &Actor, holder: &Actor) -> anyhow::Result<Vec<u8>> {
        let now = now_ms() / 1000 * 1000;
        let draft = Draft {
            did: &holder.did,
            key: &holder.key.public(),
            organization: None,
            period: Period { from: Moment(now), until: Moment(now + 365 * 86_400_000) },
            serial: &new_serial(),
            is_authority: false,
            list_url: None,
        };
        Ok(Issuer { did: &issuer.did, key: &issuer.key }.certify(&draft)?)
    }

    /// Checks a certificate in which only this may be wrong, and must be.
    pub(super) fn check_certificate(&mut self, der: &[u8], wrong: &[&str]) -> anyhow::Result<()> {
        let findings = examine(&self.client, self.trust.clone(), &self.trust_args, der)?;
        let failed = findings.iter().filter(|finding| !finding.holds);
        let as_expected = failed.map(|finding| finding.check).eq(wrong.iter().copied());
        for finding in &findings {
            self.say(&finding.text());
        }
        let text = match wrong {
            [] => "the certificate is accepted".to_owned(),
            wrong => format!("the certificate is refused: {}", wrong.join(", ")),
        };
        self.result(as_expected, &text, json!({ "checks": findings }));
        Ok(())
    }

    /// The ledger's time, as events write it.
    pub(super) fn now(&self) -> anyhow::Result<String> {
        Ok(time::format(self.client.status()?.time))
    }

    /// Where the local network is.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// The one whose key the local network keeps under this name.
    pub(super) fn actor(&self, name: &str) -> anyhow::Result<Actor> {
        let key = KeyFile::load(&self.home.join("keys").join(format!("{name}.json")))?;
        let did = key.did().with_context(|| format!("the key of {name} names no DID"))?.to_owned();
        Ok(Actor { name: name.to_owned(), did, key })
    }

    /// What a record holds, with the verdict on its proof.
    pub(super) fn proven(&mut self, key: &str) -> anyhow::Result<Value> {
        let answer = self.client.record(key)?;
        let record = registry::answer::shown_record(&answer);
        let record = record.with_context(|| format!("there is no record `{key}`"))?;
        self.say(&format!("{key}, version {}:", record.version));
        self.expect_valid(&answer);
        Ok(serde_json::from_str(record.content.get())?)
    }

    /// Names the version of a record that an event replaces, if there is one.
    pub(super) fn supersede(&self, motion: &mut Value, key: &str) -> anyhow::Result<()> {
        let record = crate::author::record(&self.client, key, &self.trust_args)?;
        if let (Some(record), Some(motion)) = (record, motion.as_object_mut()) {
            motion.insert("previousVersion".into(), record.version.into());
        }
        Ok(())
    }

    /// An event of several signers, certified. Returns its id.
    pub(super) fn act(
        &mut self,
        kind: &str,
        signers: &[&Actor],
        members: Value,
    ) -> anyhow::Result<Hash> {
        let event = self.signed(kind, signers, members)?;
        self.deliver(&event)?;
        Ok(registry::event::id_of(&registry::json::canonical(&event)?)?)
    }

    /// An event of several signers that the network must refuse.
    pub(super) fn refused_act(
        &mut self,
        kind: &str,
        signers: &[&Actor],
        members: Value,
    ) -> anyhow::Result<()> {
        let event = self.signed(kind, signers, members)?;
        self.expect_refused(&event)
    }

    /// Proposes an event for decision. Members who sign approve it.
    pub(super) fn propose(&mut self, signers: &[&Actor], motion: &Value) -> anyhow::Result<Hash> {
        let membership = self.membership()?;
        let members = json!({ "decision": motion, "membership": membership });
        self.act("DecisionProposed", signers, members)
    }

    /// Proposes what was cancelled, word for word.
    pub(super) fn propose_again(
        &mut self,
        signers: &[&Actor],
        motion: &Value,
        cancelled: Hash,
    ) -> anyhow::Result<Hash> {
        let membership = self.membership()?;
        let members =
            json!({ "decision": motion, "membership": membership, "resubmits": cancelled });
        self.act("DecisionProposed", signers, members)
    }

    /// Votes on a decision's text.
    pub(super) fn vote(
        &mut self,
        id: Hash,
        signers: &[&Actor],
        approve: bool,
    ) -> anyhow::Result<()> {
        let record = self.expect_record(&decision::key(&id))?;
        let decision: Decision = serde_json::from_str(record.content.get())?;
        let payload = decision::payload(decision.decision.get());
        let members = json!({ "approve": approve, "decision": id, "payload": payload });
        self.act("VoteCast", signers, members)?;
        Ok(())
    }

    /// How far a decision is, proven.
    pub(super) fn decision(&mut self, id: Hash) -> anyhow::Result<()> {
        let decision: Decision = serde_json::from_value(self.proven(&decision::key(&id))?)?;
        let approvals = decision.votes.values().filter(|vote| vote.approve).count();
        let Decision { class, status, threshold, .. } = decision;
        self.say(&format!("{class} decision: {approvals} of {threshold}, {status}"));
        Ok(())
    }

    /// Moves trust along the certified hand-overs, and says how far, once those who were handed
    /// over to have certified a block.
    pub(super) fn follow(&mut self) -> anyhow::Result<()> {
        let height = self.client.status()?.height;
        let deadline = Instant::now() + FOLLOWING_TIME_MAX;
        while self.client.status()?.height <= height && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(100));
        }
        let reached = crate::trust::follow(&self.client, &self.trust)?;
        self.say(&format!(
            "trust moves along the certified hand-overs from height {} to {}",
            self.trust.height, reached.height
        ));
        self.trust = reached;
        Ok(())
    }

    /// The version of the membership, to which a proposal is bound.
    pub(super) fn membership(&self) -> anyhow::Result<u64> {
        Ok(self.expect_record(body::KEY)?.version)
    }

    fn expect_record(&self, key: &str) -> anyhow::Result<Record> {
        let record = crate::author::record(&self.client, key, &self.trust_args)?;
        record.with_context(|| format!("there is no record `{key}`"))
    }

    fn signed(&mut self, kind: &str, signers: &[&Actor], members: Value) -> anyhow::Result<Value> {
        let author = signers.first().context("somebody signs")?;
        let names: Vec<&str> = signers.iter().map(|actor| actor.name.as_str()).collect();
        let what = members.pointer("/decision/type").and_then(Value::as_str);
        let what = what.map(|what| format!(" of {what}")).unwrap_or_default();
        self.say(&format!("{kind}{what}, signed by {}", names.join(", ")));
        let mut event = author::event(kind, &self.network.name, &author.did, times(), members);
        for actor in signers {
            author::sign(&mut event, &actor.did, &self.network.domain(), &actor.key)?;
        }
        Ok(event)
    }

    /// The document of a DID.
    pub(super) fn document(&self, did: &str) -> anyhow::Result<Value> {
        let reply = self.client.resolve(&question(did))?;
        let mut result: Value = serde_json::from_slice(&reply.body)?;
        let document = result.get_mut("didDocument").map(Value::take);
        document.filter(Value::is_object).with_context(|| format!("`{did}` has no document"))
    }

    /// Resolves at another node, which may be a moment behind, until it has that version.
    pub(super) fn resolve_until(
        &self,
        node: &Client,
        did: &str,
        version: u64,
    ) -> anyhow::Result<Vec<u8>> {
        let deadline = Instant::now() + FOLLOWING_TIME_MAX;
        loop {
            let body = node.resolve(&question(did))?.body;
            let result: Value = serde_json::from_slice(&body)?;
            let found = result.pointer("/didDocumentMetadata/versionId").and_then(Value::as_str);
            let found = found.and_then(|found| found.parse::<u64>().ok());
            if found.is_some_and(|found| found >= version) || Instant::now() > deadline {
                return Ok(body);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The next node on this machine; the same one where there is no other.
    pub(super) fn other_node(&self) -> anyhow::Result<String> {
        let url = self.client.url();
        let next = url.rsplit_once(':').and_then(|(host, port)| {
            let port: u16 = port.parse().ok()?;
            Some(format!("{host}:{}", port.checked_add(1)?))
        });
        let answers = |url: &String| {
            let status = Client::new(url).status();
            status.is_ok_and(|status| status.genesis == self.trust.genesis)
        };
        Ok(next.filter(answers).unwrap_or_else(|| url.to_owned()))
    }

    /// Checks an answer that must be valid.
    pub(super) fn expect_valid(&mut self, answer: &[u8]) {
        self.expect("Valid", answer, &self.trust.clone(), None);
    }

    /// Checks an answer whose verdict must have this name.
    pub(super) fn expect(
        &mut self,
        expected: &str,
        answer: &[u8],
        trust: &Trust,
        age_max: Option<u64>,
    ) {
        let verdict = registry::answer::check(trust, answer, Freshness { now: now_ms(), age_max });
        let as_expected = name(&verdict) == expected;
        self.result(as_expected, &verdict.to_string(), json!(verdict));
    }

    fn event(
        &self,
        kind: &str,
        did: &str,
        keys: &[&KeyFile],
        mut members: Value,
    ) -> anyhow::Result<Value> {
        let (record, _) = crate::author::current(&self.client, did, &self.trust_args)?;
        if let Some(members) = members.as_object_mut() {
            members.insert("previousVersion".into(), json!(record.version));
        }
        let mut event = author::event(kind, &self.network.name, did, times(), members);
        for key in keys {
            author::sign(&mut event, did, &self.network.domain(), *key)?;
        }
        Ok(event)
    }

    fn deliver(&mut self, event: &Value) -> anyhow::Result<()> {
        let began = Instant::now();
        let delivered = Delivery::default().deliver(&self.client, event, &self.trust_args)?;
        let took = began.elapsed().as_millis();
        if let Delivered::Certified { receipt, verdict, .. } = delivered {
            let valid = verdict.as_ref().is_some_and(Verdict::is_valid);
            let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
            let verdict = verdict.map(|verdict| json!(verdict));
            let text = format!(
                "{kind} certified in {took} ms; receipt Valid at height {}",
                receipt.certificate.height
            );
            self.result(valid, &text, json!({ "event": receipt.id, "receipt": verdict }));
        }
        Ok(())
    }

    fn result(&mut self, as_expected: bool, text: &str, value: Value) {
        self.whole &= as_expected;
        self.print(&format!("   {} {text}", mark(as_expected)));
        let results = self.steps.last_mut().and_then(|step| step.get_mut("results"));
        if let Some(results) = results.and_then(Value::as_array_mut) {
            results.push(json!({ "asExpected": as_expected, "result": value }));
        }
    }

    /// A reader that went away misses the rest, which is still done.
    fn print(&self, text: &str) {
        if !self.json {
            let _ = output::line(text);
        }
    }
}
