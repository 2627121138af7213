//! Discord's markdown, as much of it as bots and people commonly use, turned into HTML.

use crate::model::{ChannelId, GuildId, RoleId, Timestamp, UserId};

use super::html::Html;
use crate::sim::world::World;

/// How deep markup may nest; what is deeper is shown as it was typed.
const DEPTH_MAX: usize = 8;

/// What surrounds a text decides what its mentions are called.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub world: &'a World,
    pub guild: GuildId,
}

/// Pairs of marks and the markup for what stands between them; the longer marks first.
const PAIRS: [(&str, &str, &str); 7] = [
    ("***", "<b><i>", "</i></b>"),
    ("**", "<b>", "</b>"),
    ("__", "<u>", "</u>"),
    ("~~", "<s>", "</s>"),
    ("||", "<span class=spoiler>", "</span>"),
    ("*", "<i>", "</i>"),
    ("_", "<i>", "</i>"),
];

/// Renders a text.
pub fn render(html: &mut Html, context: Context<'_>, text: &str) {
    inline(html, context, text, 0);
}

fn inline(html: &mut Html, context: Context<'_>, text: &str, depth: usize) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let used = match first {
            '\\' => escaped(html, rest),
            '`' => code(html, rest),
            '<' => mention(html, context, rest),
            '[' => link(html, context, rest, depth),
            '\n' => {
                html.raw("<br>");
                Some(1)
            }
            '*' | '_' | '~' | '|' if depth < DEPTH_MAX => pair(html, context, rest, depth),
            'h' => address(html, rest),
            '-' if depth == 0 && begins_line(text, rest) => subtext(html, context, rest),
            _ => None,
        };
        let used = used.unwrap_or_else(|| {
            html.text(first);
            first.len_utf8()
        });
        rest = rest.get(used..).unwrap_or_default();
    }
}

/// Whether what is left of a text is at the beginning of a line.
fn begins_line(text: &str, rest: &str) -> bool {
    text.strip_suffix(rest).is_some_and(|before| before.is_empty() || before.ends_with('\n'))
}

/// A line after `-# ` is small.
fn subtext(html: &mut Html, context: Context<'_>, rest: &str) -> Option<usize> {
    let line = rest.strip_prefix("-# ")?.lines().next()?;
    html.raw("<small class=sub>");
    inline(html, context, line, 1);
    html.raw("</small>");
    Some("-# ".len() + line.len())
}

/// A backslash takes the meaning from the mark after it.
fn escaped(html: &mut Html, rest: &str) -> Option<usize> {
    let next = rest.chars().nth(1)?;
    if !next.is_ascii_punctuation() {
        return None;
    }
    html.text(next);
    Some(1 + next.len_utf8())
}

fn code(html: &mut Html, rest: &str) -> Option<usize> {
    if let Some(block) = rest.strip_prefix("```") {
        let end = block.find("```")?;
        let body = block.get(..end)?;
        let without_language =
            body.split_once('\n').filter(|(head, _)| !head.contains(' ')).map_or(body, |(_, code)| code);
        html.raw("<pre>").text(without_language.trim_end()).raw("</pre>");
        return Some(end + 6);
    }
    let end = rest.get(1..)?.find('`')?;
    html.raw("<code>").text(rest.get(1..=end)?).raw("</code>");
    Some(end + 2)
}

fn pair(html: &mut Html, context: Context<'_>, rest: &str, depth: usize) -> Option<usize> {
    let (mark, open, close) = PAIRS.into_iter().find(|(mark, ..)| rest.starts_with(mark))?;
    let inner = rest.get(mark.len()..)?;
    let end = closing(inner, mark)?;
    // A single underscore inside of a word is only an underscore.
    let after = inner.get(end + mark.len()..)?.chars().next();
    if mark == "_" && after.is_some_and(char::is_alphanumeric) {
        return None;
    }
    html.raw(open);
    inline(html, context, inner.get(..end)?, depth + 1);
    html.raw(close);
    Some(end + 2 * mark.len())
}

/// Where the closing mark stands; not right at the beginning, not after a backslash.
fn closing(inner: &str, mark: &str) -> Option<usize> {
    let found = inner.match_indices(mark).map(|(at, _)| at);
    found.into_iter().find(|at| *at > 0 && !inner.get(..*at).is_some_and(|before| before.ends_with('\\')))
}

