//! The proof of a signature that discloses some of its messages, in steps, so that another proof
//! about a hidden message may share challenge and blinding with it.

use std::collections::BTreeMap;

use ark_bls12_381::{Bls12_381, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, Zero};
use rand_core::{CryptoRng, RngCore};
use registry::slots::{G1_BYTES, G1Point};

use super::signature::{BbsError, PublicKey, Signature, length, octets};
use super::suite::{Generators, SCALAR_BYTES, msm, random_scalar, read_scalar, scalar_bytes};

/// `init_res` of the draft: what the challenge is made of.
#[derive(Clone, Copy, Debug)]
pub struct Blinded {
    /// `Abar`, `Bbar`, `D`.
    pub points: [G1Point; 3],
    commitments: [G1Affine; 2],
    domain: Fr,
}

/// What a prover keeps between commitment and response.
pub struct Opening {
    e: Fr,
    r1: Fr,
    r3: Fr,
    blinds: [Fr; 3],
    hidden: BTreeMap<usize, (Fr, Fr)>,
}

/// A proof, but for its challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// `Abar`, `Bbar`, `D`.
    pub points: [G1Point; 3],
    /// `e^`, `r1^`, `r3^`.
    responses: [Fr; 3],
    /// `m^` of the hidden messages, in their order.
    hidden: Vec<Fr>,
    /// The challenge that it answers.
    pub challenge: Fr,
}

impl Blinded {
    /// `ProofInit`: blinds a signature over these messages, of which those in `disclosed` will be
    /// disclosed. Draws 5 scalars and one for each hidden message.
    ///
    /// # Errors
    /// The number of messages is another, or a draw was 0.
    pub fn new(
        signature: &Signature,
        key: &PublicKey,
        generators: &Generators,
        header: &[u8],
        messages: &[Fr],
        disclosed: &BTreeMap<usize, Fr>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(Blinded, Opening), BbsError> {
        if disclosed.keys().any(|index| *index >= messages.len()) {
            return Err(BbsError::Count);
        }
        let domain = generators.domain(key, header);
        let b = generators.commit(domain, messages)?;
        let [r1, r2, e_blind, r1_blind, r3_blind] = [(); 5].map(|()| random_scalar(rng));
        let hidden: BTreeMap<usize, (Fr, Fr)> = messages
            .iter()
            .enumerate()
            .filter(|(index, _)| !disclosed.contains_key(index))
            .map(|(index, message)| (index, (*message, random_scalar(rng))))
            .collect();
        let r3 = r2.inverse().ok_or(BbsError::Invalid)?;

        let d = (b * r2).into_affine();
        let abar = (signature.a.affine() * (r1 * r2)).into_affine();
        let bbar = msm(&[(d, r1), (abar, -signature.e)]);
        let t1 = msm(&[(abar, e_blind), (d, r1_blind)]);
        let mut terms = vec![(d, r3_blind)];
        for (index, (_, blind)) in &hidden {
            terms.push((*generators.messages.get(*index).ok_or(BbsError::Count)?, *blind));
        }
        let t2 = msm(&terms);
        let points = [abar.into_group(), bbar, d.into_group()].map(G1Point::of);
        let [Some(abar), Some(bbar), Some(d)] = points else { return Err(BbsError::Invalid) };
        let commitments = [t1, t2].map(|point| point.into_affine());
        let blinds = [e_blind, r1_blind, r3_blind];
        let opening = Opening { e: signature.e, r1, r3, blinds, hidden };
        Ok((Blinded { points: [abar, bbar, d], commitments, domain }, opening))
    }

    /// `ProofVerifyInit`: what the prover must have committed to, if the proof holds.
    ///
    /// # Errors
    /// The number of messages is another.
    pub fn again(
        proof: &Proof,
        key: &PublicKey,
        generators: &Generators,
        header: &[u8],
        disclosed: &BTreeMap<usize, Fr>,
    ) -> Result<Blinded, BbsError> {
        let Proof { points, responses: [e, r1, r3], hidden, challenge } = proof;
        let fits = disclosed.len() + hidden.len() == generators.len()
            && disclosed.keys().all(|index| *index < generators.len());
        if !fits {
            return Err(BbsError::Count);
        }
        let domain = generators.domain(key, header);
        let [abar, bbar, d] = points.map(|point| point.affine());
        let t1 = msm(&[(bbar, *challenge), (abar, *e), (d, *r1)]);
        let mut terms = vec![(generators.q1, *challenge * domain), (d, *r3)];
        terms.push((generators.p1, *challenge));
        let mut hidden = hidden.iter();
        for (index, generator) in generators.messages.iter().enumerate() {
            let scalar = match disclosed.get(&index) {
                Some(message) => *challenge * message,
                None => *hidden.next().ok_or(BbsError::Count)?,
            };
            terms.push((*generator, scalar));
        }
        let commitments = G1Projective::normalize_batch(&[t1, msm(&terms)]);
        let commitments = commitments.try_into().map_err(|_| BbsError::Count)?;
        Ok(Blinded { points: *points, commitments, domain })
    }

    /// `ProofChallengeCalculate` with a presentation header.
    pub fn challenge(
        &self,
        generators: &Generators,
        disclosed: &BTreeMap<usize, Fr>,
        presentation_header: &[u8],
    ) -> Fr {
        let mut input = length(disclosed.len()).to_vec();
        for (index, message) in disclosed {
            input.extend(length(*index));
            input.extend(scalar_bytes(message));
        }
        input.extend(self.points.iter().flat_map(G1Point::bytes));
        input.extend(self.commitments.iter().flat_map(|point| octets(*point)));
        input.extend(scalar_bytes(&self.domain));
        input.extend(length(presentation_header.len()));
        input.extend(presentation_header);
        generators.interface.hash(&input, "H2S_")
    }

    /// `ProofFinalize`.
    pub fn finish(&self, opening: &Opening, challenge: Fr) -> Proof {
        let Opening { e, r1, r3, blinds: [e_blind, r1_blind, r3_blind], hidden } = opening;
        let responses =
            [*e_blind + *e * challenge, *r1_blind - *r1 * challenge, *r3_blind - *r3 * challenge];
        let hidden = hidden.values().map(|(message, blind)| *blind + *message * challenge);
        Proof { points: self.points, responses, hidden: hidden.collect(), challenge }
    }
}

impl Opening {
    /// The blinding `m~` of a hidden message, for another proof about the same message.
    pub fn blind(&self, index: usize) -> Option<Fr> {
        self.hidden.get(&index).map(|(_, blind)| *blind)
    }
}

impl Proof {
    /// `octets_to_proof`: three points, three scalars, one for each hidden message, the challenge.
    ///
    /// # Errors
    /// The bytes are not in their one form.
    pub fn read(bytes: &[u8]) -> Result<Proof, BbsError> {
        let (points, scalars) = bytes.split_at_checked(3 * G1_BYTES).ok_or(BbsError::Form)?;
        let mut points = points.chunks_exact(G1_BYTES).map(G1Point::read);
        let mut point = || points.next().ok_or(BbsError::Form)?.map_err(BbsError::from);
        let points = [point()?, point()?, point()?];
        if scalars.len() % SCALAR_BYTES != 0 {
            return Err(BbsError::Form);
        }
        let scalars: Option<Vec<Fr>> = scalars.chunks(SCALAR_BYTES).map(read_scalar).collect();
        let scalars = scalars.ok_or(BbsError::Form)?;
        let Some(([e, r1, r3], rest)) = scalars.split_first_chunk::<3>() else {
            return Err(BbsError::Form);
        };
        let (challenge, hidden) = rest.split_last().ok_or(BbsError::Form)?;
        let (responses, hidden) = ([*e, *r1, *r3], hidden.to_vec());
        Ok(Proof { points, responses, hidden, challenge: *challenge })
    }

