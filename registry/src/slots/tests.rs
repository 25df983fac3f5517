use std::path::PathBuf;

use ark_bls12_381::{Fr, G1Affine, G1Projective};
use ark_ec::short_weierstrass::Affine;
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{Field, One, Zero};

use super::*;

const SECRET: u64 = 0x005e_ed0f_7e57;

fn trial(slots: u32) -> (Powers, Table) {
    trial::setup(Domain::of(slots).unwrap(), SECRET).unwrap()
}

/// A point on the curve that is not in the group.
fn stray() -> G1Affine {
    (1_u64..)
        .filter_map(|x| G1Affine::get_point_from_x_unchecked(x.into(), false))
        .find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .unwrap()
}

fn plain_bytes(point: &G1Affine) -> Vec<u8> {
    let mut bytes = Vec::new();
    ark_serialize::CanonicalSerialize::serialize_uncompressed(point, &mut bytes).unwrap();
    bytes
}

fn packed_bytes(point: &G1Affine) -> Vec<u8> {
    let mut bytes = Vec::new();
    ark_serialize::CanonicalSerialize::serialize_compressed(point, &mut bytes).unwrap();
    bytes
}

#[test]
fn sizes_are_powers_of_two_within_limits() {
    for slots in [0, 1, 2, 8, 15, 17, 65_535, 131_072, u32::MAX] {
        assert_eq!(Domain::of(slots), None, "{slots}");
    }
    for slots in [16, 64, 4096, 65_536] {
        let domain = Domain::of(slots).unwrap();
        let points: Vec<Fr> = domain.points().collect();
        assert_eq!(points.len(), slots as usize);
        assert!(points[1..].iter().all(|point| !point.is_one()));
        assert_eq!(points[7], domain.at(7));
        assert!((domain.at(slots - 1) * domain.at(1)).is_one());
        assert!(domain.holds(1) && domain.holds(slots - 1));
        assert!(!domain.holds(0) && !domain.holds(slots));
    }
}

#[test]
fn a_good_set_up_passes_and_its_files_come_back() {
    for slots in [16, 64] {
        let (powers, table) = trial(slots);
        let setup = check(&powers, &table).unwrap();
        assert_eq!(setup, Setup { domain: powers.domain(), tau: powers.tau() });
        assert_eq!(powers.table().unwrap(), table);

        assert_eq!(Powers::read(&powers.bytes()).unwrap(), powers);
        assert_eq!(powers.bytes().len(), 48 * slots as usize + 96);
        assert_eq!(Table::read(&table.bytes()).unwrap(), table);
        assert_eq!(Table::adopted(&table.bytes()).unwrap(), table);
        assert_eq!(table.bytes().len(), 96 * slots as usize);
        assert_eq!(Table::unpack(&table.pack()).unwrap(), table);
        assert_eq!(table.pack().len(), 48 * slots as usize);

        let range = point_at(9);
        let bytes = &table.bytes()[range.start as usize..range.end as usize];
        assert_eq!(G1Point::adopted(bytes).unwrap(), table.at(9).unwrap());
        assert_eq!(table.at(slots), None);
        assert_eq!(point_at(u32::MAX).end, (u64::from(u32::MAX) + 1) * 96);
    }
}

