//! Roles for a while.

use std::time::Duration;

use innkeeper::model::{RoleId, UserId};
use innkeeper::sim::world::{Answered, Input, RoleSpec};
use innkeeper::sim::{Act, Response};
use serde_json::json;

use crate::house::House;
use crate::{DAY, MINUTE, open_as, open_with};

impl House {
    /// The admin uses `/temprole`.
    async fn temprole(&self, verb: &str, member: UserId, role: RoleId, duration: Option<&str>) -> Answered {
        let mut options: Vec<(&str, Input)> = vec![("member", member.into()), ("role", role.into())];
        options.extend(duration.map(|duration| ("duration", duration.into())));
        self.slash(self.inn.admin, &format!("temprole {verb}"), &options).await
    }

    async fn temproles(&self) -> String {
        self.slash(self.inn.admin, "temprole list", &[]).await.text()
    }

    fn states(&self) -> Vec<String> {
        self.rows("SELECT state, words FROM temporary_role ORDER BY id")
    }
}

#[tokio::test]
async fn a_role_for_a_while_is_given_listed_and_taken_at_its_end() {
    let (house, bot) = open_with(|_| {}).await;
    let (ada, role) = (house.member(0), house.role("Guest"));
    let reason =
        [("member", ada.into()), ("role", role.into()), ("duration", "2h".into()), ("reason", "a *tour*".into())];
    let answer = house.slash(house.inn.admin, "temprole give", &reason).await;
    assert!(answer.ephemeral);
    assert!(answer.text().contains("has **Guest** now; it ends <t:"), "{}", answer.text());
    assert!(house.has(ada, role));
    let logged = house.sim.world().audit_log(house.inn.guild).last().unwrap().reason.clone().unwrap();
    assert!(logged.ends_with("for 2h: a *tour*"), "{logged}");
    let listed = house.temproles().await;
    assert!(listed.contains("**Guest** ends <t:") && listed.contains("a \\*tour\\*"), "{listed}");
    let promises = house.slash(house.inn.moderator, "promises", &[]).await.text();
    assert!(promises.contains("take the role Guest from Selo"), "{promises}");
    house.clock.advance(Duration::from_secs(2 * 3_600 - 1));
    bot.settle(&house).await;
    assert!(house.has(ada, role));
    house.clock.advance(Duration::from_secs(1));
    bot.settle(&house).await;
    house.until_has(ada, role, false).await;
    house.promises_kept().await;
    assert_eq!(house.states(), ["over -"], "the row stays as history");
    let fields = "SELECT user_name, role_name, expires_at - assigned_at, reason, actor <> 0 FROM temporary_role";
    assert_eq!(house.rows(fields), ["Selo Guest 7200000 a *tour* 1"]);
    let history = house.slash(house.inn.admin, "temprole list", &[("member", ada.into())]).await.text();
    assert!(history.contains("**Guest** ended <t:"), "{history}");
    bot.stop().await;
}

#[tokio::test]
async fn ends_that_passed_while_the_bot_was_off_come_after_ready_and_exactly_once() {
    let (house, bot) = open_with(|_| {}).await;
    let times = [MINUTE, DAY, DAY * 30, DAY * 399];
    let roles: Vec<_> = (0..4).map(|number| house.role(&format!("Guest {number}"))).collect();
    for (time, role) in times.iter().zip(&roles) {
        let duration = format!("{}m", time.as_secs() / 60);
        house.temprole("give", house.member(0), *role, Some(&duration)).await;
        assert!(house.has(house.member(0), *role));
    }
    bot.stop().await;
    house.clock.advance(DAY * 400);
    let bot = house.start().await;
    // The clock does not move: what is overdue ends at once, not after some time.
    for role in &roles {
        house.until_has(house.member(0), *role, false).await;
    }
    house.promises_kept().await;
    bot.stop().await;
    let bot = house.start().await;
    bot.settle(&house).await;
    for role in &roles {
        assert_eq!(house.changes("DELETE", *role), 1);
    }
    assert_eq!(house.states(), ["over -"; 4]);
    bot.stop().await;
}

