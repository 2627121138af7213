//! Pictures of members, for doors on which anybody may knock.

use std::sync::Arc;

use super::Bot;
use crate::features;
use crate::model::{Result, UserId};

impl Bot {
    /// The picture of a member as a PNG, from the first guild in which there is one that may be shown. None: there is
    /// nobody to show, or too much to do to draw.
    pub async fn portrait(&self, user: UserId) -> Result<Option<Arc<[u8]>>> {
        let (config, guilds, now) = (self.config(), self.0.guilds.list(), self.0.clock.now());
        let find = move |reader: &_| {
            for make in features::switched_on(&config).filter_map(|feature| feature.portrait) {
                for guild in &guilds {
                    if let Some(picture) = make(reader, &config, (guild.id, user), now)? {
                        return Ok(Some(picture));
                    }
                }
            }
            Ok(None)
        };
        match self.0.store.read(find).await? {
            Some(picture) => Ok(self.0.studio.draw(&picture).await),
            None => Ok(None),
        }
    }
}
