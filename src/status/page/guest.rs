//! The status page as somebody sees it who is signed in, and the page that a link to sign in leads to.

use askama::Template;

use super::{CARDS_MAX, Face, Place, StatusPage, card_view, plain, render};
use crate::model::{Secret, Timestamp};
use crate::status::Card;

/// What the page shows a visitor who is signed in, beside what it shows everybody.
pub struct Welcome {
    pub name: String,
    /// What its forms bring along.
    pub word: String,
    /// Instead of the public ones.
    pub cards: Vec<Card>,
    /// What was promised and they may change, the next first.
    pub promises: Vec<Due>,
    /// What came of the form that they sent.
    pub said: Option<String>,
}

/// Something that was promised. Its texts may be hostile: the page escapes them.
pub struct Due {
    pub id: i64,
    pub about: String,
    pub at: Timestamp,
    /// Discord refused it, and it waits for somebody to act.
    pub failed: bool,
    /// Why the last attempt failed.
    pub words: Option<String>,
}

/// A [`Welcome`] as the template writes it.
pub(super) struct Guest {
    pub(super) name: String,
    pub(super) word: String,
    pub(super) promises: Vec<DueView>,
    pub(super) said: Option<String>,
}

pub(super) struct DueView {
    pub(super) id: i64,
    pub(super) about: String,
    pub(super) when: String,
    pub(super) words: Option<String>,
}

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignInPage<'a> {
    name: &'a str,
    pass: &'a str,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    title: &'a str,
    text: &'a str,
    begin: &'a str,
    otherwise: &'a str,
}

#[derive(Template)]
#[template(path = "which.html")]
struct WhichPage<'a> {
    guilds: Vec<(String, &'a str)>,
}

/// The whole status page for a visitor who is signed in. Its cards and promises are those of the moment.
pub fn html_for(face: &Face, welcome: &Welcome) -> String {
    let (mut page, now) = (StatusPage::of(face, Place::Door), face.vitals.clock.now());
    let sight = face.vitals.sight();
    page.cards = welcome.cards.iter().take(CARDS_MAX).map(|card| card_view(card, sight)).collect();
    page.guest = Some(Guest {
        name: plain(&welcome.name),
        word: welcome.word.clone(),
        promises: welcome.promises.iter().map(|due| due_view(due, now)).collect(),
        said: welcome.said.as_deref().map(plain),
    });
    render(&page)
}

/// The page that a link to sign in leads to: nothing happens before its button is pressed.
pub fn sign_in(name: &str, pass: &str) -> String {
    render(&SignInPage { name: &plain(name), pass })
}

/// The page with a button that leads to Discord's page, and how to sign in without it.
pub fn login(title: &str, text: &str, begin: &str, otherwise: &str) -> String {
    render(&LoginPage { title, text, begin, otherwise })
}

/// The page for somebody who is in several guilds: for each its name, and a link that signs this browser in there.
pub fn which_guild(guilds: &[(String, Secret)]) -> String {
    render(&WhichPage { guilds: guilds.iter().map(|(name, pass)| (plain(name), pass.reveal())).collect() })
}

fn due_view(due: &Due, now: Timestamp) -> DueView {
    let when = match due.failed {
        true => "refused by Discord".to_owned(),
        false if due.at <= now => "now".to_owned(),
        false => format!("{} UTC", due.at.utc().format("%-d %b %H:%M")),
    };
    DueView { id: due.id, about: plain(&due.about), when, words: due.words.as_deref().map(plain) }
}
