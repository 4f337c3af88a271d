//! Removes what nobody needs any more, once an hour.
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::schedule(sweep::run)
}
