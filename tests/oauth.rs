//! Stories of people who sign in to the pages by Discord's own page: over real sockets, with a Discord that holds the
//! bot to the protocol.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/door.rs"]
mod door;
#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use door::{Browser, OpenDoor, Page, link, open};
use house::{House, Running};
use innkeeper::model::oauth::OauthClient;
use innkeeper::model::{Secret, UserId};
use innkeeper::sim::{Act, BOT_PERMISSIONS, Entrance, Fate, Response};
use support::Log;

const MINUTE: Duration = Duration::from_secs(60);

/// A house whose visitors can sign in by Discord's page.
async fn ready() -> (House, Running, OpenDoor) {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    set_up(&house, &bot, &door, None);
    (house, bot, door)
}

/// Sets signing in up, with another secret than Discord's where one is given.
fn set_up(house: &House, bot: &Running, door: &OpenDoor, secret: Option<&str>) {
    let mut world = house.sim.world();
    let secret = Secret::new(secret.unwrap_or(world.client_secret()));
    let client = OauthClient { id: world.application(), secret, public_url: format!("http://{}", door.addr) };
    world.add_redirect(client.redirect_uri());
    bot.bot.sign_in_by(client);
}

/// Where a browser is sent that begins: the path and the query of Discord's page.
async fn begin(house: &House, browser: &mut Browser) -> String {
    let page = browser.get("/login/discord").await;
    assert_eq!(page.status, 303, "{page:?}");
    let url = page.header("location").unwrap();
    url.strip_prefix(&house.sim.api_url()).unwrap_or_else(|| panic!("elsewhere: {url}")).to_owned()
}

/// What somebody says on Discord's page; the path to which they are sent back.
async fn say(house: &House, door: &OpenDoor, asked: &str, answer: &str) -> String {
    let mut at_discord = Browser::at(house.sim.api_url().strip_prefix("http://").unwrap().parse().unwrap());
    let question = at_discord.get(asked).await;
    assert!(question.status == 200 && question.body.contains("wants to know who you are"), "{question:?}");
    let sent = at_discord.get(&format!("{asked}&{answer}")).await;
    let back = sent.header("location").unwrap_or_else(|| panic!("{sent:?}"));
    back.strip_prefix(&format!("http://{}", door.addr)).unwrap().to_owned()
}

async fn say_yes(house: &House, door: &OpenDoor, asked: &str, who: UserId) -> String {
    say(house, door, asked, &format!("answer=yes&member={who}")).await
}

/// All of it, as a browser does it.
async fn sign_in(house: &House, door: &OpenDoor, who: UserId) -> (Browser, Page) {
    let mut browser = door.browser();
    let asked = begin(house, &mut browser).await;
    let back = say_yes(house, door, &asked, who).await;
    let page = browser.get(&back).await;
    (browser, page)
}

/// Nobody was signed in, in words.
async fn is_out(browser: &mut Browser, page: &Page, status: u16, words: &str) {
    assert!(page.status == status && page.body.contains(words), "{page:?}");
    assert!(browser.cookie.is_none() && !browser.get("/").await.body.contains("Signed in as"), "{page:?}");
}

fn exchanges(house: &House) -> usize {
    house.sim.world().count_requests("POST", "/oauth2/token")
}

#[tokio::test]
async fn whoever_says_yes_is_signed_in_as_by_a_link() {
    let (house, bot, door) = ready().await;
    let shown = door.browser().get("/login").await.body;
    assert!(shown.contains(&format!("href=\"http://{}/login/discord\"", door.addr)), "{shown}");
    assert!(shown.contains("Sign in with Discord") && shown.contains("Or type /login in your server"), "{shown}");
    let mut browser = door.browser();
    let began = browser.get("/login/discord").await;
    let set = began.header("set-cookie").unwrap();
    assert!(set.contains("HttpOnly; SameSite=Lax; Max-Age=600") && !set.contains("Secure"), "{set}");
    let (mut browser, page) = sign_in(&house, &door, house.inn.moderator).await;
    assert_eq!((page.status, page.header("location")), (303, Some("/")), "{page:?}");
    assert!(browser.pending.is_none(), "what it was known by is over");
    let shown = browser.get("/").await;
    assert!(shown.body.contains("Signed in as <bdi>"), "{}", shown.body);
    assert_eq!(browser.get("/login").await.header("location"), Some("/"));
    // The same session as a link's: it is ended by the same form.
    assert_eq!(browser.post("/logout", &[("word", &shown.word())]).await.status, 303);
    assert!(!browser.get("/").await.body.contains("Signed in as"));
    bot.stop().await;
}

