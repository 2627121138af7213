//! Moderation: cases that say what Discord really did, and everything that follows from them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use expect_test::expect;
use house::{House, Running};
use innkeeper::config::{Punishment, Threshold};
use innkeeper::model::{Span, UserId};
use innkeeper::sim::world::{Answered, Input, SayOptions};
use innkeeper::sim::{Act, Fate, Response, World};
use rusqlite::Connection;
use serde_json::json;

const DAY: Duration = Duration::from_secs(86_400);

/// A house with a modlog and a bot in it.
async fn open() -> (House, Running) {
    open_with(|_| {}).await
}

async fn open_with(change: impl FnOnce(&mut House)) -> (House, Running) {
    let mut house = House::new().await;
    house.config.moderation.modlog = Some(house.inn.mod_log);
    change(&mut house);
    let bot = house.start().await;
    (house, bot)
}

impl House {
    /// The moderator uses a command about a member.
    async fn moderate(&self, command: &str, member: UserId, more: &[(&str, Input)]) -> Answered {
        let mut options = vec![("member", Input::from(member))];
        options.extend(more.iter().cloned());
        self.slash(self.inn.moderator, command, &options).await
    }

    async fn warn(&self, member: UserId) -> Answered {
        self.moderate("warn", member, &[("reason", "not nice".into())]).await
    }

    /// Each case as "number kind state", and "told" or "untold" where somebody was to be told.
    fn cases(&self) -> Vec<String> {
        let database = Connection::open(&self.config.store.path).unwrap();
        let sql = "SELECT number, kind, state, told, by_hand FROM moderation_case ORDER BY number";
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map((), |row| {
            let (number, kind, state): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let told = match row.get::<_, Option<bool>>(3)? {
                Some(true) => " told",
                Some(false) => " untold",
                None => "",
            };
            let by_hand = if row.get(4)? { " by hand" } else { "" };
            Ok(format!("{number} {kind} {state}{told}{by_hand}"))
        });
        rows.unwrap().map(|row| row.unwrap()).collect()
    }

    /// What the bot wrote to somebody in private, once there is something.
    async fn private(&self, member: UserId) -> Vec<String> {
        self.sim.until(move |world| Some(direct(world, member)).filter(|said| !said.is_empty())).await
    }

    /// The messages of the modlog, once there are so many.
    async fn modlog(&self, so_many: usize) -> Vec<String> {
        self.bot_says(self.inn.mod_log, so_many).await
    }

    fn is_member(&self, user: UserId) -> bool {
        self.sim.world().member(self.inn.guild, user).is_some()
    }
}

fn direct(world: &World, member: UserId) -> Vec<String> {
    world.direct_messages(member).iter().map(|message| message.text()).collect()
}

