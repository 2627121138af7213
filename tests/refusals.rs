//! What Discord may say to whatever the bot wants done, one by one: every refusal, every limit, every way to say
//! nothing. The answer and the record tell the truth, nothing stays half done, and it can be done or called off
//! afterwards.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use house::{House, Running};
use innkeeper::bot::BoxFuture;
use innkeeper::config::LevelRole;
use innkeeper::gateway::{Https, Reply, Request, Tempo, Unreachable, Wire};
use innkeeper::model::UserId;
use innkeeper::sim::world::permissions::VIEW_AUDIT_LOG;
use innkeeper::sim::world::{Input, RoleSpec};
use innkeeper::sim::{Act, Fate, Response};
use rusqlite::{Connection, OptionalExtension};

/// What the bot is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Warn,
    Timeout,
    Untimeout,
    Kick,
    Ban,
    Unban,
    Softban,
    BanEnd,
    Modlog,
    LevelUp,
    LevelRole,
}

/// What Discord says to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Refusal(u16, u32),
    Limit { global: bool },
    Outage(u16),
    Page(u16),
    CutBefore,
    CutAfter,
    LateError,
}

const NOT_HERE: Fault = Fault::Refusal(404, 10_007);
const NOT_BANNED: Fault = Fault::Refusal(404, 10_026);

const REFUSALS: [Fault; 11] = [
    Fault::Refusal(403, 50_013),
    Fault::Refusal(403, 50_001),
    Fault::Refusal(404, 10_003),
    NOT_HERE,
    Fault::Refusal(404, 10_008),
    Fault::Refusal(404, 10_011),
    Fault::Refusal(404, 10_013),
    NOT_BANNED,
    Fault::Refusal(403, 50_007),
    Fault::Refusal(403, 50_278),
    Fault::Refusal(400, 50_035),
];

const TROUBLES: [Fault; 8] = [
    Fault::Limit { global: false },
    Fault::Limit { global: true },
    Fault::Outage(500),
    Fault::Outage(503),
    Fault::Page(502),
    Fault::CutBefore,
    Fault::CutAfter,
    Fault::LateError,
];

/// What somebody does about it then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// What stood in the way is gone; a moderator asks for it again, or it is tried again by itself.
    Done,
    /// A moderator calls it off.
    CalledOff,
}

impl Fault {
    fn act(self) -> Act {
        match self {
            Self::Refusal(status, code) => Act::Answer(Response::error(status, code, "No.")),
            Self::Limit { global } => Act::Answer(Response::slow_down("0", global)),
            Self::Outage(status) => Act::Answer(Response::error(status, 0, "Oh.")),
            Self::Page(status) => Act::Answer(Response::html(status)),
            Self::CutBefore => Act::Lose(Fate::Cut),
            Self::CutAfter => Act::PerformThen(Fate::Cut),
            Self::LateError => Act::PerformThenAnswer(Response::html(504)),
        }
    }

    /// Whether Discord did it all the same.
    fn performs(self) -> bool {
        matches!(self, Self::CutAfter | Self::LateError)
    }
}

impl Deed {
    const ACTS: [Self; 6] = [Self::Timeout, Self::Untimeout, Self::Kick, Self::Ban, Self::Unban, Self::Softban];

    /// The request that does it.
    const fn request(self) -> (&'static str, &'static str) {
        match self {
            Self::Warn | Self::Modlog | Self::LevelUp => ("POST", "/messages"),
            Self::Timeout | Self::Untimeout => ("PATCH", "/members/"),
            Self::Kick => ("DELETE", "/members/"),
            Self::Ban | Self::Softban => ("PUT", "/bans/"),
            Self::Unban | Self::BanEnd => ("DELETE", "/bans/"),
            Self::LevelRole => ("PUT", "/roles/"),
        }
    }

    /// The command that asks for it, where one does.
    const fn command(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Timeout => "timeout",
            Self::Untimeout => "untimeout",
            Self::Kick => "kick",
            Self::Ban | Self::BanEnd => "ban",
            Self::Unban => "unban",
            Self::Softban => "softban",
            Self::Modlog => "note",
            Self::LevelUp | Self::LevelRole => "",
        }
    }

    /// How many messages the member has in the end, once it was done.
    const fn told(self) -> usize {
        match self {
            Self::Warn | Self::Timeout | Self::Untimeout | Self::Kick | Self::Ban | Self::Softban | Self::BanEnd => 1,
            Self::Unban | Self::Modlog | Self::LevelUp | Self::LevelRole => 0,
        }
    }

    /// Its promise, among those of the database.
    const fn promise(self) -> &'static str {
        match self {
            Self::Modlog => "tells GLOB 'log:*'",
            Self::LevelUp => "origin GLOB '*level_up'",
            Self::LevelRole => "target GLOB 'role:*'",
            Self::BanEnd => "tells GLOB 'end:*'",
            _ => "tells GLOB 'act:*'",
        }
    }
}

