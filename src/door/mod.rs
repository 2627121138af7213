//! What the two listening doors share: opening a port with a clear word when that fails, knowing the host names they
//! answer to, and keeping the crowd in front of them within bounds. It knows nothing of what is behind a door.

pub mod crowd;
pub mod hosts;
pub mod listen;

pub use crowd::{Caps, Crowd, Guest, Place};
pub use hosts::Hosts;
pub use listen::{CannotListen, listen};
