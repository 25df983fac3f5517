//! Tails files: where a slot's tail stands, and what is checked once before a file is relied on.

use std::collections::BTreeSet;
use std::ops::Range;

use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ff::AdditiveGroup;

use super::curve::{G2, Running, Sum};
use super::point::{POINT_BYTES, Point, PointError};
use super::{MAX_CRED_NUM_MAX, MAX_CRED_NUM_MIN};

/// What every tails file begins with.
const VERSION: [u8; 2] = [0, 2];
const HEADER_BYTES: u64 = 2;
const TAIL_BYTES: u64 = 128;

/// Where in the tails file the tail stands that a change of this slot adds or subtracts; `None`
/// for slot 0, whose tail must stay secret, and for slots that a status list of `max_cred_num`
/// positions does not have.
#[must_use]
pub fn tail_index(slot: u32, max_cred_num: u32) -> Option<u32> {
    // Not `L + 1 - slot`, which could overflow.
    (1..max_cred_num).contains(&slot).then(|| max_cred_num - slot + 1)
}

/// The bytes of the tails file that hold the tail of this index.
#[must_use]
pub fn tail_at(index: u32) -> Range<u64> {
    let start = HEADER_BYTES + TAIL_BYTES * u64::from(index);
    start..start + TAIL_BYTES
}

/// The bytes of the tails file of a registry for `max_cred_num` credentials.
#[must_use]
pub fn tails_length(max_cred_num: u32) -> u64 {
    HEADER_BYTES + TAIL_BYTES * (2 * u64::from(max_cred_num) + 1)
}

/// What a sound tails file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TailsSummary {
    /// How many credentials it is for.
    pub max_cred_num: u32,
    /// `tails[0]`, which is `value.revocation.g_dash` of the credential definition.
    pub base: Point,
    /// The accumulator while all credentials are in force.
    pub initial: Point,
}

/// Why a tails file is refused. Positions count from 0, in points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TailsError {
    /// Another version, or no file at all.
    #[error("begin the file with the version 0x0002")]
    Version,
    /// Bytes are missing or too many.
    #[error("write 2 bytes, then 2·maxCredNum + 1 points of {POINT_BYTES} bytes")]
    Length,
    /// Too few or too many credentials.
    #[error("make the registry for {MAX_CRED_NUM_MIN} to {MAX_CRED_NUM_MAX} credentials")]
    MaxCredNum,
    /// No point.
    #[error("tail {index}: {error}")]
    Point {
        /// Where it stands.
        index: usize,
        /// What is wrong with it.
        error: PointError,
    },
    /// Where the secret power would stand is not what the library writes there.
    #[error("write tail 0 again as tail {index}: the power that belongs there must stay secret")]
    Secret {
        /// Where it stands.
        index: usize,
    },
    /// Powers of a secret do not repeat.
    #[error("tail {index} stands twice: make the tails anew")]
    Repeated {
        /// Where it stands the second time.
        index: usize,
    },
    /// Some point is outside the subgroup.
    #[error("not all tails are in the group of prime order: make the tails anew")]
    OffSubgroup,
    /// The sum of all credentials' tails is infinity.
    #[error("the tails add up to nothing: make them anew")]
    Empty,
}

