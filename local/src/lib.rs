//! The cloud on a laptop: what AWS does for a deployed site, in one process.
//!
//! | file | stands for |
//! |---|---|
//! | [`template`] | CloudFormation: reads `template.yaml` |
//! | [`gateway`], `event`, `answer`, `server`, `sockets` | API Gateway, HTTP API, payload format 2.0 |
//! | [`functions`] | Lambda: which crate answers |
//! | `scheduler` | EventBridge Scheduler |
//! | [`table`], [`remote`] | DynamoDB: embedded, or somebody else's |
//! | [`data`] | Secrets Manager, and the folder that all is kept in |
//! | [`fakes`] | the systems that people are signed in with, and SES |
//! | [`site`] | the deployed whole |
//! | [`cli`], [`commands`] | the binary `bangumoe` |
//!
//! Architecture invariant: a function can't tell this from AWS. It is called through `lambda_http` with real events, and
//! speaks to its table over HTTP through the AWS SDK.

mod answer;
pub mod cli;
pub mod commands;
pub mod data;
mod event;
pub mod fakes;
pub mod functions;
pub mod gateway;
pub mod remote;
mod scheduler;
mod server;
pub mod site;
mod sockets;
pub mod table;
pub mod template;
