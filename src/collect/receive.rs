//! What comes to us: webhooks, and alerts as Prometheus posts them.
//!
//! Whoever posts is told that it was taken only after it is kept; until then it is up to the sender, and every sender
//! that is known tries again. Never more connections, bytes, time or waiting messages than [`Bounds`] allow; nothing from a
//! page in a browser; nothing without the secret, where one is set.

mod body;
mod codes;
mod post;
mod refuse;
mod trust;

pub use codes::{CANNOT_LISTEN, CODES};

use super::ask::Round;
use super::config::{Source, Way};
use super::read::{self, Format};
use crate::diag::Diagnostic;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;

/// Connections at once; more wait to be accepted.
const CONNECTIONS: usize = 256;
/// How long the head of a request may take, and how long a connection may be idle before it.
const HEAD_TIME: Duration = Duration::from_secs(15);
/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(15);
/// How long a large body waits for a place.
const PLACE_TIME: Duration = Duration::from_secs(5);
/// How long the sender waits until it is kept.
const KEEP_TIME: Duration = Duration::from_secs(10);
/// How long a connection may last.
const CONNECTION_TIME: Duration = Duration::from_secs(10 * 60);
/// How long requests that are under way have when the process is told to stop.
const LEAVE_TIME: Duration = Duration::from_secs(5);
/// Bytes of the head of a request (32 KiB).
const HEAD_BYTES: usize = 32 << 10;
/// Headers of a request.
const HEADERS: usize = 64;
/// Bytes of a body (8 MiB), if the configuration does not say.
const BODY_BYTES: usize = 8 << 20;
/// Rest after a connection could not be accepted, as when there are no more descriptors.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Messages that may wait to be kept: the room of the channel that [`serve`] is given.
pub const QUEUE: usize = 64;

/// How much is taken, and how patiently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// How long the head of a request may take, and how long a connection may be idle before it.
    pub head: Duration,
    /// Bytes of a body.
    pub body: usize,
    /// How long a body may take.
    pub body_time: Duration,
    /// How long a large body waits for a place; that is no part of the time that it may take.
    pub place: Duration,
    /// How long the sender waits until it is kept.
    pub keep: Duration,
    /// How long a connection may last.
    pub connection: Duration,
    /// How long requests that are under way have in the end.
    pub leave: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            connections: CONNECTIONS,
            head: HEAD_TIME,
            body: BODY_BYTES,
            body_time: BODY_TIME,
            place: PLACE_TIME,
            keep: KEEP_TIME,
            connection: CONNECTION_TIME,
            leave: LEAVE_TIME,
        }
    }
}

/// What came, and whom to tell whether it is kept.
#[derive(Debug)]
pub struct Delivery {
    /// The name of the source.
    pub source: String,
    /// What it says.
    pub round: Round,
    /// Is told whether it is kept. Dropped without a word, it is not.
    pub kept: oneshot::Sender<bool>,
}

/// The sources that come to us, by path.
#[derive(Debug, Clone, Default)]
pub struct Routes(BTreeMap<String, Route>);

#[derive(Debug, Clone)]
struct Route {
    source: Source,
    format: Format,
}

impl Routes {
    /// Those of `sources` that are received.
    pub fn new(sources: &[Source]) -> Routes {
        let route = |source: &Source| {
            let Way::Receive(path) = &source.way else { return None };
            let format = source.format.as_deref().and_then(read::named)?;
            Some((path.text.clone(), Route { source: source.clone(), format }))
        };
        Routes(sources.iter().filter_map(route).collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Listens at `address`, as `127.0.0.1:9095`.
///
/// # Errors
/// If that cannot be, e.g. since another process does.
pub async fn listen(address: &str) -> Result<TcpListener, Box<Diagnostic>> {
    TcpListener::bind(address).await.map_err(|e| {
        let help = match e.kind() {
            std::io::ErrorKind::AddrInUse => "end the process that listens there, or give another port in `listen`",
            std::io::ErrorKind::PermissionDenied => "give a port from 1024 on in `listen`",
            _ => "give an address of this machine and a free port, as listen: 127.0.0.1:9095",
        };
        Box::new(Diagnostic::error(CANNOT_LISTEN, format!("cannot listen at {address}: {e}")).help(help))
    })
}

/// What every connection needs.
struct Hall {
    routes: watch::Receiver<Arc<Routes>>,
    bounds: Bounds,
    told: mpsc::Sender<Delivery>,
    /// Places of bodies beyond the usual size, and of what they say until it is kept.
    large: Semaphore,
    /// Places of those that are signed: until such a body was read it may be anybody's, and must not hold up others.
    unproven: Semaphore,
}

/// Takes what is posted to `routes` (which may change meanwhile) and gives it to `told`, until `stop` says true or its
/// sender is gone. Then nothing more is accepted, and what is under way is finished, for a while.
pub async fn serve(
    listener: TcpListener,
    routes: watch::Receiver<Arc<Routes>>,
    bounds: Bounds,
    told: mpsc::Sender<Delivery>,
    mut stop: watch::Receiver<bool>,
) {
    let (large, unproven) = (Semaphore::new(body::LARGE_AT_ONCE), Semaphore::new(body::UNPROVEN_AT_ONCE));
    let hall = Arc::new(Hall { routes, bounds, told, large, unproven });
    let seats = Arc::new(Semaphore::new(bounds.connections));
    let mut guests = JoinSet::new();
    let leaving = stop.clone();
    loop {
        let accepted = tokio::select! {
            () = stopped(&mut stop) => break,
            accepted = accept(&listener, &seats) => accepted,
        };
        match accepted {
            Some((stream, seat)) => drop(guests.spawn(attend(stream, hall.clone(), leaving.clone(), seat))),
            None => tokio::time::sleep(ACCEPT_REST).await,
        }
        while guests.try_join_next().is_some() {}
    }
    drop((listener, hall));
    let all = async { while guests.join_next().await.is_some() {} };
    // Who has not finished by then is cut off; the sender tries again.
    let _ = tokio::time::timeout(bounds.leave, all).await;
}

/// The next connection, once there is a seat for it.
async fn accept(listener: &TcpListener, seats: &Arc<Semaphore>) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let seat = seats.clone().acquire_owned().await.ok()?;
    let (stream, _) = listener.accept().await.ok()?;
    Some((stream, seat))
}

/// Ends when it is time to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the one who could tell is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// One connection, with as many requests as it likes.
async fn attend(stream: TcpStream, hall: Arc<Hall>, mut stop: watch::Receiver<bool>, _seat: OwnedSemaphorePermit) {
    let bounds = hall.bounds;
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // Who has said all may close that half, and still hears the answer.
        .half_close(true)
        .header_read_timeout(bounds.head)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service_fn(|request| post::answer(request, &hall)));
    tokio::pin!(connection);
    // What goes wrong on a connection is the sender's to notice: nothing is taken that was not answered.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stopped(&mut stop) => {}
        () = tokio::time::sleep(bounds.connection) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(bounds.leave, connection).await;
}
