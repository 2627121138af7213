//! What programs put on record that did it themselves: nobody passes a gate, no command runs and nobody is answered,
//! but the rooms are shown what follows, as they are of a command.

use super::Bot;
use crate::cx::{Cx, Source};
use crate::model::Result;
use crate::store::Tx;

impl Bot {
    /// Runs the work of a room in one transaction, shows the rooms what it emitted, and resolves when all of it is on
    /// the disk. `work` may run more than once; it is the door's business who may ask for it.
    ///
    /// # Errors
    /// Those of `work`, and of the database: then nothing was done.
    pub async fn put_on_record<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Cx<'_>) -> Result<T> + Send + 'static,
    {
        let (bot, source) = (self.clone(), Source::Id(self.next_request()));
        let recorded = self.0.store.write(move |tx: &Tx| {
            let config = bot.config();
            let mut cx = bot.cx(tx, &config, source.clone(), (bot.time(None), bot.0.vitals.watched()));
            let value = work(&mut cx)?;
            Ok((value, bot.show_what_came_of(tx, &mut cx)?))
        });
        let (value, emitted) = recorded.await?;
        self.0.promised.notify_one();
        self.tell(&emitted);
        Ok(value)
    }
}
