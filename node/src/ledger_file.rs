//! A whole ledger in one file, from which it is made again anywhere: JSON Lines, the genesis
//! document first, then every decided block with the quorum that decided it.
//!
//! # Invariants
//!
//! * Nothing in the file is believed: whoever replays it checks every block under the genesis.
//! * Events and genesis stand there as their canonical bytes, so that any tool reads them and none
//!   can change them unseen.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ledger::DecidedBlock;
use proofs::{Block, Certificate, Hash, Header};
use registry::Genesis;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The first line's `format`.
const FORMAT: &str = "dzong/ledger/v1";

/// The longest line: a genesis document, or a block with what JSON adds to it.
const LINE_BYTES_MAX: u64 = 2 * Block::BYTES_MAX as u64;

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    format: String,
    genesis: Box<RawValue>,
}

/// Any other line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    certificate: Certificate,
    events: Vec<Box<RawValue>>,
    header: String,
}

/// Where a ledger ends: in this the one that was exported and the one that was made of it are the
/// same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct End {
    /// The id of the last block; of a ledger without blocks the genesis hash.
    pub block: Hash,
    /// The genesis hash.
    pub genesis: Hash,
    /// The height of the last block.
    pub height: u64,
    /// The root of the log.
    pub log_root: Hash,
    /// The root of the state.
    pub state_root: Hash,
}

impl From<&Header> for End {
    fn from(last: &Header) -> End {
        End {
            block: last.id(),
            genesis: last.genesis,
            height: last.height,
            log_root: last.log_root,
            state_root: last.state_root,
        }
    }
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "genesis    {}\nblock      {}", self.genesis, self.block)?;
        write!(f, "state root {}\nlog root   {}", self.state_root, self.log_root)
    }
}

/// Writes a ledger.
pub struct Writer<W: Write> {
    out: W,
    bytes: u64,
}

impl<W: Write> Writer<W> {
    /// Begins the ledger of this network.
    ///
    /// # Errors
    /// What the disk refused.
    pub fn begin(out: W, genesis: &Genesis) -> anyhow::Result<Writer<W>> {
        let mut writer = Writer { out, bytes: 0 };
        let genesis = raw(genesis.bytes()).context("the genesis document is not JSON")?;
        writer.line(&First { format: FORMAT.to_owned(), genesis })?;
        Ok(writer)
    }

    /// Writes the next block.
    ///
    /// # Errors
    /// What the disk refused; or an event that is no JSON, which no ledger holds.
    pub fn block(&mut self, decided: &DecidedBlock) -> anyhow::Result<()> {
        let DecidedBlock { certificate, block } = decided;
        let events = block.events.iter().map(|event| raw(event)).collect::<Option<Vec<_>>>();
        let events = events.with_context(|| format!("block {}", block.header.height))?;
        let header = STANDARD.encode(block.header.encode());
        self.line(&Line { certificate: certificate.clone(), events, header })
    }

    /// Ends the file, and returns how many bytes it has, with what was written to.
    ///
    /// # Errors
    /// What the disk refused.
    pub fn end(mut self) -> io::Result<(W, u64)> {
        self.out.flush()?;
        Ok((self.out, self.bytes))
    }

    fn line(&mut self, line: &impl Serialize) -> anyhow::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.out.write_all(&text).context("the ledger cannot be written")?;
        self.bytes += text.len() as u64;
        Ok(())
    }
}

impl Writer<BufWriter<File>> {
    /// Makes the file synced and final.
    ///
    /// # Errors
    /// What the disk refused.
    pub fn sync(self) -> io::Result<u64> {
        let (out, bytes) = self.end()?;
        out.get_ref().sync_all()?;
        Ok(bytes)
    }
}

fn raw(bytes: &[u8]) -> Option<Box<RawValue>> {
    RawValue::from_string(std::str::from_utf8(bytes).ok()?.to_owned()).ok()
}

/// Reads a ledger.
pub struct Reader<R> {
    lines: R,
    /// The number of the line that was read last.
    number: u64,
}

impl Reader<BufReader<File>> {
    /// Opens a file; returns the genesis document that it begins with.
    ///
    /// # Errors
    /// It cannot be read, or is no ledger.
    pub fn open(path: &Path) -> anyhow::Result<(Reader<BufReader<File>>, Genesis)> {
        let open = || Reader::begin(BufReader::new(File::open(path)?));
        open().with_context(|| format!("`{}`", path.display()))
    }
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line: the genesis document.
    ///
    /// # Errors
    /// It is no ledger.
    pub fn begin(lines: R) -> anyhow::Result<(Reader<R>, Genesis)> {
        let mut reader = Reader { lines, number: 0 };
        let first: Option<First> = reader.line().context("it is no ledger of `dzong export`")?;
        let first = first.context("it is empty")?;
        if first.format != FORMAT {
            bail!("its format is `{}`, and this release reads `{FORMAT}`", first.format);
        }
        let genesis = Genesis::parse(first.genesis.get().as_bytes());
        Ok((reader, genesis.context("its genesis document")?))
    }

    /// The next block; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or was cut off.
    pub fn block(&mut self) -> anyhow::Result<Option<DecidedBlock>> {
        let Some(line) = self.line::<Line>()? else { return Ok(None) };
        let header = STANDARD.decode(&line.header).ok();
        let header = header.and_then(|bytes| Header::decode(&bytes));
        let header = header.with_context(|| format!("the header in line {}", self.number))?;
        let events = line.events.iter().map(|event| event.get().as_bytes().to_vec()).collect();
        Ok(Some(DecidedBlock { certificate: line.certificate, block: Block { header, events } }))
    }

    fn line<T: for<'a> Deserialize<'a>>(&mut self) -> anyhow::Result<Option<T>> {
        self.number += 1;
        let mut text = Vec::new();
        (&mut self.lines).take(LINE_BYTES_MAX).read_until(b'\n', &mut text)?;
        match text.last() {
            None => Ok(None),
            Some(b'\n') => {
                let line = serde_json::from_slice(&text);
                line.with_context(|| format!("line {} is damaged", self.number)).map(Some)
            }
            Some(_) => bail!("line {} is cut off: export again", self.number),
        }
    }
}

#[cfg(test)]
mod tests;
