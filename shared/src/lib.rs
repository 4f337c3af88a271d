//! Stub of the map.
pub mod app;
pub mod clock;
pub mod config;
pub mod entropy;
pub mod i18n;
pub mod id;
pub mod jose;
pub mod lambda;
pub mod pages;
pub mod seal;
pub mod store;
