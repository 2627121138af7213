//! Stories about members' own data: given as a file, deleted with a preview, kept no longer than the owner says.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use house::{House, Running};
use innkeeper::features;
use innkeeper::model::UserId;
use innkeeper::sim::world::{Input, VoiceFlags};
use innkeeper::store::check;
use innkeeper::store::personal::{Column, Holds, OWN, Personal};
use rusqlite::Connection;
use serde_json::Value;
use support::{Folder, open_store};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

fn declared() -> BTreeMap<&'static str, &'static Personal> {
    let rooms = features::FEATURES.iter().flat_map(|room| room.personal);
    rooms.chain(OWN).map(|personal| (personal.table, personal)).collect()
}

/// Columns that never hold a member's id, whatever the table. A new one takes its place here, or is declared by its
/// room as naming members.
const PLAIN: &[&str] = &[
    "about",
    "act",
    "action",
    "activity",
    "actor_name",
    "added_at",
    "afk_ms",
    "after",
    "alive_at",
    "allow_before",
    "allow_set",
    "alone_ms",
    "amount",
    "api_key",
    "application",
    "assigned_at",
    "at",
    "audience",
    "attempts",
    "avatar",
    "picture",
    "away",
    "batch",
    "before",
    "began",
    "bot",
    "by_hand",
    "came_at",
    "changed_at",
    "channel",
    "channel_name",
    "choice",
    "choices",
    "command",
    "command_cooldown",
    "config",
    "cooldown",
    "cooldown_seconds",
    "counted_ms",
    "created_at",
    "custom_status",
    "day",
    "deafened_ms",
    "denied",
    "deny_before",
    "deny_set",
    "description",
    "discriminator",
    "disabled",
    "dropped",
    "due_at",
    "enabled",
    "ended",
    "ended_at",
    "ends_at",
    "event",
    "existed",
    "expires_at",
    "failures",
    "fault",
    "finished",
    "flags",
    "folded",
    "for_member",
    "giver_name",
    "guild",
    "hash",
    "here",
    "hidden",
    "how",
    "icon",
    "icon_url",
    "id",
    "intents",
    "joined_at",
    "kind",
    "kinds",
    "last_at",
    "last_message",
    "last_promise",
    "last_status",
    "last_used_at",
    "last_words",
    "leave_from",
    "leave_until",
    "left_at",
    "left_bits",
    "level",
    "link",
    "lock",
    "locked_at",
    "locked_by_name",
    "log_channel",
    "log_message",
    "log_revision",
    "look",
    "made_at",
    "me",
    "members",
    "message",
    "missed_ms",
    "moderator_name",
    "muted_ms",
    "name",
    "nickname",
    "notes",
    "notice",
    "number",
    "ok",
    "only_row",
    "part",
    "place",
    "prefix",
    "present",
    "rank",
    "reason",
    "receiver_name",
    "refused",
    "required",
    "required_level",
    "resolution",
    "resolved_at",
    "resolved_by",
    "resume_url",
    "revision",
    "revoked_at",
    "role",
    "role_name",
    "roles",
    "scope",
    "scopes",
    "secret",
    "seen_at",
    "seen_ms",
    "sequence",
    "session",
    "shown",
    "sketches",
    "source",
    "state",
    "status",
    "streak",
    "synced",
    "taken_by_name",
    "tells",
    "tier",
    "title",
    "told",
    "told_words",
    "tool",
    "total_ms",
    "unclosed",
    "undoes",
    "undone_at",
    "undone_why",
    "unlock_at",
    "unlock_source",
    "unlocked_at",
    "unseen_ms",
    "updated_at",
    "url",
    "usage_count",
    "user_name",
    "what",
    "words",
    "xp",
];
/// The number of the case that took another back; the name of what was imported; whom an overwrite is for, which goes
/// with the lock's maker. Elsewhere such columns name members.
const PLAIN_THERE: &[(&str, &str)] =
    &[("moderation_case", "undone_by"), ("batch", "origin"), ("channel_lock_overwrite", "target")];

