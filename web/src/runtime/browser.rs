//! Small questions to the browser.

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, Element, HtmlElement, Response, Window};

/// The window.
pub fn window() -> Window {
    web_sys::window().expect("the page runs in a window")
}

/// The document.
pub fn document() -> Document {
    window().document().expect("a window has a document")
}

/// Wall time in milliseconds.
pub fn now_ms() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// What `<meta name="...">` says.
pub fn meta(name: &str) -> String {
    let found = document().query_selector(&format!("meta[name='{name}']")).ok().flatten();
    found.and_then(|meta| meta.get_attribute("content")).unwrap_or_default()
}

/// The full address of a file beside the page.
pub fn resolve(relative: &str) -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    web_sys::Url::new_with_base(relative, &base).map(|url| url.href()).unwrap_or_default()
}

/// A parameter of the page's address.
pub fn query(name: &str) -> Option<String> {
    let search = window().location().search().ok()?;
    web_sys::UrlSearchParams::new_with_str(&search).ok()?.get(name)
}

/// What follows `#`.
pub fn hash() -> String {
    window().location().hash().unwrap_or_default()
}

/// Changes what follows `#` without a new entry in the history.
pub fn replace_hash(hash: &str) {
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(hash));
    }
}

/// Fetches a text.
pub async fn fetch_text(url: &str) -> Result<String, String> {
    let failed = |_: JsValue| format!("{url} cannot be read");
    let response: Response =
        JsFuture::from(window().fetch_with_str(url)).await.map_err(failed)?.unchecked_into();
    if !response.ok() {
        return Err(format!("{url}: {} {}", response.status(), response.status_text()));
    }
    let text = JsFuture::from(response.text().map_err(failed)?).await.map_err(failed)?;
    Ok(text.as_string().unwrap_or_default())
}

/// Whether the window is as narrow as a phone: then the halves are above each other, as in the styles.
pub fn is_narrow() -> bool {
    window().match_media("(max-width: 820px)").ok().flatten().is_some_and(|query| query.matches())
}

/// Puts text on the clipboard.
pub fn copy(text: &str) {
    drop(window().navigator().clipboard().write_text(text));
}

/// The root element, for themes and measures that styles read.
pub fn root() -> Option<HtmlElement> {
    document().document_element().map(JsCast::unchecked_into)
}

/// Sets a custom property that styles read.
pub fn set_property(name: &str, value: &str) {
    if let Some(root) = root() {
        let _ = root.style().set_property(name, value);
    }
}

/// Whether an element or one around it matches.
pub fn is_within(element: &Element, selector: &str) -> bool {
    element.closest(selector).ok().flatten().is_some()
}

/// Says something to authors and developers, on the browser's console.
pub fn warn(text: &str) {
    web_sys::console::warn_1(&text.into());
}

/// Fills the screen with the page, or no longer.
pub fn toggle_fullscreen() {
    if document().fullscreen_element().is_some() {
        document().exit_fullscreen();
    } else if let Some(root) = root() {
        let _ = root.request_fullscreen();
    }
}

/// Offers a text as a file.
pub fn download(name: &str, text: &str) {
    let save = || -> Option<()> {
        let parts = js_sys::Array::of1(&text.into());
        let blob = web_sys::Blob::new_with_str_sequence(&parts).ok()?;
        let url = web_sys::Url::create_object_url_with_blob(&blob).ok()?;
        let anchor: web_sys::HtmlAnchorElement = document().create_element("a").ok()?.unchecked_into();
        anchor.set_href(&url);
        anchor.set_download(name);
        anchor.click();
        web_sys::Url::revoke_object_url(&url).ok()
    };
    save();
}

/// Lets the class work without a network from now on.
pub fn keep_offline() {
    let container = window().navigator();
    let has = js_sys::Reflect::has(&container, &"serviceWorker".into()).unwrap_or(false);
    if has {
        drop(container.service_worker().register("./sw.js"));
    }
}
