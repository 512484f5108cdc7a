//! Containers that contain each other.

use crate::diag::{Code, Diagnostic, Span};

/// Components contain each other in a circle.
pub const CODE: Code = Code { id: "part-of-cycle", summary: "components contain each other in a circle" };

/// Every circle of containment once, from its smallest id. `parents[i]` is the container of `ids[i]` and where that
/// is written.
pub fn check(ids: &[&str], parents: &[Option<(usize, Span)>], problems: &mut Vec<Diagnostic>) {
    let mut done = vec![false; ids.len()];
    for start in 0..ids.len() {
        let mut path = Vec::new();
        let mut at = start;
        while !done[at] {
            done[at] = true;
            path.push(at);
            match parents[at] {
                Some((up, _)) => at = up,
                None => break,
            }
        }
        let Some(from) = path.iter().position(|&v| v == at).filter(|_| parents[at].is_some()) else { continue };
        if path.last().and_then(|&v| parents[v]).is_none_or(|(up, _)| up != at) {
            continue;
        }
        let circle = &path[from..];
        let names: Vec<&str> = circle.iter().chain([&circle[0]]).map(|&v| ids[v]).collect();
        let Some((_, span)) = parents[circle[0]] else { continue };
        let mut problem = Diagnostic::error(CODE, format!("containment runs in a circle: {}", names.join(" → ")))
            .at(span, "part of the circle")
            .help("remove one `part_of`; two things that need each other are `depends_on`, not containment");
        for &v in &circle[1..] {
            if let Some((_, span)) = parents[v] {
                problem = problem.also(span, "and this");
            }
        }
        problems.push(problem);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: cloud, part_of: b}, b: {kind: cloud, part_of: a}}",
        );
    }
}
