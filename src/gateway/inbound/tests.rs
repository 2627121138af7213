//! Messages and other events as Discord writes them, and as it had better not.

use serde_json::{Value, json};

use super::*;
use crate::model::{MemberPresence, Message, Part, Presence, Seen, Status, Voice, VoiceFlags};

/// Of guild 10, user 30 is looked after, and whoever holds role 77.
fn watchlist() -> Watchlist {
    let users = [("10".parse().unwrap(), ["30".parse().unwrap()].into())].into();
    Watchlist { roles: ["77".parse().unwrap()].into(), users }
}

fn nothing_known(watchlist: &Watchlist) -> Known<'_> {
    Known { me: None, watchlist }
}

fn event(name: &str, data: &Value) -> Incoming<'static> {
    // The data of a frame is followed by the frame's own closing brace.
    let text = Box::leak(format!("{data}}}").into_boxed_str());
    read(name, text, Known { me: UserId::new(900).ok(), watchlist: &watchlist() })
}

fn happened(name: &str, data: &Value) -> Event {
    match event(name, data) {
        Incoming::Happened(event) => event,
        other => panic!("{name} {data} was read as {other:?}"),
    }
}

fn sent(data: &Value) -> Message {
    match happened("MESSAGE_CREATE", data) {
        Event::MessageSent(message) => message,
        other => panic!("{other:?}"),
    }
}

fn plain() -> Value {
    json!({
        "type": 0, "tts": false, "timestamp": "2026-01-01T00:00:00.000000+00:00", "pinned": false, "nonce": "1",
        "mentions": [], "mention_roles": [], "mention_everyone": false, "flags": 0, "embeds": [], "components": [],
        "attachments": [], "edited_timestamp": null, "id": "1300000000000000001", "channel_id": "20", "guild_id": "10",
        "content": "good morning",
        "author": {"id": "30", "username": "ada", "global_name": "Ada L.", "discriminator": "0", "avatar": "abc",
                   "public_flags": 0},
        "member": {"roles": ["41", "42"], "nick": "Countess", "joined_at": "2020-01-01T00:00:00+00:00", "mute": false,
                   "deaf": false, "flags": 0},
    })
}

fn with(change: &[(&str, Value)]) -> Value {
    let mut message = plain();
    for (path, value) in change {
        *message.pointer_mut(path).unwrap_or_else(|| panic!("no {path}")) = value.clone();
    }
    message
}

#[test]
fn a_message_is_read() {
    let message = sent(&plain());
    assert_eq!((message.id.get(), message.guild.get(), message.channel.get()), (1_300_000_000_000_000_001, 10, 20));
    assert_eq!((message.author.id.get(), message.author.name.as_str(), message.author.bot), (30, "Countess", false));
    assert_eq!(message.author.avatar, Avatar::new(None, "abc"));
    assert_eq!(message.roles.iter().map(|role| role.get()).collect::<Vec<_>>(), [41, 42]);
    assert_eq!((message.content.as_str(), message.kind), ("good morning", 0));
    assert!(message.is_from_person());
}

#[test]
fn the_name_is_nick_then_display_name_then_user_name() {
    let no_nick = with(&[("/member/nick", Value::Null)]);
    assert_eq!(sent(&no_nick).author.name, "Ada L.");
    let neither = with(&[("/member/nick", json!("")), ("/author/global_name", Value::Null)]);
    assert_eq!(sent(&neither).author.name, "ada");
}

