//! A handover: a pack on its way from one organisation to another. The table of section 10 of the rules.

mod accept;
mod check;
mod confirm_support;
mod decline;
mod deliver;
mod draft;
mod edit;
pub mod facts;
mod grounds;
mod open;
pub mod pack;
mod release;
mod withdraw;

pub use accept::Accept;
pub use check::{Check, MustHave, Receiver, Warning};
pub use confirm_support::ConfirmSupport;
pub use decline::Decline;
pub use deliver::Deliver;
pub use draft::Draft;
pub use edit::Edit;
pub use facts::*;
pub use grounds::{holds_for_pack, holds_for_section};
pub use open::Open;
pub use pack::*;
pub use release::Release;
pub use withdraw::Withdraw;

use crate::codes::closed_codes;
use crate::decider::{At, Decider, Outcome, Refusal, Steps, Version, possible};
use crate::ids::OrganisationId;

closed_codes! {
    /// Where a handover stands.
    pub enum HandoverState("state of a handover") {
        /// In preparation: nobody but the sender knows of it.
        Drafted = "DRAFTED",
        /// The receiver may see it.
        Released = "RELEASED",
        /// First shown to the receiving organisation.
        Delivered = "DELIVERED",
        /// Opened by a named person of the receiver.
        Opened = "OPENED",
        /// The receiver will act on it.
        Accepted = "ACCEPTED",
        /// The receiver will not; a next version may follow.
        Declined = "DECLINED",
        /// No line of support is open.
        SupportConfirmed = "SUPPORT_CONFIRMED",
        /// Taken back by the sender; final.
        Withdrawn = "WITHDRAWN",
        /// A newer version has taken its place; final.
        Superseded = "SUPERSEDED",
        /// Reading is closed; final.
        Ended = "ENDED",
    }
}

closed_codes! {
    /// Step of a handover, as the action table calls it.
    pub enum HandoverStep("step of a handover") {
        /// Change the draft.
        Edit = "edit",
        /// Tell what the draft lacks. Records nothing.
        Check = "check",
        /// Let the receiver see it.
        Release = "release",
        /// Show it to the receiving organisation for the first time.
        Deliver = "deliver",
        /// Open it, by a named person.
        Open = "open",
        /// Say that the receiver will act on it.
        Accept = "accept",
        /// Say that the receiver will not.
        Decline = "decline",
        /// Answer for a line of support.
        ConfirmSupport = "confirm_support",
        /// Take it back.
        Withdraw = "withdraw",
    }
}

impl Steps for HandoverStep {
    type State = HandoverState;
    const CONCEPT: &'static str = "handover";

    fn possible_from(self, state: HandoverState) -> bool {
        use HandoverState as S;
        match self {
            Self::Edit | Self::Check | Self::Release => state == S::Drafted,
            Self::Deliver => state == S::Released,
            // Opening one that was never shown records that it was delivered, too.
            Self::Open => matches!(state, S::Released | S::Delivered),
            Self::Accept | Self::Decline => state == S::Opened,
            Self::ConfirmSupport => state == S::Accepted,
            Self::Withdraw => {
                matches!(state, S::Drafted | S::Released | S::Delivered | S::Opened)
            }
        }
    }
}

impl HandoverStep {
    /// Whether it is the receiver's. Such a step is not even refused by name before the release.
    pub const fn is_receivers(self) -> bool {
        matches!(
            self,
            Self::Deliver | Self::Open | Self::Accept | Self::Decline | Self::ConfirmSupport
        )
    }
}

/// A handover's own stream.
pub struct Handover;

/// What the facts about a handover add up to.
#[derive(Clone, Default)]
pub struct HandoverFold {
    /// Number of facts.
    pub version: Version,
    /// The first draft, once it is there.
    pub drafted: Option<At<HandoverDrafted>>,
    /// Where it stands; none before it is drafted.
    pub state: Option<HandoverState>,
    /// The pack as it is now, and since which version.
    pub pack: Option<At<Pack>>,
    /// The release.
    pub released: Option<Version>,
    /// The delivery.
    pub delivered: Option<At<HandoverDelivered>>,
    /// The opening.
    pub opened: Option<At<HandoverOpened>>,
    /// The acceptance.
    pub accepted: Option<At<HandoverAccepted>>,
    /// The refusal.
    pub declined: Option<At<HandoverDeclined>>,
    /// The last answer for each line of support.
    pub answers: Vec<At<SupportAnswered>>,
    /// Lines that the receiver added.
    pub added: Vec<SupportItem>,
    /// The withdrawal.
    pub withdrawn: Option<At<HandoverWithdrawn>>,
}

