//! `dzong certificate check`: what a certificate is worth, with each thing that was looked at.

use std::path::PathBuf;

use clap::Args;
use proofs::{Trust, Verdict};
use registry::resolution::Question;
use registry::time;
use registry::trust::listing::key;
use registry::trust::{Certificate, Ground, Listed, State};
use serde::Serialize;
use serde_json::{Value, json};

use crate::author::{proven_record, read_file};
use crate::certificate::{Method, X509, methods};
use crate::cli::{Exit, Global};
use crate::client::Client;
use crate::clock::now_ms;
use crate::commands::did::answered;
use crate::output::{self, Tone, paint};
use crate::trust::{TrustArgs, exit_code};

/// Check a certificate: its form, validity, DID, key, signature and status, each with proof
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong certificate check bank.pem --genesis genesis.json --url https://node.example.bt\n  \
    dzong certificate check bank.pem --max-age 60 --json\n\n\
    Nothing that the node says is believed without proof.\n\n\
    Exit code: 0 accepted; 1 refused; where an answer of the node is not Valid: 2 Stale, \
    3 Untrusted, 4 Invalid.")]
pub(super) struct Check {
    /// The certificate, in PEM or DER; - is standard input
    file: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Finding {
    /// What.
    pub(crate) check: &'static str,
    /// Whether it is as it must be.
    pub(crate) holds: bool,
    /// What was found.
    pub(crate) found: String,
    /// The verdict on the node's answer that shows it, where one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verdict: Option<Verdict>,
}

impl Check {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let trust = self.trust.trust()?;
        let findings = examine(&client, trust, &self.trust, &read_file(&self.file)?)?;
        let failed: Vec<&str> =
            findings.iter().filter(|finding| !finding.holds).map(|finding| finding.check).collect();
        if global.json {
            let accepted = failed.is_empty();
            output::json(&json!({ "accepted": accepted, "checks": findings }))?;
        } else {
            findings.iter().try_for_each(|finding| output::line(&finding.text()))?;
            let (tone, text) = match failed.is_empty() {
                true => (Tone::Good, "accepted".to_owned()),
                false => (Tone::Bad, format!("refused: {}", failed.join(", "))),
            };
            output::line(&paint(tone, &text))?;
        }
        // The gravest verdict has the highest code.
        let worst = findings.iter().filter_map(|finding| finding.verdict.as_ref()).map(exit_code);
        match worst.max() {
            Some(code) if code > 0 => Err(Exit(code).into()),
            _ if failed.is_empty() => Ok(()),
            _ => Err(Exit(1).into()),
        }
    }
}

impl Finding {
    /// One line for people.
    pub(crate) fn text(&self) -> String {
        let mark = match self.holds {
            true => paint(Tone::Good, "✓"),
            false => paint(Tone::Bad, "✗"),
        };
        let verdict = self.verdict.as_ref().map(|verdict| format!(" ({verdict})"));
        format!("{mark} {:<13} {}{}", self.check, self.found, verdict.unwrap_or_default())
    }
}

/// Everything that a certificate must hold by, at this moment. `trust` may move on along the node's
/// certified hand-overs.
pub(crate) fn examine(
    client: &Client,
    trust: Trust,
    args: &TrustArgs,
    bytes: &[u8],
) -> anyhow::Result<Vec<Finding>> {
    let certificate = match X509::read(bytes) {
        Ok(certificate) => certificate,
        Err(why) => return Ok(vec![finding("form", Err(why.to_string()), None)]),
    };
    let mut examiner = Examiner { client, trust, args, certificate, findings: Vec::new() };
    examiner.form_and_validity();
    let listed = examiner.status()?;
    examiner.registration(listed.as_ref());
    examiner.key()?;
    let issuer = listed.map(|listed| listed.listing.issuer);
    let issuer = issuer.or_else(|| examiner.certificate.issuer.clone());
    examiner.signature(issuer.as_deref())?;
    Ok(examiner.findings)
}

struct Examiner<'a> {
    client: &'a Client,
    trust: Trust,
    args: &'a TrustArgs,
    certificate: X509,
    findings: Vec<Finding>,
}

/// The keys of a DID at a moment, or why there are none, and the verdict on the answer.
struct Keys {
    found: Result<Vec<Method>, String>,
    verdict: Option<Verdict>,
}

