//! Roles, and names of their own, that come back with a member who left.

use std::sync::Arc;

use innkeeper::model::{AuditLine, Deed, Event, Permissions, RoleId, UserId};
use innkeeper::sim::world::{Input, RoleSpec, SayOptions};
use innkeeper::sim::{Act, Response};
use innkeeper::store::{Progress, SessionKey};
use serde_json::json;

use crate::house::{House, Running};
use crate::{DAY, open_as, open_with};

/// A house where one role comes back, and a mute.
async fn open() -> (House, Running, RoleId, RoleId) {
    let mut roles = None;
    let (house, bot) = open_with(|house| roles = Some(listed(house))).await;
    let (role, mute) = roles.unwrap();
    (house, bot, role, mute)
}

/// Two roles of the list: one to come back, and one that keeps somebody from writing.
fn listed(house: &mut House) -> (RoleId, RoleId) {
    let (role, mute) = (house.role("Painter"), house.role("Muted"));
    house.config.roles.persistent = vec![role];
    house.config.roles.mute = vec![mute];
    (role, mute)
}

impl House {
    fn give(&self, member: UserId, roles: &[RoleId]) {
        for role in roles {
            self.sim.world().give_role(self.inn.guild, member, *role).unwrap();
        }
    }

    async fn leave(&self, bot: &Running, member: UserId) {
        self.sim.world().leave(self.inn.guild, member).unwrap();
        bot.settle(self).await;
    }

    /// Somebody comes back, and everything that follows happens.
    async fn rejoin(&self, bot: &Running, member: UserId) {
        assert!(self.sim.world().rejoin(self.inn.guild, member));
        bot.settle(self).await;
        self.promises_kept().await;
        bot.settle(self).await;
    }

    /// Whether the bot may read the audit log.
    async fn set_audit_log(&self, bot: &Running, may: bool) {
        let log = 1_u64 << 7;
        self.sim
            .world()
            .edit_role(self.inn.guild, self.inn.bot_role, |role| {
                let bits = role.permissions.0;
                role.permissions = Permissions(if may { bits | log } else { bits & !log });
            })
            .unwrap();
        bot.settle(self).await;
    }

    fn remembered(&self) -> Vec<String> {
        self.rows("SELECT role_name, away FROM persistent_role ORDER BY role_name DESC")
    }

    /// The roles that the bot gave, in order.
    fn given(&self) -> Vec<RoleId> {
        let world = self.sim.world();
        let puts = world.requests().filter(|seen| seen.method == "PUT" && seen.path.contains("/roles/"));
        puts.map(|seen| seen.path.rsplit('/').next().unwrap().parse().unwrap()).collect()
    }
}

#[tokio::test]
async fn roles_of_the_list_come_back_the_mute_first_and_others_do_not() {
    let (house, bot, role, mute) = open().await;
    let ada = house.member(0);
    house.give(ada, &[house.inn.regular_role, role, mute]);
    bot.settle(&house).await;
    assert_eq!(house.remembered(), ["Painter 0", "Muted 0"]);
    house.leave(&bot, ada).await;
    assert_eq!(house.remembered(), ["Painter 1", "Muted 1"]);
    house.rejoin(&bot, ada).await;
    assert_eq!(house.given(), [mute, role]);
    assert!(house.has(ada, role) && house.has(ada, mute) && !house.has(ada, house.inn.regular_role));
    assert_eq!(house.remembered(), ["Painter 0", "Muted 0"]);
    let why = house.sim.world().audit_log(house.inn.guild).last().unwrap().reason.clone();
    assert_eq!(why.as_deref(), Some("They had it when they left"));
    bot.stop().await;
}

