//! One host's turn after the other.

use super::{Failure, Limits};
use reqwest::Url;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Hosts that are remembered; beyond that, those that nothing is known of are forgotten.
const MAX_HOSTS: usize = 4096;

/// All hosts that were asked.
#[derive(Debug)]
pub(super) struct Hosts {
    per_host: usize,
    interval: Duration,
    all: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

/// One of them: a name and a port.
#[derive(Debug)]
struct Host {
    turns: Arc<Semaphore>,
    times: Mutex<Times>,
}

#[derive(Debug, Clone, Copy)]
struct Times {
    /// When the next request may begin.
    next: Instant,
    /// Until when the host wants to be left alone.
    rest: Instant,
}

/// The right to ask a host, until it is dropped.
#[derive(Debug)]
pub(in crate::collect) struct Turn {
    _host: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Hosts {
    pub fn new(limits: &Limits) -> Hosts {
        Hosts {
            per_host: limits.per_host.max(1),
            interval: limits.interval,
            all: Arc::new(Semaphore::new(limits.at_once.max(1))),
            hosts: Mutex::default(),
        }
    }

    /// Waits until the host of `url` may be asked.
    ///
    /// # Errors
    /// If it wants to be left alone.
    pub async fn turn(&self, url: &Url) -> Result<Turn, Failure> {
        let host = self.host(url);
        host.check_rest()?;
        let turn = acquire(&host.turns).await?;
        let begin = {
            let mut times = unpoisoned(&host.times);
            let begin = times.next.max(Instant::now());
            times.next = begin + self.interval;
            begin
        };
        tokio::time::sleep_until(begin).await;
        let all = acquire(&self.all).await?;
        // Others may have been told meanwhile.
        host.check_rest()?;
        Ok(Turn { _host: turn, _all: all })
    }

    /// Leaves the host of `url` alone for `rest`.
    pub fn rest(&self, url: &Url, rest: Duration) {
        let host = self.host(url);
        let mut times = unpoisoned(&host.times);
        times.rest = times.rest.max(Instant::now() + rest);
    }

    fn host(&self, url: &Url) -> Arc<Host> {
        let name =
            format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        let now = Instant::now();
        let mut hosts = unpoisoned(&self.hosts);
        if hosts.len() >= MAX_HOSTS && !hosts.contains_key(&name) {
            hosts.retain(|_, host| Arc::strong_count(host) > 1 || unpoisoned(&host.times).rest > now);
        }
        let new = || {
            let times = Mutex::new(Times { next: now, rest: now });
            Arc::new(Host { turns: Arc::new(Semaphore::new(self.per_host)), times })
        };
        hosts.entry(name).or_insert_with(new).clone()
    }
}

impl Host {
    fn check_rest(&self) -> Result<(), Failure> {
        let rest = unpoisoned(&self.times).rest.saturating_duration_since(Instant::now());
        if rest.is_zero() { Ok(()) } else { Err(Failure::Resting(rest)) }
    }
}

async fn acquire(turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Failure> {
    // Closed by nobody.
    turns.clone().acquire_owned().await.map_err(|e| Failure::Unreachable(e.to_string()))
}

/// A panic of another thread leaves times that are still times.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
