//! What the simulation says, and what it is told.

use super::*;
use crate::terminal::Xterm;
use podium_protocol::{Input, ShellState};
use slides::Profile;
use state::NoticeKind;

/// How often the simulation may die in a row before its journal is not tried again.
/// How long the page waits before it asks again for code that could not be loaded, in milliseconds.
const LOAD_AGAIN_MS: i32 = 1_500;
const DEATHS_MAX: u32 = 3;
/// Questions of the watchdog that may stay without an answer.
const SILENT_MAX: u32 = 3;

impl App {
    pub(super) fn tell(&self, message: &ToWorker) {
        if let Some(link) = &self.link {
            link.send(message);
        }
    }

    pub(super) fn tell_clock(&self) {
        self.tell(&ToWorker::Clock { paused: self.clock.paused, speed: self.clock.speed });
    }

    /// Starts a simulation; it will say that it is ready.
    pub(super) fn connect(&mut self, ctx: &Context<Self>) {
        let (hear, died) = (ctx.link().clone(), ctx.link().clone());
        self.restoring = true;
        self.silent = 0;
        // The old one goes first, and with it its hold on the journal.
        self.link = None;
        let url = browser::resolve(&browser::meta("podium-worker"));
        self.link = Some(Link::connect(
            &url,
            move |message, bytes| hear.send_message(Msg::World(message, bytes)),
            move |sentence| died.send_message(Msg::Died(sentence)),
        ));
    }

    /// The cluster that the deck asks for.
    fn config(&self) -> Config {
        let has = |profile| self.deck.profiles.contains(&profile);
        Config { cloud: has(Profile::Cloud), metrics: has(Profile::Metrics), ..Config::default() }
    }

    pub(super) fn hear(&mut self, ctx: &Context<Self>, message: FromWorker, bytes: Uint8Array) -> bool {
        self.silent = 0;
        match message {
            FromWorker::Ready => {
                self.tell_clock();
                self.tell_slide();
                self.tell(&ToWorker::Start {
                    config: self.config(),
                    journal: self.deck_name.clone(),
                    build: browser::meta("podium-worker"),
                    recover: self.died > 0,
                });
                return false;
            }
            FromWorker::Begin { terminals, taken_back, kept, .. } => self.begin(&terminals, taken_back, kept),
            FromWorker::Restored => self.restored(ctx),
            FromWorker::Screen(id) => {
                self.write(ctx, id, bytes);
                return false;
            }
            FromWorker::Shell(id, state) => self.shell_says(ctx, id, &state),
            FromWorker::Closed(id) => self.terminal_ended(id),
            FromWorker::View(view) => self.view = Rc::new(view),
            FromWorker::Clock { time, behind } => {
                self.clock.time = time;
                self.clock.behind = behind;
            }
            FromWorker::Skipped => self.clock.skipping = false,
            FromWorker::Pong => return false,
            FromWorker::Panic(sentence) => ctx.link().send_message(Msg::Died(sentence)),
            FromWorker::Report(report) => {
                if self.died > 0 {
                    self.report = Some(report);
                } else {
                    browser::download("podium-report.json", &report);
                }
            }
        }
        true
    }

    fn begin(&mut self, terminals: &[(TerminalId, Place)], taken_back: Option<String>, kept: bool) {
        self.kept = kept;
        self.restoring = true;
        self.run = None;
        self.running.clear();
        self.clock.skipping = false;
        self.view = Rc::default();
        self.panes.retain(|id, _| terminals.iter().any(|(open, _)| open == id));
        for (id, place) in terminals {
            let pane = self.panes.entry(*id).or_default();
            if let Some(screen) = &pane.screen {
                screen.reset();
            }
            pane.place = *place;
            pane.opened = true;
            pane.replaying = true;
            pane.shell = Shell::Starting;
            pane.inner = None;
            pane.early.clear();
        }
        if let Some(command) = taken_back.filter(|_| self.died == 0) {
            self.notify(NoticeKind::Hint, format!("Taken back: {command}"));
        }
    }

