//! Registries of the AnonCreds library 0.2.3 (`testdata`, made by
//! `tests/python/anoncreds_data.py`) are followed without its secrets, and what a careless or
//! malicious issuer could send is refused.

use ark_ec::bn::{Bn, BnConfig, TwistType};
use ark_ec::models::CurveConfig;
use ark_ec::pairing::Pairing;
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{AdditiveGroup, CyclotomicMultSubgroup, Field, Fp6Config, PrimeField, Zero};
use expect_test::{ExpectFile, expect_file};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::curve::*;
use super::objects::*;
use super::*;
use crate::resource::{NAME_BYTES_MAX, ResourceError};

/// A registry that the library made.
struct Frozen {
    credential_definition: Value,
    definition: Value,
    lists: Vec<Value>,
    leaked: String,
    tails: Vec<u8>,
}

fn frozen(max_cred_num: u32) -> Frozen {
    let mut data: Value = serde_json::from_str(match max_cred_num {
        10 => include_str!("testdata/registry-10.json"),
        _ => include_str!("testdata/registry-32.json"),
    })
    .unwrap();
    Frozen {
        credential_definition: data["credentialDefinition"].take(),
        definition: data["revocationRegistryDefinition"].take(),
        leaked: data["leaked"].as_str().unwrap().to_owned(),
        tails: hex::decode(data["tails"].as_str().unwrap()).unwrap(),
        lists: data["statusLists"].as_array().unwrap().clone(),
    }
}

impl Frozen {
    fn list(&self, at: usize) -> RevocationStatusList {
        let max_cred_num = check_tails(&self.tails).unwrap().max_cred_num;
        RevocationStatusList::read(&self.lists[at], "", max_cred_num).unwrap()
    }

    fn tail(&self, index: u32) -> Point {
        let range = tail_at(index);
        let bytes = &self.tails[range.start as usize..range.end as usize];
        Point::from_bytes(bytes.try_into().unwrap()).unwrap()
    }

    /// The tails that a list has more of than another.
    fn more(&self, than: &RevocationStatusList, list: &RevocationStatusList) -> Vec<Point> {
        let count = list.revoked.len() as u32;
        (0..count)
            .filter(|slot| list.revoked[*slot as usize] && !than.revoked[*slot as usize])
            .map(|slot| self.tail(tail_index(slot, count).unwrap()))
            .collect()
    }
}

#[test]
fn the_first_accumulator_of_a_registry_is_the_sum_of_its_tails() {
    for size in [10, 32] {
        let registry = frozen(size);
        let summary = check_tails(&registry.tails).unwrap();
        assert_eq!(summary.max_cred_num, size);
        assert_eq!(summary.initial, registry.list(0).accumulator);
        let definition = CredentialDefinition::read(&registry.credential_definition, "").unwrap();
        assert_eq!(Some(summary.base), definition.g_dash);
        assert_eq!(registry.tails.len() as u64, tails_length(size));
    }
}

#[test]
fn revoking_and_reinstating_leads_to_the_accumulators_that_the_library_computes_with_its_secret() {
    for size in [10, 32] {
        let registry = frozen(size);
        for at in 1..registry.lists.len() {
            let (old, new) = (registry.list(at - 1), registry.list(at));
            let (add, subtract) = (registry.more(&new, &old), registry.more(&old, &new));
            let ours = shift(&old.accumulator, add, subtract).unwrap();
            assert_eq!(ours, new.accumulator, "registry of {size}, list {at}");
            assert_eq!(ours.to_bytes(), new.accumulator.to_bytes());
        }
    }
}

#[test]
fn all_reinstated_is_the_same_point_though_the_library_writes_another_text() {
    let registry = frozen(10);
    let (first, last) = (&registry.lists[0], &registry.lists[5]);
    assert_eq!(first["revocationList"], last["revocationList"]);
    assert_ne!(first["currentAccumulator"], last["currentAccumulator"]);
    assert_eq!(registry.list(0).accumulator, registry.list(5).accumulator);
    assert_eq!(registry.list(0).accumulator.to_text(), registry.list(5).accumulator.to_text());
}