#[test]
fn sixteen_odd_messages_of_sixteen_arrive() {
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let deep_text = format!("{}}}", with(&[("/components", json!("deep"))])).replace("\"deep\"", &deep);
    let odd = [
        with(&[("/member/roles", Value::Null)]),
        with(&[("/member/roles", json!({"41": true}))]),
        with(&[("/member/roles", json!(["41", null, "x", 0, {"id": 5}, "42"]))]),
        with(&[("/member", Value::Null)]),
        with(&[("/member", json!("gone"))]),
        with(&[("/member/nick", json!({"text": "new shape"}))]),
        with(&[("/author/global_name", json!(["a"]))]),
        with(&[("/author/avatar", json!({"hash": "x", "kind": 9}))]),
        with(&[("/author/public_flags", json!(1_u64 << 60))]),
        with(&[("/author/discriminator", json!(null))]),
        with(&[("/components", json!([{"type": 999, "components": [{"type": 998, "x": null}]}]))]),
        with(&[("/embeds", json!([{"type": "hologram", "fields": 3}]))]),
        with(&[("/attachments", json!({"0": "odd"}))]),
        with(&[("/timestamp", json!(12)), ("/flags", json!("many"))]),
        with(&[("/content", Value::Null)]),
    ];
    for message in &odd {
        let read = sent(message);
        assert_eq!((read.id.get(), read.author.id.get()), (1_300_000_000_000_000_001, 30), "{message}");
        assert!(read.is_from_person());
    }
    assert!(matches!(
        read("MESSAGE_CREATE", &deep_text, nothing_known(&Watchlist::default())),
        Incoming::Happened(Event::MessageSent(_))
    ));
    assert_eq!(odd.len() + 1, 16);
}

#[test]
fn a_message_of_an_unknown_type_arrives_and_is_no_persons() {
    for kind in [json!(77), json!(4_000), json!(-1)] {
        assert!(!sent(&with(&[("/type", kind)])).is_from_person());
    }
    assert_eq!(sent(&with(&[("/type", json!("reply"))])).kind, 0);
    let text = plain().to_string().replace("\"type\":0", "\"type\":1e999");
    assert!(matches!(read("MESSAGE_CREATE", &text, nothing_known(&Watchlist::default())), Incoming::Happened(_)));
}

#[test]
fn webhooks_are_marked_and_private_messages_left_out() {
    let mut webhook = plain();
    webhook["webhook_id"] = json!("77");
    assert!(sent(&webhook).author.bot);
    assert!(sent(&with(&[("/author", json!({"id": "30", "username": "b", "bot": true}))])).author.bot);
    let mut private = plain();
    private.as_object_mut().unwrap().remove("guild_id");
    assert!(matches!(event("MESSAGE_CREATE", &private), Incoming::Ignored));
}

fn named(user: &Seen) -> (u64, &str, bool, bool) {
    (user.id.get(), &user.name, user.bot, user.is_here())
}

#[test]
fn a_message_tells_whom_it_mentions_and_whom_it_answers() {
    let mut reply = plain();
    reply["type"] = json!(19);
    reply["mentions"] = json!([
        {"id": "31", "username": "bea", "global_name": null, "member": {"nick": "Bee", "roles": []}},
        {"id": "32", "username": "music", "bot": true, "member": {"roles": ["41"]}},
        {"id": "33", "username": "gone"}, {"id": "0", "username": "nobody"}, 7, null,
    ]);
    reply["referenced_message"] = json!({"id": "5", "content": "soup", "mentions": [{"id": "34"}],
        "author": {"id": "31", "username": "bea", "global_name": "Bea"}});
    let message = sent(&reply);
    let mentions: Vec<_> = message.mentions.iter().map(named).collect();
    assert_eq!(mentions, [(31, "Bee", false, true), (32, "music", true, true), (33, "gone", false, false)]);
    assert_eq!(message.replied_to.as_ref().map(named), Some((31, "Bea", false, false)));
    reply["referenced_message"]["webhook_id"] = json!("31");
    assert!(sent(&reply).replied_to.unwrap().bot);
    // A thread begins with the message that it was made from; nobody answered that.
    reply["type"] = json!(21);
    assert_eq!(sent(&reply).replied_to, None);
}

