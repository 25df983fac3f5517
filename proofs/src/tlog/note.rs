//! Text that keys sign: C2SP signed-note v1.0.0, and the cosignatures of tlog-cosignature v1.0.1.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::cosigned_text;
use crate::PublicKey;

/// The largest note that is read. One of 128 validators has about 50 KiB.
pub const NOTE_BYTES_MAX: usize = 1 << 20;

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureType {
    /// Ed25519 over the note's text.
    Ed25519,
    /// Ed25519 over the text with a time before it, as cosigners do.
    Cosignature,
}

/// A key with its name. Text form: a verifier key, `name+id+base64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    /// The name in signature lines: without spaces and plus signs.
    pub name: String,
    /// How it signs.
    pub signs: SignatureType,
    /// The key.
    pub key: PublicKey,
}

/// What is wrong with a note or a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a signed note.
    #[error("not a signed note: {0}")]
    Note(&'static str),
    /// Not a verifier key of a type that is known here.
    #[error("`{0}` is not an Ed25519 verifier key")]
    Key(String),
    /// A key that is trusted did not make the signature under its name and id.
    #[error("the signature of `{0}` does not verify")]
    Signature(String),
}

impl SignatureType {
    /// The byte that stands for it in key ids and verifier keys.
    pub fn byte(self) -> u8 {
        match self {
            SignatureType::Ed25519 => 0x01,
            SignatureType::Cosignature => 0x04,
        }
    }
}

impl VerifierKey {
    /// The first four bytes of SHA-256 over name, line feed, type and key.
    pub fn id(&self) -> [u8; 4] {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', self.signs.byte()])
            .chain_update(self.key.0)
            .finalize()
            .into();
        let [a, b, c, d, ..] = digest;
        [a, b, c, d]
    }

    /// A note's line with this key's signature; a cosignature is its time (8) and 64 bytes.
    pub fn line(&self, signature: &[u8]) -> String {
        let bytes = [&self.id()[..], signature].concat();
        format!("\u{2014} {} {}\n", self.name, STANDARD.encode(bytes))
    }

    /// Whether this key made `signature` over a note's text.
    fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        match self.signs {
            SignatureType::Ed25519 => signature
                .try_into()
                .is_ok_and(|signature| self.key.verify(text.as_bytes(), signature)),
            SignatureType::Cosignature => {
                let Some((time, signature)) = signature.split_first_chunk() else { return false };
                let time = u64::from_be_bytes(*time);
                let message = cosigned_text(text, time);
                // tlog-cosignature: a time is at most 2^63 - 1.
                i64::try_from(time).is_ok()
                    && signature
                        .try_into()
                        .is_ok_and(|signature| self.key.verify(message.as_bytes(), signature))
            }
        }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let material = [&[self.signs.byte()][..], &self.key.0].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id()), STANDARD.encode(material))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<VerifierKey, NoteError> {
        let read = || {
            let (name, rest) = text.split_once('+')?;
            let (id, material) = rest.split_once('+')?;
            let material = STANDARD.decode(material).ok()?;
            let (kind, key) = material.split_first()?;
            let signs = match kind {
                0x01 => SignatureType::Ed25519,
                0x04 => SignatureType::Cosignature,
                _ => return None,
            };
            let key = PublicKey(key.try_into().ok()?);
            let key = VerifierKey { name: name.to_owned(), signs, key };
            (is_name(name) && hex::encode(key.id()) == id).then_some(key)
        };
        read().ok_or_else(|| NoteError::Key(text.chars().take(200).collect()))
    }
}

/// A note taken apart. Nothing in it counts before a signature is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    /// What is signed, with its last line feed.
    pub text: &'a str,
    signatures: Vec<Line<'a>>,
}

/// A signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line<'a> {
    name: &'a str,
    id: [u8; 4],
    signature: Vec<u8>,
}

