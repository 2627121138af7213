//! REST over real sockets, and the real libraries' reading of what the simulation sends.

use innkeeper::sim::{Act, Fate, Firehose, SayOptions};
use serde_json::{Value, json};

use crate::client::{Client, INTENTS, open_inn};

pub fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().user_agent("DiscordBot (https://example.org, 1.0)").build().unwrap()
}

#[tokio::test]
async fn a_message_over_http() {
    let (sim, inn, _) = open_inn().await;
    let url = format!("{}/api/v10/channels/{}/messages", sim.api_url(), inn.general);
    let send = || {
        let token = format!("Bot {}", sim.world().token());
        http()
            .post(&url)
            .header("authorization", token)
            .header("content-type", "application/json")
            .body(json!({"content": "hello"}).to_string())
            .send()
    };
    let answer = send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-ratelimit-remaining"], "4");
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(body["content"], "hello");
    sim.world().plan("POST", "/messages", Some(1), Act::PerformThen(Fate::Cut));
    assert!(send().await.is_err());
    sim.world().plan("POST", "/messages", Some(1), Act::PerformThen(Fate::CutInBody));
    assert!(send().await.unwrap().text().await.is_err());
    assert_eq!(sim.world().bot_messages(inn.general).len(), 3);
}

#[tokio::test]
async fn serenity_reads_what_the_gateway_sends() {
    let (sim, inn, _) = open_inn().await;
    let (mut client, _) = Client::log_in(&sim, INTENTS).await;
    let path = format!("/applications/{}/commands", sim.world().application());
    let command = json!([{"name": "rank", "description": "x", "options": [
        {"type": 6, "name": "member", "description": "x"}]}]);
    crate::client::ask(&mut sim.world(), "PUT", &path, command);
    sim.world().say(inn.general, inn.members[0], "hello", SayOptions::default()).unwrap();
    sim.world().slash(inn.general, inn.members[0], "rank", &[("member", inn.members[1].into())]).unwrap();
    let message = client.event("MESSAGE_CREATE").await["d"].clone();
    serde_json::from_value::<serenity::model::channel::Message>(message).unwrap();
    let interaction = client.event("INTERACTION_CREATE").await["d"].clone();
    let interaction: serenity::model::application::Interaction = serde_json::from_value(interaction).unwrap();
    assert_eq!(interaction.as_command().unwrap().data.name, "rank");
}

#[tokio::test]
async fn the_firehose_pours_whole_messages() {
    let (sim, inn, _) = open_inn().await;
    let (mut client, _) = Client::log_in(&sim, INTENTS).await;
    let plan = Firehose {
        what: innkeeper::sim::Stream::Messages,
        channel: inn.general,
        authors: inn.members.clone(),
        texts: vec!["the soup is ready".to_owned()],
        count: 2_000,
        per_second: None,
        apart: std::time::Duration::from_secs(1),
    };
    let read = async {
        let mut last = 0;
        for n in 0..2_000_u64 {
            let event = client.payload().await;
            assert_eq!(event["s"], n + 3);
            let id: u64 = event["d"]["id"].as_str().unwrap().parse().unwrap();
            assert!(id > last);
            last = id;
        }
    };
    let (poured, ()) = tokio::join!(sim.firehose(plan), read);
    assert_eq!(poured.unwrap().frames, 2_000);
}

#[tokio::test]
async fn a_real_gateway_library_logs_in_and_resumes() {
    use twilight_gateway::{CloseFrame, ConfigBuilder, Intents, Message, Shard, ShardId};
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (sim, inn, _) = open_inn().await;
    let intents = Intents::from_bits_truncate(INTENTS);
    let config = ConfigBuilder::new(sim.token(), intents).proxy_url(sim.gateway_url()).build();
    let mut shard = Shard::with_config(ShardId::ONE, config);
    async fn next(shard: &mut Shard) -> Value {
        use futures_util::StreamExt;
        loop {
            match shard.next().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(_) => {}
                None => panic!("the shard gave up"),
            }
        }
    }
    async fn event(shard: &mut Shard, name: &str) -> Value {
        loop {
            let payload = next(shard).await;
            if payload["t"] == name {
                return payload["d"].clone();
            }
        }
    }
    event(&mut shard, "GUILD_CREATE").await;
    sim.world().say(inn.general, inn.members[0], "one", SayOptions::default()).unwrap();
    assert_eq!(event(&mut shard, "MESSAGE_CREATE").await["content"], "one");
    shard.close(CloseFrame::RESUME);
    sim.world().say(inn.general, inn.members[0], "two", SayOptions::default()).unwrap();
    assert_eq!(event(&mut shard, "MESSAGE_CREATE").await["content"], "two");
    event(&mut shard, "RESUMED").await;
    let world = sim.world();
    assert_eq!((world.identifies(), world.resumes()), (1, 1));
}