impl HandoverFold {
    /// The steps that are possible now.
    pub fn possible(&self) -> Vec<&'static str> {
        self.state.map(possible::<HandoverStep>).unwrap_or_default()
    }

    /// Who sends.
    pub fn sender(&self) -> Option<OrganisationId> {
        self.drafted.as_ref().map(|drafted| drafted.fact.sender)
    }

    /// Who receives, or is to.
    pub fn receiver(&self) -> Option<OrganisationId> {
        self.drafted.as_ref().map(|drafted| drafted.fact.receiver)
    }

    /// The agreed lines of support: the pack's and the receiver's own.
    pub fn items(&self) -> impl Iterator<Item = &SupportItem> {
        self.pack.iter().flat_map(|pack| &pack.fact.support).chain(&self.added)
    }

    /// The lines that are open: unanswered, partly in place, or not yet.
    pub fn open_items(&self) -> impl Iterator<Item = &SupportItem> {
        self.items().filter(|item| self.answer(item).is_none_or(SupportAnswer::leaves_open))
    }

    /// The last answer for a line.
    pub fn answer(&self, item: &SupportItem) -> Option<&SupportAnswer> {
        let mut answers = self.answers.iter().map(|at| &at.fact);
        answers.find(|said| said.item == item.item).map(|said| &said.answer)
    }

    /// Whether an organisation may read the pack as its receiver.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for anybody but the receiver, and for the receiver before the release: the
    /// same as for a handover that does not exist. For an earlier recipient, after a recall or once a
    /// newer version is released, the rule `HANDOVER_WITHDRAWN` or `HANDOVER_SUPERSEDED`.
    pub fn visible_to(&self, organisation: OrganisationId) -> Result<(), Refusal> {
        if self.receiver() == Some(organisation) { self.shown() } else { Err(Refusal::NotFound) }
    }

    /// The same, for a caller who is known to be the receiver.
    fn shown(&self) -> Result<(), Refusal> {
        if self.released.is_none() {
            return Err(Refusal::NotFound);
        }
        match self.state {
            Some(HandoverState::Withdrawn) => Err(Refusal::Rule {
                reason: "HANDOVER_WITHDRAWN",
                message: "the sender has withdrawn this handover".to_owned(),
            }),
            Some(HandoverState::Superseded) => Err(Refusal::Rule {
                reason: "HANDOVER_SUPERSEDED",
                message: "a newer version has taken the place of this handover".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// The draft and the state a step starts from.
    fn stands(&self, step: HandoverStep) -> Result<(&HandoverDrafted, HandoverState), Refusal> {
        let (Some(drafted), Some(state)) = (&self.drafted, self.state) else {
            return Err(Refusal::NotFound);
        };
        if step.is_receivers() {
            self.shown()?;
        }
        Ok((&drafted.fact, state))
    }
}

impl SupportAnswer {
    /// Whether the line stays open after this answer.
    pub const fn leaves_open(&self) -> bool {
        matches!(self, Self::Partly | Self::NotYet(_))
    }
}

crate::decider::commands! {
    Command:
    /// Begin a pack.
    Draft,
    /// Change it.
    Edit,
    /// Let the receiver see it.
    Release,
    /// Show it for the first time.
    Deliver,
    /// Open it.
    Open,
    /// Accept it.
    Accept,
    /// Decline it.
    Decline,
    /// Answer for a line of support.
    ConfirmSupport,
    /// Take it back.
    Withdraw,
}

impl Decider for Handover {
    type State = HandoverFold;
    type Command = Command;
    type Fact = HandoverFact;

    fn decide(state: &Self::State, command: Command) -> Result<Outcome<Self::Fact>, Refusal> {
        match command {
            Command::Draft(command) => command.decide(state),
            Command::Edit(command) => command.decide(state),
            Command::Release(command) => command.decide(state),
            Command::Deliver(command) => command.decide(state),
            Command::Open(command) => command.decide(state),
            Command::Accept(command) => command.decide(state),
            Command::Decline(command) => command.decide(state),
            Command::ConfirmSupport(command) => command.decide(state),
            Command::Withdraw(command) => command.decide(state),
        }
    }

    fn evolve(state: &mut Self::State, fact: &Self::Fact) {
        use HandoverState as S;
        state.version += 1;
        let version = state.version;
        let stands = match fact {
            HandoverFact::Drafted(fact) => {
                state.drafted = Some(At { version, fact: fact.clone() });
                state.pack = Some(At { version, fact: fact.pack.clone() });
                S::Drafted
            }
            HandoverFact::Edited(fact) => {
                state.pack = Some(At { version, fact: fact.pack.clone() });
                S::Drafted
            }
            HandoverFact::Released(fact) => {
                // The same pack was said by the draft or its last edit.
                if state.pack.as_ref().is_none_or(|held| held.fact != fact.pack) {
                    state.pack = Some(At { version, fact: fact.pack.clone() });
                }
                state.released = Some(version);
                S::Released
            }
            HandoverFact::Delivered(fact) => {
                state.delivered = Some(At { version, fact: fact.clone() });
                S::Delivered
            }
            HandoverFact::Opened(fact) => {
                state.opened = Some(At { version, fact: fact.clone() });
                S::Opened
            }
            HandoverFact::Accepted(fact) => {
                state.accepted = Some(At { version, fact: fact.clone() });
                S::Accepted
            }
            HandoverFact::Declined(fact) => {
                state.declined = Some(At { version, fact: fact.clone() });
                S::Declined
            }
            HandoverFact::SupportAnswered(fact) => {
                state.answered(fact, version);
                if fact.all_answered { S::SupportConfirmed } else { S::Accepted }
            }
            HandoverFact::Withdrawn(fact) => {
                state.withdrawn = Some(At { version, fact: fact.clone() });
                S::Withdrawn
            }
        };
        state.state = Some(stands);
    }
}

impl HandoverFold {
    fn answered(&mut self, fact: &SupportAnswered, version: Version) {
        if let Some(added) = &fact.added
            && !self.added.contains(added)
        {
            self.added.push(added.clone());
        }
        self.answers.retain(|held| held.fact.item != fact.item);
        self.answers.push(At { version, fact: fact.clone() });
    }
}

#[cfg(test)]
pub(crate) mod tests;
