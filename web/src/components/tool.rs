//! Buttons of the bars around slides and terminals.

use yew::prelude::*;

use super::{Shape, icon};

/// A button that shows an icon alone; `label` says what it does.
pub fn tool(label: &'static str, shape: Shape, disabled: bool, on_press: Callback<()>) -> Html {
    html! {
        <button type="button" class="quiet" aria-label={label} title={label} {disabled} onclick={pressed(on_press)}>
            { icon(shape) }
        </button>
    }
}

/// For an `onclick` that need not know where.
pub fn pressed(on_press: Callback<()>) -> Callback<MouseEvent> {
    Callback::from(move |_: MouseEvent| on_press.emit(()))
}