#[tokio::test]
async fn what_every_newcomer_is_given_comes_after_what_comes_back() {
    let mut roles = None;
    let (house, bot) = open_with(|house| {
        let newcomer = house.role("Newcomer");
        (house.config.welcome.enabled, house.config.welcome.autorole) = (true, vec![newcomer]);
        roles = Some((listed(house), newcomer));
    })
    .await;
    let ((role, mute), newcomer) = roles.unwrap();
    house.give(house.member(0), &[role, mute]);
    bot.settle(&house).await;
    house.leave(&bot, house.member(0)).await;
    house.rejoin(&bot, house.member(0)).await;
    assert_eq!(house.given(), [mute, role, newcomer]);
    bot.stop().await;
}

#[tokio::test]
async fn what_was_taken_before_somebody_left_does_not_come_back() {
    let (house, bot, role, mute) = open().await;
    let (ada, guild) = (house.member(0), house.inn.guild);
    house.give(ada, &[role, mute]);
    bot.settle(&house).await;
    house.sim.world().take_role(guild, ada, mute).unwrap();
    house.leave(&bot, ada).await;
    // What happens between their return and their roles takes nothing from what is remembered.
    house.sim.world().plan("PUT", "/roles/", Some(1), Act::Answer(Response::json(503, &json!({}))));
    house.sim.world().rejoin(guild, ada);
    bot.settle(&house).await;
    house.sim.world().set_nick(guild, ada, Some("Ada the Returned")).unwrap();
    house.sim.world().say(house.inn.general, ada, "hello again", SayOptions::default()).unwrap();
    bot.settle(&house).await;
    assert_eq!(house.remembered(), ["Painter 1"]);
    house.clock.advance(DAY);
    bot.settle(&house).await;
    house.until_has(ada, role, true).await;
    bot.settle(&house).await;
    assert_eq!(house.given(), [role, role]);
    assert_eq!(house.remembered(), ["Painter 0"]);
    bot.stop().await;
}

#[tokio::test]
async fn roles_that_were_held_before_the_bot_came_are_learned_from_messages() {
    let mut roles = None;
    let (house, bot) = open_with(|house| {
        let (role, mute) = listed(house);
        house.give(house.member(0), &[role]);
        roles = Some((role, mute));
    })
    .await;
    let (ada, (role, _)) = (house.member(0), roles.unwrap());
    assert!(house.remembered().is_empty());
    house.say(ada, "good evening");
    bot.settle(&house).await;
    assert_eq!(house.remembered(), ["Painter 0"]);
    house.leave(&bot, ada).await;
    house.rejoin(&bot, ada).await;
    assert!(house.has(ada, role));
    bot.stop().await;
}

#[tokio::test]
async fn a_role_with_moderation_permissions_never_comes_back() {
    let (house, bot, role, mute) = open().await;
    let (ada, guild) = (house.member(0), house.inn.guild);
    house.give(ada, &[role, mute]);
    bot.settle(&house).await;
    house.leave(&bot, ada).await;
    // It gets power while they are away.
    house.empower(role);
    house.rejoin(&bot, ada).await;
    assert_eq!(house.given(), [mute]);
    let problems = bot.bot.vitals().problems();
    assert!(problems.iter().any(|problem| problem.detail.contains("Painter of roles.persistent")), "{problems:?}");
    // Where it has power from the beginning, it is not even remembered.
    house.sim.world().take_role(guild, ada, mute).unwrap();
    house.give(house.member(1), &[role]);
    bot.settle(&house).await;
    assert_eq!(house.remembered(), ["Painter 1"]);
    // Once it is harmless again, those who wait for it get it.
    house.sim.world().edit_role(guild, role, |role| role.permissions = Permissions::NONE).unwrap();
    bot.settle(&house).await;
    house.until_has(ada, role, true).await;
    bot.stop().await;
}

