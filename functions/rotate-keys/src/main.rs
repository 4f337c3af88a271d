//! Publishes the next signing key before it signs, and retires the old one after its last token.
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::schedule(rotate_keys::run)
}
