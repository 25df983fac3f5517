//! The verifiers in TypeScript, Python and WebAssembly come to Rust's verdict: on every frozen
//! answer, chain and fork, under every kind of trust, and on thousands that were changed.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use proofs::trust::Freshness;
use proofs::{Checkpoint, Hash, Trust, ValidatorSet};
use registry::answer;
use serde_json::{Map, Value, json};
use tests::root;

const DAY: u64 = 86_400_000;

/// How many changed answers each verifier is shown, unless `DZONG_MUTATIONS` says otherwise.
const CHANGED: usize = 6_000;

/// Another implementation: reads questions and writes verdicts, a line each.
struct Verifier {
    name: &'static str,
    program: PathBuf,
    args: Vec<String>,
    folder: PathBuf,
}

/// Those that can run here; says so of the others.
fn verifiers() -> Vec<Verifier> {
    let node = Command::new("node").arg("--version").output().is_ok();
    let script = |name, folder: &str, script: &str, needs: &str| {
        let folder = root().join(folder);
        let there = node && folder.join(needs).is_file();
        let args = vec![script.to_owned()];
        there.then(|| Verifier { name, program: "node".into(), args, folder })
    };
    let python = root().join("clients/python");
    let program = python.join(".venv/bin/python");
    let args = vec!["-m".to_owned(), "dzong.verdicts".to_owned()];
    let found = [
        script("TypeScript", "clients/typescript", "tools/verdicts.mjs", "dist/src/index.js"),
        program.is_file().then_some(Verifier { name: "Python", program, args, folder: python }),
        script("WebAssembly", "explorer", "tests/verdicts.js", "dist/verifier.wasm"),
    ];
    let found: Vec<Verifier> = found.into_iter().flatten().collect();
    if found.len() < 3 {
        let names: Vec<_> = found.iter().map(|verifier| verifier.name).collect();
        println!("skipped: only {names:?} are there; make test installs the others");
    }
    found
}

impl Verifier {
    fn verdicts(&self, questions: &[Question]) -> Vec<String> {
        let mut child = Command::new(&self.program)
            .args(&self.args)
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the verifier runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        let lines: String = questions.iter().map(Question::line).collect();
        // It answers while it is being asked, and neither may wait for the other.
        let asking = thread::spawn(move || stdin.write_all(lines.as_bytes()));
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "the verifier in {} failed", self.name);
        asking.join().expect("no panic").expect("it reads to the end");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let verdict = |line: &str| {
            let line: Value = serde_json::from_str(line).expect("a line is JSON");
            line["verdict"].as_str().expect("a verdict").to_owned()
        };
        text.lines().map(verdict).collect()
    }
}

/// What is judged: an answer, and by what.
#[derive(Clone)]
struct Question {
    what: String,
    trust: Trust,
    now: u64,
    age_max: Option<u64>,
    answer: String,
}

impl Question {
    /// The line that other verifiers read.
    fn line(&self) -> String {
        let checkpoint = json!(Checkpoint::from(&self.trust)).to_string();
        let line = json!({
            "checkpoint": checkpoint,
            "answer": self.answer,
            "now": self.now,
            "maxAgeMs": self.age_max,
        });
        format!("{line}\n")
    }

    /// Rust's verdict.
    fn verdict(&self) -> String {
        let freshness = Freshness { now: self.now, age_max: self.age_max };
        let verdict = json!(answer::check(&self.trust, self.answer.as_bytes(), freshness));
        verdict["verdict"].as_str().expect("a verdict").to_owned()
    }

    /// The same answer by other clocks, and to those who trust otherwise.
    fn otherwise(&self) -> Vec<Question> {
        let with = |what: &str, change: &dyn Fn(&mut Question)| {
            let mut other = self.clone();
            other.what = format!("{} {what}", self.what);
            change(&mut other);
            other
        };
        let fewer = self.trust.validators.as_slice()[1..].to_vec();
        let fewer = ValidatorSet::new(fewer).expect("a set");
        vec![
            self.clone(),
            with("that must be fresh", &|it| it.age_max = Some(1_000)),
            with("a month later", &|it| it.now += 31 * DAY),
            with("a day before", &|it| it.now -= DAY),
            with("below a known height", &|it| it.trust.height += 1_000),
            with("of another network", &|it| it.trust.genesis = Hash([1; 32])),
            with("under another name", &|it| it.trust.network = "bt-other".into()),
            with("of other validators", &|it| it.trust.validators = fewer.clone()),
        ]
    }
}

fn golden(name: &str) -> Value {
    let text = fs::read_to_string(root().join("tests/golden").join(name)).expect("examples");
    serde_json::from_str(&text).expect("JSON")
}

