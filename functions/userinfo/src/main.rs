//! Claims about the person whom a token speaks for (OpenID Connect Core §5.3).
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve(userinfo::router())
}
