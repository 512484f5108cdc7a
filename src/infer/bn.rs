//! Reads and answers prepared networks in the exchange format `bn/1` (`docs/formats.md`).

use super::network::{Network, NetworkBuilder, NodeIx};
use serde::Deserialize;

/// A network as it is written.
#[derive(Debug, Deserialize)]
struct Raw {
    format: String,
    nodes: Vec<RawNode>,
    #[serde(default)]
    edges: Vec<(u32, u32, f64)>,
    #[serde(default)]
    groups: Vec<RawGroup>,
}

#[derive(Debug, Deserialize)]
struct RawNode {
    prior: f64,
    /// `[ln P(signals | failed), ln P(signals | ok)]`.
    #[serde(default)]
    ev: [f64; 2],
}

#[derive(Debug, Deserialize)]
struct RawGroup {
    node: u32,
    members: Vec<u32>,
    p: f64,
}

/// A file holds a network, alone or beside its known answer.
#[derive(Debug, Deserialize)]
struct File {
    network: Option<serde_json::Value>,
}

/// Reads a network: either the network itself or an object that holds it under `network`.
///
/// # Errors
/// What is wrong with the text, with its place where the reader knows it.
pub fn read(text: &str) -> Result<Network, String> {
    let file: File = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let raw: Raw = match file.network {
        Some(value) => serde_json::from_value(value).map_err(|e| format!("in \"network\": {e}"))?,
        None => serde_json::from_str(text).map_err(|e| e.to_string())?,
    };
    if raw.format != "bn/1" {
        return Err(format!("format is {:?}; this program reads \"bn/1\"", raw.format));
    }
    let mut builder = NetworkBuilder::new();
    for node in &raw.nodes {
        let ix = builder.node(node.prior);
        builder.observe(ix, &[node.ev[1], node.ev[0]]);
    }
    for (from, to, p) in raw.edges {
        builder.edge(NodeIx(from), NodeIx(to), p);
    }
    for g in raw.groups {
        let members: Vec<NodeIx> = g.members.iter().map(|&m| NodeIx(m)).collect();
        builder.gate(NodeIx(g.node), &members, members.len() as u32, g.p);
    }
    builder.freeze().map_err(|e| e.to_string())
}
