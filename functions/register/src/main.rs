//! Registers people: the page and its JSON.
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve(register::router())
}
