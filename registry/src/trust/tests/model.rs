//! Random events by random authors against a reference model: a second, plainer statement of who
//! may do what, and of what counts. Not one difference is allowed.

mod play;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::*;

const ROLES: [&str; 6] = [
    "issuer",
    "verifier",
    "delegated-trust-registry",
    "certification-service-provider",
    "revocation-service-provider",
    "custodial-wallet-provider",
];

/// A life: `""` is active, else the ground; and whether it is over.
#[derive(Clone, Default)]
struct Life {
    ground: &'static str,
    over: bool,
}

impl Life {
    fn counts(&self) -> bool {
        self.ground.is_empty()
    }

    fn leads_to(&self, step: &str) -> bool {
        match step {
            "suspend" => self.counts(),
            "return" => !self.counts() && !self.over,
            _ => !self.over,
        }
    }

    fn go(&mut self, step: &str, ground: &'static str) {
        self.ground = if step == "return" { "" } else { ground };
        self.over = step == "revoke";
    }
}

struct ModelEntity {
    particulars: Value,
    registrar: u8,
    life: Life,
}

struct ModelCertificate {
    certifier: u8,
    entity: u8,
    role: &'static str,
    life: Life,
}

struct ModelRegistry {
    parent: u8,
    depth: u64,
    actions: BTreeSet<&'static str>,
    resources: Vec<&'static str>,
    life: Life,
}

/// Who signs: an author alone, three governors, or an author and somebody who has no say.
#[derive(Clone, Copy)]
enum Signed {
    Alone(u8),
    Governors,
    WithAnother(u8),
}

type Words = (u8, u8, &'static str, &'static str);

#[derive(Default)]
struct Model {
    entities: BTreeMap<u8, ModelEntity>,
    certificates: BTreeMap<String, ModelCertificate>,
    registries: BTreeMap<u8, ModelRegistry>,
    grants: BTreeMap<Words, Life>,
}

fn covers(patterns: &[&str], wanted: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(beginning) => wanted.trim_end_matches('*').starts_with(beginning),
        None => *pattern == wanted,
    })
}

fn has(particulars: &Value, role: &str) -> bool {
    particulars["roles"].as_array().unwrap().iter().any(|held| held == role)
}

impl Model {
    /// What [`World::nation`] makes.
    fn of(world: &World) -> Model {
        let mut model = Model::default();
        for (byte, role) in [
            (UNIVERSITY, ROLES[0]),
            (BANK, ROLES[1]),
            (REGISTRY, ROLES[2]),
            (COLLEGES, ROLES[2]),
            (CERTIFIER, ROLES[3]),
            (REVOKER, ROLES[4]),
        ] {
            let content = &world.records[&format!("entity/{}", world.did(byte))].content;
            let content: Value = serde_json::from_str(content.get()).unwrap();
            let particulars = content["listing"]["particulars"].clone();
            if let Some(id) = particulars["certifications"][role].as_str() {
                let life = Life::default();
                let made = ModelCertificate { certifier: AB, entity: byte, role, life };
                model.certificates.insert(id.to_owned(), made);
            }
            let made = ModelEntity { particulars, registrar: AB, life: Life::default() };
            model.entities.insert(byte, made);
        }
        let registry = ModelRegistry {
            parent: AB,
            depth: 1,
            actions: ["delegate", "issue", "run-registry"].into(),
            resources: vec!["AcademicTranscript", "Degree*"],
            life: Life::default(),
        };
        model.registries.insert(REGISTRY, registry);
        model
    }

    fn certified(&self, byte: u8, particulars: &Value) -> bool {
        particulars["roles"].as_array().unwrap().iter().all(|role| {
            let role = role.as_str().unwrap();
            let id = particulars["certifications"][role].as_str();
            let found = id.and_then(|id| self.certificates.get(id));
            ["issuer", "verifier"].contains(&role)
                || found.is_some_and(|c| c.entity == byte && c.role == role && c.life.counts())
        })
    }

    fn stands(&self, byte: u8, role: &str) -> bool {
        self.entities.get(&byte).is_some_and(|entity| {
            let one = json!({
                "roles": [role], "certifications": entity.particulars["certifications"],
            });
            entity.life.counts() && has(&entity.particulars, role) && self.certified(byte, &one)
        })
    }

    fn chain(&self, byte: u8, covered: &dyn Fn(&ModelRegistry) -> bool) -> bool {
        byte == AB
            || self.registries.get(&byte).is_some_and(|registry| {
                registry.life.counts()
                    && covered(registry)
                    && self.stands(byte, "delegated-trust-registry")
                    && self.chain(registry.parent, covered)
            })
    }

    fn runs_registry(&self, byte: u8) -> bool {
        byte != AB && self.chain(byte, &|_| true)
    }

    fn counts(&self, words: Words) -> bool {
        let (authority, entity, action, resource) = words;
        let role = match action {
            "issue" => "issuer",
            "request" => "verifier",
            "certify" => "certification-service-provider",
            _ => "revocation-service-provider",
        };
        self.grants.get(&words).is_some_and(Life::counts)
            && self.stands(entity, role)
            && self
                .chain(authority, &|r| r.actions.contains(action) && covers(&r.resources, resource))
    }

