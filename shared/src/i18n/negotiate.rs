//! Which language a request gets.

use accept_language::parse_with_quality;

use super::Lang;

/// Entries of `Accept-Language` that are looked at. Browsers send fewer than ten.
const MAX_PREFERENCES: usize = 32;

/// The language of an answer: what the user chose on the site (a cookie), else what the application asks for
/// (`ui_locales`, separated by spaces, best first: OpenID Connect Core §3.1.2.1), else what the browser prefers
/// (`Accept-Language`, RFC 9110 §12.5.4), else English.
pub fn negotiate(chosen: Option<&str>, ui_locales: Option<&str>, accept_language: Option<&str>) -> Lang {
    chosen
        .and_then(Lang::from_tag)
        .or_else(|| ui_locales?.split_whitespace().find_map(Lang::from_tag))
        .or_else(|| preferred(accept_language?))
        .unwrap_or(Lang::En)
}

/// The best of a browser's languages. The crate is handed one entry at a time, since its own sorting meets
/// `q=nan` with an order that isn't total, on which the standard library may panic. A weight that isn't a
/// number, or is 0 ("not acceptable"), drops its entry.
fn preferred(header: &str) -> Option<Lang> {
    header
        .split(',')
        .take(MAX_PREFERENCES)
        .flat_map(parse_with_quality)
        .filter(|(_, quality)| *quality > 0.0)
        .filter_map(|(tag, quality)| Some((Lang::from_tag(&tag)?, quality)))
        // Of equals the first: `reduce` keeps what it has.
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
        .map(|(lang, _)| lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_choice_comes_before_the_applications_and_the_browsers() {
        assert_eq!(negotiate(Some("ja"), Some("en"), Some("zh-CN")), Lang::Ja);
        assert_eq!(negotiate(None, Some("de-DE zh-Hans en"), Some("ja")), Lang::ZhCn);
        assert_eq!(negotiate(Some("xx"), Some("yy"), Some("ja")), Lang::Ja);
        assert_eq!(negotiate(None, None, None), Lang::En);
    }

    #[test]
    fn a_browsers_weights_are_heeded() {
        for (header, lang) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::ZhCn),
            ("en;q=0.3, ja;q=0.7", Lang::Ja),
            ("de, fr;q=0.9, ja;q=0.1", Lang::Ja),
            ("en, ja", Lang::En),
            ("ja;q=0, zh;q=0.1", Lang::ZhCn),
            ("ja;q=nan, zh;q=oops, en;q=0.1", Lang::En),
            ("*", Lang::En),
            ("", Lang::En),
            (",;q=,;;=", Lang::En),
        ] {
            assert_eq!(negotiate(None, None, Some(header)), lang, "{header}");
        }
    }
}
