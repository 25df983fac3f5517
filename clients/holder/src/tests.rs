use std::collections::{BTreeMap, BTreeSet};

use ark_bls12_381::{Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, One};
use rand_core::{CryptoRng, Error, RngCore};
use registry::slots::{Commitment, Domain, G1_BYTES, G1Point, Setup, Table, check, trial};
use registry::status::{Status, Vector};

use super::*;
use crate::bbs::{Interface, SecretKey, Signature};

/// Bytes that are known beforehand: no randomness at all.
pub(crate) struct Seeded(std::vec::IntoIter<u8>);

impl Seeded {
    pub(crate) fn of(bytes: Vec<u8>) -> Seeded {
        Seeded(bytes.into_iter())
    }

    fn number(seed: u8) -> Seeded {
        use sha2::{Digest, Sha256};
        let block = |number: u8| Sha256::digest([seed, number]);
        Seeded::of((0..=u8::MAX).flat_map(block).collect())
    }
}

impl RngCore for Seeded {
    fn next_u32(&mut self) -> u32 {
        unimplemented_number()
    }
    fn next_u64(&mut self) -> u64 {
        unimplemented_number()
    }
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.next().expect("enough bytes for the test"));
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Seeded {}

fn unimplemented_number<T>() -> T {
    panic!("only bytes are drawn")
}

const SLOTS: u32 = 64;
const REGISTRY: &str = "did:ndi:test:zQmIssuer/registries/permits-1";
const NONCE: &[u8] = b"a nonce of a verifier";

/// Statuses in which these slots are suspended, and slot 0 revoked.
fn statuses(capacity: u32, inactive: &[u32]) -> Vector {
    let mut statuses = Vector::fresh(capacity);
    inactive.iter().for_each(|slot| statuses.set(*slot, Status::Suspended));
    statuses
}

fn committed(table: &Table, statuses: &Vector) -> Commitment {
    Commitment::of(statuses.inactive().map(|slot| table.at(slot).unwrap())).unwrap()
}

/// An issuer, its registries' set-up and the holders' credentials.
struct World {
    table: Table,
    setup: Setup,
    secret: SecretKey,
    issuer: Issuer,
}

impl World {
    fn new() -> World {
        let (powers, table) = trial::setup(Domain::of(SLOTS).unwrap(), 0x5eed).unwrap();
        let setup = check(&powers, &table).unwrap();
        let secret = SecretKey::generate(Interface::Slots, &[9; 32], b"permits").unwrap();
        let issuer = Issuer::new(secret.public(), b"permits-v1", 10).unwrap();
        World { table, setup, secret, issuer }
    }

    fn commitment(&self, inactive: &[u32]) -> Commitment {
        committed(&self.table, &statuses(SLOTS, inactive))
    }

    fn list(&self, version: u64, inactive: &[u32]) -> SlotList {
        let commitment = self.commitment(inactive);
        SlotList { registry: REGISTRY.to_owned(), version, setup: self.setup, commitment }
    }

    fn credential(&self, slot: u32) -> Credential {
        let others = (2..10).map(|number| format!("attribute {number}").into_bytes()).collect();
        let registry = REGISTRY.to_owned();
        let attributes = Attributes { registry, domain: self.setup.domain, slot, others };
        let signature = issue(&self.secret, &self.issuer, &attributes).unwrap();
        Credential::take(&self.issuer, attributes, signature).unwrap()
    }

    fn try_witness(&self, slot: u32, statuses: &Vector) -> Result<Witness, WitnessError> {
        Witness::of(|slot| self.table.at(slot), self.setup.domain, statuses, slot)
    }

    fn witness(&self, slot: u32, inactive: &[u32]) -> Witness {
        self.try_witness(slot, &statuses(SLOTS, inactive)).unwrap()
    }

    fn present(&self, credential: &Credential, list: &SlotList, witness: &Witness) -> Vec<u8> {
        let (disclose, mut rng) = (BTreeSet::from([3]), Seeded::number(1));
        present(&self.issuer, credential, list, witness, &disclose, NONCE, &mut rng).unwrap()
    }