/// A promise as it stands.
#[derive(Debug)]
struct Promise {
    id: i64,
    state: String,
    words: String,
}

/// A house for one deed, and the bot in it.
struct Place {
    house: House,
    bot: Running,
    deed: Deed,
}

impl Place {
    async fn new(deed: Deed) -> Self {
        let mut house = House::with(|config| config.levels.message_xp = 600.into()).await;
        if deed == Deed::Modlog {
            house.config.moderation.modlog = Some(house.inn.mod_log);
        }
        if deed == Deed::LevelRole {
            let prize = {
                let mut world = house.sim.world();
                world.add_role(house.inn.guild, RoleSpec::named("Prize", 1))
            };
            house.config.levels.roles = vec![LevelRole { level: 2, role: prize, keep: false }];
            house.config.levels.announce = innkeeper::config::Announce::Off;
        }
        let bot = house.start_at(quick()).await;
        bot.settle(&house).await;
        Self { house, bot, deed }
    }

    fn database(&self) -> Connection {
        Connection::open(&self.house.config.store.path).unwrap()
    }

    /// The newest promise number.
    fn newest(&self) -> i64 {
        self.database().query_row("SELECT coalesce(max(id), 0) FROM promise", (), |row| row.get(0)).unwrap()
    }

    /// The deed's promise among those after this number, once Discord was asked for it.
    async fn tried(&self, after: i64) -> Promise {
        let sql = format!(
            "SELECT id, state, coalesce(words, ''), attempts FROM promise
                WHERE id > ?1 AND {} AND (attempts > 0 OR state <> 'due') ORDER BY id LIMIT 1",
            self.deed.promise()
        );
        let (database, mut version) = (self.database(), self.bot.bot.store().version());
        loop {
            version.mark_unchanged();
            let found = database.query_row(&sql, [after], |row| {
                Ok(Promise { id: row.get(0)?, state: row.get(1)?, words: row.get(2)? })
            });
            match found.optional().unwrap() {
                Some(promise) => return promise,
                None => version.changed().await.unwrap(),
            }
        }
    }

    /// Waits until no promise is due any more.
    async fn kept(&self) {
        let (database, mut version) = (self.database(), self.bot.bot.store().version());
        let due = || -> i64 {
            database.query_row("SELECT count(*) FROM promise WHERE state = 'due'", (), |row| row.get(0)).unwrap()
        };
        loop {
            version.mark_unchanged();
            if due() == 0 {
                return;
            }
            version.changed().await.unwrap();
        }
    }

    /// A member for whom it makes sense.
    async fn prepare(&self) -> UserId {
        let Place { house, deed, .. } = self;
        let (guild, now) = (house.inn.guild, house.clock.now());
        let member = house.sim.world().join(guild, "guest");
        let mut world = house.sim.world();
        match deed {
            Deed::Untimeout => world.set_timeout(guild, member, Some(now.plus(DAY))).unwrap(),
            Deed::Unban => world.ban(guild, member, None),
            _ => {}
        }
        member
    }

    /// Asks for it; what the moderator reads, where it is a command.
    async fn order(&self, member: UserId) -> String {
        let Place { house, deed, .. } = self;
        if deed.command().is_empty() {
            house.say_later(member, "hello");
            self.bot.settle(house).await;
            return String::new();
        }
        let mut options = vec![("member", Input::from(member))];
        match deed {
            Deed::Modlog => options.push(("text", "remember this".into())),
            Deed::Timeout | Deed::BanEnd => {
                options.extend([("reason", "spam".into()), ("duration", "1d".into())]);
            }
            _ => options.push(("reason", "spam".into())),
        }
        house.slash(house.inn.moderator, deed.command(), &options).await.text()
    }

