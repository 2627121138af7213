//! The staff monitor: what its front end asks, and what it is answered.

use std::time::Duration;

use innkeeper::config::{Audience, StaffRole};
use innkeeper::model::RoleId;
use innkeeper::sim::world::intent;
use serde_json::{Value, json};

use crate::client::{Client, Said, key};
use crate::door::{OpenDoor, open, sign_in};
use crate::house::{House, Running};

const TOKEN: &str = "/api/auth/token/";
const REFRESH: &str = "/api/auth/token/refresh/";
const STATUS: &str = "/api/staff/discord/status/";
const SYNC: &str = "/api/staff/discord/sync/";
const ROSTER: &str = "/api/staff/roster/";
/// What every row has, in the order of the alphabet.
const FIELDS: [&str; 29] = [
    "active_time",
    "discord_activity",
    "discord_custom_status",
    "discord_id",
    "discord_status",
    "discord_status_display",
    "discord_status_updated",
    "discord_tag",
    "display_name",
    "id",
    "is_active",
    "is_on_loa",
    "is_online",
    "joined_date",
    "last_activity",
    "last_synced",
    "loa_end_date",
    "name",
    "rank",
    "role",
    "role_color",
    "role_priority",
    "server_id",
    "server_name",
    "steam_id",
    "timezone",
    "user_avatar",
    "user_id",
    "username",
];

/// A house with a moderator and an admin on the roster, open, and programs that read and that manage.
struct Monitor {
    house: House,
    bot: Running,
    door: OpenDoor,
    reader: Client,
    manager: Client,
    manager_key: String,
}

async fn monitor() -> Monitor {
    let house = house().await;
    Monitor::of(house).await
}

async fn house() -> House {
    let mut house = House::with(|config| config.http.writes_per_second = 1_000.try_into().unwrap()).await;
    let rank = |role: Option<RoleId>, rank: &str, priority: u16| StaffRole {
        role,
        rank: rank.to_owned(),
        priority,
        colour: None,
    };
    house.config.roster.roles = vec![
        rank(Some(house.inn.moderator_role), "Moderator", 90),
        rank(Some(house.inn.admin_role), "Manager", 10),
        rank(None, "Helper", 200),
    ];
    house
}

impl Monitor {
    async fn of(house: House) -> Self {
        let (bot, door) = open(&house).await;
        let guild = Some(house.inn.guild);
        let reading = key(&bot.bot, "reader", "read", guild, None).await;
        let manager_key = key(&bot.bot, "manager", "admin", guild, None).await;
        let (reader, manager) = (Client::with_key(&door, &reading), Client::with_key(&door, &manager_key));
        Self { house, bot, door, reader, manager, manager_key }
    }

