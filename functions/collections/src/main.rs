//! What a person has watched, watches and wants to.
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve(collections::router())
}
