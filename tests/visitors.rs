//! Stories of people who sign in to the pages by a link from Discord, and of what they can do there: over real sockets.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/door.rs"]
mod door;
#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use door::{link, open, sign_in};
use house::House;
use innkeeper::sim::world::Input;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// Somebody has a role for an hour: that is a promise.
async fn promise(house: &House) {
    let (member, role) = (house.member(0), house.inn.regular_role);
    let options: [(&str, Input); 3] = [("member", member.into()), ("role", role.into()), ("duration", "1h".into())];
    let told = house.slash(house.inn.owner, "temprole give", &options).await;
    assert!(told.text().contains("Regular"), "{}", told.text());
}

#[tokio::test]
async fn a_link_signs_in_once_and_looking_at_it_spoils_nothing() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let path = link(&house, house.inn.moderator).await;
    let mut browser = door.browser();
    for method in ["GET", "HEAD", "GET"] {
        let page = browser.ask(method, &path, "", "").await;
        assert_eq!((page.status, browser.cookie.as_ref()), (200, None), "{method}");
    }
    let mut other = door.browser();
    for lines in ["", "Origin: null\r\n", "Origin: https://evil.example\r\n"] {
        assert_eq!(other.post_from(lines, &path, &[]).await.status, 403, "{lines}");
    }
    let page = browser.post(&path, &[]).await;
    let set = page.header("set-cookie").unwrap().to_owned();
    assert!(set.contains("HttpOnly; SameSite=Lax") && !set.contains("Secure"), "{set}");
    let shown = browser.get("/").await.body;
    assert!(shown.contains("Signed in as <bdi>"), "{shown}");
    assert_eq!(other.post(&path, &[]).await.status, 404, "a link is good once");
    assert_eq!(other.get(&path).await.status, 404);
    assert!(!other.get("/").await.body.contains("Signed in as"));
    bot.stop().await;
}

#[tokio::test]
async fn of_many_who_press_at_once_one_is_signed_in() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let path = link(&house, house.member(0)).await;
    let presses = (0..20).map(|_| async {
        let mut browser = door.browser();
        browser.post(&path, &[]).await.status
    });
    let statuses = futures_util::future::join_all(presses).await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    bot.stop().await;
}

#[tokio::test]
async fn links_end_after_ten_minutes_and_guessing_ends_sooner() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let old = link(&house, house.member(0)).await;
    house.clock.advance(10 * MINUTE);
    let mut browser = door.browser();
    let page = browser.post(&old, &[]).await;
    assert!(page.status == 404 && page.body.contains("older than ten minutes"), "{page:?}");
    let guess = format!("/login/{}", "0".repeat(64));
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(browser.get(&guess).await.status);
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    // Who has a good one is not locked out by it.
    let path = link(&house, house.member(0)).await;
    assert_eq!(browser.post(&path, &[]).await.status, 303);
    bot.stop().await;
}

#[tokio::test]
async fn links_are_given_by_slash_alone_and_never_kept() {
    let house = House::new().await;
    let (bot, _door) = open(&house).await;
    house.say(house.member(0), "!login");
    let said = house.bot_says(house.inn.general, 1).await;
    assert!(said[0].contains("Use the slash command `/login`"), "{said:?}");
    let path = link(&house, house.member(0)).await;
    let secret = path.rsplit('/').next().unwrap().to_owned();
    bot.stop().await;
    for ending in ["", "-wal"] {
        let file = format!("{}{ending}", house.config.store.path.display());
        let bytes = std::fs::read(file).unwrap_or_default();
        assert!(!bytes.windows(64).any(|window| window == secret.as_bytes()), "the link is on the disk");
    }
}

#[tokio::test]
async fn a_moderator_does_promises_now_later_or_not_at_all_on_the_page() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    promise(&house).await;
    let mut browser = sign_in(&house, &door, house.inn.moderator).await;
    let page = browser.get("/").await;
    assert!(page.body.contains("What I have promised"), "{}", page.body);
    let (_, rest) = page.body.split_once("name=\"id\" value=\"").unwrap();
    let id = rest.split_once('"').unwrap().0.to_owned();
    let due = || house.rows("SELECT state, due_at FROM promise WHERE about LIKE '%Regular%' ORDER BY id DESC LIMIT 1");
    let before = due();
    let word = page.word();
    let form = |action| [("word", word.as_str()), ("id", id.as_str()), ("action", action)];
    let page = browser.post("/promises", &form("later")).await;
    let location = page.header("location").unwrap().to_owned();
    assert_eq!((page.status, location), (303, format!("/?did=later-{id}#promises")));
    let said = browser.get(&format!("/?did=later-{id}")).await.body;
    assert!(said.contains(&format!("{id} is put off by an hour.")), "{said}");
    assert_ne!(due(), before);
    assert_eq!(browser.post("/promises", &form("now")).await.status, 303);
    house.promises_kept().await;
    assert!(due()[0].starts_with("done"), "{:?}", due());
    // It is over: that is said in words.
    let page = browser.post("/promises", &form("cancel")).await;
    assert!(page.status == 409 && page.body.contains("There is no promise"), "{page:?}");
    bot.stop().await;
}