#[tokio::test]
async fn a_warning_is_on_record_and_the_member_is_told() {
    let (house, bot) = open().await;
    let ada = house.member(0);
    let answer = house.warn(ada).await;
    assert!(answer.ephemeral);
    expect![[r#"Case **1**: warned <@ID> (Selo). They were told."#]]
        .assert_eq(&answer.text().replace(&ada.to_string(), "ID"));
    assert_eq!(house.private(ada).await, ["You were warned in **The Lantern & Ladle**.\nReason: not nice"]);
    let logged = house.modlog(1).await;
    assert!(logged[0].starts_with("Case 1 · Warning\nnot nice\n"), "{}", logged[0]);
    let shown = house.slash(house.inn.moderator, "case show", &[("number", 1.into())]).await;
    assert!(shown.text().contains("Were they told?\nyes"), "{}", shown.text());
    let own = house.slash(ada, "warnings", &[]).await;
    assert!(own.ephemeral && own.text().starts_with("Warnings of Selo: 1 counts"), "{}", own.text());
    let others = house.slash(house.member(1), "warnings", &[("member", ada.into())]).await;
    assert_eq!(others.text(), "Only moderators can see other members' warnings.");
    assert_eq!(house.cases(), ["1 warn done told"]);
    bot.stop().await;
}

#[tokio::test]
async fn who_cannot_be_told_is_warned_all_the_same_and_the_case_says_so() {
    let (house, bot) = open().await;
    let ada = house.member(0);
    house.sim.world().set_dms_open(ada, false);
    let answer = house.warn(ada).await;
    assert!(answer.text().contains("They could not be told: They do not take private messages"), "{}", answer.text());
    assert_eq!(house.cases(), ["1 warn done untold"]);
    bot.stop().await;
}

#[tokio::test]
async fn a_warning_expires_and_stays_visible_as_expired() {
    let (house, bot) = open().await;
    let ada = house.member(0);
    house.moderate("warn", ada, &[("reason", "spam".into()), ("expires", "30d".into())]).await;
    house.warn(ada).await;
    house.clock.advance(DAY * 31);
    let told = house.moderate("warnings", ada, &[]).await.text();
    assert!(told.starts_with("Warnings of Selo: 1 counts"), "{told}");
    assert!(told.contains("spam") && told.contains("— expired"), "{told}");
    let history = house.moderate("history", ada, &[]).await.text();
    assert!(history.contains("1 to 2 of 2"), "{history}");
    bot.stop().await;
}

#[tokio::test]
async fn a_ban_tells_first_and_its_end_is_a_promise_that_survives_a_restart() {
    let (house, bot) = open().await;
    let ada = house.member(0);
    let answer = house.moderate("ban", ada, &[("reason", "spam".into()), ("duration", "7d".into())]).await;
    assert!(answer.text().starts_with("Case **1**: banned"), "{}", answer.text());
    assert!(answer.text().ends_with("They were told."), "{}", answer.text());
    assert!(!house.is_member(ada));
    let reason = house.sim.world().audit_log(house.inn.guild).last().unwrap().reason.clone().unwrap();
    let moderator = house.sim.world().name_of(house.inn.guild, house.inn.moderator).to_owned();
    assert_eq!(reason, format!("{moderator} (case 1): spam"));
    let promises = house.slash(house.inn.moderator, "promises", &[]).await;
    assert!(promises.text().contains("lift the ban of Selo"), "{}", promises.text());
    bot.stop().await;
    house.clock.advance(DAY * 6);
    let bot = house.start().await;
    bot.settle(&house).await;
    assert!(house.sim.world().is_banned(house.inn.guild, ada));
    bot.stop().await;
    house.clock.advance(DAY * 2);
    let bot = house.start().await;
    house.sim.until(|world| (!world.is_banned(house.inn.guild, ada)).then_some(())).await;
    house.promises_kept().await;
    let shown = house.slash(house.inn.moderator, "case show", &[("number", 1.into())]).await;
    assert!(shown.text().contains("Standing\nover since"), "{}", shown.text());
    bot.stop().await;
}

#[tokio::test]
async fn a_ban_that_discord_refuses_is_told_as_refused_and_what_the_member_read_is_taken_back() {
    let (house, bot) = open().await;
    let ada = house.member(0);
    let refusal = Response::json(403, &json!({"message": "Missing Permissions", "code": 50013}));
    house.sim.world().plan("PUT", "/bans/", Some(1), Act::Answer(refusal));
    let answer = house.moderate("ban", ada, &[("reason", "spam".into())]).await;
    assert!(answer.text().starts_with("Case **1**: I could not ban"), "{}", answer.text());
    assert!(house.is_member(ada));
    assert!(direct(&house.sim.world(), ada).is_empty(), "nobody reads of a ban that never was");
    assert_eq!(house.cases(), ["1 ban failed"]);
    let logged = house.modlog(1).await;
    assert!(logged[0].contains("did not happen"), "{}", logged[0]);
    // It stays where it can be seen, until somebody tries again.
    let promises = house.slash(house.inn.moderator, "promises", &[]).await;
    assert!(promises.text().contains("ban Selo \\(case 1\\) — Discord refused."), "{}", promises.text());
    let id = promises.text().split_once("**P").unwrap().1.split_once("**").unwrap().0.to_owned();
    house.slash(house.inn.moderator, "promises", &[("action", "now".into()), ("id", id.as_str().into())]).await;
    house.sim.until(|world| world.is_banned(house.inn.guild, ada).then_some(())).await;
    house.promises_kept().await;
    assert_eq!(house.cases(), ["1 ban done told"]);
    bot.stop().await;
}

#[tokio::test]
async fn while_discord_is_down_the_answer_says_so_and_the_deed_is_done_later() {
    let (house, bot) = open().await;
    let ada = house.member(0);
    house.sim.world().plan("DELETE", "/members/", None, Act::Answer(Response::json(503, &json!({}))));
    let answer = house.moderate("kick", ada, &[("reason", "spam".into())]).await;
    assert!(answer.text().contains("Discord has not answered yet"), "{}", answer.text());
    assert_eq!(house.cases(), ["1 kick pending"]);
    let again = house.moderate("kick", ada, &[("reason", "spam".into())]).await;
    assert_eq!(again.text(), "Case 1 is just about to kick them.");
    house.sim.world().clear_plans();
    house.clock.advance(Duration::from_secs(3_600));
    bot.settle(&house).await;
    house.promises_kept().await;
    assert!(!house.is_member(ada));
    assert_eq!(house.cases(), ["1 kick done told"]);
    assert_eq!(direct(&house.sim.world(), ada).len(), 1, "they were told once");
    bot.stop().await;
}

#[tokio::test]
async fn what_the_audit_log_proves_is_done_although_the_answer_was_lost() {
    let (house, bot) = open().await;
    let ada = house.member(0);
    house.sim.world().plan("DELETE", "/members/", Some(1), Act::PerformThen(Fate::Cut));
    let answer = house.moderate("kick", ada, &[("reason", "spam".into())]).await;
    bot.settle(&house).await;
    assert!(!house.is_member(ada), "{}", answer.text());
    house.clock.advance(Duration::from_secs(3_600));
    bot.settle(&house).await;
    house.promises_kept().await;
    assert!(house.cases()[0].starts_with("1 kick done"), "{:?}", house.cases());
    let promises = house.slash(house.inn.moderator, "promises", &[]).await;
    assert!(promises.text().contains("0 to come, 0 refused"), "{}", promises.text());
    bot.stop().await;
}

#[tokio::test]
async fn who_comes_back_before_a_lost_answer_was_asked_for_again_is_not_kicked_twice() {
    let (house, bot) = open().await;
    let (ada, guild) = (house.member(0), house.inn.guild);
    house.sim.world().plan("DELETE", "/members/", Some(1), Act::PerformThen(Fate::Cut));
    let comes_back = house.sim.until(|world| {
        let is_out = world.member(guild, ada).is_none();
        is_out.then(|| world.rejoin(guild, ada))
    });
    let options = [("reason", "spam".into())];
    let (_, answer) = tokio::join!(comes_back, house.moderate("kick", ada, &options));
    assert!(answer.text().starts_with("Case **1**: kicked"), "{}", answer.text());
    assert!(house.is_member(ada));
    assert_eq!(house.cases(), ["1 kick done told"]);
    let kicks = house.sim.world().audit_log(guild).filter(|line| line.action == 20).count();
    assert_eq!(kicks, 1);
    bot.stop().await;
}

#[tokio::test]
async fn a_timeout_ends_by_itself_or_is_lifted() {
    let (house, bot) = open().await;
    let (ada, ben) = (house.member(0), house.member(1));
    let until = |user| house.sim.world().member(house.inn.guild, user).unwrap().timed_out_until;
    house.moderate("timeout", ada, &[("duration", "1h".into()), ("reason", "calm down".into())]).await;
    assert_eq!(until(ada), Some(house.clock.now().plus(Duration::from_secs(3_600))));
    let lifted = house.moderate("untimeout", ada, &[]).await;
    assert!(lifted.text().starts_with("Case **2**: lifted the timeout of"), "{}", lifted.text());
    assert_eq!(until(ada), None);
    house.moderate("timeout", ben, &[("duration", "10m".into()), ("reason", "calm down".into())]).await;
    house.clock.advance(Duration::from_secs(601));
    let history = house.moderate("history", ben, &[]).await.text();
    assert!(history.contains("over since"), "{history}");
    for (duration, words) in [("29d", "at most 4w"), ("0m", "a length of time"), ("soon", "a length of time")] {
        let options = [("duration", duration.into()), ("reason", "x".into())];
        let refused = house.moderate("timeout", ben, &options).await.text();
        assert!(refused.starts_with("`duration` must be") && refused.contains(words), "{refused}");
    }
    assert_eq!(house.cases().len(), 3, "what is refused uses no number");
    bot.stop().await;
}

#[tokio::test]
async fn a_softban_deletes_and_lets_come_back() {
    let (house, bot) = open().await;
    let ada = house.member(0);
    house.say(ada, "buy this");
    let answer = house.moderate("softban", ada, &[("reason", "spam".into())]).await;
    assert!(answer.text().starts_with("Case **1**: softbanned"), "{}", answer.text());
    let world = house.sim.world();
    assert!(world.member(house.inn.guild, ada).is_none() && !world.is_banned(house.inn.guild, ada));
    assert!(world.channel(house.inn.general).unwrap().messages.iter().all(|message| message.author != ada));
    drop(world);
    bot.stop().await;
}

#[tokio::test]
async fn somebody_who_left_can_be_banned_and_noted_but_not_warned() {
    let (house, bot) = open().await;
    let ada = house.member(0);
    house.sim.world().leave(house.inn.guild, ada).unwrap();
    let refused = house.warn(ada).await;
    assert_eq!(refused.text(), "They are not in this server.");
    house.moderate("note", ada, &[("text", "left in anger".into())]).await;
    house.moderate("ban", ada, &[("reason", "spam".into())]).await;
    assert!(house.sim.world().is_banned(house.inn.guild, ada));
    assert_eq!(house.cases(), ["1 note done", "2 ban done untold"]);
    let lifted = house.moderate("unban", ada, &[]).await;
    assert!(lifted.text().starts_with("Case **3**: lifted the ban"), "{}", lifted.text());
    let nobody = house.moderate("unban", ada, &[]).await;
    assert!(nobody.text().contains("They are not banned."), "{}", nobody.text());
    bot.stop().await;
}

#[tokio::test]
async fn bots_oneself_the_owner_and_superiors_are_refused() {
    let (house, bot) = open().await;
    let inn = &house.inn;
    let me = house.sim.world().me();
    let cases = [
        (inn.moderator, "You cannot warn yourself."),
        (inn.owner, "Nobody can warn the owner of the server."),
        (me, "I do not warn myself."),
        (inn.admin, "You cannot warn somebody whose highest role is not below yours."),
    ];
    for (target, expected) in cases {
        assert_eq!(house.warn(target).await.text(), expected);
    }
    let by_admin = house.slash(inn.owner, "kick", &[("member", inn.admin.into()), ("reason", "x".into())]).await;
    assert!(by_admin.text().starts_with("I cannot kick them: their highest role is not below mine."));
    assert!(house.cases().is_empty());
    bot.stop().await;
}

#[tokio::test]
async fn a_reason_is_asked_for_and_is_never_markup() {
    let (house, bot) = open().await;
    let ada = house.member(0);
    for empty in ["   ", "\u{200b}"] {
        let refused = house.moderate("warn", ada, &[("reason", empty.into())]).await;
        assert_eq!(refused.text(), "Say why: the reason is what is asked about later.");
    }
    house.moderate("warn", ada, &[("reason", "@everyone **loud** [x](http://y) <@1>".into())]).await;
    let logged = house.modlog(1).await;
    assert!(logged[0].contains("\\@everyone \\*\\*loud\\*\\* \\[x\\]\\(http\\://y\\) \\<\\@1\\>"), "{}", logged[0]);
    let world = house.sim.world();
    for message in world.bot_messages(house.inn.mod_log) {
        assert!(message.pings.users.is_empty() && !message.pings.everyone);
    }
    drop(world);
    bot.stop().await;
}

#[tokio::test]
async fn what_moderators_do_by_hand_becomes_a_case_once() {
    let (house, bot) = open().await;
    let (guild, moderator) = (house.inn.guild, house.inn.moderator);
    let (ada, ben) = (house.member(0), house.member(1));
    house.moderate("ban", ada, &[("reason", "spam".into()), ("duration", "7d".into())]).await;
    {
        let mut world = house.sim.world();
        world.unban_by(guild, moderator, ada).unwrap();
        world.kick_by(guild, moderator, ben, "rude").unwrap();
        let until = house.clock.now().plus(Duration::from_secs(600));
        world.timeout_by(guild, moderator, house.member(2), Some(until)).unwrap();
        world.timeout_by(guild, moderator, house.member(2), None).unwrap();
    }
    bot.settle(&house).await;
    let expected = [
        "1 ban done told",
        "2 unban done by hand",
        "3 kick done by hand",
        "4 timeout done by hand",
        "5 untimeout done by hand",
    ];
    assert_eq!(house.cases(), expected);
    house.promises_kept().await;
    let promises = house.slash(moderator, "promises", &[]).await;
    assert!(promises.text().contains("nothing that is still to come"), "{}", promises.text());
    // A cut connection brings the same lines again.
    house.sim.faults().cut_everything();
    bot.settle(&house).await;
    assert_eq!(house.cases().len(), 5);
    bot.stop().await;
}

#[tokio::test]
async fn the_modlog_has_one_message_for_each_case_and_it_follows_the_case() {
    let (house, bot) = open().await;
    let (ada, moderator) = (house.member(0), house.inn.moderator);
    house.warn(ada).await;
    house.modlog(1).await;
    /// A command, what more it is given, what the answer says, and what the modlog shows.
    type Step<'a> = (&'a str, &'a [(&'a str, Input)], &'a str, &'a str);
    let steps: [Step<'_>; 5] = [
        ("case edit", &[("reason", "really not nice".into())], "another reason now", "really not nice"),
        ("case resolve", &[("note", "apologised".into())], "is resolved", "Resolution\napologised"),
        ("case reopen", &[], "is open again", "really not nice"),
        ("case hide", &[], "left out of histories", "Case 1 · hidden"),
        ("case hide", &[("hidden", "off".into())], "shown again", "really not nice"),
    ];
    for (command, more, answer, logged) in steps {
        let mut options = vec![("number", Input::from(1))];
        options.extend(more.iter().cloned());
        let said = house.slash(moderator, command, &options).await.text();
        assert!(said.contains(answer), "{command}: {said}");
        house.promises_kept().await;
        let log = house.modlog(1).await;
        assert!(log.len() == 1 && log[0].contains(logged), "{command}: {log:?}");
        let history = house.moderate("history", ada, &[]).await.text();
        assert_eq!(history.contains("hidden case is left out"), logged.contains("hidden"), "{history}");
    }
    let shown = house.slash(moderator, "case show", &[("number", 1.into())]).await.text();
    assert!(shown.contains("resolved by") && shown.contains(": apologised"), "{shown}");
    // Somebody deletes the message: the next change brings another one.
    let message = house.sim.world().bot_messages(house.inn.mod_log)[0].id;
    house.sim.world().delete_message(house.inn.mod_log, message).unwrap();
    house.slash(moderator, "case edit", &[("number", 1.into()), ("reason", "third".into())]).await;
    house.promises_kept().await;
    assert!(house.modlog(1).await[0].contains("third"));
    bot.stop().await;
}

