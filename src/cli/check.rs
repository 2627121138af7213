//! `innkeeper check`: configuration, database and, online, what Discord says of the token, the intents and the servers.

use clap::Args;
use serde_json::json;

use super::{ConfigFile, Exit, complain, house};
use crate::config::{Loaded, SignIn};
use crate::features;
use crate::gateway;
use crate::store::check::inspect;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    file: ConfigFile,
    /// Ask nothing of Discord.
    #[arg(long)]
    offline: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What was found about one thing; `action` says what to do when it is not well.
struct Line {
    name: String,
    ok: bool,
    detail: String,
    action: String,
}

impl From<gateway::Found> for Line {
    fn from(found: gateway::Found) -> Self {
        let gateway::Found { name, ok, detail, action } = found;
        Self { name, ok, detail, action }
    }
}

pub fn run(options: &Options) -> Exit {
    let loaded = match options.file.load() {
        Ok(loaded) => loaded,
        Err(error) => return complain(&error, Exit::Usage),
    };
    let file = loaded.file.as_ref().map_or("defaults and environment".to_owned(), |path| path.display().to_string());
    let mut lines = vec![Line { name: "config".to_owned(), ok: true, detail: file, action: String::new() }];
    let rooms: Vec<_> = features::Feature::all().filter_map(|room| Some((room.name, room.verify?))).collect();
    lines.extend(inspect(&loaded.config.store.path, &rooms).into_iter().map(|finding| Line {
        name: finding.name.to_owned(),
        ok: finding.ok,
        detail: finding.detail,
        action: String::new(),
    }));
    lines.extend(sign_in(&loaded));
    if !options.offline {
        match online(&loaded) {
            Ok(found) => lines.extend(found),
            Err(exit) => return exit,
        }
    }
    print(&lines, options.json);
    if lines.iter().all(|line| line.ok) { Exit::Ok } else { Exit::Failed }
}

/// Whether people can sign in by Discord's page, where the owner wants that.
fn sign_in(loaded: &Loaded) -> Option<Line> {
    let name = "oauth".to_owned();
    match loaded.sign_in() {
        SignIn::Off => None,
        SignIn::Half { detail, action } => Some(Line { name, ok: false, detail, action: action.to_owned() }),
        SignIn::On(client) => {
            let detail = format!("people can sign in; the redirect to enter is {}", client.redirect_uri());
            Some(Line { name, ok: true, detail, action: String::new() })
        }
    }
}

fn online(loaded: &Loaded) -> Result<Vec<Line>, Exit> {
    let token = match loaded.token() {
        Ok(Some(token)) => token,
        Ok(None) => {
            let action = "Set DISCORD_BOT_TOKEN or discord.token_file, or check with --offline.".to_owned();
            let detail = "there is none".to_owned();
            return Ok(vec![Line { name: "token".to_owned(), ok: false, detail, action }]);
        }
        Err(error) => return Err(complain(&error, Exit::Usage)),
    };
    let runtime = house::runtime().map_err(|error| complain(&error, Exit::Failed))?;
    let needs = features::needs(&loaded.config);
    let roles: Vec<_> = loaded.config.levels.roles.iter().map(|entry| entry.role).collect();
    let permissions = features::permissions(&loaded.config);
    let wanted = gateway::Wanted { needs: &needs, permissions: &permissions, roles: &roles };
    let found = runtime.block_on(gateway::look_over(&loaded.config, token, &wanted));
    Ok(found.into_iter().map(Line::from).collect())
}

fn print(lines: &[Line], as_json: bool) {
    if as_json {
        let of = |line: &Line| {
            let Line { name, ok, detail, action } = line;
            json!({ "name": name, "ok": ok, "detail": detail, "action": action })
        };
        let checks: Vec<_> = lines.iter().map(of).collect();
        println!("{:#}", json!({ "ok": lines.iter().all(|line| line.ok), "checks": checks }));
        return;
    }
    for line in lines {
        println!("{} {}: {}", if line.ok { "ok  " } else { "FAIL" }, line.name, line.detail);
        if !line.ok && !line.action.is_empty() {
            println!("     {}", line.action);
        }
    }
}
