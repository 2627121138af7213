//! Programs that ask the API of an open door: with a key, with a cookie, or with nothing.
#![allow(dead_code, reason = "each test program uses a part of it")]

use innkeeper::bot::Bot;
use innkeeper::model::access::{Scopes, form_word, new_key};
use innkeeper::model::{GuildId, Timestamp};
use innkeeper::store::access::{self, NewKey};
use serde_json::Value;

use crate::door::{Browser, OpenDoor};

/// A new key, stored.
pub async fn key(bot: &Bot, name: &str, scopes: &str, guild: Option<GuildId>, expires_at: Option<Timestamp>) -> String {
    let (name, scopes) = (name.to_owned(), scopes.parse::<Scopes>().unwrap());
    let (key, now) = (new_key(), bot.clock().now());
    let kept = key.clone();
    bot.store()
        .write(move |tx| {
            let new = NewKey { name: &name, scopes, guild, created_by: None, expires_at };
            access::create_key(tx, &new, &kept, now)
        })
        .await
        .unwrap();
    key.reveal().to_owned()
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Said {
    pub status: u16,
    pub head: String,
    pub json: Value,
    /// As it came.
    pub body: String,
}

impl Said {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Somebody who asks, by header lines of their own.
pub struct Client {
    browser: Browser,
    lines: String,
}

impl Client {
    pub fn stranger(door: &OpenDoor) -> Self {
        Self { browser: door.browser(), lines: String::new() }
    }

    pub fn with_key(door: &OpenDoor, key: &str) -> Self {
        Self { lines: format!("Authorization: Bearer {key}\r\n"), ..Self::stranger(door) }
    }

    /// A page of ours in somebody's browser.
    pub fn with_browser(browser: Browser) -> Self {
        let cookie = browser.cookie.as_deref().unwrap_or_default();
        let word = form_word(cookie.split_once('=').map_or("", |(_, value)| value));
        let lines = format!("Origin: http://{}\r\nX-Form-Word: {word}\r\n", browser.addr);
        Self { lines, browser }
    }

    /// The same with a header line more.
    pub fn and(mut self, line: &str) -> Self {
        self.lines.push_str(&format!("{line}\r\n"));
        self
    }

    pub async fn get(&mut self, path: &str) -> Said {
        self.ask("GET", path, None).await
    }

    pub async fn post(&mut self, path: &str, body: Value) -> Said {
        self.ask("POST", path, Some(body)).await
    }

    pub async fn ask(&mut self, method: &str, path: &str, body: Option<Value>) -> Said {
        let body = body.map(|body| body.to_string());
        self.send(method, path, body.as_deref()).await
    }

    /// With a body as it stands, said to be JSON.
    pub async fn send(&mut self, method: &str, path: &str, body: Option<&str>) -> Said {
        let mut lines = self.lines.clone();
        if let Some(body) = body {
            lines.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        }
        let page = self.browser.ask(method, path, &lines, body.unwrap_or_default()).await;
        let json = serde_json::from_str(&page.body).unwrap_or(Value::Null);
        Said { status: page.status, head: page.head, json, body: page.body }
    }
}