/// Every event that people can cause, through the full models of two libraries' authors.
#[test]
fn full_models_take_every_event() {
    use innkeeper::sim::world::{ChannelSpec, RoleSpec, VoiceFlags};
    use twilight_gateway::{EventTypeFlags, parse};
    let (mut world, inn, clock) = crate::client::inn();
    let session = world.attach(0x1_ffff & !(1 << 16));
    let (guild, who) = (inn.guild, inn.members[0]);
    let said = world.say(inn.general, who, &format!("<@{}> hello", inn.admin), SayOptions::default()).unwrap();
    world.say(inn.general, inn.admin, "yes?", SayOptions::reply(said)).unwrap();
    world.say(inn.general, inn.admin, "hook", SayOptions::webhook("Herald")).unwrap();
    world.edit_message(inn.general, said, "changed").unwrap();
    world.react(inn.general, said, who, "🍲").unwrap();
    world.start_typing(inn.general, who);
    world.delete_message(inn.general, said).unwrap();
    world.whisper(who, "psst").unwrap();
    world.set_system_channel(guild, Some(inn.general));
    let guest = world.join(guild, "Passing Guest");
    world.set_presence(guest, "idle");
    world.voice(guild, guest, Some(inn.fireside), VoiceFlags::default()).unwrap();
    world.set_nick(guild, guest, Some("G")).unwrap();
    world.set_timeout(guild, guest, Some(clock.now())).unwrap();
    world.leave(guild, guest).unwrap();
    let role = world.add_role(guild, RoleSpec::named("x", 1));
    world.give_role(guild, who, role).unwrap();
    world.edit_role(guild, role, |role| role.colour = 7).unwrap();
    world.delete_role(guild, role).unwrap();
    let channel = world.add_channel(guild, ChannelSpec::text("x"));
    world.add_channel(guild, ChannelSpec::thread("y", channel));
    world.overwrite_member(channel, who, 1, 2);
    world.delete_channel(channel).unwrap();
    world.ban(guild, inn.members[1], None);
    world.unban(guild, inn.members[1]);
    world.set_outage(guild, true);
    world.set_outage(guild, false);
    let application = world.application();
    let command = json!([{"name": "x", "description": "x", "options": [{"type": 7, "name": "c", "description": "x"}]}]);
    crate::client::ask(&mut world, "PUT", &format!("/applications/{application}/commands"), command);
    world.slash(inn.general, who, "x", &[("c", inn.help.into())]).unwrap();
    let path = format!("/guilds/{guild}/members/{who}/roles/{}", inn.level_5);
    crate::client::ask(&mut world, "PUT", &path, Value::Null);
    let mut names = std::collections::BTreeSet::new();
    for (sequence, (name, data)) in world.drain(&session).into_iter().enumerate() {
        names.insert(name);
        let text = json!({"t": name, "s": sequence + 1, "op": 0, "d": data}).to_string();
        let parsed = parse(text, EventTypeFlags::all());
        assert!(matches!(parsed, Ok(Some(_))), "{name}: {:?}\n{data:#}", parsed.err());
        match name {
            "GUILD_CREATE" => drop(serde_json::from_value::<serenity::model::guild::Guild>(data).unwrap()),
            "GUILD_MEMBER_ADD" => drop(serde_json::from_value::<serenity::model::guild::Member>(data).unwrap()),
            "MESSAGE_CREATE" => drop(serde_json::from_value::<serenity::model::channel::Message>(data).unwrap()),
            _ => {}
        }
    }
    assert!(names.len() >= 26, "{names:?}");
}
