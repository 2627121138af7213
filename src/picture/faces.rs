//! Avatars: fetched from Discord's own host and nowhere else, within limits of size, time, type and pixels, and kept
//! for a while. Whatever is wrong with one costs a set of initials.
//!
//! Source of the addresses: Discord API documentation, "Image Formatting".

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use resvg::tiny_skia::Pixmap;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::draw;
use crate::model::{Avatar, UserId};

/// The side that is asked for, in pixels: the next power of two above the side that is shown.
const ASKED_SIDE: u32 = 256;
/// How long an avatar may take as a whole: somebody waits for the card.
const WHOLE_TIMEOUT: Duration = Duration::from_millis(1_500);
/// The largest file that is read.
const FILE_BYTES_MAX: usize = 512 * 1024;
/// The most pixels that are unpacked.
const PIXELS_MAX: u64 = 1024 * 1024;
/// Avatars fetched at the same time; who finds no place gets initials.
const AT_ONCE_MAX: usize = 8;
/// Avatars that are kept, 124 KB each.
const KEPT_MAX: usize = 32;
/// How long it is remembered that an avatar could not be had.
const FAILED_KEPT: Duration = Duration::from_secs(300);

/// The avatars of Discord.
pub struct Faces {
    /// Made with the first avatar; none where TLS cannot be set up.
    client: OnceLock<Option<reqwest::Client>>,
    base: String,
    places: Semaphore,
    kept: Mutex<VecDeque<Kept>>,
}

struct Kept {
    user: UserId,
    avatar: Avatar,
    /// None: it could not be had.
    face: Option<Arc<Pixmap>>,
    at: Instant,
}

impl Faces {
    /// `base` is the address of Discord's content, without a path.
    pub fn new(base: &str) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        Self { client: OnceLock::new(), base, places: Semaphore::new(AT_ONCE_MAX), kept: Mutex::default() }
    }

    /// A member's avatar, if it can be had soon.
    pub async fn find(&self, user: UserId, avatar: &Avatar) -> Option<Arc<Pixmap>> {
        if let Some(known) = self.known(user, avatar) {
            return known;
        }
        let _place = self.places.try_acquire().ok()?;
        let face = match self.fetch(user, avatar).await {
            Ok(file) => tokio::task::spawn_blocking(move || unpack(&file)).await.ok().flatten(),
            Err(why) => {
                tracing::debug!(%user, why, "an avatar could not be fetched");
                None
            }
        };
        let face = face.map(Arc::new);
        self.keep(user, avatar, face.clone());
        face
    }

    async fn fetch(&self, user: UserId, avatar: &Avatar) -> Result<Vec<u8>, &'static str> {
        let client = self.client.get_or_init(|| client(&self.base)).as_ref().ok_or("no TLS")?;
        let address = format!("{}{}?size={ASKED_SIDE}", self.base, avatar.path_of(user));
        let mut answer = client.get(address).send().await.map_err(|_| "no answer")?;
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        if answer.status() != 200 || !kind.is_some_and(|kind| kind.starts_with("image/png")) {
            return Err("no picture");
        }
        let mut file = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| "broke off")? {
            if file.len() + chunk.len() > FILE_BYTES_MAX {
                return Err("too large");
            }
            file.extend_from_slice(&chunk);
        }
        Ok(file)
    }

    /// What is kept of an avatar; none where it is to be fetched.
    fn known(&self, user: UserId, avatar: &Avatar) -> Option<Option<Arc<Pixmap>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.face.is_some() || kept.at.elapsed() < FAILED_KEPT);
        let known = kept.iter().find(|kept| kept.user == user && kept.avatar == *avatar);
        known.map(|kept| kept.face.clone())
    }

    fn keep(&self, user: UserId, avatar: &Avatar, face: Option<Arc<Pixmap>>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // A member's former avatar is not shown any more.
        kept.retain(|kept| kept.user != user || kept.avatar.guild != avatar.guild);
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(Kept { user, avatar: avatar.clone(), face, at: Instant::now() });
    }
}

fn client(base: &str) -> Option<reqwest::Client> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = reqwest::Client::builder()
        .connect_timeout(WHOLE_TIMEOUT)
        .timeout(WHOLE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none());
    if ["//127.", "//localhost", "//[::1]"].iter().any(|near| base.contains(near)) {
        client = client.no_proxy();
    }
    client.build().map_err(|error| tracing::warn!(%error, "avatars cannot be fetched")).ok()
}

/// An avatar out of its file, as large as it is shown.
pub fn unpack(file: &[u8]) -> Option<Pixmap> {
    let (width, height) = dimensions(file)?;
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return None;
    }
    draw::shrink(&Pixmap::decode_png(file).ok()?)
}

/// What a PNG says of its size, before anything of it is unpacked.
///
/// Source: W3C, "Portable Network Graphics (PNG) Specification", 5.2 and 11.2.1.
fn dimensions(file: &[u8]) -> Option<(u32, u32)> {
    let head = file.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")?;
    let side = |at: usize| Some(u32::from_be_bytes(head.get(at..at + 4)?.try_into().ok()?));
    Some((side(0)?, side(4)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        Pixmap::new(width, height).unwrap().encode_png().unwrap()
    }

    #[test]
    fn an_avatar_becomes_a_face_of_one_size() {
        for (width, height) in [(256, 256), (16, 16), (1024, 1024), (1, 900)] {
            let face = unpack(&png(width, height)).unwrap();
            assert_eq!((face.width(), face.height()), (draw::FACE_SIDE, draw::FACE_SIDE));
        }
    }

    #[test]
    fn bombs_and_rubbish_are_not_unpacked() {
        assert!(unpack(&png(1025, 1024)).is_none());
        let mut claims = png(8, 8);
        claims[16..20].copy_from_slice(&u32::MAX.to_be_bytes());
        assert!(unpack(&claims).is_none());
        // Says that it is small, and is not.
        let mut lies = png(1000, 1000);
        lies[16..20].copy_from_slice(&8_u32.to_be_bytes());
        assert!(unpack(&lies).is_none());
        let whole = png(64, 64);
        assert!((0..whole.len() - 12).step_by(7).all(|cut| unpack(&whole[..cut]).is_none()));
        for rubbish in [&b""[..], b"GIF89a", b"\x89PNG\r\n\x1a\n", b"<svg/>"] {
            assert!(unpack(rubbish).is_none());
        }
    }
}
