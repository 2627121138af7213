//! What `innkeeper import` says, to people and as JSON.

use serde_json::{Value, json};

use crate::features::levels::import::{Counts, Order, Policy};
use crate::import::{Carry, Extract, Invalid};
use crate::model::GuildId;
use crate::model::text::count;

/// What came of an import, or would come.
pub struct Report {
    source: &'static str,
    guild: GuildId,
    how: Carry,
    policy: Policy,
    files: usize,
    /// Discord was asked who is in the server.
    asked: bool,
    twice: usize,
    invalid: Invalid,
    notes: Vec<String>,
    pub counts: Counts,
    /// The other ways to carry XP over.
    pub others: Vec<(Carry, Counts)>,
    pub toml: Option<String>,
    /// The batch that imported the same before.
    pub before: Option<i64>,
    /// The batch, and how many balances it changed.
    pub imported: Option<(i64, usize)>,
}

impl Report {
    pub fn new(extract: &Extract, order: &Order, how: Carry, files: usize) -> Self {
        let mut notes = extract.notes.clone();
        if let Some(of) = extract.guild.filter(|of| *of != order.guild) {
            notes.push(format!("The files are of the server {of}, and are imported into {}.", order.guild));
        }
        Self {
            source: order.source,
            guild: order.guild,
            how,
            policy: order.policy,
            files,
            asked: order.roll.is_some(),
            twice: extract.twice,
            invalid: extract.invalid.clone(),
            notes,
            counts: Counts::default(),
            others: Vec::new(),
            toml: None,
            before: None,
            imported: None,
        }
    }

    pub fn print(&self, in_earnest: bool, as_json: bool) {
        if as_json {
            println!("{:#}", self.json(in_earnest));
        } else {
            println!("{}", self.text(in_earnest));
        }
    }

    fn json(&self, in_earnest: bool) -> Value {
        let others: serde_json::Map<_, _> =
            self.others.iter().map(|(how, counts)| (how.word().to_owned(), of_counts(counts))).collect();
        json!({
            "source": self.source,
            "guild": self.guild,
            "as": self.how.word(),
            "policy": self.policy.word(),
            "dry_run": !in_earnest,
            "counts": self.counts_with_invalid(),
            "invalid": self.invalid.told(),
            "others": others,
            "asked_discord": self.asked,
            "twice": self.twice,
            "imported_before": self.before.map(|batch| format!("B{batch}")),
            "batch": self.imported.map(|(batch, _)| format!("B{batch}")),
            "changes": self.imported.map_or(0, |(_, changes)| changes),
            "notes": self.notes,
            "toml": self.toml,
        })
    }

    fn counts_with_invalid(&self) -> Value {
        let mut counts = of_counts(&self.counts);
        counts["invalid"] = self.invalid.count().into();
        counts
    }

    fn text(&self, in_earnest: bool) -> String {
        let mut lines = vec![self.title()];
        lines.extend(self.table(in_earnest));
        for (how, counts) in &self.others {
            let Counts { raised, lowered, roles_to_add, roles_to_remove, .. } = counts;
            let roles = format!("{} roles to add, {} to remove", number(*roles_to_add), number(*roles_to_remove));
            let (raised, lowered) = (number(*raised), number(*lowered));
            lines.push(format!("  with --as {}: {raised} rise, {lowered} fall, {roles}", how.word()));
        }
        lines.extend(of_invalid(&self.invalid));
        lines.extend(self.notes.iter().map(|note| format!("Note: {note}")));
        lines.push(self.end());
        if let Some(toml) = &self.toml {
            lines.push(format!("\n{}", toml.trim_end()));
        }
        lines.join("\n")
    }

