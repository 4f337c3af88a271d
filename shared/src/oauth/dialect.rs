//! Dialects: the words of other systems over the core, as tables. A dialect renames parameters on the way in and members
//! on the way out, and has defaults; it never issues or checks anything itself. A code remembers its dialect and is
//! redeemed only there.
//!
//! Whatever is said here of one is what its document says, which an application was written against (docs/dialects.md).

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::client::Client;
use super::params::Params;

/// A declared layer of other names.
#[derive(Debug)]
pub struct Dialect {
    /// Its name in registrations, codes and families.
    pub name: &'static str,
    /// Where it lives: these paths, and any path below one that ends with a slash.
    pub places: &'static [&'static str],
    /// The query's parameter that says which endpoint is meant, where they share a path.
    pub endpoint: Option<&'static str>,
    /// Whether a client must have registered for it.
    pub by_registration: bool,
    /// Whether it accepts secrets that clients chose themselves.
    pub chosen_secrets: bool,
    /// Whether it redeems the standard's codes, for lack of an authorization endpoint of its own.
    pub takes_standard_codes: bool,
    /// Whether the standard's token endpoint takes its codes and refresh tokens, too: its document has the same one.
    pub served_by_standard: bool,
    /// Request parameters: theirs, the standard's.
    pub parameters: &'static [(&'static str, &'static str)],
    /// What a request means that leaves these out.
    pub defaults: &'static [(&'static str, &'static str)],
    /// A parameter that decides what another one is, whatever that says: the one, the other, its value.
    pub implies: &'static [(&'static str, &'static str, &'static str)],
    /// What is granted where nobody says a scope.
    pub scope: &'static str,
    /// Scopes: theirs, the standard's.
    pub scopes: &'static [(&'static str, &'static str)],
    /// Whether an authorization request must have a `state`.
    pub needs_state: bool,
    /// Whether refreshing gives the same refresh token again.
    pub keeps_refresh_tokens: bool,
    /// How long its access tokens live, in seconds, if its document says so.
    pub access_token: Option<i64>,
    /// The status of what succeeds at its own token endpoint and profile.
    pub status: u16,
    /// The members of its token reply. Those that there is nothing for are left out.
    pub token_reply: &'static [(&'static str, Member)],
    /// How it names users in its replies.
    pub naming: Naming,
    /// The parameter by which its profile is asked for one user, which must be the token's: the user's name.
    pub profile_of: Option<&'static str>,
    /// The members of its profile.
    pub profile: &'static [(&'static str, Member)],
    /// What stands in its profile where there is nothing; null, if not even that.
    pub unset: Option<&'static str>,
}

