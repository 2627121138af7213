//! Locks: nobody talks in a channel for a while, and afterwards it is exactly as it was.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use expect_test::expect;
use house::{House, Running};
use innkeeper::model::{ChannelId, MessageId, Permissions, UserId};
use innkeeper::sim::world::permissions::{
    ADD_REACTIONS, CONNECT, MANAGE_CHANNELS, MENTION_EVERYONE, SEND_MESSAGES, SEND_MESSAGES_IN_THREADS, SPEAK,
    VIEW_CHANNEL,
};
use innkeeper::sim::world::{Answered, ChannelSpec, Input, Overwrite, RoleSpec, SayOptions, VoiceFlags};
use innkeeper::sim::{Act, Fate, Response};
use rusqlite::Connection;
use serde_json::json;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

async fn open() -> (House, Running) {
    let house = House::new().await;
    let bot = house.start().await;
    (house, bot)
}

impl House {
    /// The moderator uses a command about a channel.
    async fn on(&self, command: &str, channel: ChannelId, more: &[(&str, Input)]) -> Answered {
        let mut options = vec![("channel", Input::from(channel))];
        options.extend(more.iter().cloned());
        self.slash(self.inn.moderator, command, &options).await
    }

    /// What the moderator reads in the list of locks.
    async fn locks(&self) -> String {
        self.slash(self.inn.moderator, "locks", &[]).await.text()
    }

    fn try_to_say(&self, channel: ChannelId, member: UserId) -> Result<MessageId, String> {
        let said = self.sim.world().say(channel, member, "hello", SayOptions::default());
        said.map_err(|impossible| impossible.to_string())
    }

    fn overwrites(&self, channel: ChannelId) -> BTreeMap<u64, Overwrite> {
        self.sim.world().overwrites(channel)
    }

    fn everyone(&self) -> u64 {
        self.inn.guild.get()
    }

    /// Each lock as "channel state", oldest first.
    fn states(&self) -> Vec<String> {
        let database = Connection::open(&self.config.store.path).unwrap();
        let mut statement = database.prepare("SELECT channel_name, state FROM channel_lock ORDER BY id").unwrap();
        let rows = statement.query_map((), |row| {
            let (name, state): (String, String) = (row.get(0)?, row.get(1)?);
            Ok(format!("{name} {state}"))
        });
        rows.unwrap().map(|row| row.unwrap()).collect()
    }

    /// Waits until so many promises are due, which wait for their time.
    async fn promises_kept_but(&self, so_many: i64) {
        let database = Connection::open(&self.config.store.path).unwrap();
        let sql = "SELECT count(*) FROM promise WHERE state = 'due'";
        while database.query_row(sql, (), |row| row.get::<_, i64>(0)).unwrap() != so_many {
            tokio::task::yield_now().await;
        }
    }

    /// Requests that changed this channel.
    fn changes(&self, channel: ChannelId) -> usize {
        let path = format!("/channels/{channel}");
        let world = self.sim.world();
        world.requests().filter(|seen| seen.method == "PATCH" && seen.path.ends_with(&path)).count()
    }
}

/// The text with the numbers of this house's channels, members and times made plain.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut digits = 0;
    for character in text.chars() {
        if character.is_ascii_digit() {
            digits += 1;
            continue;
        }
        plain.push_str(["", "N"][usize::from(digits > 0)]);
        digits = 0;
        plain.push(character);
    }
    plain
}