    fn verify(&self, bytes: &[u8], list: &SlotList) -> Result<Disclosed, Refusal> {
        Verifier::new(&self.issuer, self.setup).verify(bytes, list, NONCE)
    }
}

#[test]
fn a_witness_from_nothing_is_the_quotient() {
    let world = World::new();
    for inactive in [&[][..], &[1], &[2, 3, 5, 40, 63], &(1..63).collect::<Vec<_>>()] {
        let statuses = statuses(SLOTS, inactive);
        for slot in 1..SLOTS {
            if inactive.contains(&slot) {
                assert_eq!(world.try_witness(slot, &statuses), Err(WitnessError::Inactive));
                continue;
            }
            let witness = world.witness(slot, inactive);
            assert!(witness.check(&world.setup, &world.commitment(inactive)), "{slot}");
            // W = p(τ)/(τ − ω^slot)·P, which who knows the secret can say.
            let share = (Fr::from(0x5eed) - world.setup.domain.at(slot)).inverse().unwrap();
            let direct = world.commitment(inactive).point().affine() * share;
            assert_eq!(witness.point().affine(), direct.into_affine());
        }
    }
}

#[test]
fn no_witness_for_slot_0_or_beyond_or_without_points() {
    let world = World::new();
    let of = |slot| world.try_witness(slot, &statuses(60, &[7])).unwrap_err();
    // A registry may have fewer slots than its set-up: nobody could revoke those beyond.
    for slot in [0, 60, 63, 64, u32::MAX] {
        assert_eq!(of(slot), WitnessError::NoSuchSlot(slot));
    }
    assert_eq!(of(7), WitnessError::Inactive);
    let (seven, domain) = (statuses(SLOTS, &[7]), world.setup.domain);
    let missing = Witness::of(|slot| world.table.at(slot).filter(|_| slot != 7), domain, &seven, 8);
    assert_eq!(missing, Err(WitnessError::NoPoint(7)));
    let stale = world.witness(8, &[7]);
    assert!(!stale.check(&world.setup, &world.commitment(&[7, 9])));
    assert!(!stale.check(&world.setup, &world.commitment(&[7, 8])));
}

#[test]
fn statuses_that_no_registry_has_are_refused() {
    let world = World::new();
    let nothing = Vector::read(SLOTS, &[0; 16]).unwrap();
    for wrong in [nothing, statuses(SLOTS + 1, &[])] {
        assert_eq!(world.try_witness(5, &wrong), Err(WitnessError::Statuses));
        let refused = world.witness(5, &[]).update(|_| None, &statuses(SLOTS, &[]), &wrong);
        assert_eq!(refused, Err(WitnessError::Statuses));
    }
}

