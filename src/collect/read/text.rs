//! Texts of feeds as plain text: without HTML, Markdown and entities, and of bounded length.

use regex::Regex;
use std::sync::LazyLock;

/// The longest text of a signal, in characters.
pub const MAX_CHARS: usize = 500;

/// Only so much of a text is looked at, in bytes.
const MAX_BYTES: usize = 64 << 10;

/// Tags, with all of what is never shown; comments.
static TAGS: LazyLock<Regex> = LazyLock::new(|| {
    rule(
        r"(?is)<!--.*?(-->|$)|<script\b.*?(</script\s*>|$)|<style\b.*?(</style\s*>|$)|</?[a-z][^<>]*>|<!\[CDATA\[|\]\]>",
    )
});
/// `[words](address)` and `![words](address)`.
static LINKS: LazyLock<Regex> = LazyLock::new(|| rule(r"!?\[([^\[\]]*)\]\([^()\s]*\)"));
/// `**strong**`, `__strong__`, `*this*`, `` `code` ``.
static MARKS: LazyLock<Regex> =
    LazyLock::new(|| rule(r"\*\*|__|`+|~~|(?:^|\s)[*_]([^\s*_](?:[^*_\n]*[^\s*_])?)[*_](?:$|[\s.,;:!?)])"));
/// Headings, quotes and bullets at the beginning of a line.
static LINE_MARKS: LazyLock<Regex> = LazyLock::new(|| rule(r"(?m)^[ \t]*(#{1,6} |> ?|[*+-] )+"));

fn rule(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// `text` without tags, entities, Markdown, control characters and double blanks, cut to [`MAX_CHARS`] at a word.
pub fn plain(text: &str) -> String {
    cut(&bare(text), MAX_CHARS)
}

/// What was said under a title: `title: update`, or the one that there is. `None` if neither says anything.
pub fn titled(title: &str, update: &str) -> Option<String> {
    let (title, update) = (bare(title), bare(update));
    let both = match (title.is_empty(), update.is_empty()) {
        (true, true) => return None,
        (false, true) => title,
        (true, false) => update,
        (false, false) if update.starts_with(&title) => update,
        (false, false) => format!("{title}: {update}"),
    };
    Some(cut(&both, MAX_CHARS))
}

/// `text` without tags, entities and Markdown, not yet cut.
pub fn bare(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(MAX_BYTES)];
    let text = TAGS.replace_all(text, " ");
    // Feeds in XML carry HTML whose tags are themselves entities.
    let text = html_escape::decode_html_entities(&text);
    let text = TAGS.replace_all(&text, " ");
    let text = html_escape::decode_html_entities(&text);
    let text = LINKS.replace_all(&text, "$1");
    let text = LINE_MARKS.replace_all(&text, "");
    let text = MARKS.replace_all(&text, " $1 ");
    let mut plain = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()) {
        // A tag or mark before a full stop must not leave a blank there.
        if !plain.is_empty() && !word.chars().all(|c| ".,;:!?)".contains(c)) {
            plain.push(' ');
        }
        plain.push_str(word);
    }
    crate::diag::clean(&plain).to_string()
}

/// At most `most` characters of `text`, with an ellipsis where something was cut.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    let end = head.rfind(' ').filter(|e| *e > head.len() / 2).unwrap_or(head.len());
    format!("{}…", head[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_plain_text() {
        for (text, wanted) in [
            ("<p>Sign-in <b>fails</b>.<br/>We know &amp; work.</p>", "Sign-in fails. We know & work."),
            ("&lt;p&gt;Sign-in fails&lt;/p&gt;", "Sign-in fails"),
            ("**Update** – see [the page](https://a.example/x) now", "Update – see the page now"),
            ("**Title:**\nSome\n**Text:**\nMore", "Title: Some Text: More"),
            ("it is *very* slow", "it is very slow"),
            ("# Summary\n\n* one\n* two\n> three", "Summary one two three"),
            ("a < b and b > c", "a < b and b > c"),
            ("snake_case_name stays, 2 * 3 * 4 too", "snake_case_name stays, 2 * 3 * 4 too"),
            ("<script>alert(1)</script>ok<!-- no -->", "ok"),
            ("<style>p{}", ""),
        ] {
            assert_eq!(plain(text), wanted, "{text}");
        }
    }

    #[test]
    fn long_texts_are_cut_at_a_word() {
        let cut = plain(&"word ".repeat(1000));
        assert!(cut.chars().count() <= MAX_CHARS && cut.ends_with("word…"), "{cut}");
    }
}