#[tokio::test]
async fn a_locked_channel_is_silent_and_afterwards_exactly_as_it_was() {
    let (house, bot) = open().await;
    let (ada, general) = (house.member(0), house.inn.general);
    house.sim.world().overwrite_role(general, house.inn.guild.get(), ADD_REACTIONS, MENTION_EVERYONE);
    bot.settle(&house).await;
    let before = house.overwrites(general);
    let answer = house.on("lock", general, &[("message", "Calm *down*".into())]).await;
    assert!(answer.ephemeral);
    expect![[r#"
        <#N> is locked until somebody unlocks it.
        Administrators can still write there: **Admin**."#]]
    .assert_eq(&plain(&answer.text()).replace("\nUnlock", ""));
    let refused = house.try_to_say(general, ada).unwrap_err();
    assert!(refused.contains("permission"), "{refused}");
    let says = house.bot_says(general, 1).await;
    assert_eq!(says, ["**This channel is locked.**\nCalm \\*down\\*"]);
    let answer = house.on("unlock", general, &[]).await;
    assert_eq!(plain(&answer.text()), "<#N> is unlocked: its permissions are as they were before.");
    assert_eq!(house.overwrites(general), before);
    house.try_to_say(general, ada).unwrap();
    house.promises_kept().await;
    let says = house.bot_says(general, 1).await;
    assert!(says[0].starts_with("Open again since"), "{says:?}");
    assert_eq!(house.states(), ["general opened"]);
    bot.stop().await;
}

#[tokio::test]
async fn random_overwrites_come_back_bit_by_bit_and_what_changed_meanwhile_stays() {
    let (house, bot) = open().await;
    let seed = std::env::var("SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    let mut dice = fastrand::Rng::with_seed(seed);
    let inn = &house.inn;
    let (channel, everyone) = (inn.off_topic, house.everyone());
    let targets = [everyone, inn.regular_role.get(), inn.level_5.get(), inn.bot_role.get(), house.member(0).get()];
    let mut locked = 0;
    for round in 0..24 {
        let context = format!("SEED={seed}, round {round}");
        for target in targets {
            shake(&house, &mut dice, channel, target, target == everyone);
        }
        bot.settle(&house).await;
        let before = house.overwrites(channel);
        let answer = house.on("lock", channel, &[]).await;
        if !answer.text().contains("is locked until") {
            assert_eq!(house.overwrites(channel), before, "{context}: {}", answer.text());
            continue;
        }
        locked += 1;
        let closed = house.overwrites(channel);
        assert_ne!(closed, before, "{context}");
        let with_changes = round % 2 == 1;
        if with_changes {
            // Who takes from the bot what it would give back is refused, which is another story.
            let others: Vec<_> = targets.into_iter().filter(|target| *target != inn.bot_role.get()).collect();
            let target = others[dice.usize(..others.len())];
            shake(&house, &mut dice, channel, target, false);
        }
        let meanwhile = house.overwrites(channel);
        let answer = house.on("unlock", channel, &[]).await;
        let expected = expected(&before, &closed, &meanwhile);
        assert_eq!(house.overwrites(channel), expected, "{context}: {}", answer.text());
        if !with_changes {
            assert_eq!(house.overwrites(channel), before, "{context}");
        }
        bot.settle(&house).await;
    }
    assert!(locked > 4, "SEED={seed}: only {locked} rounds tell anything");
    bot.stop().await;
}

/// Somebody sets, changes or removes an exception. The bot stays able to manage the channel.
fn shake(house: &House, dice: &mut fastrand::Rng, channel: ChannelId, target: u64, stays_open: bool) {
    const BITS: [u64; 6] = [SEND_MESSAGES, SEND_MESSAGES_IN_THREADS, ADD_REACTIONS, MENTION_EVERYONE, 1 << 35, 1 << 50];
    let mut world = house.sim.world();
    if dice.u8(..4) == 0 {
        world.remove_overwrite(channel, target);
        return;
    }
    let pick = |dice: &mut fastrand::Rng| BITS.iter().filter(|_| dice.bool()).fold(0, |bits, bit| bits | bit);
    let allow = pick(dice);
    let deny = pick(dice) & !allow & if stays_open { !SEND_MESSAGES } else { u64::MAX };
    match UserId::new(target).ok().filter(|user| *user == house.member(0)) {
        Some(user) => world.overwrite_member(channel, user, allow, deny),
        None => world.overwrite_role(channel, target, allow, deny),
    }
}

/// What an unlock should leave behind, told bit by bit: as it was, where it still stands as the lock left it.
fn expected(
    before: &BTreeMap<u64, Overwrite>,
    closed: &BTreeMap<u64, Overwrite>,
    meanwhile: &BTreeMap<u64, Overwrite>,
) -> BTreeMap<u64, Overwrite> {
    let halves = |of: Option<&Overwrite>| of.map_or((0, 0), |o| (o.allow.0, o.deny.0));
    let mut after = meanwhile.clone();
    for (target, closed_here) in closed {
        let Some(stands) = after.get_mut(target) else { continue };
        let (was, locked, now) =
            (halves(before.get(target)), halves(Some(closed_here)), (stands.allow.0, stands.deny.0));
        for bit in (0..64).map(|n| 1_u64 << n) {
            let touched = was.0 & bit != locked.0 & bit || was.1 & bit != locked.1 & bit;
            let ours = now.0 & bit == locked.0 & bit && now.1 & bit == locked.1 & bit;
            if touched && ours {
                stands.allow = Permissions(stands.allow.0 & !bit | was.0 & bit);
                stands.deny = Permissions(stands.deny.0 & !bit | was.1 & bit);
            }
        }
        if !before.contains_key(target) && (stands.allow.0, stands.deny.0) == (0, 0) {
            after.remove(target);
        }
    }
    after
}

#[tokio::test]
async fn what_changed_meanwhile_is_kept_and_reported() {
    let (house, bot) = open().await;
    let general = house.inn.general;
    house.on("lock", general, &[]).await;
    // Somebody lets everybody write again, but for reactions.
    let denied = house.overwrites(general)[&house.everyone()].deny.0;
    house.sim.world().overwrite_role(general, house.everyone(), SEND_MESSAGES, denied & !SEND_MESSAGES);
    bot.settle(&house).await;
    let listed = house.locks().await;
    assert!(listed.contains("Changed meanwhile, and will be left so: Send Messages of everybody."), "{listed}");
    let answer = house.on("unlock", general, &[]).await.text();
    assert!(answer.contains("Left as somebody changed it meanwhile: Send Messages of everybody."), "{answer}");
    let after = house.overwrites(general)[&house.everyone()];
    assert_eq!((after.allow.0, after.deny.0), (SEND_MESSAGES, 0));
    bot.settle(&house).await;
    let listed = house.locks().await;
    assert!(listed.contains("Nothing is locked.") && listed.contains("Left as somebody changed it"), "{listed}");
    bot.stop().await;
}

#[tokio::test]
async fn the_answer_names_who_can_still_talk_and_nobody_is_pinged() {
    let (house, bot) = open().await;
    let (inn, help) = (&house.inn, house.inn.help);
    let hostile = RoleSpec::named("@everyone **x**", 4);
    let role = house.sim.world().add_role(inn.guild, hostile);
    house.sim.world().overwrite_role(help, role.get(), SEND_MESSAGES, 0);
    house.sim.world().overwrite_role(help, inn.moderator_role.get(), SEND_MESSAGES, 0);
    house.sim.world().overwrite_member(help, house.member(1), SEND_MESSAGES, 0);
    bot.settle(&house).await;
    let answer = house.on("lock", help, &[]).await.text();
    assert!(answer.contains("With these roles one can still write there: **Moderator**, **\\@everyone"), "{answer}");
    assert!(answer.contains("Administrators can still write there: **Admin**."), "{answer}");
    assert!(answer.contains("One member with an exception of their own can still write there."), "{answer}");
    house.try_to_say(help, house.member(1)).unwrap();
    house.try_to_say(help, inn.moderator).unwrap();
    house.try_to_say(help, house.member(0)).unwrap_err();
    bot.stop().await;
}

#[tokio::test]
async fn locking_twice_is_refused_with_the_facts_of_the_first_which_stands_without_its_moderator() {
    let (house, bot) = open().await;
    let general = house.inn.general;
    house.on("lock", general, &[("duration", "2h".into()), ("message", "raid".into())]).await;
    let again = house.slash(house.inn.admin, "lock", &[("channel", general.into())]).await.text();
    assert!(again.contains("is locked already: by") && again.contains("— raid"), "{again}");
    let moderator = house.inn.moderator;
    house.sim.world().leave(house.inn.guild, moderator).unwrap();
    bot.settle(&house).await;
    house.try_to_say(general, house.member(0)).unwrap_err();
    house.clock.advance(HOUR * 3);
    bot.settle(&house).await;
    house.promises_kept().await;
    house.try_to_say(general, house.member(0)).unwrap();
    bot.stop().await;
}

#[tokio::test]
async fn an_end_that_passed_while_the_bot_was_off_comes_once_after_ready() {
    for away in [MINUTE, HOUR, DAY * 400] {
        let (house, bot) = open().await;
        let (general, help) = (house.inn.general, house.inn.help);
        let before = (house.overwrites(general), house.overwrites(help));
        house.on("lock", general, &[("duration", "5m".into())]).await;
        house.on("lock", help, &[]).await;
        house.promises_kept_but(1).await;
        bot.stop().await;
        house.clock.advance(MINUTE * 5 + away);
        let changes = house.changes(general);
        let bot = house.start().await;
        house.sim.until(|world| (world.overwrites(general) == before.0).then_some(())).await;
        house.promises_kept().await;
        bot.settle(&house).await;
        assert_eq!(house.changes(general), changes + 1, "exactly once");
        assert_ne!(house.overwrites(help), before.1, "what has no end stands");
        bot.stop().await;
        let bot = house.start().await;
        bot.settle(&house).await;
        assert_eq!(house.changes(general), changes + 1, "and not again");
        assert_eq!(house.states(), ["general opened", "help locked"]);
        bot.stop().await;
    }
}

#[tokio::test]
async fn the_end_can_be_moved_and_called_off_like_any_promise() {
    let (house, bot) = open().await;
    let (general, moderator) = (house.inn.general, house.inn.moderator);
    house.on("lock", general, &[("duration", "1h".into())]).await;
    // The message in the channel is a promise, too, for a moment.
    house.promises_kept_but(1).await;
    let promises = house.slash(moderator, "promises", &[]).await.text();
    assert!(promises.contains("unlock \\#general"), "{promises}");
    let id = promises.split_once("**P").unwrap().1.split_once("**").unwrap().0.to_owned();
    house.slash(moderator, "promises", &[("action", "later".into()), ("id", id.as_str().into())]).await;
    house.clock.advance(HOUR + MINUTE);
    bot.settle(&house).await;
    house.try_to_say(general, house.member(0)).unwrap_err();
    house.slash(moderator, "promises", &[("action", "cancel".into()), ("id", id.as_str().into())]).await;
    let listed = house.locks().await;
    assert!(listed.contains("until somebody unlocks it") && listed.contains("called off by"), "{listed}");
    house.clock.advance(DAY);
    bot.settle(&house).await;
    house.try_to_say(general, house.member(0)).unwrap_err();
    house.on("unlock", general, &[]).await;
    house.try_to_say(general, house.member(0)).unwrap();
    bot.stop().await;
}

#[tokio::test]
async fn what_discord_refuses_is_said_and_nothing_is_half_done() {
    let (house, bot) = open().await;
    let general = house.inn.general;
    let path = format!("/channels/{general}");
    let before = house.overwrites(general);
    let forbidden = Response::error(403, 50013, "Missing Permissions");
    house.sim.world().plan("PATCH", &path, Some(1), Act::Answer(forbidden.clone()));
    let answer = house.on("lock", general, &[("duration", "1h".into())]).await.text();
    assert!(answer.contains("I could not lock") && answer.contains("changed nothing"), "{answer}");
    assert_eq!(house.overwrites(general), before);
    assert!(house.sim.world().bot_messages(general).is_empty(), "nothing says that it is locked");
    assert_eq!(house.states(), ["general failed"]);
    // It can be locked anew, and the end be refused as well.
    house.on("lock", general, &[]).await;
    let closed = house.overwrites(general);
    house.sim.world().plan("PATCH", &path, Some(1), Act::Answer(forbidden));
    let answer = house.on("unlock", general, &[]).await.text();
    assert!(answer.contains("I could not unlock") && answer.contains("locked as before"), "{answer}");
    assert_eq!(house.overwrites(general), closed);
    let answer = house.on("unlock", general, &[]).await.text();
    assert!(answer.contains("is unlocked"), "{answer}");
    assert_eq!(house.overwrites(general), before);
    bot.stop().await;
}

#[tokio::test]
async fn while_discord_is_down_the_answer_says_so_and_the_lock_comes_later() {
    let (house, bot) = open().await;
    let general = house.inn.general;
    let before = house.overwrites(general);
    house.sim.world().plan("PATCH", "/channels/", None, Act::Answer(Response::json(500, &json!({}))));
    let answer = house.on("lock", general, &[]).await.text();
    assert!(answer.contains("Discord has not answered yet"), "{answer}");
    let again = house.on("lock", general, &[]).await.text();
    assert!(again.contains("is just being locked: by"), "{again}");
    house.sim.world().clear_plans();
    house.clock.advance(HOUR);
    bot.settle(&house).await;
    house.promises_kept().await;
    house.try_to_say(general, house.member(0)).unwrap_err();
    house.on("unlock", general, &[]).await;
    assert_eq!(house.overwrites(general), before);
    bot.stop().await;
}

#[tokio::test]
async fn a_lock_whose_answer_was_lost_is_not_done_twice_and_its_end_knows_what_was() {
    let (house, bot) = open().await;
    let general = house.inn.general;
    let before = house.overwrites(general);
    house.sim.world().plan("PATCH", "/channels/", Some(1), Act::PerformThen(Fate::Cut));
    house.on("lock", general, &[]).await;
    house.clock.advance(HOUR);
    bot.settle(&house).await;
    house.promises_kept().await;
    assert_eq!((house.states(), house.changes(general)), (vec!["general locked".to_owned()], 1));
    house.sim.world().plan("PATCH", "/channels/", Some(1), Act::PerformThen(Fate::Cut));
    house.on("unlock", general, &[]).await;
    house.clock.advance(HOUR);
    bot.settle(&house).await;
    house.promises_kept().await;
    assert_eq!((house.states(), house.changes(general)), (vec!["general opened".to_owned()], 2));
    assert_eq!(house.overwrites(general), before);
    let listed = house.locks().await;
    assert!(!listed.contains("Left as"), "{listed}");
    bot.stop().await;
}

#[tokio::test]
async fn a_lock_that_is_called_off_while_nobody_knows_is_taken_back() {
    for by_promise in [false, true] {
        let (house, bot) = open().await;
        let (general, moderator) = (house.inn.general, house.inn.moderator);
        let before = house.overwrites(general);
        let outage = Act::Answer(Response::json(500, &json!({})));
        house.sim.world().plan("GET", &format!("/channels/{general}"), None, outage);
        let answer = house.on("lock", general, &[]).await.text();
        assert!(answer.contains("Discord has not answered yet"), "{answer}");
        house.sim.world().clear_plans();
        // Now it is done, and nobody is told so; not even when we ask again.
        house.sim.world().plan("PATCH", "/channels/", Some(1), Act::PerformThen(Fate::Cut));
        house.clock.advance(MINUTE * 20);
        house.sim.until(|world| (world.overwrites(general) != before).then_some(())).await;
        if by_promise {
            let promises = house.slash(moderator, "promises", &[]).await.text();
            let id = promises.split_once("**P").unwrap().1.split_once("**").unwrap().0.to_owned();
            house.slash(moderator, "promises", &[("action", "cancel".into()), ("id", id.as_str().into())]).await;
        } else {
            let answer = house.on("unlock", general, &[]).await.text();
            assert!(answer.contains("unlocked"), "{answer}");
        }
        house.clock.advance(HOUR);
        bot.settle(&house).await;
        house.promises_kept().await;
        assert_eq!(house.overwrites(general), before);
        assert_eq!(house.states(), ["general opened"]);
        bot.stop().await;
    }
}

#[tokio::test]
async fn an_end_that_was_refused_comes_as_soon_as_the_bot_may() {
    let (house, bot) = open().await;
    let (general, bot_role) = (house.inn.general, house.inn.bot_role.get());
    let before = house.overwrites(general);
    house.on("lock", general, &[("duration", "1h".into())]).await;
    house.sim.world().overwrite_role(general, bot_role, 0, MANAGE_CHANNELS);
    house.clock.advance(HOUR * 2);
    bot.settle(&house).await;
    house.promises_kept().await;
    let listed = house.locks().await;
    assert!(listed.contains("1 locked") && listed.contains("lacks a permission"), "{listed}");
    house.try_to_say(general, house.member(0)).unwrap_err();
    house.sim.world().remove_overwrite(general, bot_role);
    bot.settle(&house).await;
    house.clock.advance(MINUTE);
    bot.settle(&house).await;
    house.promises_kept().await;
    assert_eq!(house.overwrites(general), before);
    assert_eq!(house.states(), ["general opened"]);
    bot.stop().await;
}

#[tokio::test]
async fn a_lock_keeps_what_the_wire_asks_for() {
    let (house, bot) = open().await;
    house.on("lock", house.inn.general, &[("duration", "1h".into()), ("message", "raid".into())]).await;
    let database = Connection::open(&house.config.store.path).unwrap();
    let sql = "SELECT guild, channel, channel_name, locked_by, unlock_at - locked_at, message FROM channel_lock";
    let row: (i64, i64, String, i64, i64, String) = database
        .query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)))
        .unwrap();
    let inn = &house.inn;
    let (name, message) = ("general".to_owned(), "raid".to_owned());
    assert_eq!(row, (inn.guild.sql(), inn.general.sql(), name, inn.moderator.sql(), 3_600_000, message));
    bot.stop().await;
}

