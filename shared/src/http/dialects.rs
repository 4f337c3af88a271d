//! Dialects: legacy names over the core, as tables. A dialect renames parameters on the way in and members on the way
//! out, and has defaults; it never issues or checks anything itself. A code remembers its dialect and is redeemed only
//! there.

/// A declared layer of legacy names.
#[derive(Debug)]
pub struct Dialect {
    /// Its name in codes.
    pub name: &'static str,
    /// Where it lives: any path below one of these.
    pub prefixes: &'static [&'static str],
    /// Request parameters: theirs, the standard's.
    pub parameters: &'static [(&'static str, &'static str)],
    /// What a request means that leaves these out.
    pub defaults: &'static [(&'static str, &'static str)],
    /// Members of the token reply: the standard's, theirs. Others are left out.
    pub token_reply: &'static [(&'static str, &'static str)],
    /// How long its access tokens live, in seconds.
    pub access_token: i64,
}

/// bangumoe's own first interface. Its document spells the prefix both ways.
pub static OAUTH2_0: Dialect = Dialect {
    name: "oauth2.0",
    prefixes: &["/oauth2.0/", "/aouth2.0/"],
    parameters: &[
        ("redirect_url", "redirect_uri"),
        ("client_secrets", "client_secret"),
        ("token", "access_token"),
        ("email", "username"),
    ],
    defaults: &[("response_type", "code"), ("grant_type", "authorization_code"), ("scope", "profile email")],
    token_reply: &[("access_token", "token")],
    access_token: 3600,
};

static ALL: [&Dialect; 1] = [&OAUTH2_0];

impl Dialect {
    /// The dialect of a path; none for the standard's own.
    pub fn of_path(path: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|dialect| dialect.prefixes.iter().any(|prefix| path.starts_with(prefix)))
    }

    /// The dialect of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|dialect| dialect.name == name)
    }

    /// Gives a request's parameters their standard names, and what it left out its default.
    pub fn translate(&self, params: &mut crate::oauth::Params) {
        params.rename(self.parameters);
        for (name, value) in self.defaults {
            params.set_default(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::lifetimes::{ACCESS_TOKEN, LONGEST_TOKEN};

    #[test]
    fn no_token_outlives_the_key_that_signed_it() {
        let lifetimes = ALL.into_iter().map(|dialect| dialect.access_token).chain([ACCESS_TOKEN]);
        assert!(lifetimes.max().unwrap() <= LONGEST_TOKEN);
    }
}