#[tokio::test]
async fn a_role_that_gets_power_after_it_was_promised_is_not_given_either() {
    let (house, bot, role, mute) = open().await;
    let (ada, guild) = (house.member(0), house.inn.guild);
    house.give(ada, &[role, mute]);
    bot.settle(&house).await;
    house.leave(&bot, ada).await;
    // Discord is down for the mute, so the role behind it waits.
    house.sim.world().plan("PUT", "/roles/", Some(2), Act::Answer(Response::json(503, &json!({}))));
    house.sim.world().rejoin(guild, ada);
    bot.settle(&house).await;
    house.sim.until(|world| (world.count_requests("PUT", "/roles/") == 2).then_some(())).await;
    house.empower(role);
    bot.settle(&house).await;
    house.clock.advance(DAY);
    bot.settle(&house).await;
    house.promises_kept().await;
    assert!(house.has(ada, mute) && !house.has(ada, role));
    let words = house.rows("SELECT state, words FROM promise WHERE about GLOB '*Painter*'");
    assert_eq!(words, ["cancelled The role Painter has moderation permissions by now, so I did not give it."]);
    bot.stop().await;
}

#[tokio::test]
async fn nothing_comes_back_after_a_kick_or_ban_unless_the_configuration_says_so() {
    for restores in [false, true] {
        let (house, bot) = open_as(
            |config| config.roles.restore_after_kick = restores,
            |house| {
                listed(house);
            },
        )
        .await;
        let (role, mute) = (house.config.roles.persistent[0], house.config.roles.mute[0]);
        let (ada, bob, eve) = (house.member(0), house.member(1), house.member(2));
        let (guild, moderator) = (house.inn.guild, house.inn.moderator);
        for member in [ada, bob, eve] {
            house.give(member, &[role, mute]);
        }
        bot.settle(&house).await;
        // By hand, through the bot, and a ban that is lifted again.
        house.sim.world().kick_by(guild, moderator, ada, "spam").unwrap();
        let kick: [(&str, Input); 2] = [("member", bob.into()), ("reason", "spam".into())];
        house.slash(moderator, "kick", &kick).await;
        house.sim.world().ban_by(guild, moderator, eve, "spam");
        house.sim.world().unban_by(guild, moderator, eve).unwrap();
        bot.settle(&house).await;
        for member in [ada, bob, eve] {
            house.rejoin(&bot, member).await;
        }
        assert_eq!([ada, bob].map(|member| house.has(member, role)), [restores; 2]);
        assert_eq!([ada, bob].map(|member| house.has(member, mute)), [restores; 2]);
        assert!(!house.has(eve, role) && !house.has(eve, mute), "a ban clears what is remembered");
        // Who earns a role anew and leaves by themselves gets that one back.
        house.give(ada, &[role]);
        bot.settle(&house).await;
        house.leave(&bot, ada).await;
        house.rejoin(&bot, ada).await;
        assert!(house.has(ada, role));
        bot.stop().await;
    }
}

#[tokio::test]
async fn the_audit_log_may_tell_of_a_kick_before_the_departure_is_seen() {
    let (house, bot, role, mute) = open().await;
    let (ada, guild) = (house.member(0), house.inn.guild);
    house.give(ada, &[role, mute]);
    bot.settle(&house).await;
    let session = SessionKey { id: "elsewhere".to_owned(), resume_url: String::new() };
    let actor = house.inn.moderator;
    let kick = AuditLine { id: 1, guild, actor, target: ada, deed: Deed::Kick, reason: String::new() };
    bot.bot.observe(Some(Event::Audited(kick)), Progress { session: Arc::new(session), sequence: 1 }).unwrap();
    // What they still say in between is remembered by nobody.
    house.say(ada, "what?");
    bot.settle(&house).await;
    house.leave(&bot, ada).await;
    house.rejoin(&bot, ada).await;
    assert!(!house.has(ada, role) && !house.has(ada, mute));
    assert!(house.remembered().is_empty());
    bot.stop().await;
}

