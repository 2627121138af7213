//! The words that every room shares: ids, time, what happened ([`Event`]), what we want done ([`Effect`]),
//! who may do what, and the two ways to fail.
//!
//! Nothing here does I/O, knows SQL, HTTP or Discord's wire, or names a feature. The one exception is
//! [`time::Clock`], the only place in the program that reads the clock.

pub mod access;
pub mod avatar;
pub mod book;
pub mod button;
pub mod curve;
pub mod deed;
pub mod effect;
pub mod event;
pub mod failure;
pub mod guild;
pub mod id;
pub mod internet;
pub mod lock;
pub mod mix;
pub mod oauth;
pub mod obstacle;
pub mod permission;
pub mod picture;
pub mod presence;
pub mod roll;
pub mod saying;
pub mod secret;
pub mod select;
pub mod span;
pub mod template;
pub mod text;
pub mod time;
pub mod voice;
pub mod webhook;
pub mod zone;

pub use avatar::Avatar;
pub use book::{CommandBook, CommandRule, Counted, Door, Outcome, Tally};
pub use button::{Button, Look};
pub use curve::{Coefficients, Curve, LEVEL_MAX, XP_MAX};
pub use deed::{AuditLine, Deed, Ending, Place, Seen, Told};
pub use effect::{Delivered, Effect, Embed, Mentions, Outgoing, Setback, Shut, TextFile};
pub use event::{Author, Event, Message, Need, Part, Used};
pub use failure::{Error, Refusal, Result};
pub use guild::{Channel, Guild, GuildOutline, Guilds, Overwrite, Role};
pub use id::{ApplicationId, ChannelId, GuildId, MessageId, RoleId, UserId};
pub use lock::{Bar, Halves, Left};
pub use obstacle::{Obstacle, obstacle};
pub use permission::{Permission, Permissions};
pub use picture::{Illustration, Picture};
pub use presence::{MemberPresence, Presence, Presences, Sight, Status, Watchlist};
pub use roll::Roll;
pub use secret::Secret;
pub use select::Select;
pub use span::Span;
pub use template::Template;
pub use time::{Clock, Timestamp};
pub use voice::{Voice, VoiceFlags};
pub use zone::{Day, Zone};
