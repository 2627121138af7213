//! Stories about pictures: cards and boards on Discord and at the main door, avatars, and what happens without them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use house::House;
use innkeeper::bot::Bot;
use innkeeper::config::Audience;
use innkeeper::gateway::Tempo;
use innkeeper::http;
use innkeeper::model::UserId;
use innkeeper::sim::world::{Answered, Message};
use innkeeper::sim::{Act, Fate, Response};
use resvg::tiny_skia::{Color, Pixmap};
use rusqlite::Connection;
use tower::ServiceExt;

/// Where a card shows nothing but the face.
const IN_THE_FACE: (u32, u32) = (141, 70);

async fn house() -> House {
    House::with(|config| config.levels.card = true).await
}

async fn public_house() -> House {
    House::with(|config| {
        config.levels.card = true;
        config.http.visibility.leaderboard = Audience::Public;
    })
    .await
}

fn green() -> Color {
    Color::from_rgba8(10, 200, 30, 255)
}

fn avatar(width: u32, height: u32) -> Vec<u8> {
    let mut pixels = Pixmap::new(width, height).unwrap();
    pixels.fill(green());
    pixels.encode_png().unwrap()
}

/// A hash as Discord writes it.
fn hash(nth: usize) -> String {
    format!("a_{nth:032x}")
}

/// The only picture of a message.
fn picture(message: &Message) -> Pixmap {
    let [file] = &message.attachments[..] else { panic!("not one file: {message:?}") };
    assert_eq!(file.content_type.as_deref(), Some("image/png"));
    Pixmap::decode_png(&file.bytes).unwrap()
}

fn card_in(answer: &Answered) -> Pixmap {
    let card = picture(answer.message.as_ref().unwrap());
    assert_eq!((card.width(), card.height()), (934, 282));
    card
}

fn has_face(card: &Pixmap) -> bool {
    let pixel = card.pixel(IN_THE_FACE.0, IN_THE_FACE.1).unwrap().demultiply();
    (pixel.red(), pixel.green(), pixel.blue()) == (10, 200, 30)
}

#[tokio::test]
async fn a_rank_is_a_card_with_its_words_beside_it() {
    let house = house().await;
    let bot = house.start().await;
    let ada = house.member(0);
    house.say(ada, "hello");
    let answer = house.slash(ada, "rank", &[]).await;
    assert!(!has_face(&card_in(&answer)));
    assert_eq!(answer.text(), "Rank card of Selo: level 1, 15 XP, rank #1 of 1, 485 XP to level 2.");
    let message = answer.message.unwrap();
    assert!(message.content.is_empty() && message.embeds.is_empty() && message.pings.is_empty());
    bot.stop().await;
}

