//! The authorization endpoint: sign-in, consent, code (RFC 6749 §3.1).
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve(authorize::router())
}
