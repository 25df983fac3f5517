//! Whether somebody may do something, decided by walking from the listing to the Administrative
//! Body. The walk reads records by key, one after another, and does not care where they come from:
//! the state (a rule), a snapshot (a query), or a proof (a client that checks the query's answer).

use std::convert::Infallible;

use serde_json::value::RawValue;

use super::{
    Action, Authorization, Breach, Certification, Entity, EntityRole, Grant, Listed, Listing,
    Recognition, Registry, listing,
};
use crate::did::NdiDid;
use crate::rejection::Rejection;
use crate::roles::{self, Role, Roles};
use crate::state::{Context, View};

/// Most registries between an authorization and the Administrative Body. A floor of the protocol
/// under what the Governance Framework may allow, so that every walk is short.
pub const DEPTH_MAX: u64 = 4;

/// Whether a link holds; else why not.
pub type Standing = Result<(), String>;

/// What a record says at the moment of the inquiry, if it exists.
pub type Content = Option<Box<RawValue>>;

/// What a walk finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Nobody knows the authority.
    UnknownAuthority,
    /// It holds, by this chain: from the one asked about, or its authority, to the root.
    Holds(Vec<String>),
    /// It does not hold, and why.
    Refused(String),
}

type Read<'a, E> = dyn FnMut(&str) -> Result<Content, E> + 'a;

/// A walk through the records as they were at a moment.
pub struct Inquiry<'a, E> {
    read: Box<Read<'a, E>>,
    time: u64,
}

/// What stands behind an authority.
enum Link {
    /// The Administrative Body itself.
    Root,
    /// A registry, run for its parent.
    Registry(Box<Listed<Registry>>),
    /// Nobody.
    Unknown,
}