#[tokio::test]
async fn undo_lifts_a_timeout_or_ban_and_marks_the_case() {
    let (house, bot) = open().await;
    let (ada, ben, admin) = (house.member(0), house.member(1), house.inn.admin);
    house.moderate("timeout", ada, &[("duration", "1h".into()), ("reason", "x".into())]).await;
    house.moderate("ban", ben, &[("reason", "x".into()), ("duration", "1d".into())]).await;
    house.warn(ada).await;
    let undo = async |id: &str| house.slash(admin, "undo", &[("id", id.into())]).await.text();
    assert!(undo("C1").await.starts_with("Case **4**: lifted the timeout of"));
    assert!(undo("C2").await.starts_with("Case **5**: lifted the ban of"));
    assert_eq!(undo("c3").await, "Case **3** (warning) is taken back.");
    assert_eq!(undo("C2").await, "Case 2 was taken back before, by case 5.");
    assert_eq!(undo("C4").await, "Case 4 (timeout lifted) cannot be taken back. `/case resolve 4` settles it.");
    assert_eq!(undo("C9").await, "There is no case 9 here. `/case list` shows what there is.");
    assert_eq!(house.sim.world().member(house.inn.guild, ada).unwrap().timed_out_until, None);
    assert!(!house.sim.world().is_banned(house.inn.guild, ben));
    let warnings = house.moderate("warnings", ada, &[]).await.text();
    assert!(warnings.starts_with("Warnings of Selo: 0 count") && warnings.contains("— taken back"), "{warnings}");
    house.promises_kept().await;
    bot.stop().await;
}

