//! Texts with places in braces that are filled for each request: `{code}`, `{token:/uid}`.

use serde::Deserialize;

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Hole(Hole),
}

/// What fills a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hole {
    ClientId,
    ClientSecret,
    RedirectUri,
    State,
    Scope,
    Code,
    AccessToken,
    RefreshToken,
    /// What the token request's answer has at a JSON pointer.
    Token(String),
}

impl Hole {
    fn parse(name: &str) -> Result<Self, String> {
        Ok(match name {
            "client_id" => Self::ClientId,
            "client_secret" => Self::ClientSecret,
            "redirect_uri" => Self::RedirectUri,
            "state" => Self::State,
            "scope" => Self::Scope,
            "code" => Self::Code,
            "access_token" => Self::AccessToken,
            "refresh_token" => Self::RefreshToken,
            other => match other.strip_prefix("token:") {
                Some(pointer) if pointer.starts_with('/') => Self::Token(pointer.to_owned()),
                _ => return Err(format!("nothing is called {{{other}}} in a parameter")),
            },
        })
    }

    /// As a file writes it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::ClientId => "{client_id}".to_owned(),
            Self::ClientSecret => "{client_secret}".to_owned(),
            Self::RedirectUri => "{redirect_uri}".to_owned(),
            Self::State => "{state}".to_owned(),
            Self::Scope => "{scope}".to_owned(),
            Self::Code => "{code}".to_owned(),
            Self::AccessToken => "{access_token}".to_owned(),
            Self::RefreshToken => "{refresh_token}".to_owned(),
            Self::Token(pointer) => format!("{{token:{pointer}}}"),
        }
    }
}

impl TryFrom<String> for Template {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let (mut parts, mut rest) = (Vec::new(), text.as_str());
        while let Some((literal, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or("a brace is opened and not closed")?;
            parts.extend([Part::Literal(literal.to_owned()), Part::Hole(Hole::parse(name)?)]);
            rest = after;
        }
        parts.push(Part::Literal(rest.to_owned()));
        if parts.iter().any(|part| matches!(part, Part::Literal(text) if text.contains('}'))) {
            return Err("a brace is closed and was not opened".to_owned());
        }
        Ok(Self(parts))
    }
}

impl Template {
    /// A text in which nothing is filled in.
    pub(super) fn literal(text: &str) -> Self {
        Self(vec![Part::Literal(text.to_owned())])
    }

    /// One value and nothing else.
    pub(super) fn just(hole: Hole) -> Self {
        Self(vec![Part::Hole(hole)])
    }

    /// What has to be filled in.
    pub(super) fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.0.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Hole(hole) => Some(hole),
        })
    }

    /// The text, with everything filled in. `None` where something is missing.
    pub(super) fn fill(&self, value: impl Fn(&Hole) -> Option<String>) -> Option<String> {
        self.0.iter().try_fold(String::new(), |text, part| match part {
            Part::Literal(literal) => Some(text + literal),
            Part::Hole(hole) => Some(text + &value(hole)?),
        })
    }
}

/// An address: one of the file's by name, and what follows it. Nothing in it is ever filled in by anybody else, so that
/// nobody decides where a request goes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Location {
    /// The name of the base.
    pub(super) base: String,
    /// Path and query.
    pub(super) rest: String,
}

impl TryFrom<String> for Location {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let parts = text.strip_prefix('{').and_then(|text| text.split_once('}'));
        let (base, rest) = parts.ok_or("an address begins with a name of [addresses] in braces")?;
        if rest.contains(['{', '}', '#', ' ']) || !(rest.is_empty() || rest.starts_with(['/', '?'])) {
            return Err("what follows an address's name is a path, and nothing in it is filled in".to_owned());
        }
        Ok(Self { base: base.to_owned(), rest: rest.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Result<Template, String> {
        text.to_owned().try_into()
    }

    #[test]
    fn places_are_filled_and_the_rest_is_kept() {
        let value = |hole: &Hole| match hole {
            Hole::Code => Some("{state}".to_owned()),
            Hole::Token(pointer) => Some(format!("<{pointer}>")),
            _ => None,
        };
        let fill = |text| template(text).unwrap().fill(value);
        assert_eq!(
            fill("a {code} b{token:/x/y}").as_deref(),
            Some("a {state} b</x/y>"),
            "what comes in is not read again"
        );
        assert_eq!(fill("").as_deref(), Some(""));
        assert_eq!(fill("{code}{state}"), None);
    }

    #[test]
    fn braces_name_what_there_is() {
        for wrong in ["{", "a{code", "}", "{code}}", "{}", "{Code}", "{token:uid}", "{id_token:/sub}", "{{code}}"] {
            assert!(template(wrong).is_err(), "{wrong}");
        }
        let text = "{client_id}{client_secret}{redirect_uri}{state}{scope}{code}\
                    {access_token}{refresh_token}{token:/uid}";
        let parsed = template(text).unwrap();
        assert_eq!(parsed.holes().map(Hole::name).collect::<String>(), text);
    }

    #[test]
    fn an_address_is_a_base_and_a_path() {
        let parse = |text: &str| Location::try_from(text.to_owned());
        let parsed = parse("{oauth}/index.php?app=token").unwrap();
        assert_eq!((parsed.base.as_str(), parsed.rest.as_str()), ("oauth", "/index.php?app=token"));
        assert!(parse("{oauth}").is_ok());
        for wrong in
            ["https://a.example/", "", "{oauth", "{oauth}.evil.example/", "{oauth}@evil/", "{oauth}/{code}", "{a}/#"]
        {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
