//! One source, asked again and again.

use super::Until;
use crate::collect::ask::{Round, Standing, ask};
use crate::collect::config::Source;
use crate::collect::fetch::{Fetcher, Validators, backoff};
use jiff::Timestamp;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// What to ask, and how.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub source: Arc<Source>,
    pub base: PathBuf,
    pub fetcher: Arc<Fetcher>,
}

/// What became of a round.
#[derive(Debug)]
pub(super) struct Told {
    /// The name of the source.
    pub source: String,
    pub round: Round,
    /// When it was asked.
    pub asked: Timestamp,
    /// How long its host asks to be left alone.
    pub rest: Option<Duration>,
}

/// Asks one source, once or again and again, until nobody orders it any more. A new order is carried out at once, and goes
/// on from what the source said before.
pub(super) async fn attend(
    mut orders: watch::Receiver<Order>,
    mut standing: Standing,
    until: Until,
    told: mpsc::Sender<Told>,
) {
    loop {
        let Order { source, base, fetcher } = orders.borrow_and_update().clone();
        let asked = Timestamp::now();
        let round = ask(&source, &base, &fetcher, &mut standing, asked).await;
        let news = Told { source: source.name.text.clone(), round, asked, rest: standing.rest };
        if told.send(news).await.is_err() || until == Until::EachWasAsked {
            return;
        }
        let wait = match standing.failures {
            0 => backoff::usual(source.every, random()),
            failures => backoff::after(failures, source.every, standing.rest, random()),
        };
        let rested = tokio::time::sleep(wait);
        tokio::pin!(rested);
        loop {
            tokio::select! {
                () = &mut rested => break,
                changed = orders.changed() => match changed {
                    Err(_) => return,
                    // No reason to hurry.
                    Ok(()) if orders.borrow().source.says_the_same(&source) => {}
                    Ok(()) => {
                        // The same answer may mean something else now.
                        standing.validators = Validators::default();
                        break;
                    }
                },
            }
        }
    }
}

/// From 0 to below 1, so that sources that began together drift apart.
fn random() -> f64 {
    (RandomState::new().hash_one(0) >> 11) as f64 / (1u64 << 53) as f64
}
