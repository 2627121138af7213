//! Random evenings in voice, and what they are worth by rules that are written down a second time: from the whole
//! history of what was true and of when it was seen, cut into pieces in which nothing changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use innkeeper::bot::Bot;
use innkeeper::config::{Announce, Config, Voice as Switches};
use innkeeper::features::levels::voice::rules::{self, Kind, Mark, Seat};
use innkeeper::model::voice::VoiceMember;
use innkeeper::model::{Author, ChannelId, Clock, Event, Guild, GuildId, GuildOutline, UserId, Voice, VoiceFlags};
use innkeeper::status::Vitals;
use innkeeper::status::vitals::GatewayState;
use innkeeper::store::{Progress, SessionKey, Store, StoreSettings, Tx, Work};
use proptest::prelude::*;
use rusqlite::Connection;

use crate::support::{Folder, hand_clock};

const PEOPLE: usize = 5;
/// One more, who is a bot.
const BOT: usize = PEOPLE;
const CHANNELS: u64 = 3;
const MINUTE_MS: u64 = 60_000;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Deed {
    Wait(u64),
    /// Somebody is in this channel from now on, or in none.
    Place(usize, Option<(u64, [bool; 3])>),
    Afk(Option<u64>),
    Minute,
    /// An acknowledged heartbeat.
    Word,
    /// The connection dies; so much later the bot notices.
    Cut(u64),
    /// The session goes on, and brings everything that was missed.
    Resume,
    /// Another session begins: what was missed stays unknown, and who is in voice now is told.
    Renew,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let flag = || prop::bool::weighted(0.15);
    let place = (0..CHANNELS, [flag(), flag(), flag()]);
    let deed = prop_oneof![
        6 => (0_u64..100_000).prop_map(Deed::Wait),
        8 => (0..=BOT, prop::option::weighted(0.75, place)).prop_map(|(who, place)| Deed::Place(who, place)),
        1 => prop::option::of(0..CHANNELS).prop_map(Deed::Afk),
        4 => Just(Deed::Minute),
        3 => Just(Deed::Word),
        1 => (0_u64..90_000).prop_map(Deed::Cut),
        2 => Just(Deed::Resume),
        1 => Just(Deed::Renew),
    ];
    prop::collection::vec(deed, 1..80)
}

fn switches() -> impl Strategy<Value = Switches> {
    let odd = || prop::bool::weighted(0.2);
    (odd(), odd(), odd(), odd()).prop_map(|(count_muted, count_deafened, count_alone, count_afk)| Switches {
        count_muted,
        count_deafened,
        count_alone,
        count_afk,
    })
}

/// Everything that is true at a moment.
#[derive(Debug, Clone, PartialEq, Default)]
struct Truth {
    places: [Option<(u64, [bool; 3])>; PEOPLE + 1],
    afk: Option<u64>,
}

/// What the story remembers: how it was from when on, from when to when it was seen, and when sessions began.
#[derive(Default)]
struct History {
    truths: Vec<(u64, Truth)>,
    seen: Vec<(u64, u64)>,
    renewals: Vec<u64>,
}

impl History {
    /// Whole minutes that each person is to be paid for.
    fn minutes(&self, end: u64, switches: Switches) -> BTreeMap<usize, u64> {
        let mut cuts: Vec<u64> = self.truths.iter().map(|(at, _)| *at).chain([end]).collect();
        cuts.extend(self.seen.iter().flat_map(|(from, to)| [*from, *to]).chain(self.renewals.iter().copied()));
        cuts.sort_unstable();
        cuts.dedup();
        let mut minutes = BTreeMap::new();
        for who in 0..PEOPLE {
            let (mut paid, mut stay) = (0, 0);
            for piece in cuts.windows(2) {
                if self.renewals.contains(&piece[0]) || self.was_out_at(who, piece[0]) {
                    paid += stay / MINUTE_MS;
                    stay = 0;
                }
                let truth = &self.truths.iter().rev().find(|(at, _)| *at <= piece[0]).unwrap().1;
                let seen = self.seen.iter().any(|(from, to)| *from <= piece[0] && piece[1] <= *to);
                if seen && counts(truth, who, switches) {
                    stay += piece[1] - piece[0];
                }
            }
            minutes.insert(who, paid + stay / MINUTE_MS);
        }
        minutes
    }

