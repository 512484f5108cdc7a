//! Texts, times, numbers and links as the page says them.

use super::Page;
use crate::report::text::{cut, probability};
use crate::report::view::Cause;
use crate::signal::SourceKind;
use jiff::Timestamp;
use maud::{Markup, html};

/// Characters of a name on the page.
const NAME: usize = 80;

/// Text from outside, on one line of at most so many characters.
pub fn short(text: &str, most: usize) -> String {
    cut(text, most)
}

/// Text from outside that keeps its direction of writing to itself.
pub fn free(text: &str, most: usize) -> Markup {
    html! { bdi { (cut(text, most)) } }
}

/// The name of a component.
pub fn name(id: &str) -> Markup {
    html! { bdi.id { (cut(id, NAME)) } }
}

/// A name and, if it is not the whole, a capability.
pub fn place(component: &str, capability: &str) -> Markup {
    html! { (name(component)) @if capability != "any" { " (" (free(capability, 40)) ")" } }
}

/// A time, to the minute where it is one.
pub fn when(time: &str) -> Markup {
    let Ok(at) = time.parse::<Timestamp>() else { return free(time, 40) };
    let format = if at.as_second().rem_euclid(60) == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
    html! { time datetime=(cut(time, 40)) { (at.strftime(format).to_string()) } }
}

/// A small chance in words that can be compared.
pub fn chance(p: f64) -> String {
    if p >= 0.01 || p <= 0.0 || !p.is_finite() { format!("{p:.2}") } else { format!("1 in {:.0}", 1.0 / p) }
}

/// Log-odds with a sign that lines up.
pub fn odds(x: f64) -> String {
    match format!("{x:+.2}").as_str() {
        "+0.00" | "-0.00" => "0.00".to_string(),
        text => text.replace('-', "−"),
    }
}

/// A kind of source in words.
pub fn source(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::UserReports => "user reports",
        SourceKind::StatusPage => "status page",
        SourceKind::Probe => "probe",
        SourceKind::Alert => "alert",
        SourceKind::OfficialStatement => "official statement",
        SourceKind::Analyst => "analyst",
        SourceKind::Press => "press",
        SourceKind::Social => "social media",
        SourceKind::Observatory => "observatory",
    }
}

/// An address if it is one that may become a link.
pub fn link(url: &str) -> Option<String> {
    let safe = url.starts_with("https://") || url.starts_with("http://");
    let plain = url.chars().all(|c| !c.is_control() && !c.is_whitespace()) && crate::diag::clean(url) == url;
    (safe && plain && url.len() <= 2000).then(|| url.to_string())
}

/// The host of an address, to be shown.
pub fn host(url: &str) -> String {
    let rest = url.split("://").nth(1).unwrap_or(url);
    cut(rest.split(['/', '?', '#']).next().unwrap_or(rest).trim_start_matches("www."), 40)
}

/// A share of a width, for a bar.
pub fn percent(x: f64) -> String {
    format!("{:.1}%", if x.is_finite() { x.clamp(0.0, 1.0) * 100.0 } else { 0.0 })
}

/// A heading with a link to itself.
pub fn heading(id: &str, text: &str) -> Markup {
    html! {
        h2 id=(format!("{id}-heading")) {
            (text) " " a.here href=(format!("#{id}")) aria-label=(format!("Link to: {text}")) { "§" }
        }
    }
}

impl Page<'_> {
    /// The verdict and the incident, for the title of the window.
    pub fn title(&self) -> String {
        let name =
            if self.report.incident.title.is_empty() { &self.report.incident.id } else { &self.report.incident.title };
        if name.is_empty() { self.report.verdict.text.clone() } else { format!("{}: {name}", self.report.verdict.text) }
    }

    /// A probability as far as it is known.
    pub fn p(&self, p: f64) -> String {
        probability(p, self.report.inference.error)
    }

    /// A time without its day, if the whole window lies on that day.
    pub fn clock(&self, time: &str) -> Markup {
        let day = |t: &str| t.parse::<Timestamp>().ok().map(|t| t.strftime("%Y-%m-%d").to_string());
        let window = &self.report.window;
        match time.parse::<Timestamp>() {
            Ok(at) if day(time) == day(&window.start) && day(time) == day(&window.end) => {
                html! { time datetime=(cut(time, 40)) { (at.strftime("%H:%M").to_string()) } }
            }
            _ => when(time),
        }
    }

    /// A link to the row of a signal, if it has one.
    pub fn signal(&self, n: usize) -> Markup {
        if self.rows.contains(&n) {
            html! { a.signal href=(format!("#signal-{n}")) { "#" (n) } }
        } else {
            html! { "#" (n) }
        }
    }

    /// Links to the first few signals, and how many more there are.
    pub fn some_signals(&self, list: &[usize], most: usize) -> Markup {
        html! {
            @for (i, &n) in list.iter().take(most).enumerate() {
                @if i > 0 { ", " }
                (self.signal(n))
            }
            @if list.len() > most { " and " (list.len() - most) " more" }
        }
    }

    /// A component; a link if it is a cause put forward.
    pub fn component(&self, id: &str) -> Markup {
        match self.light.cause(id) {
            Some(cause) => html! { a data-cause=(cause.rank) href=(format!("#cause-{}", cause.rank)) { (name(id)) } },
            None => name(id),
        }
    }

    /// A bar with its whisker; the numbers stand beside it.
    pub fn bar(&self, cause: &Cause) -> Markup {
        let [low, high] = cause.range;
        let range = format!("left:{};right:{}", percent(low), percent(1.0 - high));
        html! {
            span.bar aria-hidden="true" {
                i style=(format!("width:{}", percent(cause.probability))) {}
                @if high - low > 0.005 { b style=(range) {} }
            }
        }
    }
}
