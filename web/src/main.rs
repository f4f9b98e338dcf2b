//! Podium in the browser: slides on one side, terminals on a simulated cluster on the other.
//!
//! Reading order: [`app`] holds the state and what changes it; [`deck`] draws slides; [`terminal`] hides xterm.js;
//! [`panels`] stand around them; [`runtime`] alone knows the worker, clocks and storage.
//!
//! **Invariant**: text of a deck never becomes markup. It becomes nodes.

mod app;
mod components;
mod deck;
mod panels;
mod runtime;
mod terminal;

fn main() {
    yew::Renderer::<app::App>::new().render();
}
