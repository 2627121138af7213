//! What is shown to whom: the page, the API, and in Discord, whatever people are called.

use innkeeper::config::Audience;
use innkeeper::status::page::{Place, html};
use innkeeper::status::{Board, Face, FaceSettings};

use super::*;

const HOSTILE: &str = "</li><b>@everyone</b> \u{202e}`**x**";

/// The status page as it is drawn now.
async fn page(house: &House, bot: &Running) -> String {
    let config = std::sync::Arc::unwrap_or_clone(bot.bot.config());
    let (guilds, now) = (bot.bot.guilds().list(), bot.bot.clock().now());
    let board = Board::new(bot.bot.clock().clone());
    let cards = bot.bot.store().read(move |reader| innkeeper::features::cards(reader, &config, &guilds, now)).await;
    board.put(cards.unwrap());
    let settings = std::sync::Arc::new(FaceSettings::of(&house.config));
    html(&Face { vitals: bot.bot.vitals().clone(), board, settings }, Place::Lamp)
}

#[tokio::test]
async fn hostile_names_and_statuses_do_no_harm() {
    let mut house = staffed().await;
    house.config.http.visibility.roster = Audience::Public;
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    roster.until(|lines| lines.len() == 2).await;
    let admin = house.inn.admin;
    house.sim.world().set_nick(house.inn.guild, admin, Some(HOSTILE)).unwrap();
    house.sim.world().set_presence_with(admin, "online", &[saying(HOSTILE), playing(HOSTILE)]);
    bot.settle(&house).await;
    let shown = house.slash(house.member(0), "roster show", &[]).await;
    let text = shown.text();
    assert!(text.contains("\\@everyone\\</b\\> \\`\\*\\*x\\*\\*") && !text.contains('\u{202e}'), "{text}");
    let page = page(&house, &bot).await;
    assert!(page.contains("&#60;b&#62;@everyone") && !page.contains("<b>@everyone"), "{page}");
    assert!(page.contains("class=\"badge online\"") && !page.contains('\u{202e}'));
    // Programs are told what it is.
    assert_eq!(roster.items().await[0]["custom_status"], HOSTILE);
    bot.stop().await;
}

#[tokio::test]
async fn the_page_shows_the_roster_to_those_who_may_see_it_and_is_honest_about_what_it_knows() {
    for (audience, is_shown, is_noted) in
        [(Audience::Public, true, false), (Audience::Members, false, true), (Audience::Off, false, false)]
    {
        let mut house = staffed().await;
        house.config.http.visibility.roster = audience;
        let bot = house.start().await;
        let mut roster = Roster::of(&house, &bot).await;
        if audience == Audience::Off {
            assert_eq!(roster.client.get(&roster.path).await.status, 404);
            while house.stored().len() < 2 {
                tokio::task::yield_now().await;
            }
        } else {
            roster.until(|lines| lines.len() == 2 && lines.iter().all(|line| !line.contains("unknown"))).await;
        }
        let name = house.name(house.inn.admin);
        let seen = page(&house, &bot).await;
        assert_eq!(seen.contains(&name), is_shown, "{audience:?}");
        assert_eq!(seen.contains("is for members: sign in with /login"), is_noted, "{audience:?}");
        if is_shown {
            assert!(
                seen.contains("2 of 2 there.") && seen.contains("<span class=\"badge idle\">Idle</span>"),
                "{seen}"
            );
            let vitals = bot.bot.vitals().clone();
            bot.stop().await;
            assert_eq!(vitals.sight(), innkeeper::model::Sight::NoSession);
            continue;
        }
        bot.stop().await;
    }
}

