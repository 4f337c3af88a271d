//! The token endpoint (RFC 6749 §3.2).
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve(token::router())
}
