//! How long things live, in seconds.

/// An authorization code: RFC 9700 §2.1.1 wants it short.
pub const CODE: i64 = 60;
/// An access token.
pub const ACCESS_TOKEN: i64 = 600;
/// A refresh token that nobody uses.
pub const REFRESH_IDLE: i64 = 30 * DAY;
/// A token family, however much it is used.
pub const REFRESH_ABSOLUTE: i64 = 180 * DAY;
/// The generation just before still gets its successor for this long: a lost answer, or two tabs, sign nobody out.
pub const REFRESH_GRACE: i64 = 10;
/// A family outlives its code and its last access token by this, so that a code can't be redeemed again.
pub const FAMILY_MARGIN: i64 = 300;
/// A session that nobody uses.
pub const SESSION_IDLE: i64 = 14 * DAY;
/// A session, however much it is used.
pub const SESSION_ABSOLUTE: i64 = 90 * DAY;
/// A session notes its use once in this time at most.
pub const SESSION_TOUCH: i64 = 3600;
/// A form's CSRF token.
pub const FORM: i64 = 3600;
/// An authorization request that waits for sign-in or consent.
pub const REQUEST_IN_PROGRESS: i64 = 3600;
/// A browser is known as its owner's for this long.
pub const KNOWN_BROWSER: i64 = 365 * DAY;
/// A deleted account's username is nobody's for this long.
pub const USERNAME_HELD: i64 = 30 * DAY;

/// A day.
pub const DAY: i64 = 86_400;
