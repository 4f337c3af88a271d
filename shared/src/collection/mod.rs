//! The anime collection, pure: entries and the rules of their fields.

pub mod entry;

pub use entry::{Edit, Entry, Status};