    /// Whether it happened, as Discord sees it.
    fn happened(&self, member: UserId) -> bool {
        let inn = &self.house.inn;
        let world = self.house.sim.world();
        let here = world.member(inn.guild, member);
        let is_banned = world.is_banned(inn.guild, member);
        match self.deed {
            Deed::Warn => !world.direct_messages(member).is_empty(),
            Deed::Timeout => here.unwrap().timed_out_until.is_some(),
            Deed::Untimeout => here.unwrap().timed_out_until.is_none(),
            Deed::Kick => here.is_none() && !is_banned,
            Deed::Ban => is_banned,
            Deed::Unban | Deed::BanEnd => !is_banned,
            Deed::Softban => here.is_none() && !is_banned,
            Deed::Modlog => {
                world.bot_messages(inn.mod_log).iter().any(|said| said.text().contains(&member.to_string()))
            }
            Deed::LevelUp => {
                world.bot_messages(inn.general).iter().any(|said| said.content.contains(&member.to_string()))
            }
            Deed::LevelRole => !here.unwrap().roles.is_empty(),
        }
    }

    /// The private messages of a member that still stand.
    fn told(&self, member: UserId) -> usize {
        self.house.sim.world().direct_messages(member).len()
    }

    /// The member's case: its state and whether they were told.
    fn case(&self, member: UserId) -> (String, Option<bool>) {
        let sql = "SELECT state, told FROM moderation_case WHERE user = ?1 ORDER BY number DESC LIMIT 1";
        self.database().query_row(sql, [member.sql()], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    }

    /// Why their case failed.
    fn words(&self, member: UserId) -> String {
        let sql = "SELECT coalesce(words, '') FROM moderation_case WHERE user = ?1 ORDER BY number DESC LIMIT 1";
        self.database().query_row(sql, [member.sql()], |row| row.get(0)).unwrap()
    }

    async fn promises(&self, options: &[(&str, Input)]) -> String {
        self.house.slash(self.house.inn.moderator, "promises", options).await.text()
    }

    async fn act(&self, action: &str, promise: &Promise) {
        let options = [("action", Input::from(action)), ("id", format!("P{}", promise.id).into())];
        let said = self.promises(&options).await;
        assert!(said.contains(&format!("**P{}**", promise.id)), "{said}");
    }

    /// Discord is well again, and time passes until everything is tried again: less than it knows nonces for.
    async fn recover(&self) {
        self.house.sim.world().clear_plans();
        self.house.clock.advance(Duration::from_secs(120));
        self.bot.settle(&self.house).await;
        self.kept().await;
        self.bot.settle(&self.house).await;
    }

    /// What is on record about somebody agrees with what happened, and so does what they read.
    fn agrees(&self, member: UserId, then: Then, case: &str) {
        let (happened, read) = (self.happened(member), self.told(member));
        let most = if happened { self.deed.told() } else { 0 };
        // Who is told afterwards may not have been told yet when it was called off.
        let least = if then == Then::Done { most } else { 0 };
        assert!((least..=most).contains(&read), "{case}: they have {read} messages, not {least} to {most}");
        if Deed::ACTS.contains(&self.deed) {
            let (state, told) = self.case(member);
            assert_eq!(state, if happened { "done" } else { "failed" }, "{case}");
            assert_eq!(told == Some(true), read > 0, "{case}: they have {read} messages, and the case says {told:?}");
        }
    }
}

const DAY: Duration = Duration::from_secs(86_400);

fn quick() -> Tempo {
    Tempo { retry_first: Duration::from_millis(1), ..house::tempo() }
}

/// The letters of a text: markup is escaped in what people read.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Discord refuses it: this is said, stays visible with words, and is done or called off later.
async fn refused(place: &Place, fault: Fault, then: Then) {
    let case = format!("{:?}, {fault:?}, {then:?}", place.deed);
    let (member, mark) = (place.prepare().await, place.newest());
    if place.deed == Deed::BanEnd {
        place.order(member).await;
        place.house.clock.advance(DAY);
    }
    let (method, part) = place.deed.request();
    place.house.sim.world().plan(method, part, None, fault.act());
    let answer = if place.deed == Deed::BanEnd { String::new() } else { place.order(member).await };
    place.bot.settle(&place.house).await;
    let promise = place.tried(mark).await;
    if place.deed == Deed::BanEnd && fault == NOT_BANNED {
        // Somebody was faster.
        place.recover().await;
        let listed = place.promises(&[]).await;
        assert!(listed.contains("0 to come, 0 refused"), "{case}: {listed}");
        return;
    }
    assert_eq!(promise.state, "failed", "{case}: {promise:?}");
    assert!(!promise.words.is_empty() && !promise.words.contains("code"), "{case}: {promise:?}");
    if Deed::ACTS.contains(&place.deed) {
        assert!(answer.contains("I could not") && answer.contains(&promise.words), "{case}: {answer}");
        place.agrees(member, then, &case);
    }
    assert!(!place.happened(member), "{case}");
    let listed = place.promises(&[]).await;
    assert!(listed.contains(&format!("P{}", promise.id)), "{case}: {listed}");
    assert!(letters(&listed).contains(&letters(&promise.words)), "{case}: {listed}");
    place.house.sim.world().clear_plans();
    let action = if then == Then::Done { "now" } else { "cancel" };
    place.act(action, &promise).await;
    place.kept().await;
    place.bot.settle(&place.house).await;
    assert_eq!(place.happened(member), then == Then::Done, "{case}");
    if place.deed != Deed::BanEnd {
        place.agrees(member, then, &case);
    }
    let listed = place.promises(&[]).await;
    assert!(listed.contains("0 to come, 0 refused"), "{case}: {listed}");
}

/// Discord does not say: this is said, and it ends well when Discord is back, or is called off until then.
async fn troubled(place: &Place, fault: Fault, then: Then) {
    let case = format!("{:?}, {fault:?}, {then:?}", place.deed);
    let (member, mark) = (place.prepare().await, place.newest());
    if place.deed == Deed::BanEnd {
        place.order(member).await;
        place.house.clock.advance(DAY);
    }
    let (method, part) = place.deed.request();
    place.house.sim.world().plan(method, part, None, fault.act());
    let answer = if place.deed == Deed::BanEnd { String::new() } else { place.order(member).await };
    place.bot.settle(&place.house).await;
    let promise = place.tried(mark).await;
    if Deed::ACTS.contains(&place.deed) {
        // What the audit log proves is known before Discord answers.
        let is_known = answer.starts_with("Case **") && fault.performs() && place.happened(member);
        assert!(answer.contains("Discord has not answered yet") || is_known, "{case}: {answer}");
    }
    if then == Then::CalledOff && promise.state == "due" {
        place.act("cancel", &promise).await;
    }
    place.recover().await;
    // A softban that is called off halfway leaves a ban, and says so.
    let halfway = place.deed == Deed::Softban && then == Then::CalledOff;
    let expected = then == Then::Done || (fault.performs() && !halfway);
    assert_eq!(place.happened(member), expected, "{case}: {promise:?}");
    if place.deed != Deed::BanEnd {
        place.agrees(member, then, &case);
    }
    if halfway {
        let words = place.words(member);
        assert!(words.contains("called off by") && words.contains("They may be banned"), "{case}: {words}");
    }
    let listed = place.promises(&[]).await;
    assert!(listed.contains("0 to come, 0 refused"), "{case}: {listed}");
}

async fn everything_about(deed: Deed) {
    let place = Place::new(deed).await;
    for fault in REFUSALS {
        refused(&place, fault, Then::Done).await;
    }
    for fault in [REFUSALS[0], NOT_HERE, NOT_BANNED] {
        refused(&place, fault, Then::CalledOff).await;
    }
    for (fault, then) in TROUBLES.into_iter().flat_map(|fault| [(fault, Then::Done), (fault, Then::CalledOff)]) {
        troubled(&place, fault, then).await;
    }
    place.bot.stop().await;
}

macro_rules! everything_about {
    ($($name:ident: $deed:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            everything_about(Deed::$deed).await;
        }
    )*};
}
everything_about! {
    a_timeout_that_discord_does_not_make: Timeout,
    a_timeout_that_discord_does_not_lift: Untimeout,
    a_kick_that_discord_does_not_do: Kick,
    a_ban_that_discord_does_not_do: Ban,
    a_ban_that_discord_does_not_lift: Unban,
    a_softban_that_discord_does_not_do: Softban,
    the_end_of_a_ban_that_discord_does_not_keep: BanEnd,
    a_message_of_the_modlog_that_discord_does_not_take: Modlog,
    a_level_up_that_discord_does_not_take: LevelUp,
    a_level_role_that_discord_does_not_give: LevelRole,
}

