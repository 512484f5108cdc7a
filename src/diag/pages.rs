//! The pages that explain diagnostics, inside the program.

use include_dir::{Dir, include_dir};

static PAGES: Dir = include_dir!("$CARGO_MANIFEST_DIR/docs/diagnostics");

/// The page of a code, as Markdown: what it means, an example, what to do.
pub fn page(code: &str) -> Option<&'static str> {
    PAGES.get_file(format!("{code}.md")).and_then(|f| f.contents_utf8())
}
