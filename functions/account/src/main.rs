//! A person's own account.
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve(account::router())
}
