//! Every typed call, asked of the real door.

use innkeeper::client::{CaseKind, CaseState, Client, Code, Listed, Method, NewCase, Part, Thanks, Which, Window};
use innkeeper::model::Span;
use serde::Serialize;
use serde_json::json;

use crate::house::House;
use crate::{example, open, with_key};

/// That a typed answer says all that the server said.
async fn is_whole(client: &Client, path: &str, typed: &impl Serialize) {
    assert_eq!(serde_json::to_value(typed).unwrap(), client.get(path).await.unwrap(), "{path}");
}

fn whole<T>(listed: &Listed<T>) -> (usize, u64, bool) {
    (listed.items.len(), listed.total, listed.has_more)
}

#[tokio::test]
async fn cases_are_made_found_and_changed() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let client = with_key(&bot, &door, "moderate").await;
    let (guild, ada, bea) = (house.inn.guild, house.member(0), house.member(1));
    let ban = NewCase { duration: Some(Span::days(7)), ..NewCase::new(CaseKind::Ban, ada, "spam") };
    let made = client.create_case(guild, &ban).await.unwrap();
    assert!(house.sim.world().is_banned(guild, ada), "a ban bans");
    assert!(made.said.contains("banned") && made.case.moderator_name == "key k", "{made:?}");
    assert_eq!((made.case.number, &made.case.kind, &made.case.state), (1, &CaseKind::Ban, &CaseState::Done));
    assert_eq!(made.case.ends_at.unwrap().since(house.clock.now()), Span::days(7).duration());
    client.create_case(guild, &NewCase::new(CaseKind::Note, bea, "sings well")).await.unwrap();

    let all = client.cases(guild, &Which::default(), Part::default()).await.unwrap();
    assert_eq!(whole(&all), (2, 2, false));
    let first = client.cases(guild, &Which::default(), Part { limit: Some(1), offset: Some(0) }).await.unwrap();
    assert_eq!((whole(&first), first.items[0].number), ((1, 2, true), 2));
    let which = Which { user_id: Some(ada), kind: Some(CaseKind::Ban), resolved: Some(false) };
    assert_eq!(client.cases(guild, &which, Part::default()).await.unwrap().items[0].user_id, ada);
    is_whole(&client, &format!("/api/guilds/{guild}/cases"), &all).await;

    assert_eq!(client.edit_case(guild, 2, "sings & dances").await.unwrap().reason, "sings & dances");
    let resolved = client.resolve_case(guild, 2, Some("told them")).await.unwrap();
    assert_eq!(resolved.resolution.as_ref().unwrap().note, "told them");
    is_whole(&client, &format!("/api/guilds/{guild}/cases/2"), &resolved).await;
    let again = client.resolve_case(guild, 2, None).await.unwrap_err();
    assert_eq!((again.status(), again.code()), (Some(409), Some(&Code::Refused)), "{again}");
    assert_eq!(client.reopen_case(guild, 2, None).await.unwrap().resolution, None);
    assert!(client.hide_case(guild, 2, true).await.unwrap().hidden);
    assert!(!client.hide_case(guild, 2, false).await.unwrap().hidden);
    assert_eq!(client.case(guild, 2).await.unwrap().reason, "sings & dances");
    let missing = client.case(guild, 9).await.unwrap_err();
    assert_eq!((missing.code(), missing.to_string().as_str()), (Some(&Code::NotFound), "There is no such case."));
    let hug = NewCase::new(CaseKind::Other("hug".to_owned()), bea, "x");
    assert!(client.create_case(guild, &hug).await.unwrap_err().to_string().contains("unknown variant `hug`"));
    bot.stop().await;
}

#[tokio::test]
async fn xp_is_given_shown_and_listed() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let client = with_key(&bot, &door, "admin moderate").await;
    let (guild, ada, bea) = (house.inn.guild, house.member(0), house.member(1));
    let given = client.give_xp(guild, ada, 500).await.unwrap();
    assert!(given.member.xp == 500 && !given.repeated && given.said.contains("500"), "{given:?}");
    client.give_xp(guild, bea, 300).await.unwrap();
    client.give_xp(guild, ada, -100).await.unwrap();
    let xp = client.xp(guild, ada).await.unwrap();
    assert_eq!((xp.user_id, xp.xp), (ada, 400));
    let board = client.leaderboard(guild, Part::default()).await.unwrap();
    let ranks: Vec<_> = board.items.iter().map(|standing| (standing.rank, standing.user_id)).collect();
    assert_eq!(ranks, [(1, ada), (2, bea)]);
    let history = client.xp_history(guild, ada, Part::default()).await.unwrap();
    let changes: Vec<_> = history.items.iter().map(|change| (change.amount, change.after)).collect();
    assert_eq!(changes, [(-100, 400), (500, 500)]);
    assert_eq!(history.items[0].actor_id, bot.bot.user());
    let member = format!("/api/guilds/{guild}/members/{ada}/xp");
    is_whole(&client, &member, &xp).await;
    is_whole(&client, &format!("{member}/history"), &history).await;
    is_whole(&client, &format!("/api/guilds/{guild}/leaderboard"), &board).await;
    let posted = client.post(&member, &json!({"amount": 1})).await.unwrap();
    assert_eq!(posted["member"]["xp"], 401);
    let patched = client.send(Method::Patch, &member, Some(&json!({}))).await.unwrap_err();
    assert_eq!(patched.status(), Some(405), "{patched}");
    bot.stop().await;
}

#[tokio::test]
async fn kudos_are_given_in_somebodys_name() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let client = with_key(&bot, &door, "admin write impersonate").await;
    let (guild, ada, bea, cid) = (house.inn.guild, house.member(0), house.member(1), house.member(2));
    let thanks = Thanks { receiver_id: bea, amount: Some(2), reason: Some("the soup".to_owned()) };
    let as_ada = client.acting_as(ada);
    let given = as_ada.give_kudos(guild, &thanks).await.unwrap();
    assert_eq!((given.kudos.giver_id, given.kudos.amount, given.kudos.undone_at), (ada, 2, None), "{given:?}");
    let again = as_ada.give_kudos(guild, &thanks).await.unwrap_err();
    assert_eq!(again.code(), Some(&Code::Refused), "another call is another thanks: {again}");
    let listed = client.kudos(guild, Some(bea), Part::default()).await.unwrap();
    assert_eq!(whole(&listed), (1, 1, false));
    is_whole(&client, &format!("/api/guilds/{guild}/kudos"), &listed).await;
    let board = client.kudos_board(guild, Window::Week, Part::default()).await.unwrap();
    assert_eq!((board.items[0].user_id, board.items[0].amount), (bea, 2));
    is_whole(&client, &format!("/api/guilds/{guild}/kudos/board"), &board).await;

    // The example, as it runs for whoever reads it.
    assert_eq!(example::thank_the_first(&client, guild, cid).await.unwrap(), "Nobody has XP yet.");
    client.give_xp(guild, ada, 50).await.unwrap();
    let thanked = example::thank_the_first(&client, guild, cid).await.unwrap();
    assert!(thanked.ends_with(" was thanked: 1 kudos."), "{thanked}");
    let not = example::thank_the_first(&client, guild, cid).await.unwrap();
    assert!(not.contains(" was not thanked. "), "{not}");
    bot.stop().await;
}
