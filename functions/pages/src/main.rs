//! The home page, what pages load, the choice of language, and a sign of life.
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve_lazily(pages::router())
}
