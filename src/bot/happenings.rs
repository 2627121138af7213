//! What becomes of the events that rooms emit: every room is shown them in the same piece of work, and what somebody
//! outside may want to know is stored with it. After the commit it goes to whoever listens.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::broadcast;

use super::Bot;
use crate::model::{Event, GuildId, Result, Timestamp, UserId};
use crate::store::happenings::{self, Audience, Happening, LIVE};
use crate::store::{Reader, Tx, hidden};

/// Events that rooms may emit one because of another: a circle of rooms ends here.
const DEPTH_MAX: usize = 4;
/// Events that may follow from one piece of work.
const FOLLOW_UPS_MAX: usize = 64;
/// Happenings that a listener may be behind; past it the oldest are lost to it.
const BEHIND_MAX: usize = 256;
/// Happenings that are read in one go.
const READ_AT_ONCE: usize = 128;

/// What those outside are told of an event; most concern nobody there. Cases and promises are told of where they are
/// stored.
pub(super) fn happening_of(
    event: &Event,
    at: Timestamp,
    is_hidden: impl Fn(GuildId, UserId) -> Result<bool>,
) -> Result<Option<Happening>> {
    let audience = |hidden| if hidden { Audience::Members } else { Audience::Everybody };
    let (kind, guild, audience, fields) = match event {
        Event::LevelReached { guild, user, name, before, after, hidden, .. } => {
            let fields = json!({"user_id": user, "username": name, "old_level": before, "new_level": after});
            ("level_up", guild, audience(*hidden), fields)
        }
        Event::ToolUnlocked { guild, user, tool_id, name, hidden } => {
            let fields = json!({"user_id": user, "tool_id": tool_id, "tool_name": name});
            ("tool_unlocked", guild, audience(*hidden), fields)
        }
        Event::KudosGiven { guild, number, giver, receiver, amount, .. } => {
            let hidden = is_hidden(*guild, *giver)? || is_hidden(*guild, *receiver)?;
            let fields = json!({"id": number, "giver_id": giver, "receiver_id": receiver, "amount": amount});
            ("kudos", guild, audience(hidden), fields)
        }
        // Who has to accept the guild's rules first is `pending`.
        Event::MemberSeen { guild, author, joined: true, pending, .. } => {
            let fields = json!({"user_id": author.id, "change": "joined", "pending": pending});
            ("member", guild, Audience::Members, fields)
        }
        Event::MemberLeft { guild, user, .. } => {
            ("member", guild, Audience::Members, json!({"user_id": user, "change": "left"}))
        }
        _ => return Ok(None),
    };
    Ok(Some(Happening::new(kind, *guild, audience, fields, at)))
}

/// What those who listen at this moment are told of an event, and nobody later.
pub(super) fn live_of(event: &Event, at: Timestamp) -> Option<Happening> {
    let Event::StaffSeen { guild, entry, user, presence, public } = event else { return None };
    let fields = json!({"entry_id": entry, "user_id": user, "status": presence.status.word(),
        "custom_status": presence.custom_status, "activity": presence.activity});
    let audience = if *public { Audience::Everybody } else { Audience::Members };
    Some(Happening { id: LIVE, kind: "presence", guild: *guild, at, audience, fields })
}

/// Stores what those outside are to be told of an event, with what it led to.
pub(super) fn set_down(tx: &Tx, event: &Event, at: Timestamp) -> Result<()> {
    let told = happening_of(event, at, |guild, user| hidden::is_hidden(tx.read(), guild, user))?;
    told.map_or(Ok(()), |happening| tx.scope(|| happenings::insert(tx, &happening)))
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

    /// Tells whoever listens. To be called after its commit.
    pub fn tell(&self, happening: Happening) {
        // Nobody may be listening.
        let _ = self.0.send(Arc::new(happening));
    }
}

impl Bot {
    /// Tells whoever listens what happens, after its commit and in its order, for as long as there is a bot. What has
    /// a number up to `told` was told before.
    pub(super) fn begin_telling(&self, mut told: i64) {
        let (bot, mut commits) = (Arc::downgrade(&self.0), self.0.store.version());
        tokio::spawn(async move {
            while commits.changed().await.is_ok() {
                let Some(bot) = bot.upgrade().map(Self) else { return };
                match bot.tell_after(told).await {
                    Ok(newest) => told = newest,
                    Err(fault) => tracing::error!(%fault, "what happened could not be told"),
                }
            }
        });
    }

    /// Tells what has a larger number than this; the largest that was told.
    async fn tell_after(&self, mut told: i64) -> Result<i64> {
        loop {
            let read = move |reader: &Reader| happenings::list_after(reader, told, READ_AT_ONCE);
            let page = self.0.store.read(read).await?;
            let is_last = page.len() < READ_AT_ONCE;
            for happening in page {
                told = happening.id;
                self.0.happenings.tell(happening);
            }
            if is_last {
                return Ok(told);
            }
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
        let of = |event| happening_of(&event, Timestamp::from_ms(0), |_, _| Ok(false)).unwrap();
        let happenings = Happenings::default();
        happenings.tell(of(reached(9)).unwrap());
        let mut listener = happenings.subscribe();
        happenings.tell(of(reached(2)).unwrap());
        let told = listener.try_recv().unwrap();
        assert_eq!((told.kind, told.audience), ("level_up", Audience::Everybody));
        let expected = json!({"user_id": "30", "username": "Ada \"<b>\"\n", "old_level": 1, "new_level": 2,
            "guild_id": "10", "timestamp": "1970-01-01T00:00:00.000Z"});
        assert_eq!(told.json(), expected);
        assert!(of(Event::SessionBegan { guilds: Vec::new() }).is_none(), "nothing for those outside");
        (0..1_000).for_each(|_| happenings.tell(of(reached(3)).unwrap()));
        assert!(matches!(listener.try_recv(), Err(broadcast::error::TryRecvError::Lagged(_))));
    }

    #[test]
    fn who_is_on_no_board_is_named_to_members_alone() {
        let user = |id| UserId::new(id).unwrap();
        let guild = GuildId::new(10).unwrap();
        let (name, reason) = ("Bea".to_owned(), String::new());
        let (giver, receiver) = (user(30), user(31));
        let kudos = Event::KudosGiven { guild, number: 7, giver, receiver, name, amount: 2, reason, channel: None };
        for (hidden, audience) in [(30, Audience::Members), (31, Audience::Members), (32, Audience::Everybody)] {
            let told = happening_of(&kudos, Timestamp::from_ms(0), |_, asked| Ok(asked == user(hidden)));
            assert_eq!(told.unwrap().unwrap().audience, audience, "{hidden}");
        }
    }
}
