//! The pictures of a page, as SVG: text stays text, sizes depend on the report alone.
//!
//! [`subgraph`] draws what the incident is about on the places that [`layout`] gives; [`timeline`] draws the signals,
//! and [`ranking`] the causes, over the same [`axis`].

pub mod axis;
pub mod cards;
pub mod layout;
pub mod ranking;
pub mod subgraph;
pub mod timeline;

/// Width that `text` surely does not exceed at `size` pixels, in the fonts that systems come with.
pub fn text_width(text: &str, size: f64) -> f64 {
    let em = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 0.36,
        'f' | 't' | 'r' | '-' | '(' | ')' | '/' | 'I' | '[' | ']' => 0.44,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.98,
        'a'..='z' | '0'..='9' | '_' => 0.635,
        'A'..='Z' => 0.78,
        c if (c as u32) < 0x250 => 0.7,
        _ => 1.1,
    };
    text.chars().map(em).sum::<f64>() * size
}

/// A coordinate with one digit: the same bytes everywhere.
pub fn px(x: f64) -> String {
    let text = format!("{:.1}", if x.is_finite() { x } else { 0.0 });
    let short = text.strip_suffix(".0").unwrap_or(&text);
    if short == "-0" { "0".to_string() } else { short.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short_and_never_odd() {
        assert_eq!([px(3.0), px(2.26), px(-0.04), px(f64::NAN)], ["3", "2.3", "0", "0"]);
        assert!(text_width("meta-auth", 12.0) > 50.0);
    }
}
