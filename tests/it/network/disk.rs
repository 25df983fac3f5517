//! A disk that fills up: the nodes hold still in time, say so, and go on by themselves.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::Network;
use tests::network::PATIENCE;

use super::crash::{Load, check};

/// A small disk in memory; gone when dropped.
struct Mount(tempfile::TempDir);

impl Mount {
    /// `None` where this process may not mount.
    fn new(megabytes: u64) -> Option<Mount> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"]);
        let mounted = mount.arg(folder.path()).output().is_ok_and(|done| done.status.success());
        mounted.then(|| Mount(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn free(&self) -> u64 {
        let output = Command::new("df").args(["-B1", "--output=avail"]).arg(self.path()).output();
        let output = output.expect("df runs").stdout;
        let text = String::from_utf8(output).expect("text");
        text.lines().last().and_then(|line| line.trim().parse().ok()).expect("a number")
    }

    /// Fills the disk until so many bytes are free, or none.
    fn fill(&self, free: u64) {
        let path = self.path().join("filler");
        let mut file = File::options().create(true).append(true).open(path).expect("a file");
        let piece = vec![1; 1 << 20];
        while self.free() > free && file.write_all(&piece).is_ok() {}
    }

    fn clear(&self) {
        fs::remove_file(self.path().join("filler")).expect("the filler");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: a process of a failed test may still be there.
        let _ = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}

fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < 2 * PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn status(network: &Network, node: usize) -> Value {
    network.client(node).read("/v1/status").unwrap_or_default()
}

#[test]
fn a_disk_that_fills_up_holds_the_nodes_until_there_is_space_and_loses_nothing() {
    let Some(disk) = Mount::new(600) else {
        println!("skipped: this process may not mount a small disk");
        return;
    };
    // Four nodes share the disk: what one gives up must not wake another.
    let mut network =
        Network::start_in(disk.path(), 4, |config| config.disk.reserve_bytes = 1 << 20);
    let load = Load::start(&network, &[0, 1, 2, 3]);
    wait("there is load", || load.count() >= 20);

    // Slowly: the limit is met before the end of the disk. What a node gives up when it stops is
    // filled again, or it would wake the others.
    wait("all hold still", || {
        disk.fill(20 << 20);
        (0..4).all(|node| status(&network, node)["diskLow"] == true)
    });
    for node in 0..4 {
        let said = status(&network, node)["unready"].as_str().unwrap_or_default().to_owned();
        assert!(said.contains("free some space"), "{said}");
        assert!(network.client(node).get("/readyz").is_err());
        let metrics = network.client(node).get("/metrics").expect("metrics");
        assert!(String::from_utf8_lossy(&metrics).contains("dzong_disk_low 1"));
        assert!(!network.node_home(node).join("data/consensus/SAFETY_HALT").exists());
    }
    let held = load.count();
    disk.clear();
    (0..4).for_each(|node| network.wait_until_ready(node));
    wait("writing goes on", || load.count() > held + 20);

    // At once, and to the last byte.
    disk.fill(0);
    wait("nobody writes", || (0..4).all(|node| status(&network, node)["ready"] != true));
    disk.clear();
    let held = load.count();
    (0..4).for_each(|node| network.wait_until_ready(node));
    wait("writing goes on again", || load.count() > held + 20);
    let acknowledged = load.stop();
    println!("{} acknowledged", acknowledged.len());
    check(&mut network, &acknowledged);
}

#[test]
fn a_node_whose_log_cannot_be_written_serves_on() {
    let mut network = Network::start();
    network.kill(1);
    let log = network.home().join("node1.log");
    fs::remove_file(&log).expect("the log");
    std::os::unix::fs::symlink("/dev/full", &log).expect("a link");
    network.run(1);
    wait("it serves without a log", || network.client(1).get("/readyz").is_ok());
    assert!(network.child(1).try_wait().expect("a child has a state").is_none());
}
