//! The form of the preferences.

use leptos::{html, prelude::*};

use super::zone::ZoneField;
use crate::{
    api::SavePreferences,
    components::{FormTrouble, Saved, failure, focus_trouble, of_field},
    model::{Attention, Preferences, QuietHours},
};

/// What quiet hours begin with: from ten in the evening to seven in the morning.
const USUAL: QuietHours = QuietHours {
    from: 22 * 60,
    to: 7 * 60,
    utc_offset: 0,
    zone: None,
};
/// For how long a toast may stay, in seconds.
const STAYS: [u16; 6] = [3, 6, 10, 20, 60, 0];

#[component]
pub(super) fn PreferencesForm(
    preferences: Preferences,
    saved: bool,
    changed: impl Fn(Preferences) + 'static,
) -> impl IntoView {
    let action = ServerAction::<SavePreferences>::new();
    let form = NodeRef::<html::Form>::new();
    let error = failure(action.value());
    Effect::new(move || match action.value().get() {
        Some(Ok(preferences)) => changed(preferences),
        Some(Err(_)) => focus_trouble(form),
        None => {}
    });
    view! {
        <section class="card" aria-labelledby="wishes-heading">
            <h2 id="wishes-heading">"What reaches you"</h2>
            <ActionForm action node_ref=form attr:class="form">
                <FormTrouble error fields=&["quiet_hours", "quiet_hours.zone"]/>
                <Kinds name="wishes[like]" id="like" legend="Likes of your posts" chosen=preferences.like/>
                <Kinds
                    name="wishes[message]"
                    id="message"
                    legend="Messages of other programs"
                    chosen=preferences.message
                />
                <Kinds
                    name="wishes[mention]"
                    id="mention"
                    legend="Mentions and invitations in rooms"
                    chosen=preferences.mention
                />
                <Quiet
                    hours=preferences.quiet_hours
                    error=of_field(error, "quiet_hours")
                    zone_error=of_field(error, "quiet_hours.zone")
                />
                <Toasts seconds=preferences.toast_seconds sound=preferences.sound/>
                <div class="form-foot">
                    <button type="submit" class="button">"Save"</button>
                    <Saved value=action.value() before=saved text="Saved."/>
                </div>
            </ActionForm>
        </section>
    }
    .into_any()
}

/// How much one wants of one kind.
#[component]
fn Kinds(
    name: &'static str,
    id: &'static str,
    legend: &'static str,
    chosen: Attention,
) -> impl IntoView {
    let choices = [
        (Attention::Toast, "toast", "A toast, and the list"),
        (Attention::Inbox, "inbox", "The list alone"),
        (Attention::Off, "off", "Nothing"),
    ];
    let radio = move |(attention, value, label): (Attention, &'static str, &'static str)| {
        let id = format!("{id}-{value}");
        view! {
            <div class="tick">
                <input type="radio" id=id.clone() name=name value=value checked=attention == chosen/>
                <label for=id>{label}</label>
            </div>
        }
    };
    view! {
        <fieldset>
            <legend>{legend}</legend>
            {choices.map(radio)}
        </fieldset>
    }
    .into_any()
}

#[component]
fn Quiet(
    hours: Option<QuietHours>,
    #[prop(into)] error: Signal<Option<String>>,
    #[prop(into)] zone_error: Signal<Option<String>>,
) -> impl IntoView {
    let on = hours.is_some();
    let offset = hours.as_ref().map(|hours| hours.utc_offset);
    let shown = hours.unwrap_or(USUAL);
    let described_by = move || error.with(Option::is_some).then_some("quiet-error");
    let invalid = move || error.with(Option::is_some).then_some("true");
    view! {
        <fieldset aria-describedby="quiet-hint">
            <legend>"Quiet hours"</legend>
            <p class="hint" id="quiet-hint">
                "No toast, no sound and no push. What comes waits in your list. Hours may last over midnight."
            </p>
            <div class="tick">
                <input type="checkbox" id="quiet" name="wishes[quiet]" value="on" checked=on/>
                <label for="quiet">"Keep quiet every day"</label>
            </div>
            <div class="times">
                <div class="field">
                    <label for="quiet-from">"From"</label>
                    <input
                        type="time"
                        id="quiet-from"
                        name="wishes[quiet_from]"
                        value=clock(shown.from)
                        required
                        aria-describedby=described_by
                        aria-invalid=invalid
                    />
                </div>
                <div class="field">
                    <label for="quiet-to">"To"</label>
                    <input type="time" id="quiet-to" name="wishes[quiet_to]" value=clock(shown.to) required/>
                </div>
            </div>
            <ZoneField name="wishes[zone]" stored=shown.zone offset error=zone_error/>
            {move || error.get().map(|text| view! { <p class="field-error" id="quiet-error">{text}</p> })}
        </fieldset>
    }
    .into_any()
}

#[component]
fn Toasts(seconds: u16, sound: bool) -> impl IntoView {
    let mut stays = STAYS.to_vec();
    // What another program set is kept unless one changes it.
    if !stays.contains(&seconds) {
        stays.insert(0, seconds);
    }
    let stay = move |stay: u16| {
        let label = match stay {
            0 => "Until I dismiss it".to_owned(),
            60 => "1 minute".to_owned(),
            seconds => format!("{seconds} seconds"),
        };
        view! { <option value=stay.to_string() selected=stay == seconds>{label}</option> }
    };
    view! {
        <fieldset>
            <legend>"Toasts"</legend>
            <div class="field">
                <label for="toast-seconds">"How long a toast stays"</label>
                <select id="toast-seconds" name="wishes[toast_seconds]">
                    {stays.into_iter().map(stay).collect_view()}
                </select>
            </div>
            <div class="tick">
                <input type="checkbox" id="sound" name="wishes[sound]" value="on" checked=sound/>
                <label for="sound">"With a short sound"</label>
            </div>
        </fieldset>
    }
    .into_any()
}

/// `07:30`, as fields of the type `time` write it.
fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}
