//! xterm.js as a [`Screen`].

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Function, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{Element, KeyboardEvent, ResizeObserver};

use super::{Gesture, Screen};
use crate::runtime::browser;

mod bindings {
    use super::*;

    #[wasm_bindgen(module = "@xterm/xterm")]
    extern "C" {
        pub type Terminal;
        #[wasm_bindgen(constructor)]
        pub fn new(options: &JsValue) -> Terminal;
        #[wasm_bindgen(method)]
        pub fn write(this: &Terminal, bytes: &Uint8Array, drawn: &Function);
        #[wasm_bindgen(method, js_name = onData)]
        pub fn on_data(this: &Terminal, call: &Function) -> JsValue;
        #[wasm_bindgen(method, js_name = attachCustomKeyEventHandler)]
        pub fn on_key(this: &Terminal, call: &Function);
        #[wasm_bindgen(method, js_name = loadAddon)]
        pub fn load_addon(this: &Terminal, addon: &FitAddon);
        #[wasm_bindgen(method, getter)]
        pub fn modes(this: &Terminal) -> Modes;
        #[wasm_bindgen(method)]
        pub fn reset(this: &Terminal);
        #[wasm_bindgen(method)]
        pub fn focus(this: &Terminal);
        #[wasm_bindgen(method)]
        pub fn dispose(this: &Terminal);
        #[wasm_bindgen(method, js_name = getSelection)]
        pub fn selection(this: &Terminal) -> String;
        #[wasm_bindgen(method, getter)]
        pub fn rows(this: &Terminal) -> u16;
        #[wasm_bindgen(method, getter)]
        pub fn cols(this: &Terminal) -> u16;
        #[wasm_bindgen(method, getter)]
        pub fn options(this: &Terminal) -> JsValue;
        #[wasm_bindgen(method, getter)]
        pub fn buffer(this: &Terminal) -> Buffers;

        pub type Modes;
        #[wasm_bindgen(method, getter, js_name = bracketedPasteMode)]
        pub fn bracketed_paste(this: &Modes) -> bool;

        pub type Buffers;
        #[wasm_bindgen(method, getter)]
        pub fn active(this: &Buffers) -> Buffer;

        pub type Buffer;
        #[wasm_bindgen(method, getter, js_name = baseY)]
        pub fn base_y(this: &Buffer) -> i32;
        #[wasm_bindgen(method, getter, js_name = cursorY)]
        pub fn cursor_y(this: &Buffer) -> i32;
        #[wasm_bindgen(method, js_name = getLine)]
        pub fn line(this: &Buffer, y: i32) -> Option<Line>;

        pub type Line;
        #[wasm_bindgen(method, getter, js_name = isWrapped)]
        pub fn is_wrapped(this: &Line) -> bool;
        #[wasm_bindgen(method, js_name = translateToString)]
        pub fn text(this: &Line, trim: bool) -> String;
    }

    #[wasm_bindgen(module = "/js/document.js")]
    extern "C" {
        #[wasm_bindgen(js_name = standInDocument)]
        pub fn stand_in_document() -> JsValue;
        #[wasm_bindgen(js_name = openTerminal)]
        pub fn open(terminal: &Terminal, frame: &Element);
    }

    #[wasm_bindgen(module = "@xterm/addon-fit")]
    extern "C" {
        pub type FitAddon;
        #[wasm_bindgen(constructor)]
        pub fn new() -> FitAddon;
        #[wasm_bindgen(method)]
        pub fn fit(this: &FitAddon);
    }
}

/// Two Escapes within this many milliseconds leave the terminal.
const LEAVE_WITHIN_MS: f64 = 400.0;

/// A terminal on the page.
pub struct Xterm {
    terminal: Rc<bindings::Terminal>,
    fit: bindings::FitAddon,
    frame: Element,
    observer: Option<ResizeObserver>,
    _on_resize: Closure<dyn FnMut()>,
    _on_data: Closure<dyn FnMut(String)>,
    _on_key: Closure<dyn FnMut(KeyboardEvent) -> bool>,
}

impl Xterm {
    /// Opens a terminal in `frame`.
    pub fn open(
        frame: &Element,
        screen_reader: bool,
        on_gesture: impl Fn(Gesture) + Clone + 'static,
    ) -> Self {
        let terminal = Rc::new(bindings::Terminal::new(&options(screen_reader)));
        let fit = bindings::FitAddon::new();
        terminal.load_addon(&fit);
        bindings::open(&terminal, frame);
        let typed = Rc::new(RefCell::new(Typed::default()));
        let on_resized = on_gesture.clone();
        let (on_typed, note) = (on_gesture.clone(), typed.clone());
        let on_data = Closure::<dyn FnMut(String)>::new(move |text: String| {
            note.borrow_mut().note(&text);
            on_typed(Gesture::Typed(text));
        });
        terminal.on_data(on_data.as_ref().unchecked_ref());
        let (keys, last_escape) = (terminal.clone(), Cell::new(f64::MIN));
        let on_key = Closure::<dyn FnMut(KeyboardEvent) -> bool>::new(move |event: KeyboardEvent| {
            if event.type_() != "keydown" {
                return true;
            }
            match event.key().as_str() {
                "Escape" => {
                    let now = browser::now_ms();
                    if now - last_escape.replace(now) < LEAVE_WITHIN_MS {
                        event.prevent_default();
                        on_gesture(Gesture::Leave);
                        return false;
                    }
                }
                "ArrowUp" if event.ctrl_key() && event.shift_key() => {
                    event.prevent_default();
                    on_gesture(Gesture::Leave);
                    return false;
                }
                "C" if event.ctrl_key() && event.shift_key() => {
                    event.prevent_default();
                    browser::copy(&keys.selection());
                    return false;
                }
                "Enter" => on_gesture(Gesture::Entered(typed.borrow().line(line(&keys)))),
                _ => {}
            }
            true
        });
        terminal.on_key(on_key.as_ref().unchecked_ref());
        let on_resize = Closure::<dyn FnMut()>::new(move || on_resized(Gesture::Resized));
        let observer = ResizeObserver::new(on_resize.as_ref().unchecked_ref()).ok();
        if let Some(observer) = &observer {
            observer.observe(frame);
        }
        Xterm {
            terminal,
            fit,
            frame: frame.clone(),
            observer,
            _on_resize: on_resize,
            _on_data: on_data,
            _on_key: on_key,
        }
    }
}

