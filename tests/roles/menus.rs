//! Menus from which members choose roles for themselves.

use innkeeper::model::{RoleId, UserId};
use innkeeper::sim::world::{Input, Message, RoleSpec};
use innkeeper::sim::{Act, Response};
use serde_json::json;

use crate::house::{House, Running};
use crate::{DAY, open_with};

/// A house with a menu of three colours, made by the admin with these options.
async fn open(options: &[(&'static str, Input)]) -> (House, Running, [RoleId; 3], String) {
    let mut roles = None;
    let (house, bot) = open_with(|house| roles = Some(["Red", "Green", "Blue"].map(|name| house.role(name)))).await;
    let mut all: Vec<(&str, Input)> = vec![("title", "Colours @everyone".into()), ("roles", "Red, green,@Blue".into())];
    all.extend(options.iter().cloned());
    let answer = house.slash(house.inn.admin, "rolemenu create", &all).await;
    assert!(answer.ephemeral);
    (house, bot, roles.unwrap(), answer.text())
}

impl House {
    /// The newest message of the bot where commands are used.
    fn menu(&self) -> Message {
        let world = self.sim.world();
        let messages = world.bot_messages(self.inn.bot_commands);
        (*messages.iter().rfind(|message| message.text().contains("Menu ")).unwrap()).clone()
    }

    /// What can be chosen from each menu, by its title, once all of them are drawn.
    async fn offers(&self, bot: &Running) -> Vec<String> {
        bot.settle(self).await;
        self.promises_kept().await;
        let world = self.sim.world();
        let menus = world.bot_messages(self.inn.bot_commands).into_iter().filter(|m| m.text().contains("Menu "));
        let label = |part: &serde_json::Value| part["label"].as_str().unwrap().to_owned();
        let offer = |menu: &Message| {
            let entries = menu.lists().flat_map(|list| list["options"].as_array().unwrap());
            let labels: Vec<_> = menu.buttons().chain(entries).map(label).collect();
            format!("{}: {}", menu.text().lines().next().unwrap(), labels.join(" "))
        };
        menus.map(offer).collect()
    }

    fn rename(&self, role: RoleId, name: &str) {
        self.sim.world().edit_role(self.inn.guild, role, |role| role.name = name.to_owned()).unwrap();
    }

    fn redrawn(&self) -> usize {
        self.sim.world().count_requests("PATCH", "/messages/")
    }

    /// A member chooses from the list of a menu.
    async fn choose(&self, member: UserId, menu: &Message, roles: &[RoleId]) -> String {
        let list = menu.lists().next().unwrap();
        let values: Vec<String> = roles.iter().map(RoleId::to_string).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let id = self.sim.world().select(menu.id, member, list["custom_id"].as_str().unwrap(), &values).unwrap();
        let answer = self.sim.until(|world| world.finished_answer(id)).await;
        assert!(answer.ephemeral, "{}", answer.text());
        answer.text()
    }

    async fn told(&self, member: UserId, menu: &Message, label: &str) -> String {
        let answer = self.press(member, menu, label).await;
        assert!(answer.ephemeral, "{}", answer.text());
        answer.text()
    }

    fn held(&self, member: UserId, roles: &[RoleId]) -> Vec<bool> {
        roles.iter().map(|role| self.has(member, *role)).collect()
    }
}

#[tokio::test]
async fn a_button_gives_a_role_and_takes_it_again_also_after_a_restart() {
    let (house, bot, roles, answer) = open(&[]).await;
    let ada = house.member(0);
    assert_eq!(answer, format!("Menu **1** is in <#{}>.", house.inn.bot_commands));
    let menu = house.menu();
    assert!(menu.text().starts_with("Colours \\@everyone\n<@&"), "{}", menu.text());
    assert_eq!(menu.allowed_mentions.as_ref().unwrap()["parse"], json!([]));
    let labels: Vec<_> = menu.buttons().map(|button| button["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["Red", "Green", "Blue"]);
    assert_eq!(house.told(ada, &menu, "Red").await, "You have **Red** now.");
    assert_eq!(house.told(ada, &menu, "Blue").await, "You have **Blue** now.");
    assert_eq!(house.held(ada, &roles), [true, false, true]);
    bot.stop().await;
    let bot = house.start().await;
    bot.settle(&house).await;
    assert_eq!(house.told(ada, &menu, "Red").await, "You gave **Red** back.");
    assert_eq!(house.held(ada, &roles), [false, false, true]);
    bot.stop().await;
}

#[tokio::test]
async fn of_a_single_choice_one_takes_the_place_of_another() {
    let (house, bot, roles, _) = open(&[("choice", "single".into())]).await;
    let (ada, menu) = (house.member(0), house.menu());
    house.told(ada, &menu, "Red").await;
    let told = house.told(ada, &menu, "Green").await;
    assert!(told.starts_with("You have **Green** now.\n"), "{told}");
    house.promises_kept().await;
    assert_eq!(house.held(ada, &roles), [false, true, false]);
    // Where the new one is refused, the old one stays.
    let no = Response::json(403, &json!({"message": "Missing Permissions", "code": 50013}));
    house.sim.world().plan("PUT", "/roles/", Some(1), Act::Answer(no));
    let told = house.told(ada, &menu, "Blue").await;
    assert!(told.starts_with("**Blue**: My role lacks a permission"), "{told}");
    house.promises_kept().await;
    assert_eq!(house.held(ada, &roles), [false, true, false]);
    assert_eq!(house.rows("SELECT count(*) FROM promise WHERE state = 'failed'"), ["0"]);
    bot.stop().await;
}

#[tokio::test]
async fn from_a_list_exactly_what_was_chosen_is_held() {
    let (house, bot, roles, _) = open(&[("look", "list".into())]).await;
    let (ada, menu) = (house.member(0), house.menu());
    assert_eq!(menu.buttons().count(), 0);
    let [red, green, blue] = roles;
    assert_eq!(house.choose(ada, &menu, &[red, blue]).await, "You have **Red**, **Blue** now.");
    assert_eq!(house.held(ada, &roles), [true, false, true]);
    let told = house.choose(ada, &menu, &[green, blue]).await;
    assert_eq!(told, "You have **Green** now.\nYou gave **Red** back.");
    assert_eq!(house.held(ada, &roles), [false, true, true]);
    assert_eq!(house.choose(ada, &menu, &[blue, green]).await, "Nothing to change: you hold what you chose.");
    assert_eq!(house.choose(ada, &menu, &[]).await, "You gave **Green**, **Blue** back.");
    assert_eq!(house.held(ada, &roles), [false; 3]);
    bot.stop().await;
}

#[tokio::test]
async fn a_required_role_is_asked_for_with_each_press() {
    let (house, bot) = open_with(|house| {
        house.role("Red");
    })
    .await;
    let (ada, inn) = (house.member(0), house.inn.clone());
    let options: [(&str, Input); 3] =
        [("title", "Colours".into()), ("roles", "Red".into()), ("required", inn.regular_role.into())];
    house.slash(inn.admin, "rolemenu create", &options).await;
    let menu = house.menu();
    assert!(menu.text().contains(&format!("For members with <@&{}>.", inn.regular_role)), "{}", menu.text());
    let told = house.told(ada, &menu, "Red").await;
    assert_eq!(told, "This menu is for members with the role **Regular**.");
    house.sim.world().give_role(inn.guild, ada, inn.regular_role).unwrap();
    assert_eq!(house.told(ada, &menu, "Red").await, "You have **Red** now.");
    // Who lost it can still give back what they chose.
    house.sim.world().delete_role(inn.guild, inn.regular_role).unwrap();
    bot.settle(&house).await;
    assert_eq!(house.told(ada, &menu, "Red").await, "You gave **Red** back.");
    let told = house.told(ada, &menu, "Red").await;
    assert!(told.starts_with("The role that this menu asks for was deleted"), "{told}");
    // `@everyone` as what is required means that nothing is.
    let everyone: RoleId = inn.guild.get().to_string().parse().unwrap();
    house.slash(inn.admin, "rolemenu edit", &[("menu", 1.into()), ("required", everyone.into())]).await;
    assert_eq!(house.told(ada, &menu, "Red").await, "You have **Red** now.");
    bot.stop().await;
}

#[tokio::test]
async fn a_role_with_moderation_permissions_is_on_no_menu_and_given_by_none() {
    let (house, bot, roles, _) = open(&[]).await;
    let (ada, inn, menu) = (house.member(0), house.inn.clone(), house.menu());
    let refused = async |roles: String| {
        let options: [(&str, Input); 2] = [("title", "Power".into()), ("roles", roles.into())];
        house.slash(inn.admin, "rolemenu create", &options).await.text()
    };
    assert!(
        refused("Red, Moderator".to_owned()).await.starts_with("The role **Moderator** has moderation permissions")
    );
    assert!(refused(format!("<@&{}>", inn.admin_role)).await.contains("has moderation permissions"));
    assert!(refused("Red, Nobody".to_owned()).await.starts_with("I find no role Nobody."));
    assert_eq!(refused(" , ".to_owned()).await, "A menu has 1 to 25 roles.");
    house.empower(roles[0]);
    bot.settle(&house).await;
    let told = house.told(ada, &menu, "Red").await;
    assert_eq!(told, "The role **Red** has moderation permissions by now, so nobody can choose it.");
    house.lift(roles[2], 20);
    bot.settle(&house).await;
    let told = house.told(ada, &menu, "Blue").await;
    assert!(told.starts_with("I cannot give or take **Blue**"), "{told}");
    assert_eq!(house.sim.world().count_requests("PUT", "/roles/"), 0);
    bot.stop().await;
}

#[tokio::test]
async fn a_menu_is_edited_and_removed_and_old_buttons_say_so() {
    let (house, bot, roles, _) = open(&[]).await;
    let (ada, inn, menu) = (house.member(0), house.inn.clone(), house.menu());
    let pink = house.role("Pink");
    bot.settle(&house).await;
    let edit: [(&str, Input); 4] = [
        ("menu", 1.into()),
        ("title", "Paints".into()),
        ("roles", format!("<@&{}> <@&{pink}>", roles[0]).into()),
        ("look", "list".into()),
    ];
    let told = house.slash(inn.admin, "rolemenu edit", &edit).await.text();
    assert_eq!(told, format!("Menu **1** is in <#{}>.", inn.bot_commands));
    let changed = house.menu();
    assert_eq!(changed.id, menu.id);
    assert!(changed.text().starts_with("Paints\n") && changed.lists().count() == 1, "{}", changed.text());
    assert_eq!(house.choose(ada, &changed, &[pink]).await, "You have **Pink** now.");
    // Somebody whose screen shows what was there before.
    let gone: [(&str, Input); 2] = [("menu", 1.into()), ("roles", roles[1].to_string().into())];
    let told = house.slash(ada, "pickrole", &gone).await.text();
    assert_eq!(told, "That role is not on menu 1 any more.");
    let told = house.slash(inn.admin, "rolemenu remove", &[("menu", 1.into())]).await.text();
    assert_eq!(told, "Menu **1** is closed. What was chosen stays.");
    let closed = house.menu();
    assert!(closed.text().contains("This menu is closed.") && closed.components.is_empty(), "{}", closed.text());
    assert!(house.has(ada, pink));
    let told = house.slash(inn.admin, "rolemenu edit", &[("menu", 1.into())]).await.text();
    assert_eq!(told, "There is no menu 1 here any more.");
    bot.stop().await;
}

#[tokio::test]
async fn menus_follow_the_names_of_their_roles_and_leave_out_those_that_are_gone() {
    let (house, bot, [red, green, blue], _) = open(&[]).await;
    let (ada, inn) = (house.member(0), house.inn.clone());
    let more: [(&str, Input); 3] = [("title", "More".into()), ("roles", "Blue, Red".into()), ("look", "list".into())];
    house.slash(inn.admin, "rolemenu create", &more).await;
    assert_eq!(house.offers(&bot).await, ["Colours \\@everyone: Red Green Blue", "More: Blue Red"]);
    house.rename(red, "Scarlet");
    assert_eq!(house.offers(&bot).await, ["Colours \\@everyone: Scarlet Green Blue", "More: Blue Scarlet"]);
    let told = house.slash(ada, "pickrole", &[("menu", 1.into()), ("roles", red.to_string().into())]).await.text();
    assert_eq!(told, "You have **Scarlet** now.");
    house.sim.world().delete_role(inn.guild, green).unwrap();
    assert_eq!(house.offers(&bot).await, ["Colours \\@everyone: Scarlet Blue", "More: Blue Scarlet"]);
    // Somebody whose screen shows what was there before.
    let told = house.slash(ada, "pickrole", &[("menu", 1.into()), ("roles", green.to_string().into())]).await.text();
    assert_eq!(told, "That role is not on menu 1 any more.");
    // What does not change a menu does not draw it.
    house.lift(blue, 2);
    house.rename(inn.regular_role, "Old hand");
    house.offers(&bot).await;
    assert_eq!(house.redrawn(), 3);
    // What happens while the bot is off is seen with the next session, and once.
    bot.stop().await;
    house.sim.world().expire_sessions();
    house.rename(red, "Crimson");
    house.sim.world().delete_role(inn.guild, blue).unwrap();
    house.clock.advance(DAY);
    let bot = house.start().await;
    assert_eq!(house.offers(&bot).await, ["Colours \\@everyone: Crimson", "More: Crimson"]);
    bot.stop().await;
    house.sim.world().expire_sessions();
    house.clock.advance(DAY);
    let bot = house.start().await;
    house.sim.world().delete_role(inn.guild, red).unwrap();
    assert_eq!(house.offers(&bot).await, ["Colours \\@everyone: ", "More: "]);
    assert!(house.menu().text().contains("There is no role to choose from any more."), "{}", house.menu().text());
    assert_eq!(house.redrawn(), 7);
    let edit: [(&str, Input); 2] = [("menu", 1.into()), ("roles", "Old hand".into())];
    let told = house.slash(inn.admin, "rolemenu edit", &edit).await.text();
    assert_eq!(told, format!("Menu **1** is in <#{}>.", inn.bot_commands));
    assert_eq!(house.offers(&bot).await, ["Colours \\@everyone: Old hand", "More: "]);
    bot.stop().await;
}

#[tokio::test]
async fn a_role_that_is_renamed_while_its_menu_is_being_posted_is_not_missed() {
    let (house, bot) = open_with(|_| {}).await;
    let red = house.role("Red");
    bot.settle(&house).await;
    house.sim.world().plan("POST", "/messages", None, Act::Answer(Response::json(503, &json!({}))));
    let create: [(&str, Input); 2] = [("title", "Colours".into()), ("roles", "Red".into())];
    let told = house.slash(house.inn.admin, "rolemenu create", &create).await.text();
    assert_eq!(told, "Menu **1**: Discord has not answered yet; I go on trying.");
    house.rename(red, "Scarlet");
    bot.settle(&house).await;
    house.sim.world().clear_plans();
    house.clock.advance(DAY);
    assert_eq!(house.offers(&bot).await, ["Colours: Scarlet"]);
    bot.stop().await;
}

#[tokio::test]
async fn a_menu_whose_message_or_channel_is_gone_is_posted_anew() {
    let (house, bot, _, _) = open(&[]).await;
    let (inn, menu) = (house.inn.clone(), house.menu());
    house.sim.world().delete_message(inn.bot_commands, menu.id).unwrap();
    let told = house.slash(inn.admin, "rolemenu edit", &[("menu", 1.into())]).await.text();
    // It may be posted anew before the answer is read.
    let is_there = format!("Menu **1** is in <#{}>.", inn.bot_commands);
    assert!(told.contains("its message was deleted; I post it anew") || told == is_there, "{told}");
    house.promises_kept().await;
    let anew = house.menu();
    assert_ne!(anew.id, menu.id);
    assert_eq!(house.rows("SELECT message, state FROM role_menu"), [format!("{} posted", anew.id)]);
    // In a channel that is gone with it, it is posted where one asks for it.
    house.sim.world().delete_channel(inn.help).unwrap();
    let create: [(&str, Input); 2] = [("title", "More".into()), ("roles", "Red".into())];
    let id = house.sim.world().slash(inn.off_topic, inn.admin, "rolemenu create", &create).unwrap();
    house.sim.until(|world| world.finished_answer(id)).await;
    house.promises_kept().await;
    house.sim.world().delete_channel(inn.off_topic).unwrap();
    bot.settle(&house).await;
    assert_eq!(house.rows("SELECT state, words FROM role_menu WHERE number = 2"), ["failed Its channel was deleted."]);
    let told = house.slash(inn.admin, "rolemenu edit", &[("menu", 2.into())]).await.text();
    assert_eq!(told, format!("Menu **2** is in <#{}>.", inn.bot_commands));
    bot.stop().await;
}

#[tokio::test]
async fn a_menu_that_discord_refuses_is_told_as_refused() {
    let (house, bot) = open_with(|house| {
        house.role("Red");
    })
    .await;
    let no = Response::json(403, &json!({"message": "Missing Access", "code": 50001}));
    house.sim.world().plan("POST", "/messages", Some(1), Act::Answer(no));
    let create: [(&str, Input); 2] = [("title", "Colours".into()), ("roles", "Red".into())];
    let told = house.slash(house.inn.admin, "rolemenu create", &create).await.text();
    assert!(told.contains("could not be posted") && told.contains("I cannot see that channel."), "{told}");
    let nameless: [(&str, Input); 2] = [("title", " \u{200b} ".into()), ("roles", "Red".into())];
    let told = house.slash(house.inn.admin, "rolemenu create", &nameless).await.text();
    assert!(told.starts_with("Say what the menu is about"), "{told}");
    let told = house.slash(house.inn.admin, "rolemenu edit", &[("menu", 1.into())]).await.text();
    assert_eq!(told, format!("Menu **1** is in <#{}>.", house.inn.bot_commands));
    bot.stop().await;
}

#[tokio::test]
async fn menus_are_for_those_who_manage_roles_and_hold_roles_below_theirs() {
    let (house, bot) = open_with(|_| {}).await;
    let guild = house.inn.guild;
    let warden = house.sim.world().add_role(guild, RoleSpec::named("Warden", 2).with(1 << 28));
    house.sim.world().add_role(guild, RoleSpec::named("Above", 3));
    house.sim.world().give_role(guild, house.member(1), warden).unwrap();
    bot.settle(&house).await;
    let create: [(&str, Input); 2] = [("title", "Heights".into()), ("roles", "Above".into())];
    let told = house.slash(house.member(1), "rolemenu create", &create).await.text();
    assert_eq!(told, "The role **Above** is not below your own highest role.");
    let line = "!rolemenu create Heights Regular";
    house.say(house.member(2), line);
    let said = house.bot_says(house.inn.general, 1).await;
    assert!(said[0].contains("is for members with the permission Manage Roles"), "{said:?}");
    bot.stop().await;
}
