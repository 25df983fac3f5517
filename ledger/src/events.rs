//! The index of the log's events by kind, author and subject: a read model, written with each block
//! and made again from the log.
//!
//! A row stands under each event's index, and a posting under each of its properties, ascending by
//! index too. Events that have several properties are where their postings meet.

use proofs::Hash;
use registry::CheckedEvent;

use crate::fault::Fault;
use crate::rows::{self, ListedRow, encode};
use crate::snapshot::Snapshot;
use crate::store::{Batch, Family, Store};

/// Most steps through postings for one page: what is not found by then is for the next page.
const STEPS_MAX: usize = 4_000;

/// An event as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedEvent {
    /// Its id.
    pub id: Hash,
    /// Its index in the log, from 0.
    pub index: u64,
    /// The height of its block.
    pub height: u64,
    /// Its kind.
    pub kind: String,
    /// Its author's DID.
    pub author: String,
    /// The key of the record that it is about.
    pub subject: String,
}

/// Which events are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Only this kind.
    pub kind: Option<String>,
    /// Only this author.
    pub author: Option<String>,
    /// Only about this record.
    pub subject: Option<String>,
    /// Only from this index on.
    pub from: u64,
    /// Only before this index.
    pub until: u64,
    /// Whether the newest come first.
    pub newest_first: bool,
}

/// Events in order, and where to go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventPage {
    /// The events.
    pub events: Vec<ListedEvent>,
    /// What is still to be looked at: the bounds of the same query; none at the end.
    pub rest: Option<(u64, u64)>,
}

impl EventQuery {
    /// The postings that the events must stand in; without any property, the rows themselves.
    fn lists(&self) -> Vec<Vec<u8>> {
        let properties = [(b'k', &self.kind), (b'a', &self.author), (b's', &self.subject)];
        let asked =
            properties.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let lists: Vec<_> = asked.map(|(name, value)| posting(name, value)).collect();
        if lists.is_empty() { vec![vec![ROWS]] } else { lists }
    }

    fn takes(&self, event: &ListedEvent) -> bool {
        let is = |asked: &Option<String>, is: &str| asked.as_ref().is_none_or(|text| text == is);
        is(&self.kind, &event.kind)
            && is(&self.author, &event.author)
            && is(&self.subject, &event.subject)
    }
}

impl Snapshot {
    /// The next events of a query, at most `limit`.
    ///
    /// # Errors
    /// If the disk cannot be read or is damaged.
    pub fn list_events(&self, query: &EventQuery, limit: usize) -> Result<EventPage, Fault> {
        let lists = query.lists();
        let (mut from, mut until) = (query.from, query.until.min(self.log_size()));
        let mut page = EventPage::default();
        // Every list in turn moves the bound to its next place; where as many in a row as there are
        // lists stay at one place, they meet.
        let (mut at, mut agree) = (None, 0);
        let mut turns = lists.iter().cycle().enumerate();
        while from < until {
            let Some((step, list)) = turns.next() else { break };
            if page.events.len() == limit || step >= STEPS_MAX {
                page.rest = Some((from, until));
                break;
            }
            let bound = if query.newest_first { until - 1 } else { from };
            let found = self.store.neighbour(Family::Events, list, bound, query.newest_first)?;
            let Some(found) = found.filter(|index| (from..until).contains(index)) else { break };
            agree = if at == Some(found) { agree + 1 } else { 1 };
            at = Some(found);
            match query.newest_first {
                true => until = found + 1,
                false => from = found,
            }
            if agree < lists.len() {
                continue;
            }
            let event = self.listed(found)?;
            page.events.extend(Some(event).filter(|event| query.takes(event)));
            (at, agree) = (None, 0);
            match query.newest_first {
                true => until = found,
                false => from = found + 1,
            }
        }
        Ok(page)
    }

    /// The event at this index of the log, as lists show it.
    ///
    /// # Errors
    /// If the disk cannot be read or is damaged, or no event stands there.
    pub fn listed(&self, index: u64) -> Result<ListedEvent, Fault> {
        let row = self.store.get(Family::Events, &row_key(index))?;
        let row = row.and_then(|bytes| rows::decode::<ListedRow>(&bytes));
        let row =
            row.ok_or_else(|| Fault::corrupt("the index of events", "run `dzong rebuild`"))?;
        let ListedRow { id, height, kind, author, subject } = row;
        Ok(ListedEvent { id: Hash(id), index, height, kind, author, subject })
    }
}

const ROWS: u8 = b'e';

fn row_key(index: u64) -> Vec<u8> {
    [&[ROWS][..], &index.to_be_bytes()].concat()
}

/// What all postings of a property begin with. Half a hash keeps them short; rows are compared.
fn posting(name: u8, value: &str) -> Vec<u8> {
    let hash = blake3::hash(value.as_bytes());
    [&[name][..], hash.as_bytes().get(..16).unwrap_or_default()].concat()
}

/// Writes an event's row and postings.
pub(crate) fn put_listed(batch: &mut Batch<'_>, index: u64, height: u64, event: &CheckedEvent) {
    for key in postings(index, event) {
        batch.put(Family::Events, &key, &[]);
    }
    batch.put(Family::Events, &row_key(index), &encode(&row(height, event)));
}

/// The keys of an event's postings.
fn postings(index: u64, event: &CheckedEvent) -> [Vec<u8>; 3] {
    let (kind, author, subject) = (event.kind(), event.author(), event.subject());
    let properties = [(b'k', kind), (b'a', author), (b's', &*subject)];
    properties.map(|(name, value)| [&posting(name, value)[..], &index.to_be_bytes()].concat())
}

fn row(height: u64, event: &CheckedEvent) -> ListedRow {
    ListedRow {
        id: event.id().0,
        height,
        kind: event.kind().to_owned(),
        author: event.author().to_owned(),
        subject: event.subject(),
    }
}

/// Whether the stored row is this event's, and its postings are there.
pub(crate) fn is_listed(
    store: &Store,
    index: u64,
    height: u64,
    event: &CheckedEvent,
) -> Result<bool, Fault> {
    for key in postings(index, event) {
        if store.get(Family::Events, &key)?.is_none() {
            return Ok(false);
        }
    }
    let stored = store.get(Family::Events, &row_key(index))?;
    Ok(stored.as_deref() == Some(&encode(&row(height, event))[..]))
}
