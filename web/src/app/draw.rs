//! What is seen.

use super::*;
use crate::components::{Dialog, MenuItem, Shape, Splitter, tool};
use crate::deck::command::Stage;
use crate::deck::slide;
use crate::panels::cluster::Cluster;
use crate::panels::terminals::{self, Tab, Terminals};
use crate::panels::top::{self, Top};
use crate::panels::{fidelity, help};
use slides::Slide;
use state::{NoticeKind, Owner, Sheet};
use web_sys::HtmlInputElement;

impl App {
    pub(super) fn slide(&self) -> Option<&Slide> {
        self.deck.slides.get(self.bookmark.slide)
    }

    pub(super) fn is_dark(&self) -> bool {
        match self.layout.theme {
            Theme::Dark => true,
            Theme::Light => false,
            Theme::System => browser::window()
                .match_media("(prefers-color-scheme: dark)")
                .ok()
                .flatten()
                .is_some_and(|query| query.matches()),
        }
    }

    pub(super) fn apply_layout(&self) {
        browser::set_property("--ratio", &format!("{}%", self.layout.ratio));
        if let Some(root) = browser::root() {
            let _ = match self.layout.theme {
                Theme::System => root.remove_attribute("data-theme"),
                Theme::Light => root.set_attribute("data-theme", "light"),
                Theme::Dark => root.set_attribute("data-theme", "dark"),
            };
        }
    }

    pub(super) fn toggle(&mut self, ctx: &Context<Self>, toggle: Toggle) {
        match toggle {
            Toggle::Cluster => self.layout.cluster = !self.layout.cluster,
            Toggle::SystemPods => self.layout.system_pods = !self.layout.system_pods,
            Toggle::Notes => self.bookmark.notes = !self.bookmark.notes,
            Toggle::Sheet(sheet) => self.sheet = if self.sheet == Some(sheet) { None } else { Some(sheet) },
            Toggle::ScreenReader => {
                self.layout.screen_reader = !self.layout.screen_reader;
                for screen in self.panes.values().filter_map(|pane| pane.screen.as_ref()) {
                    screen.set_screen_reader(self.layout.screen_reader);
                }
            }
        }
        ctx.link().send_message(Msg::Resized);
    }