#[test]
fn our_texts_of_the_accumulators_are_those_that_the_library_was_seen_to_accept() {
    let mut texts = serde_json::Map::new();
    for size in [10, 32] {
        let registry = frozen(size);
        let accumulators = (0..registry.lists.len()).map(|at| registry.list(at).accumulator);
        let ours: Vec<String> = accumulators
            .map(|accumulator| {
                let text = accumulator.to_text();
                assert_eq!(Point::parse(&text), Ok(accumulator));
                text
            })
            .collect();
        texts.insert(size.to_string(), ours.into());
    }
    let texts = serde_json::to_string_pretty(&Value::from(texts)).unwrap() + "\n";
    expect_file!["testdata/texts.json"].assert_eq(&texts);
}

#[test]
fn bytes_of_a_tail_are_read_and_written_as_they_are() {
    let registry = frozen(10);
    for index in 0..=20 {
        let range = tail_at(index);
        let bytes = &registry.tails[range.start as usize..range.end as usize];
        assert_eq!(registry.tail(index).to_bytes(), bytes);
    }
}

#[test]
fn everything_revoked_leaves_no_accumulator() {
    let point = frozen(10).list(0).accumulator;
    assert_eq!(shift(&point, [], [point]), None);
    assert_eq!(shift(&point, [], []), Some(point));
    let twice = shift(&point, [point], []).unwrap();
    assert_eq!(shift(&twice, [point], [point, point]), Some(point));
}

#[test]
fn slot_zero_has_no_tail_and_no_slot_has_the_secret_one() {
    for size in [2, 3, 10, MAX_CRED_NUM_MAX, u32::MAX] {
        for slot in [0, size, size.saturating_add(1), u32::MAX] {
            assert_eq!(tail_index(slot, size), None, "{slot} of {size}");
        }
        assert_eq!(tail_index(1, size), Some(size));
        assert_eq!(tail_index(size - 1, size), Some(2));
    }
    for size in 0..20 {
        for index in (0..30).filter_map(|slot| tail_index(slot, size)) {
            assert!((2..=size).contains(&index));
        }
    }
    assert_eq!(tail_at(0), 2..130);
    assert_eq!(tail_at(u32::MAX).end, 2 + 128 * (1 << 32));
    assert_eq!(tails_length(32_768), 8_388_738);
}

/// Text for text: how it is refused, or that it is read.
fn outcome(text: &str) -> String {
    match Point::parse(text) {
        Ok(point) => format!("{}…", &hex::encode(point.to_bytes())[..8]),
        Err(error) => error.to_string(),
    }
}

/// The tokens of a text, one of them replaced.
fn with(text: &str, at: usize, token: &str) -> String {
    let mut tokens: Vec<&str> = text.split(' ').collect();
    tokens[at] = token;
    tokens.join(" ")
}

