//! Calls that come later.

use wasm_bindgen::prelude::*;

use super::browser::window;

/// A call to come. Dropping it calls it off.
pub struct Timer {
    id: i32,
    repeats: bool,
    _call: Closure<dyn FnMut()>,
}

impl Timer {
    /// One call, after `milliseconds`.
    pub fn after(milliseconds: i32, call: impl FnMut() + 'static) -> Option<Self> {
        let call = Closure::<dyn FnMut()>::new(call);
        let handler = call.as_ref().unchecked_ref();
        let id =
            window().set_timeout_with_callback_and_timeout_and_arguments_0(handler, milliseconds).ok()?;
        Some(Timer { id, repeats: false, _call: call })
    }

    /// A call every `milliseconds`.
    pub fn every(milliseconds: i32, call: impl FnMut() + 'static) -> Option<Self> {
        let call = Closure::<dyn FnMut()>::new(call);
        let handler = call.as_ref().unchecked_ref();
        let id =
            window().set_interval_with_callback_and_timeout_and_arguments_0(handler, milliseconds).ok()?;
        Some(Timer { id, repeats: true, _call: call })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if self.repeats {
            window().clear_interval_with_handle(self.id);
        } else {
            window().clear_timeout_with_handle(self.id);
        }
    }
}