#[test]
fn both_files_are_one_of_which_each_part_is_found() {
    for slots in [16, 64] {
        let (powers, table) = trial(slots);
        let both = [powers.bytes(), table.bytes()].concat();
        assert_eq!(slots_of(both.len() as u64), Some(slots));
        assert_eq!(check_files(&both), check(&powers, &table));
        let bytes = |range: std::ops::Range<u64>| &both[range.start as usize..range.end as usize];
        assert_eq!(bytes(tau_in(slots)), powers.tau().bytes());
        assert_eq!(bytes(table_in(slots)), table.bytes());
        for slot in [0, 9, slots - 1] {
            let point = G1Point::adopted(bytes(point_in(slots, slot))).unwrap();
            assert_eq!(point, table.at(slot).unwrap());
        }
        for wrong in [&both[1..], &both[144..], &both[..both.len() - 96], &[]] {
            assert_eq!(check_files(wrong), Err(SetupError::Length));
        }
        let turned = [table.bytes(), powers.bytes()].concat();
        assert!(matches!(check_files(&turned), Err(SetupError::Point { file: "powers", .. })));
    }
    for bytes in [0, 95, 96, 144, 96 + 144 * 17, 97 + 144 * 16, 96 + 144 * 131_072, u64::MAX] {
        assert_eq!(slots_of(bytes), None, "{bytes}");
    }
}

#[test]
fn the_points_of_the_table_add_up_to_the_generator() {
    let (_, table) = trial(16);
    let all = Commitment::of((0..16).map(|slot| table.at(slot).unwrap())).unwrap();
    assert_eq!(all.point().affine(), G1Affine::generator());
}

/// Each bad set-up of the design has an error of its own.
#[test]
fn bad_set_ups_are_refused() {
    let (powers, table) = trial(16);
    let (other_powers, other_table) = trial::setup(Domain::of(16).unwrap(), 99).unwrap();
    let with = |change: &dyn Fn(&mut Powers)| {
        let mut changed = powers.clone();
        change(&mut changed);
        check(&changed, &table).unwrap_err()
    };

    assert_eq!(with(&|p| p.g1.swap(5, 6)), SetupError::NotPowers);
    assert_eq!(with(&|p| p.g1[15] = other_powers.g1[15]), SetupError::NotPowers);
    let spliced = |p: &mut Powers| p.g1[8..].copy_from_slice(&other_powers.g1[8..]);
    assert_eq!(with(&spliced), SetupError::NotPowers);
    assert_eq!(with(&|p| p.tau = other_powers.tau), SetupError::AnotherSecret);
    assert_eq!(with(&|p| p.g1[1] = other_powers.g1[1]), SetupError::AnotherSecret);
    assert_eq!(with(&|p| p.g1[0] = p.g1[1]), SetupError::Generator);
    assert_eq!(with(&|p| *p = other_powers.clone()), SetupError::NotTheTable);
    assert_eq!(with(&|p| *p = trial(64).0), SetupError::Sizes);

    assert_eq!(check(&powers, &other_table), Err(SetupError::NotTheTable));
    assert_eq!(check(&powers, &table.reversed()), Err(SetupError::TableReversed));
    let mut points: Vec<G1Point> = (0..16).map(|slot| table.at(slot).unwrap()).collect();
    points.swap(3, 4);
    assert_eq!(check(&powers, &Table::new(points).unwrap()), Err(SetupError::NotTheTable));
}

