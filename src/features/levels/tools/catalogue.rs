//! The tools that a new house begins with: entries of a catalogue, for bots and pages that go by what a member has
//! unlocked. What they are called, need and bring can be changed later; this list is read once.

/// A tool to begin with; its tier is the one that its level is in.
pub struct Seed {
    pub required_level: u32,
    pub icon: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    /// JSON.
    pub config: &'static str,
}

const fn seed(
    required_level: u32,
    icon: &'static str,
    name: &'static str,
    description: &'static str,
    config: &'static str,
) -> Seed {
    Seed { required_level, icon, name, description, config }
}

/// In the order in which members come by them.
pub const CATALOGUE: [Seed; 20] = [
    seed(1, "💬", "Basic Chat", "Chat with the bot", r#"{"max_messages_per_day":100}"#),
    seed(1, "🎨", "Profile Customization", "Make your profile your own", "{}"),
    seed(1, "🏆", "Leaderboard View", "See who stands where", "{}"),
    seed(5, "🎁", "Daily Rewards", "Something for coming back each day", r#"{"daily_xp":50}"#),
    seed(11, "🎤", "Voice Channels", "Open voice channels of your own", r#"{"max_channels":2}"#),
    seed(11, "😀", "Custom Emojis", "Add emojis of your own", r#"{"max_emojis":5}"#),
    seed(15, "📊", "Poll Creator", "Ask everybody and count the answers", "{}"),
    seed(20, "🎵", "Music Bot", "Queue music in voice channels", r#"{"max_queue":10}"#),
    seed(26, "🤖", "AI Chat Assistant", "Talk with an assistant", r#"{"model":"gpt-3.5-turbo"}"#),
    seed(26, "💻", "Code Helper", "Get help with code", "{}"),
    seed(30, "🌄", "Image Generation", "Have pictures made from words", r#"{"daily_limit":5}"#),
    seed(40, "📈", "Advanced Analytics", "Look closely at activity", "{}"),
    seed(51, "🔧", "Custom Commands", "Write commands of your own", r#"{"max_commands":10}"#),
    seed(51, "🔰", "Auto-Moderation", "Set rules that keep the peace", "{}"),
    seed(60, "🌐", "Web Scraper", "Gather what web pages say", r#"{"max_urls":5}"#),
    seed(70, "📚", "Database Access", "Ask the database questions", "{}"),
    seed(76, "📋", "Admin Dashboard", "See and steer everything in one place", "{}"),
    seed(76, "🔩", "Bot Configuration", "Change how the bot behaves", "{}"),
    seed(80, "🧰", "MCP Tools", "Connect tools by the Model Context Protocol", "{}"),
    seed(90, "🔑", "API Access", "Reach everything by program", r#"{"rate_limit":1000}"#),
];