#[tokio::test]
async fn three_warnings_suggest_a_timeout_and_a_button_does_it() {
    let (house, bot) = open().await;
    let ada = house.member(0);
    house.warn(ada).await;
    house.warn(ada).await;
    let third = house.warn(ada).await;
    assert!(third.text().contains("That is warning number 3 that counts. Suggested for that: a timeout of 1 h."));
    assert_eq!(house.cases().len(), 3, "nothing is done unless it is configured");
    let message = third.first().unwrap().clone();
    let pressed = house.press(house.inn.moderator, &message, "A timeout of 1 h").await;
    assert!(pressed.text().starts_with("Case **4**: timed out"), "{}", pressed.text());
    bot.stop().await;
}

#[tokio::test]
async fn a_threshold_acts_where_it_is_configured() {
    let act = Threshold { warnings: 2, action: Punishment::Kick, duration: None, act: true, ..Threshold::default() };
    let (house, bot) = open_with(|house| house.config.moderation.thresholds = vec![act]).await;
    let ada = house.member(0);
    house.warn(ada).await;
    let second = house.warn(ada).await.text();
    assert!(second.contains("Case **3**: kicked") && second.ends_with("for so many warnings."), "{second}");
    assert!(!house.is_member(ada));
    assert_eq!(house.cases()[2], "3 kick done told");
    // Where it cannot be done, the answer says why.
    let moderator_too = house.member(1);
    house.sim.world().give_role(house.inn.guild, moderator_too, house.inn.admin_role).unwrap();
    for _ in 0..2 {
        let options = [("member", moderator_too.into()), ("reason", "x".into())];
        house.slash(house.inn.owner, "warn", &options).await;
    }
    let shown = house.slash(house.inn.admin, "case show", &[("number", 5.into())]).await.text();
    assert!(shown.contains("a rule could not be followed"), "{shown}");
    bot.stop().await;
}

