//! How a program, or the house, means what it says, as a word.

use leptos::prelude::*;

use crate::model::Level;

/// The word; the style sheet gives it, and what stands around it, the level's colour.
#[component]
pub(crate) fn LevelWord(
    level: Level,
    /// Whether it is told to everybody.
    #[prop(optional)]
    announced: bool,
) -> impl IntoView {
    let word = match (level, announced) {
        (Level::Info | Level::Success, true) => "Announcement",
        (Level::Warning, true) => "Announcement: warning",
        (Level::Error, true) => "Announcement: error",
        (Level::Info, false) => "Info",
        (Level::Success, false) => "Success",
        (Level::Warning, false) => "Warning",
        (Level::Error, false) => "Error",
    };
    view! { <p class=format!("level {}", level_class(level))>{word}</p> }
}

/// What the style sheet calls it.
pub(crate) fn level_class(level: Level) -> &'static str {
    match level {
        Level::Info => "level-info",
        Level::Success => "level-success",
        Level::Warning => "level-warning",
        Level::Error => "level-error",
    }
}