#[tokio::test]
async fn whoever_says_no_is_not() {
    let (house, bot, door) = ready().await;
    let mut browser = door.browser();
    let asked = begin(&house, &mut browser).await;
    let back = say(&house, &door, &asked, "answer=no").await;
    assert!(back.contains("error=access_denied"), "{back}");
    let page = browser.get(&back).await;
    is_out(&mut browser, &page, 403, "You told Discord no").await;
    assert_eq!(exchanges(&house), 0);
    bot.stop().await;
}

#[tokio::test]
async fn what_a_browser_brings_back_is_good_once_and_for_ten_minutes() {
    let (house, bot, door) = ready().await;
    let mut browser = door.browser();
    let asked = begin(&house, &mut browser).await;
    let back = say_yes(&house, &door, &asked, house.member(0)).await;
    let pending = browser.pending.clone();
    assert_eq!(browser.get(&back).await.status, 303);
    let mut again = Browser { pending, ..door.browser() };
    let page = again.get(&back).await;
    is_out(&mut again, &page, 400, "This was used already").await;
    let mut late = door.browser();
    let asked = begin(&house, &mut late).await;
    let back = say_yes(&house, &door, &asked, house.member(0)).await;
    house.clock.advance(10 * MINUTE);
    let page = late.get(&back).await;
    is_out(&mut late, &page, 400, "older than ten minutes").await;
    for made_up in ["", "?code=abc", "?state=abc", "?state=abc&code=abc", "?state=a&state=b&code=c"] {
        let page = late.get(&format!("/login/discord/callback{made_up}")).await;
        is_out(&mut late, &page, 400, "Begin again").await;
    }
    assert_eq!(exchanges(&house), 1, "Discord is asked only what is ours to ask");
    bot.stop().await;
}

#[tokio::test]
async fn nobody_is_signed_in_as_somebody_else_by_a_link_of_theirs() {
    let (house, bot, door) = ready().await;
    let mut evil = door.browser();
    let asked = begin(&house, &mut evil).await;
    let back = say_yes(&house, &door, &asked, house.member(0)).await;
    // Somebody follows the link of the other, in a browser that began nothing, or something else.
    let mut victim = door.browser();
    begin(&house, &mut victim).await;
    let page = victim.get(&back).await;
    is_out(&mut victim, &page, 403, "was not begun in this browser").await;
    assert!(victim.pending.is_some(), "what they began is theirs to end");
    let asked = begin(&house, &mut evil).await;
    let back = say_yes(&house, &door, &asked, house.member(0)).await;
    let mut stranger = door.browser();
    let page = stranger.get(&back).await;
    is_out(&mut stranger, &page, 403, "was not begun in this browser").await;
    assert_eq!(exchanges(&house), 0);
    bot.stop().await;
}

