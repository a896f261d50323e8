//! What is code in a text, as Markdown has it: between backticks, and in fenced blocks. The text
//! is shown as it is; only nobody is mentioned there, and nothing becomes a link.

use std::{collections::HashMap, ops::Range};

/// Where code stands, in order, its backticks or fences included.
pub(super) fn code(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if !text.contains('`') && !text.contains("~~~") {
        return found;
    }
    let mut fence: Option<(usize, Fence)> = None;
    let (mut paragraph, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        let (begin, end) = (at, at + line.len());
        at = end;
        match &fence {
            Some((start, open)) => {
                if open.is_closed_by(line) {
                    found.push(*start..end);
                    fence = None;
                    paragraph = end;
                }
            }
            None => {
                let opens = Fence::opened_by(line);
                if opens.is_some() || line.trim().is_empty() {
                    spans(&text[paragraph..begin], paragraph, &mut found);
                    paragraph = end;
                }
                fence = opens.map(|open| (begin, open));
            }
        }
    }
    match fence {
        Some((start, _)) => found.push(start..text.len()),
        None => spans(&text[paragraph..], paragraph, &mut found),
    }
    found
}

struct Fence {
    sign: char,
    length: usize,
}

impl Fence {
    fn opened_by(line: &str) -> Option<Self> {
        let (sign, length, rest) = Self::signs(line)?;
        // Three backticks with more of them later on the line are code inside of a sentence.
        let opens = length >= 3 && !(sign == '`' && rest.contains('`'));
        opens.then_some(Self { sign, length })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        Self::signs(line).is_some_and(|(sign, length, rest)| {
            sign == self.sign && length >= self.length && rest.trim().is_empty()
        })
    }

    fn signs(line: &str) -> Option<(char, usize, &str)> {
        let begins = line.trim_start_matches(' ');
        let sign = begins
            .chars()
            .next()
            .filter(|sign| matches!(sign, '`' | '~'))?;
        let rest = begins.trim_start_matches(sign);
        (line.len() - begins.len() <= 3).then_some((sign, begins.len() - rest.len(), rest))
    }
}

/// Code inside of a paragraph: from some backticks to as many others.
fn spans(paragraph: &str, base: usize, found: &mut Vec<Range<usize>>) {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, sign) in paragraph.match_indices('`') {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += sign.len(),
            _ => runs.push(at..at + sign.len()),
        }
    }
    // Each run's next one of the same length, found from behind, so that it takes one pass.
    let mut nearest = HashMap::new();
    let mut next: Vec<Option<usize>> = (0..runs.len())
        .rev()
        .map(|run| nearest.insert(runs[run].len(), run))
        .collect();
    next.reverse();
    let mut run = 0;
    while run < runs.len() {
        run = match next[run] {
            Some(end) => {
                found.push(base + runs[run].start..base + runs[end].end);
                end + 1
            }
            None => run + 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        code(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn code_stands_between_as_many_backticks() {
        assert_eq!(found("a `b` c"), ["`b`"]);
        assert_eq!(found("``a ` b`` `c`"), ["``a ` b``", "`c`"]);
        assert_eq!(found("a ` b"), [""; 0]);
        assert_eq!(found("`a\nb`"), ["`a\nb`"]);
        assert_eq!(found("`a\n\nb`"), [""; 0], "not across paragraphs");
        assert_eq!(found("```x```"), ["```x```"]);
        assert_eq!(found("`` `x"), [""; 0]);
    }

    #[test]
    fn blocks_have_fences() {
        assert_eq!(found("a\n```\nb\n```\nc `d`"), ["```\nb\n```\n", "`d`"]);
        assert_eq!(found("~~~ rust\nb ``` \n~~~"), ["~~~ rust\nb ``` \n~~~"]);
        assert_eq!(found("```\nnever closed"), ["```\nnever closed"]);
        assert_eq!(found("````\n```\n````"), ["````\n```\n````"]);
        assert_eq!(found("    ```\nx"), [""; 0], "too far in for a fence");
        assert_eq!(found("`a\n```\n`b"), ["```\n`b"]);
    }

    #[test]
    fn many_backticks_take_one_pass() {
        let growing: String = (1..300).map(|n| "`".repeat(n) + " ").collect();
        assert!(found(&growing).is_empty());
        assert_eq!(found(&"` ".repeat(30_000)).len(), 15_000);
    }
}