#[tokio::test]
async fn without_the_audit_log_only_mutes_come_back_and_a_ban_is_noticed_all_the_same() {
    let (house, bot, role, mute) = open().await;
    let (ada, bob, guild) = (house.member(0), house.member(1), house.inn.guild);
    house.set_audit_log(&bot, false).await;
    let problems = bot.bot.vitals().problems();
    assert!(problems.iter().any(|problem| problem.action.contains("View Audit Log")), "{problems:?}");
    house.give(ada, &[role, mute]);
    house.give(bob, &[role, mute]);
    bot.settle(&house).await;
    house.leave(&bot, ada).await;
    house.sim.world().ban_by(guild, house.inn.moderator, bob, "spam");
    house.sim.world().unban_by(guild, house.inn.moderator, bob).unwrap();
    bot.settle(&house).await;
    house.rejoin(&bot, ada).await;
    house.rejoin(&bot, bob).await;
    assert!(house.has(ada, mute) && !house.has(ada, role));
    assert!(!house.has(bob, mute) && !house.has(bob, role));
    house.set_audit_log(&bot, true).await;
    let problems = bot.bot.vitals().problems();
    assert!(problems.iter().all(|problem| !problem.name.starts_with("roles.audit")), "{problems:?}");
    bot.stop().await;
}

#[tokio::test]
async fn who_left_unseen_gets_back_the_mute_alone() {
    let (house, bot, role, mute) = open().await;
    let ada = house.member(0);
    house.give(ada, &[role, mute]);
    bot.settle(&house).await;
    bot.stop().await;
    house.sim.world().expire_sessions();
    house.sim.world().leave(house.inn.guild, ada).unwrap();
    house.clock.advance(DAY);
    let bot = house.start().await;
    bot.settle(&house).await;
    house.rejoin(&bot, ada).await;
    assert!(house.has(ada, mute) && !house.has(ada, role), "it may have been a kick");
    bot.stop().await;
}

#[tokio::test]
async fn names_come_back_where_that_is_switched_on() {
    let (house, bot) = open_as(|config| config.roles.restore_nickname = true, |_| {}).await;
    let (ada, guild) = (house.member(0), house.inn.guild);
    house.sim.world().set_nick(guild, ada, Some("Ada of the *Lantern*")).unwrap();
    bot.settle(&house).await;
    house.leave(&bot, ada).await;
    house.rejoin(&bot, ada).await;
    assert_eq!(house.sim.world().name_of(guild, ada), "Ada of the *Lantern*");
    // One that was taken away stays away.
    house.sim.world().set_nick(guild, ada, None).unwrap();
    bot.settle(&house).await;
    house.leave(&bot, ada).await;
    house.rejoin(&bot, ada).await;
    assert_eq!(house.sim.world().name_of(guild, ada), "Selo");
    bot.stop().await;
}

#[tokio::test]
async fn roles_that_moved_or_vanished_meanwhile_hold_up_nothing() {
    let (house, bot, role, mute) = open().await;
    let (ada, guild) = (house.member(0), house.inn.guild);
    house.give(ada, &[role, mute]);
    bot.settle(&house).await;
    house.leave(&bot, ada).await;
    house.lift(role, 20);
    house.sim.world().delete_role(guild, mute).unwrap();
    house.rejoin(&bot, ada).await;
    assert!(house.given().is_empty(), "nothing is asked for that Discord would refuse");
    house.lift(role, 1);
    bot.settle(&house).await;
    house.until_has(ada, role, true).await;
    // Leaving in the middle calls off what is still to come.
    house.leave(&bot, ada).await;
    house.sim.world().plan("PUT", "/roles/", None, Act::Answer(Response::json(503, &json!({}))));
    house.sim.world().rejoin(guild, ada);
    bot.settle(&house).await;
    house.leave(&bot, ada).await;
    house.sim.world().clear_plans();
    house.clock.advance(DAY);
    bot.settle(&house).await;
    house.promises_kept().await;
    let last = house.rows("SELECT state, words FROM promise WHERE tells GLOB 'roles.back:*' ORDER BY id DESC LIMIT 1");
    assert_eq!(last, ["cancelled they left the server"]);
    bot.stop().await;
}

