//! Works: one, its episodes, a search, and what is shown this week.
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve(subjects::router())
}
