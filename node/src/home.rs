//! The directory of a node: where everything stands, and the keys that are its own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use ed25519_zebra::SigningKey;
use proofs::PublicKey;
use registry::Genesis;
use registry::network::{ReplicaEntry, ValidatorEntry};

use crate::config::Config;
use crate::keys::{KeyFile, Suite};

/// A node's home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

/// The four keys of a node, each for one purpose. A replica has the last alone.
#[derive(Debug, Clone)]
pub struct NodeKeys {
    /// Votes, and the two keys of checkpoints; none for a replica.
    pub validator: Option<ValidatorKeys>,
    /// Identifies the node to its peers.
    pub p2p: SigningKey,
}

/// What only a validator has.
#[derive(Debug, Clone)]
pub struct ValidatorKeys {
    /// Signs votes.
    pub vote: SigningKey,
    /// Cosigns checkpoints.
    pub cosigner: SigningKey,
    /// Signs checkpoints for the log.
    pub log: SigningKey,
}

impl Home {
    /// The home at this path, whether or not there is one.
    pub fn new(path: impl Into<PathBuf>) -> Home {
        Home(path.into())
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The settings.
    pub fn config(&self) -> PathBuf {
        self.0.join("config.toml")
    }

    /// The genesis document.
    pub fn genesis(&self) -> PathBuf {
        self.0.join("genesis.json")
    }

    /// The key of a purpose: `validator`, `cosigner`, `log` or `p2p`.
    pub fn key(&self, name: &str) -> PathBuf {
        self.0.join("keys").join(format!("{name}.json"))
    }

    /// Everything that grows.
    pub fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    /// A file that says that the validator's key has signed. It stands beside the key, so that it
    /// outlives `data` and goes where the key goes.
    pub fn used(&self) -> PathBuf {
        self.0.join("keys").join("validator.used")
    }

    /// The ledger's database.
    pub fn ledger(&self) -> PathBuf {
        self.data().join("ledger")
    }

    /// What agreement remembers: its log, the signing guard, evidence.
    pub fn consensus(&self) -> PathBuf {
        self.data().join("consensus")
    }

    /// The last checkpoint that was signed here.
    pub fn checkpoint(&self) -> PathBuf {
        self.data().join("checkpoint")
    }

    /// The newest checkpoint that a quorum cosigned.
    pub fn published_checkpoint(&self) -> PathBuf {
        self.0.join("data").join("checkpoint.note")
    }

    /// Reads and checks the genesis document.
    ///
    /// # Errors
    /// It is not there, or is refused.
    pub fn load_genesis(&self) -> anyhow::Result<Genesis> {
        load_genesis(&self.genesis())
    }

    /// Makes the directories, the settings and the keys of a new node. With a passphrase, the key
    /// that votes is encrypted.
    ///
    /// # Errors
    /// There is a node already, or the disk refuses.
    pub fn create(
        &self,
        config: &Config,
        replica: bool,
        passphrase: Option<&str>,
    ) -> anyhow::Result<NodeKeys> {
        if self.config().exists() {
            bail!("`{}` is a node's home already: name another directory", self.0.display());
        }
        for directory in [self.0.clone(), self.0.join("keys"), self.data()] {
            fs::create_dir_all(&directory)
                .with_context(|| format!("cannot make `{}`", directory.display()))?;
        }
        restrict(&self.0.join("keys"))?;
        let new = |name: &str, passphrase: Option<&str>| -> anyhow::Result<SigningKey> {
            let key = KeyFile::generate(Suite::Ed25519);
            key.save(&self.key(name), passphrase)?;
            Ok(SigningKey::from(*key.secret()))
        };
        let validator = match replica {
            true => None,
            false => Some(ValidatorKeys {
                vote: new("validator", passphrase)?,
                cosigner: new("cosigner", None)?,
                log: new("log", None)?,
            }),
        };
        let keys = NodeKeys { validator, p2p: new("p2p", None)? };
        // Last, so that what has settings is whole.
        fs::write(self.config(), config.to_commented())
            .with_context(|| format!("cannot write `{}`", self.config().display()))?;
        Ok(keys)
    }

    /// Reads the node's keys: all four for a validator, the peer key alone for a replica.
    ///
    /// # Errors
    /// A key is not there, does not open, or is not Ed25519.
    pub fn load_keys(&self, replica: bool) -> anyhow::Result<NodeKeys> {
        let load = |name: &str| -> anyhow::Result<SigningKey> {
            let path = self.key(name);
            let key = KeyFile::load(&path)?;
            if key.suite() != Suite::Ed25519 {
                bail!("`{}` is not an ed25519 key, which nodes have", path.display());
            }
            Ok(SigningKey::from(*key.secret()))
        };
        let validator = match replica {
            true => None,
            false => Some(ValidatorKeys {
                vote: load("validator")?,
                cosigner: load("cosigner")?,
                log: load("log")?,
            }),
        };
        Ok(NodeKeys { validator, p2p: load("p2p")? })
    }
}

impl NodeKeys {
    /// This node's entry in a genesis document; none for a replica. The operator is named later.
    pub fn validator_entry(&self, name: &str) -> Option<ValidatorEntry> {
        self.validator.as_ref().map(|keys| ValidatorEntry {
            cosigner_key: PublicKey::from(&keys.cosigner),
            from: None,
            jurisdiction: None,
            log_key: PublicKey::from(&keys.log),
            name: name.to_owned(),
            operator: String::new(),
            peer_key: PublicKey::from(&self.p2p),
            power: 1,
            until: None,
            validator_key: PublicKey::from(&keys.vote),
        })
    }

    /// This node's entry as a replica.
    pub fn replica_entry(&self, name: &str) -> ReplicaEntry {
        ReplicaEntry {
            jurisdiction: None,
            name: name.to_owned(),
            operator: String::new(),
            peer_key: PublicKey::from(&self.p2p),
        }
    }
}

/// Reads and checks a genesis document.
///
/// # Errors
/// It is not there, or is refused.
pub fn load_genesis(path: &Path) -> anyhow::Result<Genesis> {
    let bytes = fs::read(path).with_context(|| {
        format!("cannot read the genesis document `{}`: copy it there", path.display())
    })?;
    Genesis::parse(&bytes).with_context(|| format!("`{}`", path.display()))
}

/// For the owner alone.
fn restrict(directory: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
        .with_context(|| format!("cannot restrict `{}`", directory.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_home_is_read_back_and_never_made_twice() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().join("node"));
        let at = |port: u16| format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap();
        let config = Config::new("node", at(1), at(2));
        let made = home.create(&config, false, None).unwrap();
        let read = home.load_keys(false).unwrap();
        assert_eq!(made.validator_entry("node"), read.validator_entry("node"));
        assert_eq!(Config::load(&home.config()).unwrap(), config);
        assert!(home.create(&config, false, None).is_err());
        assert!(home.load_keys(true).unwrap().validator.is_none());
    }
}
