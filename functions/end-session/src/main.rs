//! Signs people out for an application (OpenID Connect RP-Initiated Logout 1.0).
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve(end_session::router())
}