/// The two requests that tell somebody something.
const TELLING: [(&str, &str); 2] = [("POST", "/users/@me/channels"), ("POST", "/messages")];

#[tokio::test]
async fn a_warning_stands_whatever_discord_says_to_its_message() {
    let place = Place::new(Deed::Warn).await;
    for (method, part) in TELLING {
        for fault in REFUSALS {
            let case = format!("{fault:?} to {part}");
            let member = place.prepare().await;
            place.house.sim.world().plan(method, part, None, fault.act());
            let answer = place.order(member).await;
            assert!(answer.contains("warned") && answer.contains("They could not be told: "), "{case}: {answer}");
            place.house.sim.world().clear_plans();
            assert_eq!((place.case(member), place.told(member)), (("done".to_owned(), Some(false)), 0), "{case}");
            let listed = place.promises(&[]).await;
            assert!(listed.contains("0 to come, 0 refused"), "{case}: {listed}");
        }
        for (fault, then) in TROUBLES.into_iter().flat_map(|fault| [(fault, Then::Done), (fault, Then::CalledOff)]) {
            let case = format!("{fault:?} to {part}, {then:?}");
            let (member, mark) = (place.prepare().await, place.newest());
            place.house.sim.world().plan(method, part, None, fault.act());
            let answer = place.order(member).await;
            assert!(
                answer.contains("warned") && answer.ends_with("I am still trying to tell them."),
                "{case}: {answer}"
            );
            let promise = place.tried(mark).await;
            if then == Then::CalledOff {
                place.act("cancel", &promise).await;
            }
            place.recover().await;
            let told = then == Then::Done;
            assert_eq!(place.case(member), ("done".to_owned(), Some(told)), "{case}");
            let may_have_arrived = fault.performs() && part == "/messages";
            let read = place.told(member);
            assert!(read == usize::from(told) || (may_have_arrived && read == 1), "{case}: {read}");
        }
    }
    place.bot.stop().await;
}

