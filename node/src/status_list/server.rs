//! The lists that a node signs and serves: made when they are first asked for, one copy of each
//! version.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use bytes::Bytes;
use ledger::{Snapshot, Version};
use registry::status::{Format, Head, Provider as Named, Registry};

use super::{
    CREDENTIAL_JWT_TYPE, CREDENTIAL_TYPE, Listing, Moment, Provider, Purpose, Signer as _,
    TOKEN_CWT_TYPE, TOKEN_JWT_TYPE, bitstring_credential, bitstring_jwt, token_list_cwt,
    token_list_jwt,
};
use crate::config::StatusLists as Settings;
use crate::keys::KeyFile;
use crate::problem::Problem;
use crate::statuses::Statuses;

/// Most bytes of lists that are kept; the oldest goes first.
const KEPT_BYTES_MAX: usize = 64 << 20;

/// A form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A credential.
    Bitstring {
        /// What its set bits say.
        purpose: Purpose,
        /// Whether it is a JWT; else it has a Data Integrity proof.
        jwt: bool,
    },
    /// A Status List Token.
    Token {
        /// Whether it is a CWT; else a JWT.
        cwt: bool,
    },
}

impl Form {
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Form::Bitstring { jwt: false, .. } => CREDENTIAL_TYPE,
            Form::Bitstring { jwt: true, .. } => CREDENTIAL_JWT_TYPE,
            Form::Token { cwt: false } => TOKEN_JWT_TYPE,
            Form::Token { cwt: true } => TOKEN_CWT_TYPE,
        }
    }

    fn format(self) -> Format {
        match self {
            Form::Bitstring { .. } => Format::Bitstring,
            Form::Token { .. } => Format::Token,
        }
    }

    /// Where the list of a registry is.
    pub fn path(self, registry: &str) -> String {
        match self {
            Form::Bitstring { purpose, .. } => {
                format!("/v1/status/{registry}/bitstring/{}", purpose.name())
            }
            Form::Token { .. } => format!("/v1/status/{registry}/tsl"),
        }
    }
}

/// A list that is ready.
#[derive(Debug, Clone)]
struct Made {
    registry: String,
    version: u64,
    /// When the next version took over; none while it is the newest.
    until: Option<u64>,
    form: Form,
    body: Bytes,
}

impl Made {
    fn is(&self, other: &Made) -> bool {
        (self.version, self.until, self.form) == (other.version, other.until, other.form)
            && self.registry == other.registry
    }
}

/// The lists that this node signs.
#[derive(Debug)]
pub struct Server {
    provider: Provider,
    settings: Settings,
    made: Mutex<VecDeque<Made>>,
    /// Held while a list is made, so that those who ask at once wait for one.
    making: Mutex<()>,
}

impl Server {
    /// Opens the key that the settings name.
    ///
    /// # Errors
    /// It cannot be read, or the method is none.
    pub fn open(home: &Path, settings: Settings) -> anyhow::Result<Server> {
        let path = home.join(&settings.key);
        let key = KeyFile::load(&path)
            .with_context(|| format!("the status provider's key {}", path.display()))?;
        anyhow::ensure!(
            settings.method.contains('#'),
            "`method` of [status] is a verification method: a DID URL with its fragment"
        );
        let provider = Provider::new(settings.method.clone(), key);
        let url = settings.url.trim_end_matches('/').to_owned();
        let settings = Settings { url, ..settings };
        Ok(Server { provider, settings, made: Mutex::default(), making: Mutex::default() })
    }

    /// A registry's list, as it is or as it was at the end of a second, in milliseconds.
    ///
    /// # Errors
    /// There is none, this node does not sign it, or the disk cannot be read.
    pub fn list(
        &self,
        snapshot: &Snapshot,
        id: &str,
        form: Form,
        time: Option<u64>,
    ) -> Result<Bytes, Problem> {
        self.check(snapshot, id, form)?;
        let wanted = self.wanted(snapshot, id, form, time)?;
        if let Some(body) = self.find(&wanted) {
            return Ok(body);
        }
        let _one = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(body) = self.find(&wanted) {
            return Ok(body);
        }
        let statuses = Statuses::read(snapshot, id, Some(wanted.version))?;
        let body = self.make(&statuses, &wanted)?;
        self.keep(Made { body: body.clone(), ..wanted });
        Ok(body)
    }

