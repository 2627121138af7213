//! What people at the inn talk about. `{other}` is somebody who takes part.

/// Something to talk about.
pub struct Topic {
    /// Which of the talking channels it belongs to, by number: see [`super::script::ROOMS`].
    pub rooms: &'static [usize],
    pub openers: &'static [&'static str],
    pub replies: &'static [&'static str],
}

pub const TOPICS: &[Topic] = &[
    Topic {
        rooms: &[0, 4],
        openers: &[
            "Evening everyone. The soup tonight is leek and potato, and it is very good.",
            "Who moved the comfortable chair away from the fire?",
            "I walked here in the rain. Worth it.",
            "Is anybody else still awake?",
            "Quiet night so far. I like it.",
        ],
        replies: &[
            "save me a bowl, {other}",
            "the chair was like that when I came in, honest",
            "it rained here too, all day",
            "awake, just reading",
            "I second that",
            "same here",
            "good evening {other}!",
            "I brought bread, if anybody wants some",
        ],
    },
    Topic {
        rooms: &[0, 4],
        openers: &[
            "Board games on Friday? I have a new one about bridges.",
            "We need a fourth player for Friday.",
            "Last week's game took four hours and nobody won.",
        ],
        replies: &[
            "count me in",
            "only if {other} explains the rules this time",
            "four hours is short for us",
            "I can bring the long table",
            "Friday works, Saturday does not",
            "is the bridge game any good?",
            "yes! it is mostly about arguing over bricks",
        ],
    },
    Topic {
        rooms: &[2],
        openers: &[
            "Finished the shelf at last. It is almost level.",
            "I planted beans in March and today there are beans.",
            "Look, a tiny lighthouse. The lamp really turns.",
            "First scarf that did not become a triangle.",
            "Rebuilt the old radio, it hums in tune now.",
        ],
        replies: &[
            "that is lovely, {other}",
            "almost level is my favourite kind of level",
            "how long did it take?",
            "two weekends and some bad words",
            "what wood is that?",
            "oak, and a bit of what was left over",
            "I want one",
            "please show us when it is painted",
        ],
    },
    Topic {
        rooms: &[3],
        openers: &[
            "My sourdough stays flat. What am I doing wrong?",
            "Does anybody know how to get wax out of a tablecloth?",
            "The printer says it is out of blue, but I only print text.",
            "How do you keep basil alive for more than a week?",
            "My bike makes a clicking sound, but only uphill.",
        ],
        replies: &[
            "how warm is your kitchen, {other}?",
            "brown paper and a warm iron, slowly",
            "have you tried turning it off and on? I know, I know",
            "less water, more light",
            "check the pedals first, it is always the pedals",
            "that worked, thank you {other}!",
            "I had the same, it was the flour",
            "could you post a picture?",
            "no idea, but I would like to know too",
        ],
    },
    Topic {
        rooms: &[4, 0],
        openers: &[
            "The night train had a dining car. A real one, with lamps.",
            "My cat has learned to open the fridge.",
            "Today I saw a heron standing on a parked boat.",
            "I have been humming the same three notes since Tuesday.",
            "Is a pancake a flat cake or a wide noodle?",
        ],
        replies: &[
            "this changes everything",
            "which line? I want to go",
            "cats have no business being that clever",
            "herons always look as if they pay the rent",
            "now I am humming it too, thanks {other}",
            "it is a blanket for jam",
            "ha",
            "I have so many questions",
            "{other} is right, as usual",
        ],
    },
    Topic {
        rooms: &[1],
        openers: &[
            "Hello! I found this place through a friend. I bake, badly.",
            "Hi all, new here. I like trains and long walks.",
            "Good evening. I repair clocks, mostly other people's.",
            "Hello from a small town by a large lake.",
        ],
        replies: &[
            "welcome, {other}!",
            "glad you found the door",
            "sit anywhere, the soup is on the left",
            "welcome in",
            "trains! you will fit right in",
        ],
    },
];

/// Said now and then, whatever the talk is about.
pub const ASIDES: &[&str] = &[
    "ha, yes",
    "right?",
    "true",
    "hm, not sure about that",
    "tell me more",
    "wait, really?",
    "I will try that tomorrow",
    "brb, kettle",
    "back",
    "well said",
    "that is the spirit",
    "we should write that down",
];

pub const EMOJI: &[&str] = &["👍", "❤️", "😄", "🔥", "🍲", "🎲"];
