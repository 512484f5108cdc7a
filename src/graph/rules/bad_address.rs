//! A status page that no browser could open.

use crate::diag::{Code, Diagnostic};
use crate::graph::raw::RawComponent;

/// A `status_page` is no address of the web.
pub const CODE: Code = Code { id: "bad-address", summary: "a `status_page` is no address of the web" };

/// Every `status_page` that does not begin with `http://` or `https://` and a host.
pub fn check(components: &[&RawComponent], problems: &mut Vec<Diagnostic>) {
    for page in components.iter().filter_map(|c| c.status_page.as_ref()).filter(|p| !is_web(&p.value)) {
        problems.push(
            Diagnostic::warning(CODE, format!("`{}` is no address of the web", page.value))
                .at(page.span, "not an address")
                .help("write the whole address, e.g. https://status.example.org"),
        );
    }
}

fn is_web(address: &str) -> bool {
    let lower = address.to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")) else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.starts_with(|c: char| c.is_alphanumeric() || c == '[')
        && !address.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: cdn, status_page: status.example.org}}",
        );
    }

    #[test]
    fn knows_addresses() {
        for fine in
            ["https://status.example.org", "HTTP://example.org:8080/a?b#c", "https://[::1]/", "https://müller.de"]
        {
            assert!(super::is_web(fine), "{fine}");
        }
        for bad in
            ["", "status.example.org", "ftp://example.org", "https://", "https:///x", "https://a b", "javascript:x"]
        {
            assert!(!super::is_web(bad), "{bad}");
        }
    }
}