#[tokio::test]
async fn entries_are_added_changed_and_removed_over_http() {
    let house = staffed().await;
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    roster.until(|lines| lines.len() == 2).await;
    let (path, ada) = (roster.path.clone(), house.member(0));
    let client = &mut roster.client;
    let added = client.post(&path, json!({"user_id": ada, "rank": "helper"})).await;
    assert_eq!((added.status, added.json["entry"]["rank"].as_str()), (200, Some("Helper")), "{added:?}");
    let one = format!("{path}/{}", added.json["entry"]["id"]);
    let again = client.post(&path, json!({"user_id": ada, "rank": "helper"})).await;
    assert_eq!(again.status, 409);
    let nobody = client.post(&path, json!({"rank": "helper"})).await;
    assert_eq!(nobody.status, 409, "{nobody:?}");
    let ranked = client.ask("PATCH", &one, Some(json!({"rank": "Moderator"}))).await;
    assert_eq!(ranked.json["entry"]["rank_priority"], 90);
    let away = client.ask("PATCH", &one, Some(json!({"on_leave": true, "leave_duration": "2d"}))).await;
    assert_eq!(away.json["entry"]["on_leave"], true);
    let back = client.ask("PATCH", &one, Some(json!({"on_leave": false}))).await;
    assert_eq!(back.json["entry"]["on_leave"], false);
    for (odd, status) in [
        (json!({}), 409),
        (json!({"rank": "x", "on_leave": true}), 409),
        (json!({"leave_duration": "2d"}), 409),
        (json!({"leave_duration": ""}), 422),
        (json!({"nick": "x"}), 422),
    ] {
        assert_eq!(client.ask("PATCH", &one, Some(odd)).await.status, status);
    }
    let named = client.post(&path, json!({"name": "Zed", "rank": "Helper"})).await;
    let zed = format!("{path}/{}", named.json["entry"]["id"]);
    let linked = client.ask("PATCH", &zed, Some(json!({"user_id": house.member(1)}))).await;
    assert_eq!(linked.json["entry"]["user_id"], house.member(1).to_string());
    assert_eq!(client.get(&one).await.json["user_id"], ada.to_string());
    let removed = client.ask("DELETE", &one, None).await;
    assert_eq!((removed.status, &removed.json["entry"]), (200, &Value::Null));
    for (method, body) in [("GET", None), ("PATCH", Some(json!({"rank": "x"}))), ("DELETE", None)] {
        assert_eq!(client.ask(method, &one, body).await.status, 404, "{method}");
    }
    bot.stop().await;
}

#[tokio::test]
async fn who_listens_is_told_of_a_presence_at_once_and_it_is_kept_for_nobody() {
    for (audience, told) in [
        (Audience::Public, Some(innkeeper::bot::Audience::Everybody)),
        (Audience::Members, Some(innkeeper::bot::Audience::Members)),
        (Audience::Off, None),
    ] {
        let mut house = staffed().await;
        house.config.http.visibility.roster = audience;
        let bot = house.start().await;
        while house.rows("SELECT 1 FROM roster WHERE status IS NOT NULL").len() < 2 {
            tokio::task::yield_now().await;
        }
        let (admin, engine) = (house.inn.admin, &bot.bot);
        let mut listener = engine.happenings().subscribe();
        house.sim.world().set_presence_with(admin, "dnd", &[playing("Chess")]);
        house.sim.world().set_presence(house.member(0), "dnd");
        bot.settle(&house).await;
        // How they were there at first may be told after it can be read.
        let is_news =
            |one: &std::sync::Arc<innkeeper::bot::Happening>| one.kind == "presence" && one.fields["status"] == "dnd";
        let heard: Vec<_> = std::iter::from_fn(|| listener.try_recv().ok()).filter(is_news).collect();
        assert_eq!(heard.first().map(|one| one.audience), told, "{audience:?}");
        if let Some(one) = heard.first() {
            let fields = json!({"entry_id": 1, "user_id": admin, "status": "dnd", "custom_status": null,
                "activity": "Chess"});
            assert_eq!((&one.fields, one.id, heard.len()), (&fields, innkeeper::store::happenings::LIVE, 1));
        }
        assert_eq!(house.rows("SELECT 1 FROM happening WHERE kind = 'presence'"), [""; 0]);
        bot.stop().await;
    }
}
