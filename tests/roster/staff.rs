//! Who is on the roster by hand: every command, and what it refuses.

use super::*;

async fn open() -> (House, Running, Roster) {
    let house = staffed().await;
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    roster.until(|lines| lines.len() == 2 && lines.iter().all(|line| !line.contains("unknown"))).await;
    (house, bot, roster)
}

#[tokio::test]
async fn somebody_is_added_ranked_and_removed_by_hand() {
    let (house, bot, mut roster) = open().await;
    let (owner, ada) = (house.inn.owner, house.member(0));
    let name = house.name(ada);
    let said = house.roster(owner, "add", &[("rank", "helper".into()), ("member", ada.into())]).await;
    assert!(said.starts_with("On the roster: `3` ") && said.ends_with("· Helper"), "{said}");
    let lines = roster.until(|lines| lines.iter().all(|line| !line.contains("unknown"))).await;
    assert!(lines[2].starts_with(&format!("{name} · Helper · ")), "{lines:?}");
    house.sim.world().set_presence_with(ada, "idle", &[playing("Go")]);
    bot.settle(&house).await;
    assert_eq!(roster.lines().await[2], format!("{name} · Helper · idle · -/-/Go"));
    let again = house.roster(owner, "add", &[("rank", "Helper".into()), ("member", ada.into())]).await;
    assert!(again.contains("on the roster already"), "{again}");
    let said = house.roster(owner, "rank", &[("rank", "Elder of *all*".into()), ("member", ada.into())]).await;
    assert!(said.ends_with("· Elder of \\*all\\*"), "{said}");
    let item = roster.items().await.pop().unwrap();
    assert_eq!((item["rank_priority"].as_u64(), item["rank_color"].as_str()), (Some(999), Some("#808080")));
    let said = house.roster(ada, "me", &[]).await;
    assert!(said.contains("🟡 idle") && said.contains("— Go, since <t:"), "{said}");
    assert_eq!(house.roster(house.member(1), "me", &[]).await, "You are not on the roster.");
    let said = house.roster(owner, "remove", &[("member", ada.into())]).await;
    assert!(said.ends_with("is not on the roster any more."), "{said}");
    assert_eq!((roster.lines().await.len(), house.stored().len()), (2, 2));
    house.sim.world().set_presence(ada, "dnd");
    bot.settle(&house).await;
    assert_eq!(house.stored().len(), 2, "nothing of them is kept any more");
    let said = house.roster(owner, "remove", &[("member", ada.into())]).await;
    assert!(said.starts_with("They are not on the roster."), "{said}");
    bot.stop().await;
}

#[tokio::test]
async fn who_is_on_it_by_a_role_stays_by_it() {
    let (house, bot, mut roster) = open().await;
    let (owner, moderator) = (house.inn.owner, house.inn.moderator);
    let whom = ("member", Input::from(moderator));
    let said = house.roster(owner, "remove", std::slice::from_ref(&whom)).await;
    assert!(said.contains("is on the roster by a role"), "{said}");
    house.roster(owner, "add", &[("rank", "Helper".into()), whom.clone()]).await;
    assert!(roster.lines().await[1].contains("· Helper ·"));
    // Without the role they stay, by hand.
    house.sim.world().take_role(house.inn.guild, moderator, house.inn.moderator_role).unwrap();
    bot.settle(&house).await;
    assert!(roster.lines().await[1].contains("· Helper ·"));
    house.sim.world().give_role(house.inn.guild, moderator, house.inn.moderator_role).unwrap();
    bot.settle(&house).await;
    let said = house.roster(owner, "remove", &[whom]).await;
    assert!(said.contains("stays on the roster by their role"), "{said}");
    assert!(roster.lines().await[1].contains("· Moderator ·"));
    bot.stop().await;
}

#[tokio::test]
async fn an_entry_without_an_account_is_linked_later() {
    let (house, bot, mut roster) = open().await;
    let (owner, ada, bert) = (house.inn.owner, house.member(0), house.member(1));
    let said = house.roster(owner, "add", &[("rank", "Helper".into()), ("name", " Zed ".into())]).await;
    assert!(said.contains("**Zed**: no account is linked"), "{said}");
    assert_eq!(roster.lines().await[2], "Zed · Helper · unknown · not_linked/-/-");
    let said = house.roster(owner, "link", &[("entry", 9.into()), ("member", ada.into())]).await;
    assert!(said.starts_with("There is no such entry"), "{said}");
    let said = house.roster(owner, "link", &[("entry", 3.into()), ("member", house.inn.admin.into())]).await;
    assert!(said.contains("linked to another entry"), "{said}");
    let said = house.roster(owner, "link", &[("entry", 3.into()), ("member", ada.into())]).await;
    assert!(said.starts_with("Linked: `3` "), "{said}");
    let name = house.name(ada);
    roster.until(|lines| lines[2].starts_with(&name) && !lines[2].contains("unknown")).await;
    let said = house.roster(owner, "link", &[("entry", 3.into()), ("member", bert.into())]).await;
    assert!(said.starts_with("That entry has an account."), "{said}");
    let said = house.roster(owner, "remove", &[("entry", 3.into())]).await;
    assert!(said.ends_with("is not on the roster any more."), "{said}");
    bot.stop().await;
}

