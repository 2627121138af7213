//! What people at the inn talk about. `{other}` is somebody who takes part.

/// Something to talk about.
pub struct Topic {
    /// Which of the talking channels it belongs to, by number: see [`super::script::ROOMS`].
    pub rooms: &'static [usize],
    pub openers: &'static [&'static str],
    pub replies: &'static [&'static str],
}

const GENERAL: usize = 0;
const INTRODUCTIONS: usize = 1;
const SHOW_AND_TELL: usize = 2;
const HELP: usize = 3;
const OFF_TOPIC: usize = 4;

const fn topic(rooms: &'static [usize], openers: &'static [&'static str], replies: &'static [&'static str]) -> Topic {
    Topic { rooms, openers, replies }
}

pub const TOPICS: &[Topic] = &[
    topic(
        &[GENERAL],
        &["Evening everyone. The soup tonight is leek and potato, and it is very good.", "Is there soup left?"],
        &[
            "save me a bowl, {other}",
            "I brought bread, if anybody wants some",
            "plenty left, come in",
            "more pepper than last week",
            "best one this winter",
            "good evening {other}!",
            "second bowl here, no regrets",
        ],
    ),
    topic(
        &[GENERAL],
        &["Who moved the comfortable chair away from the fire?", "The chair by the fire squeaks again."],
        &[
            "it was like that when I came in, honest",
            "{other} was sitting in it yesterday",
            "I can fix it, I have glue",
            "no glue near that chair please",
            "we need a second comfortable chair",
            "I vote for a bench",
        ],
    ),
    topic(
        &[GENERAL, OFF_TOPIC],
        &["I walked here in the rain. Worth it.", "Snow up on the pass already."],
        &[
            "here too, all day",
            "my boots are still wet",
            "{other}, take the blanket",
            "perfect weather for tea",
            "sun by Sunday, they say",
        ],
    ),
    topic(
        &[GENERAL],
        &["Board games on Friday? I have a new one about bridges.", "We need a fourth player for Friday."],
        &[
            "count me in",
            "only if {other} explains the rules this time",
            "I can bring the long table",
            "Friday works, Saturday does not",
            "is the bridge game any good?",
            "yes! it is mostly about arguing over bricks",
            "last week's game took four hours and nobody won",
        ],
    ),
    topic(
        &[SHOW_AND_TELL],
        &["Finished the shelf at last. It is almost level.", "Made a stool from the old door."],
        &[
            "that is lovely, {other}",
            "almost level is my favourite kind of level",
            "how long did it take?",
            "two weekends and some bad words",
            "what wood is that?",
            "oak, and a bit of what was left over",
            "I want one",
        ],
    ),
    topic(
        &[SHOW_AND_TELL],
        &["I planted beans in March and today there are beans.", "First tomato of the year. One. But what a tomato."],
        &[
            "congratulations to the garden",
            "mine were eaten by snails",
            "what soil do you use, {other}?",
            "half compost, half hope",
            "please weigh it",
            "show us the leaves too",
        ],
    ),
    topic(
        &[SHOW_AND_TELL],
        &["Look, a tiny lighthouse. The lamp really turns.", "First scarf that did not become a triangle."],
        &[
            "how small is it?",
            "the colours are great",
            "{other} has to see this",
            "please show us when it is finished",
            "I could not do this with four hands",
            "what is it made of?",
        ],
    ),
    topic(
        &[HELP],
        &["My sourdough stays flat. What am I doing wrong?", "How do I feed a starter when I am away for a week?"],
        &[
            "how warm is your kitchen, {other}?",
            "I had the same, it was the flour",
            "give it more time, it knows no hurry",
            "fridge, and a spoon of flour before you go",
            "that worked, thank you {other}!",
            "could you post a picture?",
        ],
    ),
    topic(
        &[HELP],
        &["My bike makes a clicking sound, but only uphill.", "The back wheel rubs and I cannot see where."],
        &[
            "check the pedals first, it is always the pedals",
            "turn it upside down and listen",
            "when did you last oil the chain, {other}?",
            "oil. Right. I knew I forgot something",
            "it was the pedals",
            "it is always the pedals",
        ],
    ),
    topic(
        &[HELP],
        &["The printer says it is out of blue, but I only print text.", "How do you get wax out of a tablecloth?"],
        &[
            "have you tried turning it off and on? I know, I know",
            "brown paper and a warm iron, slowly",
            "no idea, but I would like to know too",
            "ask {other}, they fixed mine",
            "thank you, that did it",
        ],
    ),
    topic(
        &[OFF_TOPIC],
        &["The night train had a dining car. A real one, with lamps.", "Six hours by train and I would do it again."],
        &[
            "which line? I want to go",
            "lamps!",
            "did they have soup, {other}?",
            "better than ours? do not answer that",
            "window seat or it does not count",
        ],
    ),
    topic(
        &[OFF_TOPIC, GENERAL],
        &["My cat has learned to open the fridge.", "Today I saw a heron standing on a parked boat."],
        &[
            "this changes everything",
            "animals have no business being that clever",
            "did it look as if it pays the rent?",
            "{other}, we need a picture",
            "put a bell on it",
            "I have so many questions",
        ],
    ),
    topic(
        &[OFF_TOPIC],
        &["Is a pancake a flat cake or a wide noodle?", "I have been humming the same three notes since Tuesday."],
        &[
            "it is a blanket for jam",
            "now I am at it too, thanks {other}",
            "ha",
            "{other} is right, as usual",
            "I will not sleep tonight",
        ],
    ),
    topic(
        &[INTRODUCTIONS],
        &[
            "Hello! I found this place through a friend. I bake, badly.",
            "Hi all, new here. I like trains and long walks.",
            "Good evening. I repair clocks, mostly other people's.",
            "Hello from a small town by a large lake.",
        ],
        &[
            "welcome, {other}!",
            "glad you found the door",
            "sit anywhere, the soup is on the left",
            "welcome in",
            "you will fit right in",
        ],
    ),
];

/// The topic of those who are new.
pub fn introductions() -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.rooms == [INTRODUCTIONS])
}

