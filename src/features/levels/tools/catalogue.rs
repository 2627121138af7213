//! The tools that a new house begins with: entries of a catalogue, for bots and pages that go by what a member has
//! unlocked. What they are called, need and bring can be changed later; this list is read once.

/// A tool to begin with.
pub struct Seed {
    pub tier: &'static str,
    pub required_level: u32,
    pub icon: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    /// JSON.
    pub config: &'static str,
}

const fn seed(
    tier: &'static str,
    required_level: u32,
    icon: &'static str,
    name: &'static str,
    description: &'static str,
    config: &'static str,
) -> Seed {
    Seed { tier, required_level, icon, name, description, config }
}

/// In the order in which members come by them.
pub const CATALOGUE: [Seed; 20] = [
    seed("Basic", 1, "💬", "Basic Chat", "Chat with the bot", r#"{"max_messages_per_day":100}"#),
    seed("Basic", 1, "🎨", "Profile Customization", "Make your profile your own", "{}"),
    seed("Basic", 1, "🏆", "Leaderboard View", "See who stands where", "{}"),
    seed("Basic", 5, "🎁", "Daily Rewards", "Something for coming back each day", r#"{"daily_xp":50}"#),
    seed("Member", 11, "🎤", "Voice Channels", "Open voice channels of your own", r#"{"max_channels":2}"#),
    seed("Member", 11, "😀", "Custom Emojis", "Add emojis of your own", r#"{"max_emojis":5}"#),
    seed("Member", 15, "📊", "Poll Creator", "Ask everybody and count the answers", "{}"),
    seed("Member", 20, "🎵", "Music Bot", "Queue music in voice channels", r#"{"max_queue":10}"#),
    seed("Advanced", 26, "🤖", "AI Chat Assistant", "Talk with an assistant", r#"{"model":"gpt-3.5-turbo"}"#),
    seed("Advanced", 26, "💻", "Code Helper", "Get help with code", "{}"),
    seed("Advanced", 30, "🌄", "Image Generation", "Have pictures made from words", r#"{"daily_limit":5}"#),
    seed("Advanced", 40, "📈", "Advanced Analytics", "Look closely at activity", "{}"),
    seed("Elite", 51, "🔧", "Custom Commands", "Write commands of your own", r#"{"max_commands":10}"#),
    seed("Elite", 51, "🔰", "Auto-Moderation", "Set rules that keep the peace", "{}"),
    seed("Elite", 60, "🌐", "Web Scraper", "Gather what web pages say", r#"{"max_urls":5}"#),
    seed("Elite", 70, "📚", "Database Access", "Ask the database questions", "{}"),
    seed("Master", 76, "📋", "Admin Dashboard", "See and steer everything in one place", "{}"),
    seed("Master", 76, "🔩", "Bot Configuration", "Change how the bot behaves", "{}"),
    seed("Master", 80, "🧰", "MCP Tools", "Connect tools by the Model Context Protocol", "{}"),
    seed("Master", 90, "🔑", "API Access", "Reach everything by program", r#"{"rate_limit":1000}"#),
];
