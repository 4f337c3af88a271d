//! Stub of the map.
pub mod account;
pub mod app;
pub mod clock;
pub mod collection;
pub mod config;
pub mod entropy;
pub mod http;
pub mod i18n;
pub mod id;
pub mod jose;
pub mod lambda;
pub mod oauth;
pub mod pages;
pub mod seal;
pub mod store;
