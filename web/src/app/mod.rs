//! The page as one component: its state, and everything that changes it.
//!
//! [`state`] is what there is; [`world`] what the simulation says and is told; [`run`] how commands of the deck get
//! into a terminal; [`keys`] what keys do; [`draw`] what is seen.

mod draw;
mod keys;
mod run;
mod state;
mod world;

use std::rc::Rc;

use js_sys::Uint8Array;
use litemap::LiteMap;
use podium_protocol::{Config, FromWorker, Place, TerminalId, ToWorker, View};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use crate::deck::command::{Outcome, Wish};
use crate::deck::performance;
use crate::panels::top::Clock;
use crate::runtime::browser;
use crate::runtime::link::Link;
use crate::runtime::mirror::Mirror;
use crate::runtime::store::{Bookmark, Layout, Theme};
use crate::runtime::timer::Timer;
use crate::terminal::{Gesture, Screen};
use state::{Ask, Pane, Sheet, Shell};

pub use state::App;

/// Everything that can happen to the page.
pub enum Msg {
    /// A deck was read, or could not be.
    Deck {
        name: String,
        text: Result<String, String>,
    },
    /// The learner opens a deck of their own.
    OpenFile(web_sys::File),
    World(FromWorker, Uint8Array),
    Died(String),
    Connect,
    Watchdog,
    Frame(TerminalId, Element),
    Gesture(TerminalId, Gesture),
    Drawn(TerminalId, usize),
    Replayed(TerminalId),
    Fit,
    Resized,
    Wish(String, Wish),
    Choose(String, usize, String),
    RunTimer,
    Place(Place),
    Select(TerminalId),
    NewTerminal,
    CloseTerminal(TerminalId),
    Split,
    Undo,
    Pause,
    Speed(u32),
    Skip,
    Ask(Ask),
    Answer(bool),
    Key(KeyboardEvent),
    Focus,
    HashChange,
    Turn(usize, usize),
    Step(i32),
    Ratio(u32),
    Theme,
    Toggle(Toggle),
    Dismiss,
    Report,
    Tick,
}

/// What can be switched on and off.
#[derive(Clone, Copy, PartialEq)]
pub enum Toggle {
    Cluster,
    SystemPods,
    Notes,
    Sheet(Sheet),
    ScreenReader,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let layout = Layout::load();
        let listeners = keys::listen(ctx.link());
        browser::keep_offline();
        let follows = browser::query("follow").is_some();
        let deck_name = state::deck_name();
        let app = App {
            deck: Rc::default(),
            deck_name: deck_name.clone(),
            deck_error: None,
            cues: Rc::default(),
            placeholders: Rc::default(),
            bookmark: Bookmark::load(&deck_name),
            layout,
            follows,
            link: None,
            restoring: !follows,
            died: 0,
            silent: 0,
            panes: LiteMap::new(),
            view: Rc::new(View::default()),
            clock: Clock { speed: 1, ..Clock::default() },
            kept: true,
            chosen: LiteMap::new(),
            run: None,
            running: LiteMap::new(),
            notice: None,
            ask: None,
            sheet: None,
            black: false,
            mirrored: false,
            owner: state::Owner::Slides,
            digits: String::new(),
            timer_ms: browser::now_ms(),
            mirror: None,
            fit_timer: None,
            link_timer: None,
            run_timer: None,
            report: None,
            _listeners: listeners,
            _timers: Vec::new(),
        };
        app.apply_layout();
        state::fetch_deck(ctx.link(), deck_name);
        app
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            let (tick, watch) = (ctx.link().clone(), ctx.link().clone());
            self._timers.extend(Timer::every(1000, move || tick.send_message(Msg::Tick)));
            self._timers.extend(Timer::every(4000, move || watch.send_message(Msg::Watchdog)));
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Deck { name, text } => self.open_deck(ctx, name, text),
            Msg::OpenFile(file) => {
                state::read_file(ctx.link(), file);
                return false;
            }
            Msg::World(message, bytes) => return self.hear(ctx, message, bytes),
            Msg::Died(sentence) => self.recover(ctx, &sentence),
            Msg::Connect => self.connect(ctx),
            Msg::Watchdog => return self.watch(ctx),
            Msg::Frame(id, frame) => self.open_screen(ctx, id, &frame),
            Msg::Gesture(id, gesture) => return self.gesture(ctx, id, gesture),
            Msg::Drawn(id, bytes) => {
                if let Some(pane) = self.panes.get_mut(&id) {
                    pane.outstanding = pane.outstanding.saturating_sub(bytes);
                }
                self.tell(&ToWorker::Drawn(bytes));
                return false;
            }
            Msg::Replayed(id) => {
                if let Some(pane) = self.panes.get_mut(&id) {
                    pane.replaying = false;
                }
                return false;
            }
            Msg::Resized => {
                let link = ctx.link().clone();
                self.fit_timer = Timer::after(60, move || link.send_message(Msg::Fit));
                return false;
            }
            Msg::Fit => {
                self.fit_screens();
                return false;
            }
            Msg::Wish(id, wish) => self.wish(ctx, &id, wish),
            Msg::Choose(id, index, value) => {
                self.chosen.insert((id, index), value);
            }
            Msg::RunTimer => self.run_timer_rang(ctx),
            Msg::Place(place) => {
                self.bookmark.laptop = place == Place::Laptop;
                self.stand(ctx);
            }
            Msg::Select(id) => {
                self.bookmark.active = id;
                self.focus_terminal(ctx);
            }
            Msg::NewTerminal => {
                self.new_terminal(self.place());
            }
            Msg::CloseTerminal(id) => self.close_terminal(id),
            Msg::Split => {
                self.bookmark.split = !self.bookmark.split;
                ctx.link().send_message(Msg::Resized);
            }
            Msg::Undo => self.tell(&ToWorker::Undo),
            Msg::Pause => {
                self.clock.paused = !self.clock.paused;
                self.tell_clock();
            }
            Msg::Speed(speed) => {
                self.clock.speed = speed;
                self.clock.paused = false;
                self.tell_clock();
            }
            Msg::Skip => {
                self.clock.skipping = true;
                self.tell(&ToWorker::Skip);
            }
            Msg::Ask(ask) => self.ask = Some(ask),
            Msg::Answer(yes) => {
                if let (Some(ask), true) = (self.ask.take(), yes) {
                    self.reset(ask);
                }
            }
            Msg::Key(event) => return self.key(ctx, &event),
            Msg::Focus => return self.note_focus(),
            Msg::HashChange => {
                let slide = self.deck.find_slide(&browser::hash()).map(|slide| slide.number - 1);
                return slide
                    .is_some_and(|slide| slide != self.bookmark.slide && self.turn_to(ctx, slide, 0));
            }
            Msg::Turn(slide, step) => return self.show(ctx, slide, step),
            Msg::Step(by) => return self.step(ctx, by),
            Msg::Ratio(ratio) => {
                self.layout.ratio = ratio;
                self.apply_layout();
                ctx.link().send_message(Msg::Resized);
            }
            Msg::Theme => {
                self.layout.theme = if self.is_dark() { Theme::Light } else { Theme::Dark };
                self.apply_layout();
            }
            Msg::Toggle(toggle) => self.toggle(ctx, toggle),
            Msg::Dismiss => self.notice = None,
            Msg::Report => {
                match &self.report {
                    Some(report) => browser::download("podium-report.json", report),
                    None => self.tell(&ToWorker::Report),
                }
                return false;
            }
            Msg::Tick => return self.bookmark.notes,
        }
        self.save();
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        self.draw(ctx)
    }
}
