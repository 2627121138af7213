//! Discord Bot Hub: what its programs ask, and what they are answered.

use innkeeper::config::{Audience, LevelRole};
use serde_json::{Value, json};

use crate::client::{Client, Said, key};
use crate::door::{OpenDoor, open, sign_in};
use crate::house::{House, Running};

/// An open house whose board is for everybody, and a program with a key that may do everything there.
async fn hub() -> (House, Running, OpenDoor, Client) {
    let house = House::with(|config| {
        config.http.visibility.leaderboard = Audience::Public;
        config.http.writes_per_second = 1_000.try_into().unwrap();
    })
    .await;
    let (bot, door) = open(&house).await;
    let key = key(&bot.bot, "hub", "admin", Some(house.inn.guild), None).await;
    let client = Client::with_key(&door, &key);
    (house, bot, door, client)
}

/// The types and places of what a request has wrong.
fn wrong(said: &Said) -> Vec<(String, String)> {
    assert_eq!(said.status, 422, "{said:?}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let places = |one: &Value| one["loc"].as_array().unwrap().iter().map(text).collect::<Vec<_>>().join(".");
    let all = said.json["detail"].as_array().unwrap();
    all.iter().map(|one| (text(&one["type"]), places(one))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(kind, place)| ((*kind).to_owned(), (*place).to_owned())).collect()
}

#[tokio::test]
async fn the_catalogue_is_listed_by_level_and_a_new_tool_takes_its_place_in_it() {
    let (_house, _bot, door, mut program) = hub().await;
    for path in ["/api/tools", "/api/tools/"] {
        let said = Client::stranger(&door).get(path).await;
        assert_eq!((said.status, said.json.as_array().unwrap().len()), (200, 20));
        let first = &said.json[0];
        assert_eq!(
            (&first["name"], &first["required_level"], &first["enabled"]),
            (&json!("Basic Chat"), &json!(1), &json!(true))
        );
        assert_eq!(first["config"], json!({"max_messages_per_day": 100}));
        assert_eq!(first.as_object().unwrap().len(), 10);
    }
    let tool = json!({"name": "Tea", "description": "A cup", "required_level": 12, "tier": "Member", "enabled": false});
    let made = program.post("/api/tools/", tool).await;
    assert_eq!((made.status, &made.json["icon"], &made.json["config"]), (201, &json!("🛠️"), &json!({})));
    assert_eq!(made.json["created_at"], made.json["updated_at"]);
    let names = async |query: &str| -> Vec<String> {
        let said = Client::stranger(&door).get(&format!("/api/tools{query}")).await;
        said.json.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("?tier=Member").await, ["Voice Channels", "Custom Emojis", "Poll Creator", "Music Bot"]);
    let all = ["Voice Channels", "Custom Emojis", "Tea", "Poll Creator", "Music Bot"];
    for no in ["false", "0", "False"] {
        assert_eq!(names(&format!("?tier=Member&enabled_only={no}")).await, all, "{no}");
    }
    assert_eq!(names("?tier=None").await, [""; 0]);
}

#[tokio::test]
async fn what_is_wrong_with_a_tool_is_told_all_at_once() {
    let (_house, _bot, door, mut program) = hub().await;
    let said = Client::stranger(&door).get("/api/tools?enabled_only=perhaps").await;
    assert_eq!(wrong(&said), pairs(&[("bool_parsing", "query.enabled_only")]));
    let said =
        program.post("/api/tools", json!({"name": 7, "required_level": 0, "config": [], "description": ""})).await;
    let all = [
        ("string_type", "body.name"),
        ("string_too_short", "body.description"),
        ("greater_than_equal", "body.required_level"),
        ("missing", "body.tier"),
        ("dict_type", "body.config"),
    ];
    assert_eq!(wrong(&said), pairs(&all));
    assert_eq!(wrong(&program.post("/api/tools", json!([])).await), pairs(&[("model_attributes_type", "body")]));
    assert_eq!(wrong(&program.send("POST", "/api/tools", None).await), pairs(&[("missing", "body")]));
    let said = program.send("POST", "/api/tools", Some("{")).await;
    assert_eq!((said.status, &said.json["detail"][0]["type"]), (422, &json!("json_invalid")));
    let mut reader = Client::stranger(&door);
    assert_eq!(reader.post("/api/tools", json!({})).await.status, 401);
}

/// The parts of a user that change.
fn standing(user: &Value) -> (i64, i64, &str, i64) {
    let tier = user["rank_tier"].as_str().unwrap();
    (user["xp"].as_i64().unwrap(), user["level"].as_i64().unwrap(), tier, user["next_level_xp"].as_i64().unwrap())
}

const NEW: &str = "420000000000000001";

#[tokio::test]
async fn a_user_is_made_found_listed_and_changed() {
    let (house, bot, door, mut program) = hub().await;
    house.say_later(house.member(0), "Good evening.");
    bot.settle(&house).await;
    let body = json!({"discord_id": NEW, "username": "Zoë", "avatar_url": "https://elsewhere.example/zoe.png"});
    for path in ["/api/users", "/api/users/"] {
        let made = program.post(path, body.clone()).await;
        assert_eq!(made.status, 201, "{made:?}");
        assert_eq!((&made.json["discord_id"], &made.json["username"]), (&json!(NEW), &json!("Zoë")));
        assert_eq!(standing(&made.json), (0, 1, "Basic", 500));
        assert_eq!(made.json["avatar_url"], body["avatar_url"]);
        assert_eq!(made.json.as_object().unwrap().len(), 10);
    }
    let mut stranger = Client::stranger(&door);
    for path in [format!("/api/users/{NEW}"), format!("/api/users/{NEW}/")] {
        let found = stranger.get(&path).await;
        assert_eq!(
            (found.status, &found.json["streak_days"], &found.json["unlocked_tools_count"]),
            (200, &json!(0), &json!(0))
        );
    }
    // Absent is null here, and XP stay.
    let patched = program.ask("PATCH", &format!("/api/users/{NEW}"), Some(json!({"xp": 2_750}))).await;
    assert_eq!((patched.status, standing(&patched.json)), (200, (2_750, 5, "Basic", 1_150)));
    let made = program.post("/api/users", json!({"discord_id": NEW, "username": "Zoe"})).await;
    assert_eq!((&made.json["avatar_url"], made.json["xp"].as_i64(), made.status), (&Value::Null, Some(2_750), 201));
    // A level brings its XP, as with /setlevel; of both, XP count.
    let mut patch = async |body: Value| program.ask("PATCH", &format!("/api/users/{NEW}/"), Some(body)).await;
    assert_eq!(standing(&patch(json!({"level": 10})).await.json), (10_500, 10, "Basic", 2_150));
    assert_eq!(standing(&patch(json!({"level": 1})).await.json), (0, 1, "Basic", 500));
    assert_eq!(standing(&patch(json!({"level": 3, "xp": 12_650})).await.json), (12_650, 11, "Member", 2_350));
    let named = patch(json!({"username": "Zoé", "xp": null, "avatar_url": null})).await;
    assert_eq!((&named.json["username"], named.json["xp"].as_i64()), (&json!("Zoé"), Some(12_650)));
    for nothing in [json!({}), json!({"xp": null}), json!({"shoe_size": 40})] {
        let said = patch(nothing).await;
        assert_eq!((said.status, &said.json), (400, &json!({"detail": "No fields to update"})));
    }
    let said = patch(json!({"xp": -1, "level": 1_001, "username": ""})).await;
    let all =
        [("string_too_short", "body.username"), ("greater_than_equal", "body.xp"), ("less_than_equal", "body.level")];
    assert_eq!(wrong(&said), pairs(&all));
    bot.bot.settle().await;
    let rows = house.rows("SELECT what, amount, reason FROM ledger ORDER BY id");
    let rows = &rows[rows.len() - 4..];
    assert_eq!(rows[0], "add 2750 set_xp by key hub");
    assert_eq!(rows[1], "set_level 7750 set_level by key hub");
    // Who is on no board is nobody to strangers.
    let listed = stranger.get("/api/users").await;
    let ids: Vec<_> = listed.json.as_array().unwrap().iter().map(|user| user["discord_id"].as_str().unwrap()).collect();
    assert!(ids.contains(&NEW) && ids.len() > 1, "{ids:?}");
    let page = stranger.get(&format!("/api/users?limit=1&offset={}", ids.len() - 1)).await;
    assert_eq!(page.json.as_array().unwrap().len(), 1);
    assert!(!ids.contains(&bot.bot.user().unwrap().to_string().as_str()), "the bot is no user");
}

#[tokio::test]
async fn users_that_are_not_there_and_requests_that_are_wrong_are_told() {
    let (_house, _bot, door, mut program) = hub().await;
    let mut stranger = Client::stranger(&door);
    for id in ["420000000000000009", "nobody", "0", "%F0%9F%98%80"] {
        let said = stranger.get(&format!("/api/users/{id}")).await;
        assert_eq!(said.status, 404, "{id}");
        assert!(said.json["detail"].as_str().unwrap().ends_with("not found"), "{said:?}");
    }
    let said = stranger.get("/api/users/77").await;
    assert_eq!(said.json, json!({"detail": "User with Discord ID 77 not found"}));
    let numeric = program.post("/api/users", json!({"discord_id": 7, "avatar_url": 1})).await;
    let all = [("string_type", "body.discord_id"), ("missing", "body.username"), ("string_type", "body.avatar_url")];
    assert_eq!(wrong(&numeric), pairs(&all));
    let said = program.post("/api/users", json!({"discord_id": "abc", "username": "A"})).await;
    assert_eq!(wrong(&said), pairs(&[("value_error", "body.discord_id")]));
    for (query, kind) in
        [("limit=0", "greater_than_equal"), ("limit=1001", "less_than_equal"), ("limit=ten", "int_parsing")]
    {
        assert_eq!(wrong(&stranger.get(&format!("/api/users?{query}")).await), pairs(&[(kind, "query.limit")]));
    }
    assert_eq!(wrong(&stranger.get("/api/users?offset=-1").await), pairs(&[("greater_than_equal", "query.offset")]));
    let said = program.ask("PATCH", "/api/users/77", Some(json!({"xp": 5}))).await;
    assert_eq!(said.status, 404);
    for method in ["POST", "PATCH"] {
        let path = if method == "POST" { "/api/users" } else { "/api/users/77" };
        assert_eq!(stranger.ask(method, path, Some(json!({}))).await.status, 401, "{method}");
    }
}

#[tokio::test]
async fn xp_is_added_as_told_and_stands_in_the_ledger_with_the_keys_name() {
    let (house, bot, _door, mut program) = hub().await;
    let made = program.post("/api/users", json!({"discord_id": NEW, "username": "Zoe"})).await;
    let uuid = made.json["id"].clone();
    let give = |query: &str| format!("/api/leveling/xp?discord_id={NEW}&event_type={query}");
    let mut happens = bot.bot.happenings().subscribe();
    for (query, gained, total) in [
        ("message&channel_id=123", 15, 15),
        ("voice_minute", 10, 25),
        ("command", 5, 30),
        ("daily_bonus", 50, 80),
        ("streak_bonus", 10, 90),
        ("dance%20%26%20by%20in", 0, 90),
        ("message&xp_amount=0", 0, 90),
        ("fine&xp_amount=-90", -90, 0),
    ] {
        let said = program.send("POST", &give(query), None).await;
        assert_eq!(said.status, 200, "{said:?}");
        let expected = json!({"success": true, "xp_gained": gained, "total_xp": total, "current_level": 1,
            "leveled_up": false, "new_level": null, "unlocked_tools": []});
        assert_eq!(said.json, expected, "{query}");
    }
    // The same as a body; several levels at once tell of the tools on the way.
    let body = json!({"discord_id": NEW, "event_type": "gift", "xp_amount": 12_650});
    let said = program.post("/api/leveling/xp/", body).await;
    let tools = json!(["Daily Rewards", "Voice Channels", "Custom Emojis"]);
    assert_eq!((&said.json["new_level"], &said.json["unlocked_tools"]), (&json!(11), &tools));
    let told = happens.recv().await.unwrap();
    assert_eq!((told.kind, &told.fields["new_level"]), ("level_up", &json!(11)));
    let negative = program.send("POST", &give("fine&xp_amount=-12651"), None).await;
    assert_eq!(wrong(&negative), pairs(&[("value_error", "query.xp_amount")]));
    let history = program.get(&format!("/api/leveling/xp-history/{NEW}/?limit=3")).await;
    let kinds: Vec<_> =
        history.json.as_array().unwrap().iter().map(|one| (&one["event_type"], &one["xp_amount"])).collect();
    assert_eq!(
        kinds,
        [(&json!("gift"), &json!(12_650)), (&json!("fine"), &json!(-90)), (&json!("message"), &json!(0))]
    );
    // Kinds and places are the program's own words; what is no object beside the query is no body.
    let told = give("für%20in%20%26%20by%20me&channel_id=%23a%20in%20b&xp_amount=1");
    assert_eq!(program.send("POST", &told, Some("null")).await.status, 200);
    for (query, body) in [("message&channel_id=", None), ("message", Some("{bad"))] {
        assert_eq!(program.send("POST", &give(query), body).await.status, 200, "{query}");
    }
    let history = program.get(&format!("/api/leveling/xp-history/{NEW}?limit=3")).await;
    let kinds: Vec<_> =
        history.json.as_array().unwrap().iter().map(|one| (&one["event_type"], &one["channel_id"])).collect();
    let (plain, own) = ((&json!("message"), &Value::Null), (&json!("für in & by me"), &json!("#a in b")));
    assert_eq!(kinds, [plain, plain, own]);
    let all = program.get(&format!("/api/leveling/xp-history/{NEW}")).await;
    let first = all.json.as_array().unwrap().last().unwrap();
    assert_eq!((&first["user_id"], &first["channel_id"], &first["metadata"]), (&uuid, &json!("123"), &Value::Null));
    assert!(first["created_at"].as_str().unwrap().ends_with("+00:00"));
    assert_eq!(house.rows("SELECT reason FROM ledger ORDER BY id LIMIT 1"), ["message in 123 by key hub"]);
    let sums = house.rows("SELECT (SELECT sum(amount) FROM ledger) = (SELECT sum(xp) FROM xp)");
    assert_eq!(sums, ["1"], "every balance is the sum of its rows");
}

#[tokio::test]
async fn what_is_wrong_with_xp_is_told() {
    let (_house, _bot, door, mut program) = hub().await;
    let mut post = async |query: &str| program.send("POST", &format!("/api/leveling/xp{query}"), None).await;
    assert_eq!(wrong(&post("").await), pairs(&[("missing", "query.discord_id"), ("missing", "query.event_type")]));
    let said = post("?discord_id=7&event_type=message&xp_amount=many&channel_id=a%0ab").await;
    assert_eq!(
        wrong(&said),
        pairs(&[("int_parsing", "query.xp_amount"), ("string_pattern_mismatch", "query.channel_id")])
    );
    assert_eq!(post("?discord_id=77&event_type=message").await.status, 404);
    let mut stranger = Client::stranger(&door);
    assert_eq!(stranger.send("POST", "/api/leveling/xp?discord_id=77&event_type=message", None).await.status, 401);
    assert_eq!(program.get("/api/leveling/xp-history/77").await.status, 404);
    for path in ["/api/leveling/leaderboard", "/api/leveling/xp-history/77"] {
        let said = program.get(&format!("{path}?limit=0")).await;
        assert_eq!(wrong(&said), pairs(&[("greater_than_equal", "query.limit")]));
    }
}

#[tokio::test]
async fn when_somebody_was_active_is_for_themselves_and_for_moderators() {
    let (house, bot, door, mut admin) = hub().await;
    let member = house.member(0);
    house.say(member, "hello");
    bot.settle(&house).await;
    let path = format!("/api/leveling/xp-history/{member}");
    assert_eq!(admin.get(&path).await.json[0]["event_type"], "message");
    assert_eq!(Client::stranger(&door).get(&path).await.status, 401);
    for (scopes, status) in [("read write", 403), ("moderate", 200)] {
        let text = key(&bot.bot, scopes, scopes, Some(house.inn.guild), None).await;
        assert_eq!(Client::with_key(&door, &text).get(&path).await.status, status, "{scopes}");
    }
    let mut own = sign_in(&house, &door, member).await;
    assert_eq!(own.get(&path).await.status, 200);
    assert_eq!(own.get(&format!("/api/leveling/xp-history/{}", house.member(1))).await.status, 403);
}

#[tokio::test]
async fn a_name_that_is_told_leaves_the_picture_alone_and_a_tool_comes_once() {
    let (house, bot, door, mut program) = hub().await;
    let member = house.member(0);
    house.sim.world().set_avatar(member, "0123456789abcdef0123456789abcdef", &[]);
    house.say(member, "hello");
    bot.settle(&house).await;
    let path = format!("/api/users/{member}");
    let before = program.get(&path).await.json["avatar_url"].clone();
    assert!(before.as_str().is_some_and(|url| url.contains("0123456789abcdef")), "{before}");
    let named = program.ask("PATCH", &path, Some(json!({"username": "Ada"}))).await;
    assert_eq!((&named.json["username"], &named.json["avatar_url"]), (&json!("Ada"), &before));
    assert_eq!(house.rows("SELECT count(*) FROM member WHERE picture IS NOT NULL"), ["0"], "Discord's is Discord's");
    let tool = json!({"name": "Tea", "description": "A cup", "required_level": 2, "tier": "Basic"});
    let key = key(&bot.bot, "again", "admin", None, None).await;
    let mut again = Client::with_key(&door, &key).and("Idempotency-Key: tea-1");
    let (one, two) = (again.post("/api/tools", tool.clone()).await, again.post("/api/tools", tool.clone()).await);
    assert_eq!((one.status, two.status, &one.json), (201, 201, &two.json));
    assert_eq!(house.rows("SELECT count(*) FROM tool WHERE name = 'Tea'"), ["1"]);
    for number in 0..179 {
        let tool = json!({"name": format!("Tea {number}"), "description": "x", "required_level": 2, "tier": "Basic"});
        assert_eq!(program.post("/api/tools", tool).await.status, 201, "{number}");
    }
    let full = program.post("/api/tools", tool).await;
    assert_eq!((full.status, &full.json), (409, &json!({"detail": "The catalogue is full: it holds 200 tools."})));
}

#[tokio::test]
async fn a_user_whom_discord_never_showed_stays_although_no_role_can_be_given_to_them() {
    let mut house = House::with(|config| config.http.visibility.leaderboard = Audience::Public).await;
    house.config.levels.roles = vec![LevelRole { level: 2, role: house.inn.regular_role, keep: false }];
    let (bot, door) = open(&house).await;
    let key = key(&bot.bot, "hub", "admin write moderate", Some(house.inn.guild), None).await;
    let mut program = Client::with_key(&door, &key);
    program.post("/api/users", json!({"discord_id": NEW, "username": "Zoe"})).await;
    let give = format!("/api/leveling/xp?discord_id={NEW}&event_type=message&xp_amount=600");
    assert_eq!(program.send("POST", &give, None).await.json["new_level"], 2);
    bot.settle(&house).await;
    assert_eq!(house.rows("SELECT about FROM promise WHERE about GLOB '*role*'"), [""; 0], "who should be given it?");
    // That Discord knows them not, is no news.
    let warning = json!({"kind": "warn", "user_id": NEW, "reason": "who?"});
    let warned = program.post(&format!("/api/guilds/{}/cases", house.inn.guild), warning).await;
    assert_eq!(warned.status, 409, "{warned:?}");
    bot.settle(&house).await;
    let user = Client::stranger(&door).get(&format!("/api/users/{NEW}")).await;
    assert_eq!((user.status, &user.json["xp"]), (200, &json!(600)), "{user:?}");
    let board = Client::stranger(&door).get("/api/leveling/leaderboard").await;
    assert_eq!(board.json[0]["user"]["discord_id"], NEW, "{board:?}");
}

#[tokio::test]
async fn the_board_has_places_that_nobody_shares() {
    let (_house, _bot, door, mut program) = hub().await;
    for (id, xp) in [("420000000000000003", 900), ("420000000000000002", 900), (NEW, 2_000)] {
        program.post("/api/users", json!({"discord_id": id, "username": id})).await;
        let said = program.ask("PATCH", &format!("/api/users/{id}"), Some(json!({"xp": xp}))).await;
        assert_eq!(said.status, 200, "{said:?}");
    }
    let board = Client::stranger(&door).get("/api/leveling/leaderboard/").await;
    let place = |entry: &Value| {
        let id = entry["user"]["discord_id"].as_str().unwrap().to_owned();
        (entry["rank"].as_i64().unwrap(), id, entry["xp"].as_i64().unwrap())
    };
    let places: Vec<_> = board.json.as_array().unwrap().iter().map(place).collect();
    let expected = [(1, NEW, 2_000), (2, "420000000000000002", 900), (3, "420000000000000003", 900)];
    assert_eq!(places, expected.map(|(rank, id, xp)| (rank, id.to_owned(), xp)));
    assert_eq!(board.json[0]["level"], board.json[0]["user"]["level"]);
    let two = Client::stranger(&door).get("/api/leveling/leaderboard?limit=2").await;
    assert_eq!(two.json.as_array().unwrap().len(), 2);
    // Who has nothing yet is behind all others, the older accounts first.
    for id in ["420000000000000009", "420000000000000005"] {
        program.post("/api/users", json!({"discord_id": id, "username": id})).await;
    }
    let board = Client::stranger(&door).get("/api/leveling/leaderboard").await;
    let places: Vec<_> = board.json.as_array().unwrap().iter().map(place).collect();
    assert_eq!(places.len(), 5, "{places:?}");
    assert_eq!(places[3..], [(4, "420000000000000005".to_owned(), 0), (5, "420000000000000009".to_owned(), 0)]);
    let four = Client::stranger(&door).get("/api/leveling/leaderboard?limit=4").await;
    assert_eq!(four.json.as_array().unwrap()[3], board.json[3]);
}

#[tokio::test]
async fn a_tool_is_unlocked_once_its_level_is_reached() {
    let (house, bot, door, mut program) = hub().await;
    program.post("/api/users", json!({"discord_id": NEW, "username": "Zoe"})).await;
    let mut stranger = Client::stranger(&door);
    let mine = stranger.get(&format!("/api/tools/user/{NEW}/")).await;
    let mine = mine.json.as_array().unwrap();
    assert_eq!(mine.len(), 20);
    let first = &mine[0];
    assert_eq!(
        (&first["is_unlocked"], &first["can_unlock"], &first["usage_count"]),
        (&json!(false), &json!(true), &json!(0))
    );
    assert_eq!((&mine[3]["can_unlock"], &mine[3]["unlocked_at"]), (&json!(false), &Value::Null));
    let id = |tool: &Value| tool["tool"]["id"].as_str().unwrap().to_owned();
    let unlock = |tool: &str| format!("/api/tools/unlock/{NEW}/{tool}");
    let mut happens = bot.bot.happenings().subscribe();
    let said = program.send("POST", &unlock(&id(first)), None).await;
    assert_eq!(
        (said.status, said.json),
        (200, json!({"message": "Tool unlocked successfully", "tool_name": "Basic Chat"}))
    );
    assert_eq!(happens.recv().await.unwrap().kind, "tool_unlocked");
    let again = program.send("POST", &format!("{}/", unlock(&id(first))), None).await;
    assert_eq!(
        (again.status, again.json),
        (200, json!({"message": "Tool already unlocked", "already_unlocked": true}))
    );
    assert_eq!(program.send("POST", &unlock(&id(&mine[3])), None).await.status, 403);
    assert_eq!(program.send("POST", &unlock("00000000-0000-4000-8000-000000000000"), None).await.status, 404);
    assert_eq!(wrong(&program.send("POST", &unlock("seven"), None).await), pairs(&[("uuid_parsing", "path.tool_id")]));
    let path = format!("/api/tools/unlock/77/{}", id(first));
    assert_eq!(program.send("POST", &path, None).await.status, 404);
    assert_eq!(stranger.send("POST", &unlock(&id(first)), None).await.status, 401);
    assert_eq!(stranger.get("/api/tools/user/77").await.status, 404);
    let user = stranger.get(&format!("/api/users/{NEW}")).await;
    assert_eq!(user.json["unlocked_tools_count"], json!(1));
    // Members unlock their own in their browser, and nobody else's.
    let member = house.member(0);
    house.say_later(member, "Good evening.");
    bot.settle(&house).await;
    let mut own = Client::with_browser(crate::door::sign_in(&house, &door, member).await);
    assert_eq!(own.send("POST", &unlock(&id(first)), None).await.status, 403);
    let said = own.send("POST", &format!("/api/tools/unlock/{member}/{}", id(first)), None).await;
    assert_eq!((said.status, &said.json["tool_name"]), (200, &json!("Basic Chat")));
}

#[tokio::test]
async fn users_of_a_program_are_shown_until_they_are_seen_leaving() {
    let (house, bot, _door, mut program) = hub().await;
    let member = house.member(1);
    house.say_later(member, "Hello.");
    bot.settle(&house).await;
    let path = format!("/api/users/{member}");
    let named = program.ask("PATCH", &path, Some(json!({"username": "Somebody"}))).await;
    assert_eq!((named.status, &named.json["username"]), (200, &json!("Somebody")));
    // What Discord tells takes its place.
    house.say_later(member, "Hello again.");
    bot.settle(&house).await;
    assert_ne!(program.get(&path).await.json["username"], json!("Somebody"));
    house.sim.world().leave(house.inn.guild, member).unwrap();
    bot.settle(&house).await;
    assert_eq!(program.get(&path).await.status, 404);
    let back = program.post("/api/users", json!({"discord_id": member.to_string(), "username": "Back"})).await;
    assert_eq!((back.status, &back.json["xp"]), (201, &json!(30)));
}

#[tokio::test]
async fn strangers_see_what_everybody_may_and_keys_what_members_may() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let reader = key(&bot.bot, "reader", "read", None, None).await;
    let (mut stranger, mut reader) = (Client::stranger(&door), Client::with_key(&door, &reader));
    for path in
        ["/api/users", "/api/users/77", "/api/leveling/leaderboard", "/api/leveling/xp-history/77", "/api/tools"]
    {
        let said = stranger.get(path).await;
        assert_eq!((said.status, said.json.as_object().unwrap().len()), (401, 1), "{path}");
        assert_ne!(reader.get(path).await.status, 401, "{path}");
    }
    let said = reader.post("/api/users", json!({"discord_id": NEW, "username": "Zoe"})).await;
    assert_eq!(said.status, 403, "it may only read");
    // Who wants to be on no board is nobody to strangers.
    let (house, _bot, door, mut program) = hub().await;
    let member = house.member(2);
    house.say_later(member, "Psst.");
    house.slash(member, "privacy", &[("board", "off".into())]).await;
    let path = format!("/api/users/{member}");
    assert_eq!((Client::stranger(&door).get(&path).await.status, program.get(&path).await.status), (404, 200));
}

