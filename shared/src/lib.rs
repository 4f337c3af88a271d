//! Stub of the map.
pub mod app;
pub mod clock;
pub mod config;
pub mod entropy;
pub mod id;
pub mod jose;
pub mod lambda;
pub mod seal;
pub mod store;