#[test]
fn a_slot_is_followed_from_version_to_version_through_its_own_suspension() {
    let world = World::new();
    let points = |slot| world.table.at(slot);
    let versions: [&[u32]; 5] = [&[7], &[7, 9, 10], &[5, 9], &[9], &(10..60).collect::<Vec<_>>()];
    let lists = versions.map(|inactive| statuses(SLOTS, inactive));
    let list = |at: usize| world.list(u64::try_from(at).unwrap(), versions[at]);
    let whole = |at: usize| Standing::of(points, list(at), 5, lists[at].clone()).unwrap();
    let delta = |from: usize, to: usize| lists[to].delta(&lists[from]);
    let follow = |standing: &Standing, from: usize, to: usize, bytes: &[u8]| {
        let version = |at: usize| u64::try_from(at).unwrap();
        standing.follow(points, Delta { from: version(from), to: version(to), bytes })
    };
    // From each version to each later or earlier one: what comes out is what the list says.
    for from in 0..lists.len() {
        for to in 0..lists.len() {
            let reached = follow(&whole(from), from, to, &delta(from, to)).unwrap();
            assert_eq!(reached, whole(to), "{from} to {to}");
            let active = reached.status() == Some(Status::Valid);
            assert_eq!((active, to != 2), (reached.witness().is_ok(), active));
            if let Ok(witness) = reached.witness() {
                assert!(witness.check(&world.setup, &reached.list().commitment));
            }
        }
    }
    let first = whole(0);
    assert_eq!(follow(&first, 1, 3, &delta(1, 3)), Err(WitnessError::AnotherVersion(1)));
    assert_eq!(follow(&first, 0, 1, &[0]), Err(WitnessError::Delta));
    let none = |_| None;
    let to = Delta { from: 0, to: 1, bytes: &delta(0, 1) };
    assert_eq!(first.follow(none, to), Err(WitnessError::NoPoint(9)));
    // Another list's statuses, or points of another table.
    let other = Standing::of(points, list(0), 5, lists[1].clone());
    assert_eq!(other, Err(WitnessError::Statuses));
    let (_, foreign) = trial::setup(world.setup.domain, 99).unwrap();
    let other = Standing::of(|slot| foreign.at(slot), list(0), 5, lists[0].clone());
    assert_eq!(other, Err(WitnessError::Statuses));
    // A table in another order, though what is inactive adds up to the commitment.
    let swapped = |slot| points(if slot == 9 || slot == 10 { 19 - slot } else { slot });
    let other = Standing::of(swapped, list(1), 5, lists[1].clone());
    assert_eq!(other, Err(WitnessError::Statuses));
    let other = first.follow(swapped, Delta { from: 0, to: 3, bytes: &delta(0, 3) });
    assert_eq!(other, Err(WitnessError::Statuses));
}

/// A year of changes, a thousand of them, caught up with at once, is the witness from nothing.
#[test]
fn a_holder_a_year_behind_catches_up_by_a_delta() {
    let (powers, table) = trial::setup(Domain::of(4096).unwrap(), 0x5eed).unwrap();
    let setup = check(&powers, &table).unwrap();
    let (points, domain) = (|slot| table.at(slot), setup.domain);
    let every_third = |range: std::ops::Range<u32>| range.map(|n| n * 3 + 1).collect::<Vec<_>>();
    let before = statuses(4096, &every_third(0..300));
    let after = statuses(4096, &every_third(150..1150));
    let (began, ceased) = after.turned(&before);
    assert_eq!((began.len(), ceased.len()), (150, 850));
    let old = Witness::of(points, domain, &before, 4095).unwrap();
    let updated = old.update(points, &before, &after).unwrap();
    assert_eq!(updated, Witness::of(points, domain, &after, 4095).unwrap());
    let at = |slots: Vec<u32>| slots.into_iter().map(|slot| points(slot).unwrap());
    let commitment = committed(&table, &before);
    assert!(old.check(&setup, &commitment));
    let moved = commitment.shift(at(began), at(ceased)).unwrap();
    assert_eq!(moved, committed(&table, &after));
    assert!(updated.check(&setup, &moved));
    assert!(!old.check(&setup, &moved));
}

#[test]
fn a_holder_of_an_active_slot_is_believed_and_says_no_more() {
    let world = World::new();
    let (credential, list) = (world.credential(5), world.list(3, &[7, 9]));
    let witness = world.witness(5, &[7, 9]);
    let bytes = world.present(&credential, &list, &witness);
    let disclosed = world.verify(&bytes, &list).unwrap();
    let expected = BTreeMap::from([(0, REGISTRY.into()), (3, b"attribute 3".to_vec())]);
    assert_eq!(disclosed.attributes, expected);
    // 10 attributes, 2 of them disclosed: 656 bytes of proofs, 17 of form, and the values.
    assert_eq!(bytes.len(), 656 + 17 + REGISTRY.len() + 11);
    assert!(bytes.len() <= 800);
    // Other randomness, other proofs.
    let mut rng = Seeded::number(2);
    let again =
        present(&world.issuer, &credential, &list, &witness, &[3].into(), NONCE, &mut rng).unwrap();
    let differing = bytes.iter().zip(&again).filter(|(one, other)| one != other).count();
    assert!(differing > 600);
    assert!(world.verify(&again, &list).is_ok());
}

