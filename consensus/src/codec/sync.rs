//! The forms of the messages of sync, by which a node that is behind asks for decided blocks.

use arc_malachitebft_app_channel::app::types::codec::{Codec, HasEncodedLen};
use arc_malachitebft_app_channel::app::types::sync::{RawDecidedValue, Request, Response, Status};
use arc_malachitebft_sync::{PeerId, ValueRequest, ValueResponse};
use bincode::{Decode, Encode};

use super::forms::{WireCertificate, Wired};
use super::{CodecError, Wire, from_bytes, to_bytes};
use crate::context::{Context, Height};
use bytes::Bytes;

impl Codec<Response<Context>> for Wire {
    type Error = CodecError;

    fn encode(&self, response: &Response<Context>) -> Result<Bytes, CodecError> {
        Ok(to_bytes(response))
    }

    fn decode(&self, bytes: Bytes) -> Result<Response<Context>, CodecError> {
        let response = from_bytes(&bytes)?;
        let Response::ValueResponse(values) = &response;
        for value in &values.values {
            let _ = self.coming.try_send(value.value_bytes.clone());
        }
        Ok(response)
    }
}

impl HasEncodedLen<Response<Context>> for Wire {
    fn encoded_len(&self, message: &Response<Context>) -> Result<usize, CodecError> {
        // An upper bound: the engine cuts a response to its size limit with it.
        let Response::ValueResponse(response) = message;
        let bytes = |value: &RawDecidedValue<Context>| {
            value.value_bytes.len() + 64 + 96 * value.certificate.commit_signatures.len()
        };
        Ok(16 + response.values.iter().map(bytes).sum::<usize>())
    }
}

#[derive(Encode, Decode)]
pub(super) struct WireStatus {
    peer: Vec<u8>,
    tip: u64,
    lowest: u64,
}

#[derive(Encode, Decode)]
pub(super) struct WireRequest {
    first: u64,
    last: u64,
}

#[derive(Encode, Decode)]
pub(super) struct WireResponse {
    first: u64,
    values: Vec<(Vec<u8>, WireCertificate)>,
}

impl Wired for Status<Context> {
    type Form = WireStatus;

    fn form(&self) -> WireStatus {
        WireStatus {
            peer: self.peer_id.to_bytes(),
            tip: self.tip_height.0,
            lowest: self.history_min_height.0,
        }
    }

    fn from_form(form: WireStatus) -> Result<Self, CodecError> {
        Ok(Status {
            peer_id: PeerId::from_bytes(&form.peer).map_err(|_| CodecError("not a peer id"))?,
            tip_height: Height(form.tip),
            history_min_height: Height(form.lowest),
        })
    }
}

impl Wired for Request<Context> {
    type Form = WireRequest;

    fn form(&self) -> WireRequest {
        let Request::ValueRequest(request) = self;
        WireRequest { first: request.range.start().0, last: request.range.end().0 }
    }

    fn from_form(form: WireRequest) -> Result<Self, CodecError> {
        Ok(Request::ValueRequest(ValueRequest::new(Height(form.first)..=Height(form.last))))
    }
}

impl Wired for Response<Context> {
    type Form = WireResponse;

    fn form(&self) -> WireResponse {
        let Response::ValueResponse(response) = self;
        let value = |value: &RawDecidedValue<Context>| {
            (value.value_bytes.to_vec(), value.certificate.form())
        };
        WireResponse {
            first: response.start_height.0,
            values: response.values.iter().map(value).collect(),
        }
    }

    fn from_form(form: WireResponse) -> Result<Self, CodecError> {
        let mut values = Vec::new();
        for (payload, certificate) in form.values {
            values.push(RawDecidedValue::new(payload.into(), Wired::from_form(certificate)?));
        }
        Ok(Response::ValueResponse(ValueResponse::new(Height(form.first), values)))
    }
}
