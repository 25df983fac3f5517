//! The trust registry's first day: who may issue, ask, list and certify, and what ends that. The
//! organisations and types are of the kinds that the country's services use.

use registry::governance::document;
use registry::oversight::Appeal;
use registry::resource;
use registry::time;
use registry::trust::listing::key;
use registry::trust::{
    Authorization, Certificate, CredentialType, DPKI_CERTIFICATE, Entity, Grant, PresentationType,
    Recognition, Registry, credential_type,
};
use serde_json::{Value, json};

use super::stage::{Actor, Stage};
use crate::certificate::X509;
use crate::clock::now_ms;

/// The types that the day begins with.
const FOUNDATIONAL: &str = "FoundationalID";
const LICENCE: &str = "DrivingLicence";
const TRANSCRIPT: &str = "AcademicTranscript";
const ACCOUNT_OPENING: &str = "account-opening";

/// What a trust registry's service speaks (ToIP, Trust Registry Query Protocol 2.0).
const TRQP: &str = "https://trustoverip.org/profiles/trp/v2";

/// Those who list and decide.
struct Offices {
    administration: Actor,
    governors: Vec<Actor>,
}

impl Offices {
    /// Three members, whom an ordinary decision takes.
    fn body(&self) -> Vec<&Actor> {
        self.governors.iter().collect()
    }
}

pub(super) fn play(stage: &mut Stage) -> anyhow::Result<()> {
    let governors = [1, 2, 3].map(|seat| stage.actor(&format!("governor-{seat}")));
    let offices = Offices {
        administration: stage.actor("administrative-body")?,
        governors: governors.into_iter().collect::<anyhow::Result<_>>()?,
    };
    the_registry(stage, &offices)?;
    the_types(stage, &offices)?;
    let transport = an_issuer(stage, &offices)?;
    a_verifier(stage, &offices)?;
    a_delegated_registry(stage, &offices)?;
    a_certificate_and_an_appeal(stage, &offices, &transport)?;
    a_foreign_scheme(stage, &offices)
}

/// TRQP 2.0: whoever knows the authority's DID finds its framework and where to ask.
fn the_registry(stage: &mut Stage, offices: &Offices) -> anyhow::Result<()> {
    stage.begin("The registry's DID says under what rules and where it answers (s.90 to s.93)");
    let framework = stage.proven(&document::key("framework"))?;
    let framework = framework["languages"]["en"]["uri"].clone();
    let registry = json!({ "profile": TRQP, "uri": stage.client.url() });
    let services = [
        ("governance-framework", "GovernanceFramework", framework),
        ("trust-registry", "TrustRegistry", registry),
    ];
    stage.offer(&offices.administration, &services)?;
    stage.say("so a resolver that knows nothing but the DID finds both");
    Ok(())
}

fn the_types(stage: &mut Stage, offices: &Offices) -> anyhow::Result<()> {
    stage.begin("What may be issued and asked for: credential types, with schemas (s.46, s.48)");
    let registrar = stage.newcomer("civil-registry")?;
    for (name, base) in
        [(FOUNDATIONAL, None), (LICENCE, Some(FOUNDATIONAL)), (TRANSCRIPT, Some(FOUNDATIONAL))]
    {
        let schema = schema(stage, &registrar, name)?;
        let mut members = json!({ "name": name, "schema": schema });
        match base {
            Some(base) => members["base"] = base.into(),
            None => members["foundational"] = true.into(),
        }
        let by = if base.is_some() { vec![&offices.administration] } else { offices.body() };
        stage.supersede(&mut members, &credential_type::key::<CredentialType>(name))?;
        stage.act("CredentialTypeSpecified", &by, members)?;
    }
    let mut members = json!({
        "attributes": ["fullName", "address"],
        "from": [FOUNDATIONAL],
        "name": ACCOUNT_OPENING,
        "purpose": "opening of a bank account",
    });
    stage.supersede(&mut members, &credential_type::key::<PresentationType>(ACCOUNT_OPENING))?;
    stage.act("PresentationTypeSpecified", &offices.body(), members)?;
    Ok(())
}

/// A schema that this DID publishes; its DID URL.
fn schema(stage: &mut Stage, publisher: &Actor, name: &str) -> anyhow::Result<String> {
    let did = publisher.did();
    let content =
        json!({ "issuerId": did, "name": name, "version": "1.0", "attrNames": ["fullName"] });
    let id = resource::id(&registry::json::canonical(&content)?);
    let members = json!({
        "content": content,
        "resourceName": name,
        "resourceType": "anonCredsSchema",
        "resourceVersion": "1.0",
    });
    stage.act("SchemaPublished", &[publisher], members)?;
    Ok(resource::uri(did, &id))
}

