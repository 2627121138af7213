//! Members' own data: what is kept about somebody is given to them as a file, and deleted when they wish or long after
//! they left. It goes by what the rooms declare about their tables, and refuses to know what is in them.

mod commands;
mod store;
mod text;

use super::Feature;
use crate::cx::Cx;
use crate::model::{Event, GuildId, Need, Result, UserId};
use crate::store::personal::{self, Forget, Holds, Members, OWN, Personal};

pub(super) static FEATURE: Feature = Feature {
    name: "privacy",
    is_on: |_| true,
    // Who leaves, and when.
    needs: |config| if config.privacy.keep_left_days > 0 { &[Need::Members] } else { &[] },
    commands: &[&commands::EXPORT, &commands::DELETE],
    undoes: &[],
    start: None,
    observe,
    card: None,
    verify: None,
    portrait: None,
    personal: &[],
};

/// Members who left that are deleted in a minute.
const DELETED_AT_ONCE_MAX: u32 = 5;

/// Every declared table, whether its room is switched on or not: what was kept stays until somebody takes it out.
fn tables() -> impl Iterator<Item = &'static Personal> {
    // What every room stands on comes first: promises are looked through for the name in the table of members.
    OWN.iter().chain(Feature::all().flat_map(|feature| feature.personal))
}

/// The tables that name members.
fn naming() -> impl Iterator<Item = (&'static str, &'static Members)> {
    tables().filter_map(|declared| match &declared.holds {
        Holds::Members(members) => Some((declared.table, members)),
        Holds::Nobody(_) => None,
    })
}

/// What a table keeps about a member of a guild.
struct Kept {
    members: &'static Members,
    rows: i64,
}

impl Kept {
    fn stays(&self) -> bool {
        matches!(self.members.forget, Forget::Stay(_))
    }
}

/// What each table keeps about a member; tables with nothing are left out.
fn kept(cx: &Cx<'_>, guild: GuildId, user: UserId) -> Result<Vec<Kept>> {
    let mut all = Vec::new();
    for (table, members) in naming() {
        let rows = personal::count(cx.tx.read(), table, members, guild, user)?;
        if rows > 0 {
            all.push(Kept { members, rows });
        }
    }
    Ok(all)
}

/// Takes a member out of every table of a guild, and out of memory.
fn forget(cx: &Cx<'_>, guild: GuildId, user: UserId) -> Result<usize> {
    let mut rows = 0;
    for (table, members) in naming() {
        rows += personal::forget(cx.tx, table, members, guild, user)?;
    }
    cx.book.forget(guild, user);
    Ok(rows)
}

fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    let days = cx.config.privacy.keep_left_days;
    match event {
        Event::MinutePassed if days > 0 => delete_those_who_left(cx, days),
        _ => Ok(()),
    }
}

/// Deletes a few of those who left long enough ago.
fn delete_those_who_left(cx: &mut Cx<'_>, days: u32) -> Result<()> {
    store::note_since_when(cx.tx, cx.now)?;
    let gone = store::list_left_before(cx.tx.read(), store::days_before(cx.now, days), DELETED_AT_ONCE_MAX)?;
    for (guild, user) in gone {
        let rows = forget(cx, guild, user)?;
        tracing::info!(%guild, rows, "what was kept about a member who left long ago is deleted");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_table_is_declared_twice() {
        let mut names: Vec<_> = tables().map(|declared| declared.table).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
