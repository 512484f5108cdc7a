//! "Did you mean …?"

/// Words longer than this are not compared: nobody mistypes them by a letter or two.
const MAX_LENGTH: usize = 64;

/// At most this many words are compared: a suggestion is a courtesy, and must not cost seconds.
const MAX_COMPARED: usize = 5000;

/// The known word nearest to `word`, if it is near enough to be a slip: one edit in up to four letters, two in up to
/// eight, three beyond; a difference in case alone always counts. Ties go to the first in alphabetical order.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    if length == 0 || length > MAX_LENGTH {
        return None;
    }
    let allowed = match length {
        0..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    let lower = word.to_lowercase();
    known
        .into_iter()
        // Cheap first: words that differ in length by more than the allowed edits cannot be near.
        .filter(|k| k.len() <= 2 * MAX_LENGTH && k.len().abs_diff(word.len()) <= 4 * allowed)
        .take(MAX_COMPARED)
        .map(|k| (distance(&lower, &k.to_lowercase()), k))
        .filter(|&(d, k)| d <= allowed && k != word)
        .min()
        .map(|(_, k)| k)
}

/// The sentence, ready for a diagnostic's help.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|k| format!("did you mean `{k}`?"))
}

/// Edits (insert, delete, replace, swap neighbours) from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_and_nothing_else() {
        let known = ["facebook", "instagram", "okta-eu1"];
        assert_eq!(nearest("facebok", known), Some("facebook"));
        assert_eq!(nearest("okta-eu", known), Some("okta-eu1"));
        assert_eq!(nearest("Facebook", known), Some("facebook"));
        assert_eq!(nearest("twitter", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"x".repeat(1000), known), None);
        assert_eq!(distance("ab", "ba"), 1);
    }
}
