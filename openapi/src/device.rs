//! The device flow.

use serde_json::json;
use shared::oauth::lifetimes::{DEVICE, DEVICE_INTERVAL};

use crate::ISSUER;
use crate::operation::Errors::{OAuth, Page};
use crate::operation::{FORM, Operation, get, post};
use crate::schema::{closed, integer, open, text, url, words};
use crate::token::with_client;

pub(crate) fn operations() -> Vec<Operation> {
    let request = with_client(open(vec![("scope?", text()), ("resource?", text())]));
    let codes = closed(vec![
        ("device_code", text()),
        ("user_code", text()),
        ("verification_uri", url()),
        ("verification_uri_complete", url()),
        ("expires_in", integer(1)),
        ("interval", integer(1)),
    ]);
    let example = json!({
        "device_code": "…", "user_code": "WDJB-MJHT", "verification_uri": format!("{ISSUER}/device"),
        "verification_uri_complete": format!("{ISSUER}/device?user_code=WDJB-MJHT"), "expires_in": DEVICE,
        "interval": DEVICE_INTERVAL,
    });
    let form = open(vec![
        ("csrf?", words("the page's form token")),
        ("user_code?", text()),
        ("request?", words("what the page was asked about")),
        ("decision?", words("`allow` or `deny`")),
    ]);
    vec![
        post("/oauth2/device_authorization", "authorizeDevice", "Begins the device flow (RFC 8628 §3.1)")
            .security(&["client", ""])
            .takes_either(request, json!({ "scope": "openid" }))
            .body_may_be_missing()
            .answers(200, "A code for the device, and one for its user.", codes, example)
            .fails(OAuth, &[400, 401, 429, 503]),
        get("/device", "showDevice", "The page on which a device's user types its code")
            .security(&["session", ""])
            .in_query("user_code?", text(), "WDJB-MJHT", "what the page is filled with")
            .shows(200, "The page.")
            .redirects("To the sign-in page.")
            .fails(Page, &[400, 503]),
        post("/device", "submitDevice", "The page's forms: the code, and the decision")
            .security(&["session", ""])
            .takes(FORM, form, json!({ "csrf": "…", "user_code": "WDJB-MJHT" }))
            .shows(200, "The page that asks, or that it is done.")
            .redirects("To the sign-in page.")
            .fails(Page, &[400, 403, 429, 503]),
    ]
}