#[tokio::test]
async fn every_table_and_every_column_is_declared() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let (store, _) = open_store(&path);
    store.close();
    let database = Connection::open(&path).unwrap();
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
        AND name <> 'refinery_schema_history' ORDER BY name";
    let mut statement = database.prepare(sql).unwrap();
    let tables: Vec<String> = statement.query_map((), |row| row.get(0)).unwrap().map(|row| row.unwrap()).collect();
    let declared = declared();
    let known: Vec<_> = declared.keys().map(|table| (*table).to_owned()).collect();
    assert_eq!(tables, known, "each table is declared by its room: what it holds about members, or why nothing");
    for table in &tables {
        let mut statement = database.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
        let columns: Vec<String> = statement.query_map((), |row| row.get(0)).unwrap().map(|row| row.unwrap()).collect();
        let named_in: Vec<&str> = match &declared[table.as_str()].holds {
            Holds::Nobody(why) => {
                assert!(!why.is_empty());
                Vec::new()
            }
            Holds::Members(members) => {
                let name = |column: &Column| match column {
                    Column::Id(name) | Column::Within(name) => *name,
                };
                assert!(columns.contains(&"guild".to_owned()), "{table}");
                members.named_in.iter().map(name).collect()
            }
        };
        assert!(named_in.iter().all(|name| columns.iter().any(|column| column == name)), "{table}: {named_in:?}");
        for column in columns.iter().map(String::as_str) {
            let fine = named_in.contains(&column)
                || PLAIN.contains(&column)
                || PLAIN_THERE.contains(&(table.as_str(), column));
            assert!(fine, "does {table}.{column} name a member? Declare it with the table, or put it into PLAIN");
        }
    }
}

/// Two members with everything that can be kept about them.
async fn lived() -> (House, Running) {
    let house = House::with(|config| {
        config.levels.command_xp = 5;
        config.levels.repeat_check = true;
    })
    .await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    house.say_later(ada, "a story of some length that is told nowhere else");
    house.say(ada, "too soon");
    house.say_later(ada, "!xp");
    house.say_later(bea, "!leaderboard");
    house.bot_says(house.inn.general, 2).await;
    house.say_later(ada, "a story that takes whoever tells it to a level of their own");
    house.say_later(bea, "another story of some length, told by the fire");
    let set = [("member", Input::User(ada)), ("level", 6.into())];
    house.slash(house.inn.owner, "setlevel", &set).await;
    let give = [("member", Input::User(bea)), ("amount", 2.into()), ("reason", "the soup".into())];
    house.slash(ada, "kudos give", &give).await;
    house.clock.advance(2 * HOUR);
    house.slash(bea, "kudos give", &[("member", Input::User(ada)), ("reason", "the bread".into())]).await;
    house.slash(ada, "tools", &[("claim", "Daily Rewards".into())]).await;
    house.slash(ada, "privacy", &[("board", "off".into())]).await;
    house.slash(house.inn.moderator, "warn", &[("member", Input::User(ada)), ("reason", "not nice".into())]).await;
    house.sim.world().voice(house.inn.guild, ada, Some(house.inn.fireside), VoiceFlags::default()).unwrap();
    bot.settle(&house).await;
    house.promises_kept().await;
    (house, bot)
}

fn tables(file: &Value) -> Vec<String> {
    let all = file["tables"].as_object().unwrap().iter();
    let filled = all.filter(|(_, table)| !table["rows"].as_array().unwrap().is_empty());
    filled.map(|(name, table)| format!("{name} {}", table["rows"].as_array().unwrap().len())).collect()
}

async fn export(house: &House, member: UserId) -> Value {
    let answer = house.slash(member, "mydata export", &[]).await;
    assert!(answer.ephemeral, "for their eyes only");
    let message = answer.message.unwrap();
    assert!(message.text().contains("records that I keep about you, in `mydata.json`"), "{}", message.text());
    let [file] = &message.attachments[..] else { panic!("not one file: {message:?}") };
    assert_eq!(file.filename, "mydata.json");
    serde_json::from_slice(&file.bytes).unwrap()
}

/// How many rows of any table name somebody, by a look at every value of every column.
fn mentions(house: &House, member: UserId) -> BTreeMap<String, i64> {
    rows_with(house, &member.to_string())
}

