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
/// A pushed authorization request, until its user comes with it (RFC 9126 §2.2: short, but long enough for a redirect).
pub const PUSHED_REQUEST: i64 = 90;
/// The `state` of a sign-in elsewhere.
pub const UPSTREAM_STATE: i64 = 600;
/// A browser is known as its owner's for this long.
pub const KNOWN_BROWSER: i64 = 365 * DAY;
/// A page's cursor leads on for this long.
pub const CURSOR: i64 = 7 * DAY;
/// A deleted account's username is nobody's for this long.
pub const USERNAME_HELD: i64 = 30 * DAY;

/// A nonce for DPoP proofs (RFC 9449 §8.2): how long a proof that was made in advance could be of use.
pub const DPOP_NONCE: i64 = 300;
/// An authorization that a device waits for.
pub const DEVICE: i64 = 600;
/// How long a device waits between two polls at first, and how much longer each time that it does not (RFC 8628 §3.5).
pub const DEVICE_INTERVAL: i64 = 5;
/// A logout token: OpenID Connect Back-Channel Logout §2.4 wants two minutes at the most.
pub const LOGOUT_TOKEN: i64 = 120;
/// A client that did not hear of a sign-out is told again after this, and then after twice as long each time.
pub const LOGOUT_RETRY: i64 = 3600;
/// A letter that could not be sent is sent again after this, and then after twice as long each time.
pub const LETTER_RETRY: i64 = 3600;

/// A sign-in is recent for this long: what changes how one signs in wants one (ASVS 7.5).
pub const FRESH: i64 = 600;
/// An account elsewhere whose owner has not decided what becomes of it.
pub const PENDING_LINK: i64 = 600;
/// Whoever renews tokens of an account elsewhere has them alone for this long. No function runs as long after it has asked
/// for them: whose lease is over does not hold an answer any more that it could still write.
pub const TOKENS_LEASE: i64 = 60;
/// Tokens of accounts elsewhere are renewed where they are used this long before they expire.
pub const TOKENS_MARGIN: i64 = 300;
/// The sweep renews tokens of accounts elsewhere that expire within this.
pub const TOKENS_AHEAD: i64 = DAY;
/// Tokens that can't be renewed as things are (their provider is not configured, or answers nonsense, or they don't open)
/// are left alone by the sweep for this long, and then for twice as long each time, up to 32 times.
pub const TOKENS_PUT_OFF: i64 = DAY;

/// No token that is signed lives longer: the legacy dialects' are the longest.
pub const LONGEST_TOKEN: i64 = DAY;
/// How long a function goes on with the signing keys and the site's epoch that it has read. (Whoever read the JWKS may
/// keep it as long: its `max-age`.)
pub const SITE_CACHE: i64 = 300;
/// A key signs for this long, and then until the next one is known to everybody.
pub const KEY_SIGNS: i64 = 30 * DAY;
/// A key is published for this long before it signs: an hour, since many keep the JWKS longer than they are told, after
/// the last function and the last cache in between have noticed it.
pub const KEY_LEAD: i64 = 3600 + 2 * SITE_CACHE;
/// A key stays published for this long after its successor began to sign: until its last token has expired by every
/// clock that is five minutes off at the most.
pub const KEY_REMAINS: i64 = LONGEST_TOKEN + SITE_CACHE + CLOCK_SKEW;

const CLOCK_SKEW: i64 = 300;

/// A day.
pub const DAY: i64 = 86_400;

/// The longest that anything lives which the secret key sealed or made a handle of. For so long, after the last function
/// has begun to seal with a new secret key, the old one must still open.
pub fn longest_sealed() -> i64 {
    // Access tokens have a handle in them: their `jti`.
    let sealed = [CODE, LONGEST_TOKEN, REFRESH_ABSOLUTE, SESSION_ABSOLUTE, FORM, REQUEST_IN_PROGRESS, KNOWN_BROWSER];
    sealed.into_iter().fold(CURSOR, i64::max)
}
