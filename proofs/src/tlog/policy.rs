//! Which logs are known and how many witnesses make a checkpoint count: C2SP tlog-policy.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::{LogHead, Note, NoteError, SignatureType, VerifierKey};

/// The largest policy that is read.
pub const POLICY_BYTES_MAX: usize = 1 << 20;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    /// Witnesses and groups in the order of their lines; groups name earlier ones.
    parties: Vec<Party>,
    /// The party whose word is the quorum; nobody's is needed for `none`.
    quorum: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Party {
    Witness(VerifierKey),
    Group { threshold: usize, members: Vec<usize> },
}

/// Why a policy is none, or a checkpoint does not satisfy it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A line that means nothing.
    #[error("line {line} of the policy: {problem}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// There is no quorum line, or it is too large.
    #[error("the policy {0}")]
    Policy(&'static str),
    /// The note is none, or a known key did not make its signature.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The signed text is no checkpoint.
    #[error("the signed text is not a checkpoint")]
    Checkpoint,
    /// None of the known logs signed under its own name.
    #[error("no known log signed the checkpoint of `{0}`")]
    Log(String),
    /// Too few witnesses cosigned.
    #[error("the checkpoint is not cosigned by a quorum")]
    Quorum,
}

/// A policy while its lines are read.
#[derive(Default)]
struct Draft {
    logs: Vec<VerifierKey>,
    parties: Vec<Party>,
    names: BTreeMap<String, usize>,
    grouped: Vec<usize>,
    quorum: Option<Option<usize>>,
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Policy, PolicyError> {
        if text.len() > POLICY_BYTES_MAX {
            return Err(PolicyError::Policy("is too large"));
        }
        let mut draft = Draft::default();
        for (at, line) in text.split('\n').enumerate() {
            let problem = |problem| PolicyError::Line { line: at + 1, problem };
            if line.bytes().any(|byte| byte == 0x7f || byte < 0x20 && byte != b'\t') {
                return Err(problem("control characters".into()));
            }
            let items: Vec<&str> =
                line.split([' ', '\t']).filter(|item| !item.is_empty()).collect();
            draft.read(&items).map_err(problem)?;
        }
        let Draft { logs, parties, quorum, .. } = draft;
        let quorum = quorum.ok_or(PolicyError::Policy("has no quorum line"))?;
        Ok(Policy { logs, parties, quorum })
    }
}

impl Draft {
    fn read(&mut self, items: &[&str]) -> Result<(), String> {
        match items {
            [] => Ok(()),
            [word, ..] if word.starts_with('#') => Ok(()),
            ["log", key] | ["log", key, _] => {
                let key = self.new_key(key, SignatureType::Ed25519)?;
                self.logs.push(key);
                Ok(())
            }
            ["witness", name, key] | ["witness", name, key, _] => {
                let key = self.new_key(key, SignatureType::Cosignature)?;
                self.define(name, Party::Witness(key))
            }
            ["group", name, threshold, members @ ..] => {
                let members = self.members(members)?;
                let threshold = match *threshold {
                    "all" => members.len(),
                    "any" => 1,
                    number => number.parse().map_err(|_| format!("`{number}` is no number"))?,
                };
                if !(1..=members.len()).contains(&threshold) {
                    return Err(format!("{threshold} of {} members", members.len()));
                }
                self.define(name, Party::Group { threshold, members })
            }
            ["quorum", name] if self.quorum.is_none() => {
                let none = *name == "none";
                self.quorum = Some(if none { None } else { Some(self.find(name)?) });
                Ok(())
            }
            [word, ..] => Err(format!("`{word}` does not stand so")),
        }
    }

    /// tlog-policy: no two lines of one kind wrap the same public key.
    fn new_key(&self, key: &str, signs: SignatureType) -> Result<VerifierKey, String> {
        let key: VerifierKey = key.parse().map_err(|error: NoteError| error.to_string())?;
        if key.signs != signs {
            return Err("the key is of the wrong type".into());
        }
        let witnesses = self.parties.iter().filter_map(|party| match party {
            Party::Witness(key) => Some(key),
            Party::Group { .. } => None,
        });
        let twice = match signs {
            SignatureType::Ed25519 => self.logs.iter().any(|log| log.key == key.key),
            SignatureType::Cosignature => witnesses.into_iter().any(|one| one.key == key.key),
        };
        if twice { Err("the key stands twice".into()) } else { Ok(key) }
    }

    fn define(&mut self, name: &str, party: Party) -> Result<(), String> {
        let taken = name == "none" || self.names.contains_key(name);
        if taken {
            return Err(format!("the name `{name}` is taken"));
        }
        self.names.insert(name.to_owned(), self.parties.len());
        self.parties.push(party);
        Ok(())
    }

    fn find(&self, name: &str) -> Result<usize, String> {
        self.names.get(name).copied().ok_or_else(|| format!("`{name}` is not defined before"))
    }

    /// tlog-policy: a name is a member once, in all groups together.
    fn members(&mut self, names: &[&str]) -> Result<Vec<usize>, String> {
        let mut members = Vec::with_capacity(names.len());
        for name in names {
            let member = self.find(name)?;
            if self.grouped.contains(&member) {
                return Err(format!("`{name}` is a member twice"));
            }
            self.grouped.push(member);
            members.push(member);
        }
        Ok(members)
    }
}

