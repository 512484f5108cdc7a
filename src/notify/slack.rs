//! Incoming webhooks as Slack has them, and Mattermost, Rocket.Chat and others after it.

use super::{Message, words};
use serde_json::{Value, json};

/// Characters of the text that is shown where blocks are not.
const TEXT: usize = 600;
/// Characters of the section with the verdict. Slack refuses sections of more than 3,000 characters, and whole messages
/// of some 13,000; together these stay below, even if every character is written as two.
const VERDICT: usize = 1200;
/// Characters of the section with the causes.
const CAUSES: usize = 2000;
/// Characters of the section with reasons.
const REASONS: usize = 1600;
/// Characters of the line at the end.
const CONTEXT: usize = 400;

/// The body.
pub fn body(message: &Message) -> Value {
    let head = words::head(message);
    let mut blocks = vec![json!({"type": "header", "text": {"type": "plain_text", "text": head, "emoji": false}})];
    blocks.extend(section(&[escaped(&message.verdict)], VERDICT));
    let bullet = |line: &String| format!("• {}", escaped(line));
    blocks.extend(section(&words::causes(message).iter().map(bullet).collect::<Vec<_>>(), CAUSES));
    blocks.extend(section(&message.lines.iter().map(bullet).collect::<Vec<_>>(), REASONS));
    let began = message.began.map_or(String::new(), |began| format!("began {}, ", words::time(began)));
    let end = format!("{began}told {}, incident {}", words::time(message.at), escaped(&message.key));
    let end = json!({"type": "mrkdwn", "text": fitting(&[end], CONTEXT), "verbatim": true});
    blocks.push(json!({"type": "context", "elements": [end]}));
    json!({
        "text": fitting(&[format!("{head}: {}", escaped(&message.verdict))], TEXT),
        "blocks": blocks,
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn section(lines: &[String], most: usize) -> Option<Value> {
    let text = fitting(lines, most);
    let text = (!text.trim().is_empty()).then(|| json!({"type": "mrkdwn", "text": text, "verbatim": true}))?;
    Some(json!({"type": "section", "text": text}))
}

/// Text from outside: no command (`<!here>`), no link, and no name after an `@`, which other systems than Slack read as
/// one even in plain text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('@', "@\u{200b}")
}

/// As many of these lines as `most` characters hold, with a word about the rest; of a single one as much as fits.
fn fitting(lines: &[String], most: usize) -> String {
    let mut text = String::new();
    let mut room = most.saturating_sub(REST);
    for (i, line) in lines.iter().enumerate() {
        let length = line.chars().count() + 1;
        if length <= room {
            room -= length;
        } else if i == 0 {
            return cut(line, most);
        } else {
            return format!("{text}\n… and {} more", lines.len() - i);
        }
        if i > 0 {
            text.push('\n');
        }
        text += line;
    }
    text
}

/// Characters for the word about the rest.
const REST: usize = 20;

/// The beginning of an escaped text; no escape is cut in two.
fn cut(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    if let Some(begin) = short.rfind('&')
        && !short[begin..].contains(';')
    {
        short.truncate(begin);
    }
    if short.ends_with('@') {
        short.pop();
    }
    short.push('…');
    short
}
