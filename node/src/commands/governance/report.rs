//! `dzong governance report`: what happened in a year, for the Governing Body (s.121, s.152).

use std::collections::BTreeMap;

use anyhow::Context as _;
use clap::Args;
use proofs::Record;
use registry::oversight::{Audit, Incident};
use registry::time;
use registry::trust::{Entity, EntityRole, Listed, Moment, listing};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::author::{record, records};
use crate::cli::Global;
use crate::client::Client;
use crate::output;
use crate::trust::TrustArgs;

/// Sum up a year for the Governing Body: incidents by who reported them, and audits
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  dzong governance report --year 2026 --genesis genesis.json\n\n\
    What an incident was is sealed (s.118): its report is with the Administrative Body, and only \
    what was disclosed is public."
)]
pub(super) struct Report {
    /// The year, by UTC
    #[arg(long, value_parser = clap::value_parser!(u16).range(1970..=9998))]
    year: u16,
    #[command(flatten)]
    trust: TrustArgs,
}

/// Something, the id of the event that made it, and when that was.
struct Entry<T> {
    id: String,
    at: Moment,
    content: T,
}

impl<T: Serialize> Entry<T> {
    fn shown(&self) -> Value {
        json!({ "at": self.at, "content": self.content, "id": self.id })
    }
}

impl Report {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let reported = |incident: &Incident, _: &Record| incident.reported;
        let recorded = |_: &Audit, record: &Record| Moment(record.time);
        let incidents = self.of_year(&client, "incidents", reported)?;
        let audits = self.of_year(&client, "audits", recorded)?;
        let mut by_reporter: BTreeMap<&str, Vec<&Entry<Incident>>> = BTreeMap::new();
        for incident in &incidents {
            by_reporter.entry(&incident.content.reporter).or_default().push(incident);
        }
        let mut reporters = Vec::new();
        for (did, incidents) in by_reporter {
            reporters.push((did, self.entity(&client, did)?, incidents));
        }
        if global.json {
            let reporters = reporters.iter().map(|(did, entity, incidents)| {
                json!({
                    "did": did,
                    "entity": entity,
                    "incidents": incidents.iter().map(|one| one.shown()).collect::<Vec<_>>(),
                })
            });
            return output::json(&json!({
                "audits": audits.iter().map(Entry::shown).collect::<Vec<_>>(),
                "reporters": reporters.collect::<Vec<_>>(),
                "year": self.year,
            }));
        }
        let disclosed = incidents.iter().filter(|one| one.content.disclosed.is_some()).count();
        output::line(&format!(
            "{}: {} incidents reported, {disclosed} of them disclosed; {} audits",
            self.year,
            incidents.len(),
            audits.len()
        ))?;
        for (did, entity, incidents) in reporters {
            output::line(&format!("\n{}\n{did}", described(entity.as_ref())))?;
            for Entry { id, at, content } in incidents {
                let public = content.disclosed.as_ref().map_or_else(
                    || "sealed".to_owned(),
                    |told| format!("disclosed {}: {}", told.at, told.document.uri),
                );
                output::line(&format!("  {at}  {id}  {public}"))?;
            }
        }
        for Entry { id, at, content: Audit { auditor, conforms, entity, .. } } in &audits {
            let found = if *conforms { "conforms" } else { "does not conform" };
            output::line(&format!("\naudit {id} of {at}\n  {entity} {found}, says {auditor}"))?;
        }
        Ok(())
    }

    /// What a list has of the year, each proven, oldest first.
    fn of_year<T: DeserializeOwned>(
        &self,
        client: &Client,
        name: &str,
        when: impl Fn(&T, &Record) -> Moment,
    ) -> anyhow::Result<Vec<Entry<T>>> {
        let begin = |year: u16| time::parse(&format!("{year:04}-01-01T00:00:00Z")).map(Moment);
        let [from, until] = [begin(self.year), begin(self.year + 1)];
        let path = format!("/v1/{name}?limit=200");
        let mut found = Vec::new();
        for (key, record) in records(client, &path, name, &self.trust, |_| true)? {
            let content: T = serde_json::from_str(record.content.get())
                .with_context(|| format!("`{key}` cannot be read"))?;
            let at = when(&content, &record);
            let id = key.rsplit('/').next().unwrap_or_default().to_owned();
            if from <= Some(at) && Some(at) < until {
                found.push(Entry { id, at, content });
            }
        }
        found.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        Ok(found)
    }

    /// What the trust registry says of a reporter.
    fn entity(&self, client: &Client, did: &str) -> anyhow::Result<Option<Entity>> {
        let record = record(client, &listing::key::<Entity>(did), &self.trust)?;
        let listed = record.and_then(|record| Listed::<Entity>::read(&record.content));
        Ok(listed.map(|listed| listed.listing))
    }
}

/// A reporter's name and roles.
fn described(entity: Option<&Entity>) -> String {
    let Some(Entity { particulars, .. }) = entity else { return "not listed".to_owned() };
    let names: Vec<&str> = particulars.name.values().map(String::as_str).collect();
    let roles: Vec<&str> = particulars.roles.iter().copied().map(EntityRole::name).collect();
    format!("{} ({})", names.join(", "), roles.join(", "))
}
