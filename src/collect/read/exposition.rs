//! The text format in which programs expose metrics to Prometheus.

use super::json;
use super::labels::Labels;
use crate::collect::Unreadable;
use jiff::Timestamp;

/// Only so many samples are read.
const MAX_SAMPLES: usize = 100_000;

/// One line: a name, labels and a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The name of the metric.
    pub name: String,
    /// Its labels, without the name.
    pub labels: Labels,
    /// Its value; may be infinite or not a number.
    pub value: f64,
    /// When, if the line says so.
    pub at: Option<Timestamp>,
}

/// All samples in `body`. Lines that are none are passed over; the last line counts only if it has an end, since it may
/// have been cut off in the middle of a number.
///
/// # Errors
/// [`Unreadable`] if it is no text, or there is no sample in it.
pub fn parse(body: &[u8], wanted: &str) -> Result<Vec<Sample>, Unreadable> {
    let text = json::decode(body, wanted)?;
    if text.trim_start().starts_with('<') {
        return Err(Unreadable(format!("expected {wanted}, found {}", json::markup(text.trim_start()))));
    }
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let samples: Vec<Sample> = whole.lines().filter_map(sample).take(MAX_SAMPLES).collect();
    if samples.is_empty() {
        return Err(Unreadable(format!("expected {wanted}, found no sample of a metric: `{}`", json::shown(&text))));
    }
    Ok(samples)
}

fn sample(line: &str) -> Option<Sample> {
    let line = line.trim();
    if line.starts_with(|c: char| c == '#' || c.is_ascii_digit()) {
        return None;
    }
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')).filter(|e| *e > 0)?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Labels::new();
    if let Some(inside) = rest.trim_start().strip_prefix('{') {
        rest = read_labels(inside, &mut labels)?;
    }
    let mut words = rest.split_whitespace();
    let value = words.next()?.parse().ok()?;
    let at = words.next().and_then(|ms| Timestamp::from_millisecond(ms.parse().ok()?).ok());
    Some(Sample { name: name.to_string(), labels, value, at })
}

/// Reads `name="value",…}` and gives what comes after.
fn read_labels<'a>(mut rest: &'a str, labels: &mut Labels) -> Option<&'a str> {
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some(after);
        }
        let (name, value) = rest.split_once('=')?;
        let mut chars = value.trim_start().strip_prefix('"')?.char_indices();
        let inside = value.trim_start().strip_prefix('"')?;
        let mut text = String::new();
        rest = loop {
            match chars.next()? {
                (i, '"') => break &inside[i + 1..],
                (_, '\\') => text.push(match chars.next()?.1 {
                    'n' => '\n',
                    other => other,
                }),
                (_, c) => text.push(c),
            }
        };
        labels.insert(name.trim().to_string(), text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_with_its_labels_and_time() {
        let text =
            "# HELP x\nup{a=\"b\\\"c,}\", d = \"\\n\" ,} 1 1795343837956\nup 0.5\nx NaN\nbad{a=\"\nbad\n9 1\nup 7";
        let samples = parse(text.as_bytes(), "metrics").unwrap();
        assert_eq!(samples.len(), 3);
        assert_eq!(samples[0].labels["a"], "b\"c,}");
        assert_eq!(samples[0].labels["d"], "\n");
        assert_eq!(samples[0].at.unwrap().as_millisecond(), 1_795_343_837_956);
        assert_eq!((samples[1].name.as_str(), samples[1].value, samples[1].at), ("up", 0.5, None));
        assert!(samples[2].value.is_nan());
    }

    #[test]
    fn a_page_is_no_metrics() {
        assert!(parse(b"<html>up 1\n</html>", "metrics").unwrap_err().0.contains("HTML"));
        assert!(parse(b"", "metrics").is_err());
    }
}
