//! The set-up of Ethereum's ceremony as its client libraries ship it (consensus-specs, presets,
//! `trusted_setup_4096.json`): 4,096 powers from some 141,000 contributions.

use serde::Deserialize;

use super::point::{G1Point, G2Point, PointError};
use super::powers::Powers;
use super::setup::SetupError;
use super::table::Table;

/// SHA-256 of these powers as `powers-4096.bin`.
const POWERS: &str = "eb7daf99a45c417546e4c08ddce498b9054027de817eabe419ebdaf42c37c99a";

#[derive(Deserialize)]
struct File {
    g1_monomial: Vec<String>,
    g1_lagrange: Vec<String>,
    g2_monomial: Vec<String>,
}

/// Reads such a file, and checks every point that is used. Its table stands in bit-reversed order
/// in some editions, and comes out as it stands: [`super::check`] says so.
///
/// # Errors
/// It is not of that form, or the first point that is none.
pub fn read_ethereum(json: &[u8]) -> Result<(Powers, Table), SetupError> {
    let file: File = serde_json::from_slice(json).map_err(|_| SetupError::Form("no such JSON"))?;
    let powers = points("powers", &file.g1_monomial)?;
    let table = points("table", &file.g1_lagrange)?;
    let tau = file.g2_monomial.get(1).ok_or(SetupError::Form("no second power in G2"))?;
    let tau = G2Point::read(&bytes(tau)?).map_err(|error| SetupError::Point {
        file: "powers",
        index: powers.len(),
        error,
    })?;
    let powers = Powers::new(powers, tau).ok_or(SetupError::Length)?;
    Ok((powers, Table::new(table).ok_or(SetupError::Length)?))
}

/// Whether these are the powers that Ethereum's ceremony ended with.
pub fn is_ethereum(powers: &Powers) -> bool {
    hex::encode(powers.hash()) == POWERS
}

fn points(file: &'static str, texts: &[String]) -> Result<Vec<G1Point>, SetupError> {
    let point = |(index, text): (usize, &String)| {
        let wrong = |error: PointError| SetupError::Point { file, index, error };
        G1Point::read(&bytes(text)?).map_err(wrong)
    };
    texts.iter().enumerate().map(point).collect()
}

fn bytes(text: &str) -> Result<Vec<u8>, SetupError> {
    let digits = text.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
    digits.ok_or(SetupError::Form("a point is not 0x and hexadecimal digits"))
}