fn mention(html: &mut Html, context: Context<'_>, rest: &str) -> Option<usize> {
    let end = rest.find('>')?;
    let tag = rest.get(1..end)?;
    if let Some(id) = tag.strip_prefix("@&").and_then(|id| id.parse::<RoleId>().ok()) {
        let role = context.world.guild(context.guild).and_then(|guild| guild.roles.get(&id));
        html.raw("<span class=mention>@").text(role.map_or("deleted-role", |role| &role.name)).raw("</span>");
    } else if let Some(id) = tag.strip_prefix('@').map(|id| id.trim_start_matches('!')).and_then(|id| id.parse().ok()) {
        let id: UserId = id;
        html.raw("<span class=mention>@").text(context.world.name_of(context.guild, id)).raw("</span>");
    } else if let Some(id) = tag.strip_prefix('#').and_then(|id| id.parse::<ChannelId>().ok()) {
        let channel = context.world.channel(id);
        html.raw("<span class=mention>#").text(channel.map_or("unknown", |channel| &channel.name)).raw("</span>");
    } else if let Some(stamp) = tag.strip_prefix("t:") {
        moment(html, context, stamp)?;
    } else {
        return None;
    }
    Some(end + 1)
}

/// `<t:seconds:style>`: relative for the style R, else date and time in UTC.
fn moment(html: &mut Html, context: Context<'_>, stamp: &str) -> Option<()> {
    let (seconds, style) = stamp.split_once(':').unwrap_or((stamp, "f"));
    let at = Timestamp::from_ms(seconds.parse::<i64>().ok()?.checked_mul(1_000)?);
    let now = context.world.clock().now();
    html.raw("<span class=time>");
    if style == "R" {
        let (ahead, gap) = if at > now { (true, at.since(now)) } else { (false, now.since(at)) };
        let gap = crate::model::text::duration(gap);
        let text = if ahead { format!("in {gap}") } else { format!("{gap} ago") };
        html.text(text);
    } else {
        html.text(at.utc().format("%-d %b %Y %H:%M UTC"));
    }
    html.raw("</span>");
    Some(())
}

fn link(html: &mut Html, context: Context<'_>, rest: &str, depth: usize) -> Option<usize> {
    let middle = rest.find("](")?;
    let end = middle + rest.get(middle..)?.find(')')?;
    let (label, target) = (rest.get(1..middle)?, rest.get(middle + 2..end)?);
    if !is_web(target) || label.is_empty() || depth >= DEPTH_MAX {
        return None;
    }
    html.raw("<a rel=\"noreferrer nofollow\" href=\"").text(target).raw("\">");
    inline(html, context, label, DEPTH_MAX);
    html.raw("</a>");
    Some(end + 1)
}

fn address(html: &mut Html, rest: &str) -> Option<usize> {
    if !is_web(rest) {
        return None;
    }
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ')' | '*')).unwrap_or(rest.len());
    let target = rest.get(..end)?;
    html.raw("<a rel=\"noreferrer nofollow\" href=\"").text(target).raw("\">").text(target).raw("</a>");
    Some(end)
}

fn is_web(target: &str) -> bool {
    target.starts_with("https://") || target.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Clock;
    use crate::sim::{Inn, WorldConfig};

    fn shown(text: &str) -> String {
        let mut world = World::new(Clock::hand(Timestamp::from_ms(1_760_000_000_000)), WorldConfig::default());
        let inn = Inn::furnish(&mut world, 1);
        let mut html = Html::default();
        render(&mut html, Context { world: &world, guild: inn.guild }, text);
        html.into_string()
    }

    #[test]
    fn markup_is_rendered_and_everything_else_escaped() {
        assert_eq!(shown("**b** *i* `<c>`"), "<b>b</b> <i>i</i> <code>&lt;c&gt;</code>");
        assert_eq!(shown("\\*not\\* snake_case_name"), "*not* snake_case_name");
        assert_eq!(shown("<script>\"x\" & '"), "&lt;script&gt;&quot;x&quot; &amp; &#39;");
        assert_eq!(shown("[x](javascript:alert)"), "[x](javascript:alert)");
        assert_eq!(shown("<t:1760000060:R>"), "<span class=time>in 1 min</span>");
        assert_eq!(shown("```rust\nfn x() {}\n```"), "<pre>fn x() {}</pre>");
        assert_eq!(shown("**open"), "**open");
        assert_eq!(shown("-# a *b*\nc -# d"), "<small class=sub>a <i>b</i></small><br>c -# d");
        assert_eq!(shown("x\n-# \n-#y\n\\-# z"), "x<br><small class=sub></small><br>-#y<br>-# z");
    }

    #[test]
    fn any_text_is_survived() {
        let marks = [
            "*",
            "_",
            "`",
            "<",
            ">",
            "[",
            "](",
            ")",
            "\\",
            "|",
            "~",
            "@",
            "é",
            "https://",
            "\n",
            "-# ",
            "t:9999999999999999",
        ];
        let mut dice = fastrand::Rng::with_seed(1);
        for _ in 0..300 {
            let text: String = (0..60).map(|_| marks[dice.usize(..marks.len())]).collect();
            assert!(!shown(&text).contains("<@"), "{text}");
        }
    }
}
