//! What the whole process costs: against a simulated Discord over real sockets, each side in a process of its own.
//!
//! `cargo bench --bench gateway` measures everything; `cargo bench --bench gateway -- cpu memory` only what is named:
//! `cpu`, `rate`, `flat`, `memory`, `card`, `start`, `rank`, `reads`, `doors`, `presence`. `BENCH_INNKEEPER` names
//! another build of the binary (the one for musl, say), `BENCH_BARE_SERENITY` a yardstick that is built already.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a bench that cannot go on ends")]

mod presence;
mod process;
mod reads;

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use innkeeper::model::{Clock, Timestamp, UserId};
use innkeeper::sim::{Firehose, Inn, Poured, Sim, SimConfig, Stream};
use process::{Bare, Folder, Innkeeper, built, get, wait};

/// As in the binary: with musl's own, the simulation is slower than what is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Authors who take turns a millisecond apart: each writes every six seconds and earns once a minute.
const AUTHORS: usize = 6_000;
const APART: Duration = Duration::from_millis(1);
/// A frame is about 1 KB with it.
const TEXT_CHARS: usize = 420;
/// Everybody's clock in the simulation begins here, far enough in the past for every message.
const BEGIN_MS: i64 = 1_780_000_000_000;
const MB: f64 = 1e6;

fn main() {
    let named: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    println!("{} ({:.2} MB)", built().display(), built().metadata().expect("the binary").len() as f64 / MB);
    runtime.block_on(async {
        if wanted("start") {
            start().await;
        }
        if wanted("memory") {
            memory(1_000).await;
            memory(10_000).await;
        }
        if wanted("card") {
            card().await;
        }
        if wanted("rank") {
            rank(false).await;
            rank(true).await;
        }
        if wanted("reads") {
            reads::reads().await;
        }
        if wanted("doors") {
            doors().await;
        }
        if wanted("presence") {
            presence::presence().await;
        }
        if wanted("cpu") {
            cpu().await;
        }
        for rate in [20_000, 46_000] {
            if wanted("rate") {
                sustained(rate).await;
            }
        }
        if wanted("flat") {
            flat().await;
        }
    });
}

async fn open(members: usize) -> (Sim, Inn) {
    let clock = Clock::hand(Timestamp::from_ms(BEGIN_MS));
    let config = SimConfig { clock, rate_limits: false, expects_heartbeats: false, ..SimConfig::default() };
    let sim = Sim::start(config).await.expect("a simulated Discord");
    sim.faults().set_identify_gap(Duration::ZERO);
    let inn = Inn::furnish(&mut sim.world(), members);
    (sim, inn)
}

/// Texts that repeat as little as what people write, so that they do not compress to nothing.
fn texts() -> Vec<String> {
    let mut dice = fastrand::Rng::with_seed(7);
    let words: Vec<String> =
        (0..3_000).map(|_| (0..dice.usize(2..9)).map(|_| dice.lowercase()).collect::<String>()).collect();
    let mut text = || {
        let mut text = String::new();
        while text.len() < TEXT_CHARS {
            text.push_str(&words[dice.usize(0..words.len()).min(dice.usize(0..words.len()))]);
            text.push(' ');
        }
        text
    };
    (0..AUTHORS).map(|_| text()).collect()
}

fn stream(inn: &Inn, count: u64, per_second: Option<u64>) -> Firehose {
    let what = Stream::Messages;
    Firehose {
        what,
        channel: inn.general,
        authors: inn.members.clone(),
        texts: texts(),
        count,
        per_second,
        apart: APART,
    }
}

/// Lets everybody write once, a tenth of them after another, so that from then on every tenth message earns.
async fn warm_up(sim: &Sim, inn: &Inn, innkeeper: &Innkeeper) {
    for tenth in 0..10 {
        let authors: Vec<UserId> = inn.members.iter().copied().skip(tenth).step_by(10).collect();
        let (count, apart) = (authors.len() as u64, APART * 10);
        let plan = Firehose { authors, apart, ..stream(inn, count, Some(3_000)) };
        pour(sim, innkeeper, plan).await;
    }
}

fn run(sim: &Sim, folder: &Folder) -> Innkeeper {
    let innkeeper = Innkeeper::start(sim, folder, &[]);
    innkeeper.ready();
    innkeeper
}

/// Pours, waits until the writer has come to the last message, and tells CPU time, and time on the wall from the first
/// message to the last.
async fn pour(sim: &Sim, innkeeper: &Innkeeper, plan: Firehose) -> (u64, Duration, Poured) {
    let seen = innkeeper.metric("innkeeper_messages_total");
    let awards = innkeeper.metric("innkeeper_xp_awards_total");
    let (count, begun, cpu) = (plan.count as f64, Instant::now(), innkeeper.cpu_us());
    let poured = match sim.firehose(plan).await {
        Ok(poured) => poured,
        Err(why) => panic!("{why} (after {:.0} messages)", innkeeper.metric("innkeeper_messages_total") - seen),
    };
    wait(Duration::from_millis(50), || {
        let came = innkeeper.metric("innkeeper_messages_total") - seen;
        let earned = innkeeper.metric("innkeeper_xp_awards_total") - awards;
        (came >= count && earned >= count * 0.098).then_some(())
    });
    (innkeeper.cpu_us() - cpu, begun.elapsed(), poured)
}

