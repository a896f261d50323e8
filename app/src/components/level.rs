//! How a program means what it says, as a word.

use leptos::prelude::*;

use crate::model::Level;

/// The word; the style sheet gives it, and what stands around it, the level's colour.
#[component]
pub(crate) fn LevelWord(level: Level) -> impl IntoView {
    let word = match level {
        Level::Info => "Info",
        Level::Success => "Success",
        Level::Warning => "Warning",
        Level::Error => "Error",
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
