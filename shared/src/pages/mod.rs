//! The pages: one askama template and one struct for each, which handlers fill and render.
//!
//! Architecture invariant: pages are plain HTML forms that work without a script. None has an inline script or style,
//! nor anything from another site but covers, so that [`CONTENT_SECURITY_POLICY`] holds for all but those and the one that
//! posts itself ([`FormPost`]). Templates escape whatever they are given; none turns that off.

mod access;
mod account;
mod applications;
pub mod assets;
mod collection;
mod connect;
mod connections;
mod consent;
mod device;
mod form_post;
pub mod samples;
mod sign_out;
mod site;

pub use access::{AppRow, Apps, SessionRow, Sessions};
pub use account::{Account, Detail, Login, Register, SelectAccount};
pub use applications::{ApplicationCreated, ApplicationForm};
pub use askama::Template;
pub use collection::{
    AskedField, Choice, Collection, CollectionAdd, CollectionEntry, CollectionSync, ConflictRow, EntryRow, EpisodeBox,
    Shown, Tab,
};
pub use connect::{ConnectBind, ConnectPending, ConnectRefused, ProviderLink};
pub use connections::{ConnectionRow, Connections};
pub use consent::{Consent, ConsentScope};
pub use device::{Device, DeviceConfirm, DeviceDone};
pub use form_post::FormPost;
pub use sign_out::{SignOut, SignedOut};
pub use site::{ErrorPage, Home};

use crate::account::FieldError;
use crate::i18n::{Lang, Messages};

/// The policy that every page is sent with. `form-action` is left to its default: browsers apply it to the
/// redirects after a form too, and a consent's goes to the application.
pub const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The same for pages that show works: their covers are Bangumi's ([`crate::collection::work::COVERS`]).
pub const COVERS_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' https://lain.bgm.tv; \
                                          base-uri 'none'; frame-ancestors 'none'";

/// The same for the page with a script: of ours, and in a file.
pub const SCRIPT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                                          base-uri 'none'; frame-ancestors 'none'";

/// What the frame around every page needs.
#[derive(Clone, Debug)]
pub struct Layout<'a> {
    /// The page's language.
    pub lang: Lang,
    /// That language's words.
    pub m: &'static Messages,
    /// The display name of whoever is signed in.
    pub user: Option<&'a str>,
    /// The token that each form carries as `csrf`.
    pub csrf: &'a str,
    /// This page's path and query, to which choosing a language returns. Starts with a slash.
    pub path: &'a str,
}

impl<'a> Layout<'a> {
    /// A frame in this language.
    pub fn new(lang: Lang, user: Option<&'a str>, csrf: &'a str, path: &'a str) -> Self {
        Self { lang, m: lang.messages(), user, csrf, path }
    }

    /// What to say beside a field: its first error's words.
    fn error(&self, errors: &[FieldError], field: &str) -> Option<&'static str> {
        errors.iter().find(|error| error.field == field).map(|error| self.m.field_error(error.field, error.code))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The values of an attribute, in order.
    fn attribute<'h>(html: &'h str, name: &str) -> Vec<&'h str> {
        let start = format!(" {name}=\"");
        html.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn every_page_renders_in_every_language() {
        for lang in Lang::ALL {
            let pages = samples::render(lang).unwrap();
            assert!(pages.len() > 12);
            for (name, html) in pages {
                let place = format!("{name} in {lang:?}");
                assert!(html.contains(&format!("<html lang=\"{}\">", lang.tag())), "{place}");
                assert_eq!(html.matches("<h1").count(), 1, "{place} has one heading");
                for empty in ["<title></title>", "<h1></h1>", "<p></p>", "<label></label>", "<button></button>"] {
                    assert!(!html.contains(empty), "{place} has an empty {empty}");
                }
                assert!(!html.contains('{'), "{place} shows a placeholder");
            }
        }
    }

    #[test]
    fn hostile_text_is_shown_and_never_obeyed() {
        for (name, html) in samples::render(Lang::En).unwrap() {
            let html = html.replace("<script src=\"/static/form_post.js\" defer></script>", "");
            for banned in ["<script", "<img src=x", " style=", "javascript:"] {
                assert!(!html.contains(banned), "{name} contains {banned}");
            }
        }
        let consent = samples::render(Lang::En).unwrap().into_iter().find(|(name, _)| *name == "consent-hostile");
        assert!(consent.unwrap().1.contains("&#60;script&#62;"));
    }

    #[test]
    fn ids_are_unique_and_whatever_points_at_one_finds_it() {
        for (name, html) in samples::render(Lang::Ja).unwrap() {
            let ids = attribute(&html, "id");
            let unique: BTreeSet<_> = ids.iter().copied().collect();
            assert_eq!(ids.len(), unique.len(), "{name}: {ids:?}");
            let pointers = ["for", "aria-describedby", "aria-labelledby"];
            for target in pointers.iter().flat_map(|pointer| attribute(&html, pointer)).flat_map(str::split_whitespace)
            {
                assert!(unique.contains(target), "{name}: nothing is called {target}");
            }
        }
    }

    #[test]
    fn every_form_of_ours_carries_the_csrf_token_and_none_that_goes_elsewhere() {
        for (name, html) in samples::render(Lang::ZhCn).unwrap() {
            for form in html.split("<form").skip(1).filter_map(|rest| rest.split("</form>").next()) {
                // What only looks for something changes nothing, and its address can be kept.
                if form.contains("method=\"get\"") && form.contains(" role=\"search\"") {
                    assert!(!form.contains("csrf") && form.contains(" action=\"/"), "{name}");
                    continue;
                }
                assert!(form.contains("method=\"post\""), "{name}");
                let csrf = form.contains("<input type=\"hidden\" name=\"csrf\" value=\"csrf-token\">");
                assert_eq!(csrf, form.contains(" action=\"/"), "{name}");
            }
        }
    }

    #[test]
    fn choosing_a_language_returns_to_the_page_with_its_query() {
        let layout = Layout::new(Lang::En, None, "", "/login?continue=/a&b=1");
        let html = Home { layout }.render().unwrap();
        assert!(html.contains("/language?lang=ja&amp;return_to=%2Flogin%3Fcontinue%3D%2Fa%26b%3D1\""), "{html}");
    }
}
