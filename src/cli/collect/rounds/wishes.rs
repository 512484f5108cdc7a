//! What the operator wishes: signals of the system.

/// A wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// End well.
    Stop,
    /// Read the configuration again.
    Reload,
}

/// Where wishes come from.
#[derive(Debug)]
pub(super) struct Wishes {
    #[cfg(unix)]
    signals: Option<[tokio::signal::unix::Signal; 3]>,
}

impl Wishes {
    /// To be called within a runtime.
    pub fn new() -> Wishes {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
            let [Ok(interrupt), Ok(terminate), Ok(hangup)] = kinds.map(signal) else { return Wishes { signals: None } };
            Wishes { signals: Some([interrupt, terminate, hangup]) }
        }
        #[cfg(not(unix))]
        Wishes {}
    }

    /// The next wish. Without signals, only the end of the process stops it.
    pub async fn next(&mut self) -> Wish {
        #[cfg(unix)]
        if let Some([interrupt, terminate, hangup]) = &mut self.signals {
            return tokio::select! {
                _ = interrupt.recv() => Wish::Stop,
                _ = terminate.recv() => Wish::Stop,
                _ = hangup.recv() => Wish::Reload,
            };
        }
        std::future::pending().await
    }
}
