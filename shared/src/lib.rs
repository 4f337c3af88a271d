//! Everything that bangumoe's functions share.
//!
//! # Map
//! | module | what it is | does I/O |
//! |---|---|---|
//! | [`app`], [`config`] | what a handler is given; the settings | |
//! | [`lambda`] | the one place that starts a Lambda, and the door through which events come | yes |
//! | [`clock`], [`entropy`], [`id`] | the one `now()`, the one source of randomness, identifiers | |
//! | [`log`] | a line in the log for each request, and what is counted | yes |
//! | [`seal`] | sealed values and handles: what is handed out instead of written down | |
//! | [`oauth`] | the protocol: scopes, PKCE, redirect URIs, requests, codes, families, errors | |
//! | [`account`] | users, identifiers, passwords, sessions | |
//! | [`collection`] | entries of an anime collection | |
//! | [`jose`] | signing keys, access tokens, ID tokens | |
//! | [`store`] | the table: one file per aggregate | yes |
//! | [`aws`] | the client that everything at AWS is asked by | yes |
//! | [`mail`] | letters to people, by SES | yes |
//! | [`fetch`] | the one way to addresses that clients supply, and to providers | yes |
//! | [`upstream`] | accounts elsewhere: providers as data, and the one client that runs them | yes |
//! | [`bangumi`] | the client of Bangumi's API | yes |
//! | [`works`] | works, as Bangumi describes them: kept in the table | yes |
//! | [`sync`] | keeps collections in step with Bangumi | yes |
//! | [`http`] | requests, cookies, forms, tokens, dialects, errors | |
//! | [`pages`], [`i18n`] | templates, and their words in three languages | |
//!
//! # Architecture invariants
//! * Modules know only those below them: `sync` → `http`, `pages` → `store`, `mail`, `fetch`, `upstream`, `bangumi`, `works`, `jose` → `oauth`,
//!   `account`, `collection` → `i18n`, `aws`, `seal`, `log`, `id`, `clock`, `entropy`.
//! * `oauth`, `account` and `collection` decide; they read and write nothing.
//! * Only `store` names the AWS SDK, only `mail` the signer by which it sends without one, and only `store::keys` makes key
//!   strings.
//! * Time and randomness come from [`clock`] and [`entropy`] alone; the environment is read in [`config`] alone.
//! * There are no repository traits and no mocks: the seam is the DynamoDB endpoint, so that the condition expressions
//!   themselves are what is tested.
//! * What the protocol calls a client is an [`oauth::ClientName`], and [`oauth::Client::name`]; an [`id::ClientId`] is only
//!   where the table has it.
//! * Nothing panics on input.

pub mod account;
pub mod app;
pub mod aws;
pub mod bangumi;
pub mod clock;
pub mod collection;
pub mod config;
pub mod entropy;
pub mod fetch;
pub mod http;
pub mod i18n;
pub mod id;
pub mod jose;
pub mod lambda;
pub mod log;
pub mod mail;
pub mod oauth;
pub mod pages;
pub mod seal;
pub mod store;
pub mod sync;
pub mod upstream;
pub mod works;
