//! `dzong localnet` as people use it: in a terminal, with Ctrl-C at any time.

use std::process::{Command, Stdio};
use std::time::Instant;

use tests::network::{PATIENCE, dzong, free_ports};

#[test]
fn a_local_network_that_is_interrupted_while_it_starts_leaves_no_node_behind() {
    let home = tempfile::tempdir().expect("a folder");
    let localnet = || {
        let mut command = Command::new(dzong());
        command.arg("localnet").arg("--home").arg(home.path());
        command
    };
    let mut start = localnet();
    start.args(["--base-port", &free_ports().to_string()]);
    let starting = start.stderr(Stdio::piped()).spawn().expect("dzong runs");
    let begin = Instant::now();
    while !home.path().join("node0").join("pid").exists() {
        assert!(begin.elapsed() < PATIENCE, "the first node never started");
    }
    let interrupt = Command::new("kill").args(["-INT", &starting.id().to_string()]).status();
    assert!(interrupt.expect("kill runs").success());
    let output = starting.wait_with_output().expect("it ends");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && message.contains("all nodes are stopped"), "{message}");
    let status = localnet().arg("stop").output().expect("dzong runs");
    assert_eq!(String::from_utf8_lossy(&status.stdout), "no node was running\n");
}