#[tokio::test]
async fn giving_again_replaces_the_end_and_extending_puts_it_off() {
    let (house, bot) = open_with(|_| {}).await;
    let (ada, role) = (house.member(0), house.role("Guest"));
    house.temprole("give", ada, role, Some("1h")).await;
    house.temprole("give", ada, role, Some("3h")).await;
    assert_eq!(house.states(), ["over a newer one took its place", "held -"]);
    house.clock.advance(Duration::from_secs(2 * 3_600));
    bot.settle(&house).await;
    assert!(house.has(ada, role), "the first end is gone");
    let answer = house.temprole("extend", ada, role, Some("1h")).await;
    assert!(answer.text().contains("has **Guest** for longer"), "{}", answer.text());
    house.clock.advance(Duration::from_secs(3_600 + 60));
    bot.settle(&house).await;
    assert!(house.has(ada, role), "and so is the second");
    house.clock.advance(Duration::from_secs(3_600));
    bot.settle(&house).await;
    house.until_has(ada, role, false).await;
    let nothing = house.temprole("extend", ada, role, Some("1h")).await;
    assert!(nothing.text().starts_with("They hold no such role for a while."), "{}", nothing.text());
    bot.stop().await;
}

#[tokio::test]
async fn a_role_is_taken_early_and_its_end_is_called_off() {
    let (house, bot) = open_with(|_| {}).await;
    let (ada, role) = (house.member(0), house.role("Guest"));
    house.temprole("give", ada, role, Some("1h")).await;
    let answer = house.temprole("take", ada, role, None).await;
    assert!(answer.text().starts_with("**Guest** is taken from"), "{}", answer.text());
    assert!(!house.has(ada, role));
    let by = house.rows("SELECT taken_by_name, words FROM temporary_role");
    assert_eq!((house.states(), by), (vec!["over -".to_owned()], vec!["Yana Fern -".to_owned()]));
    house.sim.world().give_role(house.inn.guild, ada, role).unwrap();
    house.clock.advance(DAY);
    bot.settle(&house).await;
    house.promises_kept().await;
    assert!(house.has(ada, role), "what was given by hand since stays");
    let again = house.temprole("give", ada, role, Some("1h")).await;
    assert!(again.text().contains("already, without an end"), "{}", again.text());
    bot.stop().await;
}

#[tokio::test]
async fn what_may_not_be_given_is_refused_in_words_and_nothing_changes() {
    let (house, bot) = open_with(|_| {}).await;
    let (ada, inn) = (house.member(0), house.inn.clone());
    let powerful = house.sim.world().add_role(inn.guild, RoleSpec::named("Helper", 1).with(1 << 13));
    let managed = house.sim.world().add_role(inn.guild, RoleSpec { managed: true, ..RoleSpec::named("Booster", 1) });
    let high = house.sim.world().add_role(inn.guild, RoleSpec::named("Heights", 12));
    bot.settle(&house).await;
    let everyone: RoleId = inn.guild.get().to_string().parse().unwrap();
    let cases = [
        (powerful, "has moderation permissions, so I never give it"),
        (inn.moderator_role, "has moderation permissions"),
        (managed, "belongs to an integration"),
        (high, "is not below mine"),
        (everyone, "Everybody has that role already."),
    ];
    for (role, words) in cases {
        let answer = house.temprole("give", ada, role, Some("1h")).await;
        assert!(answer.text().contains(words), "{}", answer.text());
    }
    for duration in ["soon", "0m", "11 years"] {
        let answer = house.temprole("give", ada, inn.regular_role, Some(duration)).await;
        assert!(answer.text().contains("`duration` must be a length of time"), "{}", answer.text());
    }
    assert!(house.states().is_empty());
    assert_eq!(house.changes("PUT", powerful), 0);
    bot.stop().await;
}

