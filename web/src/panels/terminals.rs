//! The terminals: a strip of tabs, and the panes below it, one or all of them in sight.

use podium_protocol::{Place, TerminalId};
use web_sys::Element;
use yew::prelude::*;

use crate::components::{Shape, icon, pressed, tool};

/// What the strip shows of a terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct Tab {
    pub id: TerminalId,
    pub place: Place,
    pub busy: bool,
}

/// What is shown, and what can be done with it.
pub struct Terminals {
    pub tabs: Vec<Tab>,
    pub active: TerminalId,
    pub split: bool,
    /// The frame of a terminal is on the page.
    pub on_frame: Callback<(TerminalId, Element)>,
    pub on_select: Callback<TerminalId>,
    pub on_close: Callback<TerminalId>,
    pub on_new: Callback<()>,
    pub on_split: Callback<()>,
    pub on_undo: Callback<()>,
    /// What stands below the panes.
    pub below: Html,
}

/// The strip, the panes, and what stands below them.
pub fn draw(props: &Terminals) -> Html {
    html! {
        <section class="terminals" aria-label="Terminals">
            <header>
                <div class="tabs" role="group" aria-label="Terminals">{ for props.tabs.iter().map(|tab| draw_tab(tab, props)) }</div>
                { tool("New terminal", Shape::Plus, false, props.on_new.clone()) }
                <span class="gap"></span>
                if props.tabs.len() > 1 {
                    <button type="button" class="quiet" aria-pressed={props.split.to_string()} aria-label="Show all terminals"
                        title="Show all terminals" onclick={pressed(props.on_split.clone())}>{ icon(Shape::Split) }</button>
                }
                <button type="button" class="quiet" title="Take back the last command" onclick={pressed(props.on_undo.clone())}>
                    { icon(Shape::Undo) }<span>{ "Undo" }</span>
                </button>
            </header>
            <div class={classes!("panes", props.split.then_some("is-split"))}>
                { for props.tabs.iter().map(|tab| html! {
                    <Pane key={tab.id} id={tab.id} label={label(tab)} active={tab.id == props.active} on_frame={props.on_frame.clone()} />
                }) }
            </div>
            { props.below.clone() }
        </section>
    }
}

fn label(tab: &Tab) -> String {
    let place = if tab.place == Place::Lab { "lab" } else { "laptop" };
    format!("{place} {}", tab.id)
}

fn draw_tab(tab: &Tab, props: &Terminals) -> Html {
    let (id, select, close) = (tab.id, props.on_select.clone(), props.on_close.clone());
    let onclick = Callback::from(move |_: MouseEvent| select.emit(id));
    let onclose = Callback::from(move |_: MouseEvent| close.emit(id));
    let label = label(tab);
    html! {
        <span class={classes!("tab", (tab.id == props.active).then_some("is-active"))} key={tab.id}>
            <button type="button" aria-pressed={(tab.id == props.active).to_string()} {onclick}>
                <span class={classes!("lamp", tab.busy.then_some("is-busy"))}></span>{ &label }
            </button>
            if props.tabs.len() > 1 {
                <button type="button" class="tab-close" aria-label={format!("Close terminal {label}")} onclick={onclose}>
                    { icon(Shape::Close) }
                </button>
            }
        </span>
    }
}

#[derive(PartialEq, Properties)]
struct PaneProps {
    id: TerminalId,
    label: String,
    active: bool,
    on_frame: Callback<(TerminalId, Element)>,
}

/// The frame that a terminal is opened in. Its inside belongs to the terminal.
struct Pane {
    node: NodeRef,
}

impl Component for Pane {
    type Message = ();
    type Properties = PaneProps;

    fn create(_: &Context<Self>) -> Self {
        Pane { node: NodeRef::default() }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if let Some(frame) = self.node.cast::<Element>().filter(|_| first) {
            ctx.props().on_frame.emit((ctx.props().id, frame));
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let PaneProps { id, label, active, .. } = ctx.props();
        html! {
            <div class={classes!("pane", active.then_some("is-active"))} role="region" aria-label={format!("Terminal {label}")}>
                <div class="frame" ref={&self.node} data-terminal={id.to_string()}></div>
            </div>
        }
    }
}
