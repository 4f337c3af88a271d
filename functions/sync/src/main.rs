//! Keeps collections in step with Bangumi, every minute.
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::schedule(sync::run)
}