/// The frozen answers, all of them valid.
fn frozen_answers() -> Vec<Question> {
    let format = golden("format.json");
    let places = ["/answers", "/resources/answers", "/dereferencing/answers"];
    let mut answers = of_file(&format, &format["genesis"]["text"], &places);
    let receipt = Question {
        what: "receipt".into(),
        answer: format["receipt"].to_string(),
        ..answers.first().expect("an answer").clone()
    };
    answers.push(receipt);
    for later in ["imported", "status"] {
        answers.extend(of_file(&format[later], &format["genesis"]["text"], &["/answers"]));
    }
    let trqp = golden("trqp.json");
    answers.extend(of_file(&trqp, &trqp["genesis"], &["/authorization", "/recognition"]));
    answers
}

/// The frozen answers at these places of a file.
fn of_file(frozen: &Value, genesis: &Value, places: &[&str]) -> Vec<Question> {
    let genesis = genesis.as_str().expect("a text");
    let trust = Trust::from_genesis(genesis.as_bytes()).expect("a genesis");
    let now = frozen["now"].as_u64().expect("a time");
    let mut answers = Map::new();
    for place in places {
        let named = frozen.pointer(place).and_then(Value::as_object).expect("answers");
        answers.extend(named.iter().map(|(name, one)| (format!("{place}/{name}"), one.clone())));
    }
    let question = |(what, answer): (String, Value)| Question {
        what,
        trust: trust.clone(),
        now,
        age_max: Some(60_000),
        answer: answer.to_string(),
    };
    answers.into_iter().map(question).collect()
}

/// The frozen chains and forks, each with its own trust; not all of them are valid.
fn frozen_trust() -> Vec<Question> {
    let question = |case: &Value| {
        let checkpoint: Checkpoint =
            serde_json::from_value(case["trust"].clone()).expect("a checkpoint");
        Question {
            what: case["name"].to_string(),
            trust: checkpoint.trust().expect("a set"),
            now: case["now"].as_u64().expect("a time"),
            age_max: None,
            answer: case["document"].to_string(),
        }
    };
    golden("trust.json").as_array().expect("cases").iter().map(question).collect()
}

/// Asks every verifier, and tells where one disagrees with Rust. Returns how often Rust came to
/// each verdict.
fn compare(questions: &[Question]) -> BTreeMap<String, usize> {
    let expected: Vec<String> = questions.iter().map(Question::verdict).collect();
    for verifier in verifiers() {
        let verdicts = verifier.verdicts(questions);
        assert_eq!(verdicts.len(), questions.len(), "{} lost a question", verifier.name);
        for ((question, verdict), expected) in questions.iter().zip(&verdicts).zip(&expected) {
            let (name, what) = (verifier.name, &question.what);
            assert_eq!(verdict, expected, "{name} on {what}: {}", question.line());
        }
        println!("{} agrees on {} verdicts", verifier.name, verdicts.len());
    }
    let mut counts = BTreeMap::new();
    for verdict in expected {
        *counts.entry(verdict).or_default() += 1;
    }
    counts
}

#[test]
fn every_verifier_judges_the_frozen_examples_as_rust_does() {
    let answers = frozen_answers();
    assert!(answers.iter().all(|question| question.verdict() == "valid"));
    let all: Vec<Question> =
        answers.iter().chain(&frozen_trust()).flat_map(Question::otherwise).collect();
    let counts = compare(&all);
    println!("{counts:?}");
    assert_eq!(counts.len(), 4, "every verdict was called for");
}

#[test]
fn every_verifier_judges_changed_answers_as_rust_does() {
    let number = |name: &str| -> Option<u64> { env::var(name).ok()?.parse().ok() };
    let seed = number("DZONG_SEED").unwrap_or(1);
    let count = number("DZONG_MUTATIONS").map_or(CHANGED, |count| count as usize);
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let originals: Vec<Question> = frozen_answers().into_iter().chain(frozen_trust()).collect();
    let changed: Vec<Question> = (0..count)
        .map(|number| {
            let others = dice.pick(&originals).otherwise();
            // Mostly the one that is judged as it was meant.
            let chosen = if dice.below(3) == 0 { dice.pick(&others) } else { &others[0] };
            let answer = dice.changed(&chosen.answer);
            Question { what: format!("{} number {number}", chosen.what), answer, ..chosen.clone() }
        })
        .collect();
    println!("{:?}", compare(&changed));
}

/// Numbers that look random and are the same in every run (SplitMix64), and changes by them.
struct Dice(u64);

