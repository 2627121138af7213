//! Who comes in through the main door: programs with a key, and people who signed in. What a key may do is said in
//! [`Scope`]s; what a person may do, their permissions in the guild say.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

use super::{GuildId, Permissions, Refusal, Secret, Timestamp, UserId};

/// How long a link signs somebody in.
pub const LINK_LIFE: Duration = Duration::from_secs(10 * 60);
/// A browser that is not seen for this long is signed out.
pub const SESSION_IDLE: Duration = Duration::from_secs(7 * 86_400);
/// A browser is signed out after this long, seen or not.
pub const SESSION_LIFE: Duration = Duration::from_secs(30 * 86_400);
/// How long a bearer token is good for.
pub const TOKEN_LIFE: Duration = Duration::from_secs(3_600);
/// How long a refresh token gets new ones.
pub const REFRESH_LIFE: Duration = Duration::from_secs(7 * 86_400);

/// The number of the key of local development; those that are kept begin at 1.
pub const LOCAL_ID: i64 = 0;
const LOCAL_NAME: &str = "local development";
const KEY_HEAD: &str = "ink_";
const TOKEN_HEAD: &str = "inkt_";
const REFRESH_HEAD: &str = "inkr_";
const HOOK_HEAD: &str = "inkw_";
/// Enough that no two are the same.
const NAME_AFTER_BYTES: usize = 16;
/// Characters of a key by which its owner recognises it.
const PREFIX_CHARS: usize = 10;
const NAME_CHARS_MAX: usize = 40;
const RANDOM_BYTES: usize = 32;

/// What a key may do. None contains another, but that all of them read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// See what members see, and the records that everybody in a guild may see.
    Read,
    /// Change what a member may change.
    Write,
    /// See and keep moderators' records, and act on members.
    Moderate,
    /// Take part in the bridged channel.
    Chat,
    /// Everything that Manage Server allows.
    Admin,
    /// Act as a member that the request names.
    Impersonate,
}

impl Scope {
    pub const ALL: [Self; 6] = [Self::Read, Self::Write, Self::Moderate, Self::Chat, Self::Admin, Self::Impersonate];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Moderate => "moderate",
            Self::Chat => "chat",
            Self::Admin => "admin",
            Self::Impersonate => "impersonate",
        }
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }

    /// What commands let a key with these scopes do.
    pub fn permissions(self) -> Permissions {
        let mut held = Permissions::NONE;
        if self.contains(Scope::Moderate) {
            held |= Permissions::MODERATE_MEMBERS
                | Permissions::KICK_MEMBERS
                | Permissions::BAN_MEMBERS
                | Permissions::MANAGE_MESSAGES
                | Permissions::MANAGE_ROLES
                | Permissions::MANAGE_CHANNELS;
        }
        if self.contains(Scope::Admin) {
            held |= Permissions::MANAGE_GUILD;
        }
        held
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | 1 << scope as u8))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().map(Scope::word).collect::<Vec<_>>().join(" "))
    }
}

impl FromStr for Scopes {
    type Err = Refusal;

    /// Words with spaces or commas between them, at least one.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let words = text.split([' ', ',']).filter(|word| !word.is_empty());
        let scope = |word: &str| Scope::ALL.into_iter().find(|scope| scope.word().eq_ignore_ascii_case(word));
        let scopes = words.map(scope).collect::<Option<Self>>().filter(|scopes| *scopes != Self::default());
        let known = || Scope::ALL.map(Scope::word).join(", ");
        scopes.ok_or_else(|| Refusal::new(format!("A key has one or more of these scopes: {}.", known())))
    }
}

/// A key as it is kept: not the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub id: i64,
    pub name: String,
    /// Its first characters.
    pub prefix: String,
    pub scopes: Scopes,
    /// The only guild that it is for; none: all.
    pub guild: Option<GuildId>,
    pub created_at: Timestamp,
    pub created_by: Option<UserId>,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
}

impl ApiKey {
    /// What stands for the key of local development, which is kept nowhere: it may do everything, everywhere.
    pub fn local(now: Timestamp) -> Self {
        Self {
            id: LOCAL_ID,
            name: LOCAL_NAME.to_owned(),
            prefix: String::new(),
            scopes: Scope::ALL.into_iter().collect(),
            guild: None,
            created_at: now,
            created_by: None,
            expires_at: None,
            last_used_at: None,
        }
    }

    /// Whether it stands for the key of local development.
    pub fn is_local(&self) -> bool {
        self.id == LOCAL_ID
    }

    /// As who it acts, in the ledger and in cases.
    pub fn actor_name(&self) -> String {
        if self.is_local() { self.name.clone() } else { format!("key {}", self.name) }
    }

    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it is for this guild.
    pub fn is_for(&self, guild: GuildId) -> bool {
        self.guild.is_none_or(|only| only == guild)
    }
}

/// A browser that is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSession {
    pub guild: GuildId,
    pub user: UserId,
    pub name: String,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
}

