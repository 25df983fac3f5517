//! Asking peers, and answering them from the disk.

use bytes::Bytes;
use libp2p::PeerId;
use libp2p::request_response::ResponseChannel;
use proofs::{Block, Hash};

use super::frames::{Request, Response};
use super::{Command, Gossip};
use crate::parts::block_id;
use crate::shared::{Shared, lock};

/// Most bytes of a question.
pub(crate) const QUESTION_BYTES_MAX: usize = 4 << 10;

/// Most bytes of an answer: those of a block, which a response has room for.
const ANSWER_BYTES_MAX: usize = Block::BYTES_MAX;

impl Shared {
    /// Asks the connected peers, one after the other, for a block's payload.
    pub(crate) async fn fetch(&self, block: Hash) -> Option<Bytes> {
        let peers = lock(&self.gossip_peers).clone();
        for peer in peers {
            if let Some(Response::Payload(Some(payload))) =
                self.gossip.ask(peer, Request::Payload(block.0)).await
                && block_id(&payload) == Some(block)
            {
                return Some(payload.into());
            }
        }
        None
    }

    /// Asks a peer what is opaque here; `None` where it has no answer.
    pub(crate) async fn ask(&self, peer: PeerId, question: &[u8]) -> Option<Bytes> {
        if question.len() > QUESTION_BYTES_MAX {
            return None;
        }
        match self.gossip.ask(peer, Request::Question(question.to_vec())).await {
            Some(Response::Answer(Some(answer))) => Some(answer.into()),
            _ => None,
        }
    }

    /// What this node has to say. Reads the disk.
    fn respond(&self, request: Request) -> Response {
        match request {
            Request::Payload(block) => {
                let payload = self.application.payload(&Hash(block)).ok().flatten();
                Response::Payload(payload.map(|payload| payload.to_vec()))
            }
            Request::Question(question) if question.len() <= QUESTION_BYTES_MAX => {
                let answer = self.application.answer(&question);
                let answer = answer.filter(|answer| answer.len() <= ANSWER_BYTES_MAX);
                Response::Answer(answer.map(|answer| answer.to_vec()))
            }
            _ => Response::Done,
        }
    }
}

impl Gossip {
    /// Has a request answered on another thread.
    pub(super) fn respond_later(&self, request: Request, channel: ResponseChannel<Response>) {
        let (shared, sender) = (self.shared.clone(), self.sender.clone());
        tokio::spawn(async move {
            let response = tokio::task::spawn_blocking(move || shared.respond(request)).await;
            let response = response.unwrap_or(Response::Done);
            let _ = sender.0.send(Command::Respond(channel, response)).await;
        });
    }
}
