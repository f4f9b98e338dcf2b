//! What other servers answer under this server's roof. Models kube-aggregator.

use super::{ApiServer, Upstream};
use crate::api::Status;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// An answer on its way: an HTTP status and a body.
pub type Dialed = Pin<Box<dyn Future<Output = Result<(u16, Vec<u8>), Status>>>>;
/// Who asks another server over the network.
pub type Dialer = Rc<dyn Fn(Upstream) -> Dialed>;

impl ApiServer {
    /// From now on requests for other servers go this way; nothing when the server's program has ended.
    pub fn dial_with(&self, dialer: Option<Dialer>) {
        *self.0.dialer.borrow_mut() = dialer;
    }

    /// Passes a request on, for a client that is not on the wire itself.
    ///
    /// # Errors
    /// Nobody can be reached.
    pub async fn dial(&self, upstream: Upstream) -> Result<(u16, Vec<u8>), Status> {
        let dialer = self.0.dialer.borrow().clone();
        match dialer {
            Some(dialer) => dialer(upstream).await,
            None => Err(Status::new(503, "ServiceUnavailable", "service unavailable")),
        }
    }
}
