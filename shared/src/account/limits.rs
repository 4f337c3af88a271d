//! How often somebody may try. Counted in fixed windows.

/// The window, in seconds.
pub const WINDOW: i64 = 15 * 60;
/// The window in which letters are counted, in seconds.
pub const LETTERS_WINDOW: i64 = 3600;
/// Letters that somebody causes to an address that is not verified; and those to it, whoever causes them.
pub const LETTERS_UNVERIFIED: u64 = 10;
/// Failed sign-ins per identifier.
pub const FAILURES_PER_IDENTIFIER: u64 = 10;
/// Failed sign-ins per address.
pub const FAILURES_PER_ADDRESS: u64 = 100;
/// Registrations per address: names can be probed by registering them.
pub const REGISTRATIONS_PER_ADDRESS: u64 = 500;
/// Answers of providers per address: each is a code that somebody may have made up, and that a provider is asked about.
pub const CONNECTS_PER_ADDRESS: u64 = 300;
/// Failed guesses of a client's chosen secret, per client and address.
pub const FAILURES_PER_CLIENT_AND_ADDRESS: u64 = 10;