#[tokio::test]
async fn a_change_between_two_tries_is_not_run_over() {
    let (house, bot) = open().await;
    let general = house.inn.general;
    house.sim.world().plan("PATCH", "/channels/", None, Act::Answer(Response::json(500, &json!({}))));
    house.on("lock", general, &[]).await;
    house.sim.world().overwrite_role(general, house.everyone(), SEND_MESSAGES, 0);
    let before = house.overwrites(general);
    house.sim.world().clear_plans();
    house.clock.advance(HOUR);
    bot.settle(&house).await;
    house.promises_kept().await;
    assert_eq!(house.overwrites(general), before);
    assert_eq!(house.states(), ["general failed"]);
    house.on("lock", general, &[]).await;
    house.on("unlock", general, &[]).await;
    assert_eq!(house.overwrites(general), before);
    bot.stop().await;
}

#[tokio::test]
async fn a_channel_that_is_deleted_ends_its_lock() {
    let (house, bot) = open().await;
    let (general, help) = (house.inn.general, house.inn.help);
    house.on("lock", general, &[("duration", "1h".into())]).await;
    house.sim.world().delete_channel(general).unwrap();
    bot.settle(&house).await;
    assert_eq!(house.states(), ["general opened"]);
    // Nor does one that is deleted while we are off keep anybody waiting.
    house.on("lock", help, &[("duration", "1h".into())]).await;
    bot.stop().await;
    house.sim.world().delete_channel(help).unwrap();
    house.clock.advance(DAY);
    let bot = house.start().await;
    bot.settle(&house).await;
    house.promises_kept().await;
    let promises = house.slash(house.inn.moderator, "promises", &[]).await.text();
    assert!(promises.contains("0 to come, 0 refused"), "{promises}");
    let listed = house.locks().await;
    assert!(listed.contains("Nothing is locked.") && listed.contains("The channel was deleted"), "{listed}");
    bot.stop().await;
}

