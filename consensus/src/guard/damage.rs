//! What happens to a guard's files on bad disks and in careless hands: for tests and for the
//! simulation.

use std::fs;
use std::path::Path;

use rand::Rng;
use rand::rngs::StdRng;

use super::paths;

/// Copies the guard's files to another home, as a backup does.
pub(crate) fn back_up(home: &Path, backup: &Path) {
    fs::create_dir_all(backup).expect("a folder");
    for (from, to) in paths(home).iter().zip(paths(backup)) {
        copy(from, &to);
    }
}

/// Deletes, cuts, extends, flips bits, exchanges, or restores from a backup: once or a few times,
/// one of the files or both.
pub(crate) fn damage(home: &Path, backup: &Path, random: &mut StdRng) {
    for _ in 0..random.gen_range(1..=3) {
        let [a, b] = paths(home);
        let kind = random.gen_range(0..7);
        let files = match random.gen_range(0..3) {
            0 => vec![&a],
            1 => vec![&b],
            _ => vec![&a, &b],
        };
        if kind == 0 {
            exchange(&a, &b);
            continue;
        }
        for file in files {
            let Ok(mut bytes) = fs::read(file) else { continue };
            match kind {
                1 => fs::remove_file(file).expect("it is there"),
                2 => {
                    bytes.truncate(random.gen_range(0..bytes.len().max(1)));
                    fs::write(file, bytes).expect("a file");
                }
                3 => {
                    bytes.push(random.r#gen());
                    fs::write(file, bytes).expect("a file");
                }
                4 | 5 if !bytes.is_empty() => {
                    for _ in 0..random.gen_range(1..=3) {
                        let at = random.gen_range(0..bytes.len());
                        bytes[at] ^= 1 << random.gen_range(0..8);
                    }
                    fs::write(file, bytes).expect("a file");
                }
                _ => copy(&backup.join(file.file_name().expect("a name")), file),
            }
        }
    }
}

/// As backup tools do: a new file in the place of the old one.
fn copy(from: &Path, to: &Path) {
    if let Ok(bytes) = fs::read(from) {
        let new = to.with_extension("restored");
        fs::write(&new, bytes).expect("a file");
        fs::rename(new, to).expect("a file");
    }
}

fn exchange(a: &Path, b: &Path) {
    let aside = a.with_extension("aside");
    // Either may be gone already.
    let _ = fs::rename(a, &aside);
    let _ = fs::rename(b, a);
    let _ = fs::rename(aside, b);
}
