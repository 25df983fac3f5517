//! The random events, played to the world and to the model beside it.

use serde_json::json;

use super::*;

const ACTORS: [u8; 11] =
    [1, AB, SECRETARY, CERTIFIER, REVOKER, UNIVERSITY, BANK, REGISTRY, COLLEGES, WALLETS, STRANGER];
const GROUNDS: [&str; 7] = [
    "on-request",
    "curable-non-conformance",
    "non-conformance",
    "contravention",
    "court-order",
    "national-security",
    "reliability",
];
const GRANTS: [(&str, &str); 7] = [
    ("issue", "DegreeCertificate"),
    ("issue", "DrivingLicence"),
    ("issue", "FoundationalID"),
    ("request", "account-opening"),
    ("certify", "custodial-wallet-provider"),
    ("revoke", "custodial-wallet-provider"),
    ("certify", "delegated-trust-registry"),
];
const SCOPES: [(&[&str], &str); 4] = [
    (&["issue"], "DegreeCertificate"),
    (&["issue"], "DrivingLicence"),
    (&["delegate", "issue"], "Degree*"),
    (&["issue"], "*"),
];

/// Xorshift: the same numbers from the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % 1_000_003).unwrap() % end
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// The world and the model beside it.
struct Run {
    world: World,
    model: Model,
    dice: Dice,
    accepted: usize,
}

const STEPS: [&str; 3] = ["suspend", "return", "revoke"];

impl Run {
    /// Submits, and compares with what the model expects. Returns the id of an accepted event.
    fn play(&mut self, signed: Signed, kind: &str, members: Value, may: bool) -> Option<String> {
        let outcome = match signed {
            Signed::Alone(by) => self.world.by(by, kind, members.clone()),
            Signed::Governors => self.world.decided(kind, members.clone()),
            Signed::WithAnother(by) => self.world.signed(by, &[by, 90], kind, members.clone()),
        };
        assert_eq!(outcome.is_ok(), may, "{kind} {members}: {outcome:?}");
        self.accepted += usize::from(may);
        outcome.ok()
    }

    fn signed(&mut self) -> Signed {
        let by = self.dice.one(&ACTORS);
        match self.dice.below(12) {
            0 | 1 => Signed::Governors,
            2 => Signed::WithAnother(by),
            // The bodies are asked more often than others, so that more comes about.
            3..=6 => Signed::Alone(AB),
            _ => Signed::Alone(by),
        }
    }

    fn step(&mut self, family: &str, id: &str, step: &str, ground: &str) -> (Value, bool) {
        let mut members = self.world.change(family, id, (step != "return").then_some(ground));
        let stale = self.dice.below(12) == 0;
        if stale {
            members["previousVersion"] = 99.into();
        }
        members["reference"] = "d".repeat(64).into();
        members["authority"] = self.world.did(AB).into();
        (members, !stale)
    }

    fn list(&mut self, signed: Signed) {
        let (entity, role) = (self.dice.one(&ACTORS[3..]), self.dice.one(&ROLES));
        let mut asked = particulars(&[role]);
        let fitting = self.model.certificates.iter().rev();
        let mut fitting = fitting.filter(|(_, c)| c.entity == entity && c.role == role);
        if let Some((id, _)) = fitting.next() {
            asked["certifications"] = json!({ role: id });
        }
        let may = self.model.may_list(signed, &asked)
            && !self.model.entities.contains_key(&entity)
            && self.model.certified(entity, &asked)
            && (role != ROLES[2] || [REGISTRY, COLLEGES].contains(&entity));
        let members = json!({ "entity": self.world.did(entity), "particulars": asked });
        if self.play(signed, "EntityRegistered", members, may).is_some() {
            let Signed::Alone(registrar) = signed else { unreachable!() };
            let made = ModelEntity { particulars: asked, registrar, life: Life::default() };
            self.model.entities.insert(entity, made);
        }
    }