    /// A deck was read: shows it, and starts its cluster.
    pub(super) fn open_deck(&mut self, ctx: &Context<Self>, name: String, text: Result<String, String>) {
        if let Some(loading) = browser::document().query_selector(".loading").ok().flatten() {
            loading.remove();
        }
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                self.deck_error = Some(error);
                return;
            }
        };
        if name != self.deck_name {
            self.bookmark = Bookmark::load(&name);
            self.panes.clear();
        }
        let deck = slides::parse(&name, &text);
        for diagnostic in &deck.diagnostics {
            browser::warn(&diagnostic.to_string());
        }
        self.deck_error = None;
        self.cues = Rc::new(performance::cues(&deck));
        self.placeholders = Rc::new(performance::placeholders(&deck));
        if !deck.title.is_empty() {
            browser::document().set_title(&format!("{} · Podium", deck.title));
        }
        self.deck = Rc::new(deck);
        self.deck_name = name;
        let turned = ctx.link().clone();
        self.mirror =
            Mirror::new(&self.deck_name, move |slide, step| turned.send_message(Msg::Turn(slide, step)));
        let anchored = self.deck.find_slide(&browser::hash()).map(|slide| slide.number - 1);
        let (slide, step) = match anchored {
            Some(slide) if slide != self.bookmark.slide => (slide, 0),
            _ => (self.bookmark.slide, self.bookmark.step),
        };
        self.show(ctx, slide, step);
        if !self.follows {
            self.connect(ctx);
        }
    }

    /// Shows a slide at a step.
    pub(super) fn show(&mut self, _ctx: &Context<Self>, slide: usize, step: usize) -> bool {
        let slide = slide.min(self.deck.slides.len().saturating_sub(1));
        let Some(shown) = self.deck.slides.get(slide) else { return false };
        let (number, steps) = (shown.number, shown.steps.max(1));
        self.bookmark.slide = slide;
        self.bookmark.step = step.min(steps - 1);
        browser::replace_hash(&format!("#{number}"));
        if let Some(region) = browser::document().query_selector(".stage").ok().flatten() {
            region.set_scroll_top(0);
        }
        self.tell_slide();
        self.save();
        true
    }

    /// Turns to a slide, here and in the windows that follow.
    pub(super) fn turn_to(&mut self, ctx: &Context<Self>, slide: usize, step: usize) -> bool {
        let turned = self.show(ctx, slide, step);
        if let Some(mirror) = &self.mirror {
            mirror.turn(self.bookmark.slide, self.bookmark.step);
        }
        turned
    }

    /// One step forward or back.
    pub(super) fn step(&mut self, ctx: &Context<Self>, by: i32) -> bool {
        let steps = self.slide().map_or(1, |slide| slide.steps.max(1));
        let (slide, step) = (self.bookmark.slide, self.bookmark.step);
        if by > 0 && step + 1 < steps {
            self.turn_to(ctx, slide, step + 1)
        } else if by > 0 && slide + 1 < self.deck.slides.len() {
            self.turn_to(ctx, slide + 1, 0)
        } else if by < 0 && step > 0 {
            self.turn_to(ctx, slide, step - 1)
        } else if by < 0 && slide > 0 {
            self.turn_to(ctx, slide - 1, usize::MAX)
        } else {
            false
        }
    }

    pub(super) fn draw(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let live = !self.follows;
        html! {
            <div class={classes!("page", self.follows.then_some("follows"))}>
                <a class="skip-link" href="#stage" onclick={link.callback(|event: MouseEvent| { event.prevent_default(); world::focus_slide(); Msg::Focus })}>{ "To the slide" }</a>
                { self.draw_top(ctx) }
                <main class="halves">
                    { self.draw_slide(ctx) }
                    if live {
                        <Splitter ratio={self.layout.ratio} on_move={link.callback(Msg::Ratio)} />
                        <div class="bench">
                            { self.draw_terminals(ctx) }
                            if self.layout.cluster {
                                <Cluster view={self.view.clone()} system={self.layout.system_pods}
                                    on_system={link.callback(|()| Msg::Toggle(Toggle::SystemPods))} />
                            }
                        </div>
                    }
                </main>
                { self.draw_status() }
                if let Some(sheet) = self.sheet { { draw_sheet(ctx, sheet) } }
                if let Some(ask) = self.ask { { self.draw_ask(ctx, ask) } }
                <input id="deck-file" hidden=true type="file" accept=".md,.markdown,text/markdown,text/plain" aria-label="Deck to open"
                    onchange={link.batch_callback(|event: Event| {
                        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok())?;
                        let file = input.files().and_then(|files| files.get(0));
                        input.set_value("");
                        file.map(Msg::OpenFile)
                    })} />
            </div>
        }
    }

    fn draw_top(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        top::draw(&Top {
            title: self.deck.title.clone(),
            place: self.place(),
            on_place: link.callback(Msg::Place),
            clock: self.clock.clone(),
            on_pause: link.callback(|()| Msg::Pause),
            on_speed: link.callback(Msg::Speed),
            on_skip: link.callback(|()| Msg::Skip),
            dark: self.is_dark(),
            on_theme: link.callback(|()| Msg::Theme),
            menu: self.menu(ctx),
            live: !self.follows,
        })
    }

    fn draw_slide(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let total = self.deck.slides.len();
        let number = self.bookmark.slide + 1;
        let steps = self.slide().map_or(1, |slide| slide.steps.max(1));
        let stage = self.stage(ctx);
        html! {
            <section class={classes!("slides", self.black.then_some("is-black"), self.mirrored.then_some("is-mirrored"))} aria-label="Slides">
                <div class="stage" id="stage" tabindex="0" role="group" aria-label="Slide">
                    if let Some(error) = &self.deck_error {
                        <div class="slide"><h2>{ "No deck" }</h2><p>{ error }</p></div>
                    }
                    if let Some(shown) = self.slide() {
                        { slide::draw(shown, self.bookmark.step, &stage) }
                    }
                </div>
                if self.bookmark.notes {
                    <aside class="notes" aria-label="Speaker's notes" tabindex="0">
                        <header><h2>{ "Notes" }</h2><span class="timer" role="timer">{ self.timer() }</span></header>
                        if let Some(shown) = self.slide() { { slide::notes(shown, &stage) } }
                    </aside>
                }
                <nav class="pager" aria-label="Slides">
                    { tool("Back", Shape::Back, number == 1 && self.bookmark.step == 0, link.callback(|()| Msg::Step(-1))) }
                    <span class="position" aria-live="polite">
                        { format!("{number} / {total}") }
                        if steps > 1 { <small>{ format!("step {} of {steps}", self.bookmark.step + 1) }</small> }
                    </span>
                    <progress value={number.to_string()} max={total.max(1).to_string()} aria-label="How far into the deck"></progress>
                    { tool("Next", Shape::Forward, number >= total && self.bookmark.step + 1 >= steps, link.callback(|()| Msg::Step(1))) }
                </nav>
            </section>
        }
    }

    fn stage(&self, ctx: &Context<Self>) -> Stage {
        let link = ctx.link();
        let (chosen, done, running) = (self.chosen.clone(), self.bookmark.done.clone(), self.running.clone());
        Stage {
            view: self.view.clone(),
            on_wish: link.callback(|(id, wish)| Msg::Wish(id, wish)),
            on_choose: link.callback(|(id, index, value)| Msg::Choose(id, index, value)),
            chosen: Callback::from(move |key: (String, usize)| chosen.get(&key).cloned()),
            outcome: Callback::from(move |id: String| {
                if running.values().any(|other| *other == id) {
                    Some(Outcome::Running)
                } else {
                    done.get(&id).map(|status| Outcome::Ended(*status))
                }
            }),
            live: !self.follows,
        }
    }

    fn draw_terminals(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let tab = |(id, pane): (&TerminalId, &Pane)| Tab {
            id: *id,
            place: pane.place,
            busy: pane.shell == Shell::Running,
        };
        terminals::draw(&Terminals {
            tabs: self.panes.iter().map(tab).collect(),
            active: self.bookmark.active,
            split: self.bookmark.split,
            on_frame: link.callback(|(id, frame)| Msg::Frame(id, frame)),
            on_select: link.callback(Msg::Select),
            on_close: link.callback(Msg::CloseTerminal),
            on_new: link.callback(|()| Msg::NewTerminal),
            on_split: link.callback(|()| Msg::Split),
            on_undo: link.callback(|()| Msg::Undo),
            below: html! {
                <>
                    if self.restoring {
                        <p class="restoring" role="status">{ "Bringing the cluster up…" }</p>
                    }
                    { self.draw_notice(ctx) }
                </>
            },
        })
    }

    fn draw_notice(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let Some(notice) = &self.notice else { return html! {} };
        let trouble = notice.kind == NoticeKind::Trouble;
        html! {
            <div class={classes!("notice", trouble.then_some("trouble"))} role={if trouble { "alert" } else { "status" }}>
                <p>{ &notice.text }</p>
                if trouble {
                    <button type="button" onclick={link.callback(|_| Msg::Report)}>{ "Save a report" }</button>
                    if self.link.is_none() {
                        <button type="button" onclick={link.callback(|_| Msg::Ask(Ask::ResetAll))}>{ "Reset everything" }</button>
                    }
                }
                { tool("Dismiss", Shape::Close, false, link.callback(|()| Msg::Dismiss)) }
            </div>
        }
    }

    fn draw_status(&self) -> Html {
        let (owner, hint) = match self.owner {
            Owner::Slides => ("Keyboard: slides", "` goes to the terminal · ? shows the keys"),
            Owner::Terminal => ("Keyboard: terminal", "Esc Esc or Ctrl+Shift+↑ goes back to the slides"),
        };
        let class = if self.owner == Owner::Terminal { "in-terminal" } else { "in-slides" };
        html! {
            <footer class={classes!("status", class)}>
                <span class="owner" role="status">{ owner }</span>
                <span class="muted">{ hint }</span>
                <span class="gap"></span>
                if !self.digits.is_empty() { <span>{ format!("slide {}… Enter", self.digits) }</span> }
                if self.follows { <span class="muted">{ "This window follows another" }</span> }
                if !self.kept && !self.restoring { <span class="warn">{ "Not kept: another tab has this class open" }</span> }
            </footer>
        }
    }

    fn draw_ask(&self, ctx: &Context<Self>, ask: Ask) -> Html {
        let link = ctx.link();
        let (title, text, yes) = match ask {
            Ask::ResetLab => (
                "Reset this lab?",
                "The cluster and the terminals go back to before the first thing you did on this slide. What came after it, on other slides too, is taken back.",
                "Reset this lab",
            ),
            Ask::ResetAll => (
                "Reset everything?",
                "A new cluster, new terminals, nothing in them. What you did so far is forgotten.",
                "Reset everything",
            ),
        };
        html! {
            <Dialog {title} on_close={link.callback(|()| Msg::Answer(false))}>
                <p>{ text }</p>
                <div class="answers">
                    <button type="button" onclick={link.callback(|_| Msg::Answer(false))}>{ "Leave it as it is" }</button>
                    <button type="button" class="primary" onclick={link.callback(|_| Msg::Answer(true))}>{ yes }</button>
                </div>
            </Dialog>
        }
    }

    fn menu(&self, ctx: &Context<Self>) -> Vec<MenuItem> {
        let link = ctx.link();
        let toggle = |label: &'static str, on: bool, toggle: Toggle| {
            MenuItem::choice(label, on, link.callback(move |()| Msg::Toggle(toggle)))
        };
        let mut items = Vec::new();
        if !self.follows {
            items.push(toggle("Cluster view", self.layout.cluster, Toggle::Cluster));
        }
        items.push(toggle("Speaker's notes", self.bookmark.notes, Toggle::Notes));
        if !self.follows {
            items.push(toggle(
                "Screen reader support in terminals",
                self.layout.screen_reader,
                Toggle::ScreenReader,
            ));
            items.push(MenuItem::action("Reset this lab…", link.callback(|()| Msg::Ask(Ask::ResetLab))));
            items.push(MenuItem::action("Reset everything…", link.callback(|()| Msg::Ask(Ask::ResetAll))));
            items.push(MenuItem::action("Save a report (seed and inputs)", link.callback(|()| Msg::Report)));
            items.push(MenuItem::action(
                "Open a deck…",
                Callback::from(|()| {
                    let input = browser::document().get_element_by_id("deck-file");
                    if let Some(input) = input.and_then(|input| input.dyn_into::<HtmlElement>().ok()) {
                        input.click();
                    }
                }),
            ));
        }
        let sheet = |label, sheet| {
            MenuItem::action(label, link.callback(move |()| Msg::Toggle(Toggle::Sheet(sheet))))
        };
        items.push(sheet("Keys", Sheet::Keys));
        items.push(sheet("How real is this?", Sheet::Fidelity));
        items
    }

    fn timer(&self) -> String {
        let seconds = ((browser::now_ms() - self.timer_ms) / 1000.0) as u64;
        format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

fn draw_sheet(ctx: &Context<App>, sheet: Sheet) -> Html {
    let on_close = ctx.link().callback(move |()| Msg::Toggle(Toggle::Sheet(sheet)));
    match sheet {
        Sheet::Keys => help::draw(on_close),
        Sheet::Fidelity => fidelity::draw(on_close),
    }
}
