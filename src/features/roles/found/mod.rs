//! Roles that come and go, by what is asked of them.

pub mod store;
