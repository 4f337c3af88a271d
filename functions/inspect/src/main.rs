//! Ends tokens and says what they are (RFC 7009, RFC 7662).
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve(inspect::router())
}
