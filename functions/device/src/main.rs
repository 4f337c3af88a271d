//! Lets devices without a browser or a keyboard in (RFC 8628).
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve(device::router())
}