    /// Whether somebody was out of voice at this moment, however short.
    fn was_out_at(&self, who: usize, at: u64) -> bool {
        let then = self.truths.iter().filter(|(since, _)| *since == at);
        let mut then = then.chain(self.truths.iter().rev().find(|(since, _)| *since <= at));
        then.any(|(_, truth)| truth.places[who].is_none())
    }
}

fn counts(truth: &Truth, who: usize, switches: Switches) -> bool {
    let Some((channel, [mute, deaf, suppress])) = truth.places[who] else { return false };
    let others = (0..PEOPLE).filter(|other| *other != who);
    let company = others.filter(|other| truth.places[*other].is_some_and(|(theirs, _)| theirs == channel)).count();
    let heard = match (deaf, mute) {
        (true, _) => switches.count_deafened,
        (false, true) => switches.count_muted,
        (false, false) => true,
    };
    heard
        && (switches.count_muted || !suppress)
        && (switches.count_alone || company > 0)
        && (switches.count_afk || truth.afk != Some(channel))
}

fn guild() -> GuildId {
    GuildId::new(100).unwrap()
}

fn user(who: usize) -> UserId {
    UserId::new(1_000 + who as u64).unwrap()
}

fn channel(number: u64) -> ChannelId {
    ChannelId::new(200 + number).unwrap()
}

impl Truth {
    fn voice(&self, who: usize) -> Voice {
        let author = Author { id: user(who), name: format!("m{who}"), avatar: None, bot: who == BOT };
        let [muted, deafened, suppressed] = self.places[who].map_or([false; 3], |(_, flags)| flags);
        Voice {
            user: user(who),
            channel: self.places[who].map(|(number, _)| channel(number)),
            flags: VoiceFlags { muted, deafened, suppressed },
            member: Some(VoiceMember { author, roles: Vec::new() }),
        }
    }

    fn outline(&self) -> Event {
        let name = "Inn".to_owned();
        Event::GuildChanged(GuildOutline { id: guild(), name, owner: user(0), afk_channel: self.afk.map(channel) })
    }

    fn guild(&self) -> Event {
        Event::GuildSeen(Box::new(Guild {
            id: guild(),
            name: "Inn".to_owned(),
            owner: user(0),
            member_count: 6,
            my_roles: Vec::new(),
            roles: Vec::new(),
            channels: Vec::new(),
            afk_channel: self.afk.map(channel),
            voices: (0..=BOT).filter(|who| self.places[*who].is_some()).map(|who| self.voice(who)).collect(),
            watched: Vec::new(),
        }))
    }
}

/// Who is told of the evening.
trait Listener {
    fn hear(&mut self, event: Event);
    fn minute(&mut self);
}

/// An evening under way.
struct Story<'a> {
    clock: &'a Clock,
    vitals: &'a Vitals,
    listener: &'a mut dyn Listener,
    history: History,
    truth: Truth,
    /// Since when the session is live, if it is.
    live_since: Option<u64>,
    last_word: u64,
    missed: Vec<Event>,
}

/// Lives through the deeds, and a last minute that settles everything.
fn live(deeds: &[Deed], clock: &Clock, vitals: &Vitals, listener: &mut dyn Listener) -> History {
    let (history, truth) = (History::default(), Truth::default());
    let mut story =
        Story { clock, vitals, listener, history, truth, live_since: None, last_word: 0, missed: Vec::new() };
    let last = [Deed::Renew, Deed::Word, Deed::Minute];
    [Deed::Renew].iter().chain(deeds).chain(&last).for_each(|deed| story.act(deed));
    story.history.seen.extend(story.live_since.map(|since| (since, story.last_word)));
    story.history
}