#[test]
fn what_a_reply_answers_may_be_gone_or_odd() {
    for original in [Value::Null, json!("deleted"), json!({}), json!({"author": {"id": "x"}}), json!({"author": 7})] {
        let mut reply = plain();
        reply["type"] = json!(19);
        reply["referenced_message"] = original;
        assert_eq!((sent(&reply).replied_to, sent(&reply).author.id.get()), (None, 30));
    }
    for mentions in [Value::Null, json!({}), json!("@everyone"), json!([[]])] {
        assert!(sent(&with(&[("/mentions", mentions)])).mentions.is_empty());
    }
}

#[test]
fn of_a_list_of_messages_an_odd_one_costs_no_other() {
    let guild = GuildId::new(10).unwrap();
    let answer = json!({
        "id": "40", "channel_id": "20", "type": 20, "author": {"id": "30", "username": "listing", "bot": true},
        "interaction": {"name": "bump", "user": {"id": "31", "username": "ada"}}, "embeds": [{}],
    });
    let list = json!([null, 7, {"id": "41"}, answer]).to_string();
    let [read] = &message::list(guild, &list).unwrap()[..] else { panic!("not the one message") };
    let used = read.used.as_deref().unwrap();
    assert_eq!((read.guild, read.channel.get(), used.command.as_str(), used.by.id.get()), (guild, 20, "bump", 31));
    assert!(used.answered_with_embed && used.by.roles.is_none());
    assert!(message::list(guild, "{}").is_none() && message::list(guild, "<html>").is_none());
}

#[test]
fn deleted_messages_are_told_one_by_one_and_in_bulk() {
    let gone = |name: &str, data: &Value| match happened(name, data) {
        Event::MessagesDeleted { guild, channel, messages } => {
            (guild.get(), channel.get(), messages.iter().map(|message| message.get()).collect::<Vec<_>>())
        }
        other => panic!("{other:?}"),
    };
    let one = json!({"id": "77", "channel_id": "20", "guild_id": "10"});
    assert_eq!(gone("MESSAGE_DELETE", &one), (10, 20, vec![77]));
    let many = json!({"ids": ["77", 78, "x", null, "0"], "channel_id": "20", "guild_id": "10"});
    assert_eq!(gone("MESSAGE_DELETE_BULK", &many), (10, 20, vec![77, 78]));
    let private = json!({"id": "77", "channel_id": "20"});
    assert!(matches!(event("MESSAGE_DELETE", &private), Incoming::Ignored));
    assert!(matches!(event("MESSAGE_DELETE", &json!({"channel_id": "20", "guild_id": "10"})), Incoming::Unusable));
}

#[test]
fn absurd_ids_make_an_event_unusable() {
    for id in [json!("0"), json!(0), json!("18446744073709551615"), json!("-1"), json!("x"), json!(null), json!([])] {
        for path in ["/id", "/channel_id", "/author/id"] {
            assert!(matches!(event("MESSAGE_CREATE", &with(&[(path, id.clone())])), Incoming::Unusable), "{path} {id}");
        }
    }
}

#[test]
fn a_guild_comes_with_roles_channels_threads_and_our_own_roles() {
    let data = json!({
        "id": "10", "name": "Inn", "owner_id": "1", "member_count": 5,
        "roles": [
            {"id": "10", "name": "@everyone", "position": 0, "permissions": "1024", "managed": false},
            {"id": "0", "name": "nobody"}, 7,
            {"id": "41", "name": "Regular", "position": 3, "permissions": 8, "managed": true},
        ],
        "channels": [{"id": "20", "name": "hall", "type": 0, "permission_overwrites": [
            {"id": "41", "type": 0, "allow": "1", "deny": "2"},
            {"id": "30", "type": 1, "allow": "4", "deny": "0"},
            null,
        ]}],
        "threads": [{"id": "21", "name": "talk", "type": 11, "parent_id": "20"}],
        "members": [{"user": {"id": "30"}, "roles": ["1"]}, {"user": {"id": "900"}, "roles": ["41"]}, "odd"],
    });
    let Event::GuildSeen(guild) = happened("GUILD_CREATE", &data) else { panic!() };
    assert_eq!((guild.id.get(), guild.name.as_str(), guild.owner.get(), guild.member_count), (10, "Inn", 1, 5));
    assert_eq!(guild.my_roles, [RoleId::new(41).unwrap()]);
    assert_eq!(guild.roles.len(), 2);
    assert_eq!((guild.roles[1].permissions.0, guild.roles[1].managed), (8, true));
    assert_eq!(guild.channels.len(), 2);
    assert_eq!(guild.channels[0].overwrites.len(), 2);
    assert!(guild.channels[0].overwrites[1].for_member);
    assert_eq!(guild.channels[1].parent, ChannelId::new(20).ok());
    assert!(matches!(event("GUILD_CREATE", &json!({"id": "10", "unavailable": true})), Incoming::Ignored));
}