#[test]
fn texts_that_the_library_would_not_write_are_refused_each_for_its_reason() {
    let text = frozen(10).list(0).accumulator.to_text();
    let tokens: Vec<&str> = text.split(' ').collect();
    let p = "2523648240000001BA344D80000000086121000000000013A700000000000013";
    let beyond = format!("1{}", "0".repeat(64));
    let cases = [
        ("as it is", text.clone()),
        ("nothing", String::new()),
        ("10 tokens", tokens[..10].join(" ")),
        ("11 tokens", tokens[..11].join(" ")),
        ("14 tokens", format!("{text} 1 {}", tokens[1])),
        ("a space more", text.replacen(' ', "  ", 1)),
        ("a space before", format!(" {text}")),
        ("a space behind", format!("{text} ")),
        ("tabs", text.replace(' ', "\t")),
        ("lower case", text.to_lowercase()),
        ("excess 0", with(&text, 0, "0")),
        ("excess 4294967295", with(&text, 0, "4294967295")),
        ("excess 2147483648", with(&text, 0, "2147483648")),
        ("excess 67108864", with(&text, 0, "67108864")),
        ("excess 67108863", with(&text, 0, "67108863")),
        ("excess +1", with(&text, 0, "+1")),
        ("excess 01", with(&text, 0, "01")),
        ("excess -1", with(&text, 0, "-1")),
        ("excess 2 of a reduced number", with(&text, 0, "2")),
        ("400 digits", with(&text, 1, &"1".repeat(400))),
        ("71 digits", with(&text, 1, &"1".repeat(71))),
        ("63 digits", with(&text, 1, &"1".repeat(63))),
        ("65 digits from 0", with(&text, 1, &format!("0{}", tokens[1]))),
        ("65 digits of excess 1", with(&text, 1, &beyond)),
        ("not below p", with(&text, 1, p)),
        ("no digits", with(&text, 1, &"G".repeat(64))),
        ("digits of another script", with(&text, 1, &"٣".repeat(32))),
        ("another coordinate", with(&text, 1, tokens[3])),
        ("infinity", format!("1 {0} 1 {0} 1 {1:0>64} 1 {0} 1 {0} 1 {0}", "0".repeat(64), 1)),
        ("all zero", vec![format!("1 {}", "0".repeat(64)); 6].join(" ")),
        ("a megabyte", "1 ".repeat(1 << 19)),
    ];
    let lines: Vec<String> =
        cases.iter().map(|(name, text)| format!("{name}: {}", outcome(text))).collect();
    expect_file!["testdata/refused-texts.txt"].assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn any_projective_form_of_a_point_is_that_point() {
    let point = frozen(10).list(0).accumulator;
    let Affine { x, y, .. } = point.affine();
    for scale in [Two::new(Base::from(7), Base::ZERO), Two::new(Base::from(3), Base::from(5))] {
        let (x, y) = (x * scale, y * scale);
        let text = text::write(&[x.c0, x.c1, y.c0, y.c1, scale.c0, scale.c1]);
        assert_ne!(text, point.to_text());
        assert_eq!(Point::parse(&text), Ok(point));
    }
}

fn of(point: impl Into<Sum>) -> Point {
    Point::of(point.into().into_affine().into()).unwrap()
}

/// Some point of the twist, which is in the subgroup only by a chance of 2^-254.
fn stray(seed: u64) -> Affine<G2> {
    let mut x = Two::new(Base::from(seed), Base::ONE);
    loop {
        if let Some(point) = Affine::get_point_from_x_unchecked(x, false) {
            return point;
        }
        x.c0 += Base::ONE;
    }
}

/// The cofactor without its factor 13.
const COFACTOR_REST: [u64; 4] =
    [0xd23b_13b1_3b13_b13d, 0xfb47_93b1_3b13_b13c, 0x70c8_f244_ec4e_c4ec, 0x02db_5680_2c4e_c4ec];

/// A point of order 13, the smallest that is outside the subgroup.
fn thirteenth() -> Affine<G2> {
    let point = stray(1).mul_bigint(COFACTOR_REST).mul_bigint(Scalar::MODULUS).into_affine();
    assert!(!point.is_zero() && point.mul_bigint([13]).is_zero());
    point
}

#[test]
fn the_curve_is_milagros() {
    let generator = G2::GENERATOR;
    assert!(generator.is_on_curve());
    assert!(generator.mul_bigint(Scalar::MODULUS).is_zero());
    // (p - 1)/n, which is -1/n in the field.
    let power = |n: u64| SixConfig::NONRESIDUE.pow((-Base::ONE / Base::from(n)).into_bigint());
    assert_eq!((PSI_X, PSI_Y), (power(3), power(2)));
    assert_eq!(G2::COEFF_B * SixConfig::NONRESIDUE, Two::from(2));
}

#[test]
fn membership_is_what_multiplying_by_the_order_says() {
    let thirteenth = thirteenth();
    let mut inside = 0;
    for seed in 0..20 {
        let stray = stray(seed * 1_000);
        let cleared = stray.mul_bigint(G2::COFACTOR).into_affine();
        let nearly = (stray.mul_bigint(COFACTOR_REST)).into_affine();
        let mixed = (cleared + thirteenth).into_affine();
        for point in [stray, cleared, nearly, mixed, thirteenth] {
            let expected = point.mul_bigint(Scalar::MODULUS).is_zero();
            let text = text::write(&[
                point.x.c0,
                point.x.c1,
                point.y.c0,
                point.y.c1,
                Base::ONE,
                Base::ZERO,
            ]);
            let refused = Point::parse(&text).err();
            assert_eq!(refused, (!expected).then_some(PointError::OffSubgroup));
            inside += u32::from(expected);
        }
    }
    // The cleared ones, and of those nearly cleared about one in 13.
    assert!((20..30).contains(&inside), "{inside}");
}

#[test]
fn bytes_that_are_no_point_are_refused() {
    let tail = frozen(10).tail(3).to_bytes();
    let check = |change: &dyn Fn(&mut [u8; 128]), error| {
        let mut bytes = tail;
        change(&mut bytes);
        assert_eq!(Point::from_bytes(&bytes), Err(error));
    };
    let p = Base::MODULUS;
    for coordinate in 0..4 {
        let at = coordinate * 32;
        check(&|bytes| bytes[at..at + 32].fill(0xff), PointError::NotReduced);
        check(&|bytes| bytes[at + 31] ^= 1, PointError::OffCurve);
        let modulus: Vec<u8> = p.0.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
        check(&|bytes| bytes[at..at + 32].copy_from_slice(&modulus), PointError::NotReduced);
    }
    check(&|bytes| bytes.fill(0), PointError::OffCurve);
    check(
        &|bytes| {
            bytes.fill(0);
            bytes[95] = 1;
        },
        PointError::Infinity,
    );
    // Not looked for in bytes: a file is checked as a whole.
    let stray = of(stray(5));
    assert_eq!(Point::from_bytes(&stray.to_bytes()), Ok(stray));
    assert!(!stray.is_in_subgroup());
}

/// A sound file of successive powers, without the library.
fn tails_of(max_cred_num: u32) -> Vec<u8> {
    let secret = Scalar::from(0x5eed_u64).pow([12_345]);
    let mut power = Scalar::ONE;
    let mut file = vec![0, 2];
    let base = G2::GENERATOR;
    for index in 0..=2 * max_cred_num {
        let point = if index == max_cred_num + 1 { base.into() } else { base * power };
        file.extend(of(point).to_bytes());
        power *= secret;
    }
    file
}

/// Writes a point over a tail.
fn plant(file: &mut [u8], index: u32, point: impl Into<Sum>) {
    let range = tail_at(index);
    let bytes = of(point).to_bytes();
    file[range.start as usize..range.end as usize].copy_from_slice(&bytes);
}

#[test]
fn a_tails_file_that_is_not_whole_is_refused() {
    let registry = frozen(10);
    let check = |change: &dyn Fn(&mut Vec<u8>), error| {
        let mut file = registry.tails.clone();
        change(&mut file);
        assert_eq!(check_tails(&file), Err(error));
    };
    check(&|file| file.clear(), TailsError::Version);
    check(&|file| file.truncate(1), TailsError::Version);
    check(&|file| file[1] = 3, TailsError::Version);
    check(&|file| file[0] = 2, TailsError::Version);
    check(&|file| file.truncate(2), TailsError::Length);
    check(&|file| file.truncate(file.len() - 1), TailsError::Length);
    check(&|file| file.push(0), TailsError::Length);
    check(&|file| file.truncate(2 + 128 * 20), TailsError::Length);
    check(&|file| file.truncate(2 + 128 * 3), TailsError::MaxCredNum);
    check(&|file| file.resize(2 + 128 * (2 * 32_769 + 1), 0), TailsError::MaxCredNum);
    // Of another size altogether: then the dummy does not stand where it must.
    check(&|file| file.truncate(2 + 128 * 19), TailsError::Secret { index: 10 });
    let error = PointError::OffCurve;
    check(&|file| file[2 + 128 * 4] ^= 1, TailsError::Point { index: 4, error });
    let error = PointError::NotReduced;
    check(&|file| file[2 + 128 * 20] = 0xff, TailsError::Point { index: 20, error });
}

#[test]
fn a_tails_file_with_the_secret_power_or_another_instead_of_the_dummy_is_refused() {
    let registry = frozen(10);
    let first = registry.list(0).accumulator;
    let leaked = Point::parse(&registry.leaked).unwrap();
    let secret = shift(&first, [], [leaked]).unwrap();
    for planted in [secret, registry.tail(3)] {
        let mut file = registry.tails.clone();
        plant(&mut file, 11, planted.affine());
        assert_eq!(check_tails(&file), Err(TailsError::Secret { index: 11 }));
    }
    let mut file = registry.tails.clone();
    plant(&mut file, 7, registry.tail(3).affine());
    assert_eq!(check_tails(&file), Err(TailsError::Repeated { index: 7 }));
}

#[test]
fn one_point_outside_the_subgroup_is_found_wherever_it_stands() {
    let registry = frozen(10);
    for index in [1, 5, 10, 12, 20] {
        for planted in
            [thirteenth().into(), stray(3).into(), registry.tail(index).affine() + thirteenth()]
        {
            let mut file = registry.tails.clone();
            plant(&mut file, index, planted);
            assert_eq!(check_tails(&file), Err(TailsError::OffSubgroup), "{index}");
        }
    }
    let mut file = registry.tails.clone();
    plant(&mut file, 0, stray(3));
    plant(&mut file, 11, stray(3));
    assert_eq!(check_tails(&file), Err(TailsError::OffSubgroup));
}

#[test]
fn points_outside_the_subgroup_are_found_in_large_files_too_also_where_they_cancel_out() {
    let sound = tails_of(600);
    let summary = check_tails(&sound).unwrap();
    assert_eq!((summary.max_cred_num, summary.base.affine()), (600, G2::GENERATOR));
    let tail = |index: u32| {
        let range = tail_at(index);
        let bytes = &sound[range.start as usize..range.end as usize];
        Point::from_bytes(bytes.try_into().unwrap()).unwrap().affine()
    };
    for index in [1, 600, 602, 1_200] {
        let mut file = sound.clone();
        plant(&mut file, index, tail(index) + thirteenth());
        assert_eq!(check_tails(&file), Err(TailsError::OffSubgroup), "{index}");
    }
    // Two whose sum is inside: a plain sum would not see them.
    let mut file = sound.clone();
    plant(&mut file, 5, tail(5) + thirteenth());
    plant(&mut file, 6, tail(6) - thirteenth());
    assert_eq!(check_tails(&file), Err(TailsError::OffSubgroup));
}

#[test]
fn tails_that_add_up_to_nothing_are_refused() {
    let mut file = tails_of(2);
    let base = G2::GENERATOR * Scalar::from(99_u64);
    plant(&mut file, 1, base);
    plant(&mut file, 2, -base);
    assert_eq!(check_tails(&file), Err(TailsError::Empty));
}

/// What pairings need besides; only tests compute one.
struct Milagro;
struct G1;

impl CurveConfig for G1 {
    type BaseField = Base;
    type ScalarField = Scalar;
    const COFACTOR: &'static [u64] = &[1];
    const COFACTOR_INV: Scalar = Scalar::ONE;
}

impl SWCurveConfig for G1 {
    const COEFF_A: Base = Base::ZERO;
    const COEFF_B: Base = ark_ff::MontFp!("2");
    const GENERATOR: Affine<G1> = Affine::new_unchecked(ark_ff::MontFp!("-1"), Base::ONE);
    type ZeroFlag = ();
}

impl BnConfig for Milagro {
    const X: &'static [u64] = &U;
    const X_IS_NEGATIVE: bool = true;
    /// 6|u| - 2, lowest digit first.
    const ATE_LOOP_COUNT: &'static [i8] = &{
        let mut digits = [0; 66];
        digits[2] = 1;
        digits[56] = -1;
        digits[58] = 1;
        digits[63] = -1;
        digits[65] = 1;
        digits
    };
    const TWIST_TYPE: TwistType = TwistType::D;
    const TWIST_MUL_BY_Q_X: Two = PSI_X;
    const TWIST_MUL_BY_Q_Y: Two = PSI_Y;
    type Fp = Base;
    type Fp2Config = TwoConfig;
    type Fp6Config = SixConfig;
    type Fp12Config = TwelveConfig;
    type G1Config = G1;
    type G2Config = G2;
}