impl Story<'_> {
    fn now(&self) -> u64 {
        self.clock.monotonic().as_millis() as u64
    }

    fn act(&mut self, deed: &Deed) {
        match *deed {
            Deed::Wait(ms) => self.clock.advance(Duration::from_millis(ms)),
            Deed::Minute => self.listener.minute(),
            Deed::Place(who, place) => {
                self.truth.places[who] = place;
                self.happen(Event::VoiceSeen { guild: guild(), voice: self.truth.voice(who) });
            }
            Deed::Afk(afk) => {
                self.truth.afk = afk;
                self.happen(self.truth.outline());
            }
            Deed::Word => {
                self.vitals.note_ack();
                self.last_word = self.now();
            }
            Deed::Cut(unnoticed) => {
                if self.end(GatewayState::Connected) {
                    self.clock.advance(Duration::from_millis(unnoticed));
                    self.vitals.set_gateway(GatewayState::BackingOff);
                }
            }
            Deed::Resume if self.live_since.is_some() => {}
            Deed::Resume => {
                std::mem::take(&mut self.missed).into_iter().for_each(|event| self.listener.hear(event));
                self.begin();
            }
            Deed::Renew => {
                // Even a live session may be followed by another one.
                self.end(GatewayState::Identifying);
                self.begin();
                self.missed.clear();
                self.listener.hear(Event::SessionBegan { guilds: vec![guild()] });
                self.listener.hear(self.truth.guild());
                self.history.renewals.push(self.now());
                self.history.truths.push((self.now(), self.truth.clone()));
            }
        }
    }

    /// The session is live.
    fn begin(&mut self) {
        self.vitals.set_gateway(GatewayState::Connected);
        (self.live_since, self.last_word) = (Some(self.now()), self.now());
    }

    /// It is no longer, whether or not the bot knows; false when it was not.
    fn end(&mut self, state: GatewayState) -> bool {
        let Some(since) = self.live_since.take() else { return false };
        self.history.seen.push((since, self.last_word));
        self.vitals.set_gateway(state);
        true
    }

    /// Something changed; the bot hears of it now or later.
    fn happen(&mut self, event: Event) {
        self.history.truths.push((self.now(), self.truth.clone()));
        if self.live_since.is_some() {
            self.vitals.note_dispatch();
            self.last_word = self.now();
            self.listener.hear(event);
        } else {
            self.missed.push(event);
        }
    }
}

/// The rules alone.
struct Alone<'a> {
    vitals: &'a Vitals,
    switches: Switches,
    seats: Vec<Seat>,
    afk: Option<ChannelId>,
    minutes: BTreeMap<UserId, u64>,
}

impl Alone<'_> {
    fn settle(&mut self) -> Mark {
        let watched = self.vitals.watched();
        let now = Mark { seen_ms: watched.seen.as_millis() as u64, missed_ms: watched.missed.as_millis() as u64 };
        for gained in rules::settle(&mut self.seats, now, &self.switches) {
            if gained.kind == Kind::Counted {
                *self.minutes.entry(self.seats[gained.seat].user).or_default() += gained.minutes;
            }
        }
        now
    }
}

impl Listener for Alone<'_> {
    fn hear(&mut self, event: Event) {
        let now = self.settle();
        match event {
            Event::VoiceSeen { voice, .. } => rules::seat(&mut self.seats, &voice, self.afk, now),
            Event::GuildChanged(outline) => {
                self.afk = outline.afk_channel;
                self.seats.iter_mut().for_each(|seat| seat.is_afk = Some(seat.channel) == outline.afk_channel);
            }
            Event::SessionBegan { .. } => self.seats.clear(),
            Event::GuildSeen(guild) => {
                self.afk = guild.afk_channel;
                guild.voices.iter().for_each(|voice| rules::seat(&mut self.seats, voice, self.afk, now));
            }
            _ => {}
        }
    }

    fn minute(&mut self) {
        self.settle();
    }
}

