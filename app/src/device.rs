//! What kind of device a session is on, in a few words that its owner recognises.
//!
//! A `User-Agent` header says anything, so nothing of it is shown or stored: it is only looked at
//! for words of two closed lists.

use std::fmt;

/// Browsers, by a word that only their header has or that it has first: most claim to be others too.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex Browser"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems, likewise.
const SYSTEMS: [(&str, &str); 8] = [
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("BSD", "BSD"),
];

/// No header of a browser is longer. What stands behind is not looked at.
const LONGEST: usize = 512;

/// A browser and a system, as far as they are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Device {
    browser: Option<&'static str>,
    system: Option<&'static str>,
    /// It says what it is, and it is no browser.
    program: bool,
}

impl Device {
    /// What is shown of a session whose device was never known.
    pub const UNKNOWN: &'static str = "An unknown device";

    /// Reads a `User-Agent` header.
    pub fn of(user_agent: Option<&str>) -> Self {
        let text = user_agent.unwrap_or_default();
        let end = (0..=LONGEST.min(text.len())).rfind(|at| text.is_char_boundary(*at));
        let text = &text[..end.unwrap_or_default()];
        let find = |list: &[(&str, &'static str)]| {
            let known = list.iter().find(|(word, _)| text.contains(word));
            known.map(|(_, name)| *name)
        };
        let (browser, system) = (find(&BROWSERS), find(&SYSTEMS));
        Self {
            browser,
            system,
            program: browser.is_none() && !text.is_empty() && !text.starts_with("Mozilla/"),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.browser, self.system) {
            (Some(browser), Some(system)) => write!(f, "{browser} on {system}"),
            (Some(browser), None) => f.write_str(browser),
            (None, Some(system)) if self.program => write!(f, "A program on {system}"),
            (None, Some(system)) => write!(f, "A browser on {system}"),
            (None, None) if self.program => f.write_str("A program"),
            (None, None) => f.write_str(Self::UNKNOWN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_and_systems() {
        for (header, device) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on ChromeOS",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64)", "A browser on Linux"),
            ("curl/8.5.0", "A program"),
            ("my-bot (Linux)", "A program on Linux"),
            ("", "An unknown device"),
        ] {
            assert_eq!(Device::of(Some(header)).to_string(), device, "{header}");
        }
        assert_eq!(Device::of(None).to_string(), Device::UNKNOWN);
    }

    #[test]
    fn nothing_of_the_header_itself_is_shown() {
        let long = "é".repeat(100_000);
        for header in ["<script>alert(1)</script>", "Firefox/<b>\u{202e}", &long] {
            let shown = Device::of(Some(header)).to_string();
            assert!(["A program", "Firefox"].contains(&&*shown), "{shown}");
        }
    }
}
