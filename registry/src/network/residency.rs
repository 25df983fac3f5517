//! Where validators stand (Act s.115 to 117).

use serde::{Deserialize, Serialize};

use super::{NetworkError, ValidatorEntry};

/// Most voting power that may stand outside, in percent: those outside can then never stop the
/// network by themselves.
const OUTSIDE_PERCENT_MAX: u64 = 33;

/// The residency rule of the parameters. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Residency {
    /// The countries that count as inside, by ISO 3166-1 alpha-2.
    pub jurisdictions: Vec<String>,
    /// How much of the voting power may stand elsewhere, in percent.
    pub outside_percent_max: u64,
}

impl Residency {
    /// Whether the rule can be kept and keeps something.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        (1..=8).contains(&self.jurisdictions.len())
            && self.jurisdictions.iter().all(|country| is_country(country))
            && self.outside_percent_max <= OUTSIDE_PERCENT_MAX
    }

    /// Whether this country is inside. What nobody declared is not.
    #[must_use]
    pub fn is_inside(&self, jurisdiction: Option<&str>) -> bool {
        self.jurisdictions.iter().any(|inside| Some(inside.as_str()) == jurisdiction)
    }
}

/// Whether a text has the form of an ISO 3166-1 alpha-2 code.
#[must_use]
pub fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// Checks that those who certify one height keep the rule.
///
/// # Errors
/// [`NetworkError::Outside`].
pub fn check(rule: Option<&Residency>, entries: &[ValidatorEntry]) -> Result<(), NetworkError> {
    let Some(rule) = rule else { return Ok(()) };
    let sum = |entries: &mut dyn Iterator<Item = &ValidatorEntry>| {
        entries.fold(0_u64, |sum, entry| sum.saturating_add(entry.power))
    };
    let total = sum(&mut entries.iter());
    let is_outside = |entry: &&ValidatorEntry| !rule.is_inside(entry.jurisdiction.as_deref());
    let outside = sum(&mut entries.iter().filter(is_outside));
    if u128::from(outside) * 100 > u128::from(total) * u128::from(rule.outside_percent_max) {
        return Err(NetworkError::Outside { outside, total });
    }
    Ok(())
}