#[test]
fn files_are_read_strictly() {
    let (powers, table) = trial(16);
    let (powers, plain, packed) = (powers.bytes(), table.bytes(), table.pack());
    assert_eq!(Powers::read(&[]), Err(SetupError::Length));
    assert_eq!(Powers::read(&powers[..powers.len() - 48]), Err(SetupError::Length));
    assert_eq!(Table::read(&[]), Err(SetupError::Length));
    assert_eq!(Table::read(&plain[96..]), Err(SetupError::Length));
    assert_eq!(Table::read(&plain[1..]), Err(SetupError::Length));
    assert_eq!(Table::unpack(&[packed.clone(), vec![0]].concat()), Err(SetupError::Length));

    let wrong = |file: &mut Vec<u8>, at: usize, bytes: &[u8]| {
        file[at..at + bytes.len()].copy_from_slice(bytes);
    };
    let expect = |read: Result<(), SetupError>, file, index, error| {
        assert_eq!(read, Err(SetupError::Point { file, index, error }));
    };
    let (identity, mut stray_file) = (packed_bytes(&G1Affine::zero()), packed.clone());
    wrong(&mut stray_file, 48 * 3, &packed_bytes(&stray()));
    expect(Table::unpack(&stray_file).map(|_| ()), "table", 3, PointError::NotInGroup);
    let mut stray_file = plain.clone();
    wrong(&mut stray_file, 96 * 3, &plain_bytes(&stray()));
    expect(Table::read(&stray_file).map(|_| ()), "table", 3, PointError::NotInGroup);
    let mut nothing = powers.clone();
    wrong(&mut nothing, 48 * 2, &identity);
    expect(Powers::read(&nothing).map(|_| ()), "powers", 2, PointError::Identity);
    // Off the curve: another y.
    let mut off = plain.clone();
    wrong(&mut off, 96 * 7 + 95, &[plain[96 * 7 + 95] ^ 1]);
    expect(Table::adopted(&off).map(|_| ()), "table", 7, PointError::NotCanonical);
    expect(Table::read(&off).map(|_| ()), "table", 7, PointError::NotCanonical);
    // The last point is that of G2.
    let mut twist = powers.clone();
    wrong(&mut twist, 48 * 16, &[0xff; 96]);
    expect(Powers::read(&twist).map(|_| ()), "powers", 16, PointError::NotCanonical);
}

#[test]
fn points_have_one_form() {
    let point = trial(16).1.at(1).unwrap();
    let bytes = point.bytes();
    assert_eq!(G1Point::read(&bytes), Ok(point));
    assert_eq!(G1Point::read_plain(&point.plain()), Ok(point));
    let refused = |bytes: &[u8]| G1Point::read(bytes).unwrap_err();
    assert_eq!(refused(&bytes[1..]), PointError::NotCanonical);
    assert_eq!(refused(&[&bytes[..], &[0]].concat()), PointError::NotCanonical);
    assert_eq!(refused(&point.plain()), PointError::NotCanonical);
    assert_eq!(G1Point::adopted(&bytes), Err(PointError::NotCanonical));
    // Without the flag of compression, with that of the identity, and x + p for x.
    let flags = |flags: u8| [&[bytes[0] & 0x1f | flags], &bytes[1..]].concat();
    assert_eq!(refused(&flags(0)), PointError::NotCanonical);
    assert_eq!(refused(&flags(0xc0)), PointError::NotCanonical);
    let p = concat!(
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf",
        "6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
    );
    let mut beyond = hex::decode(p).unwrap();
    beyond[0] |= 0x80;
    assert_eq!(refused(&beyond), PointError::NotCanonical);
    assert_eq!(refused(&packed_bytes(&stray())), PointError::NotInGroup);
    assert_eq!(refused(&packed_bytes(&Affine::zero())), PointError::Identity);
    assert_eq!(Commitment::read(&packed_bytes(&Affine::zero())), Err(PointError::Identity));
}

#[test]
fn a_commitment_moves_by_what_changes_and_comes_back() {
    let (_, table) = trial(64);
    let at = |slots: &[u32]| -> Vec<G1Point> {
        slots.iter().map(|slot| table.at(*slot).unwrap()).collect()
    };
    let fresh = Commitment::genesis(&table.at(0).unwrap());
    let revoked = fresh.shift([], at(&[3, 9, 63])).unwrap();
    assert_eq!(revoked, Commitment::of(at(&[63, 9, 0, 3])).unwrap());
    let moved = revoked.shift(at(&[9]), at(&[1])).unwrap();
    assert_eq!(moved, Commitment::of(at(&[0, 1, 3, 63])).unwrap());
    assert_eq!(moved.shift(at(&[1, 3, 63]), []), Some(fresh));
    assert_eq!(fresh.shift([], []), Some(fresh));
    assert_eq!(Commitment::read(&moved.bytes()), Ok(moved));
    assert_eq!(Commitment::kept(&moved.bytes()), Ok(moved));
    assert_eq!(Commitment::kept(&packed_bytes(&Affine::zero())), Err(PointError::Identity));
    assert_eq!(Commitment::kept(&moved.bytes()[1..]), Err(PointError::NotCanonical));

    // To reactivate slot 0 would be to commit to nothing.
    assert_eq!(fresh.shift(at(&[0]), []), None);
    assert_eq!(Commitment::of([]), None);
}

