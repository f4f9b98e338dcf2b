//! What keys do, and who has the keyboard: whoever has the focus.

use super::*;
use gloo_events::{EventListener, EventListenerOptions};
use state::{Owner, Sheet};
use yew::html::Scope;

pub(super) fn listen(scope: &Scope<App>) -> Vec<EventListener> {
    let document = browser::document();
    let window = browser::window();
    let send = |message: fn() -> Msg| {
        let scope = scope.clone();
        move |_: &web_sys::Event| scope.send_message(message())
    };
    let keys = scope.clone();
    let on_key = move |event: &web_sys::Event| {
        if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
            keys.send_message(Msg::Key(event.clone()));
        }
    };
    let options = EventListenerOptions::enable_prevent_default();
    vec![
        EventListener::new_with_options(&document, "keydown", options, on_key),
        EventListener::new(&document, "focusin", send(|| Msg::Focus)),
        EventListener::new(&document, "focusout", send(|| Msg::Focus)),
        EventListener::new(&window, "hashchange", send(|| Msg::HashChange)),
        EventListener::new(&window, "resize", send(|| Msg::Resized)),
    ]
}

/// Within these, keys are not the slides'.
const OTHERS: &str = ".frame, input, textarea, select, dialog, [role=menu], [role=separator]";

impl App {
    pub(super) fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let within =
            |selector: &str| target.as_ref().is_some_and(|target| browser::is_within(target, selector));
        if event.default_prevented()
            || event.ctrl_key()
            || event.alt_key()
            || event.meta_key()
            || within(OTHERS)
        {
            return false;
        }
        if self.sheet.is_some() || self.ask.is_some() {
            return false;
        }
        let key = event.key();
        let presses = matches!(key.as_str(), " " | "Enter");
        if presses && within("button, a, summary, [role=button]") {
            return false;
        }
        let digits = std::mem::take(&mut self.digits);
        let last = self.deck.slides.len().saturating_sub(1);
        match key.as_str() {
            "ArrowRight" | "ArrowDown" | "PageDown" | " " | "j" => self.step(ctx, 1),
            "ArrowLeft" | "ArrowUp" | "PageUp" | "k" => self.step(ctx, -1),
            "Home" => self.turn_to(ctx, 0, 0),
            "End" => self.turn_to(ctx, last, usize::MAX),
            "Enter" => match digits.parse::<usize>() {
                Ok(number) => self.turn_to(ctx, number.saturating_sub(1).min(last), 0),
                Err(_) => return false,
            },
            "Escape" => {
                self.black = false;
                self.notice = None;
                true
            }
            "b" => {
                self.black = !self.black;
                true
            }
            "m" => {
                self.mirrored = !self.mirrored;
                true
            }
            "p" => {
                self.toggle(ctx, Toggle::Notes);
                true
            }
            "h" | "?" => {
                self.sheet = Some(Sheet::Keys);
                true
            }
            "t" => {
                self.timer_ms = browser::now_ms();
                true
            }
            "f" => {
                browser::toggle_fullscreen();
                true
            }
            "c" => {
                self.open_follower();
                true
            }
            "`" => {
                self.focus_terminal(ctx);
                true
            }
            digit if digit.len() == 1 && digit.as_bytes()[0].is_ascii_digit() => {
                self.digits = digits + digit;
                true
            }
            _ => return false,
        };
        event.prevent_default();
        self.save();
        true
    }

    fn open_follower(&self) {
        let name = js_sys::encode_uri_component(&self.deck_name);
        let url = format!("?follow=1&deck={name}{}", browser::hash());
        let _ = browser::window().open_with_url_and_target(&url, "_blank");
    }

    /// True when who has the keyboard has changed.
    pub(super) fn note_focus(&mut self) -> bool {
        let active = browser::document().active_element();
        let in_terminal = active.is_some_and(|element| browser::is_within(&element, ".frame"));
        let owner = if in_terminal { Owner::Terminal } else { Owner::Slides };
        let changed = owner != std::mem::replace(&mut self.owner, owner);
        let focused = browser::document().query_selector(".frame:focus-within").ok().flatten();
        let id =
            focused.and_then(|frame| frame.get_attribute("data-terminal")).and_then(|id| id.parse().ok());
        match id {
            Some(id) if id != self.bookmark.active => {
                self.bookmark.active = id;
                true
            }
            _ => changed,
        }
    }
}
