//! Messages poured over a session as fast as it takes them, made from templates: for measuring, not for stories.
//!
//! The world does not remember these messages, and a resumed session is not given them again.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::model::{ChannelId, MessageId, UserId};
use crate::sim::world::{Message, World};

/// Frames made between two looks at the socket's other side.
const BATCH_FRAMES: u64 = 512;

/// Where an id goes in a template.
const ID_MARK: &str = "00000000000000000000";

/// What to pour.
#[derive(Debug, Clone)]
pub struct Firehose {
    pub channel: ChannelId,
    /// They take turns.
    pub authors: Vec<UserId>,
    /// Their words, one text for each in turn: only different ones are as hard to compress as real ones.
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
        let authors = self.plan.authors.iter().zip(texts);
        self.templates = authors.map(|(author, text)| template(world, self.plan.channel, *author, text)).collect();
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
        text.push_str("{\"t\":\"MESSAGE_CREATE\",\"s\":");
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
fn template(world: &mut World, channel: ChannelId, author: UserId, text: &str) -> (String, String) {
    let id: MessageId = world.id();
    let guild = world.channel(channel).and_then(|channel| channel.guild);
    let message = Message::plain(id, channel, guild, author, text, 0);
    let mut json = world.message_event_json(&message);
    json["id"] = ID_MARK.into();
    let text = json.to_string();
    let (head, tail) = text.split_once(ID_MARK).unwrap_or((&text, ""));
    (head.to_owned(), tail.to_owned())
}