impl<'a> Inquiry<'a, Infallible> {
    /// A walk through the state in force.
    pub fn of_view(view: &'a dyn View, time: u64) -> Inquiry<'a, Infallible> {
        Inquiry::new(time, |key| Ok(view.record(key).map(|record| record.content)))
    }
}

impl<'a, E> Inquiry<'a, E> {
    /// A walk through what `read` says that each record held at the moment `time`.
    pub fn new(time: u64, read: impl FnMut(&str) -> Result<Content, E> + 'a) -> Inquiry<'a, E> {
        Inquiry { read: Box::new(read), time }
    }

    /// Does the authority authorise the entity to take the action on the resource?
    ///
    /// # Errors
    /// What `read` fails with.
    pub fn authorized(&mut self, grant: &Grant<'_>) -> Result<Finding, E> {
        let link = self.link(grant.authority)?;
        if let Link::Unknown = link {
            return Ok(Finding::UnknownAuthority);
        }
        let action = match Action::named(grant.action) {
            Some(Action::RunRegistry | Action::Delegate) => return self.recognized(grant),
            Some(action) => action,
            None => return Ok(Finding::Refused("there is no such action".into())),
        };
        let authorization = self.listed::<Authorization>(&grant.id())?;
        if let Err(why) = self.counts(authorization.as_ref()) {
            return Ok(Finding::Refused(why));
        }
        if let Err(why) = self.stands(grant.entity, action.roles())? {
            return Ok(Finding::Refused(why));
        }
        let covers = |registry: &Registry| registry.scope.covers(action, grant.resource);
        self.climb(grant.authority, link, None, &covers)
    }

    /// Does the authority recognise the entity as authoritative for the action on the resource? It
    /// does so for a foreign scheme (s.128), and for the registries that it delegated to (s.94).
    ///
    /// # Errors
    /// What `read` fails with.
    pub fn recognized(&mut self, question: &Grant<'_>) -> Result<Finding, E> {
        let link = self.link(question.authority)?;
        if let Link::Unknown = link {
            return Ok(Finding::UnknownAuthority);
        }
        let recognition = self.listed::<Recognition>(&question.id())?;
        let foreign = match self.counts(recognition.as_ref()) {
            Ok(()) => {
                let all = |_: &Registry| true;
                return self.climb(question.authority, link, Some(question.entity), &all);
            }
            Err(why) => why,
        };
        // Only a registry of this network can be delegated to.
        if recognition.is_some() || NdiDid::parse(question.entity).is_err() {
            return Ok(Finding::Refused(foreign));
        }
        let Some(registry) = self.listed::<Registry>(question.entity)? else {
            return Ok(Finding::Refused(foreign));
        };
        let covers = |registry: &Registry| match Action::named(question.action) {
            Some(Action::RunRegistry) => registry.scope.covers_resource(question.resource),
            Some(Action::Delegate) => {
                registry.depth > 0 && registry.scope.covers(Action::Delegate, question.resource)
            }
            Some(action) => registry.scope.covers(action, question.resource),
            None => false,
        };
        let link = Link::Registry(Box::new(registry));
        Ok(match self.climb(question.entity, link, None, &covers)? {
            Finding::Holds(chain) if !chain.iter().any(|link| link == question.authority) => {
                Finding::Refused("the registry rests on another authority".into())
            }
            finding => finding,
        })
    }

    /// Whether an entity is listed for one of these roles, and certified where the role needs it.
    ///
    /// # Errors
    /// What `read` fails with.
    pub fn stands(&mut self, did: &str, wanted: &[EntityRole]) -> Result<Standing, E> {
        let entity = self.listed::<Entity>(did)?;
        if let Err(why) = self.counts(entity.as_ref()) {
            return Ok(Err(why));
        }
        let particulars = entity.map(|entity| entity.listing.particulars);
        let mut standing = Err("the entity is not listed for such a role".to_owned());
        for (role, certification) in particulars.iter().flat_map(|found| found.roles_among(wanted))
        {
            standing = match certification {
                None if role.needs_certification() => Err("it is not certified".to_owned()),
                None => Ok(()),
                Some(id) => {
                    let certification = self.listed::<Certification>(id)?;
                    self.counts(certification.as_ref())
                }
            };
            if standing.is_ok() {
                break;
            }
        }
        Ok(standing)
    }

    /// Whether a DID runs a registry whose chain holds.
    ///
    /// # Errors
    /// What `read` fails with.
    pub fn is_registry(&mut self, did: &str) -> Result<Standing, E> {
        let Some(registry) = self.listed::<Registry>(did)? else {
            return Ok(Err("no registry was delegated to it".into()));
        };
        let link = Link::Registry(Box::new(registry));
        Ok(match self.climb(did, link, None, &|_| true)? {
            Finding::Holds(_) => Ok(()),
            Finding::Refused(why) => Err(why),
            Finding::UnknownAuthority => Err("nobody knows it".into()),
        })
    }

    /// The registry of a DID, where its chain holds.
    ///
    /// # Errors
    /// What `read` fails with.
    pub fn registry(&mut self, did: &str) -> Result<Result<Registry, String>, E> {
        Ok(match self.is_registry(did)? {
            Err(why) => Err(why),
            Ok(()) => match self.listed::<Registry>(did)? {
                Some(registry) => Ok(registry.listing),
                None => Err("no registry was delegated to it".into()),
            },
        })
    }

    /// Follows the parents up to the Administrative Body. Every registry on the way must count,
    /// stand as an entity, and cover what is asked about.
    fn climb(
        &mut self,
        from: &str,
        mut link: Link,
        below: Option<&str>,
        covers: &dyn Fn(&Registry) -> bool,
    ) -> Result<Finding, E> {
        let mut at = from.to_owned();
        let mut chain: Vec<String> = below.map(str::to_owned).into_iter().collect();
        for _ in 0..=DEPTH_MAX {
            chain.push(at.clone());
            let registry = match link {
                Link::Root => return Ok(Finding::Holds(chain)),
                Link::Unknown => break,
                Link::Registry(registry) => registry,
            };
            if let Err(why) = registry.counts(self.time) {
                return Ok(Finding::Refused(format!("{why}: {at}")));
            }
            if !covers(&registry.listing) {
                return Ok(Finding::Refused(format!("it is outside the scope of {at}")));
            }
            if let Err(why) = self.stands(&at, Action::RunRegistry.roles())? {
                return Ok(Finding::Refused(format!("{why}: {at}")));
            }
            at = registry.listing.parent;
            link = self.link(&at)?;
        }
        Ok(Finding::Refused(format!("the chain ends at {at}, which is no authority")))
    }

    fn link(&mut self, did: &str) -> Result<Link, E> {
        if NdiDid::parse(did).is_err() {
            return Ok(Link::Unknown);
        }
        let content = (self.read)(&roles::key(did))?;
        let roles = content.and_then(|content| serde_json::from_str(content.get()).ok());
        let roles: Roles = roles.unwrap_or_default();
        if roles.roles.contains(&Role::AdministrativeBody) {
            return Ok(Link::Root);
        }
        let registry = self.listed::<Registry>(did)?;
        Ok(registry.map_or(Link::Unknown, |registry| Link::Registry(Box::new(registry))))
    }

    fn listed<T: Listing>(&mut self, id: &str) -> Result<Option<Listed<T>>, E> {
        let content = (self.read)(&listing::key::<T>(id))?;
        Ok(content.and_then(|content| Listed::read(&content)))
    }

    fn counts<T: Listing>(&self, listed: Option<&Listed<T>>) -> Standing {
        match listed {
            Some(listed) => listed.counts(self.time),
            None => Err(format!("there is no such {}", T::NOUN)),
        }
    }
}

/// Checks that `who` is authorised to take the action on the resource by the authority that the
/// event names.
///
/// # Errors
/// [`Breach::NoAuthority`], [`Breach::NotAuthorized`].
pub fn require(
    authority: Option<&str>,
    who: &str,
    action: Action,
    resource: &str,
    context: &Context,
    view: &dyn View,
) -> Result<(), Rejection> {
    let authority = authority.ok_or(Breach::NoAuthority)?;
    let grant = Grant { action: action.name(), authority, entity: who, resource };
    let Ok(finding) = Inquiry::of_view(view, context.time).authorized(&grant);
    let why = match finding {
        Finding::Holds(_) => return Ok(()),
        Finding::UnknownAuthority => "nobody knows that authority".to_owned(),
        Finding::Refused(why) => why,
    };
    let (who, resource) = (who.to_owned(), resource.to_owned());
    Err(Breach::NotAuthorized { who, action, resource, why })?
}

/// Checks that an entity is listed for one of these roles, and certified where it must be.
///
/// # Errors
/// [`Breach::NotStanding`].
pub fn require_role(
    did: &str,
    roles: &[EntityRole],
    context: &Context,
    view: &dyn View,
) -> Result<(), Rejection> {
    let Ok(standing) = Inquiry::of_view(view, context.time).stands(did, roles);
    match standing {
        Ok(()) => Ok(()),
        Err(why) => Err(Breach::NotStanding(did.to_owned(), why))?,
    }
}