#[tokio::test]
async fn nobody_changes_promises_who_may_not() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    promise(&house).await;
    let mut moderator = sign_in(&house, &door, house.inn.moderator).await;
    let page = moderator.get("/").await;
    let (_, rest) = page.body.split_once("name=\"id\" value=\"").unwrap();
    let id = rest.split_once('"').unwrap().0.to_owned();
    let word = page.word();
    let form = [("word", word.as_str()), ("id", id.as_str()), ("action", "cancel")];
    // A stranger; a member; another page that the moderator's browser is on; a word that is not theirs.
    assert_eq!(door.browser().post("/promises", &form).await.status, 403);
    let mut member = sign_in(&house, &door, house.member(1)).await;
    let seen = member.get("/").await;
    assert!(seen.body.contains("Signed in as") && !seen.body.contains("What I have promised"));
    let theirs = seen.word();
    let asked = member.post("/promises", &[("word", theirs.as_str()), ("id", &id), ("action", "cancel")]).await;
    assert!(asked.status == 403 && asked.body.contains("Moderate Members"), "{asked:?}");
    let evil = "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n";
    assert_eq!(moderator.post_from(evil, "/promises", &form).await.status, 403);
    let wrong = [("word", theirs.as_str()), ("id", id.as_str()), ("action", "cancel")];
    assert_eq!(moderator.post("/promises", &wrong).await.status, 403);
    assert_eq!(moderator.post("/promises", &[("id", &id), ("action", "cancel")]).await.status, 422);
    assert_eq!(house.rows("SELECT count(*) FROM promise WHERE state = 'due' AND about LIKE '%Regular%'"), ["1"]);
    bot.stop().await;
}

#[tokio::test]
async fn what_somebody_may_is_asked_anew_and_who_left_is_nobody() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    promise(&house).await;
    let mut browser = sign_in(&house, &door, house.inn.moderator).await;
    assert!(browser.get("/").await.body.contains("What I have promised"));
    let (guild, moderator) = (house.inn.guild, house.inn.moderator);
    let roles = house.sim.world().roles_of(guild, moderator);
    for role in roles {
        house.sim.world().take_role(guild, moderator, role).unwrap();
    }
    house.clock.advance(MINUTE);
    let page = browser.get("/").await.body;
    assert!(page.contains("Signed in as") && !page.contains("What I have promised"));
    house.sim.world().leave(guild, moderator).unwrap();
    house.clock.advance(MINUTE);
    assert!(!browser.get("/").await.body.contains("Signed in as"));
    bot.stop().await;
}

#[tokio::test]
async fn a_browser_stays_signed_in_over_a_restart_until_it_signs_out_or_is_not_seen() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let mut browser = sign_in(&house, &door, house.member(0)).await;
    bot.stop().await;
    drop(door);
    let (bot, door) = open(&house).await;
    browser.addr = door.addr;
    let page = browser.get("/").await;
    assert!(page.body.contains("Signed in as"));
    assert_eq!(browser.post("/logout", &[("word", "00")]).await.status, 403);
    let kept = browser.cookie.clone();
    assert_eq!(browser.post("/logout", &[("word", &page.word())]).await.status, 303);
    browser.cookie = kept;
    assert!(!browser.get("/").await.body.contains("Signed in as"), "the cookie is of no use any more");
    let mut idle = sign_in(&house, &door, house.member(0)).await;
    let mut other = sign_in(&house, &door, house.member(0)).await;
    house.clock.advance(6 * DAY);
    assert!(idle.get("/").await.body.contains("Signed in as"));
    bot.settle(&house).await;
    house.clock.advance(6 * DAY);
    assert!(idle.get("/").await.body.contains("Signed in as"), "it was seen meanwhile");
    assert!(!other.get("/").await.body.contains("Signed in as"), "it was not seen for a week");
    let told = house.slash(house.member(0), "logout", &[]).await;
    assert!(told.text().starts_with("You are signed out"), "{}", told.text());
    assert!(!idle.get("/").await.body.contains("Signed in as"));
    bot.stop().await;
}

#[tokio::test]
async fn members_see_boards_that_strangers_do_not() {
    let house = House::with(|config| config.http.visibility.status = innkeeper::config::Audience::Members).await;
    let (bot, door) = open(&house).await;
    house.say_later(house.member(2), "good evening");
    bot.settle(&house).await;
    let stranger = door.browser().get("/").await;
    assert!(stranger.status == 403 && stranger.body.contains("for members"), "{stranger:?}");
    let page = sign_in(&house, &door, house.member(0)).await.get("/").await;
    assert!(page.status == 200 && page.body.contains("class=\"standings\""), "{}", page.body);
    bot.stop().await;
}
