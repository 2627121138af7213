//! Mindtrace's Discord service: its documented paths, the published ones, and what its connection manager asks.

use std::net::{TcpListener, TcpStream};

use innkeeper::bot::Bot;
use innkeeper::config::{Audience, Config, OwnCommand};
use innkeeper::model::UserId;
use innkeeper::model::saying::MemberText;
use innkeeper::sim::{Sim, SimConfig};
use innkeeper::status::Vitals;
use innkeeper::store::{Store, StoreSettings};
use serde_json::{Value, json};

use crate::client::{Client, Said, key};
use crate::door::{Browser, OpenDoor, PATIENCE, open};
use crate::house::{House, Running};
use crate::process;
use crate::support::Folder;

/// What begins the paths of everything about Discord.
const HOMES: [&str; 4] = ["/discord/", "/discord.", "/mindtrace/discord/", "/mindtrace/discord."];
const VERBS: [&str; 6] = ["status", "heartbeat", "endpoints", "server_id", "class_name", "pid_file"];

fn on(config: &mut Config) {
    config.wires.mindtrace_manager = true;
    (config.http.reads_per_second, config.http.writes_per_second) =
        (1_000.try_into().unwrap(), 1_000.try_into().unwrap());
}

async fn service() -> (House, Running, OpenDoor) {
    let house = House::with(on).await;
    let (bot, door) = open(&house).await;
    (house, bot, door)
}

/// A program with a key that has these scopes, in the house's guild.
async fn program(house: &House, bot: &Running, door: &OpenDoor, scopes: &str) -> Client {
    let name = format!("for-{}", scopes.replace(' ', "-"));
    let key = key(&bot.bot, &name, scopes, Some(house.inn.guild), None).await;
    Client::with_key(door, &key)
}

/// What a command answered, which is always all three keys.
fn output(said: &Said) -> (&str, &Value) {
    assert_eq!(said.status, 200, "{said:?}");
    let keys: Vec<_> = said.json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!((keys, &said.json["delete_after"]), (vec!["delete_after", "embed", "response"], &Value::Null));
    (said.json["response"].as_str().unwrap(), &said.json["embed"])
}

async fn run(client: &mut Client, content: &str) -> String {
    output(&client.post("/discord/execute", json!({"content": content})).await).0.to_owned()
}

#[tokio::test]
async fn every_spelling_takes_its_methods_and_no_other() {
    let (house, bot, door) = service().await;
    let mut client = program(&house, &bot, &door, "read write").await;
    let not_allowed = json!({"detail": "Method Not Allowed"});
    for home in HOMES {
        for (name, methods) in
            [("status", &["GET", "POST"][..]), ("commands", &["GET", "POST"]), ("execute", &["POST"])]
        {
            for (end, method) in ["", "/"].iter().flat_map(|end| ["GET", "POST", "PUT", "PATCH"].map(|m| (end, m))) {
                let path = format!("{home}{name}{end}");
                let said = client.ask(method, &path, Some(json!({"content": "/roll"}))).await;
                match methods.contains(&method) {
                    true => assert_eq!(said.status, 200, "{method} {path}: {said:?}"),
                    false => assert_eq!((said.status, &said.json), (405, &not_allowed), "{method} {path}"),
                }
            }
        }
    }
    for verb in VERBS {
        for path in [format!("/mindtrace/{verb}"), format!("/mindtrace/{verb}/")] {
            assert_eq!(client.post(&path, json!({})).await.status, 200, "{path}");
            assert_eq!(client.send("POST", &path, None).await.status, 200, "{path} without a body");
            let said = client.get(&path).await;
            assert_eq!((said.status, &said.json), (405, &not_allowed), "{path}");
        }
    }
    assert_eq!(client.post("/mindtrace/nothing", json!({})).await.status, 404);
    assert_eq!(client.send("POST", "/discord.status", Some("{ no JSON")).await.status, 200, "it is not read");
}

