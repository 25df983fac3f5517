//! The messages of the gossip, as bytes with a length limit in the one strict encoding.

use std::io;

use async_trait::async_trait;
use bincode::{Decode, Encode};
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::{StreamProtocol, request_response};
use proofs::Block;

use crate::codec;

/// Most bytes of a request, and of a response, on the wire.
const REQUEST_BYTES_MAX: u64 = 2 << 20;
const RESPONSE_BYTES_MAX: u64 = (Block::BYTES_MAX as u64) + 64;

/// A request to a peer.
#[derive(Debug, Encode, Decode)]
pub(crate) enum Request {
    /// Events for the mempool.
    Events(Vec<Vec<u8>>),
    /// The payload of the block with this id.
    Payload([u8; 32]),
    /// The sender has begun this height.
    Begun(u64),
    /// A checkpoint cosignature, opaque here.
    Cosignature(Vec<u8>),
    /// Double signatures that the sender has found, as JSON.
    Evidence(Vec<u8>),
    /// A question to the node, opaque here.
    Question(Vec<u8>),
}

/// The answer.
#[derive(Debug, Encode, Decode)]
pub(crate) enum Response {
    /// Taken.
    Done,
    /// Not taken: send it again later.
    Busy,
    /// The payload, if it is here.
    Payload(Option<Vec<u8>>),
    /// The node's answer, if it has one.
    Answer(Option<Vec<u8>>),
}

/// Length-limited frames in the one strict encoding.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Frames;

#[async_trait]
impl request_response::Codec for Frames {
    type Protocol = StreamProtocol;
    type Request = Request;
    type Response = Response;

    async fn read_request<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
    ) -> io::Result<Request> {
        read(io, REQUEST_BYTES_MAX).await
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
    ) -> io::Result<Response> {
        read(io, RESPONSE_BYTES_MAX).await
    }

    async fn write_request<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        request: Request,
    ) -> io::Result<()> {
        io.write_all(&codec::encode(&request)).await?;
        io.close().await
    }

    async fn write_response<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        response: Response,
    ) -> io::Result<()> {
        io.write_all(&codec::encode(&response)).await?;
        io.close().await
    }
}

async fn read<M: Encode + Decode<()>>(
    io: &mut (impl AsyncRead + Unpin + Send),
    limit: u64,
) -> io::Result<M> {
    let mut bytes = Vec::new();
    io.take(limit + 1).read_to_end(&mut bytes).await?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
        return Err(io::Error::other("message too long"));
    }
    codec::decode(&bytes).map_err(io::Error::other)
}
