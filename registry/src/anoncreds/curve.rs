//! Milagro's BN254 as a configuration of arkworks: the curve of crate `amcl` 0.2.0 (`bn254`),
//! which AnonCreds v1 computes on. It is not Ethereum's `alt_bn128`.
//!
//! A Barreto-Naehrig curve with `u = -0x4080000000000001`: `p = 36u⁴ + 36u³ + 24u² + 6u + 1`,
//! `r = 36u⁴ + 36u³ + 18u² + 6u + 1`, trace `t = 6u² + 1`, so that `r = p + 1 - t`.
//! `E: y² = x³ + 2` over `Fp`, `Fp2 = Fp[i]/(i² + 1)`, `ξ = 1 + i`, and the twist of type D,
//! `E': y² = x³ + 2/ξ = x³ + 1 - i`. Pairings have about 100 bits of security.

#![expect(unexpected_cfgs, reason = "what arkworks derives asks for a feature of its own crate")]

use ark_ec::AffineRepr;
use ark_ec::models::CurveConfig;
use ark_ec::short_weierstrass::{Affine, Bucket, Projective, SWCurveConfig};
use ark_ff::{
    AdditiveGroup, BigInt, Field, Fp6Config, Fp12Config, Fp256, MontBackend, MontConfig, MontFp,
};
use ark_ff::{Fp2Config, PrimeField};

/// The field of coordinates. Of the generator only that it is no square is used: 2 is none, as
/// `p ≡ 3 mod 8`.
#[derive(MontConfig)]
#[modulus = "16798108731015832284940804142231733909889187121439069848933715426072753864723"]
#[generator = "2"]
pub(super) struct BaseConfig;
/// `Fp`.
pub(super) type Base = Fp256<MontBackend<BaseConfig, 4>>;

/// The field of exponents. 2 is no square here either, as `r ≡ 5 mod 8`.
#[derive(MontConfig)]
#[modulus = "16798108731015832284940804142231733909759579603404752749028378864165570215949"]
#[generator = "2"]
pub(super) struct ScalarConfig;
/// `Fr`.
pub(super) type Scalar = Fp256<MontBackend<ScalarConfig, 4>>;

/// The quadratic extension.
pub(super) struct TwoConfig;
/// `Fp2`.
pub(super) type Two = ark_ff::Fp2<TwoConfig>;

impl Fp2Config for TwoConfig {
    type Fp = Base;
    const NONRESIDUE: Base = MontFp!("-1");
    const FROBENIUS_COEFF_FP2_C1: &'static [Base] = &[Base::ONE, MontFp!("-1")];

    fn mul_fp_by_nonresidue_in_place(element: &mut Base) -> &mut Base {
        element.neg_in_place()
    }

    fn mul_fp_by_nonresidue_and_add(y: &mut Base, x: &Base) {
        *y = *x - *y;
    }

    fn mul_fp_by_nonresidue_plus_one_and_add(y: &mut Base, x: &Base) {
        *y = *x;
    }

    fn sub_and_mul_fp_by_nonresidue(y: &mut Base, x: &Base) {
        *y += x;
    }
}

/// The cubic extension `Fp2[v]/(v³ - ξ)`.
#[derive(Clone, Copy)]
pub(super) struct SixConfig;
/// `Fp6`.
pub(super) type Six = ark_ff::Fp6<SixConfig>;

impl Fp6Config for SixConfig {
    type Fp2Config = TwoConfig;
    const NONRESIDUE: Two = Two::new(Base::ONE, Base::ONE);
    // Nothing here takes a power of Frobenius in this field or the next.
    const FROBENIUS_COEFF_FP6_C1: &'static [Two] = &[];
    const FROBENIUS_COEFF_FP6_C2: &'static [Two] = &[];

    fn mul_fp2_by_nonresidue_in_place(element: &mut Two) -> &mut Two {
        *element = Two::new(element.c0 - element.c1, element.c0 + element.c1);
        element
    }
}

/// The field `Fp6[w]/(w² - v)`, where pairings have their values.
#[derive(Clone, Copy)]
pub(super) struct TwelveConfig;
/// `Fp12`.
pub(super) type Twelve = ark_ff::Fp12<TwelveConfig>;

impl Fp12Config for TwelveConfig {
    type Fp6Config = SixConfig;
    const NONRESIDUE: Six = Six::new(Two::ZERO, Two::ONE, Two::ZERO);
    const FROBENIUS_COEFF_FP12_C1: &'static [Two] = &[];
}

/// The group of the accumulator: the points of `E'` of order `r`.
pub(super) struct G2;

