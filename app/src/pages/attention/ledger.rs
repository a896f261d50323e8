//! What became of everything that one was to be told, in words.

use leptos::prelude::*;

use crate::model::Ledger;

#[component]
pub(super) fn LedgerCard(ledger: Ledger) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="ledger-heading">
            <h2 id="ledger-heading">"What became of everything"</h2>
            <p data-testid="ledger">{words(&ledger)}</p>
            <p><a href="/notifications/silenced">"What made no toast, and why"</a></p>
        </section>
    }
    .into_any()
}

/// "Of 34 notifications, 20 were shown as toasts, and 14 wait to be shown."
fn words(ledger: &Ledger) -> String {
    let Ledger {
        entries,
        pending,
        shown,
        grouped,
        caught_up,
        lapsed,
        withheld,
    } = *ledger;
    if entries == 0 {
        return "Nothing has come for you yet.".to_owned();
    }
    let parts = [
        (shown, "was shown as a toast", "were shown as toasts"),
        (
            grouped,
            "was counted in a toast with others",
            "were counted in toasts with others",
        ),
        (
            caught_up,
            "you found in the list or in a summary",
            "you found in the list or in a summary",
        ),
        (
            withheld.quiet,
            "stayed silent because it came in quiet hours",
            "stayed silent because they came in quiet hours",
        ),
        (
            withheld.preference,
            "stayed silent because you want its kind without a toast",
            "stayed silent because you want their kind without a toast",
        ),
        (
            withheld.muted,
            "stayed silent because you muted whom or what it was about",
            "stayed silent because you muted whom or what they were about",
        ),
        (
            lapsed,
            "was gone before you could see it",
            "were gone before you could see them",
        ),
        (pending, "waits to be shown", "wait to be shown"),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
    let list = match parts.as_slice() {
        [front @ .., last] if !front.is_empty() => format!("{} and {last}", front.join(", ")),
        parts => parts.concat(),
    };
    let word = if entries == 1 {
        "notification"
    } else {
        "notifications"
    };
    format!("Of {entries} {word}, {list}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WithheldCounts;

    #[test]
    fn the_ledger_reads_as_a_sentence() {
        assert_eq!(words(&Ledger::default()), "Nothing has come for you yet.");
        let ledger = Ledger {
            entries: 34,
            shown: 20,
            grouped: 1,
            withheld: WithheldCounts {
                quiet: 2,
                ..WithheldCounts::default()
            },
            pending: 11,
            ..Ledger::default()
        };
        assert_eq!(
            words(&ledger),
            "Of 34 notifications, 20 were shown as toasts, 1 was counted in a toast with others, \
             2 stayed silent because they came in quiet hours and 11 wait to be shown."
        );
        let one = Ledger {
            entries: 1,
            lapsed: 1,
            ..Ledger::default()
        };
        assert_eq!(
            words(&one),
            "Of 1 notification, 1 was gone before you could see it."
        );
    }
}
