//! Key files: where the command line keeps the secrets that sign events.
//!
//! **Invariants.** A file is written whole or not at all, readable by its owner alone, and never
//! over another. Secrets stand in no error, no log and no `Debug`. What is read is checked: the
//! secret must belong to the public key that the file names.

use std::fmt;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use argon2::{Algorithm, Argon2, Version};
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use p256::ecdsa::signature::Signer;
use rand::RngCore;
use rand::rngs::OsRng;
use registry::author::Key;
use registry::integrity::Message;
use registry::multikey::{self, PublicKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::files;

/// Where a passphrase is taken from when there is no terminal.
pub const PASSPHRASE_VARIABLE: &str = "DZONG_PASSPHRASE";

/// The largest key file.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// Memory of argon2id for new files, in KiB, with three passes: RFC 9106, section 4, second choice.
const MEMORY_KIB: u32 = 64 << 10;
const PASSES: u32 = 3;
const LANES: u32 = 4;

/// What a file may ask of the machine that opens it.
const MEMORY_KIB_MAX: u32 = 1 << 20;
const PASSES_MAX: u32 = 64;
const LANES_MAX: u32 = 64;

/// What kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Suite {
    /// Ed25519, which signs by `eddsa-jcs-2022`.
    Ed25519,
    /// P-256, which signs by `ecdsa-jcs-2019`: what the secure elements of phones hold.
    P256,
}

impl Suite {
    /// The name in key files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Suite::Ed25519 => "ed25519",
            Suite::P256 => "p256",
        }
    }

    /// The multicodec prefix of a secret key (W3C Controlled Identifiers, 2.2.2).
    fn secret_prefix(self) -> [u8; 2] {
        match self {
            Suite::Ed25519 => [0x80, 0x26],
            Suite::P256 => [0x86, 0x26],
        }
    }

    fn cryptosuite(self) -> &'static str {
        match self {
            Suite::Ed25519 => "eddsa-jcs-2022",
            Suite::P256 => "ecdsa-jcs-2019",
        }
    }
}

impl FromStr for Suite {
    type Err = String;

    fn from_str(text: &str) -> Result<Suite, String> {
        match text {
            "ed25519" => Ok(Suite::Ed25519),
            "p256" => Ok(Suite::P256),
            "secp256k1" | "ml-dsa-44" => {
                Err("this network does not list that suite yet: use ed25519 or p256".into())
            }
            _ => Err("there is no such suite: use ed25519 or p256".into()),
        }
    }
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be written; the error names it.
    #[error(transparent)]
    Write(io::Error),
    /// The file system refused.
    #[error("`{path}`: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// There is something at that path, which may be the only copy of a key.
    #[error("`{0}` exists already and is not written over: name another file")]
    Exists(PathBuf),
    /// Not a key file.
    #[error("`{path}` is not a key file: {problem}; make one with `dzong key new`")]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The key is encrypted and nobody gave a passphrase.
    #[error("`{0}` is encrypted: run this on a terminal, or set DZONG_PASSPHRASE")]
    NoPassphrase(PathBuf),
    /// The passphrase does not open the key.
    #[error("the passphrase does not open `{0}`: try again")]
    Passphrase(PathBuf),
}

/// A key with its secret, and whose it is.
#[derive(Clone)]
pub struct KeyFile {
    did: Option<String>,
    public: PublicKey,
    secret: Secret,
}

#[derive(Clone)]
enum Secret {
    Ed25519(Box<ed25519_zebra::SigningKey>),
    P256(Box<p256::ecdsa::SigningKey>),
}

/// The members of a key file: the secret stands in one of two.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Stored {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    did: Option<String>,
    suite: Suite,
    public_key_multibase: PublicKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret_key_multibase: Option<Zeroizing<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encrypted: Option<Encrypted>,
}

/// A secret under a passphrase: argon2id makes the key of XChaCha20-Poly1305, whose associated
/// data is the public key's text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Encrypted {
    kdf: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
    cipher: String,
    nonce: String,
    ciphertext: String,
}

impl KeyFile {
    /// A new key from the operating system's randomness.
    pub fn generate(suite: Suite) -> KeyFile {
        match suite {
            Suite::Ed25519 => KeyFile::ed25519(ed25519_zebra::SigningKey::new(OsRng)),
            Suite::P256 => KeyFile::p256(p256::ecdsa::SigningKey::random(&mut OsRng)),
        }
    }

    fn ed25519(key: ed25519_zebra::SigningKey) -> KeyFile {
        KeyFile { did: None, public: key.public(), secret: Secret::Ed25519(Box::new(key)) }
    }

    fn p256(key: p256::ecdsa::SigningKey) -> KeyFile {
        KeyFile { did: None, public: key.public(), secret: Secret::P256(Box::new(key)) }
    }