#[test]
fn all_or_nothing_may_be_disclosed_but_never_the_slot() {
    let world = World::new();
    let (credential, list) = (world.credential(5), world.list(3, &[7]));
    let witness = world.witness(5, &[7]);
    let with = |disclose: &[usize]| {
        let (disclose, mut rng) = (disclose.iter().copied().collect(), Seeded::number(1));
        present(&world.issuer, &credential, &list, &witness, &disclose, NONCE, &mut rng)
    };
    for disclose in [&[][..], &[0], &[2, 3, 4, 5, 6, 7, 8, 9]] {
        let bytes = with(disclose).unwrap();
        let count = world.verify(&bytes, &list).unwrap().attributes.len();
        assert_eq!(count, disclose.iter().filter(|index| **index != 0).count() + 1);
    }
    assert_eq!(with(&[1]), Err(PresentError::Attribute(1)));
    assert_eq!(with(&[10]), Err(PresentError::Attribute(10)));
}

#[test]
fn a_revoked_slot_and_a_stale_list_are_refused() {
    let world = World::new();
    let (credential, old) = (world.credential(5), world.list(3, &[7]));
    let witness = world.witness(5, &[7]);
    let bytes = world.present(&credential, &old, &witness);
    assert!(world.verify(&bytes, &old).is_ok());
    // The verifier has a newer list.
    let revoked = world.list(4, &[5, 7]);
    assert_eq!(world.verify(&bytes, &revoked), Err(Refusal::AnotherVersion(3)));
    // The holder claims that the old proof is about it, or proves against it with the old witness.
    let mut claimed = bytes.clone();
    claimed[1..9].copy_from_slice(&4_u64.to_be_bytes());
    assert_eq!(world.verify(&claimed, &revoked), Err(Refusal::Proof));
    let forced = world.present(&credential, &revoked, &witness);
    assert_eq!(world.verify(&forced, &revoked), Err(Refusal::Proof));
    // Another was revoked: the old witness does not do, the new one does.
    let later = world.list(4, &[7, 9]);
    let forced = world.present(&credential, &later, &witness);
    assert_eq!(world.verify(&forced, &later), Err(Refusal::Proof));
    let fresh = world.present(&credential, &later, &world.witness(5, &[7, 9]));
    assert!(world.verify(&fresh, &later).is_ok());
}

#[test]
fn the_witness_of_another_slot_is_refused() {
    let world = World::new();
    let (credential, list) = (world.credential(5), world.list(4, &[5, 7]));
    let foreign = world.witness(6, &[5, 7]);
    let (disclose, mut rng) = (BTreeSet::new(), Seeded::number(1));
    let issuer = &world.issuer;
    let refused = present(issuer, &credential, &list, &foreign, &disclose, NONCE, &mut rng);
    assert_eq!(refused, Err(PresentError::AnotherSlot));
    // A wallet that passes it off for its own: the response for the slot is one for both parts.
    let passed_off = foreign.claim_for_test(5);
    let bytes = world.present(&credential, &list, &passed_off);
    assert_eq!(world.verify(&bytes, &list), Err(Refusal::Proof));
    // A credential that is claimed to be for the other slot has no signature for it.
    let mut claimed = credential.clone();
    claimed.attributes.slot = 6;
    let bytes = world.present(&claimed, &list, &foreign);
    assert_eq!(world.verify(&bytes, &list), Err(Refusal::Proof));
}

