//! Decided blocks: committing ours, taking and giving those of value sync.

use std::sync::Arc;
use std::time::Duration;

use arc_malachitebft_app_channel::Reply;
use arc_malachitebft_app_channel::app::consensus::ProposedValue;
use arc_malachitebft_app_channel::app::engine::host::SyncedValueOutcome;
use arc_malachitebft_app_channel::app::types::sync::RawDecidedValue;
use arc_malachitebft_core_types::{CommitCertificate, Round, Validity};
use bytes::Bytes;
use proofs::{Certificate, PublicKey};

use super::run::{JUDGE_PAUSE, Run};
use super::{Duty, End, without};
use crate::application::{Committed, Fault, Source};
use crate::context::{
    self, Address, Context, Height, Validators, Value, certificate, round_number,
};
use crate::engine::Signing;
use crate::parts::block_id;
use crate::shared::{count, lock};

impl Run {
    /// Commits, whatever it takes. A commit that fails is fatal: to ask the engine for another
    /// try would reset its log, and the node could sign twice.
    pub(super) async fn on_decided(
        &mut self,
        decided: CommitCertificate<Context>,
    ) -> Result<(), End> {
        let certificate = certificate(&decided);
        let head = self.shared.application.head();
        if certificate.height <= head.height {
            return Ok(());
        }
        certificate.verify(&self.shared.genesis, &head.validators).map_err(|error| {
            End::Halt(format!("a certificate of the engine does not verify: {error}"))
        })?;
        let Committed { height, proposer, events } = self.commit(certificate).await?;
        lock(&self.shared.mempool).remove(&events);
        self.empty = events.is_empty();
        let head = self.shared.application.head();
        self.height = height + 1;
        self.validators = Validators::new(&head.validators);
        self.shared.committed.send_replace(height);
        let watched = self.watch(&decided, proposer);
        self.parts.prune(height);
        self.proposed.retain(|(at, _), _| *at > height);
        self.locks.prune(height);
        watched
    }

    /// The engine's log keeps the id alone. If the payload behind it was lost here, a peer has
    /// it: the quorum stored it before it voted.
    async fn commit(&self, certificate: Certificate) -> Result<Committed, End> {
        let block = certificate.block;
        let certificate = Arc::new(certificate);
        while !self.shared.is_shut_down() {
            let decided = certificate.clone();
            let committed = self.blocking(move |application| application.commit(&decided)).await;
            let failed = |fault: Fault| fault.preventing("a decided block could not be committed");
            match committed {
                Ok(Some(committed)) => return Ok(committed),
                Ok(None) => tracing::warn!(%block, "a decided block was lost here: fetching it"),
                Err(Fault::NotYet(reason)) => {
                    tracing::warn!(reason, "a decided block waits");
                    tokio::time::sleep(JUDGE_PAUSE).await;
                    continue;
                }
                Err(fault) => return Err(failed(fault).into()),
            }
            let Some(payload) = self.shared.fetch(block).await else {
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            };
            let stored = self.validate(payload, Source::Decided).await;
            if let Err(Fault::NotYet(_)) = stored {
                continue;
            }
            stored
                .map_err(|fault| fault.preventing("a decided block could not be stored"))?
                .map_err(|why| End::Halt(format!("a decided block is invalid here: {why}")))?;
            count(&self.shared.counters.payloads_fetched);
        }
        Err(End::Shutdown)
    }

    /// Looks for what our key has signed and this home does not know of: a vote for the decided
    /// block, or its proposal. A process that nobody hears, because another one with its key is
    /// heard in its place, learns of that by the proposal alone.
    fn watch(&self, decided: &CommitCertificate<Context>, proposer: PublicKey) -> Result<(), End> {
        let (height, block) = (decided.height.0, decided.value_id);
        let voted = |me: PublicKey| {
            decided.commit_signatures.iter().any(|signature| signature.address.0 == me)
        };
        match &self.duty {
            Duty::Vote(Signing { key, guard }) => {
                let (me, round) = (PublicKey::from(&**key), round_number(decided.round));
                let vote = voted(me) && !lock(guard).knows(height, round);
                let mut ours = self.proposed.range((height, 0)..).map(|(_, (ours, _))| *ours);
                let proposal =
                    proposer == me && height > self.begun && ours.all(|ours| ours != block);
                if vote || proposal {
                    return Err(End::Stale);
                }
            }
            Duty::Rejoin { key, watch } => {
                let me = PublicKey::from(&**key);
                let time = self.shared.application.head().time_ms;
                lock(watch).decided(time, voted(me) || proposer == me);
                *lock(&self.shared.watch) = self.duty.waits_for();
            }
            Duty::Replica | Duty::SitOut { .. } => {}
        }
        Ok(())
    }

    pub(super) async fn on_synced(
        &mut self,
        height: u64,
        round: Round,
        proposer: Address,
        payload: Bytes,
    ) -> Result<SyncedValueOutcome<Context>, End> {
        if height != self.height {
            return Ok(SyncedValueOutcome::LocalTransientError);
        }
        let Some(block) = block_id(&payload) else { return Ok(SyncedValueOutcome::PeerFault) };
        self.synced = height;
        let validity = match self.validate(payload, Source::Decided).await {
            Ok(Ok(_)) => Validity::Valid,
            Ok(Err(invalid)) => {
                tracing::error!(height, %invalid, "a synced block is invalid here");
                Validity::Invalid
            }
            Err(fault) => {
                without(fault, "a synced block could not be executed")?;
                return Ok(SyncedValueOutcome::LocalTransientError);
            }
        };
        // The engine compares the id with the certificate's.
        Ok(SyncedValueOutcome::Verdict(ProposedValue {
            height: Height(height),
            round,
            valid_round: Round::Nil,
            proposer,
            value: Value(block),
            validity,
        }))
    }

    /// Long reads are done elsewhere, so that votes do not wait for them.
    pub(super) fn on_get_decided(
        &self,
        first: u64,
        last: u64,
        reply: Reply<Vec<RawDecidedValue<Context>>>,
    ) {
        let application = self.shared.application.clone();
        tokio::task::spawn_blocking(move || {
            let mut values = Vec::new();
            for height in first..=last {
                match application.decided(height) {
                    Ok(Some((payload, certificate))) => {
                        let certificate = context::extended(&certificate);
                        values.push(RawDecidedValue::new(payload, certificate));
                    }
                    Ok(None) => break,
                    Err(fault) => {
                        tracing::error!(%fault, height, "a decided block could not be read");
                        break;
                    }
                }
            }
            let _ = reply.send(values);
        });
    }
}