#[tokio::test]
async fn a_channel_that_is_deleted_in_that_moment_is_said() {
    let (house, bot) = open().await;
    let general = house.inn.general;
    let gone = Response::error(404, 10003, "Unknown Channel");
    house.sim.world().plan("GET", &format!("/channels/{general}"), Some(1), Act::Answer(gone));
    let answer = house.on("lock", general, &[]).await.text();
    assert!(answer.contains("I could not lock") && answer.contains("The channel was deleted"), "{answer}");
    let promises = house.slash(house.inn.moderator, "promises", &[]).await.text();
    assert!(promises.contains("0 to come, 0 refused"), "{promises}");
    bot.stop().await;
}

#[tokio::test]
async fn a_voice_channel_lets_nobody_in_but_the_bot() {
    let (house, bot) = open().await;
    let (inn, fireside) = (&house.inn, house.inn.fireside);
    let before = house.overwrites(fireside);
    let enter = |member| house.sim.world().voice(inn.guild, member, Some(fireside), VoiceFlags::default());
    let answer = house.on("lock", fireside, &[]).await.text();
    assert!(answer.contains("Administrators can still get in or speak there"), "{answer}");
    let own = house.overwrites(fireside)[&house.everyone()];
    assert!(own.deny.contains(Permissions(CONNECT | SPEAK)), "{own:?}");
    assert!(enter(house.member(0)).is_err());
    let answer = house.on("unlock", fireside, &[]).await.text();
    assert!(answer.contains("is unlocked"), "it could not, had it locked itself out: {answer}");
    assert_eq!(house.overwrites(fireside), before);
    enter(house.member(0)).unwrap();
    bot.stop().await;
}

