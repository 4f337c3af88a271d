//! Accounts elsewhere that are bound to an account.
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve(connections::router())
}
