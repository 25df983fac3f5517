//! Credentials with a slot: what an issuer signs, and in which order.

use ark_bls12_381::{Bls12_381, Fr};
use ark_ec::pairing::Pairing;
use registry::slots::Domain;

use crate::bbs::{
    self, BbsError, Generators, Interface, PublicKey, SecretKey, Signature, verify as verify_bbs,
};

/// The index of the registry's id among the attributes. It is disclosed in every presentation.
pub const REGISTRY_INDEX: usize = 0;
/// The index of the slot among the attributes. It is never disclosed.
pub const SLOT_INDEX: usize = 1;
/// Most attributes, registry and slot among them.
pub const ATTRIBUTES_MAX: u8 = 64;

/// What an issuer says about a holder, in the order of signing: registry, slot, the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// The id of the registry that has the slot.
    pub registry: String,
    /// How many slots that registry has.
    pub domain: Domain,
    /// The slot.
    pub slot: u32,
    /// The other attributes, of index 2 and on.
    pub others: Vec<Vec<u8>>,
}

/// An issuer's key and the form of one kind of its credentials: what holders and verifiers keep,
/// since it takes a hash to the curve for each attribute to make it.
#[derive(Clone, Debug)]
pub struct Issuer {
    pub(crate) key: PublicKey,
    pub(crate) header: Vec<u8>,
    pub(crate) generators: Generators,
    pub(crate) prepared: <Bls12_381 as Pairing>::G2Prepared,
}

/// A credential in a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    pub(crate) attributes: Attributes,
    pub(crate) signature: Signature,
}

/// Why a credential is not issued or not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// No credential may have that slot: it is 0, or beyond the registry.
    #[error("no credential has slot {0}")]
    NoSuchSlot(u32),
    /// Not as many attributes as this kind of credential has.
    #[error("the number of attributes is another")]
    Count,
    /// The signature is none over these attributes.
    #[error(transparent)]
    Signature(#[from] BbsError),
}

/// The scalar that stands for a slot in a signature: `−ω^slot`, so that the registry's commitment
/// is an accumulator in which it has the witness of the slot.
pub fn slot_scalar(domain: Domain, slot: u32) -> Fr {
    -domain.at(slot)
}

impl Issuer {
    /// The issuer of this key, for credentials of this many attributes (registry and slot among
    /// them) under this header, which verifiers know too: it names the kind.
    ///
    /// # Errors
    /// Fewer than 2 attributes, or more than [`ATTRIBUTES_MAX`].
    pub fn new(key: PublicKey, header: &[u8], attributes: u8) -> Result<Issuer, IssueError> {
        if !(2..=ATTRIBUTES_MAX).contains(&attributes) {
            return Err(IssueError::Count);
        }
        let generators = Generators::new(Interface::Slots, attributes);
        let prepared = key.0.affine().into();
        Ok(Issuer { key, header: header.to_vec(), generators, prepared })
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }
}

impl Attributes {
    /// The scalars that are signed.
    pub(crate) fn scalars(&self) -> Vec<Fr> {
        let hashed = |bytes: &[u8]| Interface::Slots.message(bytes);
        let slot = slot_scalar(self.domain, self.slot);
        let mut scalars = vec![hashed(self.registry.as_bytes()), slot];
        scalars.extend(self.others.iter().map(|other| hashed(other)));
        scalars
    }

    /// The bytes of an attribute, unless it is the slot.
    pub(crate) fn value(&self, index: usize) -> Option<&[u8]> {
        match index {
            REGISTRY_INDEX => Some(self.registry.as_bytes()),
            SLOT_INDEX => None,
            _ => self.others.get(index.checked_sub(2)?).map(Vec::as_slice),
        }
    }

    fn check(&self, issuer: &Issuer) -> Result<(), IssueError> {
        if !self.domain.holds(self.slot) {
            return Err(IssueError::NoSuchSlot(self.slot));
        }
        let fits = self.others.len() + 2 == issuer.generators.len();
        if fits { Ok(()) } else { Err(IssueError::Count) }
    }
}

/// Signs a credential. The slot is one that the issuer gave to nobody before.
///
/// # Errors
/// The slot is none, or the number of attributes another.
pub fn issue(
    secret: &SecretKey,
    issuer: &Issuer,
    attributes: &Attributes,
) -> Result<Signature, IssueError> {
    attributes.check(issuer)?;
    Ok(bbs::sign(secret, &issuer.generators, &issuer.header, &attributes.scalars())?)
}

impl Credential {
    /// Takes a credential from its issuer.
    ///
    /// # Errors
    /// The issuer did not sign these attributes.
    pub fn take(
        issuer: &Issuer,
        attributes: Attributes,
        signature: Signature,
    ) -> Result<Credential, IssueError> {
        attributes.check(issuer)?;
        let scalars = attributes.scalars();
        verify_bbs(&issuer.key, &signature, &issuer.generators, &issuer.header, &scalars)?;
        Ok(Credential { attributes, signature })
    }

    /// What it says.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }
}
