//! Events on their way from bytes to changes: `SignedEvent` (well formed), `CheckedEvent` (every
//! signature holds), and then the rules of its kind.

use proofs::{Block, Hash, Tag, tagged};

use crate::authority::{self, Class, Power};
use crate::events::Body;
use crate::governance::decision;
use crate::integrity::{PROOFS_MAX, Proof, Secured, SignatureCheck};
use crate::json::{self, JsonError, Layout};
use crate::multikey::PublicKey;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::{did, time};

/// How far ahead of block time `validUntil` may lie, in milliseconds: seven days.
pub const VALIDITY_MAX: u64 = 7 * 24 * 3600 * 1000;

/// The context that every event names first, so that every library hashes the same bytes. It is
/// never fetched.
pub const CONTEXT: &str = "https://w3id.org/security/data-integrity/v2";

/// The members of an event that every kind has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The network's name.
    pub network: String,
    /// Whose event it is: a DID.
    pub author: String,
    /// Milliseconds since 1970; after that the event has no effect.
    pub valid_until: u64,
    /// The `domain` that all proofs name.
    pub domain: String,
    /// The author's side: proofs of purpose `capabilityInvocation`.
    pub signers: Vec<Signer>,
    /// Proofs of purpose `assertionMethod` over all of the author's proofs.
    pub endorsers: Vec<Signer>,
    /// Hash of the canonical bytes without `proof`, as the event's id.
    pub id: Hash,
}

/// Who signed: a key of a DID. The key stands in the verification method itself, so a signature is
/// checked without any state; whether the key may sign is for the rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signer {
    /// The DID.
    pub did: String,
    /// Its key, a multikey.
    pub key: String,
}

/// An event that is well formed: canonical, within limits, of a known kind, with readable proofs.
/// Its signatures are not yet verified.
#[derive(Debug, Clone)]
pub struct SignedEvent {
    bytes: Vec<u8>,
    hash: Hash,
    envelope: Envelope,
    body: Body,
    checks: Vec<SignatureCheck>,
}

/// An event all of whose signatures hold. What it may change is decided against the state.
#[derive(Debug, Clone)]
pub struct CheckedEvent(SignedEvent);

impl SignedEvent {
    /// Reads an event. Nothing here depends on the state.
    ///
    /// # Errors
    /// What is wrong with the bytes, the members, the proofs or the kind's own members.
    pub fn parse(bytes: &[u8]) -> Result<SignedEvent, Rejection> {
        SignedEvent::parse_hashed(bytes, bytes_hash(bytes))
    }

    /// As [`SignedEvent::parse`], for a caller that has the [`bytes_hash`] already.
    ///
    /// # Errors
    /// As [`SignedEvent::parse`].
    pub fn parse_hashed(bytes: &[u8], hash: Hash) -> Result<SignedEvent, Rejection> {
        let layout = json::check_canonical(bytes, Block::EVENT_BYTES_MAX)?;
        let secured = Secured::read(&layout)?;
        let methods = read_methods(&secured)?;
        let (envelope, kind) = read_envelope(&layout, &secured, &methods)?;
        let body = Body::read(&kind, &layout.without_all(&ENVELOPE))?;
        body.kind().check(&envelope, secured.unsecured())?;
        let mut keys = methods.into_iter().map(|(_, key)| key);
        let checks = secured.checks(|_| keys.next())?;
        Ok(SignedEvent { hash, bytes: bytes.to_vec(), envelope, body, checks })
    }

    /// The signatures that must all hold.
    pub fn checks(&self) -> &[SignatureCheck] {
        &self.checks
    }

    /// Verifies every signature, one after another.
    ///
    /// # Errors
    /// The first that does not hold.
    pub fn verify(self) -> Result<CheckedEvent, Rejection> {
        match self.checks.iter().position(|check| !check.verify()) {
            None => Ok(CheckedEvent(self)),
            Some(at) => Err(self.bad_signature(at)),
        }
    }

    /// The rejection for the check at position `at`, where a batch found that it does not hold.
    pub fn bad_signature(&self, at: usize) -> Rejection {
        let key = self.checks.get(at).map(|check| check.key.to_string());
        Rejection::Signature { method: key.unwrap_or_default() }
    }

    /// The next stage, for a caller that has verified every one of [`SignedEvent::checks`] itself,
    /// in a batch.
    pub fn into_checked(self) -> CheckedEvent {
        CheckedEvent(self)
    }