#[tokio::test]
async fn pages_of_the_origins_that_the_owner_names_may_ask_with_their_cookies() {
    let mut house = House::new().await;
    house.config.http.visibility.leaderboard = Audience::Public;
    house.config.http.cors_origins = vec!["http://localhost:5173".to_owned()];
    let (_bot, door) = open(&house).await;
    let from = |origin: &str| Client::stranger(&door).and(&format!("Origin: {origin}"));
    for method in ["POST", "PATCH", "PUT", "DELETE"] {
        let mut page = from("http://localhost:5173").and(&format!("Access-Control-Request-Method: {method}"));
        let asked = page.send("OPTIONS", "/api/users/77", None).await;
        assert_eq!(asked.status, 204);
        assert!(asked.header("access-control-allow-methods").unwrap().contains(method));
        assert!(asked.header("access-control-allow-headers").unwrap().contains("Authorization"));
        assert_eq!(asked.header("access-control-allow-credentials"), Some("true"));
    }
    let asked = from("http://localhost:5173").send("OPTIONS", "/api/guilds", None).await;
    assert_eq!((asked.status, asked.header("access-control-max-age")), (204, Some("600")), "and our own API");
    let said = from("http://localhost:5173").get("/api/users").await;
    assert_eq!(said.header("access-control-allow-origin"), Some("http://localhost:5173"));
    assert_eq!((said.status, said.header("access-control-allow-credentials")), (200, Some("true")));
    let other = from("http://localhost:9999").get("/api/users").await;
    assert_eq!(
        (other.header("access-control-allow-origin"), other.header("access-control-allow-credentials")),
        (None, None)
    );
}
