//! The powers of τ of a set-up, from which its table follows and which a ceremony passes on.

use ark_bls12_381::{Fr, G1Affine, G1Projective, G2Projective};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{Field, One};
use sha2::{Digest, Sha256};

use super::domain::Domain;
use super::point::{G1_BYTES, G1Point, G2_BYTES, G2Point};
use super::setup::SetupError;
use super::table::Table;

/// `P, τP, …, τ^(N−1)P` and `τP~`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Powers {
    domain: Domain,
    pub(super) g1: Vec<G1Point>,
    pub(super) tau: G2Point,
}

impl Powers {
    /// Where a ceremony may begin: τ is 1, which is no secret at all.
    ///
    /// # Panics
    /// Never: generators are not the identity.
    pub fn start(domain: Domain) -> Powers {
        let one = G1Point::of(G1Projective::generator()).expect("a generator is a point");
        let tau = G2Point::of(G2Projective::generator()).expect("a generator is a point");
        Powers { domain, g1: vec![one; domain.len()], tau }
    }

    pub(super) fn new(g1: Vec<G1Point>, tau: G2Point) -> Option<Powers> {
        Some(Powers { domain: Domain::of_len(g1.len())?, g1, tau })
    }

    /// Reads the file `powers-N.bin`, and checks every point: N compressed points of G1, then `τP~`
    /// compressed. Whether they are powers is for [`super::check`].
    ///
    /// # Errors
    /// The length is not that of a domain, or the first point that is none.
    pub fn read(bytes: &[u8]) -> Result<Powers, SetupError> {
        let (g1, tau) =
            bytes.split_at_checked(bytes.len().saturating_sub(G2_BYTES)).unwrap_or_default();
        let (count, rest) = (g1.len() / G1_BYTES, g1.len() % G1_BYTES);
        let domain = Domain::of_len(count).filter(|_| rest == 0).ok_or(SetupError::Length)?;
        let point = |index, error| SetupError::Point { file: "powers", index, error };
        let read = |(index, bytes)| G1Point::read(bytes).map_err(|error| point(index, error));
        let g1 = g1.chunks_exact(G1_BYTES).enumerate().map(read).collect::<Result<_, _>>()?;
        let tau = G2Point::read(tau).map_err(|error| point(count, error))?;
        Ok(Powers { domain, g1, tau })
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let g1 = self.g1.iter().flat_map(G1Point::bytes);
        g1.chain(self.tau.bytes()).collect()
    }

    /// SHA-256 of the file.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.bytes()).into()
    }

    /// The slots that they are for.
    pub fn domain(&self) -> Domain {
        self.domain
    }

    /// `τP~`, which verifiers take for the set-up.
    pub fn tau(&self) -> G2Point {
        self.tau
    }

    /// The table that follows from these powers: an inverse Fourier transform of points, some N·log
    /// N / 2 multiplications (a minute for 65,536). Nothing if τ is a root of unity, as where a
    /// ceremony begins.
    pub fn table(&self) -> Option<Table> {
        let inverse = self.domain.root().inverse()?;
        let mut points: Vec<G1Projective> =
            self.g1.iter().map(|point| point.affine().into_group()).collect();
        transform(&mut points, inverse);
        let share = Fr::from(self.domain.slots()).inverse()?;
        for point in &mut points {
            *point *= share;
        }
        let points: Vec<G1Affine> = G1Projective::normalize_batch(&points);
        let points = points.into_iter().map(|point| G1Point::of(point.into_group()));
        Table::new(points.collect::<Option<_>>()?)
    }
}

/// The Fourier transform of points for a root of unity of their number, a power of two.
fn transform(points: &mut [G1Projective], root: Fr) {
    if points.len() < 2 {
        return;
    }
    let every_other = |first: usize| points.iter().copied().skip(first).step_by(2).collect();
    let (mut even, mut odd): (Vec<_>, Vec<_>) = (every_other(0), every_other(1));
    transform(&mut even, root.square());
    transform(&mut odd, root.square());
    let (low, high) = points.split_at_mut(even.len());
    let mut twist = Fr::one();
    for ((low, high), (even, odd)) in low.iter_mut().zip(high).zip(even.into_iter().zip(odd)) {
        let odd = if twist.is_one() { odd } else { odd * twist };
        (*low, *high) = (even + odd, even - odd);
        twist *= root;
    }
}
