//! Base58 with Bitcoin's alphabet, 32 bits at a time: every event has a dozen such texts, and
//! decoding digit by digit was a quarter of the cost of reading one.

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The value of each ASCII character, or [`NONE`].
const VALUES: [u8; 128] = values();
const NONE: u8 = 0xff;

/// Digits that are taken together: 58^5 is below 2^32.
const TOGETHER: usize = 5;
const LIMB: u64 = 0xffff_ffff;

const fn values() -> [u8; 128] {
    let mut values = [NONE; 128];
    let mut value: u8 = 0;
    while value < 58 {
        #[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "run by the compiler")]
        {
            values[ALPHABET[value as usize] as usize] = value;
        }
        value += 1;
    }
    values
}

/// Whether this is a digit's character.
pub fn is_digit(character: u8) -> bool {
    VALUES.get(usize::from(character)).is_some_and(|value| *value != NONE)
}

/// The digits of some bytes. A leading zero byte is a leading `1`.
pub fn encode(bytes: &[u8]) -> String {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    // Big-endian limbs of 32 bits, the first one filled up with zeros.
    let head = bytes.len() % 4;
    let (first, rest) = bytes.split_at_checked(head).unwrap_or((&[], bytes));
    let limb = |bytes: &[u8]| bytes.iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    let mut limbs: Vec<u64> =
        std::iter::once(limb(first)).chain(rest.chunks(4).map(limb)).collect();
    let mut digits = Vec::with_capacity(bytes.len() * 138 / 100 + TOGETHER + 1);
    while limbs.iter().any(|limb| *limb != 0) {
        let mut remainder = 0;
        for limb in &mut limbs {
            let whole = remainder << 32 | *limb;
            *limb = whole / 58_u64.pow(5);
            remainder = whole % 58_u64.pow(5);
        }
        for _ in 0..TOGETHER {
            let digit = usize::try_from(remainder % 58).unwrap_or_default();
            digits.push(ALPHABET.get(digit).copied().unwrap_or_default());
            remainder /= 58;
        }
    }
    while digits.last() == Some(&b'1') {
        digits.pop();
    }
    digits.extend(std::iter::repeat_n(b'1', zeros));
    digits.iter().rev().map(|digit| char::from(*digit)).collect()
}

/// The bytes that these digits write; `None` where a character is no digit or there are more than
/// `bytes_max`. Each byte string has one text.
pub fn decode(text: &str, bytes_max: usize) -> Option<Vec<u8>> {
    let zeros = text.bytes().take_while(|digit| *digit == b'1').count();
    if zeros > bytes_max {
        return None;
    }
    let limbs_max = bytes_max / 4 + 2;
    // Little-endian limbs of 32 bits.
    let mut limbs: Vec<u64> = Vec::with_capacity(limbs_max);
    for digits in text.as_bytes().chunks(TOGETHER) {
        let (mut carry, mut scale) = (0, 1);
        for digit in digits {
            let value = *VALUES.get(usize::from(*digit))?;
            if value == NONE {
                return None;
            }
            carry = carry * 58 + u64::from(value);
            scale *= 58;
        }
        for limb in &mut limbs {
            let whole = *limb * scale + carry;
            *limb = whole & LIMB;
            carry = whole >> 32;
        }
        if carry > 0 {
            limbs.push(carry);
            if limbs.len() > limbs_max {
                return None;
            }
        }
    }
    let mut bytes = Vec::with_capacity(zeros + limbs.len() * 4);
    bytes.resize(zeros, 0);
    let mut limbs = limbs.iter().rev();
    if let Some(first) = limbs.next() {
        bytes.extend(first.to_be_bytes().iter().skip_while(|byte| **byte == 0));
    }
    for limb in limbs {
        let [_, _, _, _, number @ ..] = limb.to_be_bytes();
        bytes.extend_from_slice(&number);
    }
    (bytes.len() <= bytes_max).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_ways_agree_with_the_plain_algorithm(
            zeros in 0_usize..4,
            tail in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            let bytes = [vec![0; zeros], tail].concat();
            let text = encode(&bytes);
            prop_assert_eq!(&text, &bs58::encode(&bytes).into_string());
            prop_assert_eq!(decode(&text, bytes.len()), Some(bytes.clone()));
            if !bytes.is_empty() {
                prop_assert_eq!(decode(&text, bytes.len() - 1), None);
            }
        }

        #[test]
        fn any_text_is_read_as_the_plain_algorithm_reads_it(text in "[1-9A-Za-z\u{e9}]{0,60}") {
            prop_assert_eq!(decode(&text, 100), bs58::decode(&text).into_vec().ok());
        }
    }
}
