//! Programs that read and change records.

use serde_json::json;

use crate::client::{Client, key};
use crate::house::House;
use crate::open;

#[tokio::test]
async fn a_case_is_made_as_the_command_makes_it_and_once() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let key = key(&bot.bot, "dashboard", "moderate", Some(house.inn.guild), None).await;
    let cases = format!("/api/guilds/{}/cases", house.inn.guild);
    let mut client = Client::with_key(&door, &key).and("Idempotency-Key: one");
    let body = json!({"kind": "ban", "user_id": house.member(0).to_string(), "reason": "spam", "duration": "7d"});
    let made = client.post(&cases, body.clone()).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert!(house.sim.world().is_banned(house.inn.guild, house.member(0)), "a ban bans");
    let case = &made.json["case"];
    assert_eq!(
        (&case["number"], &case["kind"], &case["state"]),
        (&json!(1), &json!("ban"), &json!("done")),
        "{made:?}"
    );
    assert_eq!(case["moderator_name"], "key dashboard");
    assert!(made.json["said"].as_str().unwrap().contains("Case **1**: banned"), "{made:?}");
    let again = client.post(&cases, body).await;
    assert_eq!(
        (again.status, &again.json["case"]["number"]),
        (200, &json!(1)),
        "the same request is done once: {again:?}"
    );
    let mut client = Client::with_key(&door, &key);
    let listed = client.get(&format!("{cases}?kind=ban&limit=1")).await;
    assert_eq!((&listed.json["total"], &listed.json["has_more"]), (&json!(1), &json!(false)), "{listed:?}");
    let resolved = client.post(&format!("{cases}/1/resolve"), json!({"note": "they said sorry"})).await;
    assert_eq!(resolved.json["resolution"]["note"], "they said sorry", "{resolved:?}");
    assert_eq!(client.post(&format!("{cases}/1/resolve"), json!({})).await.status, 409);
    let tag = client.get(&cases).await.header("etag").unwrap().to_owned();
    let kept = Client::with_key(&door, &key).and(&format!("If-None-Match: {tag}")).get(&cases).await;
    assert_eq!(kept.status, 304);
    bot.stop().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_and_changes_nothing() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let key = key(&bot.bot, "k", "moderate admin write", None, None).await;
    let guild = format!("/api/guilds/{}", house.inn.guild);
    let mut client = Client::with_key(&door, &key);
    let user = house.member(0).to_string();
    for (path, body, status, words) in [
        ("cases", "{", 400, "EOF"),
        ("cases", "[]", 422, "NewCase"),
        ("cases", r#"{"kind": "note"}"#, 422, "missing field `user_id`"),
        ("cases", r#"{"kind": "note", "user_id": "1", "user": "2"}"#, 422, "unknown field `user`"),
        ("cases", r#"{"kind": "hug", "user_id": "1"}"#, 422, "unknown variant `hug`"),
        ("cases", r#"{"kind": "note", "user_id": "99999999999999999999999"}"#, 422, "id"),
        (
            "cases",
            r#"{"kind": "timeout", "user_id": "USER", "reason": "x", "duration": "soon"}"#,
            422,
            "a length of time",
        ),
        ("cases", r#"{"kind": "timeout", "user_id": "USER", "reason": "x"}"#, 409, "`duration` is missing"),
        ("members/USER/xp", r#"{"amount": 1e400}"#, 400, "number out of range"),
        ("members/USER/xp", r#"{"amount": "5"}"#, 422, "expected a whole number"),
        ("members/nobody/xp", r#"{"amount": 5}"#, 404, "no such thing"),
    ] {
        let (path, body) = (path.replace("USER", &user), body.replace("USER", &user));
        let said = client.send("POST", &format!("{guild}/{path}"), Some(&body)).await;
        let detail = said.json["detail"].as_str().unwrap_or_default();
        assert!(said.status == status && detail.contains(words), "{path} {body}: {said:?}");
        assert!(said.json["code"].is_string());
    }
    for (path, words) in
        [("cases?limit=0", "limit"), ("cases?limt=5", "unknown field `limt`"), ("cases?kind=hug", "hug")]
    {
        let said = client.get(&format!("{guild}/{path}")).await;
        assert!(said.status == 422 && said.json["detail"].as_str().unwrap().contains(words), "{path}: {said:?}");
    }
    let two = Client::with_key(&door, &key).and(&format!("X-API-Key: {key}")).get(&format!("{guild}/cases")).await;
    assert_eq!((two.status, two.json["detail"].as_str()), (401, Some("Show one key, once.")));
    assert_eq!(client.get(&format!("{guild}/cases/1")).await.status, 404);
    assert_eq!(client.get("/api/nothing").await.status, 404);
    assert_eq!(client.get(&format!("{guild}/cases/")).await.status, 200, "with a slash at its end as well");
    bot.stop().await;
}

#[tokio::test]
async fn a_key_is_exchanged_for_tokens_that_end_with_it() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let key = key(&bot.bot, "k", "read", None, None).await;
    let board = format!("/api/guilds/{}/leaderboard", house.inn.guild);
    let mut stranger = Client::stranger(&door);
    let given = stranger.post("/api/token", json!({"api_key": key})).await;
    assert_eq!((given.status, &given.json["expires_in"]), (200, &json!(3_600)), "{given:?}");
    let token = given.json["token"].as_str().unwrap().to_owned();
    assert_eq!(Client::with_key(&door, &token).get(&board).await.status, 200);
    let of_token = stranger.post("/api/token", json!({"api_key": token})).await;
    assert_eq!(of_token.status, 401, "a token makes no tokens");
    assert_eq!(stranger.post("/api/token", json!({"api_key": "ink_wrong"})).await.status, 401);
    bot.stop().await;
    drop(door);
    let (bot, door) = open(&house).await;
    assert_eq!(Client::with_key(&door, &token).get(&board).await.status, 200, "also after a restart");
    let now = house.clock.now();
    bot.bot.store().write(move |tx| innkeeper::store::access::revoke_key(tx, "k", None, now)).await.unwrap();
    assert_eq!(Client::with_key(&door, &token).get(&board).await.status, 401);
    bot.stop().await;
}

#[tokio::test]
async fn who_may_impersonate_thanks_in_somebodys_name() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let (guild, ada, bea) = (house.inn.guild, house.member(0), house.member(1));
    let key = key(&bot.bot, "k", "write impersonate", None, None).await;
    let kudos = format!("/api/guilds/{guild}/kudos");
    let body = json!({"receiver_id": bea.to_string(), "amount": 2, "reason": "the soup"});
    let mut as_ada = Client::with_key(&door, &key).and(&format!("X-Act-As: {ada}"));
    let given = as_ada.post(&kudos, body.clone()).await;
    assert_eq!((given.status, &given.json["kudos"]["giver_id"]), (201, &json!(ada.to_string())), "{given:?}");
    assert_eq!(as_ada.post(&kudos, body.clone()).await.status, 409, "the rules hold for programs, too");
    let nobody = Client::with_key(&door, &key).and("X-Act-As: 42").post(&kudos, body).await;
    assert_eq!(nobody.status, 404, "{nobody:?}");
    let board = Client::with_key(&door, &key).get(&format!("{kudos}/board?window=week")).await;
    assert_eq!(board.json["items"][0]["amount"], 2, "{board:?}");
    bot.stop().await;
}