    /// The rows, once everybody's presence was told.
    async fn known(&mut self) -> Vec<Value> {
        loop {
            let rows = rows(&self.reader.get(ROSTER).await);
            if rows.len() >= 2 && rows.iter().all(|row| !row["discord_status"].is_null()) {
                return rows;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn add(&mut self, name: &str, rank: &str) {
        let path = format!("/api/guilds/{}/roster", self.house.inn.guild);
        let added = self.manager.post(&path, json!({"name": name, "rank": rank})).await;
        assert_eq!(added.status, 200, "{added:?}");
    }

    async fn pair(&self) -> (String, String) {
        let body = json!({"username": "manager", "password": self.manager_key});
        pair(&Client::stranger(&self.door).post(TOKEN, body).await)
    }
}

fn rows(said: &Said) -> Vec<Value> {
    assert_eq!(said.status, 200, "{said:?}");
    said.json["results"].as_array().unwrap().clone()
}

fn names(said: &Said) -> Vec<String> {
    rows(said).iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

/// The access and the refresh token of an answer that has nothing else.
fn pair(said: &Said) -> (String, String) {
    assert_eq!((said.status, said.json.as_object().unwrap().len()), (200, 2), "{said:?}");
    let text = |name: &str| said.json[name].as_str().unwrap().to_owned();
    (text("access"), text("refresh"))
}

fn unauthorized(said: &Said, body: Value) {
    assert_eq!((said.status, &said.json), (401, &body));
    assert_eq!(said.header("www-authenticate"), Some("Bearer realm=\"api\""), "{said:?}");
}

fn bad_token() -> Value {
    json!({"detail": "Given token not valid for any token type", "code": "token_not_valid", "messages": [
        {"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid or expired"}]})
}

fn no_credentials() -> Value {
    json!({"detail": "Authentication credentials were not provided."})
}

#[tokio::test]
async fn a_key_and_its_name_get_tokens_that_live_an_hour_and_a_week_and_end_with_the_key() {
    let monitor = monitor().await;
    let (door, body) = (&monitor.door, json!({"username": "manager", "password": monitor.manager_key}));
    let mut stranger = Client::stranger(door);
    let (access, refresh) = pair(&stranger.post(TOKEN, body.clone()).await);
    pair(&stranger.post("/api/auth/token", body).await);
    assert_eq!(Client::with_key(door, &access).get(ROSTER).await.status, 200);
    unauthorized(&Client::with_key(door, &refresh).get(ROSTER).await, bad_token());
    // After an hour the access token is over, and the other one gets a new pair.
    monitor.house.clock.advance(Duration::from_secs(3_600));
    unauthorized(&Client::with_key(door, &access).get(ROSTER).await, bad_token());
    let (access, newer) = pair(&stranger.post(REFRESH, json!({"refresh": refresh})).await);
    assert_eq!(Client::with_key(door, &access).get(ROSTER).await.status, 200);
    pair(&stranger.post("/api/auth/token/refresh", json!({"refresh": refresh})).await);
    let over = json!({"detail": "Token is invalid or expired", "code": "token_not_valid"});
    monitor.house.clock.advance(Duration::from_secs(7 * 86_400 - 3_600));
    unauthorized(&stranger.post(REFRESH, json!({"refresh": refresh})).await, over.clone());
    let (access, newest) = pair(&stranger.post(REFRESH, json!({"refresh": newer})).await);
    for wrong in [access.as_str(), &newest.replace("inkr_", "inkt_"), "nonsense"] {
        unauthorized(&stranger.post(REFRESH, json!({"refresh": wrong})).await, over.clone());
    }
    let now = monitor.bot.bot.clock().now();
    let revoke = move |tx: &innkeeper::store::Tx| innkeeper::store::access::revoke_key(tx, "manager", None, now);
    assert!(monitor.bot.bot.store().write(revoke).await.unwrap());
    unauthorized(&stranger.post(REFRESH, json!({"refresh": newest})).await, over);
    unauthorized(&Client::with_key(door, &access).get(ROSTER).await, bad_token());
}

#[tokio::test]
async fn a_login_that_is_wrong_is_told_field_by_field() {
    let monitor = monitor().await;
    let mut stranger = Client::stranger(&monitor.door);
    let (required, blank) = (json!(["This field is required."]), json!(["This field may not be blank."]));
    for (path, body, wrong) in [
        (TOKEN, json!({}), json!({"username": required, "password": required})),
        (TOKEN, json!({"username": " ", "password": "x"}), json!({"username": blank})),
        (TOKEN, json!({"username": "x", "password": null}), json!({"password": ["This field may not be null."]})),
        (TOKEN, json!({"username": [], "password": "x"}), json!({"username": ["Not a valid string."]})),
        (TOKEN, json!([]), json!({"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]})),
        (REFRESH, json!({}), json!({"refresh": required})),
    ] {
        let said = stranger.post(path, body).await;
        assert_eq!((said.status, &said.json), (400, &wrong));
    }
    assert_eq!(stranger.send("POST", TOKEN, None).await.json, json!({"username": required, "password": required}));
    let broken = stranger.send("POST", TOKEN, Some("{")).await;
    assert_eq!(broken.status, 400);
    assert!(broken.json["detail"].as_str().unwrap().starts_with("JSON parse error - "), "{broken:?}");
    let none = json!({"detail": "No active account found with the given credentials"});
    let (access, _) = monitor.pair().await;
    for (name, word) in [("manager", "wrong"), ("reader", &monitor.manager_key), ("manager", &access), ("x", "y")] {
        unauthorized(&stranger.post(TOKEN, json!({"username": name, "password": word})).await, none.clone());
    }
    // As a form, too.
    let mut browser = monitor.door.browser();
    let form = [("username", "manager"), ("password", monitor.manager_key.as_str())];
    assert_eq!(browser.post(TOKEN, &form).await.status, 200);
    let odd = "Content-Type: text/plain\r\nContent-Length: 1\r\n";
    let said = browser.ask("POST", TOKEN, odd, "x").await;
    assert_eq!(said.status, 415);
    assert_eq!(said.body, r#"{"detail":"Unsupported media type \"text/plain\" in request."}"#);
    // Guessing comes to an end.
    let mut guess = async || stranger.post(TOKEN, json!({"username": "manager", "password": "guess"})).await;
    while guess().await.status == 401 {}
    let said = guess().await;
    assert!(said.status == 429 && said.header("retry-after").is_some(), "{said:?}");
}

#[tokio::test]
async fn who_may_ask_what_and_how_the_others_are_told() {
    let mut monitor = monitor().await;
    let id = monitor.known().await[0]["id"].clone();
    let one = format!("{ROSTER}{id}/");
    let reads = [ROSTER, &one, "/api/staff/sync/logs/", "/api/staff/me/"];
    let door = &monitor.door;
    for path in reads {
        for path in [path, path.trim_end_matches('/')] {
            unauthorized(&Client::stranger(door).get(path).await, no_credentials());
            unauthorized(&Client::with_key(door, "ink_wrong").get(path).await, bad_token());
            let made_by_nobody = path.contains("/me");
            assert_eq!(monitor.reader.get(path).await.status, if made_by_nobody { 404 } else { 200 }, "{path}");
        }
        let said = monitor.manager.post(path, json!({})).await;
        assert_eq!((said.status, &said.json), (405, &json!({"detail": "Method \"POST\" not allowed."})));
        assert!(said.header("allow").unwrap().contains("GET"), "{said:?}");
    }
    for path in [SYNC, SYNC.trim_end_matches('/'), TOKEN, REFRESH] {
        let said = monitor.manager.get(path).await;
        assert_eq!((said.status, &said.json), (405, &json!({"detail": "Method \"GET\" not allowed."})));
        assert!(said.header("allow").unwrap().contains("POST"), "{said:?}");
    }
    for (line, told) in [
        ("Authorization: Basic eDp5", no_credentials()),
        ("Authorization: Token abc", no_credentials()),
        (
            "Authorization: Bearer",
            json!({"detail": "Authorization header must contain two space-delimited values",
                "code": "bad_authorization_header"}),
        ),
    ] {
        unauthorized(&Client::stranger(door).and(line).get(ROSTER).await, told);
    }
    unauthorized(&Client::stranger(door).post(SYNC, json!({})).await, no_credentials());
    let said = monitor.reader.post(SYNC, json!({})).await;
    let forbidden = json!({"detail": "You do not have permission to perform this action."});
    assert_eq!((said.status, &said.json), (403, &forbidden));
    for (member, status) in [(monitor.house.member(0), 403), (monitor.house.inn.admin, 200)] {
        let mut browser = Client::with_browser(sign_in(&monitor.house, door, member).await);
        assert_eq!(browser.get(ROSTER).await.status, 200);
        let said = browser.post(SYNC, json!({})).await;
        assert_eq!(said.status, status, "{said:?}");
        if status == 403 {
            assert_eq!(said.json, forbidden);
        }
    }
}

#[tokio::test]
async fn the_bots_status_is_for_everybody_and_a_sync_ends_when_discord_answered() {
    let mut monitor = monitor().await;
    monitor.known().await;
    let guild = monitor.house.inn.guild;
    for path in [STATUS, STATUS.trim_end_matches('/')] {
        let said = Client::stranger(&monitor.door).get(path).await;
        assert_eq!((said.status, &said.json), (200, &json!({"is_running": true, "guild_id": guild.to_string()})));
    }
    unauthorized(&Client::with_key(&monitor.door, "ink_wrong").get(STATUS).await, bad_token());
    let asked = monitor.house.sim.world().member_requests();
    monitor.house.clock.advance(Duration::from_secs(30));
    for (nth, path) in [(1, SYNC), (2, SYNC.trim_end_matches('/'))] {
        let said = monitor.manager.send("POST", path, None).await;
        let done = json!({"message": "Discord status sync completed successfully"});
        assert_eq!((said.status, &said.json), (200, &done));
        assert_eq!(monitor.house.sim.world().member_requests(), asked + nth, "Discord was asked");
    }
    // That nothing changed is news as well.
    let now = json!(monitor.bot.bot.clock().now().rfc3339());
    for row in rows(&monitor.reader.get(ROSTER).await) {
        assert_eq!((&row["discord_status_updated"], &row["last_synced"]), (&now, &now));
    }
}

#[tokio::test]
async fn the_front_end_finds_all_that_it_waits_for() {
    let mut house = house().await;
    let guild = house.inn.guild;
    house.config.wires.guild = Some(guild);
    let mut monitor = Monitor::of(house).await;
    monitor.known().await;
    let mut stranger = Client::stranger(&monitor.door);
    // Who is logged in.
    assert_eq!(stranger.get("/api/auth/profile/").await.status, 401);
    let profile = monitor.manager.get("/api/auth/profile/").await;
    assert_eq!(
        (profile.status, &profile.json["username"], &profile.json["role"]),
        (200, &json!("manager"), &json!("Manager"))
    );
    assert_eq!((&profile.json["role_priority"], &profile.json["setup_completed"]), (&json!(10), &json!(true)));
    assert_eq!(monitor.reader.get("/api/auth/profile").await.json["role_priority"], json!(999));
    // Of a guild that is not theirs nobody is told who they would be there.
    let elsewhere = Some(innkeeper::model::GuildId::new(77).unwrap());
    let as_admin = format!("X-Act-As: {}", monitor.house.inn.admin);
    let foreign = key(&monitor.bot.bot, "foreign", "read impersonate", elsewhere, None).await;
    let own = key(&monitor.bot.bot, "own", "read impersonate", Some(guild), None).await;
    for (text, is_staff) in [(foreign, false), (own, true)] {
        let said = Client::with_key(&monitor.door, &text).and(&as_admin).get("/api/auth/profile/").await;
        assert_eq!((said.status, &said.json["is_active_staff"]), (200, &json!(is_staff)), "{said:?}");
    }
    // The roster comes with a log of comparisons, or not at all.
    assert_eq!(monitor.reader.post("/api/staff/sync/", json!({})).await.status, 403);
    let synced = monitor.manager.post("/api/staff/sync/", json!({})).await;
    assert_eq!((synced.status, &synced.json["message"]), (200, &json!("Sync completed successfully")), "{synced:?}");
    assert_eq!(
        (&synced.json["details"]["status"], &synced.json["details"]["records_updated"]),
        (&json!("success"), &json!(2))
    );
    assert_eq!(stranger.get("/api/staff/sync/logs/").await.status, 401);
    let logs = monitor.reader.get("/api/staff/sync/logs/").await;
    assert_eq!((logs.status, &logs.json["count"], &logs.json["next"]), (200, &json!(1), &Value::Null), "{logs:?}");
    assert_eq!(logs.json["results"][0]["error_message"], Value::Null);
    // Ranks are no members.
    let roles = stranger.get("/api/staff/roles/").await;
    assert_eq!((roles.status, roles.json.as_array().unwrap().len()), (200, 3), "{roles:?}");
}

#[tokio::test]
async fn a_bot_without_staff_is_running_all_the_same() {
    let house = House::new().await;
    let mut monitor = Monitor::of(house).await;
    assert_eq!(monitor.reader.get(STATUS).await.json["is_running"], true);
    assert_eq!(monitor.manager.post(SYNC, json!({})).await.status, 200, "there is nobody to compare");
}

#[tokio::test]
async fn a_sync_that_discord_does_not_answer_is_said_to_have_failed() {
    let mut monitor = monitor().await;
    let before = monitor.known().await;
    monitor.house.sim.world().ignore_member_requests(true);
    let said = monitor.manager.post(SYNC, json!({})).await;
    assert_eq!((said.status, said.json.as_object().map(serde_json::Map::len)), (500, Some(1)), "{said:?}");
    assert!(said.json["error"].as_str().is_some_and(|words| !words.is_empty()), "{said:?}");
    assert_eq!(rows(&monitor.reader.get(ROSTER).await).len(), before.len());
}

#[tokio::test]
async fn without_a_session_nothing_is_running_and_what_was_told_last_stays() {
    let mut monitor = monitor().await;
    let before = monitor.known().await;
    let faults = monitor.house.sim.faults();
    faults.set_open(innkeeper::sim::Entrance::Gateway, false);
    faults.set_open(innkeeper::sim::Entrance::Resume, false);
    faults.strike(innkeeper::sim::Strike::Reconnect);
    while monitor.reader.get(STATUS).await.json["is_running"] == true {
        tokio::task::yield_now().await;
    }
    let said = monitor.manager.post(SYNC, json!({})).await;
    assert_eq!((said.status, &said.json), (503, &json!({"error": "Discord bot is not running"})));
    assert_eq!(monitor.reader.post(SYNC, json!({})).await.status, 403);
    let statuses = |rows: &[Value]| rows.iter().map(|row| row["discord_status"].clone()).collect::<Vec<_>>();
    assert_eq!(statuses(&rows(&monitor.reader.get(ROSTER).await)), statuses(&before));
}

#[tokio::test]
async fn without_the_intent_or_the_roster_the_status_says_so() {
    let house = house().await;
    house.sim.world().grant_intents(intent::PRIVILEGED & !intent::GUILD_PRESENCES);
    let mut monitor = Monitor::of(house).await;
    let guild = monitor.house.inn.guild.to_string();
    let said = monitor.reader.get(STATUS).await;
    assert_eq!(said.json, json!({"is_running": false, "guild_id": guild}));
    assert_eq!(monitor.manager.post(SYNC, json!({})).await.status, 503);
    let mut house = self::house().await;
    house.config.roster.enabled = false;
    house.config.http.visibility.status = Audience::Members;
    let mut monitor = Monitor::of(house).await;
    assert_eq!(monitor.reader.get(STATUS).await.json, json!({"is_running": false, "guild_id": null}));
    unauthorized(&Client::stranger(&monitor.door).get(STATUS).await, no_credentials());
    let said = monitor.manager.post(SYNC, json!({})).await;
    let body = json!({"error": "Discord bot is not configured", "configured": false});
    assert_eq!((said.status, &said.json), (400, &body));
    assert_eq!(monitor.reader.get(ROSTER).await.status, 404);
}

#[tokio::test]
async fn a_row_has_every_field_and_tells_presences_as_discord_does() {
    let mut monitor = monitor().await;
    let all = monitor.known().await;
    let (admin, moderator) = (monitor.house.inn.admin, monitor.house.inn.moderator);
    for row in &all {
        let mut fields: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        assert_eq!(fields, FIELDS);
    }
    let fixed = json!({"role": "Manager", "rank": "Manager", "role_priority": 10, "role_color": "#808080",
        "discord_id": admin.to_string(), "discord_status": "online", "discord_status_display": "online",
        "discord_custom_status": null, "discord_activity": null, "discord_tag": null, "steam_id": null,
        "timezone": "", "active_time": "", "user_id": null, "is_active": true, "is_on_loa": false,
        "loa_end_date": null, "is_online": false, "server_name": null, "server_id": null});
    for (field, value) in fixed.as_object().unwrap() {
        assert_eq!(&all[0][field], value, "{field}");
    }
    for (same, other) in [("username", "name"), ("display_name", "name"), ("last_activity", "last_synced")] {
        assert_eq!(all[0][same], all[0][other]);
    }
    let playing = |name: &str| json!({"id": "a", "name": name, "type": 0});
    let saying = json!({"id": "custom", "name": "Custom Status", "type": 4, "state": "tea"});
    let shown = [playing("Chess"), saying, playing("Garry's Mod")];
    monitor.house.sim.world().set_presence_with(moderator, "dnd", &shown);
    monitor.bot.settle(&monitor.house).await;
    let presence = |row: &Value| {
        let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
        ["discord_status", "discord_custom_status", "discord_activity"].map(text).join(" · ")
    };
    let one = format!("{ROSTER}{}/", all[1]["id"]);
    assert_eq!(presence(&monitor.reader.get(&one).await.json), "dnd · tea · Garry's Mod");
    monitor.house.sim.world().set_presence(moderator, "offline");
    monitor.bot.settle(&monitor.house).await;
    assert_eq!(presence(&monitor.reader.get(&one).await.json), "offline · - · -");
    // Without an account nothing is known, and who was added and left is offline.
    monitor.add("Zed", "Helper").await;
    let (guild, ada) = (monitor.house.inn.guild, monitor.house.member(0));
    let path = format!("/api/guilds/{guild}/roster");
    let added = monitor.manager.post(&path, json!({"user_id": ada, "rank": "Helper"})).await;
    let away = json!({"on_leave": true, "leave_duration": "2d"});
    let ada_id = added.json["entry"]["id"].clone();
    assert_eq!(monitor.manager.ask("PATCH", &format!("{path}/{ada_id}"), Some(away)).await.status, 200);
    monitor.house.sim.world().leave(guild, ada).unwrap();
    monitor.bot.settle(&monitor.house).await;
    let helpers = rows(&monitor.reader.get(&format!("{ROSTER}?rank=Helper")).await);
    let (left, zed) = (&helpers[0], &helpers[1]);
    assert_eq!((presence(left), left["is_on_loa"].as_bool()), ("offline · - · -".to_owned(), Some(true)));
    assert_eq!(left["loa_end_date"].as_str().unwrap().len(), 10);
    assert_eq!(
        (&zed["discord_id"], &zed["discord_status"], presence(zed)),
        (&Value::Null, &Value::Null, "- · - · -".to_owned())
    );
    assert!(zed["discord_status_updated"].is_null() && zed["last_synced"].is_string());
    for nothing in ["999", "0", "x", "99999999999999999999"] {
        let said = monitor.reader.get(&format!("{ROSTER}{nothing}/")).await;
        assert_eq!((said.status, &said.json), (404, &json!({"detail": "Not found."})));
    }
}

#[tokio::test]
async fn the_roster_comes_in_pages_filtered_and_in_order() {
    let mut monitor = monitor().await;
    monitor.known().await;
    for nth in 0..26 {
        monitor.add(&format!("Helper {nth:02}"), "Helper").await;
    }
    monitor.add("Zoë & Co", "Elder").await;
    let base = format!("http://{}{ROSTER}", monitor.door.addr);
    let client = &mut monitor.reader;
    let first = client.get(ROSTER).await;
    assert_eq!((&first.json["count"], rows(&first).len()), (&json!(29), 25));
    assert_eq!((&first.json["next"], &first.json["previous"]), (&json!(format!("{base}?page=2")), &Value::Null));
    let second = client.get("/api/staff/roster?page=2").await;
    assert_eq!((rows(&second).len(), &second.json["next"], &second.json["previous"]), (4, &Value::Null, &json!(base)));
    let said = client.get(&format!("{ROSTER}?search=helper%200&page_size=3&page=2&ordering=-name")).await;
    assert_eq!(names(&said), ["Helper 06", "Helper 05", "Helper 04"]);
    let link = |page: &str| format!("{base}?ordering=-name{page}&page_size=3&search=helper+0");
    assert_eq!((&said.json["next"], &said.json["previous"]), (&json!(link("&page=3")), &json!(link(""))));
    for size in ["0", "-1", "x", ""] {
        assert_eq!(rows(&client.get(&format!("{ROSTER}?page_size={size}")).await).len(), 25, "{size}");
    }
    assert_eq!(rows(&client.get(&format!("{ROSTER}?page_size=1000&page=")).await).len(), 29);
    assert_eq!(names(&client.get(&format!("{ROSTER}?page=last&page_size=10")).await).len(), 9);
    for page in ["0", "3", "-1", "x", "1.5"] {
        let said = client.get(&format!("{ROSTER}?page={page}")).await;
        assert_eq!((said.status, &said.json), (404, &json!({"detail": "Invalid page."})), "{page}");
    }
    for (query, count) in [
        ("rank=Helper", 26),
        ("rank=helper", 0),
        ("role=all", 29),
        ("role=Manager", 1),
        ("rank=Helper&role=Manager", 0),
        ("search=ZO%C3%8B+%26", 1),
        ("show_inactive=true&nonsense=1", 29),
    ] {
        assert_eq!(client.get(&format!("{ROSTER}?{query}")).await.json["count"], count, "{query}");
    }
    let mut ends = async |ordering: &str| {
        let all = names(&client.get(&format!("{ROSTER}?page_size=100&ordering={ordering}")).await);
        (all[0].clone(), all[28].clone())
    };
    let (highest, lowest) = ends("").await;
    assert_eq!(lowest, "Zoë & Co", "ranks that are not known come last");
    assert_eq!(ends("password,-steam_id").await, (highest.clone(), lowest.clone()));
    assert_eq!(ends("-rank_priority,%20-name").await, (lowest.clone(), highest));
    assert_eq!(ends("rank").await.0, lowest);
    let roles = client.get("/api/staff/roles/").await;
    let role = |role: &str, priority| json!({"role": role, "priority": priority, "color": "#808080"});
    assert_eq!(roles.json, json!([role("Manager", 10), role("Moderator", 90), role("Helper", 200)]));
}

#[tokio::test]
async fn everybody_finds_their_own_entry() {
    let mut monitor = monitor().await;
    monitor.known().await;
    let (house, bot) = (&monitor.house, &monitor.bot.bot);
    let (admin, guest) = (house.inn.admin, house.member(0));
    let mut browser = Client::with_browser(sign_in(house, &monitor.door, admin).await);
    let said = browser.get("/api/staff/me/").await;
    assert_eq!((said.status, &said.json["discord_id"]), (200, &json!(admin.to_string())));
    let acting = key(bot, "acting", "read impersonate", None, None).await;
    for (user, status) in [(house.inn.moderator, 200), (guest, 404)] {
        let line = format!("X-Act-As: {user}");
        let said = Client::with_key(&monitor.door, &acting).and(&line).get("/api/staff/me").await;
        assert_eq!(said.status, status, "{said:?}");
        match status {
            200 => assert_eq!(said.json["discord_id"], user.to_string()),
            _ => assert_eq!(said.json, json!({"message": "No staff profile found"})),
        }
    }
}

#[tokio::test]
async fn the_front_end_asks_from_another_origin_and_strangers_read_where_they_may() {
    const FRONT: &str = "https://staff.example";
    let mut house = house().await;
    house.config.http.cors_origins = vec![FRONT.to_owned()];
    house.config.http.visibility.roster = Audience::Public;
    house.config.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let mut monitor = Monitor::of(house).await;
    monitor.known().await;
    for origin in [FRONT, "https://elsewhere.example"] {
        let is_ours = origin == FRONT;
        let mut page = Client::with_key(&monitor.door, &monitor.manager_key).and(&format!("Origin: {origin}"));
        let preflight = page.ask("OPTIONS", SYNC, None).await;
        assert_eq!(preflight.header("access-control-allow-methods").is_some(), is_ours);
        for said in [preflight, page.get(ROSTER).await, page.post(SYNC, json!({})).await] {
            assert_eq!(said.header("access-control-allow-origin"), is_ours.then_some(FRONT), "{said:?}");
            assert_eq!(said.header("access-control-allow-credentials"), is_ours.then_some("true"));
        }
    }
    let proxy = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Host: staff.example\r\nX-Forwarded-Proto: https";
    let mut stranger = Client::stranger(&monitor.door).and(proxy);
    let said = stranger.get(&format!("{ROSTER}?page_size=1")).await;
    assert_eq!(said.json["next"], format!("{FRONT}{ROSTER}?page=2&page_size=1"));
    unauthorized(&stranger.get("/api/staff/me/").await, no_credentials());
}
