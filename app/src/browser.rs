//! The few things asked of the browser itself. Only effects and event handlers call these: while
//! a page is rendered or hydrated there is no browser to ask.

use js_sys::{Array, Function, Reflect, Uint8Array};
use leptos::{
    prelude::{document, window},
    wasm_bindgen::{JsCast, JsValue},
    web_sys::{Element, FocusEvent, HtmlElement, HtmlSelectElement, HtmlTextAreaElement},
};

/// Milliseconds since 1970, UTC, as this device believes: it may be wrong, and may jump. It goes on while
/// a laptop sleeps, as [`elapsed`] may not.
pub(crate) fn now() -> u64 {
    js_sys::Date::now() as u64
}

/// Milliseconds since some moment before the page was loaded, for durations: no change of the device's
/// clock moves it.
pub(crate) fn elapsed() -> u64 {
    let performance = get(&window(), "performance");
    let passed = performance.and_then(|performance| call(&performance, "now", &[]));
    // A minute ahead, so that nobody who counts back from the first moment gets below 0.
    passed
        .and_then(|passed| passed.as_f64())
        .map_or_else(self::now, |ms| ms as u64 + 60_000)
}

/// When the answer with this page began to come, as [`elapsed`] counts; nothing where the browser does
/// not tell.
pub(crate) fn answered() -> Option<u64> {
    let performance = get(&window(), "performance")?;
    let entries = call(&performance, "getEntriesByType", &["navigation".into()])?;
    let begun = get(&get(&entries, "0")?, "responseStart")?.as_f64()?;
    Some(begun as u64 + 60_000)
}

/// From 0 up to 1.
#[cfg(feature = "hydrate")]
pub(crate) fn chance() -> f64 {
    js_sys::Math::random()
}

/// An id with 128 random bits.
pub(crate) fn random_id() -> String {
    let bytes = Uint8Array::new_with_length(16);
    let crypto = get(&window(), "crypto");
    let filled =
        crypto.and_then(|crypto| call(&crypto, "getRandomValues", &[bytes.clone().into()]));
    if filled.is_none() {
        // No browser of today; what such a one offers will do to tell messages apart.
        let chance = || (js_sys::Math::random() * 256.0) as u8;
        (0..16).for_each(|index| bytes.set_index(index, chance()));
    }
    let hex = |byte: &u8| format!("{byte:02x}");
    bytes.to_vec().iter().map(hex).collect()
}

/// Whether the device believes that it has a network.
#[cfg(feature = "hydrate")]
pub(crate) fn online() -> bool {
    window().navigator().on_line()
}

/// Whether nobody can see the tab.
pub(crate) fn hidden() -> bool {
    document().hidden()
}

/// Where this server's socket is.
#[cfg(feature = "hydrate")]
pub(crate) fn socket_url() -> Option<String> {
    let location = window().location();
    let secure = location.protocol().ok()? == "https:";
    let scheme = if secure { "wss" } else { "ws" };
    Some(format!("{scheme}://{}/ws", location.host().ok()?))
}

/// Loads another document, so that nothing of this one stays in memory.
pub(crate) fn leave_for(path: &str) {
    // It fails only for what is no URL.
    let _ = window().location().assign(path);
}

/// Replaces what the address bar shows, without loading anything.
pub(crate) fn rewrite_address(path: &str) {
    if let Ok(history) = window().history() {
        // It fails only for another origin's URL.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(path));
    }
}

/// Sets an attribute of `<html>`.
pub(crate) fn mark_document(name: &str, value: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute(name, value);
    }
}

/// What has the focus now, unless it is the page as a whole.
pub(crate) fn focused() -> Option<HtmlElement> {
    let element = document().active_element()?;
    (element.tag_name() != "BODY").then(|| element.dyn_into().ok())?
}

