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

#[component]
pub fn Splitter(props: &Props) -> Html {
    let dragging = use_mut_ref(|| false);
    let on_move = props.on_move.clone();
    let moved = Callback::from(move |ratio: u32| on_move.emit(ratio.clamp(LEAST, 100 - LEAST)));
    let onpointerdown = {
        let dragging = dragging.clone();
        Callback::from(move |event: PointerEvent| {
            if let Some(bar) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
                let _ = bar.set_pointer_capture(event.pointer_id());
                *dragging.borrow_mut() = true;
                event.prevent_default();
            }
        })
    };
    let onpointermove = {
        let (dragging, moved) = (dragging.clone(), moved.clone());
        Callback::from(move |event: PointerEvent| {
            if !*dragging.borrow() {
                return;
            }
            let frame = event
                .target()
                .and_then(|t| t.dyn_into::<Element>().ok())
                .and_then(|bar| bar.parent_element());
            let Some(frame) = frame.map(|frame| frame.get_bounding_client_rect()) else { return };
            let share = if browser::is_narrow() {
                (f64::from(event.client_y()) - frame.top()) / frame.height()
            } else {
                (f64::from(event.client_x()) - frame.left()) / frame.width()
            };
            moved.emit((share * 100.0).round() as u32);
        })
    };
    let onpointerup = Callback::from(move |_: PointerEvent| *dragging.borrow_mut() = false);
    let onkeydown = {
        let ratio = props.ratio;
        Callback::from(move |event: KeyboardEvent| {
            let to = match event.key().as_str() {
                "ArrowLeft" | "ArrowUp" => ratio - STEP,
                "ArrowRight" | "ArrowDown" => ratio + STEP,
                "Home" => LEAST,
                "End" => 100 - LEAST,
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            moved.emit(to);
        })
    };
    html! {
        <div class="splitter" role="separator" tabindex="0" aria-label="Share of the page that the slide has"
            aria-valuenow={props.ratio.to_string()} aria-valuemin="20" aria-valuemax="80"
            {onpointerdown} {onpointermove} {onpointerup} {onkeydown}>
        </div>
    }
}
