//! `commoncause infer`: raw inference on a prepared network.

use super::Exit;
use crate::infer::eliminate::Limits;
use crate::infer::{Engine, Method, Scenario, bn};
use serde_json::{Map, Value, json};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Above this many nodes only the largest posteriors are printed.
const ALL_POSTERIORS: usize = 100_000;
/// How many.
const TOP_POSTERIORS: usize = 200;
/// A network file may have at most this many bytes.
const MAX_BYTES: u64 = 2 << 30;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Raw inference on a prepared network: the posterior of every own fault, its error and how it was \
                  computed, as one JSON line per file. The format is described in docs/formats.md.",
    after_help = "Example:\n  commoncause infer tests/oracle/n20c_1003.json"
)]
pub struct Args {
    /// Networks in the format bn/1; `-` reads standard input.
    #[arg(required = true)]
    networks: Vec<PathBuf>,
    /// Seed of the sampler, used only where exact inference is too wide.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Runs the command: one JSON line per network, the worst exit code of all.
pub fn run(args: Args) -> Exit {
    let mut worst = Exit::Done;
    for path in &args.networks {
        let exit = match one(path, args.seed) {
            Ok(line) => match writeln!(std::io::stdout(), "{line}") {
                Ok(()) => Exit::Done,
                // The reader has gone: nothing left to do.
                Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => return worst,
                Err(_) => Exit::Io,
            },
            Err((exit, message)) => {
                eprintln!("error: {}: {message}", path.display());
                exit
            }
        };
        if exit as u8 > worst as u8 {
            worst = exit;
        }
    }
    worst
}

fn one(path: &Path, seed: u64) -> Result<Value, (Exit, String)> {
    let started = Instant::now();
    let text = read(path).map_err(|e| (Exit::Io, format!("cannot be read: {e}")))?;
    let text = String::from_utf8(text).map_err(|e| (Exit::Findings, format!("is not UTF-8: {e}")))?;
    let network = bn::read(&text).map_err(|e| (Exit::Findings, e))?;
    let load = started.elapsed();

    let started = Instant::now();
    let engine = Engine::new(network, &[], Limits::default(), seed);
    let (posterior, quality) = engine.posterior(Scenario::default());
    let wall = started.elapsed();

    let likely: Vec<usize> = (0..posterior.own.len()).filter(|&v| posterior.own[v] >= 0.5).collect();
    let mut line = json!({
        "status": "ok",
        "method": match quality.method { Method::Exact => "exact", Method::Sampled => "sampled" },
        "error": quality.error,
        "log_evidence": posterior.ln_evidence,
    });
    let fields = line.as_object_mut().ok_or((Exit::Bug, "no JSON object".to_string()))?;
    if posterior.own.len() <= ALL_POSTERIORS {
        fields.insert("posterior".into(), json!(posterior.own));
    } else {
        let mut order: Vec<usize> = (0..posterior.own.len()).collect();
        order.sort_by(|&a, &b| posterior.own[b].total_cmp(&posterior.own[a]).then(a.cmp(&b)));
        let top: Map<String, Value> =
            order.into_iter().take(TOP_POSTERIORS).map(|v| (v.to_string(), json!(posterior.own[v]))).collect();
        fields.insert("posterior_top".into(), Value::Object(top));
    }
    fields.insert("map".into(), json!(likely));
    fields.insert("wall_s".into(), json!(wall.as_secs_f64()));
    fields.insert("load_s".into(), json!(load.as_secs_f64()));
    Ok(line)
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let source: Box<dyn Read> =
        if path == Path::new("-") { Box::new(std::io::stdin()) } else { Box::new(std::fs::File::open(path)?) };
    let mut bytes = Vec::new();
    source.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
