//! Names of domains, as people write them and as name servers know them.

use super::codes::BAD_DOMAIN;
use crate::diag::Diagnostic;

/// Bytes of a whole name.
const MAX_NAME: usize = 253;

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Domain {
    /// As name servers know it: lower case, ASCII, no dot at the end.
    pub ascii: String,
    /// As people write it, in any script.
    pub shown: String,
}

impl Domain {
    /// Reads what someone typed: a domain, or an address of which it is the host.
    ///
    /// # Errors
    /// If no domain can have this name.
    pub fn parse(text: &str) -> Result<Domain, Box<Diagnostic>> {
        let host = text.trim().split_once("://").map_or(text.trim(), |(_, rest)| rest);
        let host = host.split(['/', '?', '#']).next().unwrap_or_default().trim_end_matches('.');
        let bad = |why: &str| {
            Box::new(
                Diagnostic::error(BAD_DOMAIN, format!("`{text}` is not a domain: {why}"))
                    .help("write it as in an address, without more: `example.com`"),
            )
        };
        let ascii = idna::domain_to_ascii_strict(host)
            .map_err(|_| bad("it has characters or lengths that names do not have"))?;
        if !ascii.contains('.') {
            return Err(bad("there is no dot in it"));
        }
        // The last label of an IPv4 address is a number, that of a domain never is.
        if ascii.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit())) {
            return Err(bad("it is an address"));
        }
        if ascii.len() > MAX_NAME || ascii.split('.').any(|label| label.is_empty() || label.len() > 63) {
            return Err(bad("it, or a part of it, is empty or too long"));
        }
        let (shown, _) = idna::domain_to_unicode(&ascii);
        Ok(Domain { ascii, shown })
    }

    /// The name with `www.` before it, unless it has that already.
    pub fn www(&self) -> Option<String> {
        (!self.ascii.starts_with("www.") && self.ascii.len() + 4 <= MAX_NAME).then(|| format!("www.{}", self.ascii))
    }

    /// The domain and those that contain it, but for top-level ones.
    pub fn and_parents(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ascii.match_indices('.').map(|(i, _)| i + 1));
        starts.map(|i| &self.ascii[i..]).filter(|name| name.contains('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_name_servers_know_them() {
        for (text, ascii) in [
            ("Example.COM.", "example.com"),
            ("https://shop.example.com/a?b", "shop.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(Domain::parse(text).unwrap().ascii, ascii);
        }
        assert_eq!(Domain::parse("xn--bcher-kva.example").unwrap().shown, "bücher.example");
        let long = format!("{}.example", "a".repeat(64));
        for text in [
            "",
            ".",
            "localhost",
            "--server",
            "-x.example.com",
            "a b.example",
            "192.0.2.1",
            "a..example",
            &long,
            "a@b.example",
            "[::1]",
            "$(x).example",
        ] {
            assert!(Domain::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn parents_end_below_the_top() {
        let domain = Domain::parse("a.b.example.com").unwrap();
        assert_eq!(domain.and_parents().collect::<Vec<_>>(), ["a.b.example.com", "b.example.com", "example.com"]);
        assert_eq!(domain.www().as_deref(), Some("www.a.b.example.com"));
        assert_eq!(Domain::parse("www.example.com").unwrap().www(), None);
    }
}
