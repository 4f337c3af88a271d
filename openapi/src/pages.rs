//! Home, files, the choice of language, a sign of life, and this document.

use serde_json::json;
use shared::i18n::Lang;

use crate::operation::Errors::{Page, Problem, ProblemOrPage};
use crate::operation::{Operation, get, options};
use crate::schema::{always, closed, one_of, open, text};

pub(crate) fn operations() -> Vec<Operation> {
    let file = get("/static/{file}", "getFile", "What pages load")
        .in_path("file", text(), "site.css", "the file")
        .fails(ProblemOrPage, &[404]);
    let media = ["text/css", "text/javascript", "image/svg+xml"];
    vec![
        get("/", "home", "The home page").shows(200, "The page.").fails(Page, &[503]),
        media.into_iter().fold(file, |file, media| file.answers_as(200, "The file.", media)).with_header(200, "Cache-Control"),
        get("/language", "chooseLanguage", "Remembers a language in a cookie")
            .in_query("lang", one_of(Lang::ALL.map(Lang::tag)), "zh-CN", "the language")
            .in_query("return_to?", text(), "/account", "where to go on: a path of this site")
            .redirects("Onwards.")
            .fails(ProblemOrPage, &[400]),
        get("/health", "health", "Whether the table answers")
            .answers(200, "It does.", closed(vec![("status", always("ok"))]), json!({ "status": "ok" }))
            .fails(Problem, &[503]),
        get("/openapi.json", "getOpenapi", "This document")
            .answers(
                200,
                "The document.",
                open(vec![("openapi", text()), ("info", open(vec![])), ("paths", open(vec![])), ("components", open(vec![]))]),
                json!({ "openapi": "3.1.1", "info": { "title": "bangumoe", "version": "0.1.0" }, "paths": {}, "components": {} }),
            )
            .with_header(200, "Access-Control-Allow-Origin")
            .with_header(200, "Cache-Control"),
        options("/openapi.json", "preflightOpenapi"),
    ]
}