impl WebSession {
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now.since(self.seen_at) < SESSION_IDLE && now.since(self.created_at) < SESSION_LIFE
    }
}

/// A name for a key, or what is wrong with it.
pub fn key_name(text: &str) -> Result<String, Refusal> {
    let name = text.trim();
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(fine) {
        let words = format!("A key's name has 1 to {NAME_CHARS_MAX} letters, digits, dots, dashes or underscores.");
        return Err(Refusal::new(words));
    }
    Ok(name.to_owned())
}

/// A new key.
pub fn new_key() -> Secret {
    Secret::new(format!("{KEY_HEAD}{}", hex(&random())))
}

/// What is secret in a link or a cookie: 256 random bits.
pub fn new_pass() -> Secret {
    Secret::new(hex(&random()))
}

/// What tokens are to be signed with.
pub fn new_signing_secret() -> Vec<u8> {
    random().to_vec()
}

/// What deliveries to a new hook are to be signed with.
pub fn new_hook_secret() -> Secret {
    Secret::new(format!("{HOOK_HEAD}{}", hex(&random())))
}

/// HMAC-SHA256 of a text under a secret that the other side has, too; as hexadecimal digits.
pub fn signature_of(secret: &Secret, text: &str) -> String {
    hex(hmac::sign(&signer(secret.reveal().as_bytes()), text.as_bytes()).as_ref())
}

/// A short name that follows from a text.
pub fn name_after(text: &str) -> String {
    hex(&hash_of(text)[..NAME_AFTER_BYTES])
}

/// The first characters of a key.
pub fn prefix_of(key: &Secret) -> String {
    key.reveal().chars().take(PREFIX_CHARS).collect()
}

/// What is kept of a key, link or cookie instead of itself. They are random, so there is nothing to guess, and whoever
/// finds one by its hash learns nothing from how long that took.
pub fn hash_of(secret: &str) -> Vec<u8> {
    digest(&SHA256, secret.as_bytes()).as_ref().to_vec()
}

/// A bearer token of a key: its number and the token's end, signed.
pub fn sign_token(signing: &[u8], key: i64, expires_at: Timestamp) -> Secret {
    sign((signing, key, expires_at), TOKEN_HEAD, "")
}

/// The number of the key whose token this is, if it was signed here and is not over.
pub fn read_token(signing: &[u8], token: &str, now: Timestamp) -> Option<i64> {
    read_signed(signing, token.strip_prefix(TOKEN_HEAD)?, "", now)
}

/// A token that gets new ones of a key, and opens nothing itself. What it is for is signed too, so that no other head
/// makes a bearer token of it.
pub fn sign_refresh(signing: &[u8], key: i64, expires_at: Timestamp) -> Secret {
    sign((signing, key, expires_at), REFRESH_HEAD, REFRESH_HEAD)
}

/// The number of the key whose refresh token this is, if it was signed here and is not over.
pub fn read_refresh(signing: &[u8], token: &str, now: Timestamp) -> Option<i64> {
    read_signed(signing, token.strip_prefix(REFRESH_HEAD)?, REFRESH_HEAD, now)
}

/// What [`read_signed`] reads, behind its head.
fn sign((signing, key, expires_at): (&[u8], i64, Timestamp), head: &str, purpose: &str) -> Secret {
    let body = format!("{key}.{}", expires_at.seconds());
    let signature = hmac::sign(&signer(signing), format!("{purpose}{body}").as_bytes());
    Secret::new(format!("{head}{body}.{}", hex(signature.as_ref())))
}

/// The number in what follows a token's head. `purpose` was signed before it.
fn read_signed(signing: &[u8], rest: &str, purpose: &str, now: Timestamp) -> Option<i64> {
    let (body, signature) = rest.rsplit_once('.')?;
    hmac::verify(&signer(signing), format!("{purpose}{body}").as_bytes(), &unhex(signature)?).ok()?;
    let (key, seconds) = body.split_once('.')?;
    (now.seconds() < seconds.parse().ok()?).then(|| key.parse().ok()).flatten()
}

/// Whether a text looks like a token rather than a key.
pub fn is_token(text: &str) -> bool {
    text.starts_with(TOKEN_HEAD)
}

/// What a form has to bring along, so that no other page can send it for somebody: it follows from the cookie.
pub fn form_word(cookie: &str) -> String {
    hex(hmac::sign(&signer(cookie.as_bytes()), b"form").as_ref())
}

/// Whether a form brought the right word; takes as long for every wrong one.
pub fn is_form_word(cookie: &str, word: &str) -> bool {
    unhex(word).is_some_and(|word| hmac::verify(&signer(cookie.as_bytes()), b"form", &word).is_ok())
}

fn signer(secret: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret)
}