impl Policy {
    /// The head that a checkpoint vouches for: signed by a known log under its own name, and
    /// cosigned by a quorum.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn verify(&self, checkpoint: &str) -> Result<LogHead, PolicyError> {
        let note = Note::parse(checkpoint)?;
        let (origin, head) = LogHead::parse(note.text).ok_or(PolicyError::Checkpoint)?;
        let mut by_log = false;
        for log in &self.logs {
            by_log |= note.is_signed_by(log)? && log.name == origin;
        }
        if !by_log {
            return Err(PolicyError::Log(origin.to_owned()));
        }
        let mut spoken: Vec<bool> = Vec::with_capacity(self.parties.len());
        for party in &self.parties {
            spoken.push(match party {
                Party::Witness(key) => note.is_signed_by(key)?,
                Party::Group { threshold, members } => {
                    let speaks = |member: &&usize| spoken.get(**member) == Some(&true);
                    members.iter().filter(speaks).count() >= *threshold
                }
            });
        }
        match self.quorum {
            Some(party) if spoken.get(party) != Some(&true) => Err(PolicyError::Quorum),
            _ => Ok(head),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hash;
    use crate::tlog::cosigned_text;
    use ed25519_zebra::SigningKey;

    const ORIGIN: &str = "log.example/1";
    const HEAD: LogHead = LogHead { size: 5, root: Hash([3; 32]) };

    fn key(seed: u8, name: &str, signs: SignatureType) -> VerifierKey {
        let key = (&SigningKey::from([seed; 32])).into();
        VerifierKey { name: name.to_owned(), signs, key }
    }

    fn log() -> VerifierKey {
        key(1, ORIGIN, SignatureType::Ed25519)
    }

    fn witness(seed: u8) -> VerifierKey {
        key(seed, &format!("w.example/{seed}"), SignatureType::Cosignature)
    }

    /// A checkpoint of the log's head with the cosignatures of these witnesses.
    fn checkpoint(witnesses: &[u8]) -> String {
        let text = HEAD.text(ORIGIN);
        let mut note = text.clone() + "\n";
        note += &log().line(&SigningKey::from([1; 32]).sign(text.as_bytes()).to_bytes());
        for seed in witnesses {
            let signature = SigningKey::from([*seed; 32]).sign(cosigned_text(&text, 7).as_bytes());
            let bytes = [&7u64.to_be_bytes()[..], &signature.to_bytes()].concat();
            note += &witness(*seed).line(&bytes);
        }
        note
    }

    /// The specification's own example: two of three X, and one of three Y.
    fn example() -> String {
        let mut text = format!("# example\n\nlog {}\n", log());
        for seed in 10..13 {
            text += &format!("witness X{seed} {}\n", witness(seed));
        }
        text += "\tgroup  X-witnesses 2 X10 X11 X12  \n";
        for seed in 20..23 {
            text += &format!("witness Y{seed} {} https://y.example/\n", witness(seed));
        }
        text += "group Y-witnesses any Y20 Y21 Y22\n";
        text + "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
    }

    #[test]
    fn a_quorum_of_groups_is_needed_as_the_policy_says() {
        let policy: Policy = example().parse().unwrap();
        assert_eq!(policy.verify(&checkpoint(&[10, 12, 21])), Ok(HEAD));
        assert_eq!(policy.verify(&checkpoint(&[10, 11, 12, 20, 21, 22, 30])), Ok(HEAD));
        for few in [&[][..], &[10, 21], &[10, 11, 12], &[20, 21, 22], &[10, 30, 21]] {
            assert_eq!(policy.verify(&checkpoint(few)), Err(PolicyError::Quorum), "{few:?}");
        }
        let none: Policy = format!("log {}\nquorum none", log()).parse().unwrap();
        assert_eq!(none.verify(&checkpoint(&[])), Ok(HEAD));
    }

    #[test]
    fn only_the_log_itself_signs_for_it() {
        let other = key(2, "log.example/2", SignatureType::Ed25519);
        let policy: Policy = format!("log {other}\nquorum none").parse().unwrap();
        assert_eq!(policy.verify(&checkpoint(&[])), Err(PolicyError::Log(ORIGIN.into())));
        let policy: Policy = example().parse().unwrap();
        let forged = checkpoint(&[10, 11, 20]).replacen("\n5\n", "\n6\n", 1);
        let refused = policy.verify(&forged);
        assert_eq!(refused, Err(NoteError::Signature(ORIGIN.into()).into()));
    }

    #[test]
    fn a_policy_that_means_nothing_is_refused_with_its_line() {
        let refused = |text: String| text.parse::<Policy>().unwrap_err().to_string();
        let line = |extra: &str| refused(format!("{}{extra}\n", example()));
        assert!(line("quorum X10").starts_with("line 14 of the policy"), "a second quorum");
        assert!(line("group Z 3 X10").contains("twice"));
        assert!(line(&format!("log {}", log())).contains("twice"));
        assert!(line(&format!("witness Z {}", witness(10))).contains("twice"));
        assert!(line(&format!("witness none {}", witness(40))).contains("taken"));
        assert!(line(&format!("witness X10 {}", witness(40))).contains("taken"));
        assert!(line(&format!("witness Z {}", log())).contains("wrong type"));
        assert!(line("group Z 1 nobody").contains("not defined"));
        assert!(line("group Z 0 X-and-Y").contains("0 of 1"));
        assert!(line("group Z 2 X-and-Y").contains("2 of 1"));
        assert!(line("group Z all").contains("0 of 0"));
        assert!(line("wish Z").contains("does not stand so"));
        assert!(line("# \u{7}").contains("control"));
        assert_eq!(refused(String::new()), "the policy has no quorum line");
    }
}
