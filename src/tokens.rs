//! How the command line shows API tokens.

use jiff::{Timestamp, fmt::strtime};
use quad::service::tokens::TokenInfo;

/// Tokens as lines with tabs between the columns, after a line of headings.
pub fn table(tokens: &[TokenInfo], now: u64) -> String {
    let mut lines = String::from("ID\tNAME\tSCOPES\tCREATED\tEXPIRES\tLAST USED\n");
    for TokenInfo { id, token } in tokens {
        let expires = match token.lives(now) {
            true => time(token.expires),
            false => format!("{} (ended)", time(token.expires)),
        };
        let used = match token.used {
            0 => "never".to_owned(),
            used => time(used),
        };
        let columns = [
            id.clone(),
            printable(&token.name),
            printable(&token.scopes.join(",")),
            time(token.created),
            expires,
            used,
        ];
        lines.push_str(&columns.join("\t"));
        lines.push('\n');
    }
    lines
}

/// A day in UTC, such as 2027-03-01.
pub fn day(millis: u64) -> String {
    written(millis, "%Y-%m-%d")
}

/// A time in UTC, such as 2027-03-01T12:00:00Z.
fn time(millis: u64) -> String {
    written(millis, "%Y-%m-%dT%H:%M:%SZ")
}

fn written(millis: u64, format: &str) -> String {
    let time = i64::try_from(millis).ok();
    let time = time.and_then(|millis| Timestamp::from_millisecond(millis).ok());
    time.and_then(|time| strtime::format(format, time).ok())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// What is stored may be older than the rules of today: nothing in it moves the columns, or the
/// cursor of a terminal.
fn printable(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use quad::store::tokens::StoredToken;

    use super::*;

    #[test]
    fn a_line_a_token_with_its_columns() {
        let mut token = StoredToken::new("a\tb\u{1b}[2J".into(), vec!["stats".into()], 2_000);
        token.created = 0;
        let info = TokenInfo {
            id: "0123456789abcdef".into(),
            token,
        };
        let shown = table(std::slice::from_ref(&info), 1_000);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(
            lines[1],
            "0123456789abcdef\ta b [2J\tstats\t1970-01-01T00:00:00Z\t1970-01-01T00:00:02Z\tnever"
        );
        assert!(table(&[info], 2_000).contains("1970-01-01T00:00:02Z (ended)"));
    }

    #[test]
    fn a_day_is_that_of_utc() {
        assert_eq!(day(1_790_000_000_000), "2026-09-21");
        assert_eq!(day(u64::MAX), "unknown");
    }
}
