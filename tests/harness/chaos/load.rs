//! Callers that write as long as they are let, and keep the books of it.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use onward_contract::learner::v1 as learner;
use onward_contract::transition::v1 as transition;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Site;
use crate::actors::Senco;
use crate::builders::{phase_transfer, request_id, urn};
use crate::dice::Dice;
use crate::ledger::{Asked, Ledger, Told};
use crate::servers::until;
use crate::world::House;

/// How often a caller asks again at most, while nobody answers.
const AGAIN: Duration = Duration::from_millis(20);

/// Running callers.
pub struct Load {
    stop: CancellationToken,
    callers: Vec<JoinHandle<()>>,
    ledger: Arc<Ledger>,
}

/// One caller: each request goes to any of the processes.
struct Caller {
    doors: Vec<Senco>,
    learners: Vec<String>,
    dice: Dice,
    ledger: Arc<Ledger>,
    /// Moves that it made and has not called off.
    made: Vec<String>,
    said: usize,
}

impl Load {
    /// Lets so many callers loose on every process of a site.
    pub fn start(site: &Site, ledger: &Arc<Ledger>, callers: usize, dice: &mut Dice) -> Self {
        let stop = CancellationToken::new();
        let callers = (0..callers).map(|_| {
            let caller = Caller {
                doors: (0..site.processes()).map(|process| site.senco(process)).collect(),
                learners: site.learners().to_vec(),
                dice: dice.apart(),
                ledger: Arc::clone(ledger),
                made: Vec::new(),
                said: 0,
            };
            tokio::spawn(caller.run(stop.clone()))
        });
        Self { callers: callers.collect(), stop, ledger: Arc::clone(ledger) }
    }

    /// Waits until so many more writes have been answered well.
    ///
    /// # Errors
    /// Not within a minute.
    pub async fn done(&self, more: usize) -> anyhow::Result<()> {
        let wanted = self.ledger.done() + more;
        until("more answered writes", || async { Ok((self.ledger.done() >= wanted).then_some(())) })
            .await
    }

    /// Waits until so many more calls were refused or not answered.
    ///
    /// # Errors
    /// Not within a minute.
    pub async fn turned_away(&self, more: usize) -> anyhow::Result<()> {
        let wanted = self.ledger.turned_away() + more;
        until("a call that is turned away", || async {
            Ok((self.ledger.turned_away() >= wanted).then_some(()))
        })
        .await
    }

    /// Lets every caller end what it is at.
    ///
    /// # Panics
    /// A caller did.
    pub async fn rest(self) {
        self.stop.cancel();
        for caller in join_all(self.callers).await {
            caller.expect("no caller was told two things");
        }
    }
}

impl Asked {
    /// A new move of this learner.
    pub fn record(learner: &str) -> Self {
        let (from, to) = (urn(House::Primary.number()), urn(House::Secondary.number()));
        Self::Record(phase_transfer(learner, from, to))
    }
}

impl Caller {
    async fn run(mut self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(AGAIN);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            let asked = self.next();
            // Some give up when nobody answers: theirs are the unknown ones.
            while let Some(()) = self.ask(&asked).await {
                tick.tick().await;
                if stop.is_cancelled() || self.dice.chance(30) {
                    break;
                }
            }
        }
    }

    /// Asks, and says whether it may be worth asking again.
    async fn ask(&mut self, asked: &Asked) -> Option<()> {
        let process = self.dice.below(self.doors.len());
        let told = asked.send(&self.doors[process]).await;
        self.ledger.note(asked, told.clone());
        match told {
            Told::Done { transition_id, .. } => {
                if !transition_id.is_empty() {
                    self.made.push(transition_id);
                }
                None
            }
            Told::Refused(_) | Told::Unknown => Some(()),
        }
    }

    fn next(&mut self) -> Asked {
        let learner = self.learners[self.dice.below(self.learners.len())].clone();
        if self.made.len() > 3 && self.dice.chance(30) {
            let transition_id = self.made.swap_remove(self.dice.below(self.made.len()));
            return Asked::Cancel(transition::CancelTransitionRequest {
                request_id: request_id(),
                transition_id,
                reason: transition::TransitionCancelReason::Deferred.into(),
                ..Default::default()
            });
        }
        if self.dice.chance(20) {
            return self.amend(learner);
        }
        Asked::record(&learner)
    }

    /// Another language each time, so that none repeats what is known.
    fn amend(&mut self, learner_id: String) -> Asked {
        self.said += 1;
        let language = format!("Language {} {}", self.said, self.dice.below(1_000_000));
        Asked::Amend(learner::AmendLearnerRequest {
            request_id: request_id(),
            learner_id,
            details: Some(learner::LearnerDetailsChange {
                home_language: Some(language),
                ..Default::default()
            }),
            ..Default::default()
        })
    }
}