/// What a member of a reply is.
#[derive(Clone, Copy, Debug)]
pub enum Member {
    /// The first that there is of the standard's members or claims.
    Of(&'static [&'static str]),
    /// A number, as text.
    Text(&'static str),
    /// A phone number, as its document writes them: a Chinese one in eleven digits.
    Phone(&'static str),
    /// The scope, in the dialect's words.
    Scope,
    /// The user's name.
    User,
    /// Always this.
    Always(&'static str),
    /// Always null.
    Null,
}

/// Who a user is to a dialect's applications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Their `sub`.
    Subject,
    /// Somebody whom no other application knows.
    Application,
    /// Somebody whom its owner's applications know.
    Owner,
}

/// bangumoe's own first interface. Its document spells the prefix both ways.
pub static OAUTH2_0: Dialect = Dialect {
    name: "oauth2.0",
    places: &["/oauth2.0/", "/aouth2.0/"],
    by_registration: false,
    chosen_secrets: true,
    parameters: &[
        ("redirect_url", "redirect_uri"),
        ("client_secrets", "client_secret"),
        ("token", "access_token"),
        ("email", "username"),
    ],
    access_token: Some(3600),
    token_reply: &[("token", Member::Of(&["access_token"]))],
    profile: &[
        ("avator", Member::Of(&["picture"])),
        ("email", Member::Of(&["email"])),
        ("intro", Member::Of(&["intro"])),
        ("nickname", Member::Of(&["nickname"])),
        ("uname", Member::Of(&["preferred_username", "email"])),
    ],
    unset: Some(""),
    ..USUAL
};

/// Weibo's. Its authorization endpoint is where the standard's is, and asks for the same.
pub static WEIBO: Dialect = Dialect {
    name: "weibo",
    places: &["/oauth2/access_token"],
    takes_standard_codes: true,
    token_reply: &[
        ("access_token", Member::Of(&["access_token"])),
        ("remind_in", Member::Text("expires_in")),
        ("expires_in", Member::Of(&["expires_in"])),
        ("uid", Member::User),
        // Nobody's name is checked here.
        ("isRealName", Member::Always("false")),
    ],
    ..USUAL
};

/// AcWing's.
pub static ACWING: Dialect = Dialect {
    name: "acwing",
    places: &["/third_party/api/"],
    parameters: &[("appid", "client_id"), ("secret", "client_secret")],
    implies: &[("refresh_token", "grant_type", "refresh_token")],
    scopes: &[("userinfo", "profile")],
    token_reply: &[
        ("access_token", Member::Of(&["access_token"])),
        ("expires_in", Member::Of(&["expires_in"])),
        ("openid", Member::User),
        ("scope", Member::Scope),
        ("refresh_token", Member::Of(&["refresh_token"])),
    ],
    naming: Naming::Application,
    profile_of: Some("openid"),
    profile: &[
        ("username", Member::Of(&["preferred_username", "nickname", "sub"])),
        ("photo", Member::Of(&["picture"])),
    ],
    unset: Some(""),
    ..USUAL
};

/// Lianluo's. Its codes are redeemed where the standard's are; its own token endpoint is for the other grants.
pub static LIANLUO: Dialect = Dialect {
    name: "lianluo",
    places: &["/oauth2/auth", "/api/oauth2/v1/users", "/account/v1/tokens"],
    served_by_standard: true,
    // Its document's own example of refreshing says `client_credentials`.
    implies: &[("refresh_token", "grant_type", "refresh_token")],
    scope: "profile email phone",
    keeps_refresh_tokens: true,
    access_token: Some(86_400),
    status: 201,
    token_reply: &[
        ("access_token", Member::Of(&["access_token"])),
        ("expires_in", Member::Of(&["expires_in"])),
        ("token_type", Member::Of(&["token_type"])),
        ("scope", Member::Null),
        ("refresh_token", Member::Of(&["refresh_token"])),
    ],
    naming: Naming::Owner,
    profile: &[
        ("union_id", Member::User),
        ("avatar", Member::Of(&["picture"])),
        ("username", Member::Of(&["preferred_username", "email", "phone_number"])),
        ("email", Member::Of(&["email"])),
        ("phone", Member::Phone("phone_number")),
    ],
    ..USUAL
};

/// 6park's (留园网). All its endpoints are one page.
pub static SIX_PARK: Dialect = Dialect {
    name: "6park",
    places: &["/index.php"],
    endpoint: Some("app"),
    needs_state: true,
    token_reply: &[("access_token", Member::Of(&["access_token"])), ("expires_in", Member::Of(&["expires_in"]))],
    ..USUAL
};

/// What most have in common.
const USUAL: Dialect = Dialect {
    name: "",
    places: &[],
    endpoint: None,
    by_registration: true,
    chosen_secrets: false,
    takes_standard_codes: false,
    served_by_standard: false,
    parameters: &[],
    defaults: &[("response_type", "code"), ("grant_type", "authorization_code")],
    implies: &[],
    scope: "profile email",
    scopes: &[],
    needs_state: false,
    keeps_refresh_tokens: false,
    access_token: None,
    status: 200,
    token_reply: &[],
    naming: Naming::Subject,
    profile_of: None,
    profile: &[],
    unset: None,
};

static ALL: [&Dialect; 5] = [&OAUTH2_0, &WEIBO, &ACWING, &LIANLUO, &SIX_PARK];

impl Dialect {
    /// The dialect of a path; none for the standard's own.
    pub fn of_path(path: &str) -> Option<&'static Self> {
        let is_at = |place: &&str| if place.ends_with('/') { path.starts_with(*place) } else { path == *place };
        ALL.into_iter().find(|dialect| dialect.places.iter().any(is_at))
    }

    /// The dialect of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|dialect| dialect.name == name)
    }

    /// Every name.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ALL.into_iter().map(|dialect| dialect.name)
    }

    /// Whether `client` was given it.
    pub fn is_of(&self, client: &Client) -> bool {
        !self.by_registration || client.metadata.dialects.iter().any(|name| name == self.name)
    }

    /// Whether a request with this query means its endpoint of that name.
    pub fn means(&self, query: &Params, endpoint: &str) -> bool {
        self.endpoint.is_none_or(|parameter| query.get(parameter) == Some(endpoint))
    }

    /// Gives a request's parameters their standard names, and what it left out its default; but for the scope, whose
    /// default is for who asks a user.
    pub fn translate(&self, params: &mut Params) {
        params.rename(self.parameters);
        for (name, value) in self.defaults {
            params.set_default(name, value);
        }
        for (decisive, name, value) in self.implies {
            if params.get(decisive).is_some() {
                params.set(name, value);
            }
        }
        if let Some(scope) = params.get("scope").map(|scope| renamed(scope, |word| find(self.scopes, word))) {
            params.set("scope", &scope);
        }
    }

    /// The same for an authorization request.
    pub fn translate_request(&self, params: &mut Params) {
        self.translate(params);
        params.set_default("scope", self.scope);
    }

    /// A token reply in its words: what there is of the `standard`'s, and what it calls the user.
    pub fn tokens(&self, standard: &Map<String, Value>, user: Option<&str>) -> Map<String, Value> {
        let members = self.token_reply.iter();
        members.filter_map(|(name, member)| Some(((*name).to_owned(), self.member(*member, standard, user)?))).collect()
    }

    /// A profile in its words.
    pub fn profile(&self, claims: &Map<String, Value>, user: &str) -> Map<String, Value> {
        let value = |member| self.member(member, claims, Some(user)).unwrap_or_else(|| self.unset.into());
        self.profile.iter().map(|(name, member)| ((*name).to_owned(), value(*member))).collect()
    }

    fn member(&self, member: Member, from: &Map<String, Value>, user: Option<&str>) -> Option<Value> {
        let text = |name| from.get(name).and_then(Value::as_str);
        match member {
            Member::Of(names) => names.iter().find_map(|name| from.get(*name)).cloned(),
            Member::Text(name) => from.get(name).map(|number| number.to_string().into()),
            Member::Phone(name) => text(name).map(|phone| national(phone).into()),
            Member::Scope => text("scope").map(|scope| self.words(scope).into()),
            Member::User => user.map(Value::from),
            Member::Always(text) => Some(text.into()),
            Member::Null => Some(Value::Null),
        }
    }

    fn words(&self, scope: &str) -> String {
        let theirs = |word: &str| self.scopes.iter().find(|(_, ours)| *ours == word).map(|(theirs, _)| *theirs);
        renamed(scope, theirs)
    }
}