    /// Hash of the full bytes, proofs included.
    pub fn hash(&self) -> Hash {
        self.hash
    }
}

/// Hash of an event's full bytes, proofs included: how a mempool names it.
pub fn bytes_hash(bytes: &[u8]) -> Hash {
    Hash(*blake3::hash(bytes).as_bytes())
}

/// The id of the event with these canonical bytes.
///
/// # Errors
/// They are not canonical JSON.
pub fn id_of(event: &[u8]) -> Result<Hash, JsonError> {
    let layout = json::check_canonical(event, Block::EVENT_BYTES_MAX)?;
    Ok(event_id(&layout.without("proof")))
}

/// The id of the event with these canonical bytes without `proof`.
fn event_id(unsecured: &[u8]) -> Hash {
    tagged(Tag::Event, &[unsecured])
}

impl CheckedEvent {
    /// The canonical bytes, as they were signed and as the log holds them.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The event's id: it does not depend on the proofs.
    pub fn id(&self) -> Hash {
        self.0.envelope.id
    }

    /// Hash of the full bytes, proofs included.
    pub fn hash(&self) -> Hash {
        self.0.hash
    }

    /// The kind's name.
    pub fn kind(&self) -> &'static str {
        self.0.body.name()
    }

    /// The author's DID.
    pub fn author(&self) -> &str {
        &self.0.envelope.author
    }

    /// Who answers for the load that it makes: the endorser, else the author.
    pub fn principal(&self) -> &str {
        self.0.envelope.endorsers.first().map_or(self.author(), |endorser| &endorser.did)
    }

    /// The record that it changes; one event may be pending for each.
    pub fn subject(&self) -> String {
        self.0.body.kind().subject(&self.0.envelope)
    }

    /// Milliseconds since 1970; after that it has no effect.
    pub fn valid_until(&self) -> u64 {
        self.0.envelope.valid_until
    }

    /// What it costs to check, in the unit of a block's budget: about a microsecond.
    pub fn cost(&self) -> u64 {
        let signatures: u64 = self.0.checks.iter().map(|check| check.key.suite().cost).sum();
        let bytes = u64::try_from(self.0.bytes.len()).unwrap_or(u64::MAX) / 64;
        signatures + bytes + self.0.body.kind().cost()
    }

    /// Decides the event against the state.
    ///
    /// # Errors
    /// Why it changes nothing.
    pub fn apply(&self, context: &Context, view: &dyn View) -> Result<Vec<Change>, Rejection> {
        let envelope = &self.0.envelope;
        check_network(envelope, context)?;
        if envelope.valid_until < context.time {
            return Err(Rejection::Expired(time::format(envelope.valid_until)));
        }
        if envelope.valid_until > context.time.saturating_add(VALIDITY_MAX) {
            return Err(Rejection::ValidTooLong);
        }
        match self.0.body.rule().class() {
            Some(class) if class.is_time_locked() && context.decided.is_none() => {
                self.decide(class, context, view)
            }
            _ => self.0.body.kind().apply(envelope, context, view),
        }
    }

    /// What the Governing Body decides by signatures alone and must wait for: the signatures start
    /// the time-lock, as votes would. Other powers of the kind's rule act at once.
    fn decide(
        &self,
        class: Class,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let SignedEvent { envelope, body, .. } = &self.0;
        let power = authority::acting(body.rule(), envelope, context, view)?;
        if power != Power::GoverningBody(class) {
            return body.kind().apply(envelope, context, view);
        }
        let text = json::check_canonical(&self.0.bytes, Block::EVENT_BYTES_MAX)?;
        let others: Vec<&str> = ENVELOPE.into_iter().filter(|name| *name != "type").collect();
        let text = String::from_utf8_lossy(&text.without_all(&others)).into_owned();
        decision::open(&text, None, envelope, context, view)
    }
}

/// Inception events inside genesis, which cannot contain its hash, name the network alone.
fn check_network(envelope: &Envelope, context: &Context) -> Result<(), Rejection> {
    let domain = context.domain();
    if envelope.network == context.network && envelope.domain == domain {
        return Ok(());
    }
    let found = format!("{} ({})", envelope.network, envelope.domain);
    Err(Rejection::Network { found, expected: format!("{} ({domain})", context.network) })
}

const ENVELOPE: [&str; 7] =
    ["@context", "author", "created", "network", "proof", "type", "validUntil"];

