//! The collection.
