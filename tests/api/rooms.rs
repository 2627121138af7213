//! Programs that look at guilds, members, promises and the ledger, and change what may be changed.

use chrono::DateTime;
use innkeeper::model::GuildId;
use serde_json::{Value, json};

use crate::client::{Client, Said, key};
use crate::house::{House, Running};
use crate::{open, sign_in};

/// A program with all of this.
async fn program(bot: &Running, door: &crate::OpenDoor, scopes: &str) -> Client {
    Client::with_key(door, &key(&bot.bot, "staff", scopes, None, None).await)
}

fn items(said: &Said) -> &Vec<Value> {
    said.json["items"].as_array().unwrap_or_else(|| panic!("{said:?}"))
}

fn words(said: &Said) -> &str {
    said.json["detail"].as_str().unwrap_or_else(|| panic!("{said:?}"))
}

#[tokio::test]
async fn whoever_asks_sees_the_guilds_that_are_theirs() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let guild = house.inn.guild;
    let ours = key(&bot.bot, "ours", "read", Some(guild), None).await;
    let others = key(&bot.bot, "others", "read", Some(GuildId::new(77).unwrap()), None).await;
    let mut client = Client::with_key(&door, &ours);
    let listed = client.get("/api/guilds").await;
    assert_eq!((&listed.json["total"], &listed.json["has_more"]), (&json!(1), &json!(false)), "{listed:?}");
    let known = bot.bot.guilds().find(guild).unwrap();
    let bot_role = known.role(house.inn.bot_role).unwrap();
    let shown = json!({
        "guild_id": guild.to_string(),
        "name": known.name,
        "owner_id": house.inn.owner.to_string(),
        "member_count": known.member_count,
        "role_count": known.roles.len() - 1,
        "channel_count": known.channels.len(),
        "bot_roles": [{"role_id": bot_role.id.to_string(), "name": bot_role.name}],
    });
    assert_eq!(items(&listed)[0], shown);
    assert_eq!(client.get(&format!("/api/guilds/{guild}")).await.json, shown);
    let past = client.get("/api/guilds?offset=1").await;
    assert_eq!((items(&past).len(), &past.json["total"]), (0, &json!(1)));
    let mut elsewhere = Client::with_key(&door, &others);
    assert_eq!(elsewhere.get("/api/guilds").await.json["total"], 0);
    assert_eq!(elsewhere.get(&format!("/api/guilds/{guild}")).await.status, 404);
    let mut person = Client::with_browser(sign_in(&house, &door, house.member(0)).await);
    assert_eq!(items(&person.get("/api/guilds").await), &[shown]);
    bot.stop().await;
}

#[tokio::test]
async fn members_are_found_by_how_their_names_begin_also_those_who_hide_or_left() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let (guild, ada, bea) = (house.inn.guild, house.member(0), house.member(1));
    for nth in 0..3 {
        house.say(house.member(nth), "good evening");
    }
    house.slash(ada, "privacy", &[("board", "off".into())]).await;
    bot.settle(&house).await;
    let mut client = program(&bot, &door, "read").await;
    let members = format!("/api/guilds/{guild}/members");
    let all = client.get(&members).await;
    let names: Vec<_> = items(&all).iter().map(|member| member["name"].as_str().unwrap().to_owned()).collect();
    assert!(names.is_sorted_by_key(|name| name.to_ascii_lowercase()) && names.len() >= 3, "{names:?}");
    let shown = client.get(&format!("{members}/{ada}")).await;
    assert_eq!((&shown.json["present"], &shown.json["left_at"]), (&json!(true), &Value::Null), "{shown:?}");
    let name = shown.json["name"].as_str().unwrap();
    let begin: String = name.chars().take(2).collect::<String>().to_ascii_uppercase();
    let found = client.get(&format!("{members}?query={begin}")).await;
    assert!(items(&found).contains(&shown.json), "who is on no board is a member: {found:?}");
    let is_meant = |name: &&String| name.to_ascii_uppercase().starts_with(&begin);
    assert_eq!(found.json["total"], names.iter().filter(is_meant).count());
    for nobody in ["%25", "_", "%5C", "good"] {
        assert_eq!(client.get(&format!("{members}?query={nobody}")).await.json["total"], 0, "{nobody}");
    }
    let first = client.get(&format!("{members}?limit=1")).await;
    assert_eq!((items(&first).len(), &first.json["has_more"]), (1, &json!(true)));
    let long = client.get(&format!("{members}?query={}", "x".repeat(101))).await;
    assert!(long.status == 422 && words(&long).contains("at most 100"), "{long:?}");

    house.sim.world().leave(guild, bea).unwrap();
    bot.settle(&house).await;
    let gone = client.get(&format!("{members}/{bea}")).await;
    assert_eq!(gone.json["present"], false, "{gone:?}");
    assert_eq!(gone.json["left_at"], house.clock.now().rfc3339());
    assert_eq!(items(&client.get(&format!("{members}?present=false")).await), &[gone.json]);
    assert_eq!(client.get(&format!("{members}/42")).await.status, 404);
    bot.stop().await;
}

