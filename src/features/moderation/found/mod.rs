//! Cases by what is asked of them.

pub mod api;
pub mod store;
