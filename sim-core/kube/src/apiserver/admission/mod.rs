//! Admission: who changes or refuses an object on its way in.
//!
//! | plugin | what it does |
//! | --- | --- |
//! | [`service_account`] | gives a pod its account and the token's volume |
//! | [`toleration_seconds`] | lets a pod stay five minutes on a node that is not ready |
//! | [`priority`] | turns a priority class into a number |

pub(super) mod priority;
pub(super) mod service_account;
pub(super) mod toleration_seconds;

use super::ApiServer;
use crate::api::{POD, Resource, Status};
use serde_json::Value;

/// Lets an object in, changed perhaps.
pub(super) fn admit(server: &ApiServer, resource: Resource, object: &mut Value) -> Result<(), Status> {
    if !std::ptr::eq(resource, POD) {
        return Ok(());
    }
    service_account::admit(server, object)?;
    toleration_seconds::admit(object);
    priority::admit(object)
}
