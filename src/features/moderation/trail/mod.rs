//! The trail of a case: what became of it since it was made.

mod store;

pub use store::{Change, list, note};
