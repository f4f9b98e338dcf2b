//! The line to the simulation.

use js_sys::{Array, Reflect, Uint8Array};
use podium_protocol::{FromWorker, ToWorker, wire};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/js/connect.js")]
extern "C" {
    type Connection;

    fn connect(url: &str, receive: &JsValue, died: &JsValue) -> Connection;

    #[wasm_bindgen(method)]
    fn post(this: &Connection, message: &Uint8Array);

    #[wasm_bindgen(method)]
    fn stop(this: &Connection);
}

/// A simulation that runs somewhere. Dropping it ends it.
pub struct Link {
    connection: Connection,
    _receive: Closure<dyn FnMut(Array)>,
    _died: Closure<dyn FnMut(String)>,
}

impl Link {
    /// Starts one. `receive` gets its messages, with the bytes for a screen; `died` the sentence when it dies.
    pub fn connect(
        url: &str,
        receive: impl Fn(FromWorker, Uint8Array) + 'static,
        died: impl Fn(String) + 'static,
    ) -> Self {
        let receive = Closure::<dyn FnMut(Array)>::new(move |parts: Array| {
            let message: Uint8Array = parts.get(0).unchecked_into();
            let Some(message) = wire::decode(&message.to_vec()) else { return };
            receive(message, parts.get(1).dyn_into().unwrap_or_else(|_| Uint8Array::new_with_length(0)));
        });
        let died = Closure::<dyn FnMut(String)>::new(died);
        let connection = connect(url, receive.as_ref(), died.as_ref());
        Link { connection, _receive: receive, _died: died }
    }

    /// Says something to it.
    pub fn send(&self, message: &ToWorker) {
        self.connection.post(&Uint8Array::from(wire::encode(message).as_slice()));
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.connection.stop();
        // Nothing that is still on its way may call what is dropped now.
        let _ = Reflect::set(&self.connection, &"post".into(), &JsValue::UNDEFINED);
    }
}