fn read_envelope(
    layout: &Layout<'_>,
    secured: &Secured<'_>,
    methods: &[(Signer, PublicKey)],
) -> Result<(Envelope, String), Rejection> {
    let context: Vec<serde_json::Value> = member(layout, "@context")?;
    if context.first().and_then(serde_json::Value::as_str) != Some(CONTEXT) {
        return Err(Rejection::Members(format!(
            "`@context` is an array that begins with `{CONTEXT}`"
        )));
    }
    let author: String = member(layout, "author")?;
    did::NdiDid::parse(&author)
        .map_err(|error| Rejection::Members(format!("`author`: {error}")))?;
    let network: String = member(layout, "network")?;
    moment(layout, "created")?;
    let valid_until = moment(layout, "validUntil")?;
    let kind = member(layout, "type")?;
    let (domain, signers, endorsers) = read_signers(secured, methods)?;
    let id = event_id(secured.unsecured());
    let envelope = Envelope { network, author, valid_until, domain, signers, endorsers, id };
    Ok((envelope, kind))
}

fn member<T: serde::de::DeserializeOwned>(layout: &Layout<'_>, name: &str) -> Result<T, Rejection> {
    let text =
        layout.member(name).ok_or_else(|| Rejection::Members(format!("`{name}` is missing")))?;
    serde_json::from_slice(text).map_err(|error| Rejection::Members(format!("`{name}`: {error}")))
}

fn moment(layout: &Layout<'_>, name: &str) -> Result<u64, Rejection> {
    let text: String = member(layout, name)?;
    time::parse(&text).ok_or_else(|| {
        Rejection::Members(format!("`{name}` is a time written as 2026-01-31T12:00:00Z"))
    })
}

/// Sorts the proofs into the author's and the endorsers', by the profile: one domain, two purposes,
/// an endorsement stands over all of the author's proofs, and no member that nobody would enforce.
fn read_signers(
    secured: &Secured<'_>,
    methods: &[(Signer, PublicKey)],
) -> Result<(String, Vec<Signer>, Vec<Signer>), Rejection> {
    debug_assert!(secured.proofs().len() <= PROOFS_MAX);
    let mut domain = None;
    let (mut signers, mut endorsers) = (Vec::new(), Vec::new());
    let own = secured.proofs().iter().filter(|proof| proof.previous_proof.is_none()).count();
    for (at, (proof, (signer, _))) in secured.proofs().iter().zip(methods).enumerate() {
        let wrong = |problem| profile(proof, problem);
        if proof.challenge.is_some() || proof.expires.is_some() || proof.nonce.is_some() {
            return Err(wrong("has a challenge, nonce or expires, which events do not take"));
        }
        let named = proof.domain.as_ref().ok_or_else(|| wrong("names no domain"))?;
        if *domain.get_or_insert(named) != named {
            return Err(wrong("names another domain than the others"));
        }
        match (proof.proof_purpose.as_str(), proof.previous_proof.is_some()) {
            ("capabilityInvocation", false) => signers.push(signer.clone()),
            ("assertionMethod", true) if secured.previous(at).len() == own => {
                endorsers.push(signer.clone());
            }
            ("assertionMethod", true) => {
                return Err(wrong("does not endorse each of the author's proofs"));
            }
            _ => return Err(wrong("is neither capabilityInvocation nor an endorsement")),
        }
    }
    if signers.is_empty() {
        return Err(Rejection::Members("there is no proof by the author".into()));
    }
    Ok((domain.cloned().unwrap_or_default(), signers, endorsers))
}

/// Who signed each proof: the DID and the key that its verification method names, which is written
/// `<did>#<multikey>`.
fn read_methods(secured: &Secured<'_>) -> Result<Vec<(Signer, PublicKey)>, Rejection> {
    let read = |proof: &Proof| {
        let (did, key) = proof.verification_method.split_once('#')?;
        did::NdiDid::parse(did).ok()?;
        let public = PublicKey::named(key).ok()?;
        Some((Signer { did: did.to_owned(), key: key.to_owned() }, public))
    };
    let form = "names no verification method of the form did:ndi:…#multikey";
    let method = |proof| read(proof).ok_or_else(|| profile(proof, form));
    secured.proofs().iter().map(method).collect()
}

fn profile(proof: &Proof, problem: &'static str) -> Rejection {
    Rejection::ProofProfile { method: proof.verification_method.clone(), problem }
}
