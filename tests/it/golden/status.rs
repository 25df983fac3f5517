//! What revocation registries answer, as they are and as they were.

use node::statuses;
use registry::answer::{Proof, Question as Proven};
use registry::event::id_of;
use registry::status::{Part, Question, commitment};
use registry::trust::Moment;
use serde_json::{Value, json};
use tests::golden::{Golden, TIME};

/// An answer with its proof, as a node serves it.
fn shown(golden: &Golden, question: Question) -> Value {
    let snapshot = golden.ledger.snapshot();
    let found = statuses::answer(&snapshot, &question).expect("an answer");
    let evidence = snapshot.attest(found.records).expect("certified");
    let proof = Proof::to_json(Proven::Status(question), evidence);
    serde_json::from_str(&found.answer.to_json(Some(&proof))).expect("JSON")
}

/// Made after everything else.
pub(super) fn examples(golden: &Golden, did: &str) -> Value {
    let create = json!({
        "capacity": 1_100, "credentialType": "DegreeCertificate", "formats": ["bitstring", "token"],
    });
    let create = golden.event("RevocationRegistryCreated", did, 50, create);
    golden.commit(std::slice::from_ref(&create));
    let began = golden.ledger.head().time;
    let registry = id_of(&create).expect("an event").to_string();
    let ground = commitment(&[7; 32], "on-request");
    let change = |version: u64, slots: Value| {
        let mut change = slots;
        change["previousVersion"] = version.into();
        change["registry"] = registry.as_str().into();
        json!({ "changes": [change], "ground": ground })
    };
    let revoke = change(1, json!({ "revoke": [5, 1_099], "suspend": [7] }));
    golden.commit(&[golden.event("StatusChanged", did, 50, revoke)]);
    let changed = golden.ledger.head().time;
    let mut lock = change(2, json!({ "reactivate": [7], "suspend": [9] }));
    (lock["basis"], lock["locking"]) = ("governing-body".into(), "lock".into());
    golden.commit(&[golden.decided("StatusOverridden", lock)]);
    golden.commit(&[]);

    let ask = |part| Question { part, registry: registry.clone(), time: None, version: None };
    let at = |part, time| Question { time: Some(Moment(time)), ..ask(part) };
    let of = |part, version| Question { version: Some(version), ..ask(part) };
    let other = Question { registry: "00".repeat(32), ..ask(Part::Registry) };
    let answers = json!({
        "registry": shown(golden, ask(Part::Registry)),
        "statuses": shown(golden, ask(Part::Statuses)),
        "then": shown(golden, at(Part::Statuses, changed)),
        "first": shown(golden, of(Part::Statuses, 1)),
        "locked": shown(golden, ask(Part::Slot(9))),
        "suspended": shown(golden, at(Part::Slot(7), changed)),
        "untouched": shown(golden, at(Part::Slot(1_099), began)),
        "noSlot": shown(golden, ask(Part::Slot(1_100))),
        "noVersion": shown(golden, of(Part::Registry, 9)),
        "early": shown(golden, at(Part::Registry, TIME)),
        "none": shown(golden, other),
    });
    // Later than the other examples are read.
    json!({ "answers": answers, "now": golden.ledger.head().time + 10_000 })
}
