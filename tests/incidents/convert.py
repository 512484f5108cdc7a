#!/usr/bin/env python3
"""Convert incident case files into the folders of this corpus.

    python3 convert.py CASES OUT

CASES holds one `<id>.yaml` per case; every case becomes `OUT/<id>/` with `incident.yaml`, `graph.yaml` and
`signals.jsonl`. The rules are the same for every case and stand in README.md; nothing here looks at a case's
id, and nothing reads what a case says about misleading evidence or how to model it. The same input gives the
same bytes.
"""

import json
import re
import sys
from pathlib import Path

import yaml

# Capabilities that mean the component as a whole: an edge or a signal naming one says nothing about what it does.
GENERAL = {"any", "connectivity", "dns"}

# Words of the case files that are not kinds of ours.
KINDS = {"ca": "certificate-authority", "internal-platform": "platform"}

# A remark longer than this does not fit on an edge's line and is left out.
LONGEST_NOTE = 160

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _./()'+-]*")
ADDRESS = re.compile(r"https?://[A-Za-z0-9_./~=&%+-]+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def scalar(text):
    """`text` as a YAML scalar that every reader takes for the same string."""
    if ADDRESS.fullmatch(text) or TIME.fullmatch(text):
        return text
    if PLAIN.fullmatch(text) and not text.endswith(" ") and yaml.safe_load(text) == text:
        return text
    return json.dumps(text, ensure_ascii=False)


def flow_list(items):
    return "[" + ", ".join(scalar(i) for i in items) + "]"


def flow_map(pairs):
    return "{" + ", ".join(f"{k}: {v}" for k, v in pairs) + "}"


def components_of(case):
    """Every id named anywhere in the case, sorted."""
    parts = case["parts"] or {}
    ids = {o["service"] for o in case["observations"]} | set(parts) | set(parts.values())
    for edge in case["dependencies"]:
        ids |= {edge["dependent"], edge["on"], *edge.get("alternatives", [])}
    ids |= set(case["truth"]["causes"]) | set(case["truth"].get("acceptable_answers") or [])
    return sorted(ids)


def kinds_of(case):
    """The kind under which each id is needed: as `on` first, else as an alternative; the first edge decides."""
    kinds = {}
    for edge in case["dependencies"]:
        kinds.setdefault(edge["on"], KINDS.get(edge["kind"], edge["kind"]))
    for edge in case["dependencies"]:
        for other in edge.get("alternatives", []):
            kinds.setdefault(other, KINDS.get(edge["kind"], edge["kind"]))
    return kinds


def edge_line(edge):
    pairs = []
    several = edge["redundancy"] == "one-of-several"
    if several and edge.get("alternatives"):
        pairs.append(("any_of", flow_list([edge["on"], *edge["alternatives"]])))
    else:
        pairs.append(("component", scalar(edge["on"])))
    if edge["capability"] not in GENERAL:
        pairs.append(("for", flow_list([edge["capability"]])))
    if several and not edge.get("alternatives"):
        pairs.append(("impact", "soft"))
    if edge.get("region", "global") != "global":
        pairs.append(("region", scalar(edge["region"])))
    pairs.append(("source", scalar(edge["url"])))
    if len(edge["basis"]) <= LONGEST_NOTE:
        pairs.append(("note", scalar(edge["basis"])))
    return "      - " + flow_map(pairs)


def graph(case):
    parts = case["parts"] or {}
    kinds = kinds_of(case)
    capabilities, edges = {}, {}
    for observation in case["observations"]:
        capabilities.setdefault(observation["service"], set()).add(observation["capability"])
    for edge in case["dependencies"]:
        child, parent = edge["dependent"], edge["on"]
        capabilities.setdefault(child, set()).add(edge["capability"])
        # Containment says it already.
        if parts.get(child) == parent and edge["capability"] == "any":
            continue
        edges.setdefault(child, []).append(edge_line(edge))
    lines = ["# yaml-language-server: $schema=../../../docs/schema/graph.schema.json", "components:"]
    for name in components_of(case):
        kind = kinds.get(name) or ("cloud-service" if name in parts else "service")
        lines += [f"  {scalar(name)}:", f"    kind: {scalar(kind)}"]
        if name in parts:
            lines.append(f"    part_of: {scalar(parts[name])}")
        own = sorted(capabilities.get(name, set()) - GENERAL)
        if own:
            lines.append(f"    capabilities: {flow_list(own)}")
        if name in edges:
            lines += ["    depends_on:", *edges[name]]
    return lines


def signal(observation):
    record = {"at": observation["at"], "precision": observation["at_precision"]}
    if "at_kind" in observation:
        record["at_kind"] = observation["at_kind"]
    record["component"] = observation["service"]
    record["capability"] = observation["capability"]
    record["state"] = observation["state"]
    record["region"] = observation["region"]
    record["source"] = {"kind": observation["source_kind"], "name": observation["source_kind"]}
    count, baseline = observation.get("count"), observation.get("baseline")
    ratio = observation.get("ratio_to_baseline")
    if baseline is None and count is not None and ratio:
        baseline = round(count / ratio, 3)
    if count is not None:
        record["count"] = count
    if baseline is not None:
        record["baseline"] = baseline
    if observation.get("login_share") is not None:
        record["share"] = {"login": observation["login_share"]}
    record["text"] = observation["gist"]
    record["url"] = observation["url"]
    return json.dumps(record, ensure_ascii=False)


def named_literally(sentences, ids):
    """The ids that stand letter for letter, as whole words, in the sentences."""
    return [i for i in ids if any(re.search(rf"(?<![\w./-]){re.escape(i)}(?![\w/-])", s) for s in sentences)]


def incident(case):
    truth = case["truth"]
    parts = case["parts"] or {}
    acceptable = truth.get("acceptable_answers")
    if acceptable is None:
        acceptable = list(dict.fromkeys(parts[c] for c in truth["causes"] if c in parts))
    separate = named_literally(truth.get("separate_real_events") or [], components_of(case))
    window = case["window"]
    return [
        "# yaml-language-server: $schema=../../../docs/schema/incident.schema.json",
        f"id: {scalar(case['id'])}",
        f"title: {scalar(case['title'])}",
        f"window: {flow_map((k, scalar(window[k])) for k in ('start', 'end'))}",
        "graph: [graph.yaml]",
        "signals: [signals.jsonl]",
        "truth:",
        f"  causes: {flow_list(truth['causes'])}",
        f"  acceptable: {flow_list(acceptable)}",
        f"  separate: {flow_list(separate)}",
    ]


def main(arguments):
    if len(arguments) != 2:
        sys.exit("usage: convert.py CASES OUT")
    cases, out = map(Path, arguments)
    for path in sorted(cases.glob("*.yaml")):
        case = yaml.safe_load(path.read_text(encoding="utf-8"))
        folder = out / case["id"]
        folder.mkdir(parents=True, exist_ok=True)
        files = {
            "incident.yaml": incident(case),
            "graph.yaml": graph(case),
            "signals.jsonl": [signal(o) for o in case["observations"]],
        }
        for name, lines in files.items():
            (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