fn rows_with(house: &House, wanted: &str) -> BTreeMap<String, i64> {
    let database = Connection::open(&house.config.store.path).unwrap();
    let mut found = BTreeMap::new();
    for table in declared().keys() {
        let mut statement = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query(()).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let text = |nth: usize| format!("{:?}", row.get_ref(nth).unwrap());
            let bytes = |nth: usize| row.get_ref(nth).unwrap().as_bytes().unwrap_or_default().to_vec();
            let names =
                |nth: usize| text(nth).contains(wanted) || String::from_utf8_lossy(&bytes(nth)).contains(wanted);
            if (0..columns).any(names) {
                *found.entry((*table).to_owned()).or_default() += 1;
            }
        }
    }
    found
}

fn check(house: &House) {
    let rooms: Vec<_> = features::FEATURES.iter().filter_map(|room| Some((room.name, room.verify?))).collect();
    let findings = check::inspect(&house.config.store.path, &rooms);
    assert!(findings.iter().all(|finding| finding.ok), "{findings:?}");
}

#[tokio::test]
async fn the_file_has_everything_that_names_the_member_and_nothing_of_others() {
    let (house, bot) = lived().await;
    let (ada, bea) = (house.member(0), house.member(1));
    let file = export(&house, ada).await;
    let found = mentions(&house, ada);
    for (table, rows) in &found {
        // What is written about the server names its people in passing; that is Discord's.
        if table != "guild" {
            let exported = file["tables"][table]["rows"].as_array().unwrap().len() as i64;
            assert_eq!(exported, *rows, "{table}: {found:?}");
        }
    }
    for table in ["xp", "ledger", "kudos", "member", "voice_state", "said", "hidden", "tool_unlock", "moderation_case"]
    {
        assert!(found.contains_key(table), "{table} should have something: {found:?}");
    }
    assert_eq!(file["tables"]["kudos"]["rows"].as_array().unwrap().len(), 2);
    assert_eq!(file["tables"]["moderation_case"]["rows"][0]["reason"], "not nice");
    assert_eq!(file["user"], ada.to_string());
    let of_bea = export(&house, bea).await;
    assert!(of_bea["tables"]["moderation_case"]["rows"].as_array().unwrap().is_empty());
    assert!(!tables(&of_bea).is_empty() && tables(&of_bea) != tables(&file));
    house.say(house.member(2), "!mydata export");
    let told = house.bot_says(house.inn.general, 3).await;
    assert!(told.last().unwrap().contains("use the slash command `/mydata`"), "{told:?}");
    bot.stop().await;
}

#[tokio::test]
async fn what_goes_is_shown_first_and_goes_at_once_while_cases_stay() {
    let (house, bot) = lived().await;
    let (ada, bea) = (house.member(0), house.member(1));
    let preview = house.slash(ada, "mydata delete", &[]).await;
    assert!(preview.ephemeral);
    let message = preview.message.unwrap();
    let words = message.text();
    assert!(words.contains("your XP, your streak and what you chose"), "{words}");
    assert!(words.contains("**What stays**\n· **1** cases about you"), "{words}");
    let label = message.buttons().next().unwrap()["label"].as_str().unwrap().to_owned();
    assert!(label.starts_with("Delete ") && label.ends_with(" records"), "{label}");

    // A number that is not the one that was shown deletes nothing.
    let before = mentions(&house, ada);
    house.clock.advance(HOUR);
    let wrong = house.slash(ada, "mydata delete", &[("number", 1.into())]).await;
    assert!(wrong.text().contains("It is not 1 any more, so nothing was deleted."), "{}", wrong.text());
    assert_eq!(mentions(&house, ada), before);

    let preview = wrong.message.unwrap();
    let label = preview.buttons().next().unwrap()["label"].as_str().unwrap().to_owned();
    let done = house.press(ada, &preview, &label).await.text();
    assert!(done.starts_with("Done: ") && done.contains("cases about you"), "{done}");
    bot.settle(&house).await;
    let mut left = mentions(&house, ada);
    left.remove("guild");
    assert_eq!(left, BTreeMap::from([("moderation_case".to_owned(), 1)]));
    let name = house.sim.world().name_of(house.inn.guild, ada).to_owned();
    assert_eq!(rows_with(&house, &name), left, "{name} is not named by name either");
    check(&house);
    let database = Connection::open(&house.config.store.path).unwrap();
    let sql = "SELECT giver, giver_name, receiver, amount, reason FROM kudos";
    let kudos: (i64, String, i64, i64, Option<String>) = database
        .query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
        .unwrap();
    assert_eq!(kudos, (1, "somebody".to_owned(), bea.sql(), 2, None), "Bea keeps what she was given");
    assert_eq!((house.xp(ada), house.xp(bea) > 0), (0, true));

    // Life goes on, from nothing.
    house.say_later(ada, "a new beginning that nobody has ever heard of");
    bot.settle(&house).await;
    assert_eq!(house.xp(ada), 15);
    let list = house.slash(bea, "kudos list", &[]).await.text();
    assert!(list.contains("from **somebody**"), "{list}");
    check(&house);
    bot.stop().await;
}

