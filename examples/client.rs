//! A program apart from the bot: it asks the API of a running instance who leads, and thanks whoever does.
//!
//! `innkeeper key create --name example --scope write impersonate` makes a key of an instance. Then:
//! `INNKEEPER_API_KEY=… cargo run --example client -- http://127.0.0.1:8080 GUILD MEMBER`, where the member is whoever
//! does the thanking.

use std::error::Error;

use innkeeper::client::{Client, Code, Part, Thanks};
use innkeeper::model::{GuildId, Secret, UserId};

/// What it does, and what it has to say about it.
pub async fn thank_the_first(client: &Client, guild: GuildId, giver: UserId) -> Result<String, Box<dyn Error>> {
    let board = client.leaderboard(guild, Part { limit: Some(3), ..Part::default() }).await?;
    let Some(first) = board.items.iter().find(|standing| standing.user_id != giver) else {
        return Ok("Nobody has XP yet.".to_owned());
    };
    let name = first.name.clone().unwrap_or_else(|| first.user_id.to_string());
    let thanks = Thanks { receiver_id: first.user_id, amount: None, reason: Some("so much company".to_owned()) };
    match client.acting_as(giver).give_kudos(guild, &thanks).await {
        Ok(given) => Ok(format!("{name} was thanked: {} kudos.", given.kudos.amount)),
        // What the rules say no to is no failure of this program.
        Err(error) if error.code() == Some(&Code::Refused) => Ok(format!("{name} was not thanked. {error}")),
        Err(error) => Err(error.into()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [url, guild, giver] = &given[..] else { return Err("give a URL, a server's id and a member's".into()) };
    let key = Secret::new(std::env::var("INNKEEPER_API_KEY")?);
    let client = Client::builder(url, key).build()?;
    println!("{}", thank_the_first(&client, guild.parse()?, giver.parse()?).await?);
    Ok(())
}
