//! The bar between two halves. It is dragged, or moved with the arrow keys.

use wasm_bindgen::JsCast;
use web_sys::{Element, PointerEvent};
use yew::prelude::*;

use crate::runtime::browser;

#[derive(PartialEq, Properties)]
pub struct Props {
    /// The share of the first half, in percent.
    pub ratio: u32,
    pub on_move: Callback<u32>,
}

/// How far one press of an arrow goes, in percent.
const STEP: u32 = 2;
/// Neither half gets smaller than this, in percent.
const LEAST: u32 = 20;

/// What is done with the bar.
pub enum Move {
    Hold(PointerEvent),
    Drag(PointerEvent),
    Release,
    Key(KeyboardEvent),
}

/// A bar, and whether the pointer holds it.
pub struct Splitter {
    is_held: bool,
}

impl Component for Splitter {
    type Message = Move;
    type Properties = Props;

    fn create(_: &Context<Self>) -> Self {
        Splitter { is_held: false }
    }

    fn update(&mut self, ctx: &Context<Self>, message: Move) -> bool {
        let Props { ratio, on_move } = ctx.props();
        let moved = match message {
            Move::Hold(event) => {
                if let Some(bar) = bar_of(&event) {
                    let _ = bar.set_pointer_capture(event.pointer_id());
                    self.is_held = true;
                    event.prevent_default();
                }
                None
            }
            Move::Drag(event) => self.is_held.then(|| share(&event)).flatten(),
            Move::Release => {
                self.is_held = false;
                None
            }
            Move::Key(event) => {
                let to = match event.key().as_str() {
                    "ArrowLeft" | "ArrowUp" => Some(ratio - STEP),
                    "ArrowRight" | "ArrowDown" => Some(ratio + STEP),
                    "Home" => Some(LEAST),
                    "End" => Some(100 - LEAST),
                    _ => None,
                };
                if to.is_some() {
                    event.prevent_default();
                    event.stop_propagation();
                }
                to
            }
        };
        if let Some(ratio) = moved {
            on_move.emit(ratio.clamp(LEAST, 100 - LEAST));
        }
        false
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        html! {
            <div class="splitter" role="separator" tabindex="0" aria-label="Share of the page that the slide has"
                aria-valuenow={ctx.props().ratio.to_string()} aria-valuemin="20" aria-valuemax="80"
                onpointerdown={link.callback(Move::Hold)} onpointermove={link.callback(Move::Drag)}
                onpointerup={link.callback(|_| Move::Release)} onkeydown={link.callback(Move::Key)}>
            </div>
        }
    }
}

fn bar_of(event: &PointerEvent) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// Where the pointer is between the ends of both halves, in percent.
fn share(event: &PointerEvent) -> Option<u32> {
    let frame = bar_of(event)?.parent_element()?.get_bounding_client_rect();
    let share = if browser::is_narrow() {
        (f64::from(event.client_y()) - frame.top()) / frame.height()
    } else {
        (f64::from(event.client_x()) - frame.left()) / frame.width()
    };
    Some((share * 100.0).round() as u32)
}