#[tokio::test]
async fn who_changed_others_is_no_longer_named_and_every_sum_holds() {
    let (house, bot) = lived().await;
    let owner = house.inn.owner;
    assert_eq!(house.ledger().iter().filter(|row| row.contains(" by ")).count(), 1);
    let preview = house.slash(owner, "mydata delete", &[]).await.message.unwrap();
    let label = preview.buttons().next().unwrap()["label"].as_str().unwrap().to_owned();
    house.press(owner, &preview, &label).await;
    bot.bot.settle().await;
    assert!(house.ledger().iter().all(|row| !row.contains(" by ")), "{:?}", house.ledger());
    check(&house);
    bot.stop().await;
}

#[tokio::test]
async fn who_left_is_kept_as_long_as_the_owner_says() {
    for (days, stays) in [(0, true), (30, false)] {
        let (mut house, bot) = lived().await;
        bot.stop().await;
        house.config.privacy.keep_left_days = days;
        let bot = house.start().await;
        let ada = house.member(0);
        house.sim.world().leave(house.inn.guild, ada).unwrap();
        bot.settle(&house).await;
        house.clock.advance(29 * DAY);
        bot.bot.pass_minute();
        bot.settle(&house).await;
        assert!(mentions(&house, ada).contains_key("xp"), "not yet");
        house.clock.advance(2 * DAY);
        bot.bot.pass_minute();
        bot.settle(&house).await;
        let left = mentions(&house, ada);
        assert_eq!(left.contains_key("xp"), stays, "{days} days: {left:?}");
        assert!(left.contains_key("moderation_case"), "cases stay");
        check(&house);
        bot.stop().await;
    }
}

#[tokio::test]
async fn who_left_unseen_is_kept_no_longer_once_that_is_noticed() {
    let (mut house, bot) = lived().await;
    bot.stop().await;
    house.config.privacy.keep_left_days = 30;
    let (ada, bea) = (house.member(0), house.member(1));
    let name = house.sim.world().name_of(house.inn.guild, bea).to_owned();
    house.sim.world().expire_sessions();
    house.sim.world().leave(house.inn.guild, bea).unwrap();
    house.clock.advance(DAY);
    let bot = house.start().await;
    let board = house.slash(ada, "leaderboard", &[]).await.text();
    assert!(board.contains(&name), "nobody told that they left: {board}");
    // A moderator names them, and Discord is asked.
    house.slash(house.inn.moderator, "warn", &[("member", Input::User(bea)), ("reason", "gone".into())]).await;
    bot.settle(&house).await;
    house.clock.advance(HOUR);
    let board = house.slash(ada, "leaderboard", &[]).await.text();
    assert!(!board.contains(&name), "{board}");
    house.clock.advance(29 * DAY);
    bot.bot.pass_minute();
    bot.settle(&house).await;
    assert!(mentions(&house, bea).contains_key("xp"), "not yet");
    house.clock.advance(DAY);
    bot.bot.pass_minute();
    bot.settle(&house).await;
    assert!(!mentions(&house, bea).contains_key("xp"));
    check(&house);
    bot.stop().await;
}
