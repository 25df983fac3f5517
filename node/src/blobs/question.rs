//! What nodes ask one another about blobs.

use registry::blob;

/// Characters of a blob's id.
const ID_BYTES: usize = 47;

/// A question to a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    /// The bytes of a blob from here on, as many as an answer has.
    Piece {
        /// The blob.
        id: String,
        /// The first byte.
        offset: u64,
    },
    /// The peer's own attestation of a blob, in JSON.
    Attestation(String),
    /// No question: the blob can be had here.
    Here(String),
}

impl Question {
    /// A number for the question, the id, and for a piece its offset (8).
    pub(super) fn encode(&self) -> Vec<u8> {
        let (number, id, offset) = match self {
            Question::Piece { id, offset } => (1, id, Some(offset)),
            Question::Attestation(id) => (2, id, None),
            Question::Here(id) => (3, id, None),
        };
        let mut bytes = [&[number], id.as_bytes()].concat();
        bytes.extend(offset.into_iter().flat_map(|offset| offset.to_be_bytes()));
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Question> {
        let (number, rest) = bytes.split_first()?;
        let (id, rest) = rest.split_at_checked(ID_BYTES)?;
        let id = std::str::from_utf8(id).ok().filter(|id| blob::is_id(id))?.to_owned();
        match (number, rest) {
            (1, offset) => {
                let offset = u64::from_be_bytes(offset.try_into().ok()?);
                Some(Question::Piece { id, offset })
            }
            (2, []) => Some(Question::Attestation(id)),
            (3, []) => Some(Question::Here(id)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_read_back_and_nothing_else_is_read() {
        let id = blob::id(b"blob");
        let questions = [
            Question::Piece { id: id.clone(), offset: 7 },
            Question::Attestation(id.clone()),
            Question::Here(id),
        ];
        for question in questions {
            let bytes = question.encode();
            assert_eq!(Question::decode(&bytes), Some(question));
            for end in 0..bytes.len() {
                assert_eq!(Question::decode(&bytes[..end]), None);
            }
            assert_eq!(Question::decode(&[&bytes[..], &[0]].concat()), None);
        }
    }
}
