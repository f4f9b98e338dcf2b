//! A dialog over the page. The browser keeps the focus in it and closes it on Escape.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

use super::{Shape, tool};

#[derive(PartialEq, Properties)]
pub struct Props {
    pub title: AttrValue,
    pub on_close: Callback<()>,
    pub children: Html,
    #[prop_or_default]
    pub class: Classes,
}

/// Opens when it appears.
pub struct Dialog {
    node: NodeRef,
}

impl Component for Dialog {
    type Message = ();
    type Properties = Props;

    fn create(_: &Context<Self>) -> Self {
        Dialog { node: NodeRef::default() }
    }

    fn rendered(&mut self, _: &Context<Self>, first: bool) {
        if let Some(dialog) = self.node.cast::<HtmlDialogElement>().filter(|_| first) {
            let _ = dialog.show_modal();
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let Props { title, on_close, children, class } = ctx.props();
        let cancel = on_close.clone();
        let oncancel = Callback::from(move |event: Event| {
            event.prevent_default();
            cancel.emit(());
        });
        html! {
            <dialog ref={&self.node} class={classes!("dialog", class.clone())} aria-labelledby="dialog-title" {oncancel}>
                <header>
                    <h2 id="dialog-title">{ title }</h2>
                    { tool("Close", Shape::Close, false, on_close.clone()) }
                </header>
                { children.clone() }
            </dialog>
        }
    }
}