fn an_issuer(stage: &mut Stage, offices: &Offices) -> anyhow::Result<Actor> {
    stage.begin("An issuer is on-boarded and authorised for one type (s.44, s.47)");
    let transport = stage.newcomer("transport-authority")?;
    let office = [&offices.administration];
    let grant = grant(&offices.administration, &transport, "issue", LICENCE);
    stage.say("authorised before it is listed, it is refused:");
    stage.refused_act("AuthorizationGranted", &office, grant.clone())?;
    let members = listing(&transport, "Road safety and transport authority", "issuer");
    stage.act("EntityRegistered", &office, members)?;
    stage.act("AuthorizationGranted", &office, grant.clone())?;
    stage.say("foundational identity is for the Governing Body to entrust (s.48):");
    let foundational = json!({ "resource": FOUNDATIONAL });
    stage.refused_act("AuthorizationGranted", &office, merged(&grant, &foundational))?;
    stage.proven(&key::<Entity>(transport.did()))?;
    stage.proven(&key::<Authorization>(&grant_id(&grant)))?;
    Ok(transport)
}

fn a_verifier(stage: &mut Stage, offices: &Offices) -> anyhow::Result<()> {
    stage.begin("A verifier may ask for what it was authorised for, until it is suspended (s.51)");
    let bank = stage.newcomer("bank")?;
    let office = [&offices.administration];
    stage.act("EntityRegistered", &office, listing(&bank, "Bank", "verifier"))?;
    let grant = grant(&offices.administration, &bank, "request", ACCOUNT_OPENING);
    stage.act("AuthorizationGranted", &office, grant.clone())?;
    let id = grant_id(&grant);
    let record = key::<Authorization>(&id);
    let mut suspension = json!({ "ground": "contravention", "subject": id });
    stage.supersede(&mut suspension, &record)?;
    stage.say("it collects more than it may; the Administrative Body suspends it:");
    stage.act("AuthorizationSuspended", &office, suspension)?;
    state(stage, &record)?;
    let mut back = json!({ "subject": id });
    stage.supersede(&mut back, &record)?;
    stage.say("it may not lift that itself:");
    stage.refused_act("AuthorizationReinstated", &[&bank], back.clone())?;
    stage.act("AuthorizationReinstated", &office, back)?;
    state(stage, &record)
}

fn a_delegated_registry(stage: &mut Stage, offices: &Offices) -> anyhow::Result<()> {
    stage.begin("A delegated registry lists within its scope, and ends with all it listed (s.94)");
    let education = stage.newcomer("education-registry")?;
    let university = stage.newcomer("university")?;
    let office = [&offices.administration];
    let website = json!("https://education-registry.example.bt/");
    stage.offer(&education, &[("site", "LinkedDomains", website)])?;
    let role = "delegated-trust-registry";
    certified(stage, offices, &education, role)?;
    let delegation = json!({
        "consultation": digest("consultation"),
        "depth": 0,
        "period": year(),
        "registry": education.did(),
        "scope": { "actions": ["issue", "run-registry"], "resources": ["Academic*", "issuer"] },
    });
    stage.act("RegistryDelegated", &office, delegation)?;
    stage.act("EntityRegistered", &[&education], listing(&university, "University", "issuer"))?;
    let grant = grant(&education, &university, "issue", TRANSCRIPT);
    stage.act("AuthorizationGranted", &[&education], grant.clone())?;
    stage.say("beyond its scope it grants nothing:");
    let licence = json!({ "resource": LICENCE });
    stage.refused_act("AuthorizationGranted", &[&education], merged(&grant, &licence))?;
    let record = key::<Registry>(education.did());
    let mut end = json!({ "ground": "non-conformance", "subject": education.did() });
    stage.supersede(&mut end, &record)?;
    stage.say("discontinued, it lists nobody any more, in the same block (s.98):");
    stage.act("RegistryDiscontinued", &office, end)?;
    state(stage, &record)?;
    let later = json!({ "previousVersion": 1, "period": year() });
    stage.refused_act("AuthorizationGranted", &[&education], merged(&grant, &later))
}