/// e(P, Q), by exactly (p¹² - 1)/r, as `amcl` computes it.
fn pairing(p: Affine<G1>, q: Affine<G2>) -> Twelve {
    let f = Bn::<Milagro>::multi_miller_loop([p], [q]).0;
    let frobenius = |x: Twelve| x.pow(Base::MODULUS);
    let mut conjugate = f;
    conjugate.cyclotomic_inverse_in_place();
    let f = conjugate * f.inverse().unwrap();
    let f = frobenius(frobenius(f)) * f;
    // (p⁴ - p² + 1)/r = p³ + (6u² + 1)p² + (-36u³ - 18u² - 12u + 1)p - 36u³ - 30u² - 18u - 2
    let zero = f.pow([0xa100_0000_0000_0016, 0xf393_8000_0000_0010, 0x9366_c480_0000_0004]);
    let one = f.pow([0x2a00_0000_0000_001f, 0xb696_8000_0000_0015, 0x9366_c480_0000_0005]);
    let two = f.pow([0x0600_0000_0000_0007, 0x6181_8000_0000_0003]);
    zero * frobenius(one * frobenius(two * frobenius(f)))
}

fn g1(text: &str) -> Affine<G1> {
    text::check_g1(text).unwrap();
    let [x, y, z] = text::read(text).unwrap();
    let inverse = z.inverse().unwrap();
    Affine::new_unchecked(x * inverse, y * inverse)
}

