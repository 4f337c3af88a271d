//! Signs people in and out.
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve(login::router())
}
