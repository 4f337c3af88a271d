//! The collection's pages, and their forms.

use serde_json::json;

use crate::account::CSRF;
use crate::operation::Errors::Page;
use crate::operation::{FORM, Operation, get, post};
use crate::schema::{between, one_of, open, text, words};

pub(crate) fn operations() -> Vec<Operation> {
    let (list, one) = ("/me/collections", "/me/collections/{subject_id}");
    let (add, sync) = ("/me/collections/add", "/me/collections/sync");
    let number = || between(1, u32::MAX.into());
    let page = |operation: Operation| {
        let operation = operation.security(&["session", ""]).shows(200, "The page.");
        operation.redirects("To the sign-in page, where nobody is signed in.")
    };
    let form =
        |operation: Operation| operation.security(&["session"]).redirects("To the page, or to the sign-in page.");
    let subject =
        |operation: Operation| operation.in_path("subject_id", number(), 12, "the work, as Bangumi numbers it");
    vec![
        page(get(list, "showCollection", "One's own collection, as a page"))
            .description("Looks for entries as `GET /collections` does.")
            .in_query("status?", text(), "watching", "only these")
            .in_query("q?", text(), "魔法", "only those that have all these words")
            .in_query("sort?", text(), "-rating", "by what")
            .in_query("cursor?", text(), json!(null), "where the page begins")
            .fails(Page, &[400, 503]),
        form(post(list, "watchNext", "The page's button: the next episode was watched"))
            .takes(
                FORM,
                open(vec![("csrf", words(CSRF)), ("subject_id", text()), ("return_to?", text())]),
                json!({ "csrf": "…", "subject_id": "12" }),
            )
            .fails(Page, &[400, 403, 404, 409, 415, 429, 503]),
        page(get(add, "findToCollect", "Finds an anime to add, as a page"))
            .in_query("q?", text(), "CLANNAD", "what it is called")
            .fails(Page, &[400, 429, 503]),
        page(get(sync, "showSync", "The synchronisation with Bangumi, as a page")).fails(Page, &[400, 503]),
        form(post(sync, "changeSyncByForm", "The page's forms: settings, now, and what is to be settled"))
            .takes(
                FORM,
                open(vec![
                    ("csrf", words(CSRF)),
                    ("action", one_of(["set", "now", "settle"])),
                    ("direction?", text()),
                    ("conflicts?", text()),
                    ("deletions?", text()),
                    ("subject_id?", text()),
                    ("field?", text()),
                    ("choice?", text()),
                ]),
                json!({ "csrf": "…", "action": "now" }),
            )
            .fails(Page, &[400, 403, 404, 409, 415, 422, 503]),
        subject(page(get(one, "showEntry", "One entry, as a page"))).fails(Page, &[400, 404, 503]),
        subject(form(post(
            one,
            "changeEntryByForm",
            "The page's forms: the entry's fields, its episodes, its removal",
        )))
        .takes(
            FORM,
            open(vec![
                ("csrf", words(CSRF)),
                ("action", one_of(["save", "finish", "remove", "restore", "mark", "up_to"])),
                ("status?", text()),
                ("rating?", text()),
                ("comment?", text()),
                ("tags?", text()),
                ("private?", text()),
                ("rewatch_count?", text()),
                ("started_at?", text()),
                ("finished_at?", text()),
                ("episode?", text()),
                ("up_to?", text()),
            ]),
            json!({ "csrf": "…", "action": "save", "status": "watching", "rating": "9" }),
        )
        .fails(Page, &[400, 403, 404, 409, 415, 422, 429, 503]),
    ]
}