#[tokio::test]
async fn who_asks_has_to_stand_above_the_role() {
    let (house, bot) = open_with(|_| {}).await;
    let (ada, guild) = (house.member(0), house.inn.guild);
    let warden = house.sim.world().add_role(guild, RoleSpec::named("Warden", 2).with(1 << 28));
    let above = house.sim.world().add_role(guild, RoleSpec::named("Above", 3));
    let below = house.role("Below");
    house.sim.world().give_role(guild, house.member(1), warden).unwrap();
    bot.settle(&house).await;
    let give = async |role: RoleId| {
        let options = [("member", ada.into()), ("role", role.into()), ("duration", "1h".into())];
        house.slash(house.member(1), "temprole give", &options).await.text()
    };
    assert_eq!(give(above).await, "The role **Above** is not below your own highest role.");
    assert!(give(below).await.contains("has **Below** now"));
    bot.stop().await;
}

#[tokio::test]
async fn the_answer_tells_what_discord_did_not_do() {
    let (house, bot) = open_with(|_| {}).await;
    let (ada, role) = (house.member(0), house.role("Guest"));
    let no = || Act::Answer(Response::json(403, &json!({"message": "Missing Permissions", "code": 50013})));
    house.sim.world().plan("PUT", "/roles/", Some(1), no());
    let answer = house.temprole("give", ada, role, Some("1h")).await;
    assert!(answer.text().starts_with("I could not give **Guest** to"), "{}", answer.text());
    assert!(house.states()[0].starts_with("failed My role lacks a permission"), "{:?}", house.states());
    // It can be tried again from the list of promises, and from the beginning.
    house.temprole("give", ada, role, Some("1h")).await;
    assert!(house.has(ada, role));
    house.sim.world().plan("DELETE", "/roles/", Some(1), no());
    let answer = house.temprole("take", ada, role, None).await;
    assert!(answer.text().starts_with("I could not take **Guest** from"), "{}", answer.text());
    assert!(house.states()[1].starts_with("held "), "{:?}", house.states());
    house.clock.advance(DAY);
    bot.settle(&house).await;
    house.until_has(ada, role, false).await;
    house.promises_kept().await;
    assert_eq!(house.states()[1], "over -", "the end stood all the same");
    bot.stop().await;
}

#[tokio::test]
async fn a_role_that_moved_above_the_bot_is_taken_once_it_is_below_again() {
    let (house, bot) = open_with(|_| {}).await;
    let (ada, role) = (house.member(0), house.role("Guest"));
    house.temprole("give", ada, role, Some("1h")).await;
    house.lift(role, 20);
    house.clock.advance(DAY);
    bot.settle(&house).await;
    house.promises_kept().await;
    assert!(house.has(ada, role));
    let listed = house.temproles().await;
    assert!(listed.contains("stands below the role"), "{listed}");
    let promises = house.slash(house.inn.moderator, "promises", &[]).await.text();
    assert!(promises.contains("take the role Guest from Selo — Discord refused."), "{promises}");
    house.lift(role, 1);
    bot.settle(&house).await;
    house.until_has(ada, role, false).await;
    bot.stop().await;
}

#[tokio::test]
async fn who_leaves_and_roles_that_are_deleted_call_the_end_off_with_words() {
    let (house, bot) = open_with(|_| {}).await;
    let (ada, bob, guild) = (house.member(0), house.member(1), house.inn.guild);
    let (role, other) = (house.role("Guest"), house.role("Helping hand"));
    house.temprole("give", ada, role, Some("1h")).await;
    house.temprole("give", bob, other, Some("1h")).await;
    house.sim.world().leave(guild, ada).unwrap();
    house.sim.world().delete_role(guild, other).unwrap();
    bot.settle(&house).await;
    assert_eq!(house.states(), ["over they left the server", "over the role was deleted"]);
    let ends = "SELECT state, words FROM promise WHERE tells GLOB 'temprole.end:*' ORDER BY id";
    assert_eq!(house.rows(ends), ["cancelled they left the server", "cancelled the role was deleted"]);
    // Coming back does not bring it back: it is no role of the list.
    house.sim.world().rejoin(guild, ada);
    house.clock.advance(DAY);
    bot.settle(&house).await;
    assert!(!house.has(ada, role));
    assert_eq!(house.changes("DELETE", role), 0);
    bot.stop().await;
}

