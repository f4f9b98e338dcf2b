//! A dialog over the page. The browser keeps the focus in it and closes it on Escape.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

use super::{Shape, icon};

#[derive(PartialEq, Properties)]
pub struct Props {
    pub title: AttrValue,
    pub on_close: Callback<()>,
    pub children: Html,
    #[prop_or_default]
    pub class: Classes,
}

/// Opens when it appears.
#[component]
pub fn Dialog(props: &Props) -> Html {
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with((), move |()| {
            if let Some(dialog) = node.cast::<HtmlDialogElement>() {
                let _ = dialog.show_modal();
            }
        });
    }
    let on_close = props.on_close.clone();
    let close = {
        let on_close = on_close.clone();
        Callback::from(move |_: MouseEvent| on_close.emit(()))
    };
    let oncancel = Callback::from(move |event: Event| {
        event.prevent_default();
        on_close.emit(());
    });
    html! {
        <dialog ref={node} class={classes!("dialog", props.class.clone())} aria-labelledby="dialog-title" {oncancel}>
            <header>
                <h2 id="dialog-title">{ &props.title }</h2>
                <button type="button" class="quiet" aria-label="Close" onclick={close}>
                    { icon(Shape::Close) }
                </button>
            </header>
            { props.children.clone() }
        </dialog>
    }
}
