//! The time of announced work in a text: `Nov 24, 02:00 - 04:00 UTC`. Only what can mean one thing is read: with a day, both
//! times by 24 hours, and the zone UTC.

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// Work that is announced for longer is no window but a mistake.
const MAX_LENGTH: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A day without a year is at most so far from when it was written.
const MAX_DISTANCE: SignedDuration = SignedDuration::from_hours(120 * 24);

/// Only so much of a text is looked at, in bytes.
const MAX_BYTES: usize = 8 << 10;

/// When work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub to: Timestamp,
}

/// A day, in the three ways in which it is written; names of groups end in what is put for `#`.
const DAY: &str = r"(?:(?P<y1#>\d{4})-(?P<m1#>\d{2})-(?P<d1#>\d{2})|(?P<m2#>[a-z]{3,9})\.? (?P<d2#>\d{1,2})(?:st|nd|rd|th)?(?:,? (?P<y2#>\d{4}))?|(?P<d3#>\d{1,2})(?:st|nd|rd|th)? (?P<m3#>[a-z]{3,9})\.?(?:,? (?P<y3#>\d{4}))?)";
/// Between two times.
const TO: &str = r" ?(?:-|–|—|to|until|till|and) ?";
/// UTC, and nothing that would move it.
const ZONE: &str = r" ?\(?(?:UTC|GMT)(?:[^\w+−–-]|$)";

/// `Nov 24, 02:00 - 04:00 UTC`, `24 November 2026 from 22:00 UTC to 25 November 02:00 UTC`.
static DAY_FIRST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let (day, other) = (DAY.replace('#', "a"), DAY.replace('#', "b"));
    let sep = r",?(?: at| from| between)? ";
    Regex::new(&format!(
        r"(?i)\b{day}{sep}(?P<from>\d{{1,2}}:\d{{2}})(?: ?\(?(?:UTC|GMT)\)?)?{TO}(?:{other}{sep})?(?P<to>\d{{1,2}}:\d{{2}}){ZONE}"
    ))
    .ok()
});
/// `between 01:00 and 03:00 UTC on 3 March 2026`.
static TIME_FIRST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let day = DAY.replace('#', "a");
    Regex::new(&format!(
        r"(?i)\b(?P<from>\d{{1,2}}:\d{{2}})(?: ?(?:UTC|GMT))?{TO}(?P<to>\d{{1,2}}:\d{{2}}) ?\(?(?:UTC|GMT)\)?,? on {day}\b"
    ))
    .ok()
});

