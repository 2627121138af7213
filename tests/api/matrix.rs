//! Every route × every kind of caller: what the document says of who may, holds.

use std::collections::BTreeSet;

use innkeeper::config::StaffRole;
use innkeeper::model::Permissions;
use innkeeper::model::access::Scope;
use innkeeper::store::access;
use serde_json::{Value, json};

use crate::client::{Client, key};
use crate::door::OpenDoor;
use crate::house::House;
use crate::{open, sign_in};

/// What to send to each route that takes something. A new route takes its place here.
fn body_for(route: &str, member: &str) -> Value {
    match route {
        "POST /api/token" => json!({"api_key": "ink_nonsense"}),
        "POST /api/guilds/{guild_id}/members/{user_id}/xp" => json!({"amount": 5}),
        "POST /api/guilds/{guild_id}/kudos" => json!({"receiver_id": member}),
        "POST /api/guilds/{guild_id}/cases" => json!({"kind": "note", "user_id": member, "reason": "seen"}),
        "PATCH /api/guilds/{guild_id}/cases/{number}" => json!({"reason": "seen twice"}),
        "POST /api/guilds/{guild_id}/cases/{number}/resolve" => json!({"note": "settled"}),
        "POST /api/guilds/{guild_id}/cases/{number}/reopen" => json!({}),
        "POST /api/guilds/{guild_id}/cases/{number}/hide" => json!({"hidden": true}),
        "POST /api/guilds/{guild_id}/promises/{number}/now" => json!({}),
        "POST /api/guilds/{guild_id}/promises/{number}/cancel" => json!({}),
        "POST /api/guilds/{guild_id}/promises/{number}/postpone" => json!({}),
        "POST /api/guilds/{guild_id}/undo" => json!({"id": "L1"}),
        "POST /api/guilds/{guild_id}/commands/{name}/enable" => json!({}),
        "POST /api/guilds/{guild_id}/commands/{name}/disable" => json!({}),
        "POST /api/guilds/{guild_id}/commands/{name}/cooldown" => json!({"seconds": 5}),
        "POST /api/guilds/{guild_id}/commands/{name}/level" => json!({"level": 1}),
        "POST /api/guilds/{guild_id}/commands/execute" => json!({"command": "ping"}),
        // It is refused: no test posts to the internet.
        "POST /api/guilds/{guild_id}/webhooks" => json!({"url": "https://10.0.0.1/hook", "kinds": ["kudos"]}),
        "DELETE /api/guilds/{guild_id}/webhooks/{number}" => json!({}),
        "POST /api/guilds/{guild_id}/webhooks/{number}/resend" => json!({}),
        "POST /api/guilds/{guild_id}/webhooks/{number}/test" => json!({}),
        "POST /api/guilds/{guild_id}/warnings" => json!({"user_id": member, "reason": "shouting", "duration": "30d"}),
        "POST /api/guilds/{guild_id}/notes" => json!({"user_id": member, "reason": "seen"}),
        "PUT /api/guilds/{guild_id}/members/{user_id}/level" => json!({"level": 3}),
        "POST /api/guilds/{guild_id}/simulate" => json!({"curve": "mee6"}),
        "POST /api/guilds/{guild_id}/temporary-roles" => {
            json!({"user_id": member, "role_id": member, "duration": "2h"})
        }
        "POST /api/guilds/{guild_id}/temporary-roles/{id}/extend" => json!({"duration": "2h"}),
        "POST /api/guilds/{guild_id}/channels/{channel_id}/lock" => json!({"duration": "2h"}),
        "POST /api/guilds/{guild_id}/roster" => json!({"user_id": member, "rank": "Helper"}),
        "PATCH /api/guilds/{guild_id}/roster/{id}" => json!({"on_leave": true}),
        "DELETE /api/guilds/{guild_id}/roster/{id}" | "POST /api/guilds/{guild_id}/roster/sync" => json!({}),
        "POST /api/guilds/{guild_id}/temporary-roles/{id}/take"
        | "POST /api/guilds/{guild_id}/channels/{channel_id}/unlock" => json!({}),
        unlisted => panic!("{unlisted} is not in the table"),
    }
}

