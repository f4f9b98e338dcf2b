//! `podium serve-api`: the simulated cluster behind real HTTPS, for a real `kubectl`.
//!
//! ```text
//!   kubectl ── TLS, HTTP/1.1 or 2, WebSocket ──> gateway ── simulated TCP ──> kube-apiserver on node1 ──> kubelets
//! ```
//!
//! The gateway ends TLS, finds out who speaks, and passes each request on over the simulated network to the very
//! program that answers in the page. So nothing is answered here: this is the wire, and the wall clock.
//!
//! Reading order: [`options`] (flags), [`server`] (listener, connections), [`gateway`] (a request), [`wire`] (a simulated
//! connection as tokio sees it), [`clock`] (when the world moves), [`dates`] (the world's calendar and ours), [`protobuf`],
//! [`credentials`] (certificates, kubeconfig), and for exec, attach and port-forward [`websocket`], [`channels`],
//! [`port_forward`], [`spdy`].

mod body;
mod channels;
mod clock;
mod credentials;
mod dates;
mod gateway;
pub(crate) mod options;
mod port_forward;
mod protobuf;
mod server;
mod spdy;
mod websocket;
mod wire;

pub use clock::Clock;
pub use dates::{Calendar, shifted};
pub use server::Server;
