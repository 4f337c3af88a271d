//! bangumoe over HTTP, as its users, its clients and its attackers meet it.
//!
//! Every test starts a site of its own in memory, with the time in its hand and a proxy before the table that records
//! every call and can make it fail. Names are sentences; a letter and number in front of one (`a06_…`) say which line
//! of the checklist in `docs/checklist.md` it proves.

mod accounts;
mod architecture;
mod authorize;
mod bangumi;
mod claims;
mod client_documents;
mod client_keys;
mod collections;
mod commands;
mod connect;
mod consent;
mod costs;
mod device;
mod dialect_oauth2_0;
mod dialects;
mod discovery;
mod dpop;
mod exchange;
mod faults;
mod fetch;
mod forms;
mod fuzz;
mod gateway;
mod health;
mod inspect;
mod keys;
mod legacy;
mod links;
mod logout;
mod logs;
mod mail;
mod openapi;
mod par;
mod permissions;
mod races;
mod refresh;
mod registration;
mod request_objects;
mod resources;
mod robustness;
mod sign_in;
mod smoke;
mod stand_ins;
mod subjects;
mod sync;
mod third_party;
mod token;
mod upstream;
mod userinfo;
mod works;