    fn title(&self) -> String {
        let files = match self.files {
            0 => "one channel".to_owned(),
            1 => "1 file".to_owned(),
            files => format!("{files} files"),
        };
        let members = number(self.counts.members);
        format!(
            "{}: {members} members in {files}, for the server {} (--as {}, {})",
            self.source,
            self.guild,
            self.how.word(),
            match self.policy {
                Policy::Raise => "raise only",
                Policy::Replace => "replace",
                Policy::Add => "add",
            }
        )
    }

    fn table(&self, in_earnest: bool) -> Vec<String> {
        let Counts { matched, not_in_guild, raised, lowered, unchanged, roles_to_add, roles_to_remove, .. } =
            self.counts;
        let row = |name: &str, amount: usize, note: &str| {
            format!("  {name:<20}{:>12}{}{note}", number(amount), if note.is_empty() { "" } else { "   " })
        };
        let (rise, fall) = if in_earnest { ("rise", "fall") } else { ("would rise", "would fall") };
        let (here, not_here) = match self.asked {
            true => ("in the server", "not in the server"),
            false => ("seen in the server", "not seen there"),
        };
        let invalid = self.invalid.count();
        let left_out = match (invalid, in_earnest) {
            (0, _) => "",
            (_, true) => "left out",
            (_, false) => "--apply refuses them; --skip-invalid leaves them out",
        };
        let kept = if self.policy == Policy::Raise { "they keep what they have; --replace lowers them" } else { "" };
        vec![
            row(here, matched, ""),
            row(not_here, not_in_guild, "hidden until they are seen"),
            row("invalid", invalid, left_out),
            row(rise, raised, ""),
            row(fall, lowered, if lowered > 0 { kept } else { "" }),
            row("unchanged", unchanged, ""),
            row("roles to add", roles_to_add, ""),
            row("roles to remove", roles_to_remove, ""),
        ]
    }

    fn end(&self) -> String {
        if let Some((batch, changes)) = self.imported {
            let undo = format!("`/undo B{batch}` or `innkeeper import undo B{batch} --apply` takes it back");
            return format!("Imported as B{batch}: {} changes. A backup was made before; {undo}.", number(changes));
        }
        if let Some(batch) = self.before {
            return format!("This was imported before, as B{batch}; nothing was changed.");
        }
        if self.counts.changes(self.policy) == 0 {
            return "Everybody has this already; nothing was changed.".to_owned();
        }
        "Nothing was changed. The same with --apply imports it.".to_owned()
    }
}

/// The first few records that are invalid, a line each.
pub fn of_invalid(invalid: &Invalid) -> Vec<String> {
    let told = invalid.told();
    let mut lines: Vec<_> = told.iter().map(|words| format!("Invalid: {words}")).collect();
    if invalid.count() > told.len() {
        lines.push(format!("Invalid: and {} more", number(invalid.count() - told.len())));
    }
    lines
}

fn of_counts(counts: &Counts) -> Value {
    json!({
        "members": counts.members,
        "matched": counts.matched,
        "not_in_guild": counts.not_in_guild,
        "raised": counts.raised,
        "lowered": counts.lowered,
        "unchanged": counts.unchanged,
        "roles_to_add": counts.roles_to_add,
        "roles_to_remove": counts.roles_to_remove,
    })
}

fn number(amount: usize) -> String {
    count(i64::try_from(amount).unwrap_or(i64::MAX))
}

pub fn would_undo(batch: i64, rows: usize, as_json: bool) {
    if as_json {
        println!("{:#}", json!({ "batch": format!("B{batch}"), "changes": rows, "dry_run": true }));
    } else {
        println!("B{batch} has {} changes. The same with --apply takes them back.", number(rows));
    }
}

pub fn undone(batch: i64, by: i64, rows: usize, as_json: bool) {
    if as_json {
        let (batch, by) = (format!("B{batch}"), format!("B{by}"));
        println!("{:#}", json!({ "batch": batch, "undone_by": by, "changes": rows, "dry_run": false }));
    } else {
        println!("B{batch} is taken back by B{by}: {} changes. A backup was made before.", number(rows));
    }
}