#[test]
fn a_lost_guild_says_whether_we_were_removed() {
    let lost = |data| match happened("GUILD_DELETE", &data) {
        Event::GuildLost { removed, .. } => removed,
        other => panic!("{other:?}"),
    };
    assert!(lost(json!({"id": "10"})));
    assert!(!lost(json!({"id": "10", "unavailable": true})));
}

#[test]
fn roles_channels_and_members_come_and_go() {
    let role = json!({"guild_id": "10", "role": {"id": "41", "name": "R", "position": 2, "permissions": "0"}});
    assert!(matches!(happened("GUILD_ROLE_UPDATE", &role), Event::RoleSeen { .. }));
    let gone = json!({"guild_id": "10", "role_id": "41"});
    assert!(matches!(happened("GUILD_ROLE_DELETE", &gone), Event::RoleRemoved { .. }));
    let thread = json!({"id": "21", "guild_id": "10", "type": 11, "parent_id": "20", "name": "t"});
    assert!(matches!(happened("THREAD_CREATE", &thread), Event::ChannelSeen { .. }));
    assert!(matches!(happened("THREAD_DELETE", &thread), Event::ChannelRemoved { .. }));
    let member = json!({"guild_id": "10", "user": {"id": "30", "username": "ada"}, "roles": ["41"]});
    assert!(matches!(happened("GUILD_MEMBER_ADD", &member), Event::MemberSeen { joined: true, .. }));
    assert!(matches!(happened("GUILD_MEMBER_UPDATE", &member), Event::MemberSeen { joined: false, .. }));
    let named = json!({"guild_id": "10", "user": {"id": "30", "username": "ada"}, "nick": "Countess", "roles": []});
    let Event::MemberSeen { nick, author, .. } = happened("GUILD_MEMBER_UPDATE", &named) else { panic!() };
    assert_eq!((nick.as_deref(), author.name.as_str()), (Some("Countess"), "Countess"));
    assert!(matches!(happened("GUILD_MEMBER_UPDATE", &member), Event::MemberSeen { nick: None, .. }));
    assert!(matches!(happened("GUILD_BAN_ADD", &member), Event::MemberBanned { .. }));
    assert!(matches!(event("GUILD_BAN_ADD", &json!({"guild_id": "10", "user": {}})), Incoming::Unusable));
    assert!(matches!(happened("GUILD_MEMBER_UPDATE", &member), Event::MemberSeen { pending: false, .. }));
    let screened = json!({"guild_id": "10", "user": {"id": "30", "username": "ada"}, "pending": true});
    assert!(matches!(happened("GUILD_MEMBER_ADD", &screened), Event::MemberSeen { pending: true, .. }));
    let Event::MemberLeft { name, bot, .. } = happened("GUILD_MEMBER_REMOVE", &member) else { panic!("not left") };
    assert_eq!((name.as_str(), bot), ("ada", false));
    let reaction = json!({"guild_id": "10", "channel_id": "20", "message_id": "77", "user_id": "30",
        "emoji": {"id": null, "name": "🔑"}, "member": {"user": {"id": "30", "username": "ada"}, "roles": ["41"]}});
    let Event::ReactionAdded { emoji, author, roles, .. } = happened("MESSAGE_REACTION_ADD", &reaction) else {
        panic!("no reaction")
    };
    assert_eq!((emoji.as_str(), author.name.as_str(), roles.len()), ("🔑", "ada", 1));
    assert!(matches!(event("TYPING_START", &member), Incoming::Ignored));
    assert!(matches!(event("CHANNEL_CREATE", &json!({"id": "5", "type": 1})), Incoming::Ignored));
}

