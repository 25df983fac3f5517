//! Set-ups for tests, benchmarks and demonstrations.
//!
//! **Their secret is known, so whoever has one can prove any slot active.** A network never adopts
//! one.

use ark_bls12_381::{Fr, G1Projective, G2Projective};
use ark_ec::{AffineRepr, PrimeGroup, ScalarMul};
use ark_ff::{Field, One, batch_inversion};

use super::domain::Domain;
use super::point::{G1Point, G2Point};
use super::powers::Powers;
use super::table::Table;

/// The set-up of a known secret. Nothing if the secret is one for which a point would be the
/// identity: 0, or a root of unity.
pub fn setup(domain: Domain, secret: u64) -> Option<(Powers, Table)> {
    let tau = Fr::from(secret);
    let mut power = Fr::one();
    let mut powers = Vec::with_capacity(domain.len());
    for _ in 0..domain.slots() {
        powers.push(power);
        power *= tau;
    }
    // L_i(τ) = ω^i (τ^N − 1) / (N (τ − ω^i))
    let mut values: Vec<Fr> = domain.points().map(|point| tau - point).collect();
    batch_inversion(&mut values);
    let top = (power - Fr::one()) * Fr::from(domain.slots()).inverse()?;
    for (value, point) in values.iter_mut().zip(domain.points()) {
        *value *= top * point;
    }
    let tau = G2Point::of(G2Projective::generator() * tau)?;
    Some((Powers::new(points(&powers)?, tau)?, Table::new(points(&values)?)?))
}

fn points(scalars: &[Fr]) -> Option<Vec<G1Point>> {
    let points = G1Projective::generator().batch_mul(scalars);
    points.into_iter().map(|point| G1Point::of(point.into_group())).collect()
}
