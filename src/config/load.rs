//! Reading the configuration and saying where each value came from.

use std::fmt;
use std::path::{Path, PathBuf};

use figment::error::Kind;
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::secrets::{SECRETS, TOKEN_KEY, is_secret};
use super::{Config, lines};

const PREFIX: &str = "INNKEEPER_";
/// Environment variables with the prefix that are no keys.
const NO_KEYS: [&str; 4] = ["LOCAL", "CONFIG", "API_KEY", "URL"];
/// How alike a known key must be to be suggested, from 0 to 1.
const SUGGEST_LIKENESS_MIN: f64 = 0.6;

/// Why the configuration cannot be used: one or more sentences, each naming file, key and what is expected.
#[derive(Debug)]
pub struct ConfigError(Vec<String>);

impl ConfigError {
    pub(super) fn of(sentence: String) -> Self {
        Self(vec![sentence])
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    File(PathBuf),
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => f.write_str(name),
        }
    }
}

/// A configuration with the origin of its values.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
    figment: Figment,
}

/// The environment's variables, as a provider; a list of pairs, so that tests need not change the process.
struct Environment(Vec<(String, String)>);

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment").interpolater(|_: &Profile, keys: &[&str]| variable_of(&keys.join(".")))
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let mut all = Dict::new();
        for (name, text) in &self.0 {
            let Some(key) = key_of(name) else { continue };
            // Numbers, booleans, lists and tables are written as in TOML; everything else is a text. So is a secret in
            // any case, or the complaint about its type would repeat it.
            let as_toml = if is_secret(&key) { None } else { text.parse().ok() };
            let value: Value = as_toml.unwrap_or_else(|| Value::from(text.clone()));
            merge(&mut all, figment::util::nest(&key, value));
        }
        Ok(Profile::Default.collect(all))
    }
}

fn key_of(variable: &str) -> Option<String> {
    if variable == "DISCORD_BOT_TOKEN" {
        return Some(TOKEN_KEY.to_owned());
    }
    let rest = variable.strip_prefix(PREFIX)?;
    let fine = !NO_KEYS.contains(&rest) && !rest.is_empty();
    fine.then(|| rest.to_ascii_lowercase().replace("__", "."))
}

fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase().replace('.', "__"))
}

