//! Serves one page at the other end of a port: the scope of a worker, or a `MessagePort` on the main
//! thread where no worker can be had. Slices are the same in both.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use podium_protocol::{Config, FromWorker, ShellState, Stamp, ToWorker, wire};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{MessageChannel, MessageEvent};

use crate::driver::{Driver, Message, Next};
use crate::history::History;
use crate::journal::Journal;

/// How often the journal notes how far time went, in milliseconds.
const HEARTBEAT_MS: f64 = 1000.0;

#[wasm_bindgen]
extern "C" {
    /// Whatever messages can be posted to.
    pub type Port;

    #[wasm_bindgen(method, js_name = postMessage)]
    fn post(this: &Port, message: &JsValue, transfer: &Array);

    #[wasm_bindgen(method, setter)]
    fn set_onmessage(this: &Port, handler: &Function);

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(handler: &Function, milliseconds: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn wall_ms() -> f64;

    /// Fetches the code that the first prompt did without; `worker.js` has it.
    #[wasm_bindgen(js_name = fetchDeferredCode)]
    fn fetch_deferred_code();
}

thread_local! {
    /// Where the last words go. A panic hook cannot hold a port itself.
    static PANICS: RefCell<Option<Rc<Port>>> = const { RefCell::new(None) };
}

/// Listens, and says so.
pub fn serve(port: Port) {
    let port = Rc::new(port);
    PANICS.set(Some(port.clone()));
    std::panic::set_hook(Box::new(|info| {
        if let Some(port) = PANICS.take() {
            send(&port, FromWorker::Panic(info.to_string()), &[]);
        }
    }));
    let server =
        Rc::new(Server { port, state: RefCell::default(), alarm: Alarm::new(), prompted: Cell::default() });

    let ring = server.clone();
    server.alarm.on_ring(move || ring.slice());
    let listener = server.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let message = event.data().dyn_into::<Uint8Array>().ok();
        if let Some(message) = message.and_then(|bytes| wire::decode(&bytes.to_vec())) {
            listener.receive(message);
        }
    });
    server.port.set_onmessage(on_message.into_js_value().unchecked_ref());
    server.say(FromWorker::Ready);
}

fn send(port: &Port, message: FromWorker, bytes: &[u8]) {
    let parts = Array::of1(&Uint8Array::from(wire::encode(&message).as_slice()));
    let transfer = Array::new();
    if !bytes.is_empty() {
        let copy = Uint8Array::from(bytes);
        transfer.push(&copy.buffer());
        parts.push(&copy);
    }
    port.post(&parts, &transfer);
}

struct Server {
    port: Rc<Port>,
    state: RefCell<State>,
    alarm: Alarm,
    /// There was a prompt.
    prompted: Cell<bool>,
}

#[derive(Default)]
struct State {
    driver: Option<Driver>,
    journal: Option<Journal>,
    clock: (bool, u32),
    slide: String,
    build: String,
    /// What the deck asks for; a session that goes on has what it began with.
    wanted: Config,
    heartbeat_ms: f64,
    heartbeat: Stamp,
}

impl Server {
    fn say(&self, message: FromWorker) {
        send(&self.port, message, &[]);
    }

    fn receive(self: &Rc<Self>, message: ToWorker) {
        match message {
            ToWorker::Start { config, journal, build, recover } => {
                self.state.borrow_mut().build = build;
                let server = self.clone();
                spawn_local(async move { server.start(config, journal, recover).await });
                return;
            }
            ToWorker::Ping => return self.say(FromWorker::Pong),
            ToWorker::Undo => {
                let Some(mut history) = self.take_history() else { return };
                let taken_back = history.cut_last_command();
                return self.begin(history, taken_back);
            }
            ToWorker::ResetSlide(slide) => {
                let Some(mut history) = self.take_history() else { return };
                history.cut_slide(&slide);
                return self.begin(history, None);
            }
            ToWorker::ResetAll => {
                let Some(history) = self.take_history() else { return };
                let config = self.state.borrow().wanted.clone();
                let config = Config { seed: history.config.seed, ..config };
                return self.begin(History { config, ..History::default() }, None);
            }
            ToWorker::Report => {
                let report = self
                    .state
                    .borrow()
                    .driver
                    .as_ref()
                    .map(|driver| serde_json::to_string(&driver.history_now()).unwrap_or_default());
                return self.say(FromWorker::Report(report.unwrap_or_default()));
            }
            _ => {}
        }
        self.pass_on(message);
        self.alarm.ring();
    }

    fn pass_on(&self, message: ToWorker) {
        let mut state = self.state.borrow_mut();
        let State { driver, journal, clock, slide, .. } = &mut *state;
        match &message {
            ToWorker::Slide(name) => slide.clone_from(name),
            ToWorker::Clock { paused, speed } => *clock = (*paused, *speed),
            _ => {}
        }
        let Some(driver) = driver else { return };
        match message {
            ToWorker::Input(input) => {
                if let (Some(record), Some(journal)) = (driver.handle_input(input), journal) {
                    // A journal that cannot be written to is not worth stopping the class for.
                    let _ = journal.append(record);
                }
            }
            ToWorker::Slide(name) => driver.set_slide(name),
            ToWorker::Drawn(bytes) => driver.drawn(bytes),
            ToWorker::Clock { paused, speed } => driver.set_clock(paused, speed),
            ToWorker::Skip => driver.skip(),
            _ => {}
        }
    }

