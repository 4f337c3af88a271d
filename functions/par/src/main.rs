//! Pushed authorization requests (RFC 9126).
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve_lazily(par::router())
}