    /// The key of 32 secret bytes; `None` where they are none (zero or beyond P-256's order).
    pub fn from_secret(suite: Suite, secret: &[u8; 32]) -> Option<KeyFile> {
        match suite {
            Suite::Ed25519 => Some(KeyFile::ed25519((*secret).into())),
            Suite::P256 => p256::ecdsa::SigningKey::from_slice(secret).ok().map(KeyFile::p256),
        }
    }

    /// The DID that the key signs for, where the file says so.
    pub fn did(&self) -> Option<&str> {
        self.did.as_deref()
    }

    /// The same key, for `did`.
    #[must_use]
    pub fn with_did(mut self, did: &str) -> KeyFile {
        self.did = Some(did.to_owned());
        self
    }

    /// What kind of key it is.
    pub fn suite(&self) -> Suite {
        match self.secret {
            Secret::Ed25519(_) => Suite::Ed25519,
            Secret::P256(_) => Suite::P256,
        }
    }

    /// The secret's 32 bytes.
    pub fn secret(&self) -> Zeroizing<[u8; 32]> {
        match &self.secret {
            Secret::Ed25519(key) => Zeroizing::new(key.to_bytes()),
            Secret::P256(key) => Zeroizing::new(key.to_bytes().into()),
        }
    }

    /// The raw signature over bytes that are no event, such as those of a certificate. They are
    /// longer than the two hashes that an event's signature is over: neither passes for the other.
    pub fn sign_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Ed25519(key) => key.sign(bytes).to_bytes().to_vec(),
            Secret::P256(key) => {
                let signature: p256::ecdsa::Signature = Signer::sign(key.as_ref(), bytes);
                signature.to_bytes().to_vec()
            }
        }
    }

    /// Reads a key file. An encrypted one is opened by the passphrase in the environment variable
    /// `DZONG_PASSPHRASE`, or by one asked for on the terminal.
    ///
    /// # Errors
    /// The file is not there, is no key file, or does not open.
    pub fn load(path: &Path) -> Result<KeyFile, KeyFileError> {
        let stored = read(path)?;
        let secret = match (&stored.secret_key_multibase, &stored.encrypted) {
            (Some(secret), None) => secret.clone(),
            (None, Some(encrypted)) => {
                let phrase = passphrase(&format!("passphrase of {}: ", path.display()))
                    .ok_or_else(|| KeyFileError::NoPassphrase(path.to_owned()))?;
                open(path, &stored.public_key_multibase, encrypted, &phrase)?
            }
            _ => return Err(form(path, "it holds one of secretKeyMultibase and encrypted")),
        };
        let bytes = multikey::decode(&secret, 34).map(Zeroizing::new);
        let bytes = bytes.ok_or_else(|| form(path, "the secret key is no multikey"))?;
        let secret: Option<Zeroizing<[u8; 32]>> = bytes
            .strip_prefix(&stored.suite.secret_prefix())
            .and_then(|secret| secret.try_into().ok())
            .map(Zeroizing::new);
        let key = secret.and_then(|secret| KeyFile::from_secret(stored.suite, &secret));
        let key = key.ok_or_else(|| form(path, "the secret key is not of its suite"))?;
        if key.public != stored.public_key_multibase {
            return Err(form(path, "the secret key is not that of the public key"));
        }
        Ok(KeyFile { did: stored.did, ..key })
    }

    /// Writes a new key file, mode 0600; with a passphrase, the secret is encrypted.
    ///
    /// # Errors
    /// The file exists, or cannot be written.
    pub fn save(&self, path: &Path, passphrase: Option<&str>) -> Result<(), KeyFileError> {
        let prefix = self.suite().secret_prefix();
        let bytes = Zeroizing::new([&prefix[..], &self.secret()[..]].concat());
        let secret = Zeroizing::new(multikey::encode(&bytes));
        let stored = Stored {
            did: self.did.clone(),
            suite: self.suite(),
            public_key_multibase: self.public.clone(),
            encrypted: passphrase.map(|phrase| seal(&self.public, &secret, phrase)),
            secret_key_multibase: passphrase.is_none().then_some(secret),
        };
        files::write_new(path, &text(&stored)).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
            _ => KeyFileError::Write(error),
        })
    }
}

impl Key for KeyFile {
    fn public(&self) -> PublicKey {
        self.public.clone()
    }

    fn sign(&self, message: &Message) -> Vec<u8> {
        match &self.secret {
            Secret::Ed25519(key) => Key::sign(key.as_ref(), message),
            Secret::P256(key) => Key::sign(key.as_ref(), message),
        }
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyFile({})", self.public)
    }
}

/// What a key file says without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Described {
    /// The DID that the key signs for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did: Option<String>,
    /// The kind of key.
    pub suite: Suite,
    /// The public key as a multikey.
    pub public_key_multibase: PublicKey,
    /// Whether the secret is under a passphrase.
    pub encrypted: bool,
}

