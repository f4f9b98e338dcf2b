//! The document that xterm.js gets. It writes `<style>` elements, which the page's security policy refuses; here it
//! gets elements whose text goes to a constructed style sheet instead.

use js_sys::{Array, Function, Object, Proxy, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{CssStyleSheet, Document, Element};

/// A stand-in for `document`; everything but `createElement("style")` is the document's own.
pub fn stand_in(document: &Document) -> Result<JsValue, JsValue> {
    let real = document.clone();
    let create = Closure::<dyn FnMut(String) -> Result<Element, JsValue>>::new(move |name: String| {
        if name == "style" { style_element(&real) } else { real.create_element(&name) }
    })
    .into_js_value();
    let get = Closure::<dyn FnMut(JsValue, JsValue) -> JsValue>::new(move |target: JsValue, key: JsValue| {
        if key.as_string().as_deref() == Some("createElement") {
            return create.clone();
        }
        let value = Reflect::get(&target, &key).unwrap_or(JsValue::UNDEFINED);
        match value.dyn_ref::<Function>() {
            Some(function) => function.bind0(&target).into(),
            None => value,
        }
    })
    .into_js_value();
    let handler = Object::new();
    Reflect::set(&handler, &"get".into(), &get)?;
    Ok(Proxy::new(document, &handler).into())
}

/// An element that stands where a `<style>` would; the styles go with it when it is removed.
fn style_element(document: &Document) -> Result<Element, JsValue> {
    let sheet = CssStyleSheet::new()?;
    let sheets: Array = Reflect::get(document, &"adoptedStyleSheets".into())?.unchecked_into();
    sheets.push(&sheet);
    let element = document.create_element("span")?;
    element.set_attribute("hidden", "")?;

    let into = sheet.clone();
    let set = Closure::<dyn FnMut(String)>::new(move |text: String| {
        // An unreadable rule is left out, as in a `<style>`.
        let _ = into.replace_sync(&text);
    });
    let text = Object::new();
    Reflect::set(&text, &"set".into(), &set.into_js_value())?;
    Object::define_property(&element, &"textContent".into(), &text);

    let (all, this) = (document.clone(), element.clone());
    let remove = Closure::<dyn FnMut()>::new(move || {
        if let Ok(sheets) = Reflect::get(&all, &"adoptedStyleSheets".into()) {
            let kept = Array::from(&sheets).filter(&mut |other, _, _| !Object::is(&other, &sheet));
            let _ = Reflect::set(&all, &"adoptedStyleSheets".into(), &kept);
        }
        if let Some(parent) = this.parent_node() {
            let _ = parent.remove_child(&this);
        }
    });
    Reflect::set(&element, &"remove".into(), &remove.into_js_value())?;
    Ok(element)
}
