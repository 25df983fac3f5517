//! What is done about blobs beside everything else: fetched, checked, attestations collected.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use consensus::{Handle, PeerId};
use futures::future::join_all;
use registry::blob::Attestation;

use super::question::Question;
use super::{Blobs, COLLECTED_MAX, Electorate, RETRY_MAX, Retry};
use crate::space::Space;

/// How long all peers have to say whether they attest.
const COLLECT_TIME_MAX: Duration = Duration::from_secs(3);

/// The least time between two rounds of asking for attestations.
const COLLECT_PAUSE: Duration = Duration::from_millis(500);

/// Fetches, checks and collects, until the node ends.
pub async fn run(blobs: Arc<Blobs>, handle: Handle, space: Arc<Space>) {
    tokio::join!(
        fetch_all(blobs.clone(), &handle, &space),
        check_all(blobs.clone()),
        collect_all(blobs.clone(), &handle),
    );
}

/// Looks for what the ledger names, and fetches what is not here.
async fn fetch_all(blobs: Arc<Blobs>, handle: &Handle, space: &Space) {
    let (mut commits, mut wakes) = (handle.subscribe(), blobs.wake.subscribe());
    loop {
        let looking = blobs.clone();
        logged(tokio::task::spawn_blocking(move || looking.look()).await);
        let fresh = std::mem::take(&mut blobs.state().fresh);
        for id in fresh {
            tokio::spawn(tell(handle.clone(), id));
        }
        // A disk that is nearly full takes events before blobs.
        let due = if space.problem().is_none() { blobs.due() } else { Vec::new() };
        for id in due {
            fetch(&blobs, &id, handle).await;
        }
        let next = tokio::time::Instant::from_std(blobs.next());
        tokio::select! {
            changed = commits.changed() => if changed.is_err() { return },
            _ = wakes.changed() => {}
            () = tokio::time::sleep_until(next) => {}
        }
    }
}

impl Blobs {
    /// The blobs for which peers are to be asked now.
    fn due(&self) -> Vec<String> {
        let now = Instant::now();
        let is_due = |retry: &Retry| retry.due().is_none_or(|due| due <= now);
        let state = self.state();
        let due = state.awaited.iter().filter(|(_, retry)| is_due(retry));
        let mut due: Vec<(&String, &Retry)> = due.collect();
        // Those for which a block waits have the shortest pause.
        due.sort_by_key(|(_, retry)| retry.pause);
        due.into_iter().map(|(id, _)| id.clone()).collect()
    }

    /// When there is something to fetch again.
    fn next(&self) -> Instant {
        let now = Instant::now();
        let state = self.state();
        let next = state.awaited.values().map(|retry| retry.due().unwrap_or(now)).min();
        // Not at once, where space is lacking.
        next.unwrap_or(now + RETRY_MAX).max(now + Duration::from_millis(100))
    }

    fn failed(&self, id: &str) {
        if let Some(retry) = self.state().awaited.get_mut(id) {
            retry.last = Some(Instant::now());
            retry.pause = (retry.pause * 2).min(RETRY_MAX);
        }
    }
}

/// Asks the peers, one after the other, until one gives the bytes.
async fn fetch(blobs: &Arc<Blobs>, id: &str, handle: &Handle) {
    let size = match blobs.ledger.snapshot().blob_state(id) {
        Ok(Some(blob)) => usize::try_from(blob.size).unwrap_or(usize::MAX),
        // A later block names it.
        Ok(None) => return blobs.failed(id),
        Err(fault) => {
            tracing::error!(%fault, "a blob's record cannot be read");
            return blobs.failed(id);
        }
    };
    for peer in handle.connected() {
        let Some(bytes) = fetch_from(peer, id, size, handle).await else { continue };
        let (keeping, named) = (blobs.clone(), id.to_owned());
        match tokio::task::spawn_blocking(move || keeping.keep(&named, &bytes)).await {
            Ok(Ok(Ok(_))) => {
                tracing::info!(blob = id, %peer, "a blob was fetched");
                return;
            }
            Ok(Ok(Err(why))) => tracing::warn!(blob = id, %peer, %why, "a peer gave another blob"),
            failed => return logged(failed.map(|kept| kept.map(drop))),
        }
    }
    blobs.failed(id);
}