#[tokio::test]
async fn a_rule_does_not_begin_what_is_under_way_already() {
    let act = Threshold { warnings: 1, action: Punishment::Kick, duration: None, act: true, ..Threshold::default() };
    let (house, bot) = open_with(|house| house.config.moderation.thresholds = vec![act]).await;
    let ada = house.member(0);
    house.sim.world().plan("DELETE", "/members/", None, Act::Answer(Response::json(503, &json!({}))));
    house.warn(ada).await;
    let second = house.warn(ada).await.text();
    assert!(second.contains("should lead to a kick, but: Case 2 is just about to kick them."), "{second}");
    house.sim.world().clear_plans();
    house.clock.advance(Duration::from_secs(120));
    bot.settle(&house).await;
    house.promises_kept().await;
    assert_eq!(house.cases(), ["1 warn done told", "2 kick done told", "3 warn done told"]);
    bot.stop().await;
}

#[tokio::test]
async fn who_comes_back_with_open_cases_is_announced_to_the_staff() {
    let (house, bot) = open().await;
    let (guild, ada, ben) = (house.inn.guild, house.member(0), house.member(1));
    house.warn(ada).await;
    house.modlog(1).await;
    {
        let mut world = house.sim.world();
        for user in [ada, ben] {
            world.leave(guild, user).unwrap();
            assert!(world.rejoin(guild, user));
        }
    }
    let said = house.modlog(2).await;
    assert!(said[1].contains("Somebody with open cases is back") && said[1].contains("not nice"), "{}", said[1]);
    bot.settle(&house).await;
    house.promises_kept().await;
    assert_eq!(house.modlog(2).await.len(), 2, "who has no case comes in quietly");
    house.slash(house.inn.moderator, "case resolve", &[("number", 1.into())]).await;
    house.sim.world().leave(guild, ada).unwrap();
    house.sim.world().rejoin(guild, ada);
    bot.settle(&house).await;
    house.promises_kept().await;
    assert_eq!(house.modlog(2).await.len(), 2, "a settled case is no news");
    bot.stop().await;
}