/// Names of members, and values, that mean something in an answer or its question.
const NAMES: [&str; 34] = [
    "accept",
    "chain",
    "checksum",
    "content",
    "contentMetadata",
    "context",
    "deactivated",
    "dereferencing",
    "did",
    "didDocumentMetadata",
    "document",
    "expandRelativeUrls",
    "fragment",
    "index",
    "message",
    "next",
    "past",
    "proof",
    "record",
    "relativeRef",
    "resolution",
    "resource",
    "resourceCollectionId",
    "resourceId",
    "resourceMetadata",
    "resourceName",
    "resourceType",
    "resourceVersion",
    "resourceVersionTime",
    "service",
    "serviceType",
    "time",
    "versionId",
    "versionTime",
];
const TEXTS: [&str; 32] = [
    "",
    "1",
    "1.0",
    "1.1",
    "2",
    "01",
    "2020-01-01T00:00:00Z",
    "2026-11-21T00:00:01Z",
    "2026-11-21T00:00:05Z",
    "2026-11-21T00:00:08Z",
    "2026-11-22T00:00:30.5Z",
    "2026-11-24T12:00:00.123456789Z",
    "9999-12-31T23:59:59Z",
    "#files",
    "../x",
    "/a/b?c#d",
    "Files",
    "Licence",
    "anonCredsSchema",
    "assertionMethod",
    "authentication",
    "delegate",
    "files",
    "hub",
    "issue",
    "key-1",
    "key-2",
    "part",
    "run-registry",
    "text/uri-list",
    "urn:x",
    "é",
];

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit as u64) as usize
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// The text of an answer, changed in its letters or in one or two of its values.
    fn changed(&mut self, text: &str) -> String {
        if self.below(8) == 0 {
            return self.misspelled(text);
        }
        let mut answer: Value = serde_json::from_str(text).expect("JSON");
        for _ in 0..1 + self.below(2) {
            self.change(&mut answer);
        }
        answer.to_string()
    }

    /// The text with one letter taken out, put in or replaced.
    fn misspelled(&mut self, text: &str) -> String {
        let mut letters: Vec<char> = text.chars().collect();
        let at = self.below(letters.len());
        let letter = *self.pick(&['0', 'a', '"', '{', '}', ',', '\\', ' ', '\u{0}', 'é']);
        match self.below(3) {
            0 => {
                letters.remove(at);
            }
            1 => letters.insert(at, letter),
            _ => letters[at] = letter,
        }
        letters.into_iter().collect()
    }

    /// Changes one value, of the question as often as of everything else.
    fn change(&mut self, answer: &mut Value) {
        let mut places = Vec::new();
        walk(answer, String::new(), &mut places);
        let asked: Vec<String> =
            places.iter().filter(|place| place.contains("/question")).cloned().collect();
        let all = if asked.is_empty() || self.below(2) == 0 { &places } else { &asked };
        let (place, other) = (self.pick(all).clone(), self.pick(&places).clone());
        let other = answer.pointer(&other).cloned().unwrap_or_default();
        let Some(value) = answer.pointer_mut(&place) else { return };
        match self.below(5) {
            0 => *value = other,
            1 => *value = json!([value.take()]),
            2 => self.reshape(answer, &place),
            _ => self.replace(value),
        }
    }

    /// Another value of its kind, or a word that has a meaning elsewhere.
    fn replace(&mut self, value: &mut Value) {
        let word = *self.pick(&TEXTS);
        *value = match value {
            Value::Object(members) => {
                let name = *self.pick(&NAMES);
                let flags = [json!(true), json!(false), Value::Null, json!({}), json!([])];
                let added =
                    if self.below(2) == 0 { json!(word) } else { self.pick(&flags).clone() };
                members.insert(name.to_owned(), added);
                return;
            }
            Value::String(text) if self.below(2) == 0 => {
                let mut letters: Vec<char> = text.chars().collect();
                let letter = *self.pick(&['0', '1', 'a', 'A', '/', '=', '#', 'z']);
                if letters.is_empty() {
                    letters.push(letter);
                }
                let at = self.below(letters.len());
                letters[at] = letter;
                json!(letters.into_iter().collect::<String>())
            }
            Value::Number(number) => {
                let number = number.as_i64().unwrap_or_default();
                json!(*self.pick(&[number + 1, number - 1, 0, -1, 1 << 53, (1 << 53) - 1]))
            }
            Value::Bool(flag) => json!(!*flag),
            _ => json!(word),
        };
    }

    /// Takes a member away, or gives it another name; of a list, takes an item away, or
    /// puts it twice at the end.
    fn reshape(&mut self, answer: &mut Value, place: &str) {
        let Some((parent, name)) = place.rsplit_once('/') else { return };
        let name = name.replace("~1", "/").replace("~0", "~");
        match answer.pointer_mut(parent) {
            Some(Value::Object(members)) => {
                let taken = members.remove(&name);
                if let Some(value) = taken.filter(|_| self.below(2) == 0) {
                    members.insert((*self.pick(&NAMES)).to_owned(), value);
                }
            }
            Some(Value::Array(items)) => {
                let at: usize = name.parse().expect("an index of the list");
                let item = items.remove(at);
                if self.below(2) == 0 {
                    items.extend([item.clone(), item]);
                }
            }
            _ => {}
        }
    }
}

/// The JSON pointers of all values within a value.
fn walk(value: &Value, place: String, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
        }
        Value::Object(members) => {
            let escaped = |name: &String| name.replace('~', "~0").replace('/', "~1");
            members.iter().map(|(name, item)| (escaped(name), item)).collect()
        }
        _ => return,
    };
    for (name, item) in inner {
        let place = format!("{place}/{name}");
        found.push(place.clone());
        walk(item, place, found);
    }
}
