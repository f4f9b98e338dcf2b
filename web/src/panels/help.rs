//! The keys, on a sheet.

use yew::prelude::*;

use crate::components::Dialog;

const KEYS: &[(&str, &str)] = &[
    ("→  ↓  PgDn  space  j", "next slide or step"),
    ("←  ↑  PgUp  k", "back"),
    ("Home  End", "first slide, last slide"),
    ("12 Enter", "slide 12"),
    ("p", "speaker's notes"),
    ("f", "full screen"),
    ("b", "black out the slide"),
    ("m", "mirror the slide"),
    ("c", "a second window that follows"),
    ("t", "set the timer to zero"),
    ("h  ?", "this sheet"),
    ("` (backquote)", "to the terminal"),
    ("Esc Esc  or  Ctrl+Shift+↑", "from the terminal back to the slides"),
];

/// The sheet.
pub fn draw(on_close: Callback<()>) -> Html {
    html! {
        <Dialog title="Keys" {on_close} class="help">
            <p>{ "Whoever has the focus has the keyboard: in a terminal every key goes to its shell, anywhere else these keys turn the slides. The line at the bottom says who has it." }</p>
            <dl>
                { for KEYS.iter().map(|(key, what)| html! { <div><dt><kbd>{ *key }</kbd></dt><dd>{ *what }</dd></div> }) }
            </dl>
        </Dialog>
    }
}
