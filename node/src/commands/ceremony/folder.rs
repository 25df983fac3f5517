//! A ceremony as files: `powers-0.bin`, where it began; `powers-1.bin` and so on, one for each
//! contribution; and `transcript.txt`, a line for each (`docs/slot-accumulator.md`).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use registry::slots::{Contribution, Powers, check_chain};

use crate::files::{publish, publish_new};

/// A ceremony that has begun, with a transcript whose lines follow one another.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    contributions: Vec<Contribution>,
}

impl Folder {
    /// Begins a ceremony at these powers, where there is none yet.
    pub(super) fn begin(path: &Path, powers: &Powers) -> anyhow::Result<()> {
        fs::create_dir_all(path).with_context(|| format!("`{}`", path.display()))?;
        let folder = Folder { path: path.to_owned(), contributions: Vec::new() };
        publish_new(&folder.file(0), &powers.bytes())?;
        Ok(publish_new(&folder.transcript(), b"")?)
    }

    /// Opens a ceremony. That its contributions hold is not checked here.
    pub(super) fn open(path: &Path) -> anyhow::Result<Folder> {
        let mut folder = Folder { path: path.to_owned(), contributions: Vec::new() };
        let transcript = folder.transcript();
        let text = fs::read_to_string(&transcript).with_context(|| {
            format!("`{}` (`dzong ceremony begin` makes it)", transcript.display())
        })?;
        for (number, line) in (1..).zip(text.lines()) {
            let read = line.parse();
            folder.contributions.push(
                read.with_context(|| format!("line {number} of `{}`", transcript.display()))?,
            );
        }
        Ok(folder)
    }

    /// The contributions, one after another.
    pub(super) fn contributions(&self) -> &[Contribution] {
        &self.contributions
    }

    /// The powers after so many contributions.
    pub(super) fn powers(&self, number: usize) -> anyhow::Result<Powers> {
        let path = self.file(number);
        let named = || format!("`{}`", path.display());
        Powers::read(&fs::read(&path).with_context(named)?).with_context(named)
    }

    /// The powers to go on from: those that the transcript leads to.
    pub(super) fn last(&self) -> anyhow::Result<Powers> {
        let last = self.powers(self.contributions.len())?;
        let start = match self.contributions.first() {
            Some(first) => first.previous,
            None => last.hash(),
        };
        check_chain(&start, &self.contributions, &last.hash())
            .with_context(|| format!("`{}`", self.transcript().display()))?;
        Ok(last)
    }

    /// Adds a contribution and the powers after it; its number, from 1.
    pub(super) fn append(
        &mut self,
        powers: &Powers,
        contribution: Contribution,
    ) -> anyhow::Result<usize> {
        let number = self.contributions.len() + 1;
        publish_new(&self.file(number), &powers.bytes()).context(
            "somebody contributed to this copy at the same time, or was interrupted: get the \
             folder anew, or remove the file, which the transcript does not know",
        )?;
        self.contributions.push(contribution);
        let lines = self.contributions.iter().map(|one| format!("{one}\n"));
        publish(&self.transcript(), lines.collect::<String>().as_bytes())?;
        Ok(number)
    }

    fn file(&self, number: usize) -> PathBuf {
        self.path.join(format!("powers-{number}.bin"))
    }

    fn transcript(&self) -> PathBuf {
        self.path.join("transcript.txt")
    }
}
