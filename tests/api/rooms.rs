//! Programs that look at guilds, members, promises, the ledger and commands, and change what may be changed.

use chrono::DateTime;
use innkeeper::model::{GuildId, UserId};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::{Client, Said, key};
use crate::house::{House, Running};
use crate::{open, sign_in};

/// A program with all of this.
async fn program(bot: &Running, door: &crate::door::OpenDoor, scopes: &str) -> Client {
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
    assert_eq!((&of_ada.json["total"], &client.get(&ledger).await.json["total"]), (&json!(2), &json!(3)));
    let history = client.get(&format!("/api/guilds/{guild}/members/{ada}/xp/history?limit=1")).await;
    assert_eq!((&history.json["total"], &history.json["has_more"]), (&json!(2), &json!(true)), "{history:?}");
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
async fn a_command_is_set_for_the_guild_and_the_gate_goes_by_it() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let (guild, ada, bea) = (house.inn.guild, house.member(0), house.member(1));
    let key = key(&bot.bot, "staff", "write admin impersonate", None, None).await;
    let mut client = Client::with_key(&door, &key);
    let mut as_ada = Client::with_key(&door, &key).and(&format!("X-Act-As: {ada}"));
    let commands = format!("/api/guilds/{guild}/commands");
    let (execute, give) = (format!("{commands}/execute"), format!("{commands}/kudos%20give"));
    let thanks = json!({"command": "kudos give", "options": {"member": bea.to_string()}});

    let off = client.post(&format!("{give}/disable"), json!({})).await;
    assert_eq!((off.status, &off.json["command"]["set"]["disabled"]), (200, &json!(true)), "{off:?}");
    let refused = as_ada.post(&execute, thanks.clone()).await;
    assert!(refused.status == 403 && words(&refused).contains("switched off"), "{refused:?}");
    let listed = client.get(&format!("{commands}?limit=200")).await;
    let of = |name: &str| items(&listed).iter().find(|command| command["name"] == name).unwrap();
    assert_eq!((of("kudos give"), &of("kudos list")["set"]["disabled"]), (&off.json["command"], &json!(false)));
    assert_eq!(client.post(&format!("{give}/enable"), json!({})).await.json["command"]["set"]["disabled"], false);

    let level = client.post(&format!("{give}/level"), json!({"level": 3})).await;
    assert_eq!(level.json["command"]["set"]["level"], 3, "{level:?}");
    let refused = as_ada.post(&execute, thanks.clone()).await;
    assert!(refused.status == 403 && words(&refused).contains("from level 3"), "{refused:?}");
    let level = client.post(&format!("{give}/level"), json!({"level": null})).await;
    assert_eq!(level.json["command"]["set"]["level"], Value::Null, "{level:?}");

    let pause = client.post(&format!("{give}/cooldown"), json!({"seconds": 3_600})).await;
    assert_eq!(pause.json["command"]["set"]["cooldown_seconds"], 3_600, "{pause:?}");
    let given = as_ada.post(&execute, thanks.clone()).await;
    assert_eq!((given.status, &given.json["outcome"]), (200, &json!("ok")), "{given:?}");
    assert_eq!(as_ada.post(&execute, thanks).await.status, 429);
    let pause = client.post(&format!("{give}/cooldown"), json!({})).await;
    assert_eq!(pause.json["command"]["set"]["cooldown_seconds"], Value::Null, "{pause:?}");

    let used = client.get(&format!("{commands}/usage?window=week")).await;
    let used = items(&used).iter().find(|usage| usage["command"] == "kudos give").unwrap().clone();
    let counts = ["runs", "ok", "denied", "cooldown", "disabled"].map(|count| used[count].as_u64().unwrap());
    assert_eq!(counts, [4, 1, 1, 1, 1], "{used}");
    bot.stop().await;
}

#[tokio::test]
async fn what_cannot_be_set_about_a_command_is_said() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let mut client = program(&bot, &door, "admin").await;
    let commands = format!("/api/guilds/{}/commands", house.inn.guild);
    for (path, body, status, said) in [
        ("help/disable", json!({}), 409, "always there"),
        ("kudos/disable", json!({}), 404, "no such command"),
        ("nonsense/enable", json!({}), 404, "no such command"),
        ("%ff/enable", json!({}), 404, "no such"),
        ("rank/cooldown", json!({"seconds": -1}), 422, "from 0 to 86400"),
        ("rank/cooldown", json!({"seconds": 86_401}), 422, "from 0 to 86400"),
        ("rank/cooldown", json!({"minutes": 1}), 422, "unknown field `minutes`"),
        ("rank/level", json!({"level": 0}), 422, "from 1 to"),
        ("rank/level", json!({"level": i64::MAX}), 422, "from 1 to"),
    ] {
        let answer = client.post(&format!("{commands}/{path}"), body.clone()).await;
        assert!(answer.status == status && words(&answer).contains(said), "{path} {body}: {answer:?}");
    }
    let usage = client.get(&format!("{commands}/usage?window=month")).await;
    assert!(usage.status == 422 && words(&usage).contains("month"), "{usage:?}");
    bot.stop().await;
}