/// The route's path for this guild and member.
fn path_of(route: &Route, house: &House, guild: &str, user: &str) -> String {
    let path = route.path.replace("{guild_id}", guild).replace("{user_id}", user).replace("{number}", "1");
    let path = path.replace("{id}", "1").replace("{channel_id}", &house.inn.general.to_string());
    path.replace("{name}", "rank")
}

/// A stranger from a place of their own: from one place, only so many requests are answered in a second.
fn stranger_from(door: &OpenDoor, nth: usize) -> Client {
    Client::stranger(door).and(&format!("X-Forwarded-For: 10.0.{}.{}", nth / 250, nth % 250))
}

/// Routes that nobody needs to be known for.
const OPEN: &[&str] = &["POST /api/token"];
/// What is not below `/api`: other tests are about what these answer, and some of them do without end.
const MACHINES: &[&str] =
    &["/badge.svg", "/events", "/events/ws", "/healthz", "/members/{user_id}/card.png", "/metrics", "/readyz"];

/// A route as the document has it.
struct Route {
    name: String,
    method: String,
    path: String,
    scope: Option<Scope>,
    for_strangers: bool,
}

fn routes(document: &Value) -> Vec<Route> {
    let mut routes = Vec::new();
    let paths = document["paths"].as_object().unwrap();
    let (api, others): (Vec<_>, Vec<_>) = paths.iter().partition(|(path, _)| path.starts_with("/api/"));
    assert_eq!(
        others.into_iter().map(|(path, _)| path.as_str()).collect::<BTreeSet<_>>(),
        MACHINES.iter().copied().collect()
    );
    for (path, methods) in api {
        for (method, operation) in methods.as_object().unwrap() {
            let method = method.to_uppercase();
            let demands: Vec<_> = operation["security"].as_array().into_iter().flatten().collect();
            let scope = demands.iter().find_map(|demand| demand["bearer"][0].as_str());
            let scope = scope.map(|word| Scope::ALL.into_iter().find(|scope| scope.word() == word).unwrap());
            let for_strangers = demands.iter().any(|demand| demand.as_object().unwrap().is_empty());
            routes.push(Route { name: format!("{method} {path}"), method, path: path.clone(), scope, for_strangers });
        }
    }
    routes
}

#[tokio::test]
async fn each_route_answers_each_caller_as_the_document_says() {
    let mut house = House::new().await;
    house.config.http.writes_per_second = 1_000.try_into().unwrap();
    house.config.http.trusted_proxies = vec![[127, 0, 0, 1].into()];
    // Presences are told from the start, so that whoever is added first takes no new session.
    house.config.roster.roles =
        vec![StaffRole { role: Some(house.inn.level_10), rank: "Helper".to_owned(), priority: 200, colour: None }];
    // What keys with the scope `moderate` may.
    let (inn, mut world) = (&house.inn, house.sim.world());
    world.edit_role(inn.guild, inn.moderator_role, |role| role.permissions |= Permissions::MANAGE_ROLES).unwrap();
    drop(world);
    let (bot, door) = open(&house).await;
    let guild = house.inn.guild;
    let elsewhere = innkeeper::model::GuildId::new(77).unwrap();
    let all = Scope::ALL.map(Scope::word).join(" ");
    let (now, engine) = (house.clock.now(), &bot.bot);
    let mut keys = Vec::new();
    for scope in Scope::ALL {
        keys.push((scope, key(engine, scope.word(), scope.word(), Some(guild), None).await));
    }
    let expired = key(engine, "expired", &all, None, Some(now)).await;
    let revoked = key(engine, "revoked", &all, None, None).await;
    engine.store().write(move |tx| access::revoke_key(tx, "revoked", None, now)).await.unwrap();
    let others = key(engine, "others", &all, Some(elsewhere), None).await;
    let member = Client::with_browser(sign_in(&house, &door, house.member(1)).await);
    let moderator = Client::with_browser(sign_in(&house, &door, house.inn.moderator).await);
    let admin = Client::with_browser(sign_in(&house, &door, house.inn.owner).await);
    let mut people =
        [(member, &[][..]), (moderator, &[Scope::Moderate][..]), (admin, &[Scope::Moderate, Scope::Admin])];
    let document = Client::stranger(&door).get("/openapi.json").await.json;
    let (id, user) = (guild.to_string(), house.member(0).to_string());
    for (nth, route) in routes(&document).into_iter().enumerate() {
        let Some(scope) = route.scope else {
            assert!(OPEN.contains(&route.name.as_str()), "{} says nothing of who may", route.name);
            continue;
        };
        let body = (route.method != "GET").then(|| body_for(&route.name, &user));
        let path = path_of(&route, &house, &id, &user);
        let ask = async |client: &mut Client| client.ask(&route.method, &path, body.clone()).await.status;
        let name = &route.name;
        let stranger = ask(&mut stranger_from(&door, nth)).await;
        assert_eq!(stranger, 401, "{name}: a stranger");
        for (what, key) in [("wrong", "ink_0"), ("expired", &expired), ("revoked", &revoked)] {
            // Guessing is held down in a test of its own; here the answer may be that it is.
            let status = ask(&mut Client::with_key(&door, key)).await;
            assert!(matches!(status, 401 | 429), "{name}: a key that is {what}: {status}");
        }
        let foreign = ask(&mut Client::with_key(&door, &others)).await;
        // What is of no guild, it may see.
        assert_eq!(foreign == 404, route.path.contains("{guild_id}"), "{name}: a key for another guild: {foreign}");
        for (held, key) in &keys {
            let status = ask(&mut Client::with_key(&door, key)).await;
            let may = scope == Scope::Read || scope == *held;
            assert_eq!(!matches!(status, 401 | 403), may, "{name}: a key with {}: {status}", held.word());
            assert!(status < 500, "{name}: a key with {}: {status}", held.word());
        }
        for (person, held) in &mut people {
            let status = ask(person).await;
            let may = matches!(scope, Scope::Read | Scope::Write) || held.contains(&scope);
            assert_eq!(!matches!(status, 401 | 403), may, "{name}: somebody with {held:?}: {status}");
            assert!(status < 500, "{name}: somebody with {held:?}: {status}");
        }
    }
    bot.stop().await;
}

