//! The anime collection, pure: entries and the rules of their fields, the marks of episodes, and the merge with Bangumi.

pub mod activity;
pub mod entry;
pub mod fields;
pub mod filter;
pub mod marks;
pub mod merge;
#[cfg(test)]
mod merge_tests;
pub mod reconcile;
pub mod sort;
pub mod stats;
pub mod sync;
pub mod transfer;
pub mod work;

pub use activity::Activity;
pub use entry::{Edit, Entry, Status};
pub use fields::{Base, Fields};
pub use filter::Filter;
pub use marks::{Mark, Marked, Marks};
pub use merge::{Asked, Direction, Field, OnDelete, Rule, Settings};
pub use work::Work;