#[tokio::test]
async fn a_thread_is_locked_by_its_flag_and_woken_for_its_end() {
    let (house, bot) = open().await;
    let (inn, ada) = (&house.inn, house.member(0));
    let thread = house.sim.world().add_channel(inn.guild, ChannelSpec::thread("Recipes", inn.general));
    bot.settle(&house).await;
    let before = house.overwrites(inn.general);
    let answer = house.on("lock", thread, &[("duration", "1h".into())]).await.text();
    assert!(answer.contains("is locked until"), "{answer}");
    house.try_to_say(thread, ada).unwrap_err();
    house.try_to_say(inn.general, ada).unwrap();
    assert_eq!(house.overwrites(inn.general), before, "its channel is left alone");
    house.bot_says(thread, 1).await;
    house.sim.world().set_thread_state(thread, true, true).unwrap();
    house.clock.advance(HOUR * 2);
    bot.settle(&house).await;
    house.promises_kept().await;
    assert_eq!(house.sim.world().thread_state(thread), (false, false));
    house.try_to_say(thread, ada).unwrap();
    house.sim.world().set_thread_state(thread, true, false).unwrap();
    bot.settle(&house).await;
    let answer = house.on("lock", thread, &[]).await.text();
    assert!(answer.contains("was locked by hand; I leave it so"), "{answer}");
    bot.stop().await;
}

