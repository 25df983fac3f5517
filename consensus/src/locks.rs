//! Which proofs of lock proposers have signed. A proposal's pieces claim one, unsigned; the claim
//! counts only when the signed proposal says the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use arc_malachitebft_app_channel::app::consensus::SignedConsensusMsg;
use arc_malachitebft_app_channel::app::engine::util::events::Event;
use arc_malachitebft_app_channel::app::events::RxEvent;
use arc_malachitebft_core_types::SignedProposal;
use proofs::Hash;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;

use crate::context::{Context, Validators, address, round_number};
use crate::shared::{Shared, lock};

/// Height and round.
type Place = (u64, u32);

#[derive(Default)]
struct Known {
    signed: Mutex<BTreeMap<Place, BTreeSet<(Hash, u32)>>>,
    changed: Notify,
}

/// The signed claims of the heights that are being decided.
pub(crate) struct Locks {
    known: Arc<Known>,
    task: tokio::task::JoinHandle<()>,
}

impl Locks {
    /// Collects what the engine receives.
    pub(crate) fn follow(mut events: RxEvent<Context>, shared: Arc<Shared>) -> Self {
        let known = Arc::new(Known::default());
        let noted = known.clone();
        let task = tokio::spawn(async move {
            loop {
                match events.recv().await {
                    Ok(Event::Received(SignedConsensusMsg::Proposal(proposal))) => {
                        noted.note(&proposal, &shared);
                    }
                    // What was missed is treated as unsigned, which is safe.
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                }
            }
        });
        Locks { known, task }
    }

    /// Waits until the proposer of this height and round has signed this claim.
    pub(crate) async fn signed(&self, height: u64, round: u32, block: Hash, lock_round: u32) {
        loop {
            let changed = self.known.changed.notified();
            if self.known.holds((height, round), (block, lock_round)) {
                return;
            }
            changed.await;
        }
    }

    /// Forgets decided heights.
    pub(crate) fn prune(&self, height: u64) {
        lock(&self.known.signed).retain(|(at, _), _| *at > height);
    }
}

impl Drop for Locks {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Known {
    fn holds(&self, place: Place, claim: (Hash, u32)) -> bool {
        lock(&self.signed).get(&place).is_some_and(|claims| claims.contains(&claim))
    }

    fn note(&self, proposal: &SignedProposal<Context>, shared: &Shared) {
        let message = &proposal.message;
        let Some(lock_round) = message.lock_round.as_u32() else { return };
        let head = shared.application.head();
        let (height, round) = (message.height.0, round_number(message.round));
        if height != head.height + 1 {
            return;
        }
        let proposer = address(Validators::new(&head.validators).proposer(height, round));
        let bytes = message.sign_bytes(&shared.genesis);
        if !proposer.verify(&bytes, &proposal.signature.to_bytes()) {
            return;
        }
        // One proposer signs one claim per round, or gives evidence against itself.
        let mut signed = lock(&self.signed);
        let claims = signed.entry((height, round)).or_default();
        if claims.len() < 2 {
            claims.insert((message.value.0, lock_round));
        }
        drop(signed);
        self.changed.notify_waiters();
    }
}
