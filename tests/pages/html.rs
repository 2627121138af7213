//! As much of HTML's syntax as it takes to see which elements and attributes a browser would make of a page: tags,
//! quoted and unquoted attributes, comments, and the elements whose content is no markup.
#![allow(dead_code, reason = "each test program uses a part of it")]

/// An element's name and its attributes' names and values, in the order of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// All start and end tags of a page; end tags begin with a slash.
pub fn elements(html: &str) -> Vec<Element> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let starts_tag = rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!' || c == '?');
        if !starts_tag {
            continue;
        }
        let (element, after) = tag(rest);
        rest = after;
        if matches!(element.name.as_str(), "script" | "style" | "title" | "textarea") {
            let end = rest.to_ascii_lowercase().find(&format!("</{}", element.name)).unwrap_or(rest.len());
            rest = &rest[end..];
        }
        found.push(element);
    }
    found
}

/// Names of elements and attributes alone: what a hostile text must not change.
pub fn structure(html: &str) -> Vec<(String, Vec<String>)> {
    let names = |element: Element| (element.name, element.attributes.into_iter().map(|(name, _)| name).collect());
    elements(html).into_iter().map(names).collect()
}

fn tag(text: &str) -> (Element, &str) {
    let is_end = |c: char| c.is_whitespace() || c == '>';
    let name_end = text[1..].find(|c: char| is_end(c) || c == '/').map_or(text.len(), |end| end + 1);
    let name = text[..name_end].to_ascii_lowercase();
    let mut rest = &text[name_end..];
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            break;
        }
        if let Some(after) = rest.strip_prefix('>') {
            rest = after;
            break;
        }
        let end = rest[1..].find(|c: char| is_end(c) || c == '=' || c == '/').map_or(rest.len(), |end| end + 1);
        let attribute = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            (value, rest) = match after.chars().next() {
                Some(quote @ ('"' | '\'')) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                _ => after.split_at(after.find(is_end).unwrap_or(after.len())),
            };
        }
        attributes.push((attribute, value.to_owned()));
    }
    (Element { name, attributes }, rest)
}

#[test]
fn the_reader_of_html_sees_what_a_browser_would() {
    let seen = structure(
        "<a href='x>y' B=\"<i>\" c=d><!-- <b> --><script>1<2</script><img/src=x onerror=y>&lt;u&gt; 1 < 2</a>",
    );
    let names: Vec<_> = seen.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "script", "/script", "img", "/a"]);
    assert_eq!(seen[0].1, ["href", "b", "c"]);
    assert_eq!(seen[3].1, ["src", "onerror"]);
}