#[tokio::test]
async fn options_as_json_become_what_the_command_takes() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let (guild, ada, bea) = (house.inn.guild, house.member(0), house.member(1).to_string());
    let key = key(&bot.bot, "k", "write impersonate", None, None).await;
    let mut as_ada = Client::with_key(&door, &key).and(&format!("X-Act-As: {ada}"));
    let execute = format!("/api/guilds/{guild}/commands/execute");
    for (command, options, status, said) in [
        ("nonsense", json!({}), 409, "no such command"),
        ("kudos give", json!({}), 422, "`member` is missing"),
        ("kudos give", json!({"member": null}), 422, "`member` is missing"),
        ("kudos give", json!({"member": 5}), 422, "`member` must be a member's id, as a text"),
        ("kudos give", json!({"member": "Bea"}), 422, "`member` must be a member's id"),
        ("kudos give", json!({"member": bea, "amount": "2"}), 422, "`amount` must be a whole number from 1"),
        ("kudos give", json!({"member": bea, "amount": 2.5}), 422, "`amount` must be a whole number from 1"),
        ("kudos give", json!({"member": bea, "amount": 0}), 422, "`amount` must be a whole number from 1"),
        ("kudos give", json!({"member": bea, "reason": ["x"]}), 422, "`reason` must be a text"),
        ("kudos give", json!({"member": bea, "why": "x"}), 422, "no option \"why\"; it has member, amount, reason"),
        ("kudos board", json!({"window": "year"}), 422, "`window` must be one of all, month, week"),
        ("kudos give", json!([]), 422, "map"),
        ("addxp", json!({"member": bea, "amount": 5}), 403, "Manage Server"),
        ("kudos give", json!({"member": ada.to_string()}), 409, ""),
    ] {
        let answer = as_ada.post(&execute, json!({"command": command, "options": options})).await;
        assert!(answer.status == status && words(&answer).contains(said), "{command} {options}: {answer:?}");
    }
    let options = json!({"member": bea, "amount": 2, "reason": "the soup"});
    let given = as_ada.post(&execute, json!({"command": "Kudos GIVE", "options": options})).await;
    assert_eq!((given.status, &given.json["outcome"]), (200, &json!("ok")), "{given:?}");
    let kudos = as_ada.get(&format!("/api/guilds/{guild}/kudos")).await;
    let gift = &items(&kudos)[0];
    assert_eq!((&gift["receiver_id"], &gift["amount"], &gift["reason"]), (&json!(bea), &json!(2), &json!("the soup")));
    bot.stop().await;
}

#[tokio::test]
async fn what_is_secret_is_not_run_over_http() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let execute = format!("/api/guilds/{}/commands/execute", house.inn.guild);
    let key = key(&bot.bot, "all", "read write moderate chat admin impersonate", None, None).await;
    let owner = house.inn.owner;
    let as_itself = Client::with_key(&door, &key);
    let as_owner = Client::with_key(&door, &key).and(&format!("X-Act-As: {owner}"));
    let signed_in = Client::with_browser(sign_in(&house, &door, owner).await);
    let database = Connection::open(&house.config.store.path).unwrap();
    let secrets = || {
        let sql = "SELECT (SELECT count(*) FROM api_key), (SELECT count(*) FROM login_link)";
        database.query_row(sql, (), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).unwrap()
    };
    let before = secrets();
    for mut client in [as_itself, as_owner, signed_in] {
        for body in [
            json!({"command": "login"}),
            json!({"command": "apikey create", "options": {"name": "x", "scopes": "read"}}),
        ] {
            let answer = client.post(&execute, body).await;
            assert!(answer.status == 409 && words(&answer).contains("Use the slash command"), "{answer:?}");
            let told = answer.json.to_string();
            assert!(!told.contains("ink_") && !told.contains("/login/"), "{told}");
        }
    }
    bot.settle(&house).await;
    assert_eq!(secrets(), before, "nothing was made either");
    bot.stop().await;
}

/// Something that this option takes.
fn some_value(option: &Value, house: &House, member: UserId) -> Value {
    match option["kind"].as_str().unwrap() {
        "user" => json!(member.to_string()),
        "channel" => json!(house.inn.general.to_string()),
        "role" => json!(house.inn.regular_role.to_string()),
        "text" => json!("x"),
        "whole" => option["min"].clone(),
        "flag" => json!(true),
        "choice" => option["choices"][0].clone(),
        "span" => json!("1h"),
        new => panic!("a new kind: {new}"),
    }
}

#[tokio::test]
async fn every_command_answers_over_http_without_a_fault() {
    let mut house = House::new().await;
    house.config.http.writes_per_second = 1_000.try_into().unwrap();
    let (bot, door) = open(&house).await;
    let mut client = program(&bot, &door, "read write moderate chat admin").await;
    let commands = format!("/api/guilds/{}/commands", house.inn.guild);
    let listed = client.get(&format!("{commands}?limit=200")).await;
    assert_eq!(listed.json["has_more"], false);
    for (with_all, member) in [(false, house.member(4)), (true, house.member(5))] {
        for command in items(&listed) {
            let options = command["options"].as_array().unwrap();
            let given = options.iter().filter(|option| with_all || option["required"] == true);
            let given: serde_json::Map<_, _> = given
                .map(|option| (option["name"].as_str().unwrap().to_owned(), some_value(option, &house, member)))
                .collect();
            let body = json!({"command": command["name"], "options": given});
            let answer = client.post(&format!("{commands}/execute"), body.clone()).await;
            assert!(answer.status < 500 && answer.status != 422, "{body}: {answer:?}");
        }
    }
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
