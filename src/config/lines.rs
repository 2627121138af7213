//! In which line of a TOML file a key stands, for whoever has to mend it.

/// The line of the key, or of what it belongs to, beginning with 1. `key` is a path such as `levels.message_xp` or, in
/// a list of tables, `on.0.event`. None where nothing of it is there.
pub fn find(toml: &str, key: &str) -> Option<usize> {
    let (mut table, mut best): (String, Option<(usize, usize)>) = (String::new(), None);
    let mut lists: Vec<String> = Vec::new();
    for (line, text) in (1..).zip(toml.lines()) {
        let text = text.trim_start();
        let found = match (text.strip_prefix("[["), text.strip_prefix('[')) {
            (Some(header), _) => {
                let name = path(header.split("]]").next().unwrap_or_default());
                let nth = lists.iter().filter(|list| **list == name).count();
                table = format!("{name}.{nth}");
                lists.push(name.clone());
                // The list as a whole is where it begins.
                likeness(&table, key).max(if nth == 0 { likeness(&name, key) } else { 0 })
            }
            (None, Some(header)) => {
                table = path(header.split(']').next().unwrap_or_default());
                likeness(&table, key)
            }
            (None, None) => match text.split_once('=') {
                Some((name, _)) if !text.starts_with('#') => {
                    let dot = if table.is_empty() { "" } else { "." };
                    likeness(&format!("{table}{dot}{}", path(name)), key)
                }
                _ => 0,
            },
        };
        if found > best.map_or(0, |(found, _)| found) {
            best = Some((found, line));
        }
    }
    best.map(|(_, line)| line)
}

/// A dotted name without the quotes and spaces of its parts.
fn path(written: &str) -> String {
    let parts = written.split('.').map(|part| part.trim().trim_matches(['"', '\'']));
    parts.collect::<Vec<_>>().join(".")
}

/// How much of a key this path is: the length of the part that it shares as a whole, 0 where it is something else.
fn likeness(path: &str, key: &str) -> usize {
    let is_part = key.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    if is_part { path.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = "# levels.x = 1\nprefix = 1\n[levels]\nmessage_xp = 3\nvoice.count_afk = true\n\n\
        [[levels.role]]\nlevel = 5\n[[levels.role]]\nlevel = 6\n[ \"http\" . visibility ]\nstatus = { a = 1 }\n";

    #[test]
    fn a_key_is_found_where_it_or_what_holds_it_stands() {
        let line = |key| find(TOML, key);
        assert_eq!((line("prefix"), line("levels"), line("levels.message_xp")), (Some(2), Some(3), Some(4)));
        assert_eq!(line("levels.voice.count_afk"), Some(5));
        assert_eq!(
            (line("levels.role"), line("levels.role.0.level"), line("levels.role.1.level")),
            (Some(7), Some(8), Some(10))
        );
        assert_eq!((line("levels.role.1"), line("levels.role.1.rank")), (Some(9), Some(9)));
        assert_eq!((line("http.visibility.status.a"), line("store.path")), (Some(12), None));
    }

    proptest::proptest! {
        #[test]
        fn any_text_may_be_looked_through(toml in "[\\[\\]=.\"a-c\n# ]{0,60}|\\PC{0,60}", key in "[a-c.]{0,8}") {
            let _ = find(&toml, &key);
        }
    }
}
