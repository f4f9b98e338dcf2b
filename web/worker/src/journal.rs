//! The journal in IndexedDB: every input as it happens, append-only, and how far time went.

use js_sys::{Array, Promise};
use podium_protocol::{Record, Stamp};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbFactory, IdbKeyRange, IdbObjectStore, IdbRequest, IdbTransactionMode};

use crate::history::History;

const DATABASE: &str = "podium";
const RECORDS: &str = "records";
/// Per journal: how its world began, and how far time went.
const SESSIONS: &str = "sessions";

/// One session's journal.
pub struct Journal {
    database: IdbDatabase,
    name: String,
    /// How many records it holds.
    length: usize,
}

impl Journal {
    /// Opens the journal called `name`.
    pub async fn open(name: &str) -> Result<Journal, JsValue> {
        let factory = js_sys::Reflect::get(&js_sys::global(), &"indexedDB".into())?;
        let factory: IdbFactory = factory.dyn_into().map_err(|_| JsValue::from_str("no IndexedDB"))?;
        let request = factory.open_with_u32(DATABASE, 1)?;
        let opening = request.clone();
        let on_upgrade = Closure::once_into_js(move |_: JsValue| {
            if let Ok(database) = opening.result() {
                let database: IdbDatabase = database.unchecked_into();
                // Fails only when they exist, and then all is well.
                let _ = database.create_object_store(RECORDS);
                let _ = database.create_object_store(SESSIONS);
            }
        });
        request.set_onupgradeneeded(Some(on_upgrade.unchecked_ref()));
        let database = result_of(&request).await?.unchecked_into();
        Ok(Journal { database, name: name.to_owned(), length: 0 })
    }

    /// What it holds, or nothing when it is new.
    pub async fn read(&mut self) -> Result<Option<History>, JsValue> {
        let session = result_of(&self.store(SESSIONS, false)?.get(&self.session_key())?).await?;
        let Some(session) = session.as_string() else { return Ok(None) };
        let Ok(mut history) = serde_json::from_str::<History>(&session) else { return Ok(None) };
        let range = IdbKeyRange::bound(&self.key(0.0), &self.key(f64::INFINITY))?;
        let lines: Array =
            result_of(&self.store(RECORDS, false)?.get_all_with_key(&range)?).await?.unchecked_into();
        for line in lines.iter() {
            let record = line.as_string().and_then(|line| serde_json::from_str::<Record>(&line).ok());
            match record {
                Some(record) => history.records.push(record),
                // What follows a record that cannot be read would happen in another world.
                None => break,
            }
        }
        self.length = history.records.len();
        Ok(Some(history))
    }

    /// Makes the journal hold this much of the history, and nothing else.
    pub fn replace(&mut self, history: &History) -> Result<(), JsValue> {
        let store = self.store(RECORDS, true)?;
        let kept = history.records.len().min(self.length);
        let gone = IdbKeyRange::bound(&self.key(kept as f64), &self.key(f64::INFINITY))?;
        store.delete(&gone)?;
        self.length = kept;
        self.write_session(history, history.until)
    }

    /// Adds what has just come in.
    pub fn append(&mut self, record: &Record) -> Result<(), JsValue> {
        let line = serde_json::to_string(record).map_err(|error| JsValue::from_str(&error.to_string()))?;
        self.store(RECORDS, true)?.put_with_key(&line.into(), &self.key(self.length as f64))?;
        self.length += 1;
        Ok(())
    }

    /// Notes how far time went.
    pub fn write_session(&self, history: &History, until: Stamp) -> Result<(), JsValue> {
        let (config, build) = (history.config.clone(), history.build.clone());
        let session = History { config, records: Vec::new(), until, build };
        let line = serde_json::to_string(&session).map_err(|error| JsValue::from_str(&error.to_string()))?;
        self.store(SESSIONS, true)?.put_with_key(&line.into(), &self.session_key())?;
        Ok(())
    }

    fn store(&self, name: &str, write: bool) -> Result<IdbObjectStore, JsValue> {
        let mode = if write { IdbTransactionMode::Readwrite } else { IdbTransactionMode::Readonly };
        self.database.transaction_with_str_and_mode(name, mode)?.object_store(name)
    }

    fn key(&self, index: f64) -> JsValue {
        Array::of2(&JsValue::from_str(&self.name), &JsValue::from_f64(index)).into()
    }

    fn session_key(&self) -> JsValue {
        JsValue::from_str(&self.name)
    }
}

/// Waits for a request.
async fn result_of(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let promise = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    JsFuture::from(promise).await?;
    request.result()
}
