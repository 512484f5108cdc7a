//! Texts from outside as they may stand inside other languages, so that they cannot end a quotation, begin a command, move
//! the cursor or reverse the direction of writing.

use super::render::is_unsafe;
use std::fmt::Write;

/// JSON as it was, but for characters that a terminal, an editor or a reader of YAML could act on: they are written as
/// their codes. What is no character in YAML is written so, too.
pub fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            c if is_unsafe(c) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}') => {
                // All of them are in the basic plane: one code is enough.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// A quoted string of DOT; what moves the cursor is replaced, line breaks are kept.
pub fn dot(text: &str) -> String {
    let escaped = |line: &str| super::clean(line).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.split('\n').map(escaped).collect::<Vec<_>>().join("\\n"))
}

/// The lines of a label in DOT, where Graphviz also reads HTML's character references.
pub fn dot_label(lines: &[String]) -> String {
    dot(&lines.join("\n").replace('&', "&amp;"))
}

/// A text between quotes in Mermaid: everything but letters, digits and plain separators is written as its code.
/// Separators that could begin Markdown are plain only inside words.
pub fn mermaid(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let word = |i: Option<usize>| i.and_then(|i| chars.get(i)).is_some_and(|c| c.is_alphanumeric());
    let mut out = String::new();
    for (i, &c) in chars.iter().enumerate() {
        match c {
            ' ' | '/' | ',' => out.push(c),
            '-' | '.' if word(i.checked_sub(1)) && word(Some(i + 1)) => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            c => {
                let _ = write!(out, "#{};", c as u32);
            }
        }
    }
    if out.trim().is_empty() { "#160;".to_string() } else { out }
}

/// The content of an element of XML 1.0: what that cannot hold is replaced, what moves the cursor is written as its code.
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '\n' | '\t' => out.push(c),
            '\0'..='\u{1f}' if c != '\r' => out.push('\u{fffd}'),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if is_unsafe(c) => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str =
        "a\"b\\c\n</script>]]>--> %%{init `end` \u{1b}[31m\u{0}\u{202e}\u{feff}\u{ffff}\r\u{85}🔥&amp;";

    #[test]
    fn nothing_moves_the_cursor() {
        for text in [json(HOSTILE), dot(HOSTILE), dot_label(&[HOSTILE.into()]), mermaid(HOSTILE), xml(HOSTILE)] {
            assert!(!text.chars().any(|c| is_unsafe(c) && c != '\n'), "{text:?}");
        }
    }

    #[test]
    fn each_language_has_its_own_escapes() {
        assert_eq!(json("\"\u{1b}\u{202e}\""), "\"\\u001b\\u202e\"");
        assert_eq!(dot("a\\\"\nb"), "\"a\\\\\\\"\\nb\"");
        assert_eq!(dot_label(&["a&lt;".into(), "b".into()]), "\"a&amp;lt;\\nb\"");
        assert_eq!(mermaid("a-b `end`"), "a-b #96;end#96;");
        assert_eq!(mermaid(" "), "#160;");
        assert_eq!(xml("a<b>]]>&\r\u{1}"), "a&lt;b&gt;]]&gt;&amp;&#13;\u{fffd}");
    }
}