/// CPU time for each message, beside that of a client that only counts: in a busy guild, and of all that Discord has.
async fn cpu() {
    let yardstick = Bare::build();
    for (count, per_second) in [(60_000, 5_000), (460_000, 46_000)] {
        let (sim, inn) = open(AUTHORS).await;
        let bare = Bare::start(&yardstick, &sim, count);
        sim.connected().await;
        sim.firehose(stream(&inn, count, Some(per_second))).await.expect("all is poured");
        let bare = bare.finish() as f64 / count as f64;
        let (sim, inn) = open(AUTHORS).await;
        let folder = Folder::new();
        let innkeeper = run(&sim, &folder);
        warm_up(&sim, &inn, &innkeeper).await;
        let (cpu, wall, poured) = pour(&sim, &innkeeper, stream(&inn, count, Some(per_second))).await;
        let ours = cpu as f64 / count as f64;
        println!(
            "{count} messages of {} bytes, {per_second}/s: {ours:.2} µs CPU each, bare serenity {bare:.2} µs: {:.2} times \
             as much; {:.0}/s on the wall",
            poured.bytes / poured.frames,
            ours / bare,
            count as f64 / wall.as_secs_f64()
        );
        println!("  CPU by thread: {}", by_thread(&innkeeper));
    }
}

fn by_thread(innkeeper: &Innkeeper) -> String {
    let mut threads = innkeeper.threads();
    threads.sort_by_key(|(_, us)| std::cmp::Reverse(*us));
    let shown = threads.iter().take(4).map(|(name, us)| format!("{name} {:.2} s", *us as f64 / 1e6));
    shown.collect::<Vec<_>>().join(", ")
}

/// Whether so many messages a second are taken for a while, and with how much of the computer.
async fn sustained(per_second: u64) {
    let (sim, inn) = open(AUTHORS).await;
    let folder = Folder::new();
    let innkeeper = run(&sim, &folder);
    warm_up(&sim, &inn, &innkeeper).await;
    let (cpu, wall, poured) = pour(&sim, &innkeeper, stream(&inn, per_second * 10, Some(per_second))).await;
    println!(
        "{per_second}/s asked for, {:.0}/s poured, {:.2} cores, {:.2} µs CPU each, at most {:.1} MB",
        poured.frames as f64 / poured.took.as_secs_f64(),
        cpu as f64 / wall.as_micros() as f64,
        cpu as f64 / poured.frames as f64,
        innkeeper.resident_peak() as f64 / MB
    );
}

/// As many messages as all of Discord has, and what becomes of the memory meanwhile.
async fn flat() {
    const ROUNDS: usize = 8;
    const COUNT: u64 = 180_000;
    const PER_SECOND: u64 = 46_000;
    let (sim, inn) = open(AUTHORS).await;
    let folder = Folder::new();
    let innkeeper = run(&sim, &folder);
    warm_up(&sim, &inn, &innkeeper).await;
    let mut before = innkeeper.resident();
    println!("before the stream: {:.1} MB", before as f64 / MB);
    for round in 1..=ROUNDS {
        let (cpu, wall, _) = pour(&sim, &innkeeper, stream(&inn, COUNT, Some(PER_SECOND))).await;
        let now = innkeeper.resident();
        println!(
            "round {round}: {COUNT} messages, {:.0}/s, {:.2} cores, {:.1} MB ({:+.1})",
            COUNT as f64 / wall.as_secs_f64(),
            cpu as f64 / wall.as_micros() as f64,
            now as f64 / MB,
            (now as f64 - before as f64) / MB
        );
        before = now;
    }
    println!("at most {:.1} MB; CPU by thread: {}", innkeeper.resident_peak() as f64 / MB, by_thread(&innkeeper));
}

/// Memory in use when nothing happens, in a guild of so many members.
async fn memory(members: usize) {
    for everything in [false, true] {
        let (sim, inn) = open(members).await;
        let folder = Folder::new();
        // Level roles need the intent for members, with which Discord sends more of them.
        let roles = format!("[{{level=5, role=\"{}\"}}]", inn.level_5);
        let settings = [("INNKEEPER_LEVELS__ROLE", roles.as_str())];
        let innkeeper = Innkeeper::start(&sim, &folder, if everything { &settings } else { &[] });
        innkeeper.ready();
        sim.connected().await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let (fresh, pages) = (innkeeper.resident(), innkeeper.resident_file());
        let mut plan = stream(&inn, members as u64 * 10, Some(5_000));
        plan.apart = Duration::from_millis(6_000 / members as u64);
        sim.firehose(plan).await.expect("all is poured");
        tokio::time::sleep(Duration::from_secs(12)).await;
        println!(
            "a guild of {members}{}: {:.1} MB idle ({:.1} MB of it the binary's pages), {:.1} MB idle after ten messages of everybody, at most {:.1} MB",
            if everything { " with level roles" } else { "" },
            fresh as f64 / MB,
            pages as f64 / MB,
            innkeeper.resident() as f64 / MB,
            innkeeper.resident_peak() as f64 / MB
        );
    }
}