impl Screen for Xterm {
    fn write(&self, bytes: &Uint8Array, drawn: Box<dyn FnOnce()>) {
        self.terminal.write(bytes, Closure::once_into_js(drawn).unchecked_ref());
    }

    fn as_paste(&self, text: &str) -> String {
        let text = text.replace('\n', "\r");
        if self.terminal.modes().bracketed_paste() { format!("\u{1b}[200~{text}\u{1b}[201~") } else { text }
    }

    fn line(&self) -> String {
        line(&self.terminal)
    }

    fn reset(&self) {
        self.terminal.reset();
    }

    fn focus(&self) {
        self.terminal.focus();
    }

    fn fit(&self) -> Option<(u16, u16)> {
        if self.frame.client_width() == 0 || self.frame.client_height() == 0 {
            return None;
        }
        self.fit.fit();
        Some((self.terminal.rows(), self.terminal.cols()))
    }

    fn set_screen_reader(&self, on: bool) {
        let _ = Reflect::set(&self.terminal.options(), &"screenReaderMode".into(), &on.into());
    }
}

impl Drop for Xterm {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
        self.terminal.dispose();
    }
}

/// What was typed since Return was pressed last. Fast fingers press it before the screen shows their line.
#[derive(Default)]
struct Typed {
    text: String,
    /// A key was among it that changes the line in a way only the shell knows.
    unclear: bool,
}

impl Typed {
    fn note(&mut self, text: &str) {
        let text = text.replace("\u{1b}[200~", "").replace("\u{1b}[201~", "");
        for c in text.chars() {
            match c {
                '\r' | '\n' | '\u{3}' | '\u{15}' => *self = Typed::default(),
                '\u{7f}' => drop(self.text.pop()),
                c if c.is_control() => self.unclear = true,
                c => self.text.push(c),
            }
        }
    }

    /// The line as it will be, given the line as the screen shows it.
    fn line(&self, shown: String) -> String {
        let is_behind =
            !self.unclear && !self.text.is_empty() && !shown.trim_end().ends_with(self.text.trim_end());
        if is_behind { format!("$ {}", self.text) } else { shown }
    }
}

/// The line that the cursor is on, with the rows it began on.
fn line(terminal: &bindings::Terminal) -> String {
    let buffer = terminal.buffer().active();
    let mut y = buffer.base_y() + buffer.cursor_y();
    let mut text = String::new();
    while let Some(row) = buffer.line(y) {
        text.insert_str(0, &row.text(true));
        if !row.is_wrapped() || y == 0 {
            break;
        }
        y -= 1;
    }
    text
}

fn options(screen_reader: bool) -> JsValue {
    let options = Object::new();
    let set = |object: &Object, name: &str, value: JsValue| {
        let _ = Reflect::set(object, &name.into(), &value);
    };
    set(&options, "documentOverride", bindings::stand_in_document());
    set(&options, "cursorBlink", JsValue::TRUE);
    set(
        &options,
        "fontFamily",
        "ui-monospace, 'Cascadia Mono', Menlo, 'DejaVu Sans Mono', Consolas, monospace".into(),
    );
    set(&options, "fontSize", 13.5.into());
    set(&options, "lineHeight", 1.2.into());
    set(&options, "scrollback", 5000.into());
    set(&options, "screenReaderMode", screen_reader.into());
    let theme = Object::new();
    for (name, colour) in THEME {
        set(&theme, name, (*colour).into());
    }
    set(&options, "theme", theme.into());
    options.into()
}

const THEME: &[(&str, &str)] = &[
    ("background", "#11151e"),
    ("foreground", "#d8deea"),
    ("cursor", "#ffd166"),
    ("cursorAccent", "#11151e"),
    ("selectionBackground", "#2f4470"),
    ("black", "#1c2230"),
    ("red", "#ff7b72"),
    ("green", "#7bd88f"),
    ("yellow", "#f2cc60"),
    ("blue", "#7aa7ff"),
    ("magenta", "#d2a8ff"),
    ("cyan", "#76e3ea"),
    ("white", "#d8deea"),
    ("brightBlack", "#7d879c"),
    ("brightRed", "#ffa198"),
    ("brightGreen", "#a6e9b1"),
    ("brightYellow", "#f8e08e"),
    ("brightBlue", "#a5c4ff"),
    ("brightMagenta", "#e2c5ff"),
    ("brightCyan", "#b3f0ff"),
    ("brightWhite", "#ffffff"),
];
