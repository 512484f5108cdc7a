//! Where what comes to us is received, and from whom.

use super::codes::{BAD_SOURCES, OPEN_RECEIVER};
use super::source::{Source, Way};
use super::values::complain;
use crate::diag::{Diagnostic, Span};
use crate::incident::Placed;
use crate::incident::mapping::Mapping;
use core::net::SocketAddr;
use std::collections::BTreeMap;

/// The address; needed if anything is received.
pub(super) fn read(map: &Mapping, sources: &[Source], problems: &mut Vec<Diagnostic>) -> Option<Placed> {
    let listen = map.text("listen", problems);
    let address = listen.as_ref().map(|at| at.text.parse::<SocketAddr>());
    let received = sources.iter().find(|s| matches!(s.way, Way::Receive(_)));
    match (&listen, address, received) {
        (Some(at), Some(Err(_)), _) => {
            complain(problems, at.span, "`listen` is not an address with a port", "write listen: 127.0.0.1:9095");
        }
        (Some(_), Some(Ok(address)), _) if !address.ip().is_loopback() => open(sources, problems),
        (None, _, Some(source)) if map.get("listen").is_none() => {
            let here = Span { end: source.span.start, ..source.span };
            complain(problems, here, "a source that is received, and no `listen`", "write listen: 127.0.0.1:9095");
        }
        _ => {}
    }
    one_each(sources, problems);
    listen
}

/// Tells of sources that others may reach and that ask for no secret.
fn open(sources: &[Source], problems: &mut Vec<Diagnostic>) {
    for source in sources.iter().filter(|s| s.secret.is_none()) {
        if let Way::Receive(path) = &source.way {
            let message = format!("`{}` takes signals from everybody who can reach it", source.name.text);
            let help = "write secret: ${NAME}, or listen at 127.0.0.1 behind a proxy that asks for one";
            problems.push(Diagnostic::warning(OPEN_RECEIVER, message).at(path.span, "without `secret`").help(help));
        }
    }
}

/// Tells of paths that several sources claim.
fn one_each(sources: &[Source], problems: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<&str, Span> = BTreeMap::new();
    for source in sources {
        let Way::Receive(path) = &source.way else { continue };
        if let Some(before) = first.insert(&path.text, path.span) {
            problems.push(
                Diagnostic::error(BAD_SOURCES, format!("two sources are received at `{}`", path.text))
                    .at(path.span, "again here")
                    .also(before, "first here")
                    .help("give each a path of its own"),
            );
        }
    }
}
