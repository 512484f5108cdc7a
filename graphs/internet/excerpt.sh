#!/bin/sh
# Which DNS, CDN and certificate provider well-known sites use, from two published measurements:
#
#   IMC 2020     Kashaf, Sekar, Agarwal: "Analyzing Third Party Service Dependencies in Modern Web Services",
#                github.com/AqsaKashaf/Analyzing-Third-party-Dependencies, sites of rank 1 to 30,000 in January 2020.
#                Licence: BSD.
#   Webdep 2023  github.com/AqsaKashaf/Webdep, popular sites of the United States in April 2023.
#                Licence: MIT, (c) 2023 Aqsa. Its CDN part is incomplete.
#
#   sh graphs/internet/excerpt.sh imc2020.csv.gz webdep2023.csv.gz
#
# Both files have the columns dependent,dependency,kind,weight: `dependency` is dns:NAME, cdn:NAME or ca:NAME, `weight`
# 1.0 for the only provider of its kind (certificates: no stapling), else 0.5. names.csv maps their names to components;
# what it does not name is left out. Written are webdep2023.csv, and imc2020.csv for the kinds of a site of which the
# later measurement says nothing. Then:
#
#   commoncause graph import csv graphs/internet/webdep2023.csv --graph graphs --out graphs/internet/webdep2023.yaml
#   commoncause graph import csv graphs/internet/imc2020.csv --graph graphs --out graphs/internet/imc2020.yaml
#
# What the graph says by hand about the same two components is left alone.
set -eu
[ $# -eq 2 ] || { echo "usage: excerpt.sh IMC2020.csv.gz WEBDEP2023.csv.gz" >&2; exit 2; }
here=$(dirname "$0")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
gzip -dc "$1" >"$tmp/2020"
gzip -dc "$2" >"$tmp/2023"

# Written by hand: "pair A B" (A depends on B, alone or in a group) and "content A" (A has content to deliver).
find "$here" "$here/../catalog" -name '*.yaml' ! -name webdep2023.yaml ! -name imc2020.yaml | LC_ALL=C sort |
while read -r file; do
  awk '
    /^  [a-z0-9][^ ]*:/ { id = $1; sub(/:$/, "", id); group = 0 }
    /^    capabilities:.*[[ ]content[],]/ { print "content", id }
    {
      line = $0
      if (match(line, /component: [a-z0-9][a-z0-9._\/-]*/)) print "pair", id, substr(line, RSTART + 11, RLENGTH - 11)
      if (line ~ /(any_of|of):/) group = 1
      if (group) {
        sub(/^.*of: *\[/, "", line)
        if (line ~ /\]/) group = 0
        sub(/\].*/, "", line)
        n = split(line, member, /[ ,]+/)
        for (i = 1; i <= n; i++) if (member[i] != "") print "pair", id, member[i]
      }
    }' "$file"
done >"$tmp/hand"

excerpt() { # FILE SOURCE DATE CONFIDENCE CONFIDENCE-OF-CERTIFICATES NEWER
  echo "dependent,dependency,for,capability,impact,confidence,source,verified"
  awk -F, -v source="$2" -v date="$3" -v sure="$4" -v sure_ca="$5" -v newer="$6" '
    FILENAME == ARGV[1] { split($0, word, " "); hand[word[1], word[2], word[3]] = 1; next }
    FILENAME == ARGV[2] { component[$1] = $2; next }
    { kind = $3; sub(/-private$/, "", kind) }
    FILENAME != ARGV[ARGC - 1] { told[$1, kind] = 1; next }
    !($1 in component) || (newer && ($1, kind) in told) { next }
    {
      to = ($2 in component) ? component[$2] : $2
      row = $1 SUBSEP kind
      if (!((row, to) in seen)) { seen[row, to] = 1; providers[row]++ }
      if (!($2 in component)) next
      rows++; site[rows] = $1; of[rows] = kind; target[rows] = to
    }
    END {
      for (i = 1; i <= rows; i++) {
        from = component[site[i]]; to = target[i]; kind = of[i]
        if (from == to || ((from, to) in done) || (("pair", from, to) in hand)) continue
        done[from, to] = 1
        only = providers[site[i] SUBSEP kind] == 1      # one provider under several names is one
        need = ""
        if (kind == "dns") impact = only ? "hard" : "soft"
        else if (kind == "cdn") { impact = only ? "likely" : "soft"; if (("content", from, "") in hand) need = "content" }
        else impact = "weak"
        print from "," to "," need ",," impact "," (kind == "ca" ? sure_ca : sure) "," source "," date
      }
    }' "$tmp/hand" "$here/names.csv" $6 "$1" | LC_ALL=C sort
}

excerpt "$tmp/2023" "Webdep 2023 (github.com/AqsaKashaf/Webdep)" 2023-04-01 0.7 0.6 "" >"$here/webdep2023.csv"
excerpt "$tmp/2020" "IMC 2020 (github.com/AqsaKashaf/Analyzing-Third-party-Dependencies)" 2020-01-01 0.5 0.5 \
  "$tmp/2023" >"$here/imc2020.csv"