#[tokio::test]
async fn a_channel_in_step_with_its_category_is_in_step_again() {
    let (house, bot) = open().await;
    let inn = &house.inn;
    let category = house.sim.world().add_channel(inn.guild, ChannelSpec::category("Tables"));
    let spec = ChannelSpec { parent: Some(category), ..ChannelSpec::text("table-one") };
    let table = house.sim.world().add_channel(inn.guild, spec);
    for channel in [category, table] {
        house.sim.world().overwrite_role(channel, inn.regular_role.get(), ADD_REACTIONS, MENTION_EVERYONE);
    }
    bot.settle(&house).await;
    let answer = house.on("lock", category, &[]).await.text();
    assert!(answer.contains("is a category") && answer.contains("/lockall"), "{answer}");
    house.on("lock", table, &[]).await;
    let answer = house.on("unlock", table, &[]).await.text();
    assert!(!answer.contains("in step"), "{answer}");
    assert_eq!(house.overwrites(table), house.overwrites(category));
    bot.settle(&house).await;
    house.on("lock", table, &[]).await;
    house.sim.world().overwrite_role(category, inn.level_5.get(), SEND_MESSAGES, 0);
    bot.settle(&house).await;
    let answer = house.on("unlock", table, &[]).await.text();
    assert!(answer.contains("not in step with it any more"), "{answer}");
    bot.stop().await;
}

