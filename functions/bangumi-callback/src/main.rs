//! Takes people back from Bangumi.
fn main() -> Result<(), shared::lambda::Error> {
    shared::lambda::serve(bangumi_callback::router())
}
