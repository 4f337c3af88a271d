//! The socket: finds whom a request is for, notes it, and lets go wrong what is to.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::json;

use super::bangumi::World;
use super::control::{Control, Endpoint, Fault};
use super::desk::{Desk, Twist};
use super::message::{Asked, answer, html, json as json_answer, redirect};
use super::{page, ses};
use crate::answer::Answer;
use crate::server::Respond;

/// More than anybody sends.
const LIMIT: usize = 1024 * 1024;

/// Where requests arrive.
pub(super) struct Counter {
    desks: Vec<Desk>,
    mailbox: ses::Mailbox,
    control: Control,
}

impl Counter {
    pub(super) fn new(desks: Vec<Desk>, world: Arc<World>) -> Self {
        let mailbox = ses::Mailbox::new(world.clock().clone());
        Self { desks, mailbox, control: Control::new(world) }
    }

    pub(super) fn desks(&self) -> &[Desk] {
        &self.desks
    }

    pub(super) fn mailbox(&self) -> &ses::Mailbox {
        &self.mailbox
    }

    pub(super) fn control(&self) -> &Control {
        &self.control
    }

    async fn find(&self, path: &str, asked: &mut Asked) -> io::Result<Answer> {
        let not_found = || html(StatusCode::NOT_FOUND, page::refusal("nobody", "nothing stands at this address"));
        let (first, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
        asked.path = format!("/{rest}");
        match (first, rest, &asked.method) {
            ("", "", &Method::GET) => return Ok(html(StatusCode::OK, self.index())),
            ("mailbox", "", &Method::GET) => return Ok(self.mailbox.show(asked)),
            ("ses", ..) => {
                let refuse = |_| ses::refused(StatusCode::BAD_REQUEST, "MessageRejected");
                let faulty = self.notes("ses", Endpoint::Mail, asked, &refuse).await?;
                return Ok(faulty.unwrap_or_else(|| self.mailbox.take(path, asked)));
            }
            _ => {}
        }
        let Some(desk) = self.desks.iter().find(|desk| desk.system.id == first) else { return Ok(not_found()) };
        let Some(route) = desk.route(asked) else { return Ok(not_found()) };
        let refreshes = asked.form("grant_type").as_deref() == Some("refresh_token");
        let endpoint = if refreshes { Endpoint::Refresh } else { route.endpoint };
        let id = desk.system.id;
        if let Some(faulty) = self.notes(id, endpoint, asked, &desk.system.refuse).await? {
            return Ok(faulty);
        }
        let mut twist = Twist { era: self.control.era(id), ..Twist::default() };
        match self.control.fault(id, endpoint) {
            Some(Fault::OtherSubject) => twist.other_person = true,
            Some(Fault::Subject(subject)) => twist.subject = Some(subject),
            Some(Fault::IdToken(fault)) => twist.id_token = Some(fault),
            _ => {}
        }
        Ok((route.handler)(desk, asked, &twist))
    }

    /// Notes a request. Its answer, where that has nothing to do with what was asked.
    async fn notes(
        &self,
        provider: &'static str,
        endpoint: Endpoint,
        asked: &Asked,
        refuse: &(dyn Fn(&'static str) -> Answer + Sync),
    ) -> io::Result<Option<Answer>> {
        self.control.note(provider, endpoint, asked);
        let Some(fault) = self.control.fault(provider, endpoint) else { return Ok(None) };
        Ok(Some(match fault {
            Fault::Slow => std::future::pending().await,
            Fault::Cut => return Err(io::ErrorKind::ConnectionAborted.into()),
            Fault::Status(status) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                json_answer(status, &json!({ "message": "as it was told to" }))
            }
            Fault::Html => html(StatusCode::OK, page::page("Maintenance", "<h1>Back soon</h1>")),
            Fault::HalfJson => answer(StatusCode::OK, "application/json", "{\"access_token\":\"abc"),
            Fault::Redirect => redirect("/"),
            Fault::Huge => answer(StatusCode::OK, "application/json", vec![b' '; 10 * 1024 * 1024]),
            Fault::ErrorUnder200 => {
                let mut answer = refuse("server_error");
                *answer.status_mut() = StatusCode::OK;
                answer
            }
            Fault::InvalidGrant => refuse("invalid_grant"),
            Fault::OtherSubject | Fault::Subject(_) | Fault::IdToken(_) => return Ok(None),
        }))
    }

    fn index(&self) -> String {
        let names = self.desks.iter().map(|desk| format!("<li>{}</li>", desk.system.title)).collect::<String>();
        page::page(
            "Stand-ins",
            &format!(
                "<h1>Stand-ins</h1><p>These systems have a stand-in here, for the bangumoe on this machine:</p>\
                 <ul>{names}</ul><p><a id=\"mailbox\" href=\"/mailbox\">The letters that it wrote</a></p>"
            ),
        )
    }
}

impl Respond for Arc<Counter> {
    async fn respond(&self, request: Request<Incoming>, _: IpAddr) -> io::Result<Answer> {
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, LIMIT).collect().await.map(|body| body.to_bytes());
        let body: Bytes = body.map_err(|_| io::ErrorKind::InvalidData)?;
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let body = String::from_utf8_lossy(&body).into_owned();
        let path = parts.uri.path().to_owned();
        let mut asked = Asked { method: parts.method, path: path.clone(), query, headers: parts.headers, body };
        if !self.control.lives() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let answer = self.find(&path, &mut asked).await?;
        if self.control.lives() { Ok(answer) } else { Err(io::ErrorKind::ConnectionAborted.into()) }
    }
}
