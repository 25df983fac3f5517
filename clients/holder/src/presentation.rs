//! A presentation: proof of a signed credential, of which some attributes are disclosed, and that
//! its hidden slot is active in one version of a registry's list.
//!
//! The second part is the proof of knowledge of a weak Boneh-Boyen signature that needs no pairing
//! of its prover. With `y = −ω^slot` and a random `r`, the holder sends `A' = r·W` and `Ā = r·C −
//! y·A'`, and proves to know `r` and `y` of the second equation; `y` is the hidden attribute of the
//! signature. The verifier sees by a pairing that `Ā = τ·A'`, hence `(τ + y)·A' = r·C`.

mod wire;

use std::collections::{BTreeMap, BTreeSet};

use ark_bls12_381::{Bls12_381, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Zero;
use rand_core::{CryptoRng, RngCore};
use registry::slots::{G1Point, Setup};
use registry::status::SlotList;

use crate::bbs::{BbsError, Blinded, Generators, Interface, msm, random_scalar, scalars};
use crate::credential::{Credential, Issuer, REGISTRY_INDEX, SLOT_INDEX};
use crate::witness::Witness;
use wire::Presentation;

/// Least bytes of a verifier's nonce.
pub const NONCE_BYTES_MIN: usize = 16;
/// Most bytes of a disclosed value, of a registry's id and of a nonce.
pub const VALUE_BYTES_MAX: usize = 65_535;

/// What a verifier learns from a presentation that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosed {
    /// The disclosed attributes by their index; that of [`REGISTRY_INDEX`] is among them.
    pub attributes: BTreeMap<usize, Vec<u8>>,
}

/// Why there is no presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresentError {
    /// The list is not that of the credential's registry.
    #[error("the list is that of another registry")]
    AnotherRegistry,
    /// The witness is for another slot, or for a registry of another size.
    #[error("the witness is that of another slot")]
    AnotherSlot,
    /// The slot cannot be disclosed, and there is no such attribute.
    #[error("attribute {0} cannot be disclosed")]
    Attribute(usize),
    /// A nonce has 16 to 65,535 bytes.
    #[error("the nonce is too short or too long")]
    Nonce,
    /// The credential is not one of this issuer's form.
    #[error(transparent)]
    Credential(#[from] BbsError),
}

/// Why a presentation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bytes are no presentation in its one form.
    #[error("these bytes are no presentation")]
    Form,
    /// It is about another version of the list: ask for one about this.
    #[error("the presentation is about version {0} of the list")]
    AnotherVersion(u64),
    /// The disclosed registry is not the list's.
    #[error("the credential belongs to another registry")]
    AnotherRegistry,
    /// It has not as many attributes as this kind of credential.
    #[error("the number of attributes is another")]
    Count,
    /// The verifier's own nonce is too short or too long.
    #[error("the nonce is too short or too long")]
    Nonce,
    /// The list's set-up is not the verifier's.
    #[error("the list is under another set-up")]
    AnotherSetup,
    /// It does not hold: the credential is not the issuer's, the slot is not active in this version
    /// of the list, or it was made for somebody else's nonce.
    #[error("the proof does not hold")]
    Proof,
}

/// Makes a presentation that discloses these attributes, the registry's id always among them. The
/// witness is for the version of the list, newest of all, since an old one is a fingerprint;
/// whether it fits is not checked here ([`Witness::check`]).
///
/// # Errors
/// Something does not fit to something else.
pub fn present(
    issuer: &Issuer,
    credential: &Credential,
    list: &SlotList,
    witness: &Witness,
    disclose: &BTreeSet<usize>,
    nonce: &[u8],
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Vec<u8>, PresentError> {
    let attributes = &credential.attributes;
    if attributes.registry != list.registry || attributes.domain != list.setup.domain {
        return Err(PresentError::AnotherRegistry);
    }
    if (witness.slot(), witness.domain()) != (attributes.slot, attributes.domain) {
        return Err(PresentError::AnotherSlot);
    }
    if !is_nonce(nonce) {
        return Err(PresentError::Nonce);
    }
    let mut disclosed = BTreeMap::new();
    for index in disclose.iter().chain([&REGISTRY_INDEX]) {
        let value = attributes.value(*index).filter(|value| value.len() <= VALUE_BYTES_MAX);
        disclosed.insert(*index, value.ok_or(PresentError::Attribute(*index))?.to_vec());
    }
    let (messages, values) = (attributes.scalars(), values(&issuer.generators, &disclosed));
    let (signature, header) = (&credential.signature, &issuer.header);
    let (blinded, opening) =
        Blinded::new(signature, &issuer.key, &issuer.generators, header, &messages, &values, rng)?;

    let y_blind = opening.blind(SLOT_INDEX).ok_or(PresentError::AnotherSlot)?;
    let y = *messages.get(SLOT_INDEX).ok_or(PresentError::AnotherSlot)?;
    let (r, r_blind) = (random_scalar(rng), random_scalar(rng));
    let c = list.commitment.point().affine();
    let a = (witness.point().affine() * r).into_affine();
    let lifted = msm(&[(c, r), (a, -y)]);
    let commitment = msm(&[(c, r_blind), (a, -y_blind)]);
    let points = G1Projective::normalize_batch(&[lifted, commitment]);
    let [lifted, commitment] = points.try_into().map_err(|_| BbsError::Invalid)?;
    let point = |point: G1Affine| G1Point::of(point.into_group()).ok_or(BbsError::Invalid);
    let membership = Membership { a: point(a)?, lifted: point(lifted)?, commitment };

    let header = presentation_header(list, nonce, &membership);
    let challenge = blinded.challenge(&issuer.generators, &values, &header);
    let presentation = Presentation {
        version: list.version,
        attributes: messages.len(),
        disclosed,
        a: membership.a,
        lifted: membership.lifted,
        response: r_blind + challenge * r,
        proof: blinded.finish(&opening, challenge),
    };
    Ok(presentation.bytes())
}

/// A verifier of one issuer's credentials under one set-up.
#[derive(Clone, Debug)]
pub struct Verifier<'a> {
    issuer: &'a Issuer,
    setup: Setup,
    tau: <Bls12_381 as Pairing>::G2Prepared,
    generator: <Bls12_381 as Pairing>::G2Prepared,
}

