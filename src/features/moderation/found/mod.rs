//! Cases by what is asked of them.

pub mod store;
