//! A button that opens a list of things to do or to choose from.

use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent, HtmlElement, Node};
use yew::prelude::*;

/// One line of a menu.
#[derive(Clone, PartialEq)]
pub struct MenuItem {
    pub label: AttrValue,
    /// For a choice: whether it is the one that holds.
    pub chosen: Option<bool>,
    pub on_choose: Callback<()>,
}

impl MenuItem {
    /// Something to do.
    pub fn action(label: impl Into<AttrValue>, on_choose: Callback<()>) -> Self {
        MenuItem { label: label.into(), chosen: None, on_choose }
    }

    /// Something to choose.
    pub fn choice(label: impl Into<AttrValue>, chosen: bool, on_choose: Callback<()>) -> Self {
        MenuItem { label: label.into(), chosen: Some(chosen), on_choose }
    }
}

#[derive(PartialEq, Properties)]
pub struct Props {
    /// What the button is for, for those who do not see it.
    pub label: AttrValue,
    pub items: Vec<MenuItem>,
    /// What the button shows.
    pub children: Html,
    #[prop_or_default]
    pub class: Classes,
}

/// A menu as keyboards know it: arrows, Home and End move, Escape closes.
#[component]
pub fn Menu(props: &Props) -> Html {
    let open = use_state(|| false);
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with(*open, move |open| {
            if *open {
                focus_item(&node, |_, _| 0);
            }
        });
    }
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!*open))
    };
    let onkeydown = {
        let (open, node) = (open.clone(), node.clone());
        Callback::from(move |event: KeyboardEvent| {
            if !*open {
                return;
            }
            match event.key().as_str() {
                "Escape" => {
                    open.set(false);
                    focus_button(&node);
                }
                "ArrowDown" => focus_item(&node, |at, count| (at + 1) % count),
                "ArrowUp" => focus_item(&node, |at, count| (at + count - 1) % count),
                "Home" => focus_item(&node, |_, _| 0),
                "End" => focus_item(&node, |_, count| count - 1),
                _ => return,
            }
            event.prevent_default();
            event.stop_propagation();
        })
    };
    let onfocusout = {
        let (open, node) = (open.clone(), node.clone());
        Callback::from(move |event: FocusEvent| {
            let to = event.related_target().and_then(|to| to.dyn_into::<Node>().ok());
            let inside = node.cast::<Element>().is_some_and(|menu| menu.contains(to.as_ref()));
            if !inside {
                open.set(false);
            }
        })
    };
    let item = |item: &MenuItem| {
        let (open, node, on_choose) = (open.clone(), node.clone(), item.on_choose.clone());
        let onclick = Callback::from(move |_: MouseEvent| {
            open.set(false);
            focus_button(&node);
            on_choose.emit(());
        });
        let role = if item.chosen.is_some() { "menuitemradio" } else { "menuitem" };
        html! {
            <button type="button" {role} tabindex="-1" aria-checked={item.chosen.map(|chosen| chosen.to_string())} {onclick}>
                { &item.label }
            </button>
        }
    };
    html! {
        <div class={classes!("menu", props.class.clone())} ref={node.clone()} {onkeydown} {onfocusout}>
            <button type="button" class="menu-button" aria-haspopup="menu" aria-expanded={open.to_string()}
                aria-label={props.label.clone()} title={props.label.clone()} onclick={toggle}>
                { props.children.clone() }
            </button>
            if *open {
                <div class="menu-list" role="menu" aria-label={props.label.clone()}>
                    { for props.items.iter().map(item) }
                </div>
            }
        </div>
    }
}

fn focus_button(node: &NodeRef) {
    let button = node.cast::<Element>().and_then(|menu| menu.query_selector(".menu-button").ok().flatten());
    if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
        let _ = button.focus();
    }
}

fn focus_item(node: &NodeRef, choose: impl Fn(u32, u32) -> u32) {
    let Some(items) =
        node.cast::<Element>().and_then(|menu| menu.query_selector_all("[role^=menuitem]").ok())
    else {
        return;
    };
    let focused =
        web_sys::window().and_then(|window| window.document()).and_then(|document| document.active_element());
    let is_focused = |at: &u32| {
        items.get(*at).is_some_and(|item| focused.as_ref().is_some_and(|f| f.is_same_node(Some(&item))))
    };
    let at = (0..items.length()).find(is_focused).unwrap_or(0);
    if items.length() > 0
        && let Some(item) =
            items.get(choose(at, items.length())).and_then(|item| item.dyn_into::<HtmlElement>().ok())
    {
        let _ = item.focus();
    }
}