#[tokio::test]
async fn strangers_see_what_is_public_and_nothing_else() {
    let mut house = House::new().await;
    house.config.http.visibility.leaderboard = innkeeper::config::Audience::Public;
    house.config.http.visibility.roster = innkeeper::config::Audience::Public;
    house.config.http.trusted_proxies = vec![[127, 0, 0, 1].into()];
    let (bot, door) = open(&house).await;
    house.slash(house.inn.owner, "roster add", &[("rank", "Helper".into()), ("name", "Zed".into())]).await;
    let document = Client::stranger(&door).get("/openapi.json").await.json;
    let (id, user) = (house.inn.guild.to_string(), house.member(0).to_string());
    let mut seen = 0;
    let all = routes(&document).into_iter().filter(|route| route.method == "GET");
    for (nth, route) in all.enumerate() {
        let path = path_of(&route, &house, &id, &user);
        let status = stranger_from(&door, 2 * nth).get(&path).await.status;
        assert_eq!(status, if route.for_strangers { 200 } else { 401 }, "{}", route.name);
        let elsewhere = path_of(&route, &house, "77", &user);
        if route.for_strangers && route.path.contains("{guild_id}") {
            assert_eq!(stranger_from(&door, 2 * nth + 1).get(&elsewhere).await.status, 404, "{}", route.name);
        }
        seen += u32::from(route.for_strangers);
    }
    assert!(seen > 0);
    bot.stop().await;
}

/// The document knows what is sent and answered by name alone: the same name twice would be one of the two.
#[test]
fn no_two_types_have_one_name_in_the_document() {
    fn read(folder: &std::path::Path, names: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                read(&entry, names);
                continue;
            }
            let text = std::fs::read_to_string(&entry).unwrap();
            // A type's own name, or the one that it says to have instead.
            for declared in text.split("ToSchema)]").skip(1) {
                let head = declared.split_once('{').map_or("", |(head, _)| head);
                let word = |after: &str| {
                    let (_, rest) = head.split_once(after)?;
                    rest.split(|c: char| !c.is_alphanumeric()).next().map(str::to_owned)
                };
                names.extend(word("as = ").or_else(|| word("struct ")).or_else(|| word("enum ")));
            }
        }
    }
    let mut names = Vec::new();
    read(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut names);
    names.sort();
    assert!(names.len() > 10);
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(twice.is_empty(), "say another name with #[schema(as = …)]: {twice:?}");
}
