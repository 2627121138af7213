//! Presences of a large guild, nearly all of people whom nobody looks after.

use std::time::Duration;

use innkeeper::sim::{Firehose, Inn, Sim, Stream};

use super::process::{Folder, Innkeeper};
use super::{APART, by_thread, open};

const MEMBERS: usize = 10_000;
const STAFF: usize = 20;
const PER_SECOND: u64 = 5_000;
const COUNT: u64 = 20 * PER_SECOND;

/// CPU time while presences come in, as a part of a core.
pub async fn presence() {
    let (sim, inn) = open(MEMBERS).await;
    for staff in inn.members.iter().take(STAFF) {
        sim.world().give_role(inn.guild, *staff, inn.regular_role).expect("a role for the staff");
    }
    let folder = Folder::new();
    let roles = format!("[{{role=\"{}\", rank=\"Staff\", priority=1}}]", inn.regular_role);
    let innkeeper = Innkeeper::start(&sim, &folder, &[("INNKEEPER_ROSTER__ROLE", &roles)]);
    innkeeper.ready();
    ping(&sim, &inn).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let plan = Firehose {
        what: Stream::Presences,
        channel: inn.general,
        // Twice, so that each is there in another way the second time.
        authors: inn.members.iter().chain(&inn.members).copied().collect(),
        texts: (0..97).map(|nth| format!("behind the bar, mending chair number {nth}")).collect(),
        count: COUNT,
        per_second: Some(PER_SECOND),
        apart: APART,
    };
    let cpu = innkeeper.cpu_us();
    let poured = sim.firehose(plan).await.expect("all is poured");
    ping(&sim, &inn).await;
    let cpu = innkeeper.cpu_us() - cpu;
    println!(
        "{COUNT} presences of {} bytes in a guild of {MEMBERS}, {STAFF} of them staff: {:.0}/s, {:.1} % of a core, \
         {:.2} µs CPU each, at most {:.1} MB",
        poured.bytes / poured.frames,
        poured.frames as f64 / poured.took.as_secs_f64(),
        cpu as f64 * 100.0 / poured.took.as_micros() as f64,
        cpu as f64 / COUNT as f64,
        innkeeper.resident_peak() as f64 / 1e6
    );
    println!("  CPU by thread: {}", by_thread(&innkeeper));
}

/// What came before it is read once it is answered.
async fn ping(sim: &Sim, inn: &Inn) {
    let id = sim.until(|world| world.slash(inn.bot_commands, inn.owner, "ping", &[]).ok()).await;
    sim.until(|world| world.finished_answer(id)).await;
}