/// All bytes of a blob from one peer; `None` where it does not have them.
async fn fetch_from(peer: PeerId, id: &str, size: usize, handle: &Handle) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while bytes.len() < size {
        let offset = u64::try_from(bytes.len()).ok()?;
        let question = Question::Piece { id: id.to_owned(), offset };
        let piece = handle.ask(peer, &question.encode()).await?;
        if piece.is_empty() || piece.len() > size - bytes.len() {
            return None;
        }
        bytes.extend_from_slice(&piece);
    }
    Some(bytes)
}

/// Tells the peers that a blob can be had here.
async fn tell(handle: Handle, id: String) {
    let question = Question::Here(id).encode();
    join_all(handle.connected().into_iter().map(|peer| handle.ask(peer, &question))).await;
}

/// Checks what is here. Long checks are the rule.
async fn check_all(blobs: Arc<Blobs>) {
    let mut wakes = blobs.wake.subscribe();
    loop {
        let next = blobs.state().unchecked.pop_first();
        let Some(id) = next else {
            if wakes.changed().await.is_err() {
                return;
            }
            continue;
        };
        let (checking, named) = (blobs.clone(), id.clone());
        let verdict = match tokio::task::spawn_blocking(move || checking.check(&named)).await {
            Ok(Ok(None)) => continue,
            Ok(Ok(Some(verdict))) => verdict,
            Ok(Err(fault)) => {
                tracing::error!(%fault, blob = id, "a blob could not be checked");
                continue;
            }
            // Bytes that break a check are not what their kind says.
            Err(panic) => {
                tracing::error!(%panic, blob = id, "the check of a blob broke off");
                Err("its check broke off".to_owned())
            }
        };
        match &verdict {
            Ok(_) => tracing::info!(blob = id, "a blob was checked and is attested"),
            Err(why) => tracing::warn!(blob = id, why, "a blob is not what its kind says"),
        }
        blobs.state().verdicts.insert(id, verdict);
    }
}

/// Asks peers for the attestations that somebody wants.
async fn collect_all(blobs: Arc<Blobs>, handle: &Handle) {
    let mut wakes = blobs.wake.subscribe();
    loop {
        let wanted = std::mem::take(&mut blobs.state().wanted);
        for id in wanted {
            collect(&blobs, &id, handle).await;
        }
        tokio::time::sleep(COLLECT_PAUSE).await;
        if wakes.changed().await.is_err() {
            return;
        }
    }
}

async fn collect(blobs: &Arc<Blobs>, id: &str, handle: &Handle) {
    let question = Question::Attestation(id.to_owned()).encode();
    let ask = |peer| tokio::time::timeout(COLLECT_TIME_MAX, handle.ask(peer, &question));
    let answers = join_all(handle.connected().into_iter().map(ask)).await;
    let answers: Vec<Bytes> = answers.into_iter().filter_map(|answer| answer.ok()?).collect();
    let (hearing, named) = (blobs.clone(), id.to_owned());
    logged(tokio::task::spawn_blocking(move || hearing.hear(&named, &answers)).await);
}

impl Blobs {
    /// Remembers the attestations that hold.
    fn hear(&self, id: &str, answers: &[Bytes]) -> Result<(), ledger::Fault> {
        let Some(electorate) = Electorate::of(&self.ledger.snapshot(), id)? else { return Ok(()) };
        for answer in answers {
            let Ok(heard) = serde_json::from_slice::<Attestation>(answer) else { continue };
            if electorate.counts(&heard) {
                let mut state = self.state();
                while state.collected.len() >= COLLECTED_MAX && !state.collected.contains_key(id) {
                    state.collected.pop_first();
                }
                let of_blob = state.collected.entry(id.to_owned()).or_default();
                of_blob.insert(heard.validator_key, heard);
            }
        }
        Ok(())
    }
}

/// A disk that fails is seen elsewhere; here it is only told.
fn logged(done: Result<Result<(), ledger::Fault>, tokio::task::JoinError>) {
    match done {
        Ok(Ok(())) => {}
        Ok(Err(fault)) => tracing::error!(%fault, "blobs could not be read or kept"),
        Err(error) => tracing::error!(%error, "blobs could not be read or kept"),
    }
}