fn a_certificate_and_an_appeal(
    stage: &mut Stage,
    offices: &Offices,
    holder: &Actor,
) -> anyhow::Result<()> {
    stage.begin("A certificate is suspended; its holder appeals and is right (s.37 to s.43)");
    let office = [&offices.administration];
    stage.say("the Administrative Body publishes the key that it certifies with:");
    stage.publish_key(&offices.administration)?;
    let der = stage.certify(&offices.administration, holder)?;
    let certificate = X509::read(&der)?;
    let fingerprint = certificate.fingerprint.as_str();
    let record = key::<Certificate>(fingerprint);
    stage.act("CertificateRegistered", &office, certificate.registration(None))?;
    stage.say("anyone checks the X.509 certificate against the ledger:");
    stage.check_certificate(&der, &[])?;
    let revoker = stage.newcomer("revoker")?;
    certified(stage, offices, &revoker, "revocation-service-provider")?;
    let revocation = grant(&offices.administration, &revoker, "revoke", DPKI_CERTIFICATE);
    stage.act("AuthorizationGranted", &office, revocation)?;
    let mut suspension = json!({
        "authority": offices.administration.did(),
        "ground": "contravention",
        "reference": digest("finding"),
        "subject": fingerprint,
    });
    stage.supersede(&mut suspension, &record)?;
    stage.say("the Administrative Body itself may not, a revocation service provider may (s.87):");
    stage.refused_act("CertificateSuspended", &office, suspension.clone())?;
    let decision = stage.act("CertificateSuspended", &[&revoker], suspension)?;
    stage.check_certificate(&der, &["status"])?;
    let appeal = json!({
        "certificate": fingerprint,
        "decision": decision,
        "received": stage.now()?,
        "reference": digest("appeal"),
        "respondent": revoker.did(),
    });
    let appeal = stage.act("AppealFiled", &[holder], appeal)?.to_string();
    let filed = stage.proven(&Appeal::key(&appeal))?;
    let due = filed["due"].as_str().unwrap_or("?");
    stage.say(&format!("to be decided by {due}: five working days (s.43)"));
    let mut outcome =
        json!({ "appeal": appeal, "outcome": "upheld", "reference": digest("outcome") });
    stage.supersede(&mut outcome, &Appeal::key(&appeal))?;
    stage.act("AppealDecided", &office, outcome)?;
    let mut back = json!({ "subject": fingerprint });
    stage.supersede(&mut back, &record)?;
    stage.act("CertificateReinstated", &office, back)?;
    stage.check_certificate(&der, &[])
}

fn a_foreign_scheme(stage: &mut Stage, offices: &Offices) -> anyhow::Result<()> {
    stage.begin("A foreign scheme is recognised, with consent, for one type (s.128)");
    let authority = offices.administration.did();
    let foreign = "did:web:trust.example.org";
    let id = Grant { action: "issue", authority, entity: foreign, resource: TRANSCRIPT }.id();
    let mut members = json!({
        "action": "issue",
        "authority": authority,
        "consent": document("consent"),
        "entity": foreign,
        "period": year(),
        "resource": TRANSCRIPT,
    });
    stage.supersede(&mut members, &key::<Recognition>(&id))?;
    stage.say("the Administrative Body alone does not recognise anyone:");
    stage.refused_act("RecognitionGranted", &[&offices.administration], members.clone())?;
    stage.act("RecognitionGranted", &offices.body(), members)?;
    stage.proven(&key::<Recognition>(&id))?;
    Ok(())
}

/// On-boards a provider of a trust service: certified first, then listed (s.79).
fn certified(
    stage: &mut Stage,
    offices: &Offices,
    entity: &Actor,
    role: &str,
) -> anyhow::Result<()> {
    let office = [&offices.administration];
    let certification = json!({ "entity": entity.did(), "period": year(), "role": role });
    let id = stage.act("CertificationIssued", &office, certification)?;
    let mut members = listing(entity, entity.name(), role);
    members["particulars"]["certifications"] = json!({ role: id });
    members["particulars"]["website"] = format!("https://{}.example.bt/", entity.name()).into();
    members["particulars"]["limitsOfUse"] = document("limits");
    stage.act("EntityRegistered", &office, members)?;
    Ok(())
}

/// Says in which state a listing is, proven.
fn state(stage: &mut Stage, key: &str) -> anyhow::Result<()> {
    let listed = stage.proven(key)?;
    let state = listed.pointer("/status/state").and_then(Value::as_str).unwrap_or("?");
    let ground = listed.pointer("/status/ground").and_then(Value::as_str);
    let ground = ground.map(|ground| format!(", on the ground of {ground}")).unwrap_or_default();
    stage.say(&format!("it is {state}{ground}"));
    Ok(())
}

fn grant(authority: &Actor, entity: &Actor, action: &str, resource: &str) -> Value {
    json!({
        "action": action,
        "authority": authority.did(),
        "entity": entity.did(),
        "period": year(),
        "resource": resource,
    })
}

fn grant_id(grant: &Value) -> String {
    let text = |name: &str| grant.get(name).and_then(Value::as_str).unwrap_or_default();
    let (action, resource) = (text("action"), text("resource"));
    Grant { action, authority: text("authority"), entity: text("entity"), resource }.id()
}

fn listing(entity: &Actor, name: &str, role: &str) -> Value {
    json!({
        "entity": entity.did(),
        "particulars": { "jurisdiction": "BT", "name": { "en": name }, "roles": [role] },
    })
}

fn merged(members: &Value, others: &Value) -> Value {
    crate::document::merge(members.clone(), others.clone())
}

/// A year from now.
fn year() -> Value {
    let now = now_ms();
    json!({ "from": time::format(now), "until": time::format(now + 365 * 86_400_000) })
}

fn document(name: &str) -> Value {
    json!({ "sha256": digest(name), "uri": format!("https://documents.example.bt/{name}") })
}

/// What stands for the hash of a document that the demonstration does not have.
fn digest(text: &str) -> String {
    blake3::hash(format!("{text} {}", now_ms()).as_bytes()).to_hex().to_string()
}
