//! Acts when the time has come.

use std::time::Duration;

use leptos::prelude::*;

use crate::browser;

/// Acts once the time has come that `due` names, whenever that changes.
pub(crate) fn wake(due: impl Fn() -> Option<u64> + 'static, act: impl Fn() + Copy + 'static) {
    let timer = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move || {
        let due = due();
        if let Some(old) = timer.try_update_value(Option::take).flatten() {
            old.clear();
        }
        if let Some(due) = due {
            let wait = Duration::from_millis(due.saturating_sub(browser::elapsed()));
            timer.set_value(set_timeout_with_handle(act, wait).ok());
        }
    });
}