/// Reads the public part of a key file; needs no passphrase.
///
/// # Errors
/// The file is not there or is no key file.
pub fn describe(path: &Path) -> Result<Described, KeyFileError> {
    let stored = read(path)?;
    Ok(Described {
        did: stored.did,
        suite: stored.suite,
        public_key_multibase: stored.public_key_multibase,
        encrypted: stored.encrypted.is_some(),
    })
}

/// Writes into a key file which DID its key signs for, where it names none yet. Says whether it
/// did. The secret stays as it is, encrypted or not.
///
/// # Errors
/// The file is not there, is no key file, or cannot be replaced.
pub fn name_did(path: &Path, did: &str) -> Result<bool, KeyFileError> {
    let mut stored = read(path)?;
    if stored.did.is_some() {
        return Ok(false);
    }
    stored.did = Some(did.to_owned());
    files::replace(path, &text(&stored)).map_err(KeyFileError::Write)?;
    Ok(true)
}

/// A passphrase from `DZONG_PASSPHRASE`, else from the terminal; `None` where there is neither.
pub fn passphrase(prompt: &str) -> Option<Zeroizing<String>> {
    if let Ok(phrase) = std::env::var(PASSPHRASE_VARIABLE) {
        return Some(Zeroizing::new(phrase));
    }
    if !io::stdin().is_terminal() {
        return None;
    }
    rpassword::prompt_password(prompt).ok().map(Zeroizing::new)
}

fn read(path: &Path) -> Result<Stored, KeyFileError> {
    let length = fs::metadata(path).map_err(io_error(path))?.len();
    if length > FILE_BYTES_MAX {
        return Err(form(path, "it is too large"));
    }
    let bytes = Zeroizing::new(fs::read(path).map_err(io_error(path))?);
    // The parser's own message may quote what it read, which may be the secret.
    let position = |error: serde_json::Error| {
        form(path, &format!("line {}, column {}", error.line(), error.column()))
    };
    let stored: Stored = serde_json::from_slice(&bytes).map_err(position)?;
    if stored.public_key_multibase.suite().name != stored.suite.cryptosuite() {
        return Err(form(path, "the public key is not of its suite"));
    }
    Ok(stored)
}

fn text(stored: &Stored) -> Zeroizing<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(stored).expect("only JSON members");
    text.push(b'\n');
    Zeroizing::new(text)
}

fn seal(public: &PublicKey, secret: &str, phrase: &str) -> Encrypted {
    let (mut salt, mut nonce) = ([0; 16], [0; 24]);
    OsRng.fill_bytes(&mut salt);
    OsRng.fill_bytes(&mut nonce);
    let key = derive(phrase, &salt, MEMORY_KIB, PASSES, LANES).expect("our own costs are possible");
    let public = public.to_string();
    let payload = Payload { msg: secret.as_bytes(), aad: public.as_bytes() };
    let sealed = XChaCha20Poly1305::new((&*key).into())
        .encrypt(XNonce::from_slice(&nonce), payload)
        .expect("a short text can be encrypted");
    Encrypted {
        kdf: "argon2id".into(),
        memory_kib: MEMORY_KIB,
        passes: PASSES,
        lanes: LANES,
        salt: BASE64.encode(salt),
        cipher: "xchacha20-poly1305".into(),
        nonce: BASE64.encode(nonce),
        ciphertext: BASE64.encode(sealed),
    }
}

fn open(
    path: &Path,
    public: &PublicKey,
    encrypted: &Encrypted,
    phrase: &str,
) -> Result<Zeroizing<String>, KeyFileError> {
    let Encrypted { kdf, cipher, memory_kib, passes, lanes, .. } = encrypted;
    if kdf != "argon2id" || cipher != "xchacha20-poly1305" {
        return Err(form(path, "it is encrypted by a method that this version does not know"));
    }
    if *memory_kib > MEMORY_KIB_MAX || *passes > PASSES_MAX || *lanes > LANES_MAX {
        return Err(form(path, "opening it would cost too much memory or time"));
    }
    let decode = |text: &str| BASE64.decode(text).map_err(|_| form(path, "base64 is damaged"));
    let (salt, nonce) = (decode(&encrypted.salt)?, decode(&encrypted.nonce)?);
    let sealed = decode(&encrypted.ciphertext)?;
    if nonce.len() != 24 {
        return Err(form(path, "the nonce has 24 bytes"));
    }
    let key = derive(phrase, &salt, *memory_kib, *passes, *lanes)
        .ok_or_else(|| form(path, "its argon2id parameters are impossible"))?;
    let public = public.to_string();
    let payload = Payload { msg: &sealed, aad: public.as_bytes() };
    let opened = XChaCha20Poly1305::new((&*key).into())
        .decrypt(XNonce::from_slice(&nonce), payload)
        .map_err(|_| KeyFileError::Passphrase(path.to_owned()))?;
    let secret = String::from_utf8(opened).map_err(|_| form(path, "the secret is no text"))?;
    Ok(Zeroizing::new(secret))
}