fn merge(into: &mut Dict, value: Value) {
    let Value::Dict(_, dict) = value else { return };
    for (key, value) in dict {
        match (into.get_mut(&key), value) {
            (Some(Value::Dict(_, known)), value @ Value::Dict(..)) => merge(known, value),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Loads defaults ← file ← environment. Without `file` the usual places are looked at; none is fine.
pub fn load(file: Option<&Path>, environment: Vec<(String, String)>) -> Result<Loaded, ConfigError> {
    let file = match file {
        Some(path) if !path.is_file() => {
            return Err(ConfigError(vec![format!("There is no configuration file {}.", path.display())]));
        }
        Some(path) => Some(path.to_owned()),
        None => usual_places(&environment).into_iter().find(|path| path.is_file()),
    };
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    if let Some(path) = &file {
        let toml = Toml::file_exact(path);
        let read = Figment::from(&toml);
        if let Some((key, instead)) = SECRETS.iter().find(|(key, _)| read.find_value(key).is_ok()) {
            let words = format!("{key} does not belong into a file that is shown and copied: {instead}.");
            return Err(ConfigError::of(format!("{}: {words}", path.display())));
        }
        figment = figment.merge(toml);
    }
    figment = figment.merge(Environment(environment));
    let mut config: Config = figment.extract().map_err(|error| ConfigError(explain(error)))?;
    let loaded = |config| Loaded { config, file: file.clone(), figment: figment.clone() };
    let mut mistakes: Vec<_> = config.mistakes().into_iter().map(|(key, words)| (key.to_owned(), words)).collect();
    mistakes.extend(config.mistakes_in_lists());
    if !mistakes.is_empty() {
        return Err(loaded(config).refuse(mistakes));
    }
    config.settle();
    let folder = file.as_deref().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
    if config.store.path.is_relative() {
        config.store.path = folder.join(&config.store.path);
    }
    for file in [&mut config.discord.token_file, &mut config.oauth.client_secret_file] {
        if !file.is_empty() && Path::new(file.as_str()).is_relative() {
            *file = folder.join(file.as_str()).to_string_lossy().into_owned();
        }
    }
    Ok(loaded(config))
}

/// Defaults ← environment, of which these variables alone are looked at.
///
/// # Errors
/// A value is not what its key takes.
pub fn load_only(variables: &[&str], mut environment: Vec<(String, String)>) -> Result<Config, ConfigError> {
    environment.retain(|(name, _)| variables.contains(&name.as_str()));
    let figment = Figment::from(Serialized::defaults(Config::default())).merge(Environment(environment));
    figment.extract().map_err(|error| ConfigError(explain(error)))
}

fn usual_places(environment: &[(String, String)]) -> Vec<PathBuf> {
    let variable = |name: &str| environment.iter().find(|(key, value)| key == name && !value.is_empty());
    let xdg = variable("XDG_CONFIG_HOME").map(|(_, folder)| PathBuf::from(folder));
    let home = || variable("HOME").map(|(_, folder)| Path::new(folder).join(".config"));
    let mut places = vec![PathBuf::from("innkeeper.toml")];
    places.extend(xdg.or_else(home).map(|folder| folder.join("innkeeper/innkeeper.toml")));
    places.push(PathBuf::from("/etc/innkeeper/innkeeper.toml"));
    places
}

fn explain(errors: figment::Error) -> Vec<String> {
    errors.into_iter().map(|error| explain_one(&error)).collect()
}

/// Where in a file a key stands, as far as that can be told: `, line 7`.
fn line_of(file: &Path, key: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    lines::find(&text, key).map_or(String::new(), |line| format!(", line {line}"))
}

fn explain_one(error: &figment::Error) -> String {
    let path = error.path.join(".");
    let place = |key: &str| match &error.metadata {
        Some(metadata) => match metadata.source.as_ref().and_then(|source| source.file_path()) {
            Some(path) if key.is_empty() => format!("{}: ", path.display()),
            Some(path) => format!("{}{}: ", path.display(), line_of(path, key)),
            None => format!("{}: ", metadata.name),
        },
        None => String::new(),
    };
    match &error.kind {
        Kind::UnknownField(field, known) => {
            // The path ends before the unknown key or at it, depending on who noticed.
            let parent = path.strip_suffix(field.as_str()).unwrap_or(&path).trim_end_matches('.');
            let full = |key: &str| if parent.is_empty() { key.to_owned() } else { format!("{parent}.{key}") };
            let nearest = known.iter().map(|known| (strsim::jaro_winkler(known, field), *known));
            let nearest = nearest.filter(|(likeness, _)| *likeness >= SUGGEST_LIKENESS_MIN);
            let nearest = nearest.max_by(|a, b| a.0.total_cmp(&b.0));
            let hint = match nearest {
                Some((_, known)) => format!("did you mean {}?", full(known)),
                None => format!("known here: {}.", known.join(", ")),
            };
            let key = full(field);
            format!("{}there is no key {key}; {hint}", place(&key))
        }
        kind if path.is_empty() => format!("{}{}", place(""), without_excerpt(&kind.to_string())),
        kind => format!("{}{path}: {kind}.", place(&path)),
    }
}

/// A complaint about TOML without the lines that it repeats: one of them may hold a token without its quotes.
fn without_excerpt(words: &str) -> String {
    let is_excerpt = |line: &str| line.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit()).starts_with('|');
    let kept = words.lines().map(str::trim_end).filter(|line| !line.is_empty() && !is_excerpt(line));
    kept.collect::<Vec<_>>().join(": ")
}

impl Loaded {
    /// Where the value of this key came from.
    pub fn origin(&self, key: &str) -> Origin {
        let Some(metadata) = self.figment.find_metadata(key) else { return Origin::Default };
        match metadata.source.as_ref().and_then(|source| source.file_path()) {
            Some(path) => Origin::File(path.to_owned()),
            None if metadata.name == "environment" && key == TOKEN_KEY => {
                Origin::Environment("the environment".to_owned())
            }
            None if metadata.name == "environment" => Origin::Environment(variable_of(key)),
            None => Origin::Default,
        }
    }

    /// Why it cannot be used: each mistake is a key and a sentence.
    pub fn refuse(&self, mistakes: Vec<(String, String)>) -> ConfigError {
        let sentence = |(key, words): (String, String)| {
            // What came from a list came from where the list did.
            let list = key.split('.').take_while(|part| part.parse::<usize>().is_err()).collect::<Vec<_>>().join(".");
            let origin = self.origin(&list);
            let line = if let Origin::File(path) = &origin { line_of(path, &key) } else { String::new() };
            format!("{origin}{line}: {key} {words}.")
        };
        ConfigError(mistakes.into_iter().map(sentence).collect())
    }

    /// Every key with its value as TOML would write it, and its origin. Secrets are `***`.
    pub fn list(&self) -> Vec<(String, String, Origin)> {
        let with_origin = |(key, value): (String, String)| {
            let origin = self.origin(&key);
            (key, value, origin)
        };
        self.config.values().into_iter().map(with_origin).collect()
    }
}

impl Config {
    /// Every key with its value as TOML would write it. Secrets are `***`.
    pub(super) fn values(&self) -> Vec<(String, String)> {
        let mut rows = Vec::new();
        if let Ok(Value::Dict(_, dict)) = Value::serialize(self) {
            for (key, value) in &dict {
                list_into(&mut rows, key.clone(), value);
            }
        }
        rows
    }
}

fn list_into(rows: &mut Vec<(String, String)>, key: String, value: &Value) {
    match value {
        Value::Dict(_, dict) => {
            for (name, value) in dict {
                list_into(rows, format!("{key}.{name}"), value);
            }
        }
        value => rows.push((key, serde_json::to_string(value).unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::SignIn;
    use super::*;

    fn with(toml: &str, environment: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
        let folder =
            std::env::temp_dir().join(format!("innkeeper-config-{}-{}", std::process::id(), fastrand::u64(..)));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("innkeeper.toml");
        std::fs::write(&file, toml).unwrap();
        let environment = environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let loaded = load(Some(&file), environment);
        std::fs::remove_dir_all(&folder).unwrap();
        loaded
    }

    fn refusal(toml: &str, environment: &[(&str, &str)]) -> String {
        with(toml, environment).map(|loaded| loaded.config).unwrap_err().to_string()
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let toml = "[levels]\nmessage_xp = 20\nmessage_cooldown_seconds = 30";
        let loaded = with(toml, &[("INNKEEPER_LEVELS__MESSAGE_XP", "25"), ("PATH", "x")]).unwrap();
        assert_eq!(loaded.config.levels.message_xp, 25.into());
        assert_eq!(loaded.config.levels.message_cooldown_seconds, 30);
        assert_eq!(loaded.config.store.batch_rows, 20);
        assert_eq!(loaded.origin("levels.message_xp"), Origin::Environment("INNKEEPER_LEVELS__MESSAGE_XP".to_owned()));
        assert!(matches!(loaded.origin("levels.message_cooldown_seconds"), Origin::File(_)));
        assert_eq!(loaded.origin("store.batch_rows"), Origin::Default);
    }

    #[test]
    fn of_the_environment_only_what_is_named_is_looked_at() {
        let environment = |pairs: &[(&str, &str)]| -> Vec<_> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let pairs =
            [("INNKEEPER_HTTP__READS_PER_SECOND", "9"), ("INNKEEPER_STORE__PATH", "mine.db"), ("INNKEEPER_X", "1")];
        let config = load_only(&["INNKEEPER_HTTP__READS_PER_SECOND"], environment(&pairs)).unwrap();
        assert_eq!((config.http.reads_per_second.get(), &config.store.path), (9, &Config::default().store.path));
        let pairs = [("INNKEEPER_HTTP__READS_PER_SECOND", "0")];
        assert!(load_only(&["INNKEEPER_HTTP__READS_PER_SECOND"], environment(&pairs)).is_err());
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        let words = refusal("[levels]\nmesage_xp = 3", &[]);
        assert!(words.contains("no key levels.mesage_xp; did you mean levels.message_xp?"), "{words}");
        let words = refusal("[levls]\nx = 3", &[]);
        assert!(words.contains("no key levls; did you mean levels?"), "{words}");
        let words = refusal("", &[("INNKEEPER_STORE__PAHT", "x")]);
        assert!(words.contains("did you mean store.path?"), "{words}");
    }

    #[test]
    fn a_mistake_is_told_with_file_and_line() {
        for toml in ["[levels]\n\nmessage_xp = -3", "[levels]\n\nmesage_xp = 3", "[levels]\n\nmessage_xp = \"x\""] {
            assert!(refusal(toml, &[]).contains("innkeeper.toml, line 3: "), "{toml}: {}", refusal(toml, &[]));
        }
        let words = refusal("[levels]\n[[levels.role]]\nlevel = 2\nrole = \"7\"\n[[levels.role]]\nlevel = \"x\"", &[]);
        assert!(words.contains("innkeeper.toml, line 6: levels.role.1.level"), "{words}");
        let words = refusal("[levels]\n[[levels.role]]\nlevel = 2", &[]);
        assert!(words.contains("innkeeper.toml, line 2: "), "{words}");
    }

    #[test]
    fn values_of_the_wrong_type_or_size_are_named() {
        let words = refusal("[levels]\nmessage_xp = \"many\"", &[]);
        assert!(words.contains("levels.message_xp") && words.contains("innkeeper.toml"), "{words}");
        let words = refusal("[levels]\nmessage_xp = -3", &[]);
        assert!(words.contains("levels.message_xp must be between 0"), "{words}");
        let words = refusal("[levels]\nannounce = \"loud\"", &[]);
        assert!(words.contains("\"off\", \"channel\", \"dm\" or a channel's id"), "{words}");
        let twice = "[[levels.role]]\nlevel = 2\nrole = \"7\"\n[[levels.role]]\nlevel = 5\nrole = \"7\"";
        assert!(refusal(twice, &[]).contains("levels.role names the same role twice"));
        let words = refusal("[http]\nlisten = \"8080\"", &[]);
        assert!(words.contains("http.listen must be an address and port"), "{words}");
        let words = refusal("[levels\n", &[]);
        assert!(words.contains("innkeeper.toml") || words.contains("line 1"), "{words}");
    }

    #[test]
    fn curves_are_named_or_made_and_refused_with_the_level_where_they_fall() {
        let loaded = with("[levels]\ncurve = \"mee6\"\nmax_level = 50", &[]).unwrap();
        let curve = &loaded.config.levels.curve;
        assert_eq!((curve.total(10), curve.highest_level()), (4_675, 50));
        let loaded = with("[levels.curve]\nlinear = 70", &[("INNKEEPER_LEVELS__CURVE__LINEAR", "90")]).unwrap();
        assert_eq!(loaded.config.levels.curve.total(10), 900);
        assert!(loaded.list().iter().any(|(key, value, _)| key == "levels.curve.linear" && value == "90"));
        let words = refusal("[levels]\ncurve = \"mee7\"", &[]);
        assert!(words.contains("levels.curve: there is no curve \"mee7\"; known: hub, mee6"), "{words}");
        let words = refusal("[levels]\ncurve = { quadratic = -1, linear = 100 }", &[]);
        assert!(words.contains("levels.curve: the curve does not rise: level 51 "), "{words}");
        let words = refusal("[levels.curve]\ncubik = 1", &[]);
        assert!(words.contains("no key levels.curve.cubik; did you mean levels.curve.cubic?"), "{words}");
        assert!(refusal("[levels]\nmax_level = 1001", &[]).contains("levels.max_level must be between 1 and 1000"));
    }

    #[test]
    fn settings_of_levels_are_read_and_refused_in_words() {
        let toml = "[discord]\ntimezone = \"Europe/Berlin\"\n[levels]\nmessage_xp = [15, 25]\nrole_mode = \"highest\"\n\
            ignored_channels = [\"7\"]\n[levels.multipliers]\nroles = { \"8\" = 1.5, \"9\" = 0 }\n\
            [[levels.tier]]\nname = \"New\"\nfrom = 1\n[[levels.tier]]\nname = \"Old\"\nfrom = 5";
        let loaded = with(toml, &[("INNKEEPER_LEVELS__VOICE__COUNT_AFK", "true")]).unwrap();
        let levels = &loaded.config.levels;
        assert_eq!((levels.message_xp.low, levels.message_xp.high, levels.voice.count_afk), (15, 25, true));
        assert_eq!(levels.multipliers.roles.values().map(|m| m.thousandths()).collect::<Vec<_>>(), [1_500, 0]);
        assert_eq!([0, 1, 4, 5, 99].map(|level| levels.tier_of(level)), ["New", "New", "New", "Old", "Old"]);
        assert_eq!(loaded.config.discord.timezone.name(), "Europe/Berlin");
        let refusals = [
            ("message_xp = [25, 15]", "levels.message_xp: the first number of a range is the smaller one"),
            ("message_xp = [1, 100001]", "levels.message_xp must be between 0 and 100000"),
            ("daily_bonus = -1", "levels.daily_bonus must be between 0 and 100000"),
            ("streak_cap = 0", "levels.streak_cap must be between 1 and 1000"),
            ("message = \"{user}!\"", "levels.message: there is no placeholder {user}; known: {member} {level} {tier}"),
            ("[levels.multipliers]\nroles = { \"8\" = nan }", "multiplier is a number from 0 to 100, not NaN"),
            ("[levels.multipliers]\nchannels = { \"8\" = -1 }", "multiplier is a number from 0 to 100, not -1"),
            ("[levels.multipliers]\nchannels = { \"x\" = 1 }", "an id is a whole number"),
            ("tier = []", "levels.tier has to name between 1 and 20 tiers"),
            ("tier = [{ name = \"A\", from = 2 }]", "levels.tier begins at level 2"),
            ("tier = [{ name = \"A\", from = 1 }, { name = \"B\", from = 1 }]", "\"B\" after \"A\", but not from a"),
            ("tier = [{ name = \" \", from = 1 }]", "levels.tier needs names of 1 to 32 characters"),
            (
                "tier = [{ name = \"A\", from = 1, colour = \"red\" }]",
                "a colour is written as \"#2ecc71\", not \"red\"",
            ),
            ("max_level = 9\nrole = [{ level = 10, role = \"7\" }]", "names level 10, but levels.max_level is 9"),
            ("role_mode = \"all\"", "levels.role_mode"),
        ];
        for (toml, expected) in refusals {
            let words = refusal(&format!("[levels]\n{toml}"), &[]);
            assert!(words.contains(expected), "{toml}: {words}");
        }
        let words = refusal("[discord]\ntimezone = \"Europe/Berln\"", &[]);
        assert!(words.contains("discord.timezone: there is no such time zone; did you mean \"Europe/Berlin\"?"));
    }

    #[test]
    fn kudos_are_read_and_nonsense_is_refused() {
        let toml = "[kudos]\nthanks = true\nthanks_words = [\"Danke\", \"vielen Dank\"]\ncooldown_seconds = 0";
        let kudos = with(toml, &[("INNKEEPER_KUDOS__DAILY_AMOUNT", "20")]).unwrap().config.kudos;
        assert!(kudos.enabled && kudos.thanks && kudos.thanks_words.len() == 2);
        assert_eq!((kudos.cooldown_seconds, kudos.daily_amount), (0, 20));
        let refusals = [
            ("daily_amount = 0", "kudos.daily_amount must be between 1 and 10000"),
            ("amount_max = 101", "kudos.amount_max must be between 1 and 100"),
            ("back_seconds = 9999999", "kudos.back_seconds must be between 0 and 2592000"),
            ("account_age_days = -1", "kudos.account_age_days"),
            ("thanks_words = [\"thanks\", \"!!\"]", "kudos.thanks_words has \"!!\"; a word has a letter"),
            ("thanks = true\nthanks_words = []", "kudos.thanks_words is empty"),
            ("thank = true", "no key kudos.thank; did you mean kudos.thanks?"),
        ];
        for (toml, expected) in refusals {
            let words = refusal(&format!("[kudos]\n{toml}"), &[]);
            assert!(words.contains(expected), "{toml}: {words}");
        }
    }

    #[test]
    fn a_greeting_is_read_and_nonsense_is_refused() {
        let toml = "[welcome]\nenabled = true\nmessages = [\"Hi {name}\", \"Hello {member}\"]\nautorole = [\"7\"]";
        let welcome = with(toml, &[]).unwrap().config.welcome;
        assert_eq!((welcome.enabled, welcome.messages.len(), welcome.autorole.len()), (true, 2, 1));
        let long = format!("messages = [\"{}\"]", "x".repeat(1_001));
        let refusals = [
            (
                "messages = [\"Hi {nmae}\"]",
                "no placeholder {nmae}; known: {member} {name} {guild} {count}; did you mean",
            ),
            ("messages = []", "welcome.messages has to hold between 1 and 50 texts"),
            (long.as_str(), "the text has more than 1000 characters"),
            ("autorole = [\"7\", \"7\"]", "welcome.autorole names the same role twice"),
            ("chanel = \"7\"", "no key welcome.chanel; did you mean welcome.channel?"),
        ];
        for (toml, expected) in refusals {
            let words = refusal(&format!("[welcome]\n{toml}"), &[]);
            assert!(words.contains(expected), "{toml}: {words}");
        }
    }

    #[test]
    fn a_roster_is_read_and_nonsense_is_refused() {
        let toml = "[roster]\nsync_seconds = 600\n[[roster.role]]\nrole = \"7\"\nrank = \"Moderator\"\npriority = 90\n\
            colour = \"#2ecc71\"\n[[roster.role]]\nrole = \"\"\nrank = \"Helper\"\npriority = 200";
        let roster = with(toml, &[]).unwrap().config.roster;
        assert!(roster.enabled && roster.sync_seconds == 600 && roster.has_roles());
        assert_eq!(roster.rank("MODERATOR").unwrap().role, Some("7".parse().unwrap()));
        assert_eq!((roster.rank("helper").unwrap().role, roster.rank("elder")), (None, None));
        let role = |role: &str, rank: &str, priority: u16| {
            format!("[[roster.role]]\nrole = \"{role}\"\nrank = \"{rank}\"\npriority = {priority}\n")
        };
        let refusals = [
            ("[roster]\nsync_seconds = 30".to_owned(), "roster.sync_seconds must be between 60 and 86400"),
            (role("7", " ", 1), "roster.role needs ranks of 1 to 40 characters"),
            (role("7", "A", 1_000), "roster.role has a priority above 999"),
            (role("7", "A", 1) + &role("7", "B", 2), "roster.role names the same role twice"),
            (role("7", "A", 1) + &role("8", "a", 2), "roster.role names the rank \"a\" twice"),
            ("[roster]\nsync = 5".to_owned(), "no key roster.sync; did you mean roster.sync_seconds?"),
        ];
        for (toml, expected) in refusals {
            let words = refusal(&toml, &[]);
            assert!(words.contains(expected), "{toml}: {words}");
        }
    }

    #[test]
    fn ids_may_be_numbers_in_the_environment() {
        let loaded = with("", &[("INNKEEPER_LEVELS__ANNOUNCE", "123456789012345678")]).unwrap();
        assert_eq!(loaded.config.levels.announce, super::super::Announce::In("123456789012345678".parse().unwrap()));
        let loaded = with("", &[("INNKEEPER_DISCORD__GUILDS", "[123456789012345678]")]).unwrap();
        assert_eq!(loaded.config.discord.guilds.len(), 1);
    }

    #[test]
    fn the_token_stays_out_of_the_file_and_out_of_sight() {
        let words = refusal("[discord]\ntoken = \"abc.def\"", &[]);
        assert!(words.contains("token_file") && !words.contains("abc.def"), "{words}");
        let words = refusal("[discord]\ntoken = abc.def", &[]);
        assert!(words.contains("line 2") && words.contains("innkeeper.toml") && !words.contains("abc"), "{words}");
        let loaded = with("", &[("DISCORD_BOT_TOKEN", "8675309")]).unwrap();
        assert_eq!(loaded.token().unwrap().unwrap().reveal(), "8675309");
        let loaded = with("", &[("DISCORD_BOT_TOKEN", "Bot abc.def\n")]).unwrap();
        assert_eq!(loaded.token().unwrap().unwrap().reveal(), "abc.def");
        assert!(!format!("{:?}", loaded.config).contains("abc"));
        assert!(loaded.list().iter().any(|(key, value, _)| key == "discord.token" && value == "\"***\""));
        assert!(with("", &[("DISCORD_BOT_TOKEN", "two words")]).unwrap().token().is_err());
        let words = refusal("[discord]\ntoken_file = \"t\"", &[("INNKEEPER_DISCORD__TOKEN", "x")]);
        assert!(words.contains("never both"), "{words}");
    }

    #[test]
    fn the_client_secret_stays_out_of_the_file_and_out_of_sight() {
        let words = refusal("[oauth]\nclient_secret = \"abc\"", &[]);
        assert!(words.contains("oauth.client_secret_file") && !words.contains("abc"), "{words}");
        let secret = ("INNKEEPER_OAUTH__CLIENT_SECRET", "8675309");
        let words = refusal("[oauth]\nclient_secret_file = \"t\"", &[secret]);
        assert!(words.contains("never both") && !words.contains("8675309"), "{words}");
        let url = ("INNKEEPER_HTTP__PUBLIC_URL", "https://inn.example/");
        let loaded = with("[oauth]\nclient_id = \"7\"", &[secret, url]).unwrap();
        let SignIn::On(client) = loaded.sign_in() else { panic!("{:?}", loaded.sign_in()) };
        assert_eq!((client.secret.reveal(), client.public_url.as_str()), ("8675309", "https://inn.example"));
        assert!(!format!("{client:?}{:?}{:?}", loaded.config, loaded.list()).contains("8675309"));
    }

    #[test]
    fn what_is_missing_for_signing_in_is_named() {
        let (id, secret) = (("INNKEEPER_OAUTH__CLIENT_ID", "7"), ("INNKEEPER_OAUTH__CLIENT_SECRET", "abc"));
        let file = ("INNKEEPER_OAUTH__CLIENT_SECRET_FILE", "missing.secret");
        let url = ("INNKEEPER_HTTP__PUBLIC_URL", "inn.example");
        for (environment, expected) in [
            (&[][..], None),
            (&[url], None),
            (&[id], Some("oauth.client_id is set, but no client secret.")),
            (&[secret, url], Some("oauth has a client secret, but no client_id.")),
            (&[id, secret], Some("oauth is set, but http.public_url is not.")),
            (&[id, secret, url], Some("http.public_url is no address of a web site: \"inn.example\".")),
            (&[id, file], Some("Cannot read the client secret from oauth.client_secret_file ")),
        ] {
            let found = match with("", environment).unwrap().sign_in() {
                SignIn::Half { detail, .. } => Some(detail),
                other => (other != SignIn::Off).then(|| format!("{other:?}")),
            };
            let fits = found
                .as_deref()
                .zip(expected)
                .map_or(found.is_none() && expected.is_none(), |(found, expected)| found.starts_with(expected));
            assert!(fits, "{environment:?}: {found:?}");
        }
    }

    #[test]
    fn relative_paths_begin_at_the_file() {
        let loaded = with("[store]\npath = \"data/x.db\"", &[]).unwrap();
        assert!(loaded.config.store.path.is_absolute());
        assert!(loaded.config.store.path.ends_with("data/x.db"));
    }
}