fn random() -> [u8; RANDOM_BYTES] {
    let mut bytes = [0; RANDOM_BYTES];
    // The system's source fails only where there is no system to speak of, and then nothing secret can be made.
    #[allow(clippy::expect_used, reason = "a guessable key would be worse than none")]
    SystemRandom::new().fill(&mut bytes).expect("the system has random numbers");
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let value = |digit: u8| char::from(digit).to_digit(16);
    let byte = |pair: &[u8]| Some((value(pair[0])? << 4 | value(*pair.get(1)?)?) as u8);
    digits.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

    #[test]
    fn scopes_are_words_and_an_unknown_one_is_refused_with_the_known_ones() {
        let scopes: Scopes = "moderate, READ".parse().unwrap();
        assert_eq!(scopes.to_string(), "read moderate");
        assert!(scopes.contains(Scope::Read) && !scopes.contains(Scope::Admin));
        for wrong in ["", " ,", "root", "read root"] {
            assert!(wrong.parse::<Scopes>().unwrap_err().to_string().contains("impersonate"), "{wrong}");
        }
    }

    #[test]
    fn what_a_key_may_do_is_what_its_scopes_say() {
        let held = |text: &str| text.parse::<Scopes>().unwrap().permissions();
        assert_eq!(held("read write chat impersonate"), Permissions::NONE);
        assert!(held("moderate").contains(Permissions::BAN_MEMBERS));
        assert!(!held("moderate").overlaps(Permissions::MANAGE_GUILD));
        assert!(!held("admin").overlaps(Permissions::ADMINISTRATOR | Permissions::BAN_MEMBERS));
    }

    #[test]
    fn a_token_is_good_for_its_time_and_as_it_was_signed() {
        let signing = new_signing_secret();
        let token = sign_token(&signing, 7, NOW.plus(TOKEN_LIFE));
        let read = |token: &str, now| read_token(&signing, token, now);
        assert_eq!(read(token.reveal(), NOW), Some(7));
        assert_eq!(read(token.reveal(), NOW.plus(TOKEN_LIFE)), None);
        assert_eq!(read_token(&new_signing_secret(), token.reveal(), NOW), None);
        for index in 0..token.reveal().len() {
            let mut changed = token.reveal().to_owned().into_bytes();
            changed[index] ^= 1;
            assert_eq!(read(&String::from_utf8(changed).unwrap(), NOW), None, "byte {index}");
        }
        for broken in ["", "inkt_", "inkt_..", "inkt_7.9999999999.", "inkt_7.9999999999.zz", "inkt_7.9999999999.é"] {
            assert_eq!(read(broken, NOW), None, "{broken}");
        }
    }

    #[test]
    fn what_gets_new_tokens_is_none_itself_whatever_its_head() {
        let signing = new_signing_secret();
        let (token, refresh) =
            (sign_token(&signing, 7, NOW.plus(TOKEN_LIFE)), sign_refresh(&signing, 7, NOW.plus(TOKEN_LIFE)));
        let (token, refresh) = (token.reveal(), refresh.reveal());
        assert_eq!((read_refresh(&signing, refresh, NOW), read_token(&signing, refresh, NOW)), (Some(7), None));
        assert_eq!(read_refresh(&signing, refresh, NOW.plus(TOKEN_LIFE)), None);
        assert_eq!(read_token(&signing, &refresh.replace("inkr_", "inkt_"), NOW), None);
        assert_eq!(read_refresh(&signing, &token.replace("inkt_", "inkr_"), NOW), None);
    }

    #[test]
    fn keys_are_all_different_and_shown_by_their_beginning() {
        let (one, two) = (new_key(), new_key());
        assert_ne!(one, two);
        assert_eq!((one.reveal().len(), prefix_of(&one).len()), (68, 10));
        assert!(one.reveal().starts_with(&prefix_of(&one)));
        assert_ne!(hash_of(one.reveal()), hash_of(two.reveal()));
        assert_eq!(format!("{one:?}"), "***");
    }

    #[test]
    fn a_form_word_belongs_to_its_cookie() {
        let (mine, other) = (new_pass(), new_pass());
        let word = form_word(mine.reveal());
        assert!(is_form_word(mine.reveal(), &word));
        assert!(!is_form_word(other.reveal(), &word) && !is_form_word(mine.reveal(), ""));
    }

    /// Source: RFC 4231, test case 2.
    #[test]
    fn a_delivery_is_signed_with_hmac_sha256() {
        let signature = signature_of(&Secret::new("Jefe"), "what do ya want for nothing?");
        assert_eq!(signature, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert_eq!(new_hook_secret().reveal().len(), 69);
        assert_eq!((name_after("a").len(), name_after("a") == name_after("b")), (32, false));
    }

    #[test]
    fn names_of_keys_are_short_and_plain() {
        assert_eq!(key_name(" dash-board.1 ").unwrap(), "dash-board.1");
        for wrong in ["", "a b", "ä", "x/y", &"n".repeat(41)] {
            assert!(key_name(wrong).is_err(), "{wrong}");
        }
    }
}
