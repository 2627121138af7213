//! What becomes of the events that rooms emit: every room is shown them in the same piece of work, and after its commit
//! those that somebody outside may want to know go to whoever listens.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::broadcast;

use crate::model::{Event, GuildId, Result, Timestamp};

/// Events that rooms may emit one because of another: a circle of rooms ends here.
const DEPTH_MAX: usize = 4;
/// Events that may follow from one piece of work.
const FOLLOW_UPS_MAX: usize = 64;
/// Happenings that a listener may be behind; past it the oldest are lost to it.
const BEHIND_MAX: usize = 256;

/// Something that happened in a community, as those outside are told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// `level_up` or `tool_unlocked`.
    pub kind: &'static str,
    pub guild: GuildId,
    pub at: Timestamp,
    /// The member did not choose to be left out of what everybody can see.
    pub may_be_public: bool,
    /// An object; ids are texts.
    pub fields: Value,
}

impl Happening {
    /// What those outside are told of an event; most concern nobody there.
    fn of(event: &Event, at: Timestamp) -> Option<Self> {
        let (kind, guild, hidden, fields) = match event {
            Event::LevelReached { guild, user, name, before, after, hidden, .. } => {
                let fields = json!({"user_id": user, "username": name, "old_level": before, "new_level": after});
                ("level_up", guild, hidden, fields)
            }
            Event::ToolUnlocked { guild, user, tool_id, name, hidden } => {
                let fields = json!({"user_id": user, "tool_id": tool_id, "tool_name": name});
                ("tool_unlocked", guild, hidden, fields)
            }
            _ => return None,
        };
        Some(Self { kind, guild: *guild, at, may_be_public: !hidden, fields })
    }

    /// Everything as one JSON object: the fields, `guild_id`, and `timestamp` as RFC 3339.
    pub fn json(&self) -> Value {
        let mut json = self.fields.clone();
        json["guild_id"] = json!(self.guild);
        json["timestamp"] = self.at.rfc3339().into();
        json
    }
}

/// Where happenings can be listened to. Clones share it.
#[derive(Debug, Clone)]
pub struct Happenings(broadcast::Sender<Arc<Happening>>);

impl Default for Happenings {
    fn default() -> Self {
        Self(broadcast::Sender::new(BEHIND_MAX))
    }
}

impl Happenings {
    /// Everything that happens from now on. Who is too slow loses the oldest, and is told so.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Happening>> {
        self.0.subscribe()
    }

    /// Tells whoever listens of what these events mean to them. To be called after their commit.
    pub fn tell(&self, events: &[Event], at: Timestamp) {
        for happening in events.iter().filter_map(|event| Happening::of(event, at)) {
            // Nobody may be listening.
            let _ = self.0.send(Arc::new(happening));
        }
    }
}

/// Shows events that rooms emitted, and what these lead to, in the order in which they were caused. Returns all that
/// were shown.
pub(super) fn follow_up(emitted: Vec<Event>, mut show: impl FnMut(&Event) -> Result<Vec<Event>>) -> Result<Vec<Event>> {
    // The first wave follows from what happened, which bounds it; what follows from that is bounded here.
    let at_most = emitted.len() + FOLLOW_UPS_MAX;
    let (mut shown, mut wave) = (Vec::new(), emitted);
    for _ in 0..DEPTH_MAX {
        let mut next = Vec::new();
        for event in wave {
            if shown.len() == at_most {
                tracing::error!("rooms emit more than {FOLLOW_UPS_MAX} events at once; the rest is not shown");
                return Ok(shown);
            }
            next.extend(show(&event)?);
            shown.push(event);
        }
        if next.is_empty() {
            return Ok(shown);
        }
        wave = next;
    }
    tracing::error!("rooms answer events with events more than {DEPTH_MAX} times; the rest is not shown");
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UserId;

    fn reached(after: u32) -> Event {
        Event::LevelReached {
            guild: GuildId::new(10).unwrap(),
            user: UserId::new(30).unwrap(),
            name: "Ada \"<b>\"\n".to_owned(),
            before: after - 1,
            after,
            channel: None,
            hidden: false,
        }
    }

    fn levels(events: &[Event]) -> Vec<u32> {
        let after = |event: &Event| if let Event::LevelReached { after, .. } = event { *after } else { 0 };
        events.iter().map(after).collect()
    }

    #[test]
    fn what_follows_is_shown_in_the_order_of_its_causes() {
        let shown = follow_up(vec![reached(2), reached(3)], |event| {
            Ok(if levels(std::slice::from_ref(event)) == [2] { vec![reached(4)] } else { Vec::new() })
        });
        assert_eq!(levels(&shown.unwrap()), [2, 3, 4]);
    }

    #[test]
    fn a_circle_of_rooms_ends() {
        let shown = follow_up(vec![reached(2)], |event| Ok(vec![event.clone()])).unwrap();
        assert_eq!(shown.len(), DEPTH_MAX);
        let shown = follow_up(vec![reached(2)], |event| Ok(vec![event.clone(); 40])).unwrap();
        assert_eq!(shown.len(), 1 + FOLLOW_UPS_MAX);
        assert!(follow_up(vec![reached(2)], |_| Err(anyhow::anyhow!("broken").into())).is_err());
    }

    #[test]
    fn those_who_listen_are_told_and_a_slow_one_holds_up_nobody() {
        let happenings = Happenings::default();
        happenings.tell(&[reached(9)], Timestamp::from_ms(0));
        let mut listener = happenings.subscribe();
        happenings.tell(&[reached(2), Event::SessionBegan { guilds: Vec::new() }], Timestamp::from_ms(0));
        let told = listener.try_recv().unwrap();
        assert_eq!((told.kind, told.may_be_public), ("level_up", true));
        let expected = json!({"user_id": "30", "username": "Ada \"<b>\"\n", "old_level": 1, "new_level": 2,
            "guild_id": "10", "timestamp": "1970-01-01T00:00:00.000Z"});
        assert_eq!(told.json(), expected);
        assert!(listener.try_recv().is_err(), "nothing else was for those outside");
        happenings.tell(&vec![reached(3); 1_000], Timestamp::from_ms(0));
        assert!(matches!(listener.try_recv(), Err(broadcast::error::TryRecvError::Lagged(_))));
    }
}