    fn update(&mut self, signed: Signed) {
        let known: Vec<u8> = self.model.entities.keys().copied().collect();
        let byte = self.dice.one(&known);
        let key = format!("entity/{}", self.world.did(byte));
        let entity = &self.model.entities[&byte];
        let mut asked = entity.particulars.clone();
        let what = self.dice.below(3);
        match what {
            0 => {}
            1 => asked["website"] = format!("https://{}.example/", self.accepted).into(),
            _ if has(&asked, "verifier") => {}
            _ => asked["roles"].as_array_mut().unwrap().push("verifier".into()),
        }
        let differs = asked != entity.particulars;
        let by_right = match signed {
            Signed::Alone(AB) => true,
            Signed::Alone(by) if by == entity.registrar && self.model.runs_registry(by) => {
                self.model.may_list(signed, &asked)
            }
            Signed::Alone(by) => by == byte && what != 2,
            _ => false,
        };
        let may = by_right && differs && !entity.life.over && self.model.certified(byte, &asked);
        let members = json!({
            "entity": self.world.did(byte), "particulars": asked,
            "previousVersion": self.world.version(&key),
        });
        if self.play(signed, "EntityUpdated", members, may).is_some() {
            self.model.entities.get_mut(&byte).unwrap().particulars = asked;
        }
    }

    fn certify(&mut self, signed: Signed) {
        let (entity, role) = (self.dice.one(&ACTORS[3..]), self.dice.one(&ROLES[2..]));
        let may = self.model.may_certify(signed, entity, role);
        let members = json!({
            "authority": self.world.did(AB), "entity": self.world.did(entity),
            "period": self.world.period(300), "role": role,
        });
        if let Some(id) = self.play(signed, "CertificationIssued", members, may) {
            let Signed::Alone(certifier) = signed else { unreachable!() };
            let made = ModelCertificate { certifier, entity, role, life: Life::default() };
            self.model.certificates.insert(id, made);
        }
    }

    fn move_certificate(&mut self, signed: Signed) {
        let known: Vec<String> = self.model.certificates.keys().cloned().collect();
        let at = self.dice.below(known.len());
        let id = known[at].clone();
        let step = self.dice.below(3);
        let ground = self.dice.one(&GROUNDS[..4]);
        let life = self.model.certificates[&id].life.clone();
        let by_ground = if STEPS[step] == "return" { life.ground } else { ground };
        let (members, fresh) = self.step("certification", &id, STEPS[step], ground);
        let may = fresh
            && life.leads_to(STEPS[step])
            && self.model.may_move_certificate(signed, STEPS[step], by_ground, &id);
        let kinds = ["CertificationSuspended", "CertificationReactivated", "CertificationRevoked"];
        if self.play(signed, kinds[step], members, may).is_some() {
            self.model.certificates.get_mut(&id).unwrap().life.go(STEPS[step], ground);
        }
    }

    fn move_entity(&mut self, signed: Signed) {
        let known: Vec<u8> = self.model.entities.keys().copied().collect();
        let byte = self.dice.one(&known);
        // Ends are rare, so that there is something left to move.
        let step = [0, 0, 1, 1, 1, 2][self.dice.below(6)];
        let ground = self.dice.one(&GROUNDS);
        let ModelEntity { particulars, registrar, life } = &self.model.entities[&byte];
        let (registrar, life) = (*registrar, life.clone());
        let demands = STEPS[step] != "return" || self.model.certified(byte, particulars);
        let by_ground = if STEPS[step] == "return" { life.ground } else { ground };
        let did = self.world.did(byte);
        let (members, fresh) = self.step("entity", &did, STEPS[step], ground);
        let may = fresh
            && demands
            && life.leads_to(STEPS[step])
            && self.model.may_move(signed, STEPS[step], by_ground, registrar, byte);
        let kinds = ["EntitySuspended", "EntityReactivated", "EntityRevoked"];
        if self.play(signed, kinds[step], members, may).is_some() {
            self.model.entities.get_mut(&byte).unwrap().life.go(STEPS[step], ground);
        }
    }

    fn words(&mut self, signed: Signed) -> Words {
        let authority = match signed {
            Signed::Alone(by) if self.dice.below(4) > 0 => by,
            _ => AB,
        };
        let entity = self.dice.one(&[UNIVERSITY, BANK, CERTIFIER, REVOKER, STRANGER]);
        let (action, resource) = self.dice.one(&GRANTS);
        (authority, entity, action, resource)
    }

    fn grant(&mut self, signed: Signed) {
        let words = self.words(signed);
        let (authority, entity, action, resource) = words;
        let mut members = self.world.grant(authority, entity, action, resource);
        let id = self.world.grant_id(authority, entity, action, resource);
        let stale = self.dice.below(12) == 0;
        match self.world.records.get(&format!("authorization/{id}")) {
            Some(_) if stale => {}
            Some(record) => members["previousVersion"] = record.version.into(),
            None if stale => members["previousVersion"] = 1.into(),
            None => {}
        }
        let may = !stale && self.model.may_grant(signed, words);
        if self.play(signed, "AuthorizationGranted", members, may).is_some() {
            self.model.grants.insert(words, Life::default());
        }
    }

