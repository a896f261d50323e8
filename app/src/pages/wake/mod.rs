//! The scripts in the page itself: they start its program, and go on when that dies.
//!
//! The program takes over the HTML node by node and panics where it finds another node than it
//! expects; extensions, translators and the browser itself change the HTML at any time. So what
//! decides about links and forms stands outside of it.

use leptos::{nonce::use_nonce, prelude::*};

const WAKE: &str = include_str!("wake.js");
const TRANSLATED: &str = include_str!("translated.js");

/// Loads the program of the page, and wakes the page up.
#[component]
pub(super) fn WakeScripts() -> impl IntoView {
    let nonce = use_nonce();
    view! {
        <link rel="modulepreload" href="/pkg/quad.js"/>
        <link rel="preload" href="/pkg/quad.wasm" r#as="fetch" r#type="application/wasm" crossorigin=""/>
        <script type="module" nonce=nonce.clone()>{script(TRANSLATED)}</script>
        <script type="module" nonce=nonce>{script(WAKE)}</script>
    }
}

/// A script as it is sent.
fn script(source: &str) -> String {
    let lines = source.lines().map(str::trim);
    let code = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_small_and_ends_no_script() {
        let sent = script(WAKE) + &script(TRANSLATED);
        assert!(sent.len() < 6_000, "{}", sent.len());
        assert!(!sent.contains("</") && !sent.contains("<!--"));
        assert!(!script("  // why\n  a();\n\n").contains("why"));
    }
}