/// Checks a tails file, all but that the points are successive powers: that cannot be seen without
/// the secret, and where they are not, only that issuer's holders are harmed.
///
/// For 32,768 credentials under a second of one core, so it belongs before the vote and not into
/// it. Deterministic: what it draws, it draws from a hash of the file.
///
/// # Errors
/// The first thing that is wrong, in the order of [`TailsError`].
pub fn check_tails(file: &[u8]) -> Result<TailsSummary, TailsError> {
    let tails = file.strip_prefix(&VERSION).ok_or(TailsError::Version)?;
    let (tails, rest) = tails.as_chunks::<POINT_BYTES>();
    if !rest.is_empty() || tails.len() % 2 == 0 {
        return Err(TailsError::Length);
    }
    let max_cred_num = tails.len() / 2;
    let summary_num = u32::try_from(max_cred_num).map_err(|_| TailsError::MaxCredNum)?;
    if !(MAX_CRED_NUM_MIN..=MAX_CRED_NUM_MAX).contains(&summary_num) {
        return Err(TailsError::MaxCredNum);
    }
    let mut points = Vec::with_capacity(tails.len());
    for (index, tail) in tails.iter().enumerate() {
        let point = Point::from_bytes(tail);
        points.push(point.map_err(|error| TailsError::Point { index, error })?);
    }
    let secret = max_cred_num + 1;
    let base = *points.first().ok_or(TailsError::Length)?;
    if points.get(secret) != Some(&base) {
        return Err(TailsError::Secret { index: secret });
    }
    let mut seen = BTreeSet::new();
    for (index, tail) in tails.iter().enumerate() {
        if index != secret && !seen.insert(tail) {
            return Err(TailsError::Repeated { index });
        }
    }
    if !are_in_subgroup(&points, file) {
        return Err(TailsError::OffSubgroup);
    }
    let mut sum = Running::ZERO;
    for point in points.iter().skip(1).take(max_cred_num) {
        sum += point.affine();
    }
    let initial = Point::of(sum).ok_or(TailsError::Empty)?;
    Ok(TailsSummary { max_cred_num: summary_num, base, initial })
}

/// Up to so many points each is checked; from there on all together is faster.
const EACH_MAX: usize = 1_000;

fn are_in_subgroup(points: &[Point], file: &[u8]) -> bool {
    match points.len() {
        ..=EACH_MAX => points.iter().all(Point::is_in_subgroup),
        _ => are_together_in_subgroup(points, file),
    }
}

/// Coefficients are below this, the smallest prime factor of the twist's cofactor.
const RADIX: usize = 13;
/// Combinations that are made at once.
const TOGETHER: usize = 3;
const BUCKETS: usize = RADIX.pow(3);
/// So 36 combinations in all.
const PASSES: usize = 12;

/// Whether 36 combinations of the points with coefficients from 0 to 12, drawn from a hash of the
/// file, are in the subgroup.
///
/// If a point is not, its order in `E'` modulo the subgroup has no prime factor below 13, so its
/// multiples by 0 to 12 differ there, and whatever the rest adds up to, one of the 13 at most
/// cancels it. So all combinations miss it with probability 13^-36, less than 2^-133. Coefficients
/// of more bits would not change that. Three combinations share a pass: a point goes into the
/// bucket of its three coefficients, and from the buckets' sums come those of the combinations.
fn are_together_in_subgroup(points: &[Point], file: &[u8]) -> bool {
    let mut hasher = blake3::Hasher::new_derive_key("Dzong 2026 AnonCreds tails subgroup check");
    hasher.update(file);
    let mut drawn = hasher.finalize_xof();
    (0..PASSES).all(|_| {
        let mut buckets = vec![Running::ZERO; BUCKETS];
        for point in points {
            let mut bytes = [0; 8];
            drawn.fill(&mut bytes);
            // Of 64 bits, so that no bucket is likelier than another by more than 2^-52 of it.
            let drawn = u64::from_le_bytes(bytes) % 2_197;
            let bucket = usize::try_from(drawn).ok().and_then(|drawn| buckets.get_mut(drawn));
            if let Some(bucket) = bucket {
                *bucket += point.affine();
            }
        }
        let sums: Vec<Sum> = buckets.into_iter().map(Sum::from).collect();
        combinations(sums).iter().all(|sum| {
            let point = ark_ec::CurveGroup::into_affine(*sum);
            G2::is_in_correct_subgroup_assuming_on_curve(&point)
        })
    })
}

/// The combinations of which each bucket's index holds the coefficients, as digits.
fn combinations(mut buckets: Vec<Sum>) -> [Sum; TOGETHER] {
    [(); TOGETHER].map(|()| {
        // By the last digit of the index: what each of its values has to be multiplied with.
        let mut by_digit = [Sum::ZERO; RADIX];
        for digits in buckets.chunks(RADIX) {
            for (sum, bucket) in by_digit.iter_mut().zip(digits) {
                *sum += bucket;
            }
        }
        // And the buckets of the other digits.
        buckets = buckets.chunks(RADIX).map(|digits| digits.iter().sum()).collect();
        let (mut running, mut combination) = (Sum::ZERO, Sum::ZERO);
        for sum in by_digit.iter().skip(1).rev() {
            running += sum;
            combination += running;
        }
        combination
    })
}