fn derive(
    phrase: &str,
    salt: &[u8],
    memory_kib: u32,
    passes: u32,
    lanes: u32,
) -> Option<Zeroizing<[u8; 32]>> {
    let costs = argon2::Params::new(memory_kib, passes, lanes, Some(32)).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, costs)
        .hash_password_into(phrase.as_bytes(), salt, &mut *key)
        .ok()?;
    Some(key)
}

fn form(path: &Path, problem: &str) -> KeyFileError {
    KeyFileError::Form { path: path.to_owned(), problem: problem.to_owned() }
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> KeyFileError {
    let path = path.to_owned();
    move |error| KeyFileError::Io { path: path.clone(), error }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const MESSAGE: Message = [7; 64];

    #[test]
    fn a_key_comes_back_from_its_file_and_signs_alike() {
        let folder = tempfile::tempdir().unwrap();
        for suite in [Suite::Ed25519, Suite::P256] {
            let path = folder.path().join(suite.name());
            let key = KeyFile::generate(suite).with_did("did:ndi:bt-test:x");
            key.save(&path, None).unwrap();
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let loaded = KeyFile::load(&path).unwrap();
            assert_eq!(loaded.public(), key.public());
            assert_eq!(loaded.did(), key.did());
            assert!(key.public().verify(&MESSAGE, &loaded.sign(&MESSAGE)));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no draft is left behind");
    }

    #[test]
    fn a_file_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        let key = KeyFile::generate(Suite::Ed25519);
        key.save(&path, None).unwrap();
        let again = KeyFile::generate(Suite::Ed25519).save(&path, None);
        assert!(matches!(again, Err(KeyFileError::Exists(_))), "{again:?}");
        assert_eq!(KeyFile::load(&path).unwrap().public(), key.public());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_passphrase_opens_and_another_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        let key = KeyFile::generate(Suite::P256);
        key.save(&path, Some("gross national happiness")).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("secretKeyMultibase"));
        assert!(describe(&path).unwrap().encrypted);
        let stored = read(&path).unwrap();
        let encrypted = stored.encrypted.unwrap();
        let public = key.public();
        let secret = open(&path, &public, &encrypted, "gross national happiness").unwrap();
        let bytes = multikey::decode(&secret, 34).unwrap();
        assert_eq!(&bytes[2..], &key.secret()[..]);
        let wrong = open(&path, &public, &encrypted, "gross national product");
        assert!(matches!(wrong, Err(KeyFileError::Passphrase(_))));
        let other = KeyFile::generate(Suite::P256).public();
        let moved = open(&path, &other, &encrypted, "gross national happiness");
        assert!(matches!(moved, Err(KeyFileError::Passphrase(_))), "bound to its public key");
    }

    #[test]
    fn a_did_is_named_once_and_the_secret_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        let key = KeyFile::generate(Suite::Ed25519);
        key.save(&path, None).unwrap();
        assert!(name_did(&path, "did:ndi:bt-test:a").unwrap());
        assert!(!name_did(&path, "did:ndi:bt-test:b").unwrap());
        let loaded = KeyFile::load(&path).unwrap();
        assert_eq!(loaded.did(), Some("did:ndi:bt-test:a"));
        assert_eq!(loaded.secret(), key.secret());
    }

    #[test]
    fn nothing_prints_a_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        let key = KeyFile::generate(Suite::Ed25519);
        key.save(&path, None).unwrap();
        let stored = read(&path).unwrap();
        let secret = stored.secret_key_multibase.unwrap();
        assert!(!format!("{key:?}").contains(&**secret));
        let damaged = fs::read_to_string(&path).unwrap().replace("\"ed25519\"", "\"p256\"");
        let other = folder.path().join("other.json");
        fs::write(&other, damaged.replace("secretKeyMultibase", "secret")).unwrap();
        let error = KeyFile::load(&other).unwrap_err().to_string();
        assert!(!error.contains(&**secret), "{error}");
        fs::write(&other, damaged).unwrap();
        let error = KeyFile::load(&other).unwrap_err().to_string();
        assert!(error.contains("not of its suite"), "{error}");
    }

    #[test]
    fn suites_that_come_later_say_so() {
        for name in ["secp256k1", "ml-dsa-44"] {
            assert!(name.parse::<Suite>().unwrap_err().contains("yet"));
        }
        assert!("rsa".parse::<Suite>().is_err());
        assert_eq!("p256".parse(), Ok(Suite::P256));
    }
}
