//! The simulation's own page, and the people of the demo.

use std::time::Duration;

use innkeeper::model::Clock;
use innkeeper::sim::{Community, SayOptions, SimConfig};
use serde_json::json;

use crate::client::{EVENING, ask, open_inn};
use crate::sockets::http;

#[tokio::test]
async fn a_visitor_reads_writes_and_uses_commands() {
    let (sim, inn, _) = open_inn().await;
    let path = format!("/applications/{}/commands", sim.world().application());
    let command = json!([{"name": "rank", "description": "x", "options": [
        {"type": 6, "name": "member", "description": "x"}]}]);
    ask(&mut sim.world(), "PUT", &path, command);
    let hostile = "<script>alert(1)</script>\"><img src=x onerror=alert(2)>";
    sim.world().set_nick(inn.guild, inn.members[0], Some(hostile)).unwrap();
    sim.world().say(inn.general, inn.members[0], hostile, SayOptions::default()).unwrap();
    let read = |query: String| {
        let url = format!("{}?{query}", sim.page_url());
        async move { http().get(url).send().await.unwrap().text().await.unwrap() }
    };
    let page = read(String::new()).await;
    assert!(page.contains("The Lantern &amp; Ladle") && page.contains("/rank"));
    assert!(!page.contains("<script>alert") && !page.contains("<img src=x"));
    let (member, channel) = (inn.members[1], inn.bot_commands);
    let say = |text: &'static str| {
        let body = format!("member={member}&channel={channel}&text={text}");
        let post = http().post(format!("{}say", sim.page_url())).header("accept", "text/plain");
        post.header("content-type", "application/x-www-form-urlencoded").body(body).send()
    };
    assert_eq!(say("good+evening").await.unwrap().status(), 204);
    assert_eq!(say("/rank+member:%40nobody").await.unwrap().text().await.unwrap(), "there is no member nobody");
    assert_eq!(say("/rank").await.unwrap().status(), 204);
    assert!(read(format!("member={member}&channel={channel}")).await.contains("good evening"));
    let fragment = format!("{}messages?member={member}&channel={channel}", sim.page_url());
    let first = http().get(&fragment).send().await.unwrap();
    let version = first.headers()["x-version"].to_str().unwrap().to_owned();
    assert_eq!(http().get(format!("{fragment}&seen={version}")).send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn another_sites_forms_are_refused() {
    let (sim, inn, _) = open_inn().await;
    let body = format!("member={}&channel={}&text=x", inn.owner, inn.general);
    let post = http().post(format!("{}say", sim.page_url())).header("origin", "http://evil.example");
    let post = post.header("content-type", "application/x-www-form-urlencoded").body(body);
    assert_eq!(post.send().await.unwrap().status(), 403);
    assert!(sim.world().messages(inn.general).is_empty());
}

#[tokio::test]
async fn the_community_is_alive_from_the_first_second() {
    let clock = Clock::hand(EVENING);
    let mut community = Community::new(60, 7);
    let sim = community.start(SimConfig::new(clock)).await.unwrap();
    let inn = community.inn().unwrap().clone();
    assert_eq!(sim.world().guild(inn.guild).unwrap().members.len(), 62, "sixty, the bot, and a listing bot");
    tokio::time::pause();
    let living = community.live(&sim, 20.0);
    tokio::time::sleep(Duration::from_secs(60)).await;
    living.abort();
    let world = sim.world();
    let said: usize = inn.talk().iter().map(|channel| world.messages(*channel).len()).sum();
    assert!(said > 120, "{said} messages in a minute of twenty");
    assert!(world.messages(inn.bot_commands).iter().any(|message| message.content.starts_with('!')));
}

#[tokio::test]
async fn the_menu_of_a_message_leads_to_the_bots_form() {
    let (sim, inn, _) = open_inn().await;
    let path = format!("/applications/{}/commands", sim.world().application());
    ask(&mut sim.world(), "PUT", &path, json!([{"name": "Warn", "type": 3}]));
    let message = sim.world().say(inn.general, inn.members[0], "rude words", SayOptions::default()).unwrap();
    let seat = format!("member={}&channel={}", inn.owner, inn.general);
    let read = |address: String| async move { http().get(address).send().await.unwrap().text().await.unwrap() };
    assert!(read(format!("{}?{seat}", sim.page_url())).await.contains("name=entry value=\"Warn\""));
    let post = |path: &str, body: String| {
        let post = http().post(format!("{}{path}", sim.page_url()));
        post.header("content-type", "application/x-www-form-urlencoded").body(body).send()
    };
    let choosing = post("choose", format!("{seat}&message={message}&entry=Warn"));
    let answering = async {
        let (id, token) = sim
            .until(|world| {
                let waiting = world.interactions().find(|interaction| interaction.first_answer.is_none())?;
                Some((waiting.id, waiting.token.clone()))
            })
            .await;
        let field = json!({"type": 4, "custom_id": "reason", "style": 2, "label": "Why", "max_length": 40});
        let rows = json!([{"type": 1, "components": [field]}]);
        let form = json!({"type": 9, "data": {"custom_id": "ask", "title": "Warn them", "components": rows}});
        let answer = ask(&mut sim.world(), "POST", &format!("/interactions/{}/{token}/callback", id.0), form);
        assert_eq!(answer.status, 204, "{answer:?}");
        id
    };
    let (chosen, id) = tokio::join!(choosing, answering);
    let page = chosen.unwrap().text().await.unwrap();
    assert!(page.contains("Warn them") && page.contains("maxlength=\"40\""), "{page}");
    let sent = post("submit", format!("{seat}&id={}&field=reason&text=that+was+rude", id.0)).await.unwrap();
    assert_eq!(sent.status(), 200);
    let submitted = sim.world().interactions().filter(|interaction| interaction.kind == 5).count();
    assert_eq!(submitted, 1);
    // What belongs to somebody else cannot be sent.
    let other = format!("member={}&channel={}", inn.members[1], inn.general);
    let page = post("submit", format!("{other}&id={}&field=reason&text=x", id.0)).await.unwrap().text().await.unwrap();
    assert!(page.contains("there is no such form"));
}