#[test]
fn who_revokes_slot_zero_publishes_the_point_behind_the_registrys_key() {
    // That is why slot 0 has no tail here; and it shows that our groups are the library's.
    for size in [10, 32] {
        let registry = frozen(size);
        let leaked = Point::parse(&registry.leaked).unwrap();
        let secret = shift(&registry.list(0).accumulator, [], [leaked]).unwrap();
        let z = registry.definition["value"]["publicKeys"]["accumKey"]["z"].as_str().unwrap();
        let g = &registry.credential_definition["value"]["revocation"]["g"];
        let value = pairing(g1(g.as_str().unwrap()), secret.affine());
        assert_eq!(value, text::read_gt(z).unwrap());
        assert_ne!(value, pairing(g1(g.as_str().unwrap()), registry.tail(1).affine()));
    }
}

#[test]
fn a_registrys_key_is_a_value_of_a_pairing_or_is_refused() {
    let registry = frozen(10);
    let z = registry.definition["value"]["publicKeys"]["accumKey"]["z"].as_str().unwrap();
    let value = text::read_gt(z).unwrap();
    let write = |value: Twelve| {
        let (even, odd) = (value.c0, value.c1);
        let twos = [even.c0, odd.c1, odd.c0, even.c2, even.c1, odd.c2];
        text::write(&twos.map(|two| [two.c0, two.c1]).concat())
    };
    assert_eq!(text::read_gt(&write(value)), Ok(value));
    assert_eq!(write(value), z, "the library reduces what it puts here");
    let conjugate = value.inverse().unwrap();
    assert_eq!(text::read_gt(&write(conjugate)), Ok(conjugate));
    let small = Twelve::from(5_u64);
    for other in [Twelve::ONE, -Twelve::ONE, Twelve::ZERO, -value, value * small, small] {
        assert_eq!(text::read_gt(&write(other)), Err(PointError::OffSubgroup));
    }
    let changed = z.replacen('1', "2", 2);
    assert!(text::read_gt(&changed).is_err());
    let tokens: Vec<&str> = z.split(' ').collect();
    for at in 0..12 {
        let other = if tokens[2 * at + 1].ends_with('0') { "1" } else { "0" };
        let digits = format!("{}{other}", &tokens[2 * at + 1][..63]);
        let refused = text::read_gt(&with(z, 2 * at + 1, &digits));
        assert_eq!(refused, Err(PointError::OffSubgroup), "coordinate {at}");
    }
    assert_eq!(text::read_gt(&tokens[..22].join(" ")), Err(PointError::Tokens { count: 24 }));
}

