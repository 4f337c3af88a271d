//! Signs people in with accounts elsewhere, and binds those.
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve(connect::router())
}
