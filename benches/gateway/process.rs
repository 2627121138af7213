//! The processes that are measured, and what Linux tells of them.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use innkeeper::sim::Sim;

/// Between two looks at something that will come soon.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(120);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Of the clock ticks that `/proc` counts CPU time in.
const TICK_US: u64 = 10_000;

/// A folder that goes with its owner.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        let name = format!("innkeeper-bench-{}-{:x}", std::process::id(), fastrand::u64(..));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// `innkeeper run` as a process of its own, against a simulated Discord.
pub struct Innkeeper {
    child: Child,
    pub pages: SocketAddr,
    pub lamp: SocketAddr,
    started: Instant,
}

/// The binary that is measured: another build where `BENCH_INNKEEPER` names one.
pub fn built() -> PathBuf {
    std::env::var_os("BENCH_INNKEEPER").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_innkeeper")), PathBuf::from)
}

/// Copies the binary into a folder, as `install.sh` does. Of a file that a linker wrote in large pieces, Linux may map
/// two megabytes where a page is touched, which is nobody's use of memory.
pub fn install(folder: &Folder) -> PathBuf {
    let installed = folder.0.join("innkeeper");
    fs::copy(built(), &installed).expect("a copy of the binary");
    installed
}

impl Innkeeper {
    /// Starts it with its database in this folder. Further settings are variables of the environment.
    pub fn start(sim: &Sim, folder: &Folder, settings: &[(&str, &str)]) -> Self {
        let installed = folder.0.join("innkeeper");
        let binary = if installed.exists() { installed } else { install(folder) };
        let (pages, lamp) = (free_address(), free_address());
        let started = Instant::now();
        let child = Command::new(binary)
            .args(["run", "--log", "warn"])
            .current_dir(&folder.0)
            .env("DISCORD_BOT_TOKEN", sim.token())
            .env("INNKEEPER_DISCORD__API_URL", sim.api_url())
            .env("INNKEEPER_STORE__PATH", folder.0.join("innkeeper.db"))
            .env("INNKEEPER_HTTP__LISTEN", pages.to_string())
            .env("INNKEEPER_LAMP__LISTEN", lamp.to_string())
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .spawn()
            .expect("innkeeper starts");
        Self { child, pages, lamp, started }
    }

    /// Waits until it serves, and tells how long that took from its start.
    pub fn ready(&self) -> Duration {
        wait(LOOK_EVERY, || get(self.pages, "/readyz").filter(|answer| answer.starts_with("HTTP/1.1 200")));
        self.started.elapsed()
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        assert!(asked.is_ok_and(|status| status.success()), "it is asked to end");
        let _ = self.child.wait();
    }

    /// A metric of one number.
    pub fn metric(&self, name: &str) -> f64 {
        let page = get(self.pages, "/metrics").expect("metrics");
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.trim().parse().ok()).unwrap_or_else(|| panic!("{name} in {page}"))
    }

    /// CPU time so far, in microseconds.
    pub fn cpu_us(&self) -> u64 {
        let stat = self.proc("stat");
        let after = stat.rsplit(')').next().expect("the fields after the name");
        let fields: Vec<u64> = after.split_whitespace().skip(11).take(2).filter_map(|n| n.parse().ok()).collect();
        fields.iter().sum::<u64>() * TICK_US
    }

    /// CPU time of each thread by its name, in microseconds.
    pub fn threads(&self) -> Vec<(String, u64)> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("threads");
        let stats = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("stat")).ok());
        stats
            .filter_map(|stat| {
                let (head, after) = stat.rsplit_once(')')?;
                let fields = after.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok());
                Some((head.split_once('(')?.1.to_owned(), fields.sum::<u64>() * TICK_US))
            })
            .collect()
    }

    /// Memory in use, in bytes.
    pub fn resident(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The part of it that is the binary's own pages, which Linux can drop and read again.
    pub fn resident_file(&self) -> u64 {
        self.status("RssFile:")
    }

    /// The most memory that was ever in use, in bytes.
    pub fn resident_peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    fn status(&self, field: &str) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("the field");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib * 1024
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).expect("Linux, and a process that lives")
    }
}

impl Drop for Innkeeper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A serenity client that only counts, as a process of its own.
pub struct Bare(Child, BufReader<std::process::ChildStdout>);

impl Bare {
    /// Builds the crate beside this bench and returns its binary; `BENCH_BARE_SERENITY` may name one that is there.
    pub fn build() -> PathBuf {
        if let Some(path) = std::env::var_os("BENCH_BARE_SERENITY") {
            return PathBuf::from(path);
        }
        let krate = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/bare-serenity");
        let target = krate.join("target");
        let built = Command::new("cargo")
            .args(["build", "--release", "--locked"])
            .current_dir(&krate)
            .env("CARGO_TARGET_DIR", &target)
            .status();
        assert!(built.is_ok_and(|status| status.success()), "bare-serenity does not build");
        target.join("release/bare-serenity")
    }

    /// Starts it, and waits until it is connected.
    pub fn start(binary: &Path, sim: &Sim, messages: u64) -> Self {
        let mut child = Command::new(binary)
            .args([&sim.api_url(), &messages.to_string(), &sim.token()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("bare-serenity starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        lines.read_line(&mut line).expect("a line");
        assert_eq!(line.trim(), "ready");
        Self(child, lines)
    }

    /// Waits until it has counted all messages, and tells what they cost in CPU time, in microseconds.
    pub fn finish(mut self) -> u64 {
        let mut report = String::new();
        self.1.read_to_string(&mut report).expect("a report");
        let _ = self.0.wait();
        let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
        report["cpu_us"].as_u64().expect("a number")
    }
}

/// Looks until something is there.
pub fn wait<T>(every: Duration, mut find: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "it does not come");
        std::thread::park_timeout(every);
    }
}

/// The whole answer to a GET, if one came.
pub fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(ANSWER_WITHIN)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn free_address() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a free port")
}