#[test]
fn the_librarys_objects_are_read() {
    let registry = frozen(10);
    let definition = RevocationRegistryDefinition::read(&registry.definition, "").unwrap();
    assert_eq!(definition.max_cred_num, 10);
    let hash: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&registry.tails).into();
    assert_eq!(definition.tails_hash, hash);
    let list = registry.list(2);
    assert_eq!((list.timestamp, list.issuer_id.as_str()), (3_000, "did:example:issuer"));
    assert_eq!(list.revoked.iter().filter(|revoked| **revoked).count(), 3);
    let mut content = registry.credential_definition.clone();
    let credential_definition = CredentialDefinition::read(&content, "").unwrap();
    assert_eq!(Vec::from_iter(&credential_definition.attributes), ["age", "name"]);
    content["value"].as_object_mut().unwrap().remove("revocation");
    assert_eq!(CredentialDefinition::read(&content, "").unwrap().g_dash, None);
}

/// Puts each value at its pointer, and lists how the object is refused then.
fn refusals<T>(
    content: &Value,
    changes: &[(&str, Value)],
    read: impl Fn(&Value) -> Result<T, ResourceError>,
    expected: ExpectFile,
) {
    let lines: Vec<String> = changes
        .iter()
        .map(|(pointer, value)| {
            let mut content = content.clone();
            match content.pointer_mut(pointer) {
                Some(member) => *member = value.clone(),
                None => {
                    let (parent, name) = pointer.rsplit_once('/').unwrap();
                    content.pointer_mut(parent).unwrap()[name] = value.clone();
                }
            }
            let shown: String = value.to_string().chars().take(30).collect();
            match read(&content) {
                Ok(_) => format!("{pointer} = {shown}: taken"),
                Err(error) => format!("{pointer} = {shown}: {error}"),
            }
        })
        .collect();
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn registry_definitions_that_could_not_work_are_refused() {
    let registry = frozen(10);
    let max_cred_num = "/value/maxCredNum";
    let z = registry.definition["value"]["publicKeys"]["accumKey"]["z"].as_str().unwrap();
    let read = |content: &Value| RevocationRegistryDefinition::read(content, "/content");
    let changes = [
        ("/issuerId", json!("")),
        ("/credDefId", json!(" did:x")),
        ("/tag", json!("a\u{0}")),
        ("/revocDefType", json!("CL_MERKLE")),
        ("/ver", json!("1.0")),
        ("/value/issuanceType", json!("ISSUANCE_BY_DEFAULT")),
        (max_cred_num, json!(0)),
        (max_cred_num, json!(1)),
        (max_cred_num, json!(2)),
        (max_cred_num, json!(32_768)),
        (max_cred_num, json!(32_769)),
        (max_cred_num, json!(1_u64 << 31)),
        (max_cred_num, json!(-1)),
        (max_cred_num, json!(10.5)),
        ("/value/tailsHash", json!("")),
        ("/value/tailsHash", json!("0OIl")),
        ("/value/tailsHash", json!("1".repeat(33))),
        ("/value/tailsHash", json!("1".repeat(31))),
        ("/value/tailsLocation", json!("x".repeat(ID_BYTES_MAX + 1))),
        ("/value/publicKeys/accumKey/z", json!(with(z, 0, "4294967295"))),
        ("/value/publicKeys/accumKey/z", json!(with(z, 1, z.split(' ').next_back().unwrap()))),
    ];
    refusals(
        &registry.definition,
        &changes,
        read,
        expect_file!["testdata/refused-registry-definitions.txt"],
    );
}

#[test]
fn status_lists_that_could_not_work_are_refused() {
    let registry = frozen(10);
    let read = |content: &Value| RevocationStatusList::read(content, "/content", 10);
    let infinity = format!("1 {0} 1 {0} 1 {1:0>64} 1 {0} 1 {0} 1 {0}", "0".repeat(64), 1);
    let changes = [
        ("/revRegDefId", json!("")),
        ("/issuerId", json!(1)),
        ("/issuerId", json!("x".repeat(ID_BYTES_MAX + 1))),
        ("/revocationList", json!([0, 0])),
        ("/revocationList", json!(vec![0; 11])),
        ("/revocationList", json!("0000000000")),
        ("/revocationList/3", json!(2)),
        ("/revocationList/3", json!(256)),
        ("/revocationList/3", json!(-1)),
        ("/revocationList/3", json!(true)),
        ("/revocationList/0", json!(1)),
        ("/currentAccumulator", json!(infinity)),
        ("/currentAccumulator", json!(null)),
        ("/timestamp", json!(-1)),
        ("/timestamp", json!(1.5)),
        ("/timestamp", json!(1e3)),
        ("/timestamp", json!(u64::MAX)),
        ("/timestamp", json!(null)),
        ("/currentAccumulator2", json!("")),
    ];
    refusals(&registry.lists[1], &changes, read, expect_file!["testdata/refused-status-lists.txt"]);
}

#[test]
fn credential_definitions_that_could_not_work_are_refused() {
    let registry = frozen(10);
    let read = |content: &Value| CredentialDefinition::read(content, "/content");
    let keys = &registry.credential_definition["value"];
    let n = keys["primary"]["n"].as_str().unwrap();
    let g = keys["revocation"]["g"].as_str().unwrap();
    let thirteenth = of(thirteenth()).to_text();
    let changes = [
        ("/issuerId", json!("")),
        ("/schemaId", json!(12)),
        ("/type", json!("CL2")),
        ("/tag", json!("x".repeat(NAME_BYTES_MAX + 1))),
        ("/value/primary/n", json!("4")),
        ("/value/primary/n", json!(format!("{}2", &n[1..]))),
        ("/value/primary/s", json!(n)),
        ("/value/primary/z", json!("1")),
        ("/value/primary/rctxt", json!("012")),
        ("/value/primary/rctxt", json!("-12")),
        ("/value/primary/rms", json!("12")),
        ("/value/primary/r", json!({ "name": "12" })),
        ("/value/primary/r", json!({ "master_secret": "12" })),
        ("/value/primary/r/a~1b", json!("x")),
        ("/value/revocation/g", json!(with(g, 1, g.split(' ').nth(3).unwrap()))),
        ("/value/revocation/pk", json!(format!("1 {0} 1 {1:0>64} 1 {0}", "0".repeat(64), 1))),
        ("/value/revocation/y", json!(g)),
        ("/value/revocation/u", json!(thirteenth)),
        ("/value/revocation/g_dash", json!("")),
        ("/value/revocation/h9", json!("")),
    ];
    refusals(
        &registry.credential_definition,
        &changes,
        read,
        expect_file!["testdata/refused-credential-definitions.txt"],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_a_reader_panic(
        any in ".{0,60}",
        tokens in prop::collection::vec("[0-9]{1,11}|[0-9A-F]{60,72}|[0-9a-fA-F]{0,80}", 0..26),
    ) {
        for text in [any, tokens.join(" ")] {
            prop_assert!(Point::parse(&text).is_err());
            prop_assert!(text::check_g1(&text).is_err());
            prop_assert!(text::read_gt(&text).is_err());
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..1_000),
        excess in any::<u32>(),
    ) {
        prop_assert!(check_tails(&bytes).is_err());
        prop_assert!(check_tails(&[&[0, 2], bytes.as_slice()].concat()).is_err());
        if let Some((point, _)) = bytes.split_first_chunk() {
            prop_assert!(Point::from_bytes(point).is_err());
        }
        let text = with(&frozen(10).list(1).accumulator.to_text(), 4, &excess.to_string());
        let allowed = (1..=text::EXCESS_MAX).contains(&excess);
        prop_assert_eq!(Point::parse(&text).is_ok(), allowed);
    }
}
