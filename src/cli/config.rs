//! `innkeeper config`: every value and where it came from.

use clap::Args;
use serde_json::json;

use super::{ConfigFile, Exit, complain};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    file: ConfigFile,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Options) -> Exit {
    let loaded = match options.file.load() {
        Ok(loaded) => loaded,
        Err(error) => return complain(&error, Exit::Usage),
    };
    let rows = loaded.list();
    if options.json {
        let of = |(key, value, origin): &(String, String, crate::config::Origin)| {
            let value: serde_json::Value = serde_json::from_str(value).unwrap_or_default();
            (key.clone(), json!({ "value": value, "from": origin.to_string() }))
        };
        println!("{:#}", serde_json::Value::Object(rows.iter().map(of).collect()));
        return Exit::Ok;
    }
    let width = rows.iter().map(|(key, value, _)| key.len() + value.len() + 3).max().unwrap_or(0);
    for (key, value, origin) in &rows {
        println!("{:width$}  # {origin}", format!("{key} = {value}"));
    }
    Exit::Ok
}
