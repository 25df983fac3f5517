//! What the slot accumulator costs: a validator its changes, a wallet its witnesses and
//! presentations, a verifier its verdict.

#![expect(missing_docs, reason = "the group that criterion's macro makes is public")]

use std::collections::BTreeSet;
use std::hint::black_box;

use benches::cpu;
use criterion::{Criterion, criterion_group, criterion_main};
use holder::bbs::{Interface, SecretKey};
use holder::{Attributes, Credential, Issuer, SlotList, Verifier, Witness, issue, present};
use rand::SeedableRng;
use rand::rngs::StdRng;
use registry::slots::{Commitment, Domain, G1Point, Setup, Table, check, point_at, trial};
use registry::status::{Status, Vector};

const SLOTS: u32 = 65_536;
/// The slot of the holder; those that change are elsewhere.
const SLOT: u32 = 65_535;
const NONCE: &[u8] = b"the nonce of a verifier";

fn world(slots: u32) -> (Setup, Table) {
    let domain = Domain::of(slots).expect("a power of two");
    let (powers, table) = trial::setup(domain, 0x5eed).expect("a secret that is no root of unity");
    (Setup { domain, tau: powers.tau() }, table)
}

/// Slot 0 and this many others, spread over the registry.
fn inactive(count: u32) -> BTreeSet<u32> {
    (0..=count).map(|number| number * (SLOT / (count + 1))).collect()
}

fn statuses(capacity: u32, inactive: &BTreeSet<u32>) -> Vector {
    let mut statuses = Vector::fresh(capacity);
    inactive.iter().for_each(|slot| statuses.set(*slot, Status::Revoked));
    statuses
}

fn points(table: &Table, slots: &BTreeSet<u32>) -> Vec<G1Point> {
    slots.iter().map(|slot| table.at(*slot).expect("a slot of the table")).collect()
}

fn validators(criterion: &mut Criterion) {
    let (_, table) = world(SLOTS);
    let fresh = Commitment::genesis(&table.at(0).expect("slot 0"));
    for count in [1, 100, 1000] {
        let mut changed = inactive(count);
        changed.remove(&0);
        let points = points(&table, &changed);
        criterion.bench_function(&format!("registry::slots::shift/changes={count}"), |bencher| {
            bencher.iter_custom(|times| {
                cpu(times, || black_box(&fresh).shift([], points.iter().copied()))
            });
        });
    }
    let bytes = table.bytes();
    let at = usize::try_from(point_at(SLOT).start).expect("a place in the file");
    criterion.bench_function("registry::slots::point", |bencher| {
        bencher
            .iter_custom(|times| cpu(times, || G1Point::adopted(black_box(&bytes[at..at + 96]))));
    });
    let commitment = fresh.bytes();
    criterion.bench_function("registry::slots::commitment", |bencher| {
        bencher.iter_custom(|times| cpu(times, || Commitment::read(black_box(&commitment))));
    });
}

fn adoption(criterion: &mut Criterion) {
    let domain = Domain::of(4096).expect("a power of two");
    let (powers, table) = trial::setup(domain, 0x5eed).expect("a set-up");
    let mut group = criterion.benchmark_group("registry::slots");
    group.sample_size(10);
    group.bench_function("check/slots=4096", |bencher| {
        bencher.iter_custom(|times| cpu(times, || check(&powers, &table)));
    });
    let bytes = table.bytes();
    group.bench_function("table/slots=4096", |bencher| {
        bencher.iter_custom(|times| cpu(times, || Table::read(&bytes)));
    });
    group.finish();
}

fn witnesses(criterion: &mut Criterion) {
    let (setup, table) = world(SLOTS);
    let statuses = |count| statuses(SLOTS, &inactive(count));
    for count in [100, 1000, 6553] {
        let statuses = statuses(count);
        criterion.bench_function(&format!("holder::witness/inactive={count}"), |bencher| {
            bencher.iter_custom(|times| {
                cpu(times, || Witness::of(|slot| table.at(slot), setup.domain, &statuses, SLOT))
            });
        });
    }
    let before = statuses(0);
    let witness = Witness::of(|slot| table.at(slot), setup.domain, &before, SLOT);
    let witness = witness.expect("the slot is active");
    for count in [100, 1000] {
        let after = statuses(count);
        criterion.bench_function(&format!("holder::update/changes={count}"), |bencher| {
            bencher.iter_custom(|times| {
                cpu(times, || witness.update(|slot| table.at(slot), &before, &after))
            });
        });
    }
    let commitment = Commitment::genesis(&table.at(0).expect("slot 0"));
    criterion.bench_function("holder::check", |bencher| {
        bencher.iter_custom(|times| cpu(times, || witness.check(&setup, &commitment)));
    });
}

/// Ten attributes, registry and slot among them; the registry and one other are disclosed.
fn presentations(criterion: &mut Criterion) {
    let (setup, table) = world(4096);
    let secret = SecretKey::generate(Interface::Slots, &[9; 32], b"").expect("32 bytes");
    let issuer = Issuer::new(secret.public(), b"permits-v1", 10).expect("ten attributes");
    let registry = "did:ndi:bt-bench:zQmIssuer/registries/permits-1";
    let others = (2..10).map(|number| format!("attribute {number}").into_bytes()).collect();
    let attributes =
        Attributes { registry: registry.into(), domain: setup.domain, slot: 4095, others };
    let signature = issue(&secret, &issuer, &attributes).expect("the slot exists");
    let credential = Credential::take(&issuer, attributes, signature).expect("it was just signed");
    let inactive = (0..100).collect();
    let statuses = statuses(4096, &inactive);
    let witness = Witness::of(|slot| table.at(slot), setup.domain, &statuses, 4095);
    let witness = witness.expect("the slot is active");
    let commitment = Commitment::of(points(&table, &inactive)).expect("a commitment");
    let list = SlotList { registry: registry.into(), version: 7, setup, commitment };
    let mut rng = StdRng::seed_from_u64(1);
    let mut make = || {
        present(&issuer, &credential, &list, &witness, &[3].into(), NONCE, &mut rng)
            .expect("all of it fits")
    };
    let bytes = make();
    criterion.bench_function("holder::present", |bencher| {
        bencher.iter_custom(|times| cpu(times, &mut make));
    });
    let verifier = Verifier::new(&issuer, setup);
    assert!(verifier.verify(&bytes, &list, NONCE).is_ok() && bytes.len() <= 800);
    criterion.bench_function("holder::verify", |bencher| {
        bencher.iter_custom(|times| cpu(times, || verifier.verify(&bytes, &list, NONCE)));
    });
    criterion.bench_function("holder::issuer", |bencher| {
        bencher.iter_custom(|times| cpu(times, || Issuer::new(secret.public(), b"permits-v1", 10)));
    });
}

criterion_group!(slots, validators, adoption, witnesses, presentations);
criterion_main!(slots);
