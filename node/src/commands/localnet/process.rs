//! The processes of a local network: started, watched, told to end, waited for.

use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::signal::unix::{SignalKind, signal};

use crate::output;

/// How long a node may take to end.
const END_MAX: Duration = Duration::from_secs(20);

/// How much of a log is shown when a node ends by itself.
const LOG_LINES: usize = 5;

/// A node's process.
pub(super) struct Process {
    name: String,
    pid: Pid,
    /// Known if it was started here.
    child: Option<(Child, PathBuf)>,
}

impl Process {
    /// Starts a node in a process group of its own, so that Ctrl-C reaches us alone and we end all
    /// of them in order.
    pub(super) fn start(name: &str, home: &Path, replica: bool) -> anyhow::Result<Process> {
        let log = home.join("node.log");
        let open = || OpenOptions::new().create(true).append(true).open(&log);
        let out = open().with_context(|| format!("cannot write `{}`", log.display()))?;
        let binary = std::env::current_exe().context("where is this program?")?;
        let mut command = Command::new(binary);
        command.arg("run").arg("--home").arg(home.canonicalize()?);
        if replica {
            command.arg("--replica");
        }
        let errors = out.try_clone()?;
        command.stdin(Stdio::null()).stdout(out).stderr(errors).process_group(0);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let pid = Pid::from_child(&child);
        fs::write(pid_path(home), format!("{}\n", pid.as_raw_nonzero()))?;
        Ok(Process { name: name.to_owned(), pid, child: Some((child, log)) })
    }

    /// A process that was started elsewhere.
    pub(super) fn of(name: &str, pid: Pid) -> Process {
        Process { name: name.to_owned(), pid, child: None }
    }

    /// Fails where the process has ended by itself, with the end of its log.
    pub(super) fn check(&mut self) -> anyhow::Result<()> {
        let Some((child, log)) = &mut self.child else { return Ok(()) };
        let Some(status) = child.try_wait()? else { return Ok(()) };
        let text = fs::read_to_string(log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(LOG_LINES).collect();
        let end: Vec<&str> = lines.into_iter().rev().collect();
        bail!("{} ended ({status}); its log ends with:\n{}", self.name, end.join("\n"))
    }

    fn is_running(&mut self) -> bool {
        match &mut self.child {
            Some((child, _)) => child.try_wait().is_ok_and(|status| status.is_none()),
            None => test_kill_process(self.pid).is_ok(),
        }
    }
}

/// The processes of a network. They end with it, unless it is left running.
#[derive(Default)]
pub(super) struct Processes(Vec<Process>);

impl Processes {
    pub(super) fn add(&mut self, process: Process) {
        self.0.push(process);
    }

    /// Fails where one has ended by itself.
    pub(super) fn check(&mut self) -> anyhow::Result<()> {
        self.0.iter_mut().try_for_each(Process::check)
    }

    /// Leaves them running.
    pub(super) fn detach(mut self) {
        self.0.clear();
    }

    /// Waits until they are to end. One that ends by itself is named; when all have, there is
    /// nothing to wait for.
    pub(super) fn watch(mut self, interruption: &mut Interruption) -> anyhow::Result<()> {
        while !interruption.comes_within(Duration::from_secs(1)) {
            let mut ended = None;
            self.0.retain_mut(|process| match process.check() {
                Ok(()) => true,
                Err(error) => {
                    output::progress(&format!("{error:#}"));
                    ended = Some(error);
                    false
                }
            });
            if let (true, Some(error)) = (self.0.is_empty(), ended) {
                return Err(error);
            }
        }
        Ok(())
    }
}

impl Drop for Processes {
    /// Asks all to end, then waits for each; kills what does not end in time.
    fn drop(&mut self) {
        for process in &mut self.0 {
            if process.is_running() {
                // One that ended meanwhile needs no signal.
                let _ = kill_process(process.pid, Signal::TERM);
            }
        }
        let deadline = Instant::now() + END_MAX;
        for process in &mut self.0 {
            while process.is_running() {
                if Instant::now() > deadline {
                    output::progress(&format!("{} does not end, so it is killed", process.name));
                    let _ = kill_process(process.pid, Signal::KILL);
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// Ctrl-C or SIGTERM. Listened for before the first node starts: the nodes would not hear it, and
/// outlive this process.
pub(super) struct Interruption {
    runtime: tokio::runtime::Runtime,
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Interruption {
    pub(super) fn listen() -> anyhow::Result<Interruption> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let context = runtime.enter();
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        drop(context);
        Ok(Interruption { runtime, interrupt, terminate })
    }

    /// Waits that long for it; says whether it came.
    pub(super) fn comes_within(&mut self, time: Duration) -> bool {
        let Interruption { runtime, interrupt, terminate } = self;
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => true,
                _ = terminate.recv() => true,
                () = tokio::time::sleep(time) => false,
            }
        })
    }
}

/// The process of a node's home, if it runs.
pub(super) fn running(home: &Path) -> Option<Pid> {
    let text = fs::read_to_string(pid_path(home)).ok()?;
    let pid = Pid::from_raw(text.trim().parse().ok()?)?;
    test_kill_process(pid).ok()?;
    // The number may have gone to another program since. Where that cannot be seen, it counts.
    let command = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero()));
    let home = home.canonicalize().ok()?;
    let ours = |command: Vec<u8>| {
        let mut words = command.split(|byte| *byte == 0);
        words.any(|word| word == home.as_os_str().as_encoded_bytes())
    };
    command.map_or(true, ours).then_some(pid)
}

fn pid_path(home: &Path) -> PathBuf {
    home.join("pid")
}
