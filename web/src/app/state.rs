//! What there is.

use std::rc::Rc;

use gloo_events::EventListener;
use litemap::LiteMap;
use podium_protocol::{Place, TerminalId, View};
use slides::{Blank, Deck};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::html::Scope;

use super::Msg;
use super::run::Run;
use crate::deck::performance::Cue;
use crate::panels::top::Clock;
use crate::runtime::browser;
use crate::runtime::link::Link;
use crate::runtime::mirror::Mirror;
use crate::runtime::store::{self, Bookmark, Layout};
use crate::runtime::timer::Timer;
use crate::terminal::Xterm;

/// The page.
pub struct App {
    pub(super) deck: Rc<Deck>,
    /// Its address, or `file:` and its name. The cluster's journal is kept under it.
    pub(super) deck_name: String,
    pub(super) deck_error: Option<String>,
    pub(super) cues: Rc<LiteMap<String, Cue>>,
    pub(super) placeholders: Rc<Vec<Blank>>,
    pub(super) bookmark: Bookmark,
    pub(super) layout: Layout,
    /// This window only follows another.
    pub(super) follows: bool,
    pub(super) link: Option<Link>,
    pub(super) restoring: bool,
    /// How often the simulation died in a row.
    pub(super) died: u32,
    /// Questions of the watchdog without an answer.
    pub(super) silent: u32,
    pub(super) panes: LiteMap<TerminalId, Pane>,
    pub(super) view: Rc<View>,
    pub(super) clock: Clock,
    /// The journal is kept.
    pub(super) kept: bool,
    /// Values chosen for blanks, by command and index.
    pub(super) chosen: LiteMap<(String, usize), String>,
    /// What Run is about.
    pub(super) run: Option<Run>,
    /// The command of the deck that runs in a terminal.
    pub(super) running: LiteMap<TerminalId, String>,
    pub(super) notice: Option<Notice>,
    pub(super) ask: Option<Ask>,
    pub(super) sheet: Option<Sheet>,
    pub(super) black: bool,
    pub(super) mirrored: bool,
    pub(super) owner: Owner,
    /// The number that is being typed.
    pub(super) digits: String,
    /// When the timer was zero.
    pub(super) timer_ms: f64,
    pub(super) mirror: Option<Mirror>,
    pub(super) fit_timer: Option<Timer>,
    pub(super) link_timer: Option<Timer>,
    pub(super) run_timer: Option<Timer>,
    /// Seed and inputs of the world that died.
    pub(super) report: Option<String>,
    pub(super) _listeners: Vec<EventListener>,
    pub(super) _timers: Vec<Timer>,
}

/// A terminal.
#[derive(Default)]
pub struct Pane {
    pub place: Place,
    pub screen: Option<Xterm>,
    /// The world knows it.
    pub opened: bool,
    /// Its past is being drawn; answers of the terminal to it are not for the world.
    pub replaying: bool,
    pub shell: Shell,
    /// A shell in a container runs in it, opened by this lab (or outside of labs).
    pub inner: Option<Inner>,
    /// Bytes on the way to the screen.
    pub outstanding: usize,
    /// Bytes that came before there was a screen.
    pub early: Vec<js_sys::Uint8Array>,
}

/// What the login shell of a terminal does, as far as the page knows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Shell {
    #[default]
    Starting,
    Prompt,
    Running,
}

/// A shell within the shell.
#[derive(Clone, Debug, PartialEq)]
pub struct Inner {
    pub lab: Option<String>,
    /// Something endless runs in it.
    pub busy: bool,
}

/// Who has the keyboard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Owner {
    Slides,
    Terminal,
}

/// Something to tell the learner.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub text: String,
    pub kind: NoticeKind,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NoticeKind {
    /// Something useful to know.
    Hint,
    /// Our bug; seed and inputs can be saved.
    Trouble,
}

/// A sheet over the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sheet {
    Keys,
    Fidelity,
}

/// A question before something is lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ask {
    ResetLab,
    ResetAll,
}

impl App {
    pub(super) fn place(&self) -> Place {
        if self.bookmark.laptop { Place::Laptop } else { Place::Lab }
    }

    pub(super) fn save(&self) {
        self.layout.save();
        if !self.follows && !self.deck.slides.is_empty() {
            self.bookmark.save(&self.deck_name);
        }
    }

    pub(super) fn notify(&mut self, kind: NoticeKind, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), kind });
    }
}

/// The deck that the address asks for, or the one that was opened from a file last, or the page's own.
pub(super) fn deck_name() -> String {
    if let Some(asked) = browser::query("deck") {
        return asked;
    }
    let own = browser::meta("podium-deck");
    store::load("deck").filter(|name| name.starts_with("file:")).unwrap_or(own)
}

pub(super) fn fetch_deck(scope: &Scope<App>, name: String) {
    let scope = scope.clone();
    if name.starts_with("file:") {
        let text = store::load(&name).ok_or_else(|| format!("{name} is no longer here; open it again"));
        scope.send_message(Msg::Deck { name, text });
        return;
    }
    spawn_local(async move {
        let text = browser::fetch_text(&browser::resolve(&name)).await;
        scope.send_message(Msg::Deck { name, text });
    });
}

/// Reads a deck that the learner chose. It is kept, so that a reload finds it.
pub(super) fn read_file(scope: &Scope<App>, file: web_sys::File) {
    let scope = scope.clone();
    spawn_local(async move {
        let name = format!("file:{}", file.name());
        let text = match JsFuture::from(file.text()).await {
            Ok(text) => Ok(text.as_string().unwrap_or_default()),
            Err(_) => Err(format!("{} cannot be read", file.name())),
        };
        if let Ok(text) = &text {
            store::save(&name, text);
            store::save("deck", &name);
        }
        scope.send_message(Msg::Deck { name, text });
    });
}