fn voice_state() -> Value {
    json!({
        "guild_id": "10", "channel_id": "20", "user_id": "30", "session_id": "90b8", "deaf": false, "mute": false,
        "self_deaf": false, "self_mute": false, "self_video": false, "suppress": false,
        "request_to_speak_timestamp": null,
        "member": {"user": {"id": "30", "username": "ada", "global_name": "Ada L."}, "nick": "Countess",
            "roles": ["41"], "mute": false, "deaf": false},
    })
}

fn voice_of(data: &Value) -> Voice {
    match happened("VOICE_STATE_UPDATE", data) {
        Event::VoiceSeen { guild, voice } if guild.get() == 10 => voice,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_voice_state_tells_who_where_and_how() {
    let voice = voice_of(&voice_state());
    assert_eq!((voice.user.get(), voice.channel, voice.flags), (30, ChannelId::new(20).ok(), VoiceFlags::default()));
    let member = voice.member.unwrap();
    assert_eq!((member.author.name.as_str(), member.author.bot), ("Countess", false));
    assert_eq!(member.roles, [RoleId::new(41).unwrap()]);
    let flags = |key: &str| {
        let mut state = voice_state();
        state[key] = json!(true);
        let VoiceFlags { muted, deafened, suppressed } = voice_of(&state).flags;
        (muted, deafened, suppressed)
    };
    assert_eq!([flags("mute"), flags("self_mute")], [(true, false, false); 2]);
    assert_eq!([flags("deaf"), flags("self_deaf")], [(false, true, false); 2]);
    assert_eq!((flags("suppress"), flags("self_stream")), ((false, false, true), (false, false, false)));
}

#[test]
fn who_left_voice_has_no_channel_and_odd_voice_states_cost_only_themselves() {
    let mut left = voice_state();
    left["channel_id"] = Value::Null;
    assert_eq!(voice_of(&left).channel, None);
    for (key, value) in [("member", json!("gone")), ("member", Value::Null), ("member", json!({"roles": 3}))] {
        let mut odd = voice_state();
        odd[key] = value;
        let voice = voice_of(&odd);
        assert_eq!((voice.channel, voice.member), (ChannelId::new(20).ok(), None));
    }
    let mut bot = voice_state();
    bot["member"]["user"]["bot"] = json!(true);
    assert!(voice_of(&bot).member.unwrap().author.bot);
    let mut private = voice_state();
    private.as_object_mut().unwrap().remove("guild_id");
    assert!(matches!(event("VOICE_STATE_UPDATE", &private), Incoming::Ignored));
    let mut nobody = voice_state();
    nobody["user_id"] = json!("0");
    assert!(matches!(event("VOICE_STATE_UPDATE", &nobody), Incoming::Unusable));
}

#[test]
fn a_guild_brings_who_is_in_voice_with_names_from_its_members_and_where_the_idle_go() {
    let data = json!({
        "id": "10", "name": "Inn", "owner_id": "1", "afk_channel_id": "22",
        "members": [{"user": {"id": "31", "username": "radio", "bot": true}, "roles": []},
            {"user": {"id": "30", "username": "ada"}, "roles": ["41"]}, 7],
        "voice_states": [{"user_id": "30", "channel_id": "20", "self_mute": true},
            {"user_id": "31", "channel_id": "20"}, {"user_id": "32", "channel_id": "20"}, {"channel_id": "20"}, null],
    });
    let Event::GuildSeen(guild) = happened("GUILD_CREATE", &data) else { panic!() };
    assert_eq!(guild.afk_channel, ChannelId::new(22).ok());
    let told: Vec<_> = guild
        .voices
        .iter()
        .map(|voice| (voice.user.get(), voice.flags.muted, voice.member.as_ref().map(|member| member.author.bot)))
        .collect();
    assert_eq!(told, [(30, true, Some(false)), (31, false, Some(true)), (32, false, None)]);
    assert_eq!(guild.voices[0].member.as_ref().unwrap().roles, [RoleId::new(41).unwrap()]);
    let update = json!({"id": "10", "name": "Inn", "owner_id": "1", "afk_channel_id": null});
    let Event::GuildChanged(outline) = happened("GUILD_UPDATE", &update) else { panic!() };
    assert_eq!(outline.afk_channel, None);
}

#[test]
fn ready_says_who_we_are() {
    let data = json!({"session_id": "abc", "resume_gateway_url": "wss://x.discord.gg", "user": {"id": "900",
        "username": "Innkeeper"}, "application": {"id": "901", "flags": 0},
        "guilds": [{"id": "10", "unavailable": true}, 5]});
    let Incoming::Ready(ready) = event("READY", &data) else { panic!() };
    assert_eq!((ready.session.as_str(), ready.me.map(UserId::get)), ("abc", Some(900)));
    assert_eq!(ready.application.map(ApplicationId::get), Some(901));
    assert_eq!(ready.guilds, [GuildId::new(10).unwrap()]);
    assert!(matches!(event("READY", &json!({"session_id": null})), Incoming::Unusable));
}

#[test]
fn frames_are_read_whatever_the_order_of_their_keys() {
    let usual = r#"{"t":"MESSAGE_CREATE","s":42,"op":0,"d":{"id":"1"}}"#;
    let frame = envelope(usual).unwrap();
    assert_eq!((frame.op, frame.sequence, frame.name.as_deref()), (0, Some(42), Some("MESSAGE_CREATE")));
    assert!(frame.data.starts_with(r#"{"id":"1"}"#));
    let other = r#"{"d":{"t":"NOT","s":7,"op":3}, "op" : 0, "x": [1], "s": 42, "t": "MESSAGE_CREATE"}"#;
    let frame = envelope(other).unwrap();
    assert_eq!((frame.op, frame.sequence, frame.name.as_deref()), (0, Some(42), Some("MESSAGE_CREATE")));
    assert_eq!(frame.data, r#"{"t":"NOT","s":7,"op":3}"#);
    let hello = envelope(r#"{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250,"_trace":[]}}"#).unwrap();
    assert_eq!((hello.op, hello.sequence), (op::HELLO, None));
    assert_eq!(heartbeat_interval_ms(hello.data), Some(41_250));
    assert_eq!(envelope(r#"{"op":11}"#).unwrap().op, 11);
    assert_eq!(envelope(r#"{"t":null,"s":null,"op":7,"d":null}"#).unwrap().op, op::RECONNECT);
    for junk in ["", "{", "[]", "null", r#"{"op":"x"}"#, r#"{"d":1}"#, r#"{"op":0"#, "\u{0}", &"[".repeat(5_000)] {
        assert_eq!(envelope(junk), None, "{junk}");
    }
}

mod whatever_comes {
    use proptest::prelude::*;

    use super::*;

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            any::<u64>().prop_map(|id| Value::from(id.to_string())),
        ];
        leaf.prop_recursive(3, 24, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map("[a-z_]{1,8}", inner, 0..6).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn one_odd_field_never_loses_a_message(field in 0_usize..64, value in any_json()) {
            let mut message = plain();
            let names: Vec<_> = message.as_object().unwrap().keys().cloned().collect();
            let name = &names[field % names.len()];
            prop_assume!(!["id", "guild_id", "channel_id", "author"].contains(&name.as_str()));
            message[name] = value;
            prop_assert_eq!(sent(&message).author.id.get(), 30);
        }

        #[test]
        fn nothing_panics(name in prop::sample::select(vec!["MESSAGE_CREATE", "MESSAGE_DELETE",
            "MESSAGE_DELETE_BULK", "READY", "GUILD_CREATE", "GUILD_DELETE",
            "GUILD_ROLE_CREATE", "GUILD_ROLE_DELETE", "CHANNEL_CREATE", "THREAD_DELETE", "GUILD_MEMBER_ADD",
            "GUILD_MEMBER_REMOVE", "GUILD_UPDATE", "VOICE_STATE_UPDATE", "PRESENCE_UPDATE", "GUILD_MEMBERS_CHUNK"]),
            value in any_json(), text in "\\PC{0,60}") {
            let _ = event(name, &value);
            let _ = read(name, &text, nothing_known(&Watchlist::default()));
            let _ = envelope(&text);
            let _ = envelope(&format!("{{\"op\":0,\"s\":1,\"t\":\"{name}\",{text}"));
        }
    }
}

#[test]
fn the_command_behind_a_bots_answer_is_read_and_behind_nothing_else() {
    let answer = |kind: u8, bot: bool| {
        json!({
            "id": "1", "guild_id": "2", "channel_id": "3", "type": kind, "content": "",
            "author": {"id": "4", "username": "DISBOARD", "bot": bot}, "embeds": [{"description": "Bump done!"}],
            "interaction": {"id": "9", "type": 2, "name": "bump", "user": {"id": "5", "username": "ada"},
                "member": {"roles": ["6"], "nick": "Ada"}},
        })
    };
    let used = sent(&answer(20, true)).used.unwrap();
    assert_eq!((used.by.id.get(), used.by.name.as_str(), used.command.as_str()), (5, "Ada", "bump"));
    assert!(used.answered_with_embed && used.by.roles == Some(vec!["6".parse().unwrap()]));
    assert_eq!(sent(&answer(0, true)).used, None);
    assert_eq!(sent(&answer(20, false)).used, None);
    let mut newer = answer(20, true);
    newer["interaction_metadata"] = json!({"type": 2, "name": "bump", "user": {"id": "5", "username": "ada"}});
    (newer["interaction"], newer["embeds"]) = (json!(null), json!([]));
    let used = sent(&newer).used.unwrap();
    assert_eq!((used.by.name.as_str(), used.by.roles, used.answered_with_embed), ("ada", None, false));
    for strange in [json!(7), json!({}), json!({"name": "bump"}), json!({"name": 7, "user": {"id": "0"}})] {
        newer["interaction_metadata"] = strange;
        assert_eq!(sent(&newer).used, None);
    }
}

fn presence_of(user: &str, guild: &str) -> Value {
    json!({"user": {"id": user}, "status": "dnd", "guild_id": guild, "activities": [
        {"id": "a", "name": "Chess", "type": 0}, {"id": "b", "name": "Spotify", "type": 2},
        {"id": "custom", "name": "Custom Status", "type": 4, "state": " tea \u{202e}", "emoji": {"name": "🍵"}},
    ]})
}

#[test]
fn a_presence_is_read_where_somebody_looks_after_it_and_of_others_nothing_but_whose_it_is() {
    let Event::PresenceSeen { guild, user, presence } = happened("PRESENCE_UPDATE", &presence_of("30", "10")) else {
        panic!("not seen")
    };
    assert_eq!((guild.get(), user.get(), presence.status), (10, 30, Status::Dnd));
    assert_eq!(presence.custom_status.as_deref(), Some("tea \u{202e}"));
    assert_eq!(presence.activity.as_deref(), Some("Spotify"), "the last one that is no custom status");
    for other in [presence_of("31", "10"), presence_of("30", "11")] {
        assert!(matches!(event("PRESENCE_UPDATE", &other), Incoming::Unwatched));
    }
    // Of somebody else, the rest may be anything.
    let known = watchlist();
    let broken = r#"{"user":{"id":"31"},"status":"#;
    assert!(matches!(read("PRESENCE_UPDATE", broken, nothing_known(&known)), Incoming::Unwatched));
    // Whoever writes like a presence into a status is not believed.
    let mut faker = presence_of("31", "10");
    faker["activities"][0]["name"] = json!("\"user\":{\"id\":\"30\"}");
    let text = faker.to_string();
    assert!(text.find("activities") < text.find("\"user\":{"), "the user comes last here: {text}");
    assert!(matches!(read("PRESENCE_UPDATE", &text, nothing_known(&known)), Incoming::Unwatched));
    for strange in [json!({}), json!({"user": {}}), json!({"user": {"id": "30"}, "guild_id": "10", "status": "away"})] {
        assert!(matches!(event("PRESENCE_UPDATE", &strange), Incoming::Unusable), "{strange}");
    }
}

#[test]
fn what_is_said_of_oneself_has_bounds_and_who_is_offline_says_nothing() {
    let with = |change: fn(&mut Value)| {
        let mut json = presence_of("30", "10");
        change(&mut json);
        let Event::PresenceSeen { presence, .. } = happened("PRESENCE_UPDATE", &json) else { panic!("not seen") };
        presence
    };
    let long = with(|json| json["activities"][1]["name"] = "é".repeat(500).into());
    assert_eq!(long.activity.unwrap().chars().count(), 200);
    assert_eq!(with(|json| json["status"] = "offline".into()), Presence::OFFLINE);
    let emoji =
        with(|json| json["activities"] = json!([{"type": 4, "name": "Custom Status", "emoji": {"name": "🍵"}}]));
    assert_eq!((emoji.custom_status, emoji.activity), (None, None), "an emoji alone says nothing");
    let odd = with(|json| json["activities"] = json!({"name": 7}));
    assert_eq!((odd.status, odd.activity), (Status::Dnd, None));
}

#[test]
fn with_a_guild_come_those_who_are_looked_after_and_with_an_answer_too() {
    let member = |user: &str, role: &str| json!({"user": {"id": user, "username": "ada"}, "roles": [role]});
    let members = json!([member("30", "1"), member("31", "77"), member("32", "1")]);
    let presences = json!([presence_of("30", "10"), presence_of("32", "10")]);
    let mut guild = json!({"id": "10", "owner_id": "9", "name": "Inn", "member_count": 3, "members": members,
        "presences": presences});
    let watched = |guild: &Value| {
        let Event::GuildSeen(guild) = happened("GUILD_CREATE", guild) else { panic!("not seen") };
        let status = |member: &MemberPresence| member.presence.as_ref().map(|presence| presence.status);
        guild.watched.iter().map(|member| (member.author.id.get(), status(member))).collect::<Vec<_>>()
    };
    assert_eq!(watched(&guild), [(30, Some(Status::Dnd)), (31, Some(Status::Offline))]);
    guild["member_count"] = json!(75_001);
    assert_eq!(watched(&guild), [(30, None), (31, None)], "of so many, none are told with the guild");
    let mut chunk = json!({"guild_id": "10", "members": members, "presences": presences, "not_found": ["33"],
        "chunk_index": 0, "chunk_count": 2, "nonce": "all-7"});
    let told = |json: &Value| match event("GUILD_MEMBERS_CHUNK", json) {
        Incoming::Members(chunk) => chunk,
        other => panic!("{other:?}"),
    };
    let Chunk { event: Event::MembersTold { members, missing, all, .. }, number, is_last } = told(&chunk) else {
        panic!("not told")
    };
    assert_eq!((members.len(), missing.len(), all, number, is_last), (2, 1, Some(Part::More), Some(7), false));
    chunk["chunk_index"] = json!(1);
    assert!(matches!(
        told(&chunk),
        Chunk { event: Event::MembersTold { all: Some(Part::Last), .. }, is_last: true, .. }
    ));
    chunk["nonce"] = json!("7");
    chunk["presences"] = Value::Null;
    let Chunk { event: Event::MembersTold { members, all, .. }, .. } = told(&chunk) else { panic!("not told") };
    assert!(all.is_none() && members.iter().all(|member| member.presence.is_none()), "presences were not asked for");
}