    /// Who may move an entity or an authorization, by the ground of the step or of the suspension.
    fn may_move(&self, signed: Signed, step: &str, ground: &str, granter: u8, subject: u8) -> bool {
        let known = match step {
            "suspend" | "return" => ground != "non-conformance" && ground != "reliability",
            _ => ground != "curable-non-conformance" && ground != "reliability",
        };
        let granted = |by: u8| by == granter && (by == AB || self.runs_registry(by));
        match (ground, signed) {
            _ if !known => false,
            ("national-security", Signed::Governors) => true,
            ("national-security", _) => false,
            ("court-order", Signed::Alone(by)) => by == AB,
            ("on-request", Signed::Alone(by)) if step == "return" => by == subject,
            ("on-request", Signed::Alone(by)) => by == subject || by == AB || granted(by),
            (_, Signed::Alone(by)) => by == AB || granted(by),
            _ => false,
        }
    }

    fn may_list(&self, signed: Signed, particulars: &Value) -> bool {
        let Signed::Alone(by) = signed else { return false };
        by == AB
            || self.runs_registry(by) && {
                let registry = &self.registries[&by];
                particulars["roles"].as_array().unwrap().iter().all(|role| match role.as_str() {
                    Some("issuer") => registry.actions.contains("issue"),
                    Some("verifier") => registry.actions.contains("request"),
                    Some("custodial-wallet-provider") => {
                        registry.actions.contains("provide-wallet")
                    }
                    _ => false,
                })
            }
    }

    fn may_certify(&self, signed: Signed, entity: u8, role: &'static str) -> bool {
        match signed {
            Signed::Alone(AB) => entity != AB,
            Signed::Alone(by) => {
                role == "custodial-wallet-provider"
                    && entity != by
                    && self.counts((AB, by, "certify", role))
            }
            _ => false,
        }
    }

    fn may_move_certificate(&self, signed: Signed, step: &str, ground: &str, id: &str) -> bool {
        let Signed::Alone(by) = signed else { return false };
        let certificate = &self.certificates[id];
        let provider = by == AB || self.counts((AB, by, "revoke", certificate.role));
        match (step, ground) {
            ("suspend", "on-request" | "curable-non-conformance") => provider,
            ("revoke", "non-conformance") => provider,
            ("return", "on-request") => by == certificate.entity,
            ("return", "curable-non-conformance") => {
                by == certificate.certifier && (by == AB || self.stands(by, ROLES[3]))
            }
            _ => false,
        }
    }

    fn may_grant(&self, signed: Signed, words: Words) -> bool {
        let (authority, entity, action, resource) = words;
        let right = match signed {
            Signed::Governors => authority == AB,
            Signed::WithAnother(_) => false,
            Signed::Alone(by) if by == AB => authority == AB && resource != "FoundationalID",
            Signed::Alone(by) => {
                let covered = |registry: &ModelRegistry| {
                    registry.actions.contains(action) && covers(&registry.resources, resource)
                };
                by == authority && self.runs_registry(by) && covered(&self.registries[&by])
            }
        };
        let role = match action {
            "issue" => ROLES[0],
            "request" => ROLES[1],
            "certify" => ROLES[3],
            _ => ROLES[4],
        };
        let before = self.grants.get(&words);
        right
            && (action, resource) != ("certify", "delegated-trust-registry")
            && self.stands(entity, role)
            && before.is_none_or(|life| life.counts() || life.over)
            && (matches!(signed, Signed::Governors)
                || before.is_none_or(|life| life.ground != "national-security"))
    }

    fn may_delegate(
        &self,
        signed: Signed,
        registry: u8,
        actions: &[&str],
        resource: &str,
        depth: u64,
    ) -> bool {
        let Signed::Alone(by) = signed else { return false };
        let right = match self.registries.get(&by) {
            _ if by == AB => depth < 2,
            Some(parent) if self.runs_registry(by) => {
                parent.actions.contains("delegate")
                    && covers(&parent.resources, resource)
                    && actions.iter().all(|action| parent.actions.contains(action))
                    && depth < parent.depth
            }
            _ => false,
        };
        right && self.stands(registry, ROLES[2]) && !self.registries.contains_key(&registry)
    }

    fn may_discontinue(&self, signed: Signed, ground: &str, registry: u8) -> bool {
        let found = &self.registries[&registry];
        let above = |by: u8| by == AB || by == found.parent && self.runs_registry(by);
        !found.life.over
            && match (ground, signed) {
                ("national-security", Signed::Governors) => true,
                ("non-conformance" | "contravention", Signed::Alone(by)) => above(by),
                ("court-order", Signed::Alone(by)) => by == AB,
                ("on-request", Signed::Alone(by)) => above(by) || by == registry,
                _ => false,
            }
    }
}
