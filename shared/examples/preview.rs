//! Writes every page's sample in every language into a folder, with the static files beside them, to be looked at:
//!
//! ```sh
//! cargo run -p shared --example preview -- target/preview
//! python3 -m http.server --directory target/preview
//! ```

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use shared::i18n::Lang;
use shared::pages::{assets, samples};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("which folder? preview <folder>")?);
    fs::create_dir_all(folder.join("static"))?;
    for name in ["site.css", "favicon.svg", "form_post.js"] {
        let (_, text) = assets::asset(name).ok_or(name)?;
        fs::write(folder.join("static").join(name), text)?;
    }
    for lang in Lang::ALL {
        for (name, html) in samples::render(lang)? {
            fs::write(folder.join(format!("{name}.{}.html", lang.tag())), html)?;
        }
    }
    Ok(())
}