impl Examiner<'_> {
    fn add(&mut self, check: &'static str, found: Found, verdict: Option<Verdict>) {
        self.findings.push(finding(check, found, verdict));
    }

    fn form_and_validity(&mut self) {
        let X509 { did, fingerprint, period, .. } = &self.certificate;
        let form = format!("an X.509 certificate of {did}, SHA-256 {fingerprint}");
        let now = now_ms();
        let validity = if now < period.from.0 {
            Err(format!("it begins at {}", period.from))
        } else if now >= period.until.0 {
            Err(format!("it expired at {}", period.until))
        } else {
            Ok(format!("from {} to before {}", period.from, period.until))
        };
        self.add("form", Ok(form), None);
        self.add("validity", validity, None);
    }

    /// s.41: what the ledger says of it now.
    fn status(&mut self) -> anyhow::Result<Option<Listed<Certificate>>> {
        let key = key::<Certificate>(&self.certificate.fingerprint);
        let (record, verdict) = proven_record(self.client, &key, &mut self.trust, self.args)?;
        let listed = record.and_then(|record| Listed::<Certificate>::read(&record.content));
        let status = match &listed {
            None => Err("it is not registered on this ledger".to_owned()),
            Some(listed) => {
                let status = &listed.status;
                let ground = status.ground.map(Ground::name);
                let ground = ground.map(|ground| format!(" on the ground of {ground}"));
                let text = format!(
                    "{} since {}{}",
                    status.state.name(),
                    status.since,
                    ground.unwrap_or_default()
                );
                if status.state == State::Active { Ok(text) } else { Err(text) }
            }
        };
        // What is not proven is nobody's word.
        let listed = listed.filter(|_| verdict.is_valid());
        self.add("status", status, Some(verdict));
        Ok(listed)
    }

    /// What was registered is what the certificate says, word for word.
    fn registration(&mut self, listed: Option<&Listed<Certificate>>) {
        let Some(Listed { listing, .. }) = listed else { return };
        let X509 { did, period, serial, .. } = &self.certificate;
        let same = [
            ("DID", listing.did == *did),
            ("serial number", listing.serial == *serial),
            ("validity", listing.period == *period),
        ];
        let other: Vec<&str> =
            same.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect();
        let found = match other.is_empty() {
            true => Ok(format!("by {}", listing.issuer)),
            false => Err(format!("the ledger has another {}", other.join(", another "))),
        };
        self.add("registration", found, None);
    }

    /// The DID resolves, and holds the key now.
    fn key(&mut self) -> anyhow::Result<()> {
        let X509 { did, key, .. } = self.certificate.clone();
        let Keys { found, verdict } = self.keys(&Question::latest(&did), now_ms())?;
        let known = match found {
            Ok(known) => known,
            Err(why) => {
                self.add("DID", Err(why), verdict);
                return Ok(());
            }
        };
        self.add("DID", Ok(format!("{did} resolves")), verdict);
        let holder = known.into_iter().find(|method| method.key == key);
        let found = holder.map(|method| format!("{} holds it", method.id));
        self.add("key", found.ok_or_else(|| format!("{did} does not hold {key}")), None);
        Ok(())
    }

    /// The issuer signed with a key that its DID holds, or held when the certificate began: a key
    /// that was replaced since still counts for what it signed before.
    fn signature(&mut self, issuer: Option<&str>) -> anyhow::Result<()> {
        let Some(issuer) = issuer else {
            let why = "nobody registered it, and it names no issuer by a DID";
            self.add("signature", Err(why.to_owned()), None);
            return Ok(());
        };
        let begun = self.certificate.period.from.0;
        let latest = Question::latest(issuer);
        let then = Question { version_time: Some(time::format(begun)), ..latest.clone() };
        let mut verdict = None;
        let mut why = format!("no key with which {issuer} asserts has made it");
        for question in [latest, then] {
            let keys = self.keys(&question, begun)?;
            verdict = keys.verdict;
            match keys.found {
                Ok(known) => {
                    let mut asserting = known.iter().filter(|method| method.asserts);
                    let signed = |method: &&Method| self.certificate.is_signed_by(&method.key);
                    if let Some(method) = asserting.find(signed) {
                        self.add("signature", Ok(format!("by {}", method.id)), verdict);
                        return Ok(());
                    }
                }
                Err(unresolved) if question.version_time.is_none() => why = unresolved,
                Err(_) => {}
            }
        }
        self.add("signature", Err(why), verdict);
        Ok(())
    }

    fn keys(&mut self, question: &Question, moment: u64) -> anyhow::Result<Keys> {
        let did = &question.did;
        if let Err(failure) = question.key(&self.trust.network) {
            let found = Err(format!("{did} cannot be resolved here: {}", failure.code()));
            return Ok(Keys { found, verdict: None });
        }
        let (body, verdict) = answered(self.client, question, Some(&mut self.trust), self.args)?;
        let answer: Value = serde_json::from_slice(&body)?;
        let document = answer.get("didDocument").filter(|document| document.is_object());
        let found = match document {
            Some(document) => Ok(methods(document, moment)),
            None if answer.pointer("/didDocumentMetadata/deactivated").is_some() => {
                Err(format!("{did} is deactivated"))
            }
            None => Err(format!("{did} is not registered")),
        };
        Ok(Keys { found, verdict })
    }
}

/// What was found as it must be, or what is wrong.
type Found = Result<String, String>;

/// Nothing holds that a node's unproven answer shows.
fn finding(check: &'static str, found: Found, verdict: Option<Verdict>) -> Finding {
    let proven = verdict.as_ref().is_none_or(Verdict::is_valid);
    let holds = found.is_ok() && proven;
    let (Ok(found) | Err(found)) = found;
    Finding { check, holds, found, verdict }
}
