//! Who may make a kind of event, and whether somebody might: the table of authority in words.

use serde::Serialize;

use crate::authority::{AUTHORITY, Power, Rule};
use crate::did_state::DidState;
use crate::roles::{Role, Roles};
use crate::state::{Context, View};
use crate::trust;

/// A rule in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// About the actor that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// Who may, each by itself.
    pub by: Vec<String>,
    /// When it is refused nevertheless.
    pub conditions: &'static str,
    /// The kind of event.
    pub kind: &'static str,
    /// The sections of the Act.
    pub sections: &'static str,
}

/// Whether an actor might.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// Its DID.
    pub did: String,
    /// Whether it holds one of the powers. The conditions decide further.
    pub may: bool,
    /// Of each power, whether the actor holds it, and if not why.
    pub powers: Vec<Held>,
}

/// Whether an actor holds a power.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Whether it does.
    pub held: bool,
    /// The power.
    pub power: String,
    /// What is missing, or who must sign besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Explains a kind, and whether `actor` might make such an event. `None` where there is no such
/// kind.
#[must_use]
pub fn explain(
    kind: &str,
    actor: Option<&str>,
    context: &Context,
    view: &dyn View,
) -> Option<Explanation> {
    let rule = AUTHORITY.iter().find(|rule| rule.kind == kind)?;
    Some(Explanation {
        actor: actor.map(|did| of_actor(rule, did, context, view)),
        by: rule.by.iter().map(Power::to_string).collect(),
        conditions: rule.conditions,
        kind: rule.kind,
        sections: rule.sections,
    })
}

fn of_actor(rule: &Rule, did: &str, context: &Context, view: &dyn View) -> Actor {
    let held = |power: &Power| {
        let (held, why) = match standing(*power, did, context, view) {
            Ok(note) => (true, note),
            Err(why) => (false, Some(why)),
        };
        Held { held, power: power.to_string(), why }
    };
    let powers: Vec<Held> = rule.by.iter().map(held).collect();
    Actor { did: did.to_owned(), may: powers.iter().any(|power| power.held), powers }
}

/// Whether the actor is in the position to use a power, with what it needs besides.
fn standing(
    power: Power,
    did: &str,
    context: &Context,
    view: &dyn View,
) -> Result<Option<String>, String> {
    // That keys changed in this block passes; who asks is told of the state, not of a block.
    let asked = Context { height: context.height.saturating_add(1), ..context.clone() };
    DidState::active(did, &asked, view).map_err(|rejection| rejection.to_string())?;
    let holds = |role| Roles::of(did, view).roles.contains(&role);
    let office = |role, name: &str| match holds(role) {
        true => Ok(None),
        false => Err(format!("it is not {name}")),
    };
    match power {
        Power::GoverningBody(_) | Power::Members(_) => {
            let proposes = holds(Role::Secretary) || holds(Role::AdministrativeBody);
            match (holds(Role::Governor), proposes) {
                (true, _) => Ok(Some("with as many other members as the decision needs".into())),
                (false, true) => Ok(Some("it proposes, and has no vote".into())),
                (false, false) => Err("it is neither a member nor an office of the body".into()),
            }
        }
        Power::AdministrativeBody => office(Role::AdministrativeBody, "the Administrative Body"),
        Power::Secretary => office(Role::Secretary, "the Member Secretary"),
        Power::Holder(action) => trust::standing(did, action, context, view).map(|()| None),
        Power::Author => Ok(Some("for what is its own".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::tests::{AB, CERTIFIER, REGISTRY, STRANGER, World};

    #[test]
    fn who_may_and_why_not_is_explained_by_the_very_table() {
        let world = World::nation();
        let ask = |kind: &str, byte: u8| {
            let did = world.did(byte);
            explain(kind, Some(&did), &world.context, &world.records).unwrap().actor.unwrap()
        };
        assert!(ask("EntityRegistered", AB).may);
        assert!(ask("EntityRegistered", REGISTRY).may);
        let refused = ask("EntityRegistered", STRANGER);
        assert!(!refused.may);
        let why: Vec<_> = refused.powers.iter().filter_map(|held| held.why.as_deref()).collect();
        assert_eq!(why, ["it is not the Administrative Body", "no registry was delegated to it"]);
        assert!(ask("CertificationIssued", CERTIFIER).may);
        assert!(!ask("CertificationRevoked", CERTIFIER).may);
        assert!(ask("RecognitionGranted", 1).may);
        assert!(!ask("RecognitionGranted", REGISTRY).may);
        assert_eq!(explain("Nothing", None, &world.context, &world.records), None);
        for rule in AUTHORITY {
            let told = explain(rule.kind, None, &world.context, &world.records).unwrap();
            assert_eq!(told.by.len(), rule.by.len());
        }
    }
}