#[tokio::test]
async fn who_left_while_the_bot_was_off_ends_in_words_too() {
    let (house, bot) = open_with(|_| {}).await;
    let (ada, role) = (house.member(0), house.role("Guest"));
    house.temprole("give", ada, role, Some("1h")).await;
    bot.stop().await;
    house.sim.world().expire_sessions();
    house.sim.world().leave(house.inn.guild, ada).unwrap();
    house.clock.advance(DAY);
    let bot = house.start().await;
    bot.settle(&house).await;
    house.promises_kept().await;
    assert_eq!(house.states(), ["over They are not in the server any more."]);
    let failed = "SELECT count(*) FROM promise WHERE state = 'failed'";
    assert_eq!(house.rows(failed), ["0"], "there is nothing that anybody could do");
    let gone = format!("SELECT present, left_at > 0 FROM member WHERE user = {ada}");
    assert_eq!(house.rows(&gone), ["0 1"], "who is not there is known as gone");
    bot.stop().await;
}

#[tokio::test]
async fn an_end_can_be_moved_and_called_off_from_the_list_of_promises() {
    let (house, bot) = open_with(|_| {}).await;
    let (ada, role) = (house.member(0), house.role("Guest"));
    house.temprole("give", ada, role, Some("1h")).await;
    let id = house.rows("SELECT id FROM promise WHERE tells GLOB 'temprole.end:*'").remove(0);
    let change = async |action: &str| {
        let options = [("action", action.into()), ("id", format!("P{id}").into())];
        house.slash(house.inn.moderator, "promises", &options).await
    };
    change("later").await;
    assert_eq!(house.rows("SELECT expires_at - assigned_at FROM temporary_role"), ["7200000"]);
    change("cancel").await;
    assert!(house.states()[0].starts_with("over its end was called off by"), "{:?}", house.states());
    house.clock.advance(DAY);
    bot.settle(&house).await;
    assert!(house.has(ada, role));
    bot.stop().await;
}

#[tokio::test]
async fn a_role_that_comes_back_goes_on_with_the_time_that_is_left() {
    let (house, bot) = open_as(
        |_| {},
        |house| {
            house.config.roles.persistent = vec![house.inn.regular_role];
        },
    )
    .await;
    let (ada, role, guild) = (house.member(0), house.inn.regular_role, house.inn.guild);
    house.temprole("give", ada, role, Some("2h")).await;
    bot.settle(&house).await;
    house.sim.world().leave(guild, ada).unwrap();
    bot.settle(&house).await;
    assert_eq!(house.states(), ["away they left the server"]);
    house.clock.advance(Duration::from_secs(3_600));
    house.sim.world().rejoin(guild, ada);
    house.until_has(ada, role, true).await;
    bot.settle(&house).await;
    assert_eq!(house.states(), ["held -"]);
    house.clock.advance(Duration::from_secs(3_600));
    bot.settle(&house).await;
    house.until_has(ada, role, false).await;
    house.promises_kept().await;
    // Without time left it does not come back.
    house.temprole("give", ada, role, Some("2h")).await;
    bot.settle(&house).await;
    house.sim.world().leave(guild, ada).unwrap();
    bot.settle(&house).await;
    house.clock.advance(DAY);
    house.sim.world().rejoin(guild, ada);
    bot.settle(&house).await;
    house.promises_kept().await;
    assert!(!house.has(ada, role));
    assert_eq!(house.states()[1], "over they left the server");
    bot.stop().await;
}