#[tokio::test]
async fn that_somebody_cannot_be_told_holds_up_nothing() {
    for deed in Deed::ACTS.into_iter().filter(|deed| deed.told() > 0) {
        let place = Place::new(deed).await;
        for (method, part) in TELLING {
            let faults = [Fault::Refusal(403, 50_007), Fault::Refusal(403, 50_278), Fault::Refusal(404, 10_013)];
            for fault in faults.into_iter().chain(TROUBLES).filter(|fault| !fault.performs()) {
                let case = format!("{deed:?}, {fault:?} to {part}");
                let member = place.prepare().await;
                place.house.sim.world().plan(method, part, None, fault.act());
                let answer = place.order(member).await;
                place.house.sim.world().clear_plans();
                assert!(answer.starts_with("Case **") && !answer.contains("I could not"), "{case}: {answer}");
                assert!(answer.contains("They could not be told: "), "{case}: {answer}");
                assert!(place.happened(member), "{case}");
                assert_eq!((place.case(member), place.told(member)), (("done".to_owned(), Some(false)), 0), "{case}");
            }
            for fault in [Fault::CutAfter, Fault::LateError] {
                let case = format!("{deed:?}, {fault:?} to {part}");
                let member = place.prepare().await;
                place.house.sim.world().plan(method, part, Some(1), fault.act());
                let answer = place.order(member).await;
                assert!(answer.ends_with("They were told."), "{case}: {answer}");
                place.agrees(member, Then::Done, &case);
            }
        }
        place.bot.stop().await;
    }
}

#[tokio::test]
async fn a_softban_whose_ban_stands_says_so_and_is_brought_to_its_end() {
    let place = Place::new(Deed::Softban).await;
    for then in [Then::Done, Then::CalledOff] {
        for fault in REFUSALS.into_iter().filter(|fault| *fault != NOT_BANNED) {
            let case = format!("{fault:?}, {then:?}");
            let (member, mark) = (place.prepare().await, place.newest());
            place.house.sim.world().plan("DELETE", "/bans/", None, fault.act());
            let answer = place.order(member).await;
            assert!(answer.contains("They are banned now, and lifting that failed."), "{case}: {answer}");
            assert!(place.house.sim.world().is_banned(place.house.inn.guild, member), "{case}");
            let promise = place.tried(mark).await;
            place.house.sim.world().clear_plans();
            place.act(if then == Then::Done { "now" } else { "cancel" }, &promise).await;
            place.kept().await;
            place.bot.settle(&place.house).await;
            match then {
                Then::Done => place.agrees(member, then, &case),
                Then::CalledOff => {
                    let words = place.words(member);
                    assert!(words.contains("They are banned now") && words.contains("called off by"), "{words}");
                }
            }
        }
    }
    place.bot.stop().await;
}