    /// Whether the registry has lists of this form, and its issuer named this node's key.
    fn check(&self, snapshot: &Snapshot, id: &str, form: Form) -> Result<(), Problem> {
        let none = || Problem::not_found("there is no such registry");
        let registry = snapshot.record(&Registry::key(id))?;
        let registry = registry.as_ref().and_then(Registry::read).ok_or_else(none)?;
        if !registry.formats.contains(&form.format()) {
            return Err(Problem::not_found("the registry is not read in this form"));
        }
        let named = snapshot.record(&Named::key(&registry.issuer))?;
        let named = named.and_then(|record| serde_json::from_str(record.content.get()).ok());
        match named {
            Some(Named { method }) if method == self.provider.method() => Ok(()),
            Some(Named { method }) => Err(Problem::not_found(format!(
                "the registry's lists are signed by {method}, whose key this node does not have"
            ))),
            None => Err(Problem::not_found("the registry's issuer has named no status provider")),
        }
    }

    /// Which version of a list answers.
    fn wanted(
        &self,
        snapshot: &Snapshot,
        id: &str,
        form: Form,
        time: Option<u64>,
    ) -> Result<Made, Problem> {
        let none = || Problem::not_found("there is no list of that time");
        if time.is_some_and(|time| time > snapshot.head().time.saturating_add(999)) {
            return Err(none());
        }
        let key = Head::key(id);
        let head = snapshot.record(&key)?.ok_or_else(none)?;
        let past = match time.filter(|time| *time < head.time) {
            Some(time) => Some(snapshot.past_version(&key, Version::At(time))?.ok_or_else(none)?),
            None => None,
        };
        let (version, until) = match past {
            Some(past) => (past.entry.version, Some(past.until(&head))),
            None => (head.version, None),
        };
        Ok(Made { registry: id.to_owned(), version, until, form, body: Bytes::new() })
    }

    fn make(&self, statuses: &Statuses, wanted: &Made) -> Result<Bytes, Problem> {
        let Settings { ttl_seconds, url, .. } = &self.settings;
        let url = format!("{url}{}", wanted.form.path(&wanted.registry));
        let moment = Moment {
            issued: statuses.since / 1000,
            valid_until: wanted.until.map(|until| until / 1000),
            ttl: wanted.until.is_none().then_some(*ttl_seconds),
        };
        let vector = &statuses.vector;
        let listing = Listing { vector, moment, url: &url, ledger_proof: None };
        let made = match wanted.form {
            Form::Bitstring { purpose, jwt: false } => {
                bitstring_credential(&listing, purpose, &self.provider)
            }
            Form::Bitstring { purpose, jwt: true } => {
                bitstring_jwt(&listing, purpose, &self.provider).map(String::into_bytes)
            }
            Form::Token { cwt: false } => {
                token_list_jwt(&listing, &self.provider).map(String::into_bytes)
            }
            Form::Token { cwt: true } => Ok(token_list_cwt(&listing, &self.provider)),
        };
        made.map(Bytes::from).map_err(|error| Problem::fault(&error))
    }

    fn lists(&self) -> MutexGuard<'_, VecDeque<Made>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, wanted: &Made) -> Option<Bytes> {
        self.lists().iter().find(|made| made.is(wanted)).map(|made| made.body.clone())
    }

    fn keep(&self, made: Made) {
        let mut lists = self.lists();
        // The newest list of a registry takes the place of the one before it.
        if made.until.is_none() {
            lists.retain(|old| {
                old.until.is_some() || old.registry != made.registry || old.form != made.form
            });
        }
        lists.push_back(made);
        let mut bytes: usize = lists.iter().map(|made| made.body.len()).sum();
        while bytes > KEPT_BYTES_MAX {
            bytes -= lists.pop_front().map_or(bytes, |oldest| oldest.body.len());
        }
    }
}
