//! Registering people.

use serde_json::json;

use crate::components::sakura;
use crate::operation::Errors::{Page, ProblemOrPage};
use crate::operation::{FORM, JSON, Operation, get, post};
use crate::schema::{named, open, text, within, words};

pub(crate) fn operations() -> Vec<Operation> {
    let password = open(vec![("password", within(8, 512))]);
    let registration = json!({ "allOf": [named("Profile"), password] });
    let form = open(vec![
        ("csrf", words("the page's form token")),
        ("username?", text()),
        ("email?", text()),
        ("phone?", text()),
        ("nickname?", text()),
        ("password", text()),
        ("continue?", words("where to go on")),
    ]);
    vec![
        get("/register", "showRegistration", "The page on which people register")
            .in_query("continue?", text(), "/account", "where to go on")
            .shows(200, "The page.")
            .fails(Page, &[400, 503]),
        post("/register", "register", "Registers somebody")
            .description("One of username, email and phone is needed. The page's form signs the new user in.")
            .takes(JSON, registration, json!({ "username": "sakura", "password": "correct horse battery" }))
            .takes(FORM, form, json!({ "csrf": "…", "username": "sakura", "password": "…" }))
            .answers(201, "The new user.", named("User"), sakura())
            .redirects("Onwards, from the form.")
            .fails(ProblemOrPage, &[400, 403, 409, 415, 422, 429, 503]),
    ]
}
