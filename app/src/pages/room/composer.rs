//! Where one writes: a form that works by itself, and sends through the socket when it is awake.

use leptos::{
    ev::{Event, KeyboardEvent, SubmitEvent},
    html,
    prelude::*,
    server_fn::ServerFn,
    wasm_bindgen::JsCast,
    web_sys::HtmlTextAreaElement,
};

use super::talk::Talk;
use crate::{
    api::Say,
    browser,
    components::{Counter, Counting, FormTrouble, failure},
    text::{BYTES_EACH, TEXT_MAX, TEXT_TOO_LONG},
};

/// The form, and above it who is writing.
#[component]
pub(super) fn Composer(talk: Talk, next_id: String) -> impl IntoView {
    // It only tells what was wrong with a form that was sent without JavaScript.
    let action = ServerAction::<Say>::new();
    let text = NodeRef::<html::Textarea>::new();
    let counting = Counting::up_to(TEXT_MAX);
    let too_large = RwSignal::new(false);
    let send = move || {
        let Some(field) = text.get_untracked() else {
            return;
        };
        let said = field.value();
        let fits = fits_a_frame(&said);
        too_large.set(!fits);
        if fits && !said.trim().is_empty() && talk.say(said) {
            browser::fill(&field, "");
            counting.read("");
        }
        let _ = field.focus();
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        send();
    };
    // Whoever picks a character of a script with many writes on after Enter.
    let key = move |event: KeyboardEvent| {
        let composes = event.is_composing() || event.key_code() == OF_INPUT_METHOD;
        if event.key() == "Enter" && !event.shift_key() && !composes {
            event.prevent_default();
            send();
        }
    };
    let input = move |event: Event| {
        let Some(field) = text.get_untracked() else {
            return;
        };
        let written = field.value();
        counting.read(&written);
        talk.desk().keep(&written, "");
        // What the page itself fills in, nobody types.
        if event.is_trusted() && !written.trim().is_empty() {
            talk.types();
        }
    };
    // What was written or sent before the page was left.
    let ready = RwSignal::new(false);
    Effect::new(move || {
        let Some(field) = text.get().filter(|_| !ready.get_untracked()) else {
            return;
        };
        if let Some(draft) = talk.desk().draft().filter(|_| field.value().is_empty()) {
            browser::fill(&field, &draft.text);
        }
        let stale = talk.say_unsent();
        if !stale.is_empty() {
            hand_back(Some(stale.join("\n")));
        }
        ready.set(true);
    });
    talk.keep_unsent(ready);
    Effect::new(|| browser::run_script("/keyboard.js"));
    let typing = move || talk.typing.with(|typing| typing.sentence());
    let is_in = Memo::new(move |_| talk.role.get().is_some());
    move || {
        if !is_in.get() {
            return view! {
                <p class="room-out" data-testid="out">
                    "You are no longer in this room, or it has ended. "<a href="/rooms">"Other rooms"</a>
                </p>
            }
            .into_any();
        }
        view! {
            <div class="room-foot">
                // Not read aloud: what is said is, and this would interrupt it again and again.
                <p class="room-typing" data-testid="typing">{typing}</p>
                <form class="room-composer" method="post" action=Say::url() on:submit=submit>
                    <FormTrouble error=failure(action.value()) fields=&[]/>
                    <input type="hidden" name="name" value=talk.name().to_string()/>
                    // A browser that fills in what was there before would bring an id that was used.
                    <input type="hidden" name="id" value=next_id.clone() autocomplete="off"/>
                    <label class="visually-hidden" for=FIELD>"Message"</label>
                    <textarea
                        id=FIELD
                        name="text"
                        rows="1"
                        dir="auto"
                        aria-describedby=format!("{FIELD}-left")
                        required
                        placeholder="Write a message"
                        autocomplete="off"
                        node_ref=text
                        on:keydown=key
                        on:input=input
                    ></textarea>
                    <button type="submit" class="button">"Send"</button>
                    <Counter field=FIELD.to_owned() counting/>
                    {move || too_large.get().then(|| view! { <p class="form-error" role="alert">{TEXT_TOO_LONG}</p> })}
                </form>
            </div>
        }
        .into_any()
    }
}

const FIELD: &str = "room-text";
/// The code of every key that an input method takes for itself. Safari ends a composition before
/// it tells of the key that ended it, so that only the code is left to know it by.
const OF_INPUT_METHOD: u32 = 229;

/// A larger frame would end the socket. A text that fits may still be refused, by the server.
fn fits_a_frame(text: &str) -> bool {
    let escapes = |b: &u8| matches!(b, b'"' | b'\\' | b'\n' | b'\t');
    text.len() + text.as_bytes().iter().filter(|b| escapes(b)).count() <= TEXT_MAX * BYTES_EACH
}

/// Gives a text that was not sent back to whoever wrote it, before what they wrote since.
pub(super) fn hand_back(text: Option<String>) {
    let field = document().get_element_by_id(FIELD);
    let field = field.and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok());
    if let (Some(field), Some(mut text)) = (field, text) {
        let since = field.value();
        if !since.is_empty() {
            text.push('\n');
            text.push_str(&since);
        }
        browser::fill(&field, &text);
        browser::focus_first(None, "#room-text");
    }
}