    /// `proof_to_octets`.
    pub fn bytes(&self) -> Vec<u8> {
        let scalars = self.responses.iter().chain(&self.hidden).chain([&self.challenge]);
        let points = self.points.iter().flat_map(G1Point::bytes);
        points.chain(scalars.flat_map(scalar_bytes)).collect()
    }

    /// The response `m^` for the hidden message of this index, given which are disclosed.
    pub fn response(&self, index: usize, disclosed: &BTreeMap<usize, Fr>) -> Option<Fr> {
        let before = disclosed.keys().filter(|other| **other < index).count();
        let hidden = !disclosed.contains_key(&index);
        self.hidden.get(index.checked_sub(before)?).copied().filter(|_| hidden)
    }
}

/// `CoreProofVerify`: the proof by itself, without anything composed with it.
///
/// # Errors
/// The proof does not hold, or the number of messages is another.
pub fn verify_proof(
    proof: &Proof,
    key: &PublicKey,
    generators: &Generators,
    header: &[u8],
    presentation_header: &[u8],
    disclosed: &BTreeMap<usize, Fr>,
) -> Result<(), BbsError> {
    let again = Blinded::again(proof, key, generators, header, disclosed)?;
    let challenge = again.challenge(generators, disclosed, presentation_header);
    let [abar, bbar, _] = proof.points.map(|point| point.affine());
    let product = Bls12_381::multi_pairing([abar, -bbar], [key.0.affine(), G2Affine::generator()]);
    let holds = challenge == proof.challenge && product.is_zero();
    if holds { Ok(()) } else { Err(BbsError::Invalid) }
}

/// The scalars of hashed messages by their index.
pub(crate) fn scalars<'a>(
    generators: &Generators,
    messages: impl IntoIterator<Item = (usize, &'a [u8])>,
) -> BTreeMap<usize, Fr> {
    let interface = generators.interface;
    messages.into_iter().map(|(index, bytes)| (index, interface.message(bytes))).collect()
}