#[tokio::test]
async fn a_card_that_was_asked_for_in_a_message_is_promised_in_words_and_drawn_when_it_is_sent() {
    let house = house().await;
    let bot = house.start().await;
    house.say(house.member(0), "!rank");
    house.bot_says(house.inn.general, 1).await;
    let message = house.sim.world().bot_messages(house.inn.general)[0].clone();
    assert_eq!(picture(&message).width(), 934);
    let database = Connection::open(&house.config.store.path).unwrap();
    let promised = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let promised = database.query_row("SELECT effect FROM promise WHERE origin LIKE '%:answer'", (), promised).unwrap();
    assert!(promised.contains(r#""draw":"card""#) && promised.len() < 2_000, "{promised}");
    bot.stop().await;
}

#[tokio::test]
async fn what_takes_longer_comes_later_with_its_picture() {
    let house = house().await;
    let tempo = Tempo { first_answer_after: Duration::ZERO, ..house::tempo() };
    let bot = house.start_at(tempo).await;
    let answer = house.slash(house.member(0), "rank", &[]).await;
    assert_eq!(answer.kind, 5);
    card_in(&answer);
    bot.stop().await;
}

#[tokio::test]
async fn boards_and_histories_have_a_picture_and_the_text_as_before() {
    let house = house().await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    house.sim.world().set_nick(house.inn.guild, bea, Some("</text><!-- \u{202e}")).unwrap();
    house.say(ada, "hello");
    house.say(bea, "hello");
    assert!(house.slash(bea, "xphistory", &[]).await.message.unwrap().attachments.is_empty(), "one point is no line");
    house.say_later(ada, "hello");
    for (command, file, words) in [
        ("leaderboard", "board.png", "**1.** Selo · level 1 · 30 XP"),
        ("xphistory", "line.png", "The XP of Selo over time: 15 on 2026-09-21, 30 on 2026-09-21."),
    ] {
        let answer = house.slash(ada, command, &[]).await;
        assert!(answer.text().contains(words), "{}", answer.text());
        let message = answer.message.unwrap();
        assert_eq!(picture(&message).width(), 934);
        assert_eq!(message.embeds[0]["image"]["url"], format!("attachment://{file}"));
        assert!(message.attachments[0].description.is_some());
    }
    let empty = house.slash(bea, "leaderboard", &[("page", 9.into())]).await;
    assert!(empty.message.unwrap().attachments.is_empty());
    bot.stop().await;
}

#[tokio::test]
async fn where_files_are_refused_the_text_goes_out() {
    let house = house().await;
    let bot = house.start().await;
    let ada = house.member(0);
    let refusal = Act::Answer(Response::error(403, 50_013, "Missing Permissions"));
    house.sim.world().plan("POST", "/callback", Some(1), refusal.clone());
    let answer = house.slash(ada, "rank", &[]).await;
    assert!(answer.text().starts_with("Selo\n"), "{}", answer.text());
    house.sim.world().plan("POST", "/messages", Some(1), refusal);
    house.say(house.member(1), "!rank");
    let said = house.bot_says(house.inn.general, 1).await;
    assert!(said[0].contains("\nLevel\n"), "{said:?}");
    bot.stop().await;
}

#[tokio::test]
async fn an_avatar_is_fetched_once_and_shown() {
    let house = house().await;
    let bot = house.start().await;
    let ada = house.member(0);
    house.sim.world().set_avatar(ada, &hash(1), &avatar(256, 256));
    house.say(ada, "hello");
    let of_ada = [("member", ada.into())];
    for asker in 0..2 {
        assert!(has_face(&card_in(&house.slash(house.member(asker), "rank", &of_ada).await)));
        house.say_later(ada, "hello");
    }
    assert_eq!(house.sim.world().count_requests("GET", "/avatars/"), 1);
    // Another avatar has another hash.
    house.sim.world().set_avatar(ada, &hash(2), &avatar(64, 32));
    bot.settle(&house).await;
    assert!(has_face(&card_in(&house.slash(house.member(2), "rank", &of_ada).await)));
    assert_eq!(house.sim.world().count_requests("GET", "/avatars/"), 2);
    bot.stop().await;
}

#[tokio::test]
async fn an_avatar_that_a_member_wears_here_goes_before_that_of_their_account() {
    let house = house().await;
    let bot = house.start().await;
    let (ada, guild) = (house.member(0), house.inn.guild);
    let mut other = Pixmap::new(64, 64).unwrap();
    other.fill(Color::from_rgba8(200, 10, 30, 255));
    house.sim.world().set_avatar(ada, &hash(1), &other.encode_png().unwrap());
    house.sim.world().set_guild_avatar(guild, ada, &hash(2), &avatar(256, 256)).unwrap();
    house.say(ada, "hello");
    bot.settle(&house).await;
    assert!(has_face(&card_in(&house.slash(ada, "rank", &[]).await)));
    assert_eq!(house.sim.world().count_requests("GET", &format!("/guilds/{guild}/users/{ada}/avatars/")), 1);
    // Taken off again, the account's is shown.
    house.sim.world().edit_member(guild, ada, |member| member.avatar = None).unwrap();
    bot.settle(&house).await;
    let card = card_in(&house.slash(house.member(1), "rank", &[("member", ada.into())]).await);
    assert!(!has_face(&card) && card.pixel(141, 70).unwrap().red() == 200);
    assert_eq!(house.sim.world().count_requests("GET", "/avatars/"), 2);
    bot.stop().await;
}

/// Whatever an avatar does, the card comes with initials.
#[tokio::test]
async fn hostile_avatars_cost_a_fallback() {
    let house = public_house().await;
    let bot = house.start().await;
    let ada = house.member(0);
    house.say(ada, "hello");
    // What was refused may be asked for again without a pause here, unlike a command.
    let card = async || {
        bot.settle(&house).await;
        Pixmap::decode_png(&bot.bot.portrait(ada).await.unwrap().unwrap()).unwrap()
    };
    let png = |bytes: Vec<u8>| Response::new(200, "image/png", bytes);
    let mut claims = avatar(64, 64);
    claims[16..24].fill(0xff);
    let elsewhere = format!("{}/avatars/elsewhere", house.sim.api_url());
    let moved = Response::new(302, "image/png", avatar(64, 64)).header("location", &elsewhere);
    let table = [
        ("too many pixels", Act::Answer(png(avatar(1_200, 1_200)))),
        ("claims to be vast", Act::Answer(png(claims))),
        ("too large", Act::Answer(png(vec![0; 600 * 1024]))),
        ("no picture", Act::Answer(png(b"<svg onload=alert(1)>".to_vec()))),
        ("another type", Act::Answer(Response::new(200, "image/svg+xml", avatar(64, 64)))),
        ("moved", Act::Answer(moved)),
        ("an error", Act::Answer(Response::html(500))),
        ("cut", Act::Lose(Fate::Cut)),
        ("cut in the middle", Act::Answer(png(avatar(64, 64)).fated(Fate::CutInBody))),
        ("never", Act::Lose(Fate::Hang)),
    ];
    let tried = table.len();
    for (nth, (what, act)) in table.into_iter().enumerate() {
        {
            let mut world = house.sim.world();
            world.set_avatar(ada, &hash(nth), &avatar(64, 64));
            world.plan("GET", "/avatars/", Some(1), act);
        }
        assert!(!has_face(&card().await), "{what}");
    }
    assert_eq!(house.sim.world().count_requests("GET", "/avatars/"), tried, "nobody goes where a redirect leads");
    for strange in ["../../etc/passwd", "x y", "", "%2e%2e"] {
        house.sim.world().set_avatar(ada, strange, &avatar(64, 64));
        assert!(!has_face(&card().await), "{strange:?}");
    }
    assert_eq!(house.sim.world().count_requests("GET", "/avatars/"), tried, "what is no hash is not asked for");
    bot.stop().await;
}

async fn get(bot: &Bot, path: &str, known: Option<&str>) -> (StatusCode, Option<String>, Vec<u8>) {
    let mut request = Request::get(path);
    if let Some(known) = known {
        request = request.header("if-none-match", known);
    }
    let answer = http::portraits(bot.clone()).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let etag = answer.headers().get("etag").map(|etag| etag.to_str().unwrap().to_owned());
    let status = answer.status();
    (status, etag, axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap().to_vec())
}

fn address(user: UserId) -> String {
    format!("/members/{user}/card.png")
}

#[tokio::test]
async fn a_card_is_at_the_door_while_the_board_is_public() {
    let house = public_house().await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    house.say(ada, "hello");
    house.slash(ada, "rank", &[]).await;
    let (status, etag, png) = get(&bot.bot, &address(ada), None).await;
    assert_eq!((status, Pixmap::decode_png(&png).unwrap().width()), (StatusCode::OK, 934));
    let (status, again, body) = get(&bot.bot, &address(ada), etag.as_deref()).await;
    assert_eq!((status, &again, body.len()), (StatusCode::NOT_MODIFIED, &etag, 0));
    house.say_later(ada, "hello");
    bot.settle(&house).await;
    let (status, fresh, _) = get(&bot.bot, &address(ada), etag.as_deref()).await;
    assert!(status == StatusCode::OK && fresh != etag);
    for nobody in [address(bea), "/members/0/card.png".to_owned(), "/members/x/card.png".to_owned()] {
        assert_eq!(get(&bot.bot, &nobody, None).await.0, StatusCode::NOT_FOUND, "{nobody}");
    }
    house.slash(ada, "privacy", &[("board", "off".into())]).await;
    assert_eq!(get(&bot.bot, &address(ada), None).await.0, StatusCode::NOT_FOUND);
    bot.stop().await;
}

#[tokio::test]
async fn a_card_is_not_at_the_door_while_the_board_is_for_members() {
    let house = house().await;
    let bot = house.start().await;
    let ada = house.member(0);
    house.say(ada, "hello");
    house.slash(ada, "rank", &[]).await;
    assert_eq!(get(&bot.bot, &address(ada), None).await.0, StatusCode::NOT_FOUND);
    bot.stop().await;
}