/// The witness `A' = O` fits every commitment.
#[test]
fn the_identity_is_refused_wherever_it_stands() {
    let world = World::new();
    let (credential, list) = (world.credential(5), world.list(3, &[7]));
    let bytes = world.present(&credential, &list, &world.witness(5, &[7]));
    let first = 1 + 8 + 2 + 3 + REGISTRY.len() + 3 + 11;
    let mut identity = [0; G1_BYTES];
    identity[0] = 0xc0;
    for at in [first, first + 48, first + 128, first + 176, first + 224] {
        let mut changed = bytes.clone();
        changed[at..at + G1_BYTES].copy_from_slice(&identity);
        assert_eq!(world.verify(&changed, &list), Err(Refusal::Form), "{at}");
    }
    // Both of the membership proof, as a forger would write them.
    let mut changed = bytes.clone();
    changed[first..first + 96].copy_from_slice(&[identity, identity].concat());
    assert_eq!(world.verify(&changed, &list), Err(Refusal::Form));
    assert!(G1Point::of(G1Projective::from(G1Affine::zero())).is_none());
}

/// Two fresh registries have the same commitment, and one registry has it at several versions.
#[test]
fn equal_commitments_of_another_registry_or_version_do_not_help() {
    let world = World::new();
    let (credential, list) = (world.credential(5), world.list(1, &[]));
    let witness = world.witness(5, &[]);
    let bytes = world.present(&credential, &list, &witness);
    assert!(world.verify(&bytes, &list).is_ok());

    let registry = "did:ndi:test:zQmIssuer/registries/permits-2".to_owned();
    let other = SlotList { registry, ..list.clone() };
    assert_eq!(world.verify(&bytes, &other), Err(Refusal::AnotherRegistry));
    let mut renamed = bytes.clone();
    let end = 14 + REGISTRY.len();
    assert_eq!(&renamed[14..end], REGISTRY.as_bytes());
    renamed[end - 1] = b'2';
    assert_eq!(world.verify(&renamed, &other), Err(Refusal::Proof));
    assert_eq!(world.verify(&renamed, &list), Err(Refusal::AnotherRegistry));

    let later = SlotList { version: 3, ..list.clone() };
    assert_eq!(world.verify(&bytes, &later), Err(Refusal::AnotherVersion(1)));
    let mut claimed = bytes.clone();
    claimed[8] = 3;
    assert_eq!(world.verify(&claimed, &later), Err(Refusal::Proof));

    // A presentation of the same for another nonce, and under another set-up.
    let verifier = Verifier::new(&world.issuer, world.setup);
    let other_nonce = b"another verifier's nonce";
    assert_eq!(verifier.verify(&bytes, &list, other_nonce), Err(Refusal::Proof));
    assert_eq!(verifier.verify(&bytes, &list, &NONCE[..15]), Err(Refusal::Nonce));
    let (powers, table) = trial::setup(world.setup.domain, 99).unwrap();
    let setup = check(&powers, &table).unwrap();
    let moved = SlotList { setup, ..list.clone() };
    assert_eq!(verifier.verify(&bytes, &moved, NONCE), Err(Refusal::AnotherSetup));
    let foreign = Verifier::new(&world.issuer, setup);
    let refused = foreign.verify(&bytes, &moved, NONCE);
    assert_eq!(refused, Err(Refusal::Proof));
}

#[test]
fn nobody_has_slot_0() {
    let world = World::new();
    let mut attributes = world.credential(5).attributes().clone();
    for slot in [0, SLOTS, u32::MAX] {
        attributes.slot = slot;
        let refused = issue(&world.secret, &world.issuer, &attributes);
        assert_eq!(refused, Err(IssueError::NoSuchSlot(slot)));
    }
    // Signed for it by an issuer without this code, and with a witness made up from that of slot 5.
    attributes.slot = 0;
    let Issuer { header, generators, .. } = &world.issuer;
    let scalars = attributes.scalars();
    let signature = bbs::sign(&world.secret, generators, header, &scalars).unwrap();
    let taken = Credential::take(&world.issuer, attributes.clone(), signature);
    assert_eq!(taken, Err(IssueError::NoSuchSlot(0)));
    let list = world.list(1, &[]);
    let credential = Credential { attributes, signature };
    let bytes = world.present(&credential, &list, &world.witness(5, &[]).claim_for_test(0));
    assert_eq!(world.verify(&bytes, &list), Err(Refusal::Proof));
}