#[tokio::test]
async fn a_leave_ends_by_itself_also_when_the_bot_was_off_meanwhile() {
    let (house, bot, mut roster) = open().await;
    let (owner, admin) = (house.inn.owner, house.inn.admin);
    let whom = ("member", Input::from(admin));
    let said = house.roster(owner, "loa", &[("state", "off".into()), whom.clone()]).await;
    assert!(said.contains("no leave that could end"), "{said}");
    let days = [("state", "on".into()), whom.clone(), ("duration", "3d".into())];
    let said = house.roster(owner, "loa", &days).await;
    assert!(said.contains("· on leave until <t:"), "{said}");
    let until = roster.items().await[0]["leave_until"].clone();
    assert_eq!(until, house.clock.now().plus(DAY * 3).rfc3339());
    drop(roster);
    bot.stop().await;
    house.clock.advance(DAY * 2);
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    assert_eq!(roster.items().await[0]["on_leave"], true);
    drop(roster);
    bot.stop().await;
    house.clock.advance(DAY);
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    let item = roster.items().await.swap_remove(0);
    assert_eq!((&item["on_leave"], &item["leave_until"]), (&Value::Bool(false), &Value::Null));
    bot.bot.pass_minute();
    bot.settle(&house).await;
    assert_eq!(house.rows("SELECT count(*) FROM roster WHERE leave_from IS NOT NULL"), ["0"]);
    // Without an end, until somebody ends it.
    house.roster(owner, "loa", &[("state", "on".into()), whom.clone()]).await;
    house.clock.advance(DAY * 400);
    bot.bot.pass_minute();
    bot.settle(&house).await;
    assert_eq!(roster.items().await[0]["on_leave"], true);
    house.roster(owner, "loa", &[("state", "off".into()), whom]).await;
    assert_eq!(roster.items().await[0]["on_leave"], false);
    bot.stop().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_words() {
    let (house, bot, roster) = open().await;
    let owner = house.inn.owner;
    let refused = async |command: &str, options: &[(&str, Input)]| house.roster(owner, command, options).await;
    assert!(refused("add", &[("rank", "Helper".into())]).await.starts_with("Say whom to add"));
    assert!(
        refused("add", &[("rank", " \u{200b}".into()), ("name", "Zed".into())]).await.starts_with("That rank shows")
    );
    assert!(refused("add", &[("rank", "Helper".into()), ("name", "\u{202e} ".into())]).await.starts_with("That name"));
    let me = house.sim.world().me();
    assert!(refused("add", &[("rank", "Helper".into()), ("member", me.into())]).await.contains("Bots are not"));
    for (command, options) in [("rank", vec![("rank", Input::from("Helper"))]), ("remove", vec![])] {
        assert!(refused(command, &options).await.starts_with("Say who:"), "{command}");
    }
    assert!(refused("remove", &[("entry", 99.into())]).await.starts_with("There is no such entry"));
    assert_eq!(house.stored().len(), 2);
    drop(roster);
    bot.stop().await;
}

#[tokio::test]
async fn who_is_added_first_is_seen_in_a_new_session_that_is_told_of_presences() {
    let house = House::new().await;
    let bot = house.start().await;
    // It does not log in twice in a moment.
    house.clock.advance(MINUTE);
    let (owner, ada) = (house.inn.owner, house.member(0));
    let before = house.sim.world().identifies();
    let said = house.roster(owner, "add", &[("rank", "Helper".into()), ("member", ada.into())]).await;
    assert!(said.contains("I have only just asked Discord to tell me"), "{said}");
    let mut roster = Roster::of(&house, &bot).await;
    roster.until(|lines| !lines[0].contains("unknown")).await;
    house.sim.world().set_presence(ada, "dnd");
    roster.until(|lines| lines[0].contains("dnd")).await;
    // The next one is nothing new to it, also after a restart.
    house.roster(owner, "add", &[("rank", "Helper".into()), ("member", house.member(1).into())]).await;
    roster.until(|lines| lines.len() == 2 && lines.iter().all(|line| !line.contains("unknown"))).await;
    drop(roster);
    bot.stop().await;
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    roster.until(|lines| lines.iter().all(|line| !line.contains("unknown"))).await;
    assert_eq!(house.sim.world().identifies(), before + 1);
    bot.stop().await;
}

#[tokio::test]
async fn a_roster_is_full_at_some_point_and_the_page_says_so() {
    let mut house = staffed().await;
    let everyone = house.inn.guild;
    let mut guests = Vec::new();
    for number in 0..105 {
        let user = house.sim.world().join(everyone, &format!("guest {number}"));
        house.sim.world().give_role(everyone, user, house.inn.regular_role).unwrap();
        guests.push(user);
    }
    house.config.roster.roles.push(rank(Some(house.inn.regular_role), "Regular", 500));
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    while house.stored().len() < 100 {
        tokio::task::yield_now().await;
    }
    bot.settle(&house).await;
    assert_eq!(house.stored().len(), 100);
    assert!(bot.bot.vitals().problems().iter().any(|problem| problem.name == "roster.full"));
    let options = [("rank", Input::from("Helper")), ("name", "Zed".into())];
    assert!(house.roster(house.inn.owner, "add", &options).await.starts_with("The roster is full"));
    let shown = house.roster(house.member(0), "show", &[("page", 5.into())]).await;
    assert!(shown.contains("page 5 of 5"), "{shown}");
    assert_eq!(roster.items().await.len(), 50);
    // Places that are free again are for who found none.
    for guest in &guests[..10] {
        house.sim.world().leave(everyone, *guest).unwrap();
    }
    let remaining: Vec<_> = guests[10..].iter().map(|guest| format!("{guest}")).collect();
    let is_whole = || {
        let stored = house.rows("SELECT user FROM roster");
        stored.len() == remaining.len() + 2 && remaining.iter().all(|guest| stored.contains(guest))
    };
    while !is_whole() {
        house.clock.advance(MINUTE);
        bot.bot.pass_minute();
        bot.settle(&house).await;
    }
    assert!(bot.bot.vitals().problems().iter().all(|problem| problem.name != "roster.full"));
    bot.stop().await;
}
