//! Prints what each flow asks of the table: `cargo run -p tests --example costs > docs/costs.md`.

#[tokio::main(flavor = "current_thread")]
async fn main() {
    print!("{}", tests::costs::to_markdown(&tests::costs::measure().await));
}
