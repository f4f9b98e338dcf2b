//! A command of the deck: its text with blanks filled in, and what can be done with it.

use std::rc::Rc;

use podium_protocol::View;
use slides::{Blank, Command, Part};
use yew::prelude::*;

use super::blanks;
use crate::components::{Menu, MenuItem, Shape, icon};

/// What the learner wants with a command.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wish {
    Insert,
    Run,
    Copy,
}

/// How a command went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    Running,
    Ended(i32),
}

/// What commands on a slide need from the page.
#[derive(Clone)]
pub struct Stage {
    pub view: Rc<View>,
    pub on_wish: Callback<(String, Wish)>,
    pub on_choose: Callback<(String, usize, String)>,
    pub chosen: Callback<(String, usize), Option<String>>,
    pub outcome: Callback<String, Option<Outcome>>,
    /// Nothing can be run in a window that only follows.
    pub live: bool,
}

/// Draws a command.
pub fn draw(command: &Command, stage: &Stage) -> Html {
    let values = blanks::values(command, &stage.view, |index| stage.chosen.emit((command.id.clone(), index)));
    let mut blank = 0;
    let mut lines = Vec::new();
    for (number, line) in command.lines.iter().enumerate() {
        if number > 0 {
            lines.push(html! { {"\n"} });
        }
        for part in line {
            lines.push(match part {
                Part::Text(text) => html! { { text } },
                Part::Marked(text) => html! { <mark>{ text }</mark> },
                Part::Blank(what) => {
                    blank += 1;
                    chip(command, blank - 1, what, values[blank - 1].as_deref(), stage)
                }
            });
        }
    }
    let text = blanks::text(command, &values);
    let button = |wish: Wish, label: &str, shape: Shape| {
        let (on_wish, id) = (stage.on_wish.clone(), command.id.clone());
        let onclick = Callback::from(move |_: MouseEvent| on_wish.emit((id.clone(), wish)));
        let class = if wish == Wish::Run { "run" } else { "" };
        html! {
            <button type="button" {class} aria-label={format!("{label}: {text}")} {onclick}>
                { icon(shape) }<span>{ label }</span>
            </button>
        }
    };
    let outcome = stage.outcome.emit(command.id.clone());
    let (state, said) = match outcome {
        None => ("", ""),
        Some(Outcome::Running) => ("is-running", "runs"),
        Some(Outcome::Ended(0)) => ("is-done", "done"),
        Some(Outcome::Ended(_)) => ("is-failed", "ended with an error"),
    };
    html! {
        <div class={classes!("command", state)} data-command={command.id.clone()}>
            <pre tabindex="0" aria-label="Command"><code>{ for lines }</code></pre>
            <div class="command-tools" role="group" aria-label="What to do with this command">
                if stage.live {
                    { button(Wish::Run, "Run", Shape::Play) }
                    { button(Wish::Insert, "Insert", Shape::Insert) }
                }
                { button(Wish::Copy, "Copy", Shape::Copy) }
                <span class="command-state" role="status">
                    if state == "is-done" { { icon(Shape::Tick) } }
                    { said }
                </span>
            </div>
        </div>
    }
}

fn chip(command: &Command, index: usize, blank: &Blank, value: Option<&str>, stage: &Stage) -> Html {
    let all = blanks::candidates(blank, &stage.view);
    match value {
        None => {
            let title = format!("{}: nothing there yet", blanks::wants(blank));
            html! { <span class="chip is-empty" {title}>{ &blank.text }</span> }
        }
        Some(value) if all.len() < 2 => {
            html! { <span class="chip" title={format!("{}, filled in from the cluster", blanks::wants(blank))}>{ value }</span> }
        }
        Some(value) => {
            let item = |other: &String| {
                let (on_choose, id, other) = (stage.on_choose.clone(), command.id.clone(), other.clone());
                let chosen = other == value;
                MenuItem::choice(
                    other.clone(),
                    chosen,
                    Callback::from(move |()| on_choose.emit((id.clone(), index, other.clone()))),
                )
            };
            let items: Vec<MenuItem> = all.iter().map(item).collect();
            html! {
                <Menu class="chip-menu" label={format!("{}: {value}. Choose another", blanks::wants(blank))} {items}>
                    <span class="chip">{ value }</span>
                </Menu>
            }
        }
    }
}