    fn move_grant(&mut self, signed: Signed) {
        let known: Vec<Words> = self.model.grants.keys().copied().collect();
        if known.is_empty() {
            return;
        }
        let words = self.dice.one(&known);
        let (authority, entity, action, resource) = words;
        let step = self.dice.below(3);
        let ground = self.dice.one(&GROUNDS);
        let life = self.model.grants[&words].clone();
        let by_ground = if STEPS[step] == "return" { life.ground } else { ground };
        let id = self.world.grant_id(authority, entity, action, resource);
        let (members, fresh) = self.step("authorization", &id, STEPS[step], ground);
        let may = fresh
            && life.leads_to(STEPS[step])
            && self.model.may_move(signed, STEPS[step], by_ground, authority, entity);
        let kinds = ["AuthorizationSuspended", "AuthorizationReinstated", "AuthorizationRevoked"];
        if self.play(signed, kinds[step], members, may).is_some() {
            self.model.grants.get_mut(&words).unwrap().go(STEPS[step], ground);
        }
    }

    fn delegate(&mut self, signed: Signed) {
        let registry = self.dice.one(&[COLLEGES, REGISTRY, BANK]);
        let (actions, resource) = self.dice.one(&SCOPES);
        let depth = [0, 0, 1, 2][self.dice.below(4)];
        let may = self.model.may_delegate(signed, registry, actions, resource, depth);
        let members = self.world.delegation(registry, actions, &[resource], depth);
        if self.play(signed, "RegistryDelegated", members, may).is_some() {
            let Signed::Alone(parent) = signed else { unreachable!() };
            let made = ModelRegistry {
                parent,
                depth,
                actions: actions.iter().copied().collect(),
                resources: vec![resource],
                life: Life::default(),
            };
            self.model.registries.insert(registry, made);
        }
    }

    fn discontinue(&mut self, signed: Signed) {
        let known: Vec<u8> = self.model.registries.keys().copied().collect();
        let registry = self.dice.one(&known);
        let ground = self.dice.one(&GROUNDS);
        let did = self.world.did(registry);
        let (members, fresh) = self.step("registry", &did, "revoke", ground);
        let may = fresh && self.model.may_discontinue(signed, ground, registry);
        if self.play(signed, "RegistryDiscontinued", members, may).is_some() {
            self.model.registries.get_mut(&registry).unwrap().life.go("revoke", ground);
        }
    }

    fn turn(&mut self) {
        let signed = self.signed();
        match self.dice.below(24) {
            0..=2 => self.list(signed),
            3..=4 => self.update(signed),
            5..=6 => self.certify(signed),
            7..=9 => self.move_certificate(signed),
            10..=12 => self.move_entity(signed),
            13..=17 => self.grant(signed),
            18..=20 => self.move_grant(signed),
            21..=22 => self.delegate(signed),
            _ => self.discontinue(signed),
        }
    }

    fn compare(&self) {
        for authority in [AB, REGISTRY, COLLEGES, STRANGER] {
            for entity in [UNIVERSITY, BANK, CERTIFIER, REVOKER, STRANGER] {
                for (action, resource) in GRANTS {
                    let words = (authority, entity, action, resource);
                    let counts = self.world.counts(authority, entity, action, resource);
                    assert_eq!(counts, self.model.counts(words), "{words:?}");
                }
            }
        }
    }
}

#[test]
fn a_second_statement_of_the_rules_comes_to_the_same_on_every_event() {
    let runs = std::env::var("DZONG_MODEL_RUNS").map_or(30, |runs| runs.parse().unwrap());
    let (mut accepted, mut asked) = (0, 0);
    for seed in 1..=runs {
        let world = World::nation();
        let model = Model::of(&world);
        let mut run = Run { world, model, dice: Dice(seed * 0x9E37_79B9), accepted: 0 };
        run.world.create(90, true);
        for turn in 0..120 {
            let last = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run.turn()));
            assert!(last.is_ok(), "seed {seed}, turn {turn}");
            asked += 1;
            if turn % 4 == 0 {
                run.compare();
            }
        }
        run.compare();
        accepted += run.accepted;
    }
    assert!(accepted * 10 > asked && accepted < asked, "{accepted} of {asked} were accepted");
    println!("{asked} events, {accepted} accepted, not one difference");
}
