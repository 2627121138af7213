//! A bot that only counts messages: serenity's own client, without cache, framework or features of ours.
//!
//! usage: bare-serenity API_URL MESSAGES [TOKEN]
//!
//! It connects to the gateway that API_URL names, prints `ready` at READY, and after so many messages one line of JSON:
//! how many there were and what they cost in CPU time (the whole process, from READY on) and in time on the wall.

use std::env;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serenity::all::{ClientBuilder, Context, EventHandler, GatewayIntents, HttpBuilder, Message, Ready};
use serenity::async_trait;
use tokio::sync::mpsc;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Counter {
    wanted: u64,
    seen: AtomicU64,
    /// CPU and wall at READY.
    began: Mutex<Option<(Duration, Instant)>>,
    finished: mpsc::Sender<String>,
}

#[async_trait]
impl EventHandler for Counter {
    async fn ready(&self, _: Context, _: Ready) {
        self.began.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert((cpu(), Instant::now()));
        println!("ready");
    }

    async fn message(&self, _: Context, _: Message) {
        if self.seen.fetch_add(1, Ordering::Relaxed) + 1 == self.wanted {
            let began = *self.began.lock().unwrap_or_else(PoisonError::into_inner);
            let (cpu_began, wall_began) = began.unwrap_or((Duration::ZERO, Instant::now()));
            let cpu = (cpu() - cpu_began).as_micros();
            let wall = wall_began.elapsed().as_micros();
            let line = format!(
                "{{\"messages\": {wanted}, \"cpu_us\": {cpu}, \"wall_us\": {wall}, \"cpu_us_per_message\": {each:.2}}}",
                wanted = self.wanted,
                each = cpu as f64 / self.wanted as f64
            );
            // Nobody listens any more only when the process already ends.
            let _ = self.finished.send(line).await;
        }
    }
}

/// What the process has used of all cores.
fn cpu() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(spent.tv_sec.unsigned_abs(), u32::try_from(spent.tv_nsec).unwrap_or(0))
}

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let (Some(api_url), Some(Ok(wanted))) = (words.first(), words.get(1).map(|word| word.parse())) else {
        eprintln!("usage: bare-serenity API_URL MESSAGES [TOKEN]");
        return ExitCode::from(2);
    };
    let token = words.get(2).map_or("MTIz.bench.token", String::as_str);
    // serenity asks the proxy only without its limiter.
    let http = HttpBuilder::new(token).proxy(api_url).ratelimiter_disabled(true).build();
    let intents = GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::MESSAGE_CONTENT;
    let (finished, mut lines) = mpsc::channel(1);
    let counter = Counter { wanted, seen: AtomicU64::new(0), began: Mutex::new(None), finished };
    let mut client = match ClientBuilder::new_with_http(http, intents).event_handler(counter).await {
        Ok(client) => client,
        Err(error) => return failed(&error.to_string()),
    };
    tokio::select! {
        ended = client.start() => match ended {
            Ok(()) => failed("the client ended"),
            Err(error) => failed(&error.to_string()),
        },
        Some(line) = lines.recv() => {
            println!("{line}");
            ExitCode::SUCCESS
        }
    }
}

fn failed(why: &str) -> ExitCode {
    eprintln!("bare-serenity: {why}");
    ExitCode::FAILURE
}