    fn restored(&mut self, ctx: &Context<Self>) {
        self.restoring = false;
        self.died = 0;
        for (id, pane) in &mut self.panes {
            match &pane.screen {
                Some(screen) => {
                    let (link, id) = (ctx.link().clone(), *id);
                    let empty = Uint8Array::new_with_length(0);
                    screen.write(&empty, Box::new(move || link.send_message(Msg::Replayed(id))));
                }
                None => pane.replaying = pane.early.is_empty() && pane.replaying,
            }
        }
        self.stand(ctx);
        ctx.link().send_message(Msg::Resized);
    }

    /// Makes sure that there is a terminal where the learner stands, and shows it.
    pub(super) fn stand(&mut self, ctx: &Context<Self>) {
        if self.restoring {
            return;
        }
        let place = self.place();
        let here = |pane: Option<&Pane>| pane.is_some_and(|pane| pane.place == place);
        if !here(self.panes.get(&self.bookmark.active)) {
            match self.panes.iter().find(|(_, pane)| pane.place == place) {
                Some((id, _)) => self.bookmark.active = *id,
                None => self.bookmark.active = self.new_terminal(place),
            }
        }
        ctx.link().send_message(Msg::Resized);
    }

    pub(super) fn new_terminal(&mut self, place: Place) -> TerminalId {
        let id = self.panes.keys().max().copied().unwrap_or(0) + 1;
        self.panes.insert(id, Pane { place, ..Pane::default() });
        self.bookmark.active = id;
        id
    }

    pub(super) fn close_terminal(&mut self, id: TerminalId) {
        self.tell(&ToWorker::Input(Input::CloseTerminal { id }));
        self.forget_terminal(id);
    }

    /// The shell has ended by itself, by `exit` or ^D. The last one is opened again.
    fn terminal_ended(&mut self, id: TerminalId) {
        if self.restoring {
            return;
        }
        self.tell(&ToWorker::Input(Input::CloseTerminal { id }));
        let place = self.panes.get(&id).map(|pane| pane.place).unwrap_or_default();
        self.forget_terminal(id);
        if self.panes.is_empty() {
            self.new_terminal(place);
            self.notify(
                NoticeKind::Hint,
                "That shell has ended, so here is a new one. Variables set in the old one are gone.",
            );
        }
    }

    fn forget_terminal(&mut self, id: TerminalId) {
        if let Some(pane) = self.panes.remove(&id) {
            self.tell(&ToWorker::Drawn(pane.outstanding));
        }
        if self.bookmark.active == id {
            self.bookmark.active = self.panes.keys().next().copied().unwrap_or_default();
        }
        self.bookmark.split &= self.panes.len() > 1;
    }

    /// The frame of a terminal is on the page: opens the terminal in it.
    pub(super) fn open_screen(&mut self, ctx: &Context<Self>, id: TerminalId, frame: &Element) {
        let Some(pane) = self.panes.get_mut(&id) else { return };
        let link = ctx.link().clone();
        let screen = Xterm::open(frame, self.layout.screen_reader, move |gesture| {
            link.send_message(Msg::Gesture(id, gesture));
        });
        pane.screen = Some(screen);
        for bytes in std::mem::take(&mut pane.early) {
            self.write(ctx, id, bytes);
        }
        if let Some(pane) = self.panes.get(&id)
            && let (Some(screen), true) = (&pane.screen, pane.replaying)
        {
            let link = ctx.link().clone();
            let replayed = move || link.send_message(Msg::Replayed(id));
            screen.write(&Uint8Array::new_with_length(0), Box::new(replayed));
        }
        self.fit_screens();
    }

    /// Makes every terminal in sight fill its frame, and tells the world.
    pub(super) fn fit_screens(&mut self) {
        if self.restoring {
            return;
        }
        let mut inputs = Vec::new();
        for (id, pane) in &mut self.panes {
            let size = pane.screen.as_ref().and_then(Screen::fit);
            let id = *id;
            match size {
                Some((rows, cols)) if pane.opened => inputs.push(Input::Resize { id, rows, cols }),
                Some((rows, cols)) => {
                    pane.opened = true;
                    inputs.push(Input::OpenTerminal { id, place: pane.place, rows, cols });
                }
                None => {}
            }
        }
        for input in inputs {
            self.tell(&ToWorker::Input(input));
        }
    }

