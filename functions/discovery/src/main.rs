//! Both discovery documents and the published keys.
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve_lazily(discovery::router())
}