#[tokio::test]
async fn the_connection_manager_is_told_what_it_asks_of_any_service() {
    let (house, bot, door) = service().await;
    let mut client = program(&house, &bot, &door, "read").await;
    let mut ask = async |verb: &str| client.post(&format!("/mindtrace/{verb}"), json!({})).await.json;
    assert_eq!(ask("status").await, json!({"status": "Available"}));
    let id = ask("server_id").await["server_id"].clone();
    assert!(id.as_str().is_some_and(|id| id.len() == 36), "{id}");
    assert_eq!(
        ask("heartbeat").await,
        json!({"heartbeat": {"status": "Available", "server_id": id, "message": "Heartbeat check successful.",
            "details": null}})
    );
    let endpoints = [
        "endpoints",
        "status",
        "heartbeat",
        "server_id",
        "class_name",
        "pid_file",
        "shutdown",
        "discord.execute",
        "discord.status",
        "discord.commands",
    ];
    assert_eq!(ask("endpoints").await, json!({"endpoints": endpoints}));
    assert!(ask("class_name").await["class_name"].is_string() && ask("pid_file").await["pid_file"].is_string());
}

#[tokio::test]
async fn status_tells_who_the_bot_is_and_never_what_json_has_not() {
    let (house, bot, door) = service().await;
    let mut client = program(&house, &bot, &door, "read").await;
    bot.bot.vitals().latency_ms.store(42, std::sync::atomic::Ordering::Relaxed);
    let said = client.get("/discord/status").await.json;
    let members = house.sim.world().guild(house.inn.guild).unwrap().members.len();
    let name = bot.bot.me().unwrap().name.clone();
    let expected = json!({"bot_name": name, "guild_count": 1, "user_count": members, "latency": 0.042,
        "status": "online"});
    assert_eq!(said, expected);
    bot.bot.vitals().set_gateway(innkeeper::status::vitals::GatewayState::BackingOff);
    assert_eq!(client.post("/discord.status", json!({})).await.json["status"], "offline");
}