/// The first picture of a process: what the fonts and the renderer take, and how long the first member waits for them.
async fn card() {
    let (sim, inn) = open(1_000).await;
    let folder = Folder::new();
    let innkeeper = run(&sim, &folder);
    sim.until(|world| world.slash(inn.bot_commands, inn.admin, "ping", &[]).ok()).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = innkeeper.resident();
    for (nth, asker) in inn.members.iter().take(3).enumerate() {
        let begun = Instant::now();
        let id = sim.world().slash(inn.bot_commands, *asker, "rank", &[]).expect("a command");
        let answer = sim.until(|world| world.finished_answer(id)).await;
        let took = begun.elapsed();
        assert!(answer.message.is_some_and(|message| message.attachments.len() == 1), "it is a picture");
        tokio::time::sleep(Duration::from_secs(3)).await;
        println!(
            "card {}: {:.0} ms from the command to the answer; {:.1} MB idle after it, {:.1} MB before the first",
            nth + 1,
            took.as_secs_f64() * 1e3,
            innkeeper.resident() as f64 / MB,
            before as f64 / MB
        );
    }
}

/// From the start of the process until `/readyz` says 200.
async fn start() {
    const TIMES: usize = 15;
    let (sim, _) = open(1_000).await;
    let fresh = (0..TIMES).map(|_| Innkeeper::start(&sim, &Folder::new(), &[]).ready()).collect();
    let folder = Folder::new();
    run(&sim, &folder).stop();
    let again = (0..TIMES).map(|_| restart(&sim, &folder)).collect();
    println!("start to serving, new database: {}", spread(fresh));
    println!("start to serving, resuming after a stop: {}", spread(again));
}

fn restart(sim: &Sim, folder: &Folder) -> Duration {
    let innkeeper = Innkeeper::start(sim, folder, &[]);
    let ready = innkeeper.ready();
    innkeeper.stop();
    ready
}

/// From a member's `/rank` to the finished answer at Discord, in a busy guild: in words, and as a picture.
async fn rank(card: bool) {
    const SECONDS: u64 = 20;
    const PER_SECOND: u64 = 500;
    let (sim, inn) = open(AUTHORS).await;
    let folder = Folder::new();
    let innkeeper = Innkeeper::start(&sim, &folder, &[("INNKEEPER_LEVELS__CARD", &card.to_string())]);
    innkeeper.ready();
    sim.until(|world| world.slash(inn.bot_commands, inn.admin, "rank", &[]).ok()).await;
    pour(&sim, &innkeeper, stream(&inn, AUTHORS as u64, Some(2_000))).await;
    let ask = async {
        let mut times = Vec::new();
        for asker in inn.members.iter().take(20 * SECONDS as usize) {
            tokio::time::sleep(Duration::from_millis(45)).await;
            times.push(ask(&sim, &inn, *asker).await);
        }
        times
    };
    let (times, poured) = tokio::join!(ask, sim.firehose(stream(&inn, PER_SECOND * SECONDS, Some(PER_SECOND))));
    poured.expect("all is poured");
    let answer = if card { "as a picture" } else { "in words" };
    println!("/rank {answer} while {PER_SECOND} messages/s come in: {}", spread(times));
}

async fn ask(sim: &Sim, inn: &Inn, asker: UserId) -> Duration {
    let begun = Instant::now();
    let id = sim.world().slash(inn.bot_commands, asker, "rank", &[]).expect("a command");
    sim.until(|world| world.finished_answer(id)).await;
    begun.elapsed()
}

/// A thousand sockets that begin a request and never end it, at each door.
async fn doors() {
    let (sim, _) = open(1_000).await;
    let folder = Folder::new();
    let innkeeper = run(&sim, &folder);
    tokio::time::sleep(Duration::from_secs(3)).await;
    for (name, address) in [("pages", innkeeper.pages), ("lamp", innkeeper.lamp)] {
        for _ in 0..20 {
            get(address, "/");
        }
        let before = innkeeper.resident();
        let mut kept = Vec::new();
        for _ in 0..1_000 {
            if let Ok(mut socket) = TcpStream::connect(address) {
                let _ = socket.write_all(b"GET / HTTP/1.1\r\nHost: loc");
                kept.push(socket);
            }
        }
        let times = (0..100).map(|_| served(address)).collect();
        let after = innkeeper.resident();
        println!(
            "{name}: {} half-open sockets, memory {:+.2} MB; a good client meanwhile: {}",
            kept.len(),
            (after as f64 - before as f64) / MB,
            spread(times)
        );
    }
}

fn served(address: std::net::SocketAddr) -> Duration {
    let begun = Instant::now();
    let answer = get(address, "/").expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    begun.elapsed()
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part).round() as usize].as_secs_f64() * 1e3;
    format!(
        "median {:.1} ms, 99 % within {:.1} ms, slowest {:.1} ms ({} times)",
        at(0.5),
        at(0.99),
        at(1.0),
        times.len()
    )
}
