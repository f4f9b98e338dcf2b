//! Connections: the name looked up, the address reached, TLS as far as it goes.

use super::{CurlError, Open, Session, Transfer};
use crate::programs::curl::url::{Scheme, Url};
use linux::Errno;
use linux::http::Connection;
use linux::resolver::{self, ResolveError};
use sim::Instant;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where a server is known to speak TLS: the API server and the kubelets.
const TLS_PORTS: [u16; 3] = [443, 6443, 10250];

impl Session<'_> {
    /// A connection to the server: the one that is open, or a new one. With an error comes whether connecting had
    /// begun (a name that is not known ends the meter differently).
    pub(super) async fn connect(
        &mut self,
        url: &Url,
        transfer: &mut Transfer,
    ) -> Result<Open, (CurlError, bool)> {
        if let Some(open) = self.open.take() {
            if open.host == url.host && open.port == url.port {
                self.note(&format!("Re-using existing connection #{} with host {}", open.number, url.host))
                    .await;
                return Ok(open);
            }
            let _ = self.sys.close(open.connection.fd());
        }
        let addresses = self.resolve(url, transfer).await.map_err(|error| (error, false))?;
        transfer.facts.lookup = self.sys.now().duration_since(transfer.start);
        let begun = self.sys.now();
        let limit = self.options.connect_timeout.map(|limit| begun + limit);
        let mut last = None;
        for address in addresses {
            let target = SocketAddr::new(IpAddr::V4(address), url.port);
            self.note(&format!("  Trying {target}...")).await;
            let until = [limit, transfer.deadline].into_iter().flatten().min();
            match self.race(until, &mut transfer.progress, self.sys.connect(target)).await {
                Some(Ok(fd)) => {
                    let number = self.connections;
                    self.connections += 1;
                    transfer.facts.connects += 1;
                    transfer.facts.connect = self.sys.now().duration_since(transfer.start);
                    transfer.facts.pretransfer = transfer.facts.connect;
                    transfer.facts.remote = Some(target);
                    transfer.facts.local = self.sys.local_addr(fd).ok();
                    let host = &url.host;
                    self.note(&format!("Connected to {host} ({address}) port {} (#{number})", url.port))
                        .await;
                    let connection = Connection::new(&self.sys, fd);
                    let open = Open { host: host.clone(), port: url.port, number, connection };
                    return self.secure(url, open, transfer).await.map_err(|error| (error, true));
                }
                Some(Err(errno)) => {
                    self.note(&format!("connect to {address} port {} failed: {errno}", url.port)).await;
                    last = Some(errno);
                }
                None => {
                    self.connections += 1;
                    return Err((self.connect_timed_out(url, begun, transfer), true));
                }
            }
        }
        self.connections += 1;
        let ms = self.sys.now().duration_since(transfer.start).as_millis();
        let message = format!(
            "Failed to connect to {} port {} after {ms} ms: Couldn't connect to server",
            url.host, url.port
        );
        let code = if last == Some(Errno::ETIMEDOUT) { 28 } else { 7 };
        Err((CurlError::new(code, message), true))
    }

    fn connect_timed_out(&self, url: &Url, begun: Instant, transfer: &Transfer) -> CurlError {
        let now = self.sys.now();
        if transfer.deadline.is_some_and(|deadline| now >= deadline) {
            let ms = now.duration_since(transfer.start).as_millis();
            return CurlError::new(28, format!("Connection timed out after {ms} milliseconds"));
        }
        let ms = now.duration_since(begun).as_millis();
        let (host, port) = (&url.host, url.port);
        CurlError::new(
            28,
            format!("Failed to connect to {host} port {port} after {ms} ms: Timeout was reached"),
        )
    }

    async fn resolve(&self, url: &Url, transfer: &mut Transfer) -> Result<Vec<Ipv4Addr>, CurlError> {
        let pinned =
            self.options.resolve.iter().find(|(host, port, _)| *host == url.host && *port == url.port);
        let host = match pinned {
            Some((host, port, address)) => {
                self.note(&format!("Added {host}:{port}:{address} to DNS cache")).await;
                self.note(&format!("Hostname {host} was found in DNS cache")).await;
                address
            }
            None => &url.host,
        };
        if self.options.ipv6_only {
            return Err(CurlError::new(6, format!("Could not resolve host: {}", url.host)));
        }
        let deadline = transfer.deadline;
        match self.race(deadline, &mut transfer.progress, resolver::lookup_host(&self.sys, host)).await {
            Some(Ok(addresses)) => Ok(addresses),
            Some(Err(ResolveError::NotKnown | ResolveError::Again)) => {
                Err(CurlError::new(6, format!("Could not resolve host: {}", url.host)))
            }
            None => {
                let ms = self.sys.now().duration_since(transfer.start).as_millis();
                Err(CurlError::new(28, format!("Resolving timed out after {ms} milliseconds")))
            }
        }
    }

    /// What comes of TLS on a connection.
    async fn secure(&self, url: &Url, open: Open, _transfer: &Transfer) -> Result<Open, CurlError> {
        if url.scheme == Scheme::Http {
            return Ok(open);
        }
        let error = if !TLS_PORTS.contains(&url.port) {
            CurlError::new(35, "OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number")
        } else if !self.options.insecure {
            CurlError::new(60, "SSL certificate problem: unable to get local issuer certificate")
        } else {
            return Ok(open);
        };
        let _ = self.sys.close(open.connection.fd());
        Err(error)
    }
}