/// The whole engine over a real store.
struct Engine {
    bot: Bot,
    session: Arc<SessionKey>,
    sequence: u64,
}

impl Listener for Engine {
    fn hear(&mut self, event: Event) {
        self.sequence += 1;
        self.bot.observe(Some(event), Progress { session: self.session.clone(), sequence: self.sequence }).unwrap();
    }

    fn minute(&mut self) {
        // Now and then everything that is remembered is lost: the same is paid from what is stored.
        if self.sequence.is_multiple_of(2) {
            self.bot.store().submit(Box::new(Stumble)).unwrap();
        }
        self.bot.pass_minute();
    }
}

/// Work that fails after writing, so that its transaction's memory goes with it.
struct Stumble;

impl Work for Stumble {
    fn run(&mut self, tx: &Tx) -> innkeeper::model::Result<()> {
        tx.write()?.execute("DELETE FROM identify", ())?;
        Err(innkeeper::model::Refusal::new("no").into())
    }

    fn done(self: Box<Self>, _: innkeeper::model::Result<()>) {}
}

fn with_engine(deeds: &[Deed], switches: Switches) -> (BTreeMap<usize, u64>, BTreeMap<usize, u64>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (folder, clock) = (Folder::new(), hand_clock());
        let path = folder.file("a.db");
        let vitals = Vitals::new(clock.clone());
        let settings = StoreSettings { batch_rows: 7, batch_wait: Duration::from_secs(3_600) };
        let store = Store::open(&path, settings, vitals.clone()).unwrap();
        let mut config = Config::default();
        config.levels.voice = switches;
        (config.levels.daily_bonus, config.levels.streak_bonus) = (0, 0);
        config.levels.announce = Announce::Off;
        let bot = Bot::open(config, store.clone(), clock.clone(), vitals.clone()).await.unwrap();
        let session = Arc::new(SessionKey { id: "s".to_owned(), resume_url: "wss://x".to_owned() });
        let mut engine = Engine { bot, session, sequence: 0 };
        let history = live(deeds, &clock, &vitals, &mut engine);
        engine.bot.settle().await;
        store.close();
        let database = Connection::open(&path).unwrap();
        let sql = "SELECT user - 1000, sum(amount) / 10 FROM ledger WHERE what = 'voice' GROUP BY user";
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map((), |row| Ok((row.get::<_, i64>(0)? as usize, row.get::<_, i64>(1)? as u64)));
        let mut paid: BTreeMap<usize, u64> = (0..PEOPLE).map(|who| (who, 0)).collect();
        paid.extend(rows.unwrap().map(|row| row.unwrap()));
        (paid, history.minutes(clock.monotonic().as_millis() as u64, switches))
    })
}

fn with_rules(deeds: &[Deed], switches: Switches) -> (BTreeMap<usize, u64>, BTreeMap<usize, u64>) {
    let clock = hand_clock();
    let vitals = Vitals::new(clock.clone());
    let mut alone = Alone { vitals: &vitals, switches, seats: Vec::new(), afk: None, minutes: BTreeMap::new() };
    let history = live(deeds, &clock, &vitals, &mut alone);
    let paid = (0..PEOPLE).map(|who| (who, alone.minutes.get(&user(who)).copied().unwrap_or(0))).collect();
    (paid, history.minutes(clock.monotonic().as_millis() as u64, switches))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_paid_is_what_the_history_says(deeds in deeds(), switches in switches()) {
        let (paid, due) = with_rules(&deeds, switches);
        prop_assert_eq!(paid, due);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_pays_what_the_history_says(deeds in deeds(), switches in switches()) {
        let (paid, due) = with_engine(&deeds, switches);
        prop_assert_eq!(paid, due);
    }
}