#[tokio::test]
async fn what_the_bot_may_not_do_it_refuses_in_words() {
    let (house, bot) = open().await;
    let (inn, general) = (&house.inn, house.inn.general);
    let ada = house.member(0);
    let refused = house.sim.world().slash(inn.bot_commands, ada, "lock", &[]).is_err();
    assert!(refused, "their client does not offer it");
    house.sim.world().overwrite_role(general, inn.bot_role.get(), 0, MANAGE_CHANNELS);
    bot.settle(&house).await;
    let before = house.overwrites(general);
    let answer = house.on("lock", general, &[]).await.text();
    assert!(answer.contains("I lack Manage Channel there"), "{answer}");
    assert_eq!(house.overwrites(general), before);
    let hidden = house.sim.world().add_channel(inn.guild, ChannelSpec::text("cellar"));
    house.sim.world().overwrite_role(hidden, house.everyone(), 0, VIEW_CHANNEL);
    bot.settle(&house).await;
    let answer = house.on("lock", hidden, &[]).await.text();
    assert!(answer.contains("View Channel") || answer.contains("no such channel"), "{answer}");
    let answer = house.on("unlock", general, &[]).await.text();
    assert!(answer.contains("is not locked by me"), "{answer}");
    bot.stop().await;
}

#[tokio::test]
async fn everything_is_locked_at_once_and_put_back_at_once() {
    let mut house = House::new().await;
    let spared = house.inn.introductions;
    house.config.locks.spared_channels = vec![spared];
    let bot = house.start().await;
    let all = [house.inn.general, house.inn.help, house.inn.fireside, spared, house.inn.staff_room];
    let before = all.map(|channel| house.overwrites(channel));
    house.on("lock", house.inn.help, &[("message", "before".into())]).await;
    let answer = house.slash(house.inn.moderator, "lockall", &[("duration", "1h".into())]).await;
    assert!(answer.text().starts_with("Locked: 6 of 6 channels."), "{}", answer.text());
    house.promises_kept_but(6).await;
    house.try_to_say(house.inn.general, house.member(0)).unwrap_err();
    house.try_to_say(spared, house.member(0)).unwrap();
    assert_eq!(house.overwrites(house.inn.staff_room), before[4], "nobody can talk there anyway");
    let again = house.slash(house.inn.moderator, "lockall", &[]).await.text();
    assert!(again.contains("I locked nothing"), "{again}");
    let listed = house.locks().await;
    assert!(listed.contains("7 locked"), "{listed}");
    let answer = house.slash(house.inn.moderator, "unlockall", &[]).await.text();
    assert!(answer.contains("is unlocked"), "{answer}");
    house.promises_kept().await;
    assert_eq!(all.map(|channel| house.overwrites(channel)), before);
    bot.stop().await;
}

