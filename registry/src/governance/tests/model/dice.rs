//! What chance brings: who signs, and with which keys.

use ed25519_zebra::SigningKey;

use super::{ACTORS, MEMBERS};

/// A seeded generator (SplitMix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 33).unwrap() % sides
    }

    pub(super) fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.roll(list.len())]
    }

    /// Who signs: an author, and more or fewer others, mostly members.
    pub(super) fn signers(&mut self) -> Vec<&'static str> {
        let mut signers =
            vec![if self.roll(4) == 0 { self.of(&ACTORS) } else { self.of(&MEMBERS) }];
        for _ in 0..self.roll(6) {
            let other = if self.roll(12) == 0 { self.of(&ACTORS) } else { self.of(&MEMBERS) };
            if !signers.contains(&other) {
                signers.push(other);
            }
        }
        signers
    }
}

/// The key with a number.
pub(super) fn key(number: u64) -> SigningKey {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    SigningKey::from(seed)
}
