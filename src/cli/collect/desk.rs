//! The desk at which what comes to us is received, for as long as sources are collected.

use crate::collect::config::Source;
use crate::collect::receive::{self, Bounds, Delivery, Routes};
use crate::diag::Diagnostic;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// A server in the background, and what it has received. Without an address it receives nothing.
pub(super) struct Desk {
    deliveries: mpsc::Receiver<Delivery>,
    routes: watch::Sender<Arc<Routes>>,
    stop: watch::Sender<bool>,
    address: Option<SocketAddr>,
}

impl Desk {
    /// Listens at `listen` for what comes to `sources`, if anything does.
    ///
    /// # Errors
    /// If nobody can listen there.
    pub(super) async fn open(listen: Option<&str>, sources: &[Source], body: usize) -> Result<Desk, Box<Diagnostic>> {
        let (told, deliveries) = mpsc::channel(receive::QUEUE);
        let (routes, current) = watch::channel(Arc::new(Routes::new(sources)));
        let (stop, stopping) = watch::channel(false);
        let mut address = None;
        if let Some(wanted) = listen.filter(|_| !routes.borrow().is_empty()) {
            let listener = receive::listen(wanted).await?;
            address = listener.local_addr().ok();
            let bounds = Bounds { body, ..Bounds::default() };
            tokio::spawn(receive::serve(listener, current, bounds, told, stopping));
        }
        Ok(Desk { deliveries, routes, stop, address })
    }

    /// Where it is received, if anything is.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// What was received next; `None` once nothing more will be.
    pub(super) async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.recv().await
    }

    /// Goes on with other sources, at the same address.
    pub(super) fn change(&self, sources: &[Source]) {
        self.routes.send_replace(Arc::new(Routes::new(sources)));
    }

    /// Accepts nothing more. What is under way still comes, until [`Desk::next`] is `None`.
    pub(super) fn close(&self) {
        self.stop.send_replace(true);
    }
}
