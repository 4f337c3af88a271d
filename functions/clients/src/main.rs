//! Registers applications (RFC 7591).
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve(clients::router())
}