#[test]
fn credentials_of_another_issuer_are_refused() {
    let world = World::new();
    let secret = SecretKey::generate(Interface::Slots, &[8; 32], b"permits").unwrap();
    let other = Issuer::new(secret.public(), b"permits-v1", 10).unwrap();
    let attributes = world.credential(5).attributes().clone();
    let signature = issue(&secret, &other, &attributes).unwrap();
    let refused = Credential::take(&world.issuer, attributes.clone(), signature);
    assert!(matches!(refused, Err(IssueError::Signature(_))));
    let (credential, list) = (Credential { attributes, signature }, world.list(1, &[]));
    let bytes = world.present(&credential, &list, &world.witness(5, &[]));
    assert_eq!(world.verify(&bytes, &list), Err(Refusal::Proof));
    // Another kind of credential of the same issuer.
    let kind = Issuer::new(world.secret.public(), b"licences-v1", 10).unwrap();
    let bytes = world.present(&world.credential(5), &list, &world.witness(5, &[]));
    let refused = Verifier::new(&kind, world.setup).verify(&bytes, &list, NONCE);
    assert_eq!(refused, Err(Refusal::Proof));
    let wider = Issuer::new(world.secret.public(), b"permits-v1", 11).unwrap();
    let refused = Verifier::new(&wider, world.setup).verify(&bytes, &list, NONCE);
    assert_eq!(refused, Err(Refusal::Count));
    let one = Issuer::new(world.secret.public(), b"", 1).unwrap_err();
    assert_eq!(one, IssueError::Count);
    assert!(Issuer::new(world.secret.public(), b"", 65).is_err());
}

/// A changed, cut or lengthened presentation is never taken.
#[test]
fn every_byte_of_a_presentation_counts() {
    let world = World::new();
    let (credential, list) = (world.credential(5), world.list(3, &[7]));
    let bytes = world.present(&credential, &list, &world.witness(5, &[7]));
    let verifier = Verifier::new(&world.issuer, world.setup);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(verifier.verify(&changed, &list, NONCE).is_err(), "{at}");
    }
    let cut = &bytes[..bytes.len() - 32];
    assert_eq!(verifier.verify(cut, &list, NONCE), Err(Refusal::Count));
    for length in [0, 1, 11, 12, 100, bytes.len() - 33, bytes.len() - 1] {
        assert_eq!(verifier.verify(&bytes[..length], &list, NONCE), Err(Refusal::Form));
    }
    let longer = |more: &[u8]| verifier.verify(&[&bytes, more].concat(), &list, NONCE);
    assert_eq!(longer(&[0]), Err(Refusal::Form));
    assert_eq!(longer(&[&[0; 31][..], &[1]].concat()), Err(Refusal::Count));
}

#[test]
fn what_is_signed_and_sent_is_frozen() {
    use sha2::{Digest, Sha256};
    let world = World::new();
    let (credential, list) = (world.credential(5), world.list(3, &[7]));
    let bytes = world.present(&credential, &list, &world.witness(5, &[7]));
    let signature = hex::encode(Sha256::digest(credential.signature.bytes()));
    assert_eq!(Signature::read(&credential.signature.bytes()), Ok(credential.signature));
    let presentation = hex::encode(Sha256::digest(&bytes));
    expect_test::expect!["bbc19e653e51b1a1c37757a44f622539d7bc53a7592fa5917578df1010d3abca"]
        .assert_eq(&signature);
    expect_test::expect!["5d1929c3e7508d4f3cccb0530e2ef604938a3f2e7ba085847d0cb669b1bac759"]
        .assert_eq(&presentation);
}

#[test]
fn the_scalar_of_a_slot_is_minus_its_point() {
    let domain = Domain::of(64).unwrap();
    assert_eq!(slot_scalar(domain, 0), -Fr::one());
    assert_eq!(slot_scalar(domain, 9) + domain.at(9), Fr::from(0));
}
