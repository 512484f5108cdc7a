//! `graph discover`: what DNS tells of the dependencies of domains.

use super::super::Exit;
use super::super::output::{patiently, tell, utc_today, write};
use crate::diag::{Sources, clean, has_errors};
use crate::discover::lookup::{self, Names, Settings};
use crate::discover::{Domain, Seen, codes, propose};
use core::net::SocketAddr;
use core::time::Duration;
use jiff::civil::Date;
use std::path::PathBuf;

/// Domains in one run: each takes up to forty questions.
const MAX_DOMAINS: usize = 1000;

/// Arguments of `graph discover`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Domains: the records of each are looked up.
    #[arg(required = true, value_name = "DOMAIN")]
    domains: Vec<String>,
    /// Files or folders of the graph whose components are recognised by their patterns; all are merged.
    #[arg(long, required = true, value_name = "PATH")]
    graph: Vec<PathBuf>,
    /// Whom to ask, e.g. 192.0.2.53:53; default: the resolver of this machine.
    #[arg(long, value_name = "ADDR:PORT")]
    server: Option<SocketAddr>,
    /// How long to wait for an answer, e.g. 500ms.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = timeout)]
    timeout: Duration,
    /// Do not look at `www.` of each domain, too.
    #[arg(long)]
    exact: bool,
    /// The day to write as `verified`; default: today.
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
    /// Writes the proposal to a file instead of stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn timeout(text: &str) -> Result<Duration, String> {
    let duration: jiff::SignedDuration = text.parse().map_err(|_| "write it as 5s or 500ms".to_string())?;
    let limits = Duration::from_millis(1)..=Duration::from_secs(60);
    Duration::try_from(duration).ok().filter(|d| limits.contains(d)).ok_or("from 1ms to 60s".to_string())
}

/// Runs the command.
pub fn run(args: &Args) -> Exit {
    match discover(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn discover(args: &Args) -> Result<Exit, Exit> {
    let domains = domains(&args.domains)?;
    let mut texts = Sources::default();
    let graph = super::read_keeping(&args.graph, &mut texts)?;
    let names = if args.exact { Names::Exact } else { Names::WithWww };
    let settings = Settings { server: args.server, timeout: args.timeout, names };
    let seen = patiently("asking name servers", || lookup::observe(&domains, settings)).map_err(|why| {
        eprintln!("error: cannot ask name servers: {}", clean(&why));
        Exit::Io
    })?;
    let problems: Vec<_> = seen.iter().flat_map(codes::problems).collect();
    tell(&problems, &Sources::default());
    if seen.iter().all(|s| s.unreachable() || s.missing()) {
        return Ok(exit(&seen));
    }
    let patch = propose(&seen, &graph, args.today.unwrap_or_else(utc_today));
    super::must_fit(&texts, "what is proposed", &patch)?;
    let written = write(&patch, args.out.as_deref());
    Ok(if written == Exit::Done { exit(&seen) } else { written })
}

/// The domains, each once.
fn domains(texts: &[String]) -> Result<Vec<Domain>, Exit> {
    let (mut domains, mut problems) = (Vec::new(), Vec::new());
    for text in texts {
        match Domain::parse(text) {
            Ok(domain) if domains.contains(&domain) => {}
            Ok(domain) => domains.push(domain),
            Err(problem) => problems.push(*problem),
        }
    }
    tell(&problems, &Sources::default());
    if has_errors(&problems) {
        return Err(Exit::Usage);
    }
    if domains.len() > MAX_DOMAINS {
        eprintln!("error: {} domains; at most {MAX_DOMAINS} at once", domains.len());
        return Err(Exit::Usage);
    }
    Ok(domains)
}

/// I/O if nobody answered about a domain, findings if one does not exist.
fn exit(seen: &[Seen]) -> Exit {
    if seen.iter().any(Seen::unreachable) {
        Exit::Io
    } else if seen.iter().any(Seen::missing) {
        Exit::Findings
    } else {
        Exit::Done
    }
}
