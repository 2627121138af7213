//! The studio: draws what a [`Picture`] describes, away from whoever is in a hurry, and only so many at once.
//!
//! It refuses to know what a picture is for. Nothing that it is given can make it fetch or read anything but the
//! avatar that a card names.

mod draw;
mod faces;
mod fonts;
mod words;

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use resvg::tiny_skia::Pixmap;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::model::Picture;
pub use draw::png;
use faces::Faces;
pub use faces::unpack;
pub use fonts::Fonts;

/// Pictures that are drawn at the same time.
const AT_ONCE_MAX: usize = 2;
/// Pictures that wait to be drawn; what comes on top is not drawn.
const WAITING_MAX: usize = 32;
/// How long a picture may wait and be drawn.
const WITHIN: Duration = Duration::from_secs(4);
/// Pictures that are kept, at most 120 KB each.
const KEPT_MAX: usize = 16;

/// Draws pictures; clones share fonts, places and what is kept.
#[derive(Clone)]
pub struct Studio(Arc<Inner>);

struct Inner {
    /// Loaded with the first picture: a bot that draws none needs no memory for them.
    fonts: OnceLock<Fonts>,
    faces: Faces,
    places: Arc<Semaphore>,
    waiting: Semaphore,
    kept: Mutex<VecDeque<(u64, Arc<[u8]>)>>,
}

impl Studio {
    /// `cdn_url` is where avatars are.
    pub fn new(cdn_url: &str) -> Self {
        Self(Arc::new(Inner {
            fonts: OnceLock::new(),
            faces: Faces::new(cdn_url),
            places: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            waiting: Semaphore::new(AT_ONCE_MAX + WAITING_MAX),
            kept: Mutex::default(),
        }))
    }

    /// The picture as a PNG, or none: there is too much to do, or it cannot be drawn.
    pub async fn draw(&self, picture: &Picture) -> Option<Arc<[u8]>> {
        let _waiting = self.0.waiting.try_acquire().ok()?;
        let face = match picture {
            Picture::Card(card) => match &card.avatar {
                Some(avatar) => self.0.faces.find(card.user, avatar).await,
                None => None,
            },
            Picture::Bars(_) | Picture::Line(_) => None,
        };
        let mut hasher = DefaultHasher::new();
        (picture, face.is_some()).hash(&mut hasher);
        let key = hasher.finish();
        if let Some(png) = self.kept(key) {
            return Some(png);
        }
        let drawn = timeout(WITHIN, self.draw_away(picture.clone(), face)).await.ok().flatten();
        if drawn.is_none() {
            tracing::warn!("a picture was not drawn; its text goes out instead");
        }
        drawn.inspect(|png| self.keep(key, png.clone()))
    }

    /// Draws on a thread for such work. Who stops waiting frees no place: the work goes on.
    async fn draw_away(&self, picture: Picture, face: Option<Arc<Pixmap>>) -> Option<Arc<[u8]>> {
        let place = self.0.places.clone().acquire_owned().await.ok()?;
        let studio = self.clone();
        let drawing = tokio::task::spawn_blocking(move || {
            let png = draw::png(studio.fonts(), &picture, face.as_deref());
            drop(place);
            png
        });
        drawing.await.ok().flatten().map(Arc::from)
    }

    fn fonts(&self) -> &Fonts {
        self.0.fonts.get_or_init(Fonts::with_systems)
    }

    fn kept(&self, key: u64) -> Option<Arc<[u8]>> {
        let kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| *known == key).map(|(_, png)| png.clone())
    }

    fn keep(&self, key: u64, png: Arc<[u8]>) {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((key, png));
    }
}