#[tokio::test]
async fn the_menu_of_a_message_warns_its_author_and_keeps_the_link() {
    let (house, bot) = open().await;
    let (ada, moderator, general) = (house.member(0), house.inn.moderator, house.inn.general);
    let message = house.say(ada, "something rude");
    let chosen = house.sim.until(|world| world.choose(message, moderator, "Warn").ok()).await;
    let form = house.sim.until(|world| world.form(chosen).cloned()).await;
    assert_eq!(form["title"], "Warns a member, and tells them");
    let sent = house.sim.world().submit(chosen, &[("reason", "that was rude")]).unwrap();
    let answer = house.sim.until(|world| world.finished_answer(sent)).await;
    assert!(answer.text().starts_with("Case **1**: warned"), "{}", answer.text());
    let shown = house.slash(moderator, "case show", &[("number", 1.into())]).await.text();
    let link = format!("https://discord.com/channels/{}/{general}/{message}", house.inn.guild);
    assert!(shown.contains(&format!("About\n{link}")), "{shown}");
    assert!(house.sim.world().choose(message, house.member(1), "Warn").is_err(), "it is offered to moderators alone");
    bot.stop().await;
}

#[tokio::test]
async fn by_message_the_words_find_their_options_and_the_answer_comes_in_private() {
    let (house, bot) = open().await;
    let (ada, ben) = (house.member(0), house.member(1));
    let moderator = house.inn.moderator;
    let type_line = |line: String| house.sim.world().say(house.inn.general, moderator, &line, SayOptions::default());
    type_line(format!("!timeout <@{ada}> 2h do calm down")).unwrap();
    let said = house.private(moderator).await;
    assert!(said[0].starts_with("Case **1**: timed out"), "{said:?}");
    type_line(format!("!ban {ben} spam and more spam")).unwrap();
    house.sim.until(|world| world.is_banned(house.inn.guild, ben).then_some(())).await;
    house.promises_kept().await;
    assert_eq!(house.cases(), ["1 timeout done told", "2 ban done told"]);
    assert_eq!(direct(&house.sim.world(), moderator).len(), 2, "each command has one answer");
    bot.stop().await;
}

