//! The page to sign in on. It works without a script, and its ids stay.

use super::message::escape;

const STYLE: &str = "body{font:1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;\
                     color:#222;background:#fff}input,button{font:inherit;padding:.4rem .7rem}\
                     article{border:1px solid #999;padding:0 1rem;margin:1rem 0}pre{white-space:pre-wrap}\
                     small{color:#555}";

/// A whole page.
pub(super) fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style>\
         <main>{body}</main></html>",
        title = escape(title),
    )
}

/// Asks who it is. The form goes to where the page came from, with its query.
pub(super) fn sign_in(system: &str) -> String {
    let name = escape(system);
    page(
        &format!("Stand-in for {system}"),
        &format!(
            "<h1>Stand-in for {name}</h1>\
             <p id=\"stand-in\">This is not {name}. It stands in for it on this machine, and believes whoever types a \
             name or a number: the same is the same account for ever.</p>\
             <form id=\"sign-in\" method=\"post\">\
             <p><label for=\"name\">Sign in as</label> <input id=\"name\" name=\"name\" value=\"sakura\"></p>\
             <p><button id=\"allow\" name=\"decision\" value=\"allow\">Sign in, and let bangumoe in</button> \
             <button id=\"refuse\" name=\"decision\" value=\"refuse\">Refuse</button></p></form>"
        ),
    )
}

/// Says what is wrong with a request.
pub(super) fn refusal(system: &str, wrong: &str) -> String {
    let body = format!(
        "<h1>Stand-in for {}</h1><p id=\"wrong\">The request can’t be used: {}.</p>",
        escape(system),
        escape(wrong)
    );
    page(&format!("Stand-in for {system}"), &body)
}