#[tokio::test]
async fn before_discord_let_it_in_the_service_is_there_and_says_so() {
    let house = House::with(on).await;
    let vitals = Vitals::new(house.local.clone());
    let settings = StoreSettings { batch_rows: 20, batch_wait: std::time::Duration::from_secs(60) };
    let store = Store::open(&house.config.store.path, settings, vitals.clone()).unwrap();
    let bot = Bot::open(house.config.clone(), store, house.local.clone(), vitals).await.unwrap();
    let door = OpenDoor::of(&bot, &house.config);
    let mut here = Client::stranger(&door);
    let status = json!({"bot_name": null, "guild_count": 0, "user_count": 0, "latency": 0.0, "status": "not_started"});
    assert_eq!(here.get("/discord/status").await.json, status);
    assert_eq!(run(&mut here, "/roll").await, "Bot is not connected. Cannot execute commands.");
    assert_eq!(here.post("/mindtrace/status", json!({})).await.json, json!({"status": "Available"}));
    assert!(!here.get("/discord/commands").await.json["commands"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn commands_are_listed_with_those_that_are_hidden_or_switched_off() {
    let house = House::with(|config| {
        on(config);
        config.kudos.enabled = false;
        let own = OwnCommand::new("secret", MemberText::parse("psst").unwrap());
        config.commands.push(OwnCommand { hidden: true, aliases: vec!["psst".to_owned()], ..own });
    })
    .await;
    let (bot, door) = open(&house).await;
    let mut client = program(&house, &bot, &door, "write admin").await;
    assert!(run(&mut client, "/commands disable echo").await.contains("switched off here"));
    let listed = client.post("/discord.commands", json!({})).await.json;
    let all = listed["commands"].as_array().unwrap();
    let find = |name: &str| all.iter().find(|command| command["name"] == name).unwrap_or_else(|| panic!("no {name}"));
    let roll = json!({"name": "roll", "description": "Rolls dice", "usage": "/roll [dice]", "aliases": [],
        "category": "General", "enabled": true, "hidden": false, "cooldown": 2, "permissions": []});
    assert_eq!(find("roll"), &roll);
    assert_eq!(find("cleanup")["permissions"], json!(["manage_messages"]));
    assert_eq!((&find("secret")["hidden"], &find("secret")["aliases"]), (&json!(true), &json!(["psst"])));
    assert_eq!(find("echo")["enabled"], false);
    assert_eq!(find("kudos give")["enabled"], false);
    for driven in ["hello", "ping", "help", "service", "info"] {
        assert_eq!(find(driven)["enabled"], true, "{driven}");
    }
    let disabled = "This command is currently disabled.";
    assert!(run(&mut client, "/echo hi").await.starts_with(disabled));
    assert_eq!(run(&mut client, "/kudos give <@1>").await, disabled);
    assert_eq!(run(&mut client, "psst").await, "psst");
    let unknown = run(&mut client, "/nothing").await;
    assert!(!unknown.contains("secret") && !unknown.contains("kudos"), "{unknown}");
}

#[tokio::test]
async fn the_commands_of_the_document_answer() {
    let (house, bot, door) = service().await;
    let mut client = program(&house, &bot, &door, "write").await;
    let rolled = run(&mut client, "/roll").await;
    assert!(rolled.starts_with("You rolled a ") && rolled.ends_with(" (1-6)"), "{rolled}");
    assert!(run(&mut client, "/roll 20").await.ends_with(" (1-20)"));
    assert!(run(&mut client, "/service").await.contains(": connected, awake for"));
    assert!(run(&mut client, "/ping").await.starts_with("Awake."));
    assert!(run(&mut client, "/hello").await.starts_with("Hello, "));
    let said = client.post("/discord/execute", json!({"content": "/help"})).await;
    let (text, embed) = output(&said);
    assert!(text.contains("`/roll` Rolls dice") && embed["title"] == "What I can do", "{said:?}");
    assert!(embed["color"].is_u64() && embed["footer"]["text"].is_string() && embed["type"] == "rich");
    assert_eq!(run(&mut client, "/info").await, "This command can only be used in a server.");
    for guild in [json!(house.inn.guild.get()), json!(house.inn.guild.to_string())] {
        let said = client.post("/discord.execute", json!({"content": "/info", "guild_id": guild})).await;
        let (text, embed) = output(&said);
        assert!(text.contains("The Lantern & Ladle") && text.contains("Members: "), "{text}");
        assert!(embed["fields"].as_array().unwrap().iter().all(|field| field["value"].is_string()), "{embed}");
    }
    let there =
        client.post("/discord.execute", json!({"content": "/info", "channel_id": house.inn.general.get()})).await;
    assert!(output(&there).0.contains("Members: "), "the channel says which server is meant: {there:?}");
    // Nobody who is no member earns anything by it.
    bot.bot.settle().await;
    let me = bot.bot.user().unwrap();
    assert_eq!(house.rows(&format!("SELECT user FROM xp WHERE user = {}", me.get())), [""; 0]);
}

#[tokio::test]
async fn a_line_is_read_as_a_program_means_it() {
    let (house, bot, door) = service().await;
    let mut client = program(&house, &bot, &door, "write").await;
    for content in ["!roll 20", "roll 20", "  /roll   20  ", "/roll \"20\" and more"] {
        let rolled = run(&mut client, content).await;
        assert!(rolled.ends_with(" (1-20)"), "{content}: {rolled}");
    }
    // What a word cannot be is left out, and what is left over falls away.
    for (content, dice) in [("/roll abc", "(1-6)"), ("/roll 6.5 x", "(1-6)"), ("/roll 20 extra words", "(1-20)")] {
        let rolled = run(&mut client, content).await;
        assert!(rolled.starts_with("You rolled ") && rolled.ends_with(dice), "{content}: {rolled}");
    }
    let board = run(&mut client, "/leaderboard 1 extra").await;
    assert!(!board.contains("must be one of"), "{board}");
    assert_eq!(run(&mut client, "/echo \"two words\" dropped").await, "two words");
    assert_eq!(run(&mut client, "/echo two words").await, "two words");
    assert_eq!(run(&mut client, "/echo \"never closed").await, "never closed");
    assert!(run(&mut client, "/echo").await.starts_with("`text` is missing: What to say. Usage: `echo <text>`"));
    assert_eq!(run(&mut client, "/echo \u{0}\u{202e}").await, "`text` has nothing in it that could be read.");
    for (content, name) in [("/Roll 6", "Roll"), ("rolls", "rolls"), ("/'; DROP TABLE xp", "';"), ("//roll", "/roll")] {
        let said = run(&mut client, content).await;
        assert!(said.starts_with(&format!("Command '/{name}' not found. Available commands: rank, ")), "{said}");
    }
    for blank in ["", "  \n", "/", "!"] {
        assert_eq!(run(&mut client, blank).await, "There is no command in this. `/help` lists those that there are.");
    }
    assert!(run(&mut client, &format!("/echo {}", "x".repeat(1_500))).await.contains("at most 1000 characters"));
    assert!(run(&mut client, &format!("/echo {}", "x".repeat(20_000))).await.starts_with("This is longer than"));
}

#[tokio::test]
async fn what_only_reads_is_counted_as_reading_although_it_is_posted() {
    let house = House::with(|config| {
        on(config);
        config.http.writes_per_second = 1.try_into().unwrap();
    })
    .await;
    let (bot, door) = open(&house).await;
    let mut client = program(&house, &bot, &door, "write").await;
    for path in VERBS.map(|verb| format!("/mindtrace/{verb}")).iter().chain(&[HOMES[1].to_owned() + "status"]) {
        assert_eq!(client.post(path, json!({})).await.status, 200, "{path}");
    }
    // One that comes within a second of another is one too many, however slow this computer is.
    for _ in 0..100 {
        let said = client.post("/discord/execute", json!({"content": "/roll"})).await;
        if said.status == 429 {
            assert!(said.header("retry-after").is_some() && said.json["detail"].is_string(), "{said:?}");
            return;
        }
        assert!(output(&said).0.starts_with("You rolled a "));
    }
    panic!("a hundred in a row");
}

/// The types and places of what a request has wrong.
fn wrong(said: &Said) -> Vec<String> {
    assert_eq!(said.status, 422, "{said:?}");
    let all = said.json["detail"].as_array().unwrap().iter();
    let last = |one: &Value| one["loc"].as_array().unwrap().last().unwrap().to_string().replace('"', "");
    all.map(|one| format!("{} {}", last(one), one["type"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn a_request_that_is_wrong_in_itself_is_told_what_is() {
    let (house, bot, door) = service().await;
    let mut client = program(&house, &bot, &door, "write").await;
    let path = "/discord/execute";
    assert_eq!(wrong(&client.send("POST", path, None).await), ["body missing"]);
    assert_eq!(wrong(&client.post(path, json!({})).await), ["content missing"]);
    assert_eq!(wrong(&client.post(path, json!(["/roll"])).await), ["body model_attributes_type"]);
    assert_eq!(wrong(&client.post(path, json!({"content": null})).await), ["content string_type"]);
    let all = json!({"content": 5, "author_id": "Ada", "channel_id": 1.5, "guild_id": true, "message_id": {}});
    let all_wrong = [
        "content string_type",
        "author_id int_parsing",
        "channel_id int_from_float",
        "guild_id int_type",
        "message_id int_type",
    ];
    assert_eq!(wrong(&client.post(path, all).await), all_wrong);
    for garbage in ["{", "\u{1}", "{\"content\": \"/roll\"", "nul", &"[".repeat(30_000)] {
        let said = client.send("POST", path, Some(garbage)).await;
        assert_eq!((said.status, &said.json["detail"][0]["type"]), (422, &json!("json_invalid")), "{garbage:.20}");
    }
    let huge = client.send("POST", path, Some(&" ".repeat(70_000))).await;
    assert_eq!(huge.status, 413);
    let fine = json!({"content": "/roll", "author_id": "12345678901234567", "channel_id": null, "message_id": 0,
        "guild_id": house.inn.guild.get(), "shade": [1, 2]});
    assert!(output(&client.post(path, fine).await).0.starts_with("You rolled a "));
}

#[tokio::test]
async fn without_a_key_open_commands_run_at_this_computer_and_nothing_from_elsewhere() {
    let (house, bot, door) = service().await;
    // The demo lets programs in without a key; here they are visitors all the same.
    for keyless in [false, true] {
        if keyless {
            bot.bot.accept_keyless();
        }
        let mut here = Client::stranger(&door);
        assert!(run(&mut here, "/roll").await.starts_with("You rolled a "));
        let owner = house.inn.owner.get();
        let claim = json!({"content": "/cleanup 5", "author_id": owner, "channel_id": house.inn.general.get(),
            "guild_id": house.inn.guild.get()});
        let said = here.post("/discord/execute", claim.clone()).await;
        let refused = "You need the `manage_messages` permission to use this command. `cleanup` is for members with \
            the permission Manage Messages.";
        assert_eq!(output(&said).0, refused);
        // What is about oneself, or about members, is for members.
        let personal = ["/mydata export", "/tools claim:x", "/leaderboard", "/roster show", "/kudos board"];
        for content in personal.into_iter().filter(|_| !keyless) {
            let said = run(&mut here, content).await;
            assert!(said.starts_with("This command is for members"), "{content}: {said}");
        }
        assert!(here.get("/discord/status").await.status == 200 && here.get("/discord.commands").await.status == 200);
        let from_afar = Client::stranger(&door).and("X-Forwarded-For: 203.0.113.9");
        let foreign_page = Client::stranger(&door).and("Origin: https://elsewhere.example");
        let wrong_key = Client::with_key(&door, "ink_wrong");
        for mut other in [from_afar, foreign_page, wrong_key] {
            for path in ["/discord/execute", "/discord.status", "/mindtrace/discord.commands", "/mindtrace/status"] {
                let said = other.post(path, claim.clone()).await;
                assert!(said.status == 401 && said.json["detail"].is_string(), "{path}: {said:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_for_everybody_is_for_visitors_and_who_is_reached_from_afar_has_none() {
    let house = House::with(|config| {
        on(config);
        (config.http.visibility.leaderboard, config.http.visibility.roster) = (Audience::Public, Audience::Public);
    })
    .await;
    let (_bot, door) = open(&house).await;
    for content in ["/leaderboard", "/roster show", "/levels", "/help", "/service"] {
        let said = run(&mut Client::stranger(&door), content).await;
        assert!(!said.starts_with("This command is for members"), "{content}: {said}");
    }
    for (url, status) in [("http://localhost:8080", 200), ("https://inn.example", 401)] {
        let house = House::with(|config| {
            on(config);
            config.http.public_url = url.to_owned();
        })
        .await;
        let (_bot, door) = open(&house).await;
        let said = Client::stranger(&door).post("/discord/execute", json!({"content": "/roll"})).await;
        assert_eq!(said.status, status, "{url}: {said:?}");
    }
}

#[tokio::test]
async fn behind_a_proxy_of_ours_only_a_key_tells_who_asks() {
    let house = House::with(|config| {
        on(config);
        config.http.trusted_proxies = vec![[127, 0, 0, 1].into()];
    })
    .await;
    let (bot, door) = open(&house).await;
    let key = key(&bot.bot, "mindtrace", "write", Some(house.inn.guild), None).await;
    let mut afar = Client::stranger(&door).and("X-Forwarded-For: 203.0.113.9");
    let roll = json!({"content": "/roll"});
    for home in HOMES {
        assert_eq!(afar.post(&format!("{home}execute"), roll.clone()).await.status, 401);
        let said = afar.post(&format!("/k/{key}{home}execute"), roll.clone()).await;
        assert!(output(&said).0.starts_with("You rolled a "));
    }
    assert_eq!(afar.post(&format!("/k/{key}/mindtrace/heartbeat"), json!({})).await.status, 200);
}

#[tokio::test]
async fn a_key_acts_as_far_as_its_scopes_go_and_its_author_is_not_believed() {
    let (house, bot, door) = service().await;
    let (guild, ada) = (house.inn.guild.get(), house.member(0));
    let mut reader = program(&house, &bot, &door, "read chat").await;
    let denied = reader.post("/discord/execute", json!({"content": "/roll"})).await;
    assert_eq!((denied.status, &denied.json["detail"]), (403, &json!("This is for keys with the scope `write`.")));
    assert_eq!(reader.post("/discord/execute", json!({})).await.status, 403, "before anything is read");
    assert_eq!(reader.get("/discord/commands").await.status, 200);
    let ban = json!({"content": format!("/ban <@{ada}> 7d \"spam and worse\""), "guild_id": guild,
        "author_id": house.inn.owner.get()});
    let mut writer = program(&house, &bot, &door, "write").await;
    let said = writer.post("/discord/execute", ban.clone()).await;
    assert!(output(&said).0.starts_with("You need the `ban_members` permission"), "{said:?}");
    assert!(!house.sim.world().is_banned(house.inn.guild, ada));
    let mut admin = program(&house, &bot, &door, "admin").await;
    let said = admin.post("/discord/execute", json!({"content": "/roll"})).await;
    assert!(output(&said).0.starts_with("You rolled "), "who administers the bot acts: {said:?}");
    let mut moderator = program(&house, &bot, &door, "write moderate").await;
    let said = moderator.post("/discord/execute", ban).await;
    assert!(house.sim.world().is_banned(house.inn.guild, ada), "{said:?}");
    assert!(output(&said).0.contains("banned <@"), "{said:?}");
    assert!(house.rows("SELECT reason FROM moderation_case").iter().any(|reason| reason == "spam and worse"));
    for guild in [json!(77), json!(-5), json!(u64::MAX)] {
        let said = moderator.post("/discord/execute", json!({"content": "/roll", "guild_id": guild})).await;
        assert_eq!(output(&said).0, "I am not in this server, or it is not for your key.");
    }
}

#[tokio::test]
async fn a_key_that_may_impersonate_acts_as_the_author_with_what_the_author_may() {
    let (house, bot, door) = service().await;
    let (inn, ada) = (&house.inn, house.member(0));
    let mut client = program(&house, &bot, &door, "write admin impersonate").await;
    let name = house.sim.world().name_of(inn.guild, ada).to_owned();
    house.say(ada, "!ping");
    house.bot_says(inn.general, 1).await;
    house.promises_kept().await;
    let hello = async |client: &mut Client, author: Value| {
        let said = client.post("/discord/execute", json!({"content": "/hello", "author_id": author})).await;
        output(&said).0.to_owned()
    };
    assert_eq!(hello(&mut client, json!(ada.get())).await, format!("Hello, {name}!"));
    for nobody in [json!(77), json!(-1)] {
        assert_eq!(hello(&mut client, nobody).await, "Hello, a visitor!", "who is no member is a visitor");
    }
    let body = json!({"content": format!("/addxp <@{ada}> 5"), "author_id": 77});
    let said = output(&client.post("/discord/execute", body).await).0.to_owned();
    assert!(said.starts_with("You need the `manage_guild` permission"), "{said}");
    assert!(hello(&mut client, json!(0)).await.starts_with("Hello, key for"), "0 is nobody");
    let cleanup = async |client: &mut Client, author: UserId, channel: Value| {
        // The channel says which server is meant.
        let body = json!({"content": "/cleanup 50", "author_id": author.get(), "channel_id": channel});
        output(&client.post("/discord/execute", body).await).0.to_owned()
    };
    let general = json!(inn.general.get());
    assert!(cleanup(&mut client, ada, general.clone()).await.starts_with("You need the `manage_messages` permission"));
    assert_eq!(cleanup(&mut client, inn.moderator, Value::Null).await, "That works in a channel only.");
    assert_eq!(cleanup(&mut client, inn.moderator, json!(5)).await, "That works in a channel only.");
    // What they may in a channel is what counts there.
    house.sim.world().overwrite_role(inn.general, inn.moderator_role.get(), 0, 1 << 10);
    bot.settle(&house).await;
    let unseen = cleanup(&mut client, inn.moderator, general.clone()).await;
    assert!(unseen.starts_with("You need the `manage_messages` permission"), "{unseen}");
    house.sim.world().overwrite_role(inn.general, inn.moderator_role.get(), 1 << 10, 0);
    bot.settle(&house).await;
    // What is looked at ends before the request.
    house.clock.advance(std::time::Duration::from_secs(1));
    let said = cleanup(&mut client, inn.moderator, general).await;
    assert!(said.starts_with("Deleted 2 messages: 1 of mine, 1 to me."), "{said}");
    assert!(house.sim.world().bot_messages(inn.general).is_empty());
}

#[tokio::test]
async fn the_bot_is_ended_only_where_its_owner_says_so_and_only_from_here() {
    let (house, bot, door) = service().await;
    let mut admin = program(&house, &bot, &door, "admin").await;
    for mut client in [Client::stranger(&door), program(&house, &bot, &door, "admin write").await] {
        let said = client.post("/mindtrace/shutdown", json!({})).await;
        assert!(said.status == 403 && said.json["detail"].as_str().unwrap().contains("wires.mindtrace_shutdown"));
    }
    assert_eq!(admin.get("/mindtrace/shutdown").await.status, 405);
    drop((bot, door, admin));

    let house = House::with(|config| {
        on(config);
        config.wires.mindtrace_shutdown = true;
    })
    .await;
    let (bot, door) = open(&house).await;
    let far = "X-Forwarded-For: 203.0.113.9";
    assert_eq!(Client::stranger(&door).and(far).post("/mindtrace/shutdown", json!({})).await.status, 401);
    let afar =
        program(&house, &bot, &door, "admin moderate").await.and(far).post("/mindtrace/shutdown", json!({})).await;
    assert_eq!(afar.status, 403);
    assert_eq!(program(&house, &bot, &door, "write").await.post("/mindtrace/shutdown", json!({})).await.status, 403);
    {
        let mut asked = std::pin::pin!(bot.bot.asked_to_end());
        let not_yet = tokio::select! {
            biased;
            () = &mut asked => false,
            () = std::future::ready(()) => true,
        };
        assert!(not_yet, "nobody who may has asked");
    }
    assert_eq!(Client::stranger(&door).post("/mindtrace/shutdown/", json!({})).await.status, 200);
    bot.bot.asked_to_end().await;
    bot.stop().await;
}

#[tokio::test]
async fn the_process_ends_in_order_once_it_answered_that_it_does() {
    let sim = Sim::start(SimConfig { rate_limits: false, ..SimConfig::default() }).await.unwrap();
    let folder = Folder::new();
    // At an address of its own, where no other test takes the port meanwhile.
    let addr = TcpListener::bind("127.77.0.1:0").unwrap().local_addr().unwrap();
    let settings = [
        ("HTTP__LISTEN", addr.to_string()),
        ("WIRES__MINDTRACE_MANAGER", "true".to_owned()),
        ("WIRES__MINDTRACE_SHUTDOWN", "true".to_owned()),
    ];
    let mut child = process::start(&sim, &folder.file("innkeeper.db"), &settings);
    tokio::time::timeout(PATIENCE, sim.connected()).await.unwrap();
    let said = Browser::at(addr).ask("POST", "/mindtrace/shutdown", "Content-Length: 0\r\n", "").await;
    assert_eq!((said.status, said.body.as_str()), (200, "\"The bot is being shut down.\""));
    let ended = tokio::task::spawn_blocking(move || child.wait());
    let status = tokio::time::timeout(PATIENCE, ended).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
    assert!(TcpStream::connect(addr).is_err(), "the manager asks until nobody answers");
}

#[tokio::test]
async fn what_is_at_the_root_is_there_by_itself_and_the_managers_paths_where_they_are_switched_on() {
    const PATHS: [&str; 4] = ["/discord/status", "/discord.status", "/mindtrace/status", "/mindtrace/discord.status"];
    for (document, manager) in [(true, false), (false, true), (false, false)] {
        let house = House::with(|config| {
            config.wires.mindtrace &= document;
            config.wires.mindtrace_manager |= manager;
        });
        let house = house.await;
        let (_bot, door) = open(&house).await;
        for path in PATHS {
            let is_there = if path.starts_with("/mindtrace") { manager } else { document };
            let said = Client::stranger(&door).post(path, json!({})).await;
            assert_eq!(said.status == 200, is_there, "{path}: {said:?}");
            assert!(is_there || said.status == 404, "{path}: {said:?}");
        }
    }
}