#[tokio::test]
async fn twenty_cases_at_once_get_twenty_numbers() {
    let (house, bot) = open().await;
    let ids: Vec<_> = {
        let mut world = house.sim.world();
        let members: Vec<_> = (0..20).map(|nth| world.join(house.inn.guild, &format!("guest{nth}"))).collect();
        drop(world);
        house.sim.until(|world| world.slash(house.inn.bot_commands, house.inn.moderator, "ping", &[]).ok()).await;
        let mut world = house.sim.world();
        let warn = |(nth, member): (usize, UserId)| {
            let by = if nth % 2 == 0 { house.inn.moderator } else { house.inn.admin };
            let options = [("member", member.into()), ("reason", "at once".into())];
            (world.slash(house.inn.bot_commands, by, "warn", &options)).unwrap()
        };
        members.into_iter().enumerate().map(warn).collect()
    };
    for id in ids {
        house.sim.until(|world| world.finished_answer(id)).await;
    }
    let numbers: Vec<_> = house.cases().iter().map(|case| case.split_once(' ').unwrap().0.to_owned()).collect();
    assert_eq!(numbers, (1..=20).map(|number| number.to_string()).collect::<Vec<_>>());
    bot.stop().await;
}

#[tokio::test]
async fn a_list_has_pages_and_buttons_to_turn_them() {
    let (house, bot) = open_with(|house| house.config.moderation.tell_members = false).await;
    let ada = house.member(0);
    for _ in 0..23 {
        house.moderate("note", ada, &[("text", "again".into())]).await;
    }
    let first = house.slash(house.inn.moderator, "case list", &[]).await;
    assert!(first.text().contains("1 to 10 of 23") && first.text().contains("**23** Note"), "{}", first.text());
    let message = first.first().unwrap().clone();
    let second = house.press(house.inn.moderator, &message, "Older").await;
    assert!(second.text().contains("11 to 20 of 23"), "{}", second.text());
    let options = [("member", ada.into()), ("page", 9.into())];
    let last = house.slash(house.inn.moderator, "history", &options).await;
    assert!(last.text().contains("21 to 23 of 23"), "{}", last.text());
    let message = last.first().unwrap().clone();
    let before = house.press(house.inn.moderator, &message, "Newer").await;
    assert!(before.text().contains("11 to 20 of 23"), "{}", before.text());
    bot.stop().await;
}

