//! Makes the reference page that the sandbox serves from `openapi.yaml`. Run it after
//! changing the description; a test compares the two.
//!
//! ```sh
//! cargo run -p qbank-sandbox --example reference
//! ```

mod markdown;
mod node;
mod page;
mod schema;

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let yaml = std::fs::read_to_string(root.join("openapi.yaml"))?;
    let page = page::page(&node::parse(&yaml)?);
    std::fs::write(root.join("src/control/reference.html"), page)?;
    Ok(())
}
