//! Keys and signatures.

use std::fmt;

use ark_bls12_381::{Bls12_381, Fr, G1Projective, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, Zero};
use registry::slots::{G1_BYTES, G1Point, G2_BYTES, G2Point, PointError};

use super::suite::{Generators, Interface, SCALAR_BYTES, msm, read_scalar, scalar_bytes};

/// Least bytes of key material.
const MATERIAL_BYTES_MIN: usize = 32;

/// Why there is no key, signature or proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BbsError {
    /// Key material is shorter than 32 bytes, or its info longer than 65,535, or the key would be
    /// 0.
    #[error("key material has at least 32 bytes of entropy")]
    Material,
    /// Not as many messages as generators, or a number of a message that is none.
    #[error("the number of messages is another")]
    Count,
    /// The bytes are not the one form of what they should be.
    #[error("these bytes are not in their one form")]
    Form,
    /// A point of it is none.
    #[error(transparent)]
    Point(#[from] PointError),
    /// It does not hold.
    #[error("it does not hold")]
    Invalid,
}

/// An issuer's secret key. It is not wiped when it is let go.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(Fr);

/// An issuer's public key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicKey(pub(crate) G2Point);

/// A signature over messages and a header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signature {
    pub(super) a: G1Point,
    pub(super) e: Fr,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretKey")
    }
}

impl SecretKey {
    /// `KeyGen` of the draft, from at least 32 bytes of entropy and what tells keys from the same
    /// material apart.
    ///
    /// # Errors
    /// [`BbsError::Material`].
    pub fn generate(
        interface: Interface,
        material: &[u8],
        info: &[u8],
    ) -> Result<SecretKey, BbsError> {
        let length = u16::try_from(info.len()).map_err(|_| BbsError::Material)?;
        if material.len() < MATERIAL_BYTES_MIN {
            return Err(BbsError::Material);
        }
        let input = [material, &length.to_be_bytes(), info].concat();
        let key = interface.hash(&input, "KEYGEN_DST_");
        if key.is_zero() { Err(BbsError::Material) } else { Ok(SecretKey(key)) }
    }

    /// Reads the 32 bytes of a key.
    ///
    /// # Errors
    /// [`BbsError::Form`].
    pub fn read(bytes: &[u8]) -> Result<SecretKey, BbsError> {
        read_scalar(bytes).map(SecretKey).ok_or(BbsError::Form)
    }

    /// The 32 bytes of the key.
    pub fn bytes(&self) -> [u8; SCALAR_BYTES] {
        scalar_bytes(&self.0)
    }

    /// `SkToPk`.
    ///
    /// # Panics
    /// Never: a key is not 0.
    pub fn public(&self) -> PublicKey {
        let point = G2Point::of(G2Affine::generator() * self.0);
        PublicKey(point.expect("a key is not 0"))
    }
}

impl PublicKey {
    /// Reads 96 bytes.
    ///
    /// # Errors
    /// They are no point of the group, or the identity.
    pub fn read(bytes: &[u8]) -> Result<PublicKey, BbsError> {
        Ok(PublicKey(G2Point::read(bytes)?))
    }

    /// The 96 bytes of the key.
    pub fn bytes(&self) -> [u8; G2_BYTES] {
        self.0.bytes()
    }
}

impl Signature {
    /// Reads 80 bytes: `A` and `e`.
    ///
    /// # Errors
    /// They are not in their one form.
    pub fn read(bytes: &[u8]) -> Result<Signature, BbsError> {
        let (a, e) = bytes.split_at_checked(G1_BYTES).ok_or(BbsError::Form)?;
        let (a, e) = (G1Point::read(a)?, read_scalar(e).ok_or(BbsError::Form)?);
        Ok(Signature { a, e })
    }

    /// The 80 bytes.
    pub fn bytes(&self) -> Vec<u8> {
        [&self.a.bytes()[..], &scalar_bytes(&self.e)[..]].concat()
    }
}

impl Generators {
    /// `calculate_domain`.
    pub(super) fn domain(&self, key: &PublicKey, header: &[u8]) -> Fr {
        let mut input = key.bytes().to_vec();
        input.extend(length(self.messages.len()));
        for point in std::iter::once(&self.q1).chain(&self.messages) {
            input.extend(octets(*point));
        }
        input.extend(self.interface.id().as_bytes());
        input.extend(length(header.len()));
        input.extend(header);
        self.interface.hash(&input, "H2S_")
    }

    /// `B = P1 + Q_1 · domain + Σ H_i · msg_i`.
    pub(super) fn commit(&self, domain: Fr, messages: &[Fr]) -> Result<G1Projective, BbsError> {
        if messages.len() != self.messages.len() {
            return Err(BbsError::Count);
        }
        let mut terms = vec![(self.q1, domain)];
        terms.extend(self.messages.iter().copied().zip(messages.iter().copied()));
        Ok(msm(&terms) + self.p1)
    }
}

/// `CoreSign` over scalars.
///
/// # Errors
/// The number of messages is not that of the generators.
pub fn sign(
    secret: &SecretKey,
    generators: &Generators,
    header: &[u8],
    messages: &[Fr],
) -> Result<Signature, BbsError> {
    let key = secret.public();
    let domain = generators.domain(&key, header);
    let b = generators.commit(domain, messages)?;
    let mut input = secret.bytes().to_vec();
    input.extend(messages.iter().chain([&domain]).flat_map(scalar_bytes));
    let e = generators.interface.hash(&input, "H2S_");
    let inverse = (secret.0 + e).inverse().ok_or(BbsError::Invalid)?;
    let a = G1Point::of(b * inverse).ok_or(BbsError::Invalid)?;
    Ok(Signature { a, e })
}

/// `CoreVerify` over scalars.
///
/// # Errors
/// The signature does not hold, or the number of messages is another.
pub fn verify(
    key: &PublicKey,
    signature: &Signature,
    generators: &Generators,
    header: &[u8],
    messages: &[Fr],
) -> Result<(), BbsError> {
    let b = generators.commit(generators.domain(key, header), messages)?;
    // e(A, W) · e(e·A − B, P~)
    let a = signature.a.affine();
    let rest = a * signature.e - b;
    let product =
        Bls12_381::multi_pairing([a, rest.into_affine()], [key.0.affine(), G2Affine::generator()]);
    if product.is_zero() { Ok(()) } else { Err(BbsError::Invalid) }
}

/// A count or length as 8 bytes.
pub(super) fn length(length: usize) -> [u8; 8] {
    u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes()
}

/// A point of a calculation as bytes; it may be the identity.
pub(super) fn octets(point: ark_bls12_381::G1Affine) -> [u8; G1_BYTES] {
    let mut bytes = [0; G1_BYTES];
    let written =
        ark_serialize::CanonicalSerialize::serialize_compressed(&point, bytes.as_mut_slice());
    assert!(written.is_ok(), "48 bytes hold a point");
    bytes
}