#[tokio::test]
async fn a_code_that_was_given_to_another_challenge_is_refused_by_discord() {
    let (house, bot, door) = ready().await;
    let (mut mine, mut other) = (door.browser(), door.browser());
    let asked_of_me = begin(&house, &mut mine).await;
    let asked_of_other = begin(&house, &mut other).await;
    let (back, foreign) = (
        say_yes(&house, &door, &asked_of_me, house.member(0)).await,
        say_yes(&house, &door, &asked_of_other, house.member(1)).await,
    );
    // A code that was stolen is put into a sign-in of one's own.
    let part = |path: &str, name: &str| {
        let (_, rest) = path.split_once(&format!("{name}=")).unwrap();
        rest.split('&').next().unwrap().to_owned()
    };
    let forged = back.replace(&part(&back, "code"), &part(&foreign, "code"));
    let page = mine.get(&forged).await;
    is_out(&mut mine, &page, 400, "Discord does not vouch").await;
    assert_eq!(exchanges(&house), 1);
    // The page is for our own address alone, and wants a challenge.
    let mut at_discord = Browser::at(house.sim.api_url().strip_prefix("http://").unwrap().parse().unwrap());
    let elsewhere = asked_of_me.replace("callback", "callback2");
    for wrong in [elsewhere, asked_of_me.replace("S256", "plain"), asked_of_me.replace("scope=identify", "scope=email")]
    {
        assert_eq!(
            at_discord.get(&format!("{wrong}&answer=yes&member={}", house.member(0))).await.status,
            400,
            "{wrong}"
        );
    }
    bot.stop().await;
}

#[tokio::test]
async fn where_discord_does_not_answer_nobody_is_signed_in_and_the_page_says_so() {
    let (house, bot, door) = ready().await;
    for (path, act) in [
        ("/oauth2/token", Act::Answer(Response::error(503, 0, "down"))),
        ("/oauth2/token", Act::Lose(Fate::Cut)),
        ("/oauth2/token", Act::Answer(Response::html(200))),
        ("/users/@me", Act::Answer(Response::error(401, 0, "401: Unauthorized"))),
    ] {
        let method = if path == "/users/@me" { "GET" } else { "POST" };
        house.sim.world().plan(method, path, Some(1), act);
        let (mut browser, page) = sign_in(&house, &door, house.member(0)).await;
        is_out(&mut browser, &page, 502, "Discord does not answer").await;
    }
    let mut browser = door.browser();
    let asked = begin(&house, &mut browser).await;
    let back = say_yes(&house, &door, &asked, house.member(0)).await;
    house.sim.faults().set_open(Entrance::Rest, false);
    house.sim.faults().cut_everything();
    let page = browser.get(&back).await;
    is_out(&mut browser, &page, 502, "Discord does not answer").await;
    house.sim.faults().set_open(Entrance::Rest, true);
    house.sim.connected().await;
    // The bot's own token was never in doubt.
    let (_, page) = sign_in(&house, &door, house.member(0)).await;
    assert_eq!(page.status, 303, "{page:?}");
    bot.stop().await;
}

#[tokio::test]
async fn a_wrong_client_secret_is_a_problem_of_the_owners() {
    let (house, bot, door) = ready().await;
    set_up(&house, &bot, &door, Some("wrong"));
    let (mut browser, page) = sign_in(&house, &door, house.member(0)).await;
    is_out(&mut browser, &page, 502, "Discord does not accept what I show for myself").await;
    assert!(door.browser().get("/").await.body.contains("Discord does not accept the client secret"));
    set_up(&house, &bot, &door, None);
    assert_eq!(sign_in(&house, &door, house.member(0)).await.1.status, 303);
    assert!(!door.browser().get("/").await.body.contains("client secret"));
    bot.stop().await;
}

#[tokio::test]
async fn who_is_in_no_guild_is_told_so_and_who_left_is_nobody() {
    let (house, bot, door) = ready().await;
    let stranger = house.sim.world().add_person(900);
    let (mut browser, page) = sign_in(&house, &door, stranger).await;
    is_out(&mut browser, &page, 403, "in no server that I look after").await;
    let guild = house.inn.guild;
    house.sim.world().leave(guild, house.member(0)).unwrap();
    let (mut browser, page) = sign_in(&house, &door, house.member(0)).await;
    is_out(&mut browser, &page, 403, "in no server that I look after").await;
    assert_eq!(house.rows("SELECT count(*) FROM web_session"), ["0"]);
    bot.stop().await;
}

