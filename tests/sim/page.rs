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
    assert_eq!(sim.world().guild(inn.guild).unwrap().members.len(), 61, "sixty and the bot");
    tokio::time::pause();
    let living = community.live(&sim, 20.0);
    tokio::time::sleep(Duration::from_secs(60)).await;
    living.abort();
    let world = sim.world();
    let said: usize = inn.talk().iter().map(|channel| world.messages(*channel).len()).sum();
    assert!(said > 120, "{said} messages in a minute of twenty");
    assert!(world.messages(inn.bot_commands).iter().any(|message| message.content.starts_with('!')));
}