/// A Chinese number of E.164 in eleven digits; any other as it is.
fn national(phone: &str) -> &str {
    phone.strip_prefix("+86").filter(|digits| digits.len() == 11).unwrap_or(phone)
}

/// Whether a code of the dialect `issued` may be presented where `presented` is spoken; no dialect is the standard.
pub fn redeems(presented: Option<&Dialect>, issued: Option<&str>) -> bool {
    let of_standard = issued.is_none() && presented.is_some_and(|presented| presented.takes_standard_codes);
    of_standard || refreshes(presented, issued)
}

/// Whether a refresh token of the dialect `issued` may be presented where `presented` is spoken.
pub fn refreshes(presented: Option<&Dialect>, issued: Option<&str>) -> bool {
    match (presented, issued) {
        (Some(presented), issued) => issued == Some(presented.name),
        (None, Some(issued)) => Dialect::named(issued).is_some_and(|issued| issued.served_by_standard),
        (None, None) => true,
    }
}

fn find(pairs: &[(&'static str, &'static str)], theirs: &str) -> Option<&'static str> {
    pairs.iter().find(|(name, _)| *name == theirs).map(|(_, ours)| *ours)
}

fn renamed(scope: &str, name: impl Fn(&str) -> Option<&'static str>) -> String {
    let words: Vec<Cow<'_, str>> =
        scope.split(' ').map(|word| name(word).map_or(Cow::Borrowed(word), Cow::Borrowed)).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::lifetimes::{ACCESS_TOKEN, LONGEST_TOKEN};

    #[test]
    fn no_token_outlives_the_key_that_signed_it() {
        let lifetimes = ALL.into_iter().filter_map(|dialect| dialect.access_token).chain([ACCESS_TOKEN]);
        assert!(lifetimes.max().unwrap() <= LONGEST_TOKEN);
    }

    #[test]
    fn a_path_is_of_one_dialect_and_the_standards_of_none() {
        let name = |path| Dialect::of_path(path).map(|dialect| dialect.name);
        for path in ["/oauth2/authorize", "/oauth2/token", "/oauth2/access_token/", "/account", "/index.php/x", "/"] {
            assert_eq!(name(path), None, "{path}");
        }
        for (path, expected) in [
            ("/aouth2.0/show", "oauth2.0"),
            ("/oauth2/access_token", "weibo"),
            ("/third_party/api/oauth2/access_token/", "acwing"),
            ("/oauth2/auth", "lianluo"),
            ("/index.php", "6park"),
        ] {
            assert_eq!(name(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn what_decides_wins_and_what_came_twice_stays_twice() {
        let translated = |text: &str| {
            let mut params = Params::from_urlencoded(text).unwrap();
            LIANLUO.translate(&mut params);
            params
        };
        let params = translated("grant_type=client_credentials&refresh_token=x");
        assert_eq!(params.get("grant_type"), Some("refresh_token"));
        assert_eq!(translated("refresh_token=&grant_type=password").get("grant_type"), Some("password"));
        let doubled = translated("grant_type=password&grant_type=password&refresh_token=x");
        assert!(doubled.refuse_doubled().is_err());
    }

    #[test]
    fn scopes_are_renamed_there_and_back() {
        let mut params = Params::from_urlencoded("appid=1&scope=userinfo+email").unwrap();
        ACWING.translate_request(&mut params);
        assert_eq!((params.get("client_id"), params.get("scope")), (Some("1"), Some("profile email")));
        assert_eq!(ACWING.words("profile email"), "userinfo email");
    }

    #[test]
    fn only_a_chinese_number_has_eleven_digits() {
        assert_eq!(
            ["+8617002108009", "+861700210800", "+14155550100"].map(national),
            ["17002108009", "+861700210800", "+14155550100",]
        );
    }

    #[test]
    fn codes_do_not_cross() {
        for presented in ALL {
            for issued in ALL {
                let same = presented.name == issued.name;
                assert_eq!(redeems(Some(presented), Some(issued.name)), same);
                assert_eq!(refreshes(Some(presented), Some(issued.name)), same);
            }
            assert_eq!(redeems(Some(presented), None), presented.name == "weibo");
            assert!(!refreshes(Some(presented), None));
            assert_eq!(redeems(None, Some(presented.name)), presented.name == "lianluo");
        }
        assert!(redeems(None, None) && !redeems(None, Some("nobody's")));
    }
}