/// The one window that `text`, written at `near`, names; `None` if it names none for certain, or several.
pub fn window(text: &str, near: Timestamp) -> Option<Window> {
    let text = &text[..text.floor_char_boundary(MAX_BYTES)];
    let all = [&DAY_FIRST, &TIME_FIRST].into_iter().filter_map(|r| r.as_ref()).flat_map(|r| r.captures_iter(text));
    let mut found = all.filter_map(|c| read(&c, near));
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

fn read(c: &Captures<'_>, near: Timestamp) -> Option<Window> {
    let (from_time, to_time) = (time(&c["from"])?, time(&c["to"])?);
    let (from_day, year_is_said) = day(c, "a", near)?;
    let from = from_day.to_datetime(from_time);
    let to = match day(c, "b", near) {
        // The end has the year of the beginning, or the next one.
        Some((d, true)) => d.to_datetime(to_time),
        Some((d, false)) => {
            let of = |y: i16| Date::new(y, d.month(), d.day()).ok().map(|d| d.to_datetime(to_time));
            [from_day.year(), from_day.year() + 1].into_iter().filter_map(of).find(|to| *to > from)?
        }
        None if to_time > from_time => from_day.to_datetime(to_time),
        // Over midnight.
        None => from_day.checked_add(1.day()).ok()?.to_datetime(to_time),
    };
    let (from, to) = (instant(from)?, instant(to)?);
    let fits = to > from && to.duration_since(from) <= MAX_LENGTH;
    let close = year_is_said || from.duration_since(near).abs() <= MAX_DISTANCE;
    (fits && close).then_some(Window { from, to })
}

/// The day in the groups that end in `which`, and whether its year is said; else it is the one closest to `near`.
fn day(c: &Captures<'_>, which: &str, near: Timestamp) -> Option<(Date, bool)> {
    let group = |name: &str| {
        ["1", "2", "3"].iter().find_map(|form| c.name(&format!("{name}{form}{which}"))).map(|m| m.as_str())
    };
    let (month, day) = (month(group("m")?)?, group("d")?.parse::<i8>().ok()?);
    if let Some(year) = group("y") {
        return Some((Date::new(year.parse().ok()?, month, day).ok()?, true));
    }
    let year = TimeZone::UTC.to_datetime(near).year();
    let dates = [year - 1, year, year + 1].into_iter().filter_map(|y| Date::new(y, month, day).ok());
    let distance = |d: &Date| instant(d.to_datetime(Time::midnight())).map(|t| t.duration_since(near).abs());
    dates.min_by_key(distance).map(|d| (d, false))
}

fn month(word: &str) -> Option<i8> {
    if let Ok(number) = word.parse() {
        return Some(number);
    }
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = word.to_lowercase();
    MONTHS
        .iter()
        .position(|m| *m == word || m.get(..3) == Some(&word) || word == "sept" && *m == "september")
        .and_then(|i| i8::try_from(i + 1).ok())
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn instant(at: DateTime) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, String)> {
        let near = "2026-11-18T12:00:00Z".parse().unwrap();
        window(text, near).map(|w| (w.from.to_string(), w.to.to_string()))
    }

    #[test]
    fn windows_in_utc_are_read() {
        let night = Some(("2026-11-24T02:00:00Z".to_string(), "2026-11-24T04:00:00Z".to_string()));
        for text in [
            "THIS IS A SCHEDULED EVENT Nov 24, 02:00 - 04:00 UTC Scheduled - We move the index.",
            "on November 24th, 2026 from 02:00 UTC to 04:00 UTC.",
            "24 November 2026, 02:00–04:00 (UTC)",
            "2026-11-24 02:00 - 04:00 UTC",
            "between 02:00 and 04:00 UTC on 24 November",
            "Nov 24, 02:00 - Nov 24, 04:00 UTC",
            "Nov 24, 02:00 - 04:00 UTC, that is: 24 Nov from 02:00 until 04:00 GMT",
        ] {
            assert_eq!(read(text), night, "{text}");
        }
        let over = |a: &str, b: &str| Some((a.to_string(), b.to_string()));
        assert_eq!(read("Nov 24, 22:00 - 02:00 UTC"), over("2026-11-24T22:00:00Z", "2026-11-25T02:00:00Z"));
        assert_eq!(read("Dec 31, 22:00 - Jan 1, 02:00 UTC"), over("2026-12-31T22:00:00Z", "2027-01-01T02:00:00Z"));
        assert_eq!(read("2 January from 22:00 to 23:00 UTC"), over("2027-01-02T22:00:00Z", "2027-01-02T23:00:00Z"));
    }

    #[test]
    fn what_may_mean_something_else_is_no_window() {
        for text in [
            "",
            "Scheduled maintenance on 20 November",
            "Nov 24, 02:00 - 04:00",
            "Nov 24, 02:00 - 04:00 PST",
            "Nov 24, 02:00 - 04:00 UTC+2",
            "Nov 24, 02:00 - 04:00 UTC-05:00",
            "Nov 24, 10:00 - 11:00 PM UTC",
            "Nov 31, 02:00 - 04:00 UTC",
            "Nov 24, 25:00 - 26:00 UTC",
            "Foo 24, 02:00 - 04:00 UTC",
            "Nov 24, 02:00 - Jan 24, 04:00 UTC",
            "Nov 24, 02:00 - 04:00 UTC and Nov 25, 02:00 - 04:00 UTC",
            "May 24, 02:00 - 04:00 UTC",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