#[tokio::test]
async fn whoever_is_in_several_guilds_chooses_one() {
    let (house, bot, door) = ready().await;
    let (owner, other) = {
        let mut world = house.sim.world();
        let other = world.add_guild("The <Other> Inn", house.inn.owner);
        world.add_channel(other, innkeeper::sim::world::ChannelSpec::text("general"));
        world.invite_bot(other, BOT_PERMISSIONS, 1);
        (house.inn.owner, other)
    };
    bot.settle(&house).await;
    let (mut browser, page) = sign_in(&house, &door, owner).await;
    assert!(page.status == 200 && browser.cookie.is_none(), "{page:?}");
    assert!(page.body.contains("The &#60;Other&#62; Inn"), "{}", page.body);
    let (_, rest) =
        page.body.split_once("The &#60;Other").map(|(before, _)| before.rsplit_once("action=\"").unwrap()).unwrap();
    let path = rest.split('"').next().unwrap().to_owned();
    assert_eq!(browser.post(&path, &[]).await.status, 303);
    assert!(browser.get("/").await.body.contains("Signed in as"));
    assert_eq!(house.rows("SELECT guild FROM web_session"), [other.to_string()]);
    assert_eq!(door.browser().post(&path, &[]).await.status, 404, "a link is good once");
    bot.stop().await;
}

#[tokio::test]
async fn who_comes_back_too_often_waits_and_links_have_the_same_budget() {
    let (house, bot, door) = ready().await;
    let mut browser = door.browser();
    let mut statuses = Vec::new();
    for _ in 0..11 {
        statuses.push(browser.get("/login/discord/callback?state=abc&code=abc").await.status);
    }
    assert_eq!((statuses[9], statuses[10]), (400, 429), "{statuses:?}");
    let guess = format!("/login/{}", "0".repeat(64));
    assert_eq!(browser.get(&guess).await.status, 429);
    // Who has a good link is not locked out by it.
    let path = link(&house, house.member(0)).await;
    assert_eq!(browser.post(&path, &[]).await.status, 303);
    bot.stop().await;
}

#[tokio::test]
async fn where_it_is_not_set_up_there_is_nothing_to_press() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let mut browser = door.browser();
    assert!(!browser.get("/login").await.body.contains("Sign in with Discord"));
    for path in ["/login/discord", "/login/discord/callback?state=a&code=b"] {
        let page = browser.get(path).await;
        assert!(page.status == 404 && page.body.contains("is not set up here"), "{page:?}");
    }
    bot.stop().await;
}

#[tokio::test]
async fn no_secret_of_it_is_ever_logged_or_kept() {
    let (log, _logging) = Log::listen();
    let (house, bot, door) = ready().await;
    let (mut browser, page) = sign_in(&house, &door, house.member(0)).await;
    assert_eq!(page.status, 303);
    let cookie = browser.cookie.clone().unwrap();
    assert!(browser.get("/").await.body.contains("Signed in as"));
    set_up(&house, &bot, &door, Some("wrong-secret"));
    assert_eq!(sign_in(&house, &door, house.member(0)).await.1.status, 502);
    let world = house.sim.world();
    let mut secrets = vec![world.client_secret().to_owned(), "wrong-secret".to_owned()];
    secrets.extend(cookie.split_once('=').map(|(_, value)| value.to_owned()));
    for seen in world.requests().filter(|seen| seen.path.ends_with("/oauth2/token")) {
        let field = |name: &str| seen.body[name].as_str().unwrap().to_owned();
        secrets.extend([field("code"), field("code_verifier")]);
    }
    drop(world);
    secrets.extend(house.sim.world().person_tokens());
    assert_eq!(secrets.len(), 8, "two codes, two verifiers, a token, three more");
    bot.stop().await;
    let text = log.text();
    let mut files = vec![text.clone().into_bytes()];
    for ending in ["", "-wal"] {
        files.push(std::fs::read(format!("{}{ending}", house.config.store.path.display())).unwrap_or_default());
    }
    assert!(text.contains("signed in to the pages by Discord's page"), "the log was watched");
    for secret in &secrets {
        for bytes in &files {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} is seen");
        }
    }
}