#[tokio::test]
async fn a_timeout_that_was_over_before_discord_could_be_asked_is_none() {
    let place = Place::new(Deed::Timeout).await;
    let member = place.prepare().await;
    place.house.sim.world().plan("PATCH", "/members/", None, Fault::Outage(503).act());
    place.order(member).await;
    place.house.sim.world().clear_plans();
    place.house.clock.advance(DAY);
    place.bot.settle(&place.house).await;
    place.kept().await;
    assert_eq!((place.case(member), place.told(member)), (("failed".to_owned(), None), 0));
    assert!(place.words(member).contains("Its time was over"), "{}", place.words(member));
    place.bot.stop().await;
}

#[tokio::test]
async fn without_the_events_of_the_audit_log_its_page_tells_whether_a_lost_answer_was_a_yes() {
    for may_look in [true, false] {
        let mut house = House::new().await;
        house.config.moderation.record_by_hand = false;
        if !may_look {
            let (guild, role) = (house.inn.guild, house.inn.bot_role);
            let change = |role: &mut innkeeper::sim::world::state::Role| role.permissions.0 &= !VIEW_AUDIT_LOG;
            house.sim.world().edit_role(guild, role, change).unwrap();
        }
        let bot = house.start_at(quick()).await;
        let place = Place { house, bot, deed: Deed::Kick };
        let (member, left) = (place.prepare().await, place.prepare().await);
        place.house.sim.world().plan("DELETE", "/members/", Some(1), Fault::CutAfter.act());
        let answer = place.order(member).await;
        assert_eq!(answer.ends_with("They were told."), may_look, "{answer}");
        assert_eq!(answer.contains("They are not in the server any more."), !may_look, "{answer}");
        // Who leaves at the same moment was not kicked.
        place.house.sim.world().plan("DELETE", "/members/", Some(1), NOT_HERE.act());
        let answer = place.order(left).await;
        assert!(answer.contains("I could not kick"), "{answer}");
        assert_eq!(place.told(left), 0);
        assert_eq!(place.house.sim.world().invalid_requests(), 0);
        place.bot.stop().await;
    }
}

#[tokio::test]
async fn what_was_done_and_taken_back_by_hand_is_not_done_again_because_the_answer_was_lost() {
    for deed in Deed::ACTS {
        let place = Place::new(deed).await;
        let guild = place.house.inn.guild;
        for fault in [Fault::CutAfter, Fault::LateError] {
            let case = format!("{deed:?}, {fault:?}");
            let member = place.prepare().await;
            let (method, part) = if deed == Deed::Softban { ("DELETE", "/bans/") } else { deed.request() };
            place.house.sim.world().plan(method, part, None, fault.act());
            place.order(member).await;
            assert!(place.happened(member), "{case}");
            {
                let mut world = place.house.sim.world();
                let until = place.house.clock.now().plus(DAY * 2);
                match deed {
                    Deed::Timeout => world.set_timeout(guild, member, None).unwrap(),
                    Deed::Untimeout => world.set_timeout(guild, member, Some(until)).unwrap(),
                    Deed::Kick | Deed::Softban => assert!(world.rejoin(guild, member)),
                    Deed::Ban => assert!(world.unban(guild, member)),
                    _ => world.ban(guild, member, None),
                }
            }
            place.recover().await;
            assert!(!place.happened(member), "{case}: it was done again");
            assert_eq!(place.case(member).0, "done", "{case}");
        }
        place.bot.stop().await;
    }
}

/// A wire on which nobody waits long for an answer.
struct Impatient(Https);

impl Wire for Impatient {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Reply, Unreachable>> {
        Box::pin(async move {
            let answer = tokio::time::timeout(Duration::from_millis(250), self.0.send(request)).await;
            answer.unwrap_or_else(|_| Err(Unreachable("Discord did not answer in time.".to_owned())))
        })
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_does_no_harm() {
    for deed in Deed::ACTS {
        for act in [Act::Lose(Fate::Hang), Act::PerformThen(Fate::Hang)] {
            let house = House::new().await;
            let wire = Impatient(Https::new(&house.sim.api_url()).unwrap());
            let bot = house.open_over(Box::new(wire), quick()).await;
            house.sim.connected().await;
            let place = Place { house, bot, deed };
            let member = place.prepare().await;
            let (method, part) = deed.request();
            let case = format!("{deed:?}, {act:?}");
            place.house.sim.world().plan(method, part, Some(1), act);
            place.order(member).await;
            place.recover().await;
            assert!(place.happened(member), "{case}");
            place.agrees(member, Then::Done, &case);
            place.bot.stop().await;
        }
    }
}