impl<'a> Note<'a> {
    /// Takes a note apart.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(note: &'a str) -> Result<Note<'a>, NoteError> {
        let wrong = NoteError::Note;
        if note.len() > NOTE_BYTES_MAX {
            return Err(wrong("too large"));
        }
        if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(wrong("control characters"));
        }
        let at = note.rfind("\n\n").ok_or(wrong("no empty line before the signatures"))?;
        let (text, lines) = note.split_at_checked(at + 1).ok_or(wrong("no text"))?;
        let lines = lines.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
        let lines = lines.ok_or(wrong("no signatures, or the last line does not end"))?;
        let signatures = lines.split('\n').map(Line::parse);
        let signatures = signatures.collect::<Option<Vec<_>>>();
        let signatures = signatures.ok_or(wrong("a signature line is malformed"))?;
        Ok(Note { text, signatures })
    }

    /// Whether `key` signed. Signatures of other keys are nothing to it.
    ///
    /// # Errors
    /// A signature under the key's name and id is not the key's: then reject the note.
    pub fn is_signed_by(&self, key: &VerifierKey) -> Result<bool, NoteError> {
        let id = key.id();
        let mut signed = false;
        for line in self.signatures.iter().filter(|line| line.name == key.name && line.id == id) {
            if !key.verifies(self.text, &line.signature) {
                return Err(NoteError::Signature(key.name.clone()));
            }
            signed = true;
        }
        Ok(signed)
    }
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Line<'a>> {
        let (name, signature) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let bytes = STANDARD.decode(signature).ok()?;
        let (id, signature) = bytes.split_first_chunk()?;
        let sound = is_name(name) && !signature.is_empty();
        sound.then(|| Line { name, id: *id, signature: signature.to_vec() })
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_zebra::SigningKey;

    // C2SP signed-note, section "Example".
    const EXAMPLE_KEY: &str =
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const EXAMPLE: &str = "This is an example message.\n\n\u{2014} example.com/foo \
        Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72\
        IneyaQM=\n";

    #[test]
    fn the_example_of_the_specification_verifies() {
        let key: VerifierKey = EXAMPLE_KEY.parse().unwrap();
        assert_eq!(key.to_string(), EXAMPLE_KEY);
        assert!(Note::parse(EXAMPLE).unwrap().is_signed_by(&key).unwrap());
        let changed = EXAMPLE.replace("an example", "no example");
        let refused = Note::parse(&changed).unwrap().is_signed_by(&key);
        assert_eq!(refused, Err(NoteError::Signature("example.com/foo".into())));
        let other = VerifierKey { name: "example.com/bar".into(), ..key };
        assert!(!Note::parse(EXAMPLE).unwrap().is_signed_by(&other).unwrap(), "an unknown key");
    }

    #[test]
    fn what_is_no_note_or_key_is_refused() {
        for odd in [
            "",
            "text\n",
            "text\n\n",
            "text\n\n\u{2014} name\n",
            "text\n\n\u{2014} name AAAA\n",
            "text\n\n- name AAAAAAA=\n",
            "text\n\n\u{2014} na+me AAAAAAA=\n",
            "text\n\n\u{2014} name AAAAAAA=",
            "te\txt\n\n\u{2014} name AAAAAAA=\n",
            "text\n\n\u{2014} name AAAAAAA=\r\n",
        ] {
            assert!(Note::parse(odd).is_err(), "{odd:?}");
        }
        assert!(Note::parse("text\n\nmore\n\n\u{2014} name AAAAAAA=\n").is_ok());
        for odd in [
            "",
            "example.com/foo",
            &EXAMPLE_KEY.replace("530d", "530e"),
            &EXAMPLE_KEY.replace("foo", "f oo"),
            &EXAMPLE_KEY.replace("AekyeR", "BukyeR"),
        ] {
            assert!(odd.parse::<VerifierKey>().is_err(), "{odd}");
        }
    }

    #[test]
    fn a_cosignature_binds_its_time() {
        let secret = SigningKey::from([5; 32]);
        let name = "w.example/1".to_owned();
        let key = VerifierKey { name, signs: SignatureType::Cosignature, key: (&secret).into() };
        let text = "origin\n1\nroot\n";
        let note = |time: u64, signed: u64| {
            let signature = secret.sign(cosigned_text(text, signed).as_bytes()).to_bytes();
            format!("{text}\n{}", key.line(&[&time.to_be_bytes()[..], &signature].concat()))
        };
        let signed = |note: &str| Note::parse(note).unwrap().is_signed_by(&key);
        assert_eq!(signed(&note(1_679_315_147, 1_679_315_147)), Ok(true));
        assert!(signed(&note(1_679_315_148, 1_679_315_147)).is_err());
        assert!(signed(&note(1 << 63, 1 << 63)).is_err(), "beyond what a time may be");
    }
}
