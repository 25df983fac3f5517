//! Lists of records whose keys begin alike, a page at a time.

use std::collections::BTreeMap;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ledger::Snapshot;
use proofs::Record;
use registry::did::Did;
use registry::projections::{Party, party_prefix};
use serde_json::{Value, json};

use super::answer::{Answer, Keep};
use super::request::{aside, known_options, limit};
use super::schema::{count, list, named, object, one_of, or_null, range, text};
use super::table::{JSON, Operation, Table, read};
use super::{Api, cursor};
use crate::problem::Problem;

/// Records of a page, unless it is asked for otherwise.
const PAGE: u64 = 50;

/// Most records of a page.
const PAGE_MAX: u64 = 200;

/// Most records that are looked at for a page.
const SCAN_MAX: usize = 1_000;

/// A list of records whose keys begin alike.
#[derive(Clone, Copy)]
pub(super) struct Series {
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    /// The list's name in its answer.
    name: &'static str,
    prefix: &'static str,
    /// What may be asked for.
    filters: &'static [Filter],
}

impl Series {
    /// A list that is not narrowed.
    pub(super) const fn new(
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        name: &'static str,
        prefix: &'static str,
    ) -> Series {
        Series { path, id, summary, name, prefix, filters: &[] }
    }

    /// The same list, which may be narrowed.
    pub(super) const fn by(self, filters: &'static [Filter]) -> Series {
        Series { filters, ..self }
    }
}

/// An option by which a list is narrowed.
#[derive(Clone, Copy)]
pub(super) enum Filter {
    /// The record's content has one of these words at this place.
    Word { name: &'static str, place: &'static str, words: &'static [&'static str] },
    /// The record concerns a DID so: found by an index, however many others there are.
    Did { name: &'static str, party: Party },
}

impl Filter {
    fn name(&self) -> &'static str {
        match self {
            Filter::Word { name, .. } | Filter::Did { name, .. } => name,
        }
    }

    fn described(&self, operation: Operation) -> Operation {
        match self {
            Filter::Word { name, words, .. } => {
                operation.option(name, one_of(words), "Only those that are so now.")
            }
            Filter::Did { name, party: Party::Granter } => {
                operation.option(name, text(), "Only those that this DID has made.")
            }
            Filter::Did { name, party: Party::Subject } => {
                operation.option(name, text(), "Only those of this DID.")
            }
        }
    }
}

/// The table with these lists.
pub(super) fn routes(table: Table, lists: impl IntoIterator<Item = Series>) -> Table {
    lists.into_iter().fold(table, |table, series| table.path(series.path, [listed(series)]))
}

/// The operation that lists a series.
fn listed(series: Series) -> Operation {
    let handler =
        async move |State(api): State<Api>, RawQuery(query): RawQuery, headers: HeaderMap| {
            let names = series.filters.iter().map(Filter::name);
            let known: Vec<&str> = names.chain(["limit", "cursor"]).collect();
            let options = known_options(query.as_deref(), &known)?;
            let limit = limit(&options, PAGE, PAGE_MAX)?;
            let snapshot = api.snapshot();
            let read = move || -> Result<Response, Problem> {
                let page = Wanted::read(series, &options)?.page(&snapshot, &options, limit)?;
                Ok(page.to(&headers))
            };
            aside(read).await
        };
    let entry = object([("key", text()), ("record", named("Record"))]);
    let page =
        object([("cursor", or_null(text())), ("height", count()), (series.name, list(entry))]);
    let operation = read(handler, series.id, series.summary)
        .option("limit", range(1, PAGE_MAX), "Most records of the page.")
        .option("cursor", text(), "The next page: the last one's `cursor`, same filters.")
        .kept(JSON, page);
    series.filters.iter().fold(operation, |operation, filter| filter.described(operation))
}

/// Records with their keys.
type Records = Vec<(String, Record)>;

/// What of a series is asked for.
struct Wanted {
    series: Series,
    /// Beginnings of an index's rows: each must have one that ends in the record's key.
    rows: Vec<Vec<u8>>,
    /// Places in the content, and the word that is there.
    words: Vec<(&'static str, String)>,
}

impl Wanted {
    fn read(series: Series, options: &BTreeMap<String, String>) -> Result<Wanted, Problem> {
        let mut wanted = Wanted { series, rows: Vec::new(), words: Vec::new() };
        for filter in series.filters {
            let Some(value) = options.get(filter.name()) else { continue };
            match *filter {
                Filter::Word { name, words, .. } if !words.contains(&value.as_str()) => {
                    let known = words.join(", ");
                    let detail = format!("`{value}` is no {name}: use one of {known}");
                    return Err(Problem::bad_request(detail));
                }
                Filter::Word { place, .. } => wanted.words.push((place, value.clone())),
                Filter::Did { name, .. } if Did::parse(value).is_err() => {
                    let detail = format!("`{name}` is a DID");
                    return Err(Problem::bad_request(detail));
                }
                Filter::Did { party, .. } => wanted.rows.push(party_prefix(party, value)),
            }
        }
        Ok(wanted)
    }

    fn page(
        &self,
        snapshot: &Snapshot,
        options: &BTreeMap<String, String>,
        limit: usize,
    ) -> Result<Answer, Problem> {
        let asked = format!("{} {:?} {:?}", self.series.path, self.rows, self.words);
        let mut after = match options.get("cursor") {
            None => None,
            Some(text) => {
                let place = String::from_utf8(cursor::read(&asked, text)?).ok();
                let place = place.filter(|place| place.starts_with(self.series.prefix));
                Some(place.ok_or_else(|| Problem::bad_request("`cursor` is not of this list"))?)
            }
        };
        let (mut found, mut looked) = (Vec::new(), 0);
        while found.len() < limit && looked < SCAN_MAX {
            let batch = limit - found.len();
            let (records, last) = self.batch(snapshot, after.as_deref(), batch)?;
            looked += batch;
            let matching = records.into_iter().filter(|(_, record)| self.matches(record));
            found.extend(matching.map(|(key, record)| json!({ "key": key, "record": record })));
            after = last;
            if after.is_none() {
                break;
            }
        }
        let cursor = after.map(|after| cursor::write(&asked, after.as_bytes()));
        let height = snapshot.height();
        let page = json!({ "cursor": cursor, "height": height, self.series.name: found });
        Ok(Answer::value(height, Keep::Briefly, &page))
    }

    /// The next records, and the key after which there may be more.
    fn batch(
        &self,
        snapshot: &Snapshot,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Records, Option<String>), Problem> {
        let prefix = self.series.prefix;
        let Some((row, others)) = self.rows.split_first() else {
            let records = snapshot.records(prefix, after, limit)?;
            let last = records.last().filter(|_| records.len() == limit);
            let last = last.map(|(key, _)| key.clone());
            return Ok((records, last));
        };
        let projected = snapshot.projected(row, prefix, after, limit, SCAN_MAX)?;
        let mut records = Vec::new();
        for key in projected.names {
            let mut all = true;
            for other in others {
                all &= snapshot.projection(&[other, key.as_bytes()].concat())?.is_some();
            }
            if let Some(record) = snapshot.record(&key)?.filter(|_| all) {
                records.push((key, record));
            }
        }
        Ok((records, projected.last))
    }

    fn matches(&self, record: &Record) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let content: Value = serde_json::from_str(record.content.get()).unwrap_or_default();
        let word = |place: &str| content.pointer(place).and_then(Value::as_str);
        self.words.iter().all(|(place, value)| word(place) == Some(value))
    }
}
