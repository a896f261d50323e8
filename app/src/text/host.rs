//! The host of an address as it is shown: letters of other scripts look like ours, so it is
//! shown in the form that is looked up, which is ASCII.

/// The longest name of a host, and the longest part of it between dots.
const LONGEST: usize = 253;
const LONGEST_LABEL: usize = 63;

/// The host in ASCII and lower case; nothing where no host can be called that.
pub(super) fn in_ascii(host: &str) -> Option<String> {
    let labels: Option<Vec<_>> = host.split('.').map(label).collect();
    let host = labels?.join(".");
    (host.len() <= LONGEST).then_some(host)
}

fn label(label: &str) -> Option<String> {
    // What follows takes time that grows with the square of this.
    if label.chars().nth(LONGEST_LABEL).is_some() {
        return None;
    }
    let lower = label.to_lowercase();
    let ascii = match lower.is_ascii() {
        true => lower,
        false => format!("xn--{}", punycode(&lower)?),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    ((1..=LONGEST_LABEL).contains(&ascii.len()) && ascii.bytes().all(plain)).then_some(ascii)
}

/// Punycode, as RFC 3492 has it.
fn punycode(label: &str) -> Option<String> {
    const FIRST: u32 = 128;
    let mut output: String = label.chars().filter(char::is_ascii).collect();
    let basic = output.len() as u32;
    if basic > 0 {
        output.push('-');
    }
    let length = label.chars().count() as u32;
    let (mut next, mut delta, mut bias, mut handled) = (FIRST, 0_u32, 72, basic);
    while handled < length {
        let smallest = label.chars().map(u32::from).filter(|c| *c >= next).min()?;
        delta = delta.checked_add((smallest - next).checked_mul(handled + 1)?)?;
        next = smallest;
        for c in label.chars().map(u32::from) {
            if c < next {
                delta = delta.checked_add(1)?;
            }
            if c == next {
                number(delta, bias, &mut output);
                bias = adapt(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta += 1;
        next += 1;
    }
    Some(output)
}

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;

fn number(mut rest: u32, bias: u32, output: &mut String) {
    let mut k = BASE;
    loop {
        let threshold = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
        if rest < threshold {
            return output.push(digit(rest));
        }
        output.push(digit(threshold + (rest - threshold) % (BASE - threshold)));
        rest = (rest - threshold) / (BASE - threshold);
        k += BASE;
    }
}

fn digit(value: u32) -> char {
    char::from_digit(if value < 26 { value + 10 } else { value - 26 }, 36).unwrap_or('0')
}

fn adapt(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut k = 0;
    while delta > ((BASE - T_MIN) * T_MAX) / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_scripts_are_shown_as_they_are_looked_up() {
        for (host, shown) in [
            ("V.Example", "v.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("münchen.de", "xn--mnchen-3ya.de"),
            ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
            ("例え.jp", "xn--r8jz45g.jp"),
            // A Cyrillic a.
            ("\u{430}pple.com", "xn--pple-43d.com"),
            ("יוניקוד.example", "xn--7dbdaob5byc.example"),
            ("xn--pple-43d.com", "xn--pple-43d.com"),
        ] {
            assert_eq!(in_ascii(host).as_deref(), Some(shown), "{host}");
        }
    }

    #[test]
    fn what_no_host_is_called_has_no_form() {
        for host in [
            "",
            "a..b",
            "a b",
            "a%2eb",
            &"x".repeat(64),
            &"ü".repeat(70),
            &"a.".repeat(130),
        ] {
            assert_eq!(in_ascii(host), None, "{host}");
        }
    }
}
