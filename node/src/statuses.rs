//! The statuses of revocation registries, read from a snapshot of the ledger: as they are, and as
//! they were.

use ledger::{Snapshot, Version};
use proofs::{ProvenRecord, Shown};
use registry::anoncreds::Point;
use registry::status::{
    Answer, CHUNK_SLOTS, Chunk, Head, Part, Question, Registry, Vector, Wanted,
};

use crate::problem::Problem;

/// An answer with the records from which it follows, without their paths.
#[derive(Debug)]
pub struct Found {
    /// The answer.
    pub answer: Answer,
    /// The records.
    pub records: Vec<ProvenRecord>,
    /// Whether nothing can ever change it.
    pub lasts: bool,
}

/// Answers a question about a registry.
///
/// # Errors
/// It makes no sense, is about the future, or the disk cannot be read.
pub fn answer(snapshot: &Snapshot, question: &Question) -> Result<Found, Problem> {
    let route = question.route().map_err(Problem::bad_request)?;
    let now = snapshot.head().time;
    if question.time.is_some_and(|time| time.0 > now) {
        return Err(Problem::bad_request("`time` is in the future of the newest block"));
    }
    let registry = record(snapshot, route.registry, Wanted::Latest)?;
    let content = registry.record.as_ref().and_then(Registry::read);
    if matches!(question.part, Part::Slot(_))
        && content.as_ref().is_some_and(|content| !content.shows_slots())
    {
        return Err(Problem::not_found("this registry's formats do not show slots: ask for all"));
    }
    let silent = || Problem::fault(&"the records do not answer");
    let mut records = vec![registry];
    if let Some(answer) = question.answer(now, &records, None) {
        return Ok(Found { answer, records, lasts: false });
    }
    records.push(record(snapshot, route.other, route.wanted)?);
    let statuses = match (question.part, &content) {
        (Part::Statuses, Some(content)) => {
            let head = records.get(1).and_then(ProvenRecord::shown).ok_or_else(silent)?;
            Some(vector(snapshot, &question.registry, content.capacity, head.since)?)
        }
        _ => None,
    };
    let bytes = statuses.as_ref().map(Vector::statuses);
    let answer = question.answer(now, &records, bytes);
    let answer = match (answer, question.version) {
        (Some(answer), _) => answer,
        // Of several versions in one block only the last is in the records of chunks.
        (None, Some(_)) => Err(superseded())?,
        (None, None) => Err(silent())?,
    };
    let past = |time: registry::trust::Moment| time.0.saturating_add(999) < now;
    let lasts = question.version.is_some() || question.time.is_some_and(past);
    let lasts = lasts && !answer.is_none && question.part != Part::Registry;
    Ok(Found { answer, records, lasts })
}

fn superseded() -> Problem {
    Problem::not_found("this version was replaced in its own block: ask for the one after it")
}

/// A record as a proof would show it, without its path.
fn record(snapshot: &Snapshot, key: String, wanted: Wanted) -> Result<ProvenRecord, Problem> {
    let version = match wanted {
        Wanted::Latest => None,
        Wanted::At(time) => Some(Version::At(time)),
        Wanted::Version(number) => Some(Version::Number(number)),
    };
    let past = match version {
        Some(version) => match snapshot.past_version(&key, version)? {
            // What began later says so by its first version.
            None if begins_later(snapshot, &key, wanted)? => {
                snapshot.past_version(&key, Version::Number(1))?
            }
            past => past,
        },
        None => None,
    };
    Ok(ProvenRecord { record: snapshot.record(&key)?, key, past, path: Vec::new() })
}

fn begins_later(snapshot: &Snapshot, key: &str, wanted: Wanted) -> Result<bool, Problem> {
    let Wanted::At(time) = wanted else { return Ok(false) };
    Ok(snapshot.record(key)?.is_some_and(|record| record.time > time))
}

fn vector(snapshot: &Snapshot, id: &str, capacity: u32, time: u64) -> Result<Vector, Problem> {
    let mut vector = Vector::fresh(capacity);
    for number in 0..capacity.div_ceil(CHUNK_SLOTS) {
        let key = Chunk::key(id, number);
        let Some(content) = snapshot.content_at(&key, time)? else { continue };
        let chunk: Chunk =
            serde_json::from_str(content.get()).map_err(|error| Problem::fault(&error))?;
        vector.put(number, &chunk);
    }
    Ok(vector)
}

/// All statuses of a registry in one version.
#[derive(Debug)]
pub struct Statuses {
    /// The registry.
    pub registry: Registry,
    /// The version of its head.
    pub version: u64,
    /// Since when, in milliseconds since 1970.
    pub since: u64,
    /// The statuses.
    pub vector: Vector,
    /// The AnonCreds accumulator, where the registry has one.
    pub accumulator: Option<Point>,
}

impl Statuses {
    /// The newest statuses, or those of a version of the head.
    ///
    /// # Errors
    /// There is no such registry or version, or the disk cannot be read.
    pub fn read(snapshot: &Snapshot, id: &str, version: Option<u64>) -> Result<Self, Problem> {
        let wanted = version.map_or(Wanted::Latest, Wanted::Version);
        Statuses::wanted(snapshot, id, wanted)
    }

    /// The statuses as they were at a moment, in milliseconds since 1970.
    ///
    /// # Errors
    /// As [`Statuses::read`].
    pub fn at(snapshot: &Snapshot, id: &str, time: u64) -> Result<Self, Problem> {
        Statuses::wanted(snapshot, id, Wanted::At(time))
    }

    fn wanted(snapshot: &Snapshot, id: &str, wanted: Wanted) -> Result<Self, Problem> {
        let none = || Problem::not_found("there is no such registry, or no such version of it");
        let registry = snapshot.record(&Registry::key(id))?;
        let registry = registry.as_ref().and_then(Registry::read).ok_or_else(none)?;
        let head = record(snapshot, Head::key(id), wanted)?;
        let Shown { content, since, version, .. } = head.shown().ok_or_else(none)?;
        let is_it = match wanted {
            Wanted::Latest => true,
            Wanted::At(time) => since <= time,
            Wanted::Version(number) => number == version,
        };
        if !is_it {
            return Err(none());
        }
        let content: Head =
            serde_json::from_str(content.get()).map_err(|error| Problem::fault(&error))?;
        let vector = vector(snapshot, id, registry.capacity, since)?;
        match vector.nodes() == content.nodes {
            true => {
                let accumulator = content.accumulator();
                Ok(Statuses { registry, version, since, vector, accumulator })
            }
            false => Err(superseded()),
        }
    }
}