#[test]
fn a_commitment_is_frozen_bytes() {
    let (powers, table) = trial(16);
    let fresh = Commitment::genesis(&table.at(0).unwrap());
    let shifted = fresh.shift([], [table.at(5).unwrap()]).unwrap();
    let halves = |commitment: &Commitment| {
        let bytes = hex::encode(commitment.bytes());
        let (first, second) = bytes.split_at(48);
        [first.to_owned(), second.to_owned()]
    };
    let hashes = [powers.hash(), table.hash(), check(&powers, &table).unwrap().hash()];
    let frozen = [halves(&fresh), halves(&shifted)].concat();
    let frozen = [frozen, hashes.map(hex::encode).to_vec()].concat();
    expect_test::expect![[r#"
        [
            "abf2df8c6a78531fb15b6f7cc661b1e87d0980d7ddfbee25",
            "d5b53ebe9a34481f97d4d4aac74a85a6dbb7ac8639f38e3a",
            "8328a2d2d083bd35fa68a38f1b5dbb406f196596cd0d38da",
            "976a1a568a5503783ab820fb971708eb8ca1b9f8f424b574",
            "3fb09afe8ac640dd662c21653b9157a4e1025fb15595e63d322e920b87328529",
            "58150073a901e251399eec41e807503f70adb5d8658a0297f80facd9ec5f617f",
            "d754e9db09833d04fc23b55c0c7f009886aac4514a4ff3c583ca51295a8b250f",
        ]
    "#]]
    .assert_debug_eq(&frozen);
}

#[test]
fn a_ceremony_is_a_chain_of_checked_steps() {
    let start = Powers::start(Domain::of(16).unwrap());
    assert_eq!(start.table(), None);
    let (first, a) = contribute(&start, &[1; ENTROPY_BYTES], "did:ndi:test:a").unwrap();
    let (second, b) = contribute(&first, &[2; ENTROPY_BYTES], "did:ndi:test:b").unwrap();
    check_contribution(&start, &first, &a).unwrap();
    check_contribution(&first, &second, &b).unwrap();
    check(&second, &second.table().unwrap()).unwrap();

    let (start_hash, end) = (start.hash(), second.hash());
    let chain = [a.clone(), b.clone()];
    check_chain(&start_hash, &chain, &end).unwrap();
    assert_eq!(check_chain(&start_hash, &chain[1..], &end), Err(CeremonyError::OtherPowers));
    assert_eq!(check_chain(&start_hash, &chain[..1], &end), Err(CeremonyError::OtherPowers));
    check_chain(&end, &[], &end).unwrap();

    let line = b.to_string();
    assert_eq!(line.parse(), Ok(b.clone()));
    for wrong in [line.to_uppercase(), format!("{line} "), line[1..].to_owned(), String::new()] {
        assert_eq!(wrong.parse::<Contribution>(), Err(CeremonyError::Form), "{wrong}");
    }
}

#[test]
fn contributions_that_prove_nothing_are_refused() {
    let start = Powers::start(Domain::of(16).unwrap());
    let (first, a) = contribute(&start, &[1; ENTROPY_BYTES], "a").unwrap();
    let (second, b) = contribute(&first, &[2; ENTROPY_BYTES], "b").unwrap();
    let refused = |previous: &Powers, next: &Powers, proof: &Contribution| {
        check_contribution(previous, next, proof).unwrap_err()
    };
    assert_eq!(refused(&start, &first, &b), CeremonyError::OtherPowers);
    assert_eq!(refused(&first, &first, &b), CeremonyError::OtherPowers);
    // Another's proof under one's own name.
    let stolen = Contribution { name: "c".into(), ..b.clone() };
    assert_eq!(refused(&first, &second, &stolen), CeremonyError::Proof);
    // Powers of a secret that has nothing to do with the one before, with a proof for other powers.
    let (foreign, _) = trial(16);
    let forged = Contribution { next: foreign.hash(), ..b.clone() };
    assert_eq!(refused(&first, &foreign, &forged), CeremonyError::Proof);
    // A contribution that gives back what it got.
    let idle = Contribution { previous: first.hash(), next: first.hash(), ..a.clone() };
    assert_eq!(refused(&first, &first, &idle), CeremonyError::Idle);
    for name in ["", "a b", "é", &"a".repeat(257)] {
        let refused = contribute(&start, &[1; ENTROPY_BYTES], name).unwrap_err();
        assert_eq!(refused, CeremonyError::Name);
    }
}

#[test]
fn a_contribution_with_a_swapped_power_is_refused_although_its_factor_was_known() {
    let (first, _) = trial(16);
    let factor = Fr::from(7);
    let mut next = first.clone();
    let mut power = Fr::one();
    for point in &mut next.g1 {
        *point = G1Point::of(point.affine() * power).unwrap();
        power *= factor;
    }
    next.tau = G2Point::of(next.tau.affine() * factor).unwrap();
    next.g1.swap(4, 5);
    let proof = ceremony::prove_for_test(&first, &next, factor);
    let refused = check_contribution(&first, &next, &proof).unwrap_err();
    assert_eq!(refused, CeremonyError::Powers(SetupError::NotPowers));
    next.g1.swap(4, 5);
    let proof = ceremony::prove_for_test(&first, &next, factor);
    check_contribution(&first, &next, &proof).unwrap();
}

#[test]
fn the_set_up_of_ethereum_is_one() {
    let Some(path) = std::env::var_os("DZONG_POWERS_OF_TAU").map(PathBuf::from) else {
        println!("skipped: set DZONG_POWERS_OF_TAU to the file trusted_setup_4096.json");
        return;
    };
    let (powers, table) = read_ethereum(&std::fs::read(path).unwrap()).unwrap();
    let setup = check(&powers, &table).unwrap();
    assert!(is_ethereum(&powers) && !is_ethereum(&Powers::start(setup.domain)));
    assert_eq!(setup.domain.slots(), 4096);
    assert_eq!(check(&powers, &table.reversed()), Err(SetupError::TableReversed));
    let (next, proof) = contribute(&powers, &[3; ENTROPY_BYTES], "a").unwrap();
    check_contribution(&powers, &next, &proof).unwrap();
    check(&next, &next.table().unwrap()).unwrap();
}

#[test]
fn other_json_is_no_set_up() {
    let refused = |json: &str| read_ethereum(json.as_bytes()).unwrap_err();
    assert_eq!(refused("{}"), SetupError::Form("no such JSON"));
    let one = hex::encode(packed_bytes(&G1Projective::generator().into_affine()));
    let file =
        |power: &str| format!(r#"{{"g1_monomial":["{power}"],"g1_lagrange":[],"g2_monomial":[]}}"#);
    let form = SetupError::Form("a point is not 0x and hexadecimal digits");
    assert_eq!(refused(&file(&one)), form);
    assert_eq!(refused(&file("0xzz")), form);
    let missing = SetupError::Form("no second power in G2");
    assert_eq!(refused(&file(&format!("0x{one}"))), missing);
}

#[test]
fn a_secret_that_leads_to_nothing_is_no_trial() {
    let domain = Domain::of(16).unwrap();
    assert!(trial::setup(domain, 0).is_none());
    assert!(trial::setup(domain, 1).is_none());
    assert!(Fr::zero().inverse().is_none());
}
