//! Proof that an entry is in the log, checked offline with a policy: C2SP tlog-proof.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{LogHead, Policy, PolicyError, decimal, parse_hash};
use crate::Hash;
use crate::merkle::{WrongPath, verify_inclusion};

/// The first line of every proof.
pub const PROOF_HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A proof with its checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogProof {
    /// What the application adds: here the entry itself. It counts only as far as its hash is the
    /// proven leaf.
    pub extra: Option<Vec<u8>>,
    /// The entry's index, from 0.
    pub index: u64,
    /// RFC 9162 inclusion path.
    pub path: Vec<Hash>,
    /// The checkpoint, a signed note.
    pub checkpoint: String,
}

/// Why a text is no proof, or proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogProofError {
    /// Not of this format.
    #[error("not a proof of the format `{PROOF_HEADER}`")]
    Malformed,
    /// The checkpoint does not count.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The path does not lead to the checkpoint's root.
    #[error("the entry is not proven by the checkpoint's root")]
    Path(#[from] WrongPath),
}

impl LogProof {
    /// The head of the log that holds the entry with this leaf hash.
    ///
    /// # Errors
    /// Why it is not proven.
    pub fn verify(&self, policy: &Policy, leaf: Hash) -> Result<LogHead, LogProofError> {
        let head = policy.verify(&self.checkpoint)?;
        verify_inclusion(leaf, self.index, head.size, &self.path, &head.root)?;
        Ok(head)
    }
}

impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{PROOF_HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for LogProof {
    type Err = LogProofError;

    fn from_str(text: &str) -> Result<LogProof, LogProofError> {
        let read = || {
            let (proof, checkpoint) = text.split_once("\n\n")?;
            let mut lines = proof.split('\n').peekable();
            lines.next_if_eq(&PROOF_HEADER)?;
            let extra = lines.next_if(|line| line.starts_with("extra "));
            let extra = extra.map(|line| STANDARD.decode(line.trim_start_matches("extra ")));
            let index = decimal(lines.next()?.strip_prefix("index ")?)?;
            let path = lines.map(parse_hash).collect::<Option<Vec<_>>>()?;
            let checkpoint = checkpoint.to_owned();
            Some(LogProof { extra: extra.transpose().ok()?, index, path, checkpoint })
        };
        read().ok_or(LogProofError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_has_the_lines_of_the_specification() {
        let proof = LogProof {
            extra: Some(b"{}".to_vec()),
            index: 73_894,
            path: vec![Hash([1; 32]), Hash([2; 32])],
            checkpoint: "example.com/log\n109482\nroot\n\n\u{2014} example.com/log AAAAAAA=\n"
                .into(),
        };
        let text = proof.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..3], ["c2sp.org/tlog-proof@v1", "extra e30=", "index 73894"]);
        assert_eq!((lines[5], lines[6]), ("", "example.com/log"));
        assert_eq!(text.parse(), Ok(proof.clone()));
        let bare = LogProof { extra: None, path: vec![], index: 0, ..proof };
        assert_eq!(bare.to_string().parse(), Ok(bare));
        for odd in [
            String::new(),
            text.replace("@v1", "@v2"),
            text.replace("index 7", "index 07"),
            text.replace("extra e30=", "extra e30"),
            text.replace("index", "place"),
            text.replacen("\n\n", "\n", 2),
            text.replace("AQEB", "AQ"),
        ] {
            assert_eq!(odd.parse::<LogProof>(), Err(LogProofError::Malformed), "{odd}");
        }
    }
}