#[tokio::test]
async fn a_crowd_that_returns_stays_within_the_limits_and_delays_no_moderator() {
    const CROWD: usize = 500;
    // Discord lets the bot give ten roles in ten seconds: all of this would take more than a quarter of an hour.
    let mut house = House::with_limits(|config| config.moderation.tell_members = false).await;
    let (role, mute) = listed(&mut house);
    let guild = house.inn.guild;
    let crowd: Vec<UserId> = {
        let mut world = house.sim.world();
        (0..CROWD).map(|number| world.join(guild, &format!("raider{number}"))).collect()
    };
    let bot = house.start().await;
    for member in &crowd {
        house.give(*member, &[role, mute]);
    }
    bot.settle(&house).await;
    for member in &crowd {
        house.sim.world().leave(guild, *member).unwrap();
    }
    bot.settle(&house).await;
    for member in &crowd {
        house.sim.world().rejoin(guild, *member);
    }
    house.sim.until(|world| (world.count_requests("PUT", "/roles/") >= 10).then_some(())).await;
    // A moderator is served at once, whatever waits.
    let reason: [(&str, Input); 2] = [("member", crowd[CROWD - 1].into()), ("reason", "raid".into())];
    let answer = house.slash(house.inn.moderator, "kick", &reason).await;
    assert!(answer.text().starts_with("Case **1**: kicked"), "{}", answer.text());
    bot.settle(&house).await;
    let given = house.given();
    assert!((10..CROWD).contains(&given.len()), "{}", given.len());
    assert!(given.iter().all(|given| *given == mute));
    assert_eq!(house.sim.world().invalid_requests(), 0, "no limit was run into");
    // In the order of their return, all mutes before all other roles; but for who is not here any more.
    let back = |role: RoleId| crowd.iter().map(move |member| format!("roles.back:{member}:{role}"));
    let in_order = "SELECT tells FROM promise WHERE tells GLOB 'roles.back:*' ORDER BY due_at, id";
    assert_eq!(house.rows(in_order), back(mute).chain(back(role)).collect::<Vec<_>>());
    let called_off =
        "SELECT tells FROM promise WHERE tells GLOB 'roles.back:*' AND state = 'cancelled' ORDER BY due_at";
    assert_eq!(house.rows(called_off), [mute, role].map(|role| format!("roles.back:{}:{role}", crowd[CROWD - 1])));
    // What a moderator gives goes before the crowd's.
    let guest: [(&str, Input); 3] =
        [("member", house.member(0).into()), ("role", role.into()), ("duration", "1h".into())];
    let answer = house.slash(house.inn.admin, "temprole give", &guest).await;
    assert!(answer.text().contains("**Painter**"), "{}", answer.text());
    house.until_has(house.member(0), role, true).await;
    assert!(house.given().len() < CROWD);
    // A bot in order would wait here until Discord's ten seconds are over.
    drop(bot);
}

#[tokio::test]
async fn a_listed_role_of_another_server_or_nobody_is_no_problem_here() {
    let (house, bot) = open_with(|house| {
        house.config.roles.persistent = vec!["77".parse().unwrap()];
        let spec = RoleSpec { managed: true, ..RoleSpec::named("Booster", 1) };
        let managed = house.sim.world().add_role(house.inn.guild, spec);
        house.config.roles.mute = vec![managed];
        house.give(house.member(0), &[managed]);
    })
    .await;
    house.say(house.member(0), "good evening");
    bot.settle(&house).await;
    assert!(house.remembered().is_empty(), "what nobody can give is not remembered");
    let problems = bot.bot.vitals().problems();
    assert!(problems.iter().any(|problem| problem.detail.contains("belongs to an integration")), "{problems:?}");
    assert!(problems.iter().all(|problem| !problem.name.contains("77")), "{problems:?}");
    bot.stop().await;
}
