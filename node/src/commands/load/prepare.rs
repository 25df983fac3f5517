//! What is made before the clock starts.

use anyhow::Context as _;
use bytes::Bytes;
use proofs::Hash;
use registry::author::{self, Key};
use registry::control::Control;
use registry::json;
use serde_json::{Value, json};

use crate::author::{Network, times};
use crate::client::Client;
use crate::keys::{KeyFile, Suite};

/// At least so many DIDs are read in turn, where there are so many.
const DIDS_WANTED: usize = 1_000;

/// An event that is ready to be sent.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) id: Hash,
    pub(super) bytes: Bytes,
}

impl Prepared {
    pub(super) fn of(bytes: Vec<u8>) -> anyhow::Result<Prepared> {
        let id = registry::event::id_of(&bytes)?;
        Ok(Prepared { id, bytes: bytes.into() })
    }
}

/// So many `DidCreated` events, each of an organisation with a key of its own.
pub(super) fn events(
    count: u64,
    network: &Network,
    endorser: &KeyFile,
) -> anyhow::Result<Vec<Prepared>> {
    many(count, |_| Ok(organisation(network, endorser)?.1))
}

/// So many events, made on all processors; `make` gets the number of each.
pub(super) fn many(
    count: u64,
    make: impl Fn(u64) -> anyhow::Result<Prepared> + Sync,
) -> anyhow::Result<Vec<Prepared>> {
    let workers = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let workers = u64::try_from(workers)?;
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..workers)
            .map(|worker| {
                let (from, to) = (count * worker / workers, count * (worker + 1) / workers);
                let make = &make;
                scope.spawn(move || (from..to).map(make).collect::<Result<Vec<_>, _>>())
            })
            .collect();
        let mut events = Vec::new();
        for part in parts {
            events.extend(part.join().expect("signing does not panic")?);
        }
        Ok(events)
    })
}

/// A new organisation: its key, and the endorsed event that registers it.
pub(super) fn organisation(
    network: &Network,
    endorser: &KeyFile,
) -> anyhow::Result<(KeyFile, Prepared)> {
    let key = KeyFile::generate(Suite::Ed25519);
    let public = key.public();
    let control = Control::of([&public], 1);
    let id = author::placeholder(&network.name);
    let document = json!({
        "@context": ["https://www.w3.org/ns/did/v1.1"],
        "id": id,
        "verificationMethod": [{
            "id": "#key-1",
            "type": "Multikey",
            "controller": id,
            "publicKeyMultibase": public,
        }],
        "assertionMethod": ["#key-1"],
    });
    let domain = network.domain();
    let (did, mut event) = author::inception(&network.name, document, &control, times())?;
    author::sign(&mut event, did.to_did().as_str(), &domain, &key)?;
    author::endorse(&mut event, endorser.did().unwrap_or_default(), &domain, endorser)?;
    let event = Prepared::of(json::canonical(&event)?)?;
    Ok((key.with_did(did.to_did().as_str()), event))
}

/// DIDs that the registry holds: those of genesis, and the first authors in the log.
pub(super) fn dids(client: &Client) -> anyhow::Result<Vec<String>> {
    let genesis: Value = serde_json::from_slice(&client.genesis()?)?;
    let mut dids = authors(genesis.get("events"));
    let mut from = 0;
    while dids.len() < DIDS_WANTED {
        let page: Value = client.read(&format!("/v1/events?from={from}&limit=200"))?;
        dids.extend(authors(page.get("events")));
        match page.get("next").and_then(Value::as_u64) {
            Some(next) if next > from => from = next,
            _ => break,
        }
    }
    dids.sort_unstable();
    dids.dedup();
    dids.first().context("the registry holds no DID to read")?;
    Ok(dids)
}

fn authors(events: Option<&Value>) -> Vec<String> {
    let events = events.and_then(Value::as_array).into_iter().flatten();
    let author = |item: &Value| {
        let event = item.get("event").unwrap_or(item);
        Some(event.get("author")?.as_str()?.to_owned())
    };
    events.filter_map(author).collect()
}

#[cfg(test)]
mod tests {
    use registry::SignedEvent;

    use super::*;

    #[test]
    fn prepared_events_are_sound_and_unlike() {
        let network = Network { name: "bt-test".into(), genesis: Hash([7; 32]) };
        let endorser = KeyFile::generate(Suite::Ed25519)
            .with_did("did:ndi:bt-test:QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");
        let events = events(5, &network, &endorser).unwrap();
        let mut ids: Vec<Hash> = events.iter().map(|event| event.id).collect();
        for event in &events {
            let checked = SignedEvent::parse(&event.bytes).unwrap().verify().unwrap();
            assert_eq!(checked.id(), event.id);
            assert!((1_200..2_200).contains(&event.bytes.len()), "{}", event.bytes.len());
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 5);
    }
}