/// Where the new are greeted.
pub const INTRODUCTIONS_ROOM: usize = INTRODUCTIONS;

/// Said now and then, whatever the talk is about.
pub const ASIDES: &[&str] = &[
    "ha, yes",
    "right?",
    "true",
    "hm, not sure about that",
    "tell me more",
    "wait, really?",
    "brb, kettle",
    "well said",
    "thank you, {other}",
    "thanks, I needed that",
];

pub const EMOJI: &[&str] = &["👍", "❤️", "😄", "🔥", "🍲", "🎲"];

/// What moderators type to keep order; nothing of it lasts for long.
pub const ORDERS: &[&str] = &[
    "/warn member:{other} reason:Shouting by the fire",
    "/warn member:{other} reason:Posted the same advert twice",
    "/warn member:{other} expires:30d reason:Off topic again, and again",
    "/note member:{other} text:Asked kindly; keep an eye on it",
    "/note member:{other} text:Offered to help with the autumn feast",
    "/timeout member:{other} duration:10m reason:Needs some fresh air",
    "/timeout member:{other} duration:1h reason:Kept on after a warning",
    "/ban member:{other} duration:12h reason:Threw a ladle",
    "/lock channel:#help duration:10m message:A quiet moment, please",
    "/locks",
    "/history member:{other}",
    "/case list",
    "/promises",
];

/// How people are there; some of it more often.
pub const STATUSES: &[&str] = &["online", "online", "online", "idle", "dnd", "offline"];

/// What they do besides, if anything.
pub const DOINGS: &[Option<&str>] = &[
    None,
    None,
    Some("Chess"),
    Some("Spotify"),
    Some("Stardew Valley"),
    Some("Sea of Thieves"),
    Some("Visual Studio Code"),
];

/// What they say of themselves, if anything.
pub const SAYINGS: &[Option<&str>] = &[
    None,
    None,
    None,
    Some("behind the bar tonight"),
    Some("mending the roof"),
    Some("soup is on 🍲"),
    Some("back in ten"),
    Some("reading by the fire"),
];

/// What people ask the bot, after a slash or a prefix; some of it more often.
pub const COMMANDS: &[&str] = &[
    "/rank",
    "/rank",
    "/rank",
    "/rank member:{other}",
    "/leaderboard",
    "/leaderboard",
    "!xp",
    "!xp",
    "!rank",
    "!leaderboard",
    "/kudos give member:{other} reason:for the soup",
    "/kudos give member:{other} amount:2 reason:for fixing the chair by the fire",
    "!kudos give {other} 2 for the bread",
    "!kudos give {other} what a story",
    "/kudos board window:week",
    "/kudos list",
    "/bump",
];
