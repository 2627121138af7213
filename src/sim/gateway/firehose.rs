//! Messages, or presences, poured over a session as fast as it takes them, made from templates: for measuring, not for
//! stories.
//!
//! The world does not remember them, and a resumed session is not given them again.

use std::time::Duration;

use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::model::{ChannelId, MessageId, UserId};
use crate::sim::world::{Message, World};

/// Frames made between two looks at the socket's other side.
const BATCH_FRAMES: u64 = 512;

/// Where an id goes in a template.
const ID_MARK: &str = "00000000000000000000";

/// What is poured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// What somebody wrote.
    Messages,
    /// How somebody is there: each turn in another way than the turn before, unless they are a multiple of three.
    Presences,
}

impl Stream {
    const fn event(self) -> &'static str {
        match self {
            Self::Messages => "MESSAGE_CREATE",
            Self::Presences => "PRESENCE_UPDATE",
        }
    }
}

/// What to pour.
#[derive(Debug, Clone)]
pub struct Firehose {
    pub what: Stream,
    pub channel: ChannelId,
    /// They take turns.
    pub authors: Vec<UserId>,
    /// Their words, or what they say of themselves, one text for each in turn: only different ones are as hard to
    /// compress as real ones.
    pub texts: Vec<String>,
    pub count: u64,
    /// So many a second of real time; none is as fast as it goes.
    pub per_second: Option<u64>,
    /// How far the messages' own times lie apart.
    pub apart: Duration,
}

/// What was poured.
#[derive(Debug, Clone, Copy)]
pub struct Poured {
    pub frames: u64,
    pub bytes: u64,
    pub took: Duration,
}

/// A firehose on its way to a connection.
pub(in crate::sim) struct Blast {
    plan: Firehose,
    done: Option<oneshot::Sender<Poured>>,
    templates: Vec<(String, String)>,
    first_id: u64,
    /// Of the present batch's next frame.
    sequence: u64,
    made: u64,
    batch_ends: u64,
    bytes: u64,
    began: Instant,
}

impl Blast {
    pub fn new(plan: Firehose) -> (Self, oneshot::Receiver<Poured>) {
        let (done, report) = oneshot::channel();
        let blast = Self {
            plan,
            done: Some(done),
            templates: Vec::new(),
            first_id: 0,
            sequence: 0,
            made: 0,
            batch_ends: 0,
            bytes: 0,
            began: Instant::now(),
        };
        (blast, report)
    }

    /// Makes the templates, and reserves ids.
    pub fn begin(mut self, world: &mut World) -> Self {
        let step = self.step();
        let texts = self.plan.texts.iter().map(String::as_str).cycle();
        let authors = self.plan.authors.iter().zip(texts).enumerate();
        let template = |(turn, (author, text)): (usize, (&UserId, &str))| match self.plan.what {
            Stream::Messages => message(world, self.plan.channel, *author, text),
            Stream::Presences => presence(world, self.plan.channel, *author, text, turn),
        };
        self.templates = authors.map(template).collect();
        self.first_id = world.reserve_ids(self.plan.count.saturating_mul(step));
        self.began = Instant::now();
        self
    }

    /// How far two ids lie apart.
    fn step(&self) -> u64 {
        ((self.plan.apart.as_millis() as u64) << 22).max(1)
    }

    /// When the next batch may go out.
    pub fn due(&self) -> Instant {
        let ahead = self.plan.per_second.map(|rate| Duration::from_secs_f64(self.made as f64 / rate.max(1) as f64));
        self.began + ahead.unwrap_or_default()
    }

    /// Begins a batch: reserves its sequence numbers.
    pub fn begin_batch(&mut self, world: &mut World, session: &str) {
        let batch = self.plan.per_second.map_or(BATCH_FRAMES, |rate| (rate / 100).clamp(1, BATCH_FRAMES));
        let batch = batch.min(self.plan.count - self.made);
        self.batch_ends = self.made + batch;
        self.sequence = world.reserve_sequences(session, batch);
    }

    /// The next frame, unless the batch is over.
    pub fn next_of_batch(&mut self) -> Option<String> {
        if self.made >= self.batch_ends || self.templates.is_empty() {
            return None;
        }
        let (head, tail) = &self.templates[self.made as usize % self.templates.len()];
        let mut text = String::with_capacity(head.len() + tail.len() + 96);
        text.push_str("{\"t\":\"");
        text.push_str(self.plan.what.event());
        text.push_str("\",\"s\":");
        text.push_str(&self.sequence.to_string());
        text.push_str(",\"op\":0,\"d\":");
        text.push_str(head);
        text.push_str(&(self.first_id + self.made * self.step()).to_string());
        text.push_str(tail);
        text.push('}');
        self.made += 1;
        self.sequence += 1;
        self.bytes += text.len() as u64;
        Some(text)
    }

    /// The rest of it, or none and the report when all is poured.
    pub fn go_on(mut self) -> Option<Self> {
        if self.made < self.plan.count && !self.templates.is_empty() {
            return Some(self);
        }
        if let Some(done) = self.done.take() {
            let _ = done.send(Poured { frames: self.made, bytes: self.bytes, took: self.began.elapsed() });
        }
        None
    }
}

/// A message event of this author's, cut at the place of its id.
fn message(world: &mut World, channel: ChannelId, author: UserId, text: &str) -> (String, String) {
    let id: MessageId = world.id();
    let guild = world.channel(channel).and_then(|channel| channel.guild);
    let message = Message::plain(id, channel, guild, author, text, 0);
    let mut json = world.message_event_json(&message);
    json["id"] = ID_MARK.into();
    cut(&json.to_string())
}

/// A presence of this member's, with as much around it as Discord writes. The user stands first, as there.
fn presence(world: &World, channel: ChannelId, member: UserId, text: &str, turn: usize) -> (String, String) {
    let guild = world.channel(channel).and_then(|channel| channel.guild);
    let status = ["online", "idle", "dnd"][turn % 3];
    let activities = json!([
        {"id": "custom", "name": "Custom Status", "type": 4, "state": text, "created_at": 1_780_000_000_000_i64},
        {"id": "ec0b28a579ecb4bd", "name": "Chess", "type": 0, "created_at": 1_780_000_000_000_i64, "details": "Blitz",
            "state": "In a game", "application_id": "367827983903490050", "session_id": ID_MARK,
            "timestamps": {"start": 1_780_000_000_000_i64}, "assets": {"large_image": "371491", "large_text": "White"}},
    ]);
    let rest =
        json!({"status": status, "guild_id": guild, "client_status": {"desktop": status}, "activities": activities});
    let rest = rest.to_string();
    cut(&format!("{{\"user\":{{\"id\":\"{member}\"}},{}", rest.trim_start_matches('{')))
}

fn cut(text: &str) -> (String, String) {
    let (head, tail) = text.split_once(ID_MARK).unwrap_or((text, ""));
    (head.to_owned(), tail.to_owned())
}
