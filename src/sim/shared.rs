//! The world as tasks and tests share it: one at a time, and never twice by the same thread.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use super::world::World;

/// A world that tasks share.
#[derive(Clone)]
pub(super) struct SharedWorld(Arc<Shared>);

struct Shared {
    world: Mutex<World>,
    /// The number of the thread that holds it; 0 for none.
    holder: AtomicU64,
}

/// The world, for as long as this lives: a statement or a block, never across an `.await`.
pub struct WorldGuard<'a> {
    world: MutexGuard<'a, World>,
    holder: &'a AtomicU64,
}

impl SharedWorld {
    pub fn new(world: World) -> Self {
        Self(Arc::new(Shared { world: Mutex::new(world), holder: AtomicU64::new(0) }))
    }

    /// The world, as soon as nobody else holds it. A test that panicked with it does not spoil it for others.
    ///
    /// # Panics
    /// When this very thread holds it already: a guard lives to the end of its statement, and is easily asked for twice
    /// in one. Waiting would be for ever.
    #[track_caller]
    pub fn lock(&self) -> WorldGuard<'_> {
        let me = thread_number();
        let world = match self.0.world.try_lock() {
            Ok(world) => world,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                let held_here = self.0.holder.load(Ordering::Relaxed) == me;
                assert!(
                    !held_here,
                    "this statement (or an outer one) holds the world already: take what you need first"
                );
                self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
        self.0.holder.store(me, Ordering::Relaxed);
        WorldGuard { world, holder: &self.0.holder }
    }
}

/// A number of this thread's own.
fn thread_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local!(static MINE: u64 = NEXT.fetch_add(1, Ordering::Relaxed));
    MINE.with(|mine| *mine)
}

impl Deref for WorldGuard<'_> {
    type Target = World;
    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for WorldGuard<'_> {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Drop for WorldGuard<'_> {
    fn drop(&mut self) {
        self.holder.store(0, Ordering::Relaxed);
    }
}