/// Moves the focus to the first element that matches, and tells whether there was one.
pub(crate) fn focus_first(within: Option<&Element>, selector: &str) -> bool {
    let found = match within {
        Some(element) => element.query_selector(selector),
        None => document().query_selector(selector),
    };
    let element = found.ok().flatten();
    let element = element.and_then(|element| element.dyn_into::<HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}

/// Whether the browser shows where the focus went: not after a click, but whenever a key led there.
pub(crate) fn focus_shows(event: &FocusEvent) -> bool {
    let target = event.target();
    let element = target.and_then(|target| target.dyn_into::<Element>().ok());
    element.is_some_and(|element| element.matches(":focus-visible").unwrap_or(true))
}

/// What a person set in this browser alone.
pub(crate) fn stored(key: &str) -> Option<String> {
    let storage = get(&window(), "localStorage")?;
    call(&storage, "getItem", &[key.into()])?.as_string()
}

/// Puts a text into a field as if somebody had written it there.
pub(crate) fn fill(field: &HtmlTextAreaElement, text: &str) {
    field.set_value(text);
    let options = js_sys::Object::new();
    set(&options, "bubbles", &true.into());
    if let Some(event) = make("Event", &["input".into(), options.into()]) {
        call(field, "dispatchEvent", &[event]);
    }
}

/// Whether this browser says that it keeps no cookies.
pub(crate) fn refuses_cookies() -> bool {
    let enabled = get(&window().navigator(), "cookieEnabled");
    enabled.and_then(|enabled| enabled.as_bool()) == Some(false)
}

/// A property of something that not every browser has, or of which no stable binding exists.
pub(crate) fn get(of: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(of, &name.into()).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// Sets a property.
pub(crate) fn set(of: &JsValue, name: &str, value: &JsValue) {
    // It fails only for what is no object.
    let _ = Reflect::set(of, &name.into(), value);
}

/// Calls a method; nothing where there is none, or where it throws.
pub(crate) fn call(of: &JsValue, name: &str, arguments: &[JsValue]) -> Option<JsValue> {
    let method: Function = get(of, name)?.dyn_into().ok()?;
    method.apply(of, &list(arguments)).ok()
}

/// Makes an object of a class of the browser; nothing where there is no such class, or where it
/// throws.
pub(crate) fn make(class: &str, arguments: &[JsValue]) -> Option<JsValue> {
    let class: Function = get(&window(), class)?.dyn_into().ok()?;
    Reflect::construct(&class, &list(arguments)).ok()
}

/// What tells where characters end as people see them; nothing in a browser that cannot. Making
/// one takes longer than using it, so there is one. The page asks it also while it is made; the
/// server has tables instead.
#[cfg(target_arch = "wasm32")]
pub(crate) fn segmenter() -> Option<JsValue> {
    thread_local! {
        static SEGMENTER: Option<JsValue> = {
            let intl = get(&js_sys::global(), "Intl");
            let class = intl.and_then(|intl| get(&intl, "Segmenter"));
            let class = class.and_then(|class| class.dyn_into::<Function>().ok());
            class.and_then(|class| Reflect::construct(&class, &Array::new()).ok())
        };
    }
    SEGMENTER.with(Clone::clone)
}

fn list(items: &[JsValue]) -> Array {
    items.iter().collect()
}

/// How far this device's clock is ahead of UTC at a moment, in minutes. The moment is in milliseconds
/// since 1970: clocks change twice a year.
pub(crate) fn utc_offset_at(at: u64) -> i16 {
    let date = js_sys::Date::new(&JsValue::from_f64(at as f64));
    -date.get_timezone_offset() as i16
}

/// The name of this device's time zone, such as `Europe/Berlin`, where the browser knows it.
pub(crate) fn time_zone() -> Option<String> {
    let format = make_of(&get(&window(), "Intl")?, "DateTimeFormat")?;
    let options = call(&format, "resolvedOptions", &[])?;
    let name = get(&options, "timeZone")?.as_string();
    name.filter(|name| name != "Etc/Unknown")
}

/// Chooses an option by its words, which are added where there are none such.
pub(crate) fn choose(select: &HtmlSelectElement, words: &str) {
    select.set_value(words);
    if select.value() == words {
        return;
    }
    // It fails only for what is no name of an element.
    if let Ok(option) = document().create_element("option") {
        option.set_text_content(Some(words));
        let _ = select.append_child(&option);
        select.set_value(words);
    }
}

/// Makes an object of a class that belongs to another object.
fn make_of(of: &JsValue, class: &str) -> Option<JsValue> {
    let class: Function = get(of, class)?.dyn_into().ok()?;
    Reflect::construct(&class, &Array::new()).ok()
}

/// Runs one of our own scripts; asking for it again changes nothing.
pub(crate) fn run_script(path: &str) {
    let document = document();
    // It fails only for what is no name of an element or attribute.
    if let (Some(root), Ok(script)) = (
        document.document_element(),
        document.create_element("script"),
    ) {
        let _ = script.set_attribute("type", "module");
        let _ = script.set_attribute("src", path);
        let _ = root.append_child(&script);
    }
}
