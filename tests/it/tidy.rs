//! The workspace keeps the shape that ARCHITECTURE.md draws: edges between crates, purity, sizes,
//! words. Mend the code rather than the list; a new edge is an architecture decision.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tests::root;

/// Every edge between our crates that is allowed to exist.
const EDGES: &[(&str, &[&str])] = &[
    ("proofs", &[]),
    ("registry", &["proofs"]),
    ("ledger", &["proofs", "registry"]),
    ("consensus", &["proofs"]),
    ("genesis", &["proofs", "registry"]),
    ("node", &["consensus", "genesis", "ledger", "proofs", "registry"]),
    ("explorer/wasm", &["proofs", "registry"]),
    ("clients/holder", &["proofs", "registry"]),
    ("tests", &["consensus", "genesis", "holder", "ledger", "node", "proofs", "registry"]),
    ("benches", &["consensus", "genesis", "holder", "ledger", "node", "proofs", "registry"]),
];

/// What the pure crates may be made of.
const PURE: &[(&str, &[&str])] = &[
    (
        "proofs",
        &["base64", "blake3", "ed25519-zebra", "hex", "serde", "serde_json", "sha2", "thiserror"],
    ),
    (
        "registry",
        &[
            "ark-bls12-381",
            "ark-ec",
            "ark-ff",
            "ark-serialize",
            "base64",
            "blake3",
            "ed25519-zebra",
            "hex",
            "p256",
            "proofs",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
        ],
    ),
    ("explorer/wasm", &["base64", "proofs", "registry", "serde", "serde_json"]),
    // `rand_core` is only the name of a source of randomness, which the caller brings.
    (
        "clients/holder",
        &[
            "ark-bls12-381",
            "ark-ec",
            "ark-ff",
            "ark-serialize",
            "proofs",
            "rand_core",
            "registry",
            "sha2",
            "thiserror",
        ],
    ),
];

/// Versions below which a package has a known hole.
const VERSIONS_MIN: &[(&str, &str)] = &[("libp2p-gossipsub", "0.49.4")];

fn manifest(package: &str) -> toml::Table {
    let text = fs::read_to_string(root().join(package).join("Cargo.toml")).expect("a manifest");
    text.parse().expect("a manifest is TOML")
}

fn dependencies(package: &str) -> BTreeSet<String> {
    names(manifest(package).get("dependencies"))
}

fn names(table: Option<&toml::Value>) -> BTreeSet<String> {
    let table = table.and_then(toml::Value::as_table);
    table.into_iter().flat_map(|table| table.keys().cloned()).collect()
}

/// Our Rust sources, without what is built or fetched.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (package, _) in EDGES {
        walk(&root().join(package), &mut found);
    }
    assert!(found.len() > 30, "the walk found the sources");
    found
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("node_modules") {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn only_the_drawn_edges_exist_between_crates() {
    for (package, allowed) in EDGES {
        for dependency in dependencies(package) {
            let ours = EDGES.iter().any(|(path, _)| path.rsplit('/').next() == Some(&dependency));
            let drawn = allowed.contains(&dependency.as_str());
            assert!(!ours || drawn, "{package} must not depend on {dependency}");
        }
    }
}

#[test]
fn pure_crates_are_made_of_pure_packages() {
    for (package, allowed) in PURE {
        for dependency in dependencies(package) {
            assert!(allowed.contains(&&*dependency), "{package} must not depend on {dependency}");
        }
    }
}

#[test]
fn every_dependency_is_used() {
    let mut named = BTreeSet::new();
    for (package, _) in EDGES {
        let manifest = manifest(package);
        let mut files = Vec::new();
        walk(&root().join(package), &mut files);
        let texts: Vec<String> =
            files.iter().map(|file| fs::read_to_string(file).expect("a source")).collect();
        for table in ["dependencies", "dev-dependencies"] {
            for name in names(manifest.get(table)) {
                let module = name.replace('-', "_");
                let used = texts.iter().any(|text| text.contains(&module));
                assert!(used, "{package} does not use {name}");
                named.insert(name);
            }
        }
    }
    let workspace = manifest(".");
    let listed = workspace["workspace"].get("dependencies");
    let idle: Vec<String> = names(listed).difference(&named).cloned().collect();
    assert!(idle.is_empty(), "no crate names {idle:?}");
}

#[test]
fn pure_crates_read_no_clock_no_randomness_and_no_hash_order() {
    for path in sources() {
        let in_pure =
            PURE.iter().any(|(package, _)| path.starts_with(root().join(package).join("src")));
        let text = fs::read_to_string(&path).expect("a source");
        if !in_pure || path.ends_with("tests.rs") {
            continue;
        }
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for word in ["HashMap", "HashSet", "SystemTime", "Instant", "thread_rng", "f32", "f64"] {
            let used = text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == word);
            assert!(!used, "{} uses {word}", path.display());
        }
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace_and_states_its_invariants() {
    for (package, _) in EDGES {
        let manifest = manifest(package);
        let inherited = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        assert_eq!(inherited, Some(&toml::Value::Boolean(true)), "{package}");
        let library = root().join(package).join("src/lib.rs");
        if let Ok(text) = fs::read_to_string(library) {
            assert!(text.contains("//! # Invariants"), "{package}/src/lib.rs states none");
        }
    }
}

#[test]
fn sources_can_be_read_in_one_sitting() {
    for path in sources() {
        let text = fs::read_to_string(&path).expect("a source");
        for (number, line) in text.lines().enumerate() {
            let wide = line.chars().count() > 100 && !line.contains("http");
            assert!(!wide, "{}:{} is over 100 columns", path.display(), number + 1);
            for word in ["FIXME", "TODO", "XXX"] {
                let own = path.ends_with("tidy.rs");
                assert!(own || !line.contains(word), "{}:{} {word}", path.display(), number + 1);
            }
        }
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = code.lines().count();
        let is_test = path.ends_with("tests.rs") || path.starts_with(root().join("tests"));
        assert!(is_test || lines <= 500, "{} has {lines} lines", path.display());
        assert!(!path.ends_with("mod.rs"), "{}: no mod.rs", path.display());
    }
}

#[test]
fn every_kind_of_event_and_every_tag_is_documented() {
    let format = fs::read_to_string(root().join("docs/format.md")).expect("docs/format.md");
    for kind in registry::events::Body::KINDS {
        assert!(format.contains(&format!("`{kind}`")), "docs/format.md does not tell of {kind}");
    }
    for tag in proofs::Tag::ALL {
        let text = tag.text();
        assert!(format.contains(&format!("`{text}`")), "docs/format.md does not list {text}");
    }
}

#[test]
fn no_locked_package_is_below_a_version_with_a_known_hole() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    let lock: toml::Table = lock.parse().expect("Cargo.lock is TOML");
    let number = |version: &str| -> Vec<u64> {
        version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
    };
    for package in lock["package"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        let version = package["version"].as_str().expect("a version");
        for (watched, least) in VERSIONS_MIN {
            assert!(*watched != name || number(version) >= number(least), "{name} {version}");
        }
    }
}

#[test]
fn architecture_fits_a_sitting() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    assert!(text.lines().count() <= 200);
}