#[tokio::test]
async fn a_message_locks_the_channel_it_is_in_and_a_button_unlocks_it() {
    let (house, bot) = open().await;
    let (general, moderator) = (house.inn.general, house.inn.moderator);
    house.say(moderator, "!lock 2h Everybody, calm down");
    let says = house.bot_says(general, 1).await;
    assert!(says[0].contains("until") && says[0].ends_with("Everybody, calm down"), "{says:?}");
    let id = house.sim.world().slash(house.inn.bot_commands, moderator, "locks", &[]).unwrap();
    house.sim.until(|world| world.finished_answer(id)).await;
    let message = house.sim.world().answer(id).unwrap().message.unwrap();
    let answer = house.press(moderator, &message, "Unlock #general").await.text();
    assert!(answer.contains("is unlocked"), "{answer}");
    house.try_to_say(general, house.member(0)).unwrap();
    bot.stop().await;
}

#[tokio::test]
async fn the_moderator_of_the_demo_locks_a_channel_as_people_type_it() {
    let (house, bot) = open().await;
    let (inn, line) = (&house.inn, "/lock channel:#help duration:10m message:A quiet moment, please");
    let id = house.sim.until(|world| world.type_slash(inn.staff_room, inn.moderator, line).ok()).await;
    let answer = house.sim.until(|world| world.finished_answer(id)).await;
    assert!(answer.text().contains("is locked until"), "{}", answer.text());
    assert!(house.bot_says(inn.help, 1).await[0].ends_with("A quiet moment, please"));
    bot.stop().await;
}