impl<'a> Verifier<'a> {
    /// The verifier of credentials of this issuer under this set-up.
    pub fn new(issuer: &'a Issuer, setup: Setup) -> Verifier<'a> {
        let (tau, generator) = (setup.tau.affine().into(), G2Affine::generator().into());
        Verifier { issuer, setup, tau, generator }
    }

    /// Verifies a presentation against one version of a list, which the caller has by
    /// [`SlotList::proven`] as fresh as they ask for, and for the nonce that they gave to this
    /// holder alone.
    ///
    /// # Errors
    /// Why the presentation is refused.
    pub fn verify(
        &self,
        bytes: &[u8],
        list: &SlotList,
        nonce: &[u8],
    ) -> Result<Disclosed, Refusal> {
        if !is_nonce(nonce) {
            return Err(Refusal::Nonce);
        }
        if list.setup != self.setup {
            return Err(Refusal::AnotherSetup);
        }
        let Presentation { version, attributes, disclosed, a, lifted, response, proof } =
            Presentation::read(bytes).ok_or(Refusal::Form)?;
        if version != list.version {
            return Err(Refusal::AnotherVersion(version));
        }
        // Fresh registries have the same commitment, and all have the same numbers of slots: that
        // the slot is one of this registry follows from the signed id alone.
        if disclosed.get(&REGISTRY_INDEX).map(Vec::as_slice) != Some(list.registry.as_bytes()) {
            return Err(Refusal::AnotherRegistry);
        }
        let Issuer { key, header, generators, .. } = self.issuer;
        if attributes != generators.len() {
            return Err(Refusal::Count);
        }
        let values = values(generators, &disclosed);
        let y = proof.response(SLOT_INDEX, &values).ok_or(Refusal::Form)?;
        let blinded =
            Blinded::again(&proof, key, generators, header, &values).map_err(|_| Refusal::Count)?;
        let c = list.commitment.point().affine();
        let commitment =
            msm(&[(c, response), (a.affine(), -y), (lifted.affine(), -proof.challenge)]);
        let membership = Membership { a, lifted, commitment: commitment.into_affine() };
        let ph = presentation_header(list, nonce, &membership);
        let challenge = blinded.challenge(generators, &values, &ph);
        if challenge != proof.challenge || !self.paired(bytes, &blinded, &membership) {
            return Err(Refusal::Proof);
        }
        Ok(Disclosed { attributes: disclosed })
    }

    /// `e(Abar, W) = e(Bbar, P~)` and `e(A', τP~) = e(Ā, P~)`, in one by a coefficient that follows
    /// from the whole presentation.
    fn paired(&self, bytes: &[u8], blinded: &Blinded, membership: &Membership) -> bool {
        let weight = Interface::Slots.hash(bytes, "BATCH_");
        let [abar, bbar, _] = blinded.points.map(|point| point.affine());
        let lifted = membership.lifted.affine();
        let rest = -(lifted * weight + bbar);
        let weighted = membership.a.affine() * weight;
        let first = [abar.into_group(), weighted, rest];
        let first = G1Projective::normalize_batch(&first);
        let second = [&self.issuer.prepared, &self.tau, &self.generator].map(Clone::clone);
        Bls12_381::multi_pairing(first, second).is_zero()
    }
}

/// `A'`, `Ā` and the commitment of the proof that connects them.
struct Membership {
    a: G1Point,
    lifted: G1Point,
    commitment: G1Affine,
}

/// What goes into the challenge beside the signature's part: the list, the set-up, the nonce and
/// the commitments of the membership proof. No two lists or nonces give the same bytes.
fn presentation_header(list: &SlotList, nonce: &[u8], membership: &Membership) -> Vec<u8> {
    let mut header = b"dzong/slots/presentation/v1".to_vec();
    let mut text = |bytes: &[u8]| {
        header.extend(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        header.extend(bytes);
    };
    text(list.registry.as_bytes());
    text(nonce);
    header.extend(list.version.to_be_bytes());
    header.extend(list.setup.domain.slots().to_be_bytes());
    header.extend(list.setup.tau.bytes());
    header.extend(list.commitment.bytes());
    header.extend(membership.a.bytes());
    header.extend(membership.lifted.bytes());
    header.extend(wire::octets(&membership.commitment));
    header
}

fn values(generators: &Generators, disclosed: &BTreeMap<usize, Vec<u8>>) -> BTreeMap<usize, Fr> {
    scalars(generators, disclosed.iter().map(|(index, value)| (*index, value.as_slice())))
}

fn is_nonce(nonce: &[u8]) -> bool {
    (NONCE_BYTES_MIN..=VALUE_BYTES_MAX).contains(&nonce.len())
}