#[tokio::test]
async fn calling_off_the_end_of_a_ban_makes_it_last_and_later_moves_it() {
    let (house, bot) = open().await;
    let (ada, moderator) = (house.member(0), house.inn.moderator);
    let day = Span::days(1);
    house.moderate("ban", ada, &[("reason", "x".into()), ("duration", day.to_string().into())]).await;
    let message = loop {
        let listed = house.slash(moderator, "promises", &[]).await;
        // The modlog's message is a promise, too, for a moment.
        if listed.text().contains("1 to come") {
            break listed.first().unwrap().clone();
        }
    };
    house.press(moderator, &message, "+1 h").await;
    let shown = house.slash(moderator, "case show", &[("number", 1.into())]).await.text();
    let end = house.clock.now().plus(DAY + Duration::from_secs(3_600)).seconds();
    assert!(shown.contains(&format!("Until\n<t:{end}:f> (<t:{end}:R>)")), "{shown}");
    let cancelled = house.press(moderator, &message, "Cancel").await;
    assert!(cancelled.text().contains("is called off: I will not lift the ban of Selo"), "{}", cancelled.text());
    let shown = house.slash(moderator, "case show", &[("number", 1.into())]).await.text();
    assert!(!shown.contains("Until") && shown.contains("end called off"), "{shown}");
    let again = house.press(moderator, &message, "Cancel").await;
    assert!(again.text().starts_with("There is no promise P"), "{}", again.text());
    bot.stop().await;
}