/// `|u|`, lowest 64 bits first.
pub(super) const U: [u64; 1] = [0x4080_0000_0000_0001];
/// `ξ^((p-1)/3)`.
pub(super) const PSI_X: Two = Two::new(
    Base::ZERO,
    MontFp!("16798108731015832283133667796947756444075910019074449559301910896669540483083"),
);
/// `ξ^((p-1)/2)`.
pub(super) const PSI_Y: Two = Two::new(
    MontFp!("16226349498735898878582721725794281106152147739300925444201528929117996286405"),
    MontFp!("16226349498735898878582721725794281106152147739300925444201528929117996286405"),
);

impl CurveConfig for G2 {
    type BaseField = Two;
    type ScalarField = Scalar;
    /// `2p - r = 13 · 96757 · …`, lowest 64 bits first.
    const COFACTOR: &'static [u64] = &[
        0xad00_0000_0000_0019,
        0xc2a2_8000_0000_0016,
        0xba34_4d80_0000_0008,
        0x2523_6482_4000_0001,
    ];
    const COFACTOR_INV: Scalar =
        MontFp!("8399054365507916140663265725831889489001708940320597534943659766172318957567");
}

impl SWCurveConfig for G2 {
    const COEFF_A: Two = Two::ZERO;
    const COEFF_B: Two = Two::new(Base::ONE, MontFp!("-1"));
    /// `amcl`'s own (`CURVE_PXA` to `CURVE_PYB`).
    const GENERATOR: Affine<G2> = Affine::new_unchecked(
        Two::new(
            MontFp!("2759930593230997547690248631365636073479225314645471320757910281674905877291"),
            MontFp!("2301614907882718573745244110620256732212332571700737603512907075120331574515"),
        ),
        Two::new(
            MontFp!("948076515351688797057606839494504109262247838840660288969725032302618946458"),
            MontFp!("6663077446927392079224045631425291036692402823802663947112913140121004068507"),
        ),
    );
    type ZeroFlag = ();

    fn mul_by_a(_: Two) -> Two {
        Two::ZERO
    }

    /// Whether `ψ(Q) = 6u²·Q`, where `ψ` is Frobenius seen from the twist.
    ///
    /// On all of `E'`, `ψ² - tψ + p = 0`. So if `ψ(Q) = (t-1)·Q`, then
    /// `((t-1)² - t(t-1) + p)·Q = (p + 1 - t)·Q = r·Q = 0`. And on the points of order `r`, `ψ` is
    /// multiplication by `p`, and `p ≡ t-1 = 6u²`. Half as long as multiplying by `r`.
    fn is_in_correct_subgroup_assuming_on_curve(point: &Affine<G2>) -> bool {
        if point.is_zero() {
            return true;
        }
        let mut power = Self::mul_projective(&Self::mul_affine(point, &U), &U);
        power = power.double() + power;
        power = power.double();
        power == Affine::new_unchecked(conjugate(point.x) * PSI_X, conjugate(point.y) * PSI_Y)
    }
}

/// The power of Frobenius in `Fp2`.
fn conjugate(element: Two) -> Two {
    Two::new(element.c0, -element.c1)
}

/// Whether these coordinates are a point of `E'`. Not `is_on_curve`: to arkworks two zeros are
/// infinity, and on the curve.
pub(super) fn is_on_twist(x: &Two, y: &Two) -> bool {
    y.square() == x.square() * x + G2::COEFF_B
}

/// Whether these homogeneous coordinates are a point of `E'`, infinity among them.
pub(super) fn on_twist(x: &Two, y: &Two, z: &Two) -> bool {
    y.square() * z == x.square() * x + G2::COEFF_B * z.square() * z
}

/// Whether these homogeneous coordinates are a point of `E`, infinity among them. All its points
/// are of order `r`, or infinity.
pub(super) fn on_curve(x: &Base, y: &Base, z: &Base) -> bool {
    y.square() * z == x.square() * x + (z.square() * z).double()
}

/// Whether an element of `Fp12` is the value of a pairing: of order `r`, so not one.
pub(super) fn is_pairing_value(element: &Twelve) -> bool {
    *element != Twelve::ONE && element.pow(Scalar::MODULUS) == Twelve::ONE
}

/// A point of `E'` in Jacobian coordinates.
pub(super) type Sum = Projective<G2>;
/// The coordinates to which a point is added fastest. Into others they go by way of [`Sum`] only:
/// arkworks 0.6.0 converts them to `Affine` wrongly.
pub(super) type Running = Bucket<G2>;

/// `p`, lowest 64 bits first.
pub(super) const P: BigInt<4> = BaseConfig::MODULUS;