    async fn start(self: Rc<Self>, config: Config, name: String, recover: bool) {
        let mut journal = if have_to_ourselves(&name).await { Journal::open(&name).await.ok() } else { None };
        let mut history = None;
        if let Some(journal) = &mut journal {
            history = journal.read().await.ok().flatten();
        }
        // Where nothing was typed, nothing is lost.
        let history = history.filter(|history| history.config == config || history.has_typed());
        let mut history = history.unwrap_or(History { config: config.clone(), ..History::default() });
        self.state.borrow_mut().wanted = config;
        let mut taken_back = None;
        if recover {
            self.say(FromWorker::Report(serde_json::to_string(&history).unwrap_or_default()));
            taken_back = history.cut_last_command();
            if taken_back.is_none() {
                history.records.clear();
                history.until = Stamp::default();
            }
        }
        self.state.borrow_mut().journal = journal;
        self.begin(history, taken_back);
    }

    fn take_history(&self) -> Option<History> {
        let driver = self.state.borrow_mut().driver.take()?;
        Some(driver.history_now())
    }

    fn begin(&self, history: History, taken_back: Option<String>) {
        {
            let mut state = self.state.borrow_mut();
            let kept = match &mut state.journal {
                Some(journal) => journal.replace(&history).is_ok(),
                None => false,
            };
            let (terminals, inputs) = (history.terminals(), history.records.len());
            self.say(FromWorker::Begin { terminals, inputs, taken_back, kept });
            let mut driver = Driver::new(history, &state.build);
            driver.set_slide(state.slide.clone());
            driver.set_clock(state.clock.0, state.clock.1);
            state.driver = Some(driver);
        }
        self.alarm.ring();
    }

    fn slice(&self) {
        let mut messages: Vec<Message> = Vec::new();
        let next = {
            let mut state = self.state.borrow_mut();
            let Some(driver) = &mut state.driver else { return };
            let next = driver.slice(&|| wall_ms(), &mut messages);
            state.beat(wall_ms());
            next
        };
        for (message, bytes) in messages {
            let is_prompt = matches!(message, FromWorker::Shell(_, ShellState::Prompt { .. }));
            send(&self.port, message, &bytes);
            if is_prompt && !self.prompted.replace(true) {
                fetch_deferred_code();
            }
        }
        match next {
            Next::Now => self.alarm.ring(),
            Next::In(milliseconds) => self.alarm.ring_in(milliseconds),
            Next::WhenTold => {}
        }
    }
}

impl State {
    /// Notes how far time went, now and then.
    fn beat(&mut self, wall: f64) {
        let (Some(driver), Some(journal)) = (&self.driver, &self.journal) else { return };
        let now = driver.stamp();
        if driver.is_restored() && wall - self.heartbeat_ms >= HEARTBEAT_MS && now != self.heartbeat {
            self.heartbeat_ms = wall;
            self.heartbeat = now;
            // A journal that cannot be written to is not worth stopping the class for.
            let _ = journal.write_session(driver.history(), now);
        }
    }
}

/// Calls back: at once, but after the messages that wait already, or after a while.
struct Alarm {
    /// A message to oneself comes without the delay that nested timers have.
    channel: MessageChannel,
    rung: Rc<Cell<bool>>,
    timer: RefCell<JsValue>,
    on_timer: Function,
}

impl Alarm {
    fn new() -> Self {
        let channel = match MessageChannel::new() {
            Ok(channel) => channel,
            Err(error) => wasm_bindgen::throw_val(error),
        };
        let rung = Rc::new(Cell::new(false));
        let (ring, port) = (rung.clone(), channel.port2());
        let on_timer = Closure::<dyn FnMut()>::new(move || {
            if !ring.replace(true) {
                let _ = port.post_message(&JsValue::NULL);
            }
        });
        let on_timer = on_timer.into_js_value().unchecked_into();
        Alarm { channel, rung, timer: RefCell::new(JsValue::NULL), on_timer }
    }

    fn on_ring(&self, call: impl Fn() + 'static) {
        let rung = self.rung.clone();
        let on_message = Closure::<dyn FnMut()>::new(move || {
            rung.set(false);
            call();
        });
        self.channel.port1().set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
    }

    fn ring(&self) {
        clear_timeout(&self.timer.borrow());
        let _ = self.on_timer.call0(&JsValue::NULL);
    }

    fn ring_in(&self, milliseconds: f64) {
        clear_timeout(&self.timer.borrow());
        self.timer.replace(set_timeout(&self.on_timer, milliseconds));
    }
}

/// True when no other tab has this journal. The lock goes when the worker does; one that has just died may
/// hold it for a moment.
async fn have_to_ourselves(name: &str) -> bool {
    for _ in 0..10 {
        match try_lock(name).await {
            Ok(true) => return true,
            Ok(false) => {
                let pause = Promise::new(&mut |resolve, _| {
                    set_timeout(&resolve, 100.0);
                });
                let _ = JsFuture::from(pause).await;
            }
            // No locks in this browser: then nobody holds one.
            Err(_) => return true,
        }
    }
    false
}

async fn try_lock(name: &str) -> Result<bool, JsValue> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into())?;
    let locks = Reflect::get(&navigator, &"locks".into())?;
    let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
    let options = js_sys::Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE)?;
    let asked = Promise::new(&mut |resolve, _| {
        let hold = Closure::once_into_js(move |lock: JsValue| -> JsValue {
            let got = !lock.is_null();
            let _ = resolve.call1(&JsValue::NULL, &JsValue::from_bool(got));
            // Held until this promise is settled, that is for as long as the worker lives.
            if got { Promise::new(&mut |_, _| {}).into() } else { JsValue::UNDEFINED }
        });
        let _ = request.call3(&locks, &format!("podium:{name}").into(), &options, &hold);
    });
    Ok(JsFuture::from(asked).await?.is_truthy())
}
