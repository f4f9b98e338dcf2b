//! A button that opens a list of things to do or to choose from.

use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent, HtmlElement, Node};
use yew::prelude::*;

use crate::runtime::browser;

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

/// What is done with a menu.
pub enum Move {
    Toggle,
    Choose(usize),
    Key(KeyboardEvent),
    /// The focus goes elsewhere.
    Leave(FocusEvent),
}

/// A menu as keyboards know it: arrows, Home and End move, Escape closes.
pub struct Menu {
    node: NodeRef,
    is_open: bool,
    /// Just opened: the first item gets the focus as soon as it is there.
    is_fresh: bool,
}

impl Component for Menu {
    type Message = Move;
    type Properties = Props;

    fn create(_: &Context<Self>) -> Self {
        Menu { node: NodeRef::default(), is_open: false, is_fresh: false }
    }

    fn update(&mut self, ctx: &Context<Self>, message: Move) -> bool {
        match message {
            Move::Toggle => {
                self.is_open = !self.is_open;
                self.is_fresh = self.is_open;
            }
            Move::Choose(index) => {
                self.is_open = false;
                focus_button(&self.node);
                if let Some(item) = ctx.props().items.get(index) {
                    item.on_choose.emit(());
                }
            }
            Move::Key(event) => {
                match event.key().as_str() {
                    _ if !self.is_open => return false,
                    "Escape" => {
                        self.is_open = false;
                        focus_button(&self.node);
                    }
                    key => {
                        let choose: fn(u32, u32) -> u32 = match key {
                            "ArrowDown" => |at, count| (at + 1) % count,
                            "ArrowUp" => |at, count| (at + count - 1) % count,
                            "Home" => |_, _| 0,
                            "End" => |_, count| count - 1,
                            _ => return false,
                        };
                        focus_item(&self.node, choose);
                    }
                }
                event.prevent_default();
                event.stop_propagation();
            }
            Move::Leave(event) => {
                let to = event.related_target().and_then(|to| to.dyn_into::<Node>().ok());
                let is_inside = self.node.cast::<Element>().is_some_and(|menu| menu.contains(to.as_ref()));
                self.is_open &= is_inside;
            }
        }
        true
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        if std::mem::take(&mut self.is_fresh) {
            focus_item(&self.node, |_, _| 0);
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let Props { label, items, children, class } = ctx.props();
        let item = |(index, item): (usize, &MenuItem)| {
            let role = if item.chosen.is_some() { "menuitemradio" } else { "menuitem" };
            html! {
                <button type="button" {role} tabindex="-1" aria-checked={item.chosen.map(|chosen| chosen.to_string())}
                    onclick={link.callback(move |_| Move::Choose(index))}>
                    { &item.label }
                </button>
            }
        };
        html! {
            <div class={classes!("menu", class.clone())} ref={&self.node} onkeydown={link.callback(Move::Key)} onfocusout={link.callback(Move::Leave)}>
                <button type="button" class="menu-button" aria-haspopup="menu" aria-expanded={self.is_open.to_string()}
                    aria-label={label} title={label} onclick={link.callback(|_| Move::Toggle)}>
                    { children.clone() }
                </button>
                if self.is_open {
                    <div class="menu-list" role="menu" aria-label={label}>
                        { for items.iter().enumerate().map(item) }
                    </div>
                }
            </div>
        }
    }
}

fn focus_button(node: &NodeRef) {
    let button = node.cast::<Element>().and_then(|menu| menu.query_selector(".menu-button").ok().flatten());
    if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
        let _ = button.focus();
    }
}

fn focus_item(node: &NodeRef, choose: fn(u32, u32) -> u32) {
    let Some(items) =
        node.cast::<Element>().and_then(|menu| menu.query_selector_all("[role^=menuitem]").ok())
    else {
        return;
    };
    let focused = browser::document().active_element();
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