#[tokio::test]
async fn a_promise_is_put_off_kept_at_once_or_called_off() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let (guild, ada, bea) = (house.inn.guild, house.member(0), house.member(1));
    let mut client = program(&bot, &door, "moderate").await;
    let promises = format!("/api/guilds/{guild}/promises");
    for user in [ada, bea] {
        let ban = json!({"kind": "ban", "user_id": user.to_string(), "reason": "spam", "duration": "7d"});
        assert_eq!(client.post(&format!("/api/guilds/{guild}/cases"), ban).await.status, 201);
    }
    let soon = house.clock.now().plus(std::time::Duration::from_secs(86_400)).rfc3339();
    let open = client.get(&promises).await;
    let ends: Vec<_> = items(&open).iter().filter(|promise| promise["due_at"].as_str() > Some(&soon)).collect();
    let [of_ada, of_bea] = ends[..] else { panic!("each ban has an end: {open:?}") };
    assert_eq!((&of_ada["state"], &of_ada["attempts"]), (&json!("due"), &json!(0)), "{of_ada}");
    let path = |promise: &Value| format!("{promises}/{}", promise["number"]);
    assert_eq!(&client.get(&path(of_ada)).await.json, of_ada);

    let later = client.post(&format!("{}/postpone", path(of_ada)), json!({})).await;
    let due = |promise: &Value| DateTime::parse_from_rfc3339(promise["due_at"].as_str().unwrap()).unwrap();
    assert_eq!(due(&later.json["promise"]) - due(of_ada), chrono::TimeDelta::hours(1), "{later:?}");
    assert!(later.json["said"].as_str().unwrap().contains("is put off"), "{later:?}");
    assert!(house.sim.world().is_banned(guild, ada));

    let cancel = format!("{}/cancel", path(of_bea));
    let mut client = client.and("Idempotency-Key: one");
    let cancelled = client.post(&cancel, json!({})).await;
    let promise = &cancelled.json["promise"];
    let called_off = (&json!("cancelled"), &json!("called off by key staff"));
    assert_eq!((&promise["state"], &promise["words"]), called_off, "{cancelled:?}");
    assert_eq!(client.post(&cancel, json!({})).await.json["repeated"], true);
    let open = client.get(&promises).await;
    assert!(!items(&open).iter().any(|open| open["number"] == of_bea["number"]), "{open:?}");

    assert_eq!(client.post(&format!("{}/now", path(of_ada)), json!({})).await.status, 200);
    house.promises_kept().await;
    assert!(!house.sim.world().is_banned(guild, ada), "what is up now is kept");
    assert_eq!(client.get(&path(of_ada)).await.json["state"], "done");
    let again = client.post(&format!("{}/postpone", path(of_ada)), json!({})).await;
    assert!(again.status == 409 && words(&again).contains("any more"), "{again:?}");
    for nothing in ["999", "0", "P1", "99999999999999999999"] {
        assert_eq!(client.post(&format!("{promises}/{nothing}/cancel"), json!({})).await.status, 404, "{nothing}");
    }
    bot.stop().await;
}

#[tokio::test]
async fn what_stands_in_the_ledger_is_taken_back_once() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let (guild, ada, bea) = (house.inn.guild, house.member(0), house.member(1));
    let mut client = program(&bot, &door, "moderate admin").await;
    let (ledger, undo) = (format!("/api/guilds/{guild}/ledger"), format!("/api/guilds/{guild}/undo"));
    for (user, amount) in [(ada, 50), (bea, 70), (ada, 30)] {
        let given = client.post(&format!("/api/guilds/{guild}/members/{user}/xp"), json!({"amount": amount})).await;
        assert_eq!(given.status, 200, "{given:?}");
    }
    let amounts = |said: &Said| -> Vec<i64> { items(said).iter().map(|row| row["amount"].as_i64().unwrap()).collect() };
    assert_eq!(amounts(&client.get(&ledger).await), [30, 70, 50], "the newest first");
    let of_ada = client.get(&format!("{ledger}?user_id={ada}&limit=1")).await;
    assert_eq!((amounts(&of_ada), &of_ada.json["has_more"]), (vec![30], &json!(true)));
    let last = client.get(&format!("{ledger}?offset=2&limit=1")).await;
    assert_eq!((amounts(&last), &last.json["has_more"]), (vec![50], &json!(false)));

    let id = items(&of_ada)[0]["id"].as_i64().unwrap();
    let undone = client.post(&undo, json!({"id": format!("L{id}")})).await;
    assert_eq!((undone.status, &undone.json["repeated"]), (200, &json!(false)), "{undone:?}");
    let newest = client.get(&format!("{ledger}?limit=1")).await;
    assert_eq!((amounts(&newest), &items(&newest)[0]["undoes"]), (vec![-30], &json!(id)), "{newest:?}");
    assert_eq!(house.xp(ada), 50);
    for nothing in [format!("L{id}"), "L999".to_owned(), "Q1".to_owned(), String::new(), "L".repeat(25)] {
        assert_eq!(client.post(&undo, json!({"id": nothing})).await.status, 409, "{nothing}");
    }
    assert_eq!(client.post(&undo, json!({"id": 12})).await.status, 422);
    bot.stop().await;
}

#[tokio::test]
async fn health_is_what_healthz_says() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let mut client = program(&bot, &door, "chat").await;
    let (health, healthz) = (client.get("/api/health").await, client.get("/healthz").await);
    assert_eq!((health.status, &health.json["status"]), (200, &healthz.json["status"]), "{health:?}");
    let checks = |said: &Said| -> Vec<String> {
        said.json["checks"].as_array().unwrap().iter().map(|check| check["name"].to_string()).collect()
    };
    assert!(checks(&health) == checks(&healthz) && !checks(&health).is_empty(), "{health:?}");
    assert_eq!(health.json["gateway"]["state"], "connected");
    bot.stop().await;
}
