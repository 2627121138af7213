//! A small guild in which each rule of locks can be held against a channel.

use super::*;
use crate::model::{ChannelId, GuildId, Role};

const EVERYONE: u64 = 1;
const OURS: u64 = 2;
const SPEAKERS: u64 = 3;
const ADMINS: u64 = 4;
const ME: u64 = 9;

fn role(id: u64, position: i64, permissions: Permissions) -> Role {
    let name = ["", "everyone", "bot", "speakers", "admins"][id as usize].to_owned();
    Role { id: RoleId::new(id).unwrap(), name, position, permissions, managed: id == OURS }
}

fn channel(kind: u8, overwrites: Vec<Overwrite>) -> Channel {
    let (id, name) = (ChannelId::new(20).unwrap(), "general".to_owned());
    Channel { id, name, kind, parent: ChannelId::new(21).ok(), overwrites, locked: false }
}

fn guild(mine: Permissions) -> Guild {
    let everyone = Permissions::VIEW_CHANNEL | Permissions::SEND_MESSAGES | Permissions::CONNECT | Permissions::SPEAK;
    Guild {
        id: GuildId::new(EVERYONE).unwrap(),
        name: "inn".to_owned(),
        owner: UserId::new(100).unwrap(),
        member_count: 1,
        my_roles: vec![RoleId::new(OURS).unwrap()],
        roles: vec![
            role(EVERYONE, 0, everyone),
            role(OURS, 3, mine),
            role(SPEAKERS, 2, Permissions::NONE),
            role(ADMINS, 4, Permissions::ADMINISTRATOR),
        ],
        channels: vec![Channel { id: ChannelId::new(21).unwrap(), kind: 4, parent: None, ..channel(4, Vec::new()) }],
        afk_channel: None,
        voices: Vec::new(),
        watched: Vec::new(),
    }
}

fn manager() -> Permissions {
    Permissions::MANAGE_CHANNELS | Permissions::MANAGE_ROLES
}

fn me() -> UserId {
    UserId::new(ME).unwrap()
}

#[test]
fn a_bot_denies_what_it_may_and_keeps_what_it_has() {
    let (guild, channel) = (guild(manager()), channel(0, Vec::new()));
    let design = design(&guild, &channel, me()).unwrap();
    let Shut::Overwrites(bars) = &design.shut else { panic!("{design:?}") };
    let deny = Halves { allow: Permissions::NONE, deny: Permissions::SEND_MESSAGES };
    let keep = Halves { allow: Permissions::SEND_MESSAGES, deny: Permissions::NONE };
    assert_eq!(
        bars,
        &[
            Bar { target: ME, for_member: true, before: None, set: keep },
            Bar { target: EVERYONE, for_member: false, before: None, set: deny },
        ]
    );
    assert_eq!(design.unclosed, Place::Text.closes().without(Permissions::SEND_MESSAGES));
    assert!(design.synced, "it has no overwrites, as its category");
    let before = guild.permissions_in(me(), &guild.my_roles, &channel);
    let locked = lock_of(&channel, bars);
    assert_eq!(guild.permissions_in(me(), &guild.my_roles, &locked), before, "nobody locks themselves out");
    assert!(is_open(&guild, &channel) && !is_open(&guild, &locked));
}

#[test]
fn an_administrator_needs_no_exception_of_its_own() {
    let guild = guild(Permissions::ADMINISTRATOR);
    let design = design(&guild, &channel(2, Vec::new()), me()).unwrap();
    let Shut::Overwrites(bars) = design.shut else { panic!() };
    assert_eq!(bars.iter().map(|bar| bar.target).collect::<Vec<_>>(), [EVERYONE]);
    assert!(bars[0].set.deny.contains(Permissions::CONNECT | Permissions::SPEAK));
    assert_eq!(design.unclosed, Permissions::NONE);
}

#[test]
fn what_cannot_be_locked_says_why() {
    let all = guild(manager() | Permissions::MANAGE_THREADS | Place::Text.closes());
    let design_of = |guild: &Guild, channel: &Channel| design(guild, channel, me()).unwrap_err();
    assert_eq!(design_of(&all, &channel(4, Vec::new())), No::Category);
    assert_eq!(design_of(&all, &channel(99, Vec::new())), No::Kind);
    let few = guild(Permissions::MANAGE_CHANNELS);
    assert_eq!(design_of(&few, &channel(0, Vec::new())), No::Lacks(Permissions::MANAGE_ROLES));
    assert_eq!(design_of(&few, &channel(11, Vec::new())), No::Lacks(Permissions::MANAGE_THREADS));
    let deny = Place::Text.closes();
    let closed = Overwrite { id: EVERYONE, for_member: false, allow: Permissions::NONE, deny };
    let kept = Overwrite { id: OURS, for_member: false, allow: deny, deny: Permissions::NONE };
    assert_eq!(design_of(&all, &channel(0, vec![closed, kept])), No::ClosedAlready);
    let by_hand = Channel { locked: true, ..channel(11, Vec::new()) };
    assert_eq!(design_of(&all, &by_hand), No::LockedByHand);
    assert_eq!(design(&all, &channel(11, Vec::new()), me()).unwrap().shut, Shut::Thread);
}

#[test]
fn who_can_talk_all_the_same_is_named() {
    let guild = guild(manager());
    let own = |id, for_member, allow| Overwrite { id, for_member, allow, deny: Permissions::NONE };
    let overwrites = vec![
        own(SPEAKERS, false, Permissions::SEND_MESSAGES),
        own(OURS, false, Permissions::SEND_MESSAGES),
        own(ME, true, Permissions::SEND_MESSAGES),
        own(50, true, Permissions::SEND_MESSAGES_IN_THREADS),
        own(51, true, Permissions::VIEW_CHANNEL),
    ];
    let found = speakers(&guild, &channel(0, overwrites), me());
    assert_eq!((found.roles, found.administrators), (vec!["speakers".to_owned()], vec!["admins".to_owned()]));
    assert_eq!(found.members, 1);
}