    fn write(&mut self, ctx: &Context<Self>, id: TerminalId, bytes: Uint8Array) {
        let length = bytes.length() as usize;
        let Some(pane) = self.panes.get_mut(&id) else { return self.tell(&ToWorker::Drawn(length)) };
        match &pane.screen {
            Some(screen) => {
                pane.outstanding += length;
                let link = ctx.link().clone();
                screen.write(&bytes, Box::new(move || link.send_message(Msg::Drawn(id, length))));
            }
            None => pane.early.push(bytes),
        }
    }

    fn shell_says(&mut self, ctx: &Context<Self>, id: TerminalId, state: &ShellState) {
        let Some(pane) = self.panes.get_mut(&id) else { return };
        match state {
            ShellState::Running => pane.shell = Shell::Running,
            ShellState::Prompt { status } => {
                pane.shell = Shell::Prompt;
                pane.inner = None;
                if self.restoring {
                    return;
                }
                if let Some(command) = self.running.remove(&id) {
                    self.bookmark.done.insert(command, *status);
                }
                self.run_goes_on(ctx);
            }
        }
    }

    pub(super) fn gesture(&mut self, ctx: &Context<Self>, id: TerminalId, gesture: Gesture) -> bool {
        match gesture {
            Gesture::Typed(text) => {
                let Some(pane) = self.panes.get(&id) else { return false };
                if !pane.replaying && !self.restoring {
                    self.tell(&ToWorker::Input(Input::Type { id, bytes: text.into_bytes() }));
                }
                false
            }
            Gesture::Entered(line) => self.entered(id, &line),
            Gesture::Resized => {
                ctx.link().send_message(Msg::Resized);
                false
            }
            Gesture::Leave => {
                focus_slide();
                ctx.link().send_message(Msg::Focus);
                false
            }
        }
    }

    /// The simulation died: our bug, or a network that is not there. The slide stays; a new one goes back to before the last command.
    pub(super) fn recover(&mut self, ctx: &Context<Self>, sentence: &str) {
        if sentence.contains("could not be loaded") {
            // Nothing was lost: the next one does again what this one was about to do.
            self.link = None;
            self.restoring = true;
            let link = ctx.link().clone();
            self.link_timer = Timer::after(LOAD_AGAIN_MS, move || link.send_message(Msg::Connect));
            let text = "A part of the class could not be loaded. The lab goes on when the network is back.";
            self.notify(NoticeKind::Hint, text);
            return;
        }
        self.died += 1;
        if self.died > DEATHS_MAX {
            self.link = None;
            self.restoring = false;
            let text = format!(
                "The simulation does not come up again ({sentence}). Please save a report, then reset everything."
            );
            self.notify(NoticeKind::Trouble, text);
            return;
        }
        let text = format!(
            "The simulation stopped: {sentence}. That is our mistake, not yours. The lab is back where it was before the last command."
        );
        self.notify(NoticeKind::Trouble, text);
        self.connect(ctx);
    }

    /// Asks whether the simulation still answers; one that is silent for too long has died.
    pub(super) fn watch(&mut self, ctx: &Context<Self>) -> bool {
        if self.link.is_none() || browser::document().hidden() {
            self.silent = 0;
            return false;
        }
        self.silent += 1;
        if self.silent > SILENT_MAX {
            self.silent = 0;
            ctx.link().send_message(Msg::Died("it no longer answered".to_owned()));
        } else {
            self.tell(&ToWorker::Ping);
        }
        false
    }

    pub(super) fn reset(&mut self, ask: Ask) {
        match ask {
            Ask::ResetLab => {
                let deck = self.deck.clone();
                let Some(slide) = deck.slides.get(self.bookmark.slide) else { return };
                for command in slide.commands() {
                    self.bookmark.done.remove(&command.id);
                }
                self.tell(&ToWorker::ResetSlide(slide.id.clone()));
            }
            Ask::ResetAll => {
                self.bookmark.done.clear();
                self.chosen.clear();
                self.report = None;
                self.notice = None;
                self.tell(&ToWorker::ResetAll);
            }
        }
    }

    pub(super) fn tell_slide(&self) {
        if let Some(slide) = self.slide() {
            self.tell(&ToWorker::Slide(slide.id.clone()));
        }
    }
}

/// Gives the keyboard to the slide.
pub(super) fn focus_slide() {
    let region = browser::document().query_selector(".stage").ok().flatten();
    if let Some(region) = region.and_then(|region| region.dyn_into::<HtmlElement>().ok()) {
        let _ = region.focus();
    }
}
