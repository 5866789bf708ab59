//! A referral to an ELSEC pathfinder and its way through the queue: the table of section 9 of the rules.

mod accept;
mod claim;
mod close;
pub mod facts;
pub mod form;
mod inform;
mod lapse;
pub mod lease;
pub mod order;
mod redirect;
mod reject;
mod release_claim;
mod screen;
mod state;
mod submit;
mod treat;
mod triage;
mod withdraw;

pub use accept::Accept;
pub use claim::{Claim, ExtendClaim};
pub use close::Close;
pub use facts::*;
pub use form::*;
pub use inform::{ProvideInformation, RequestInformation};
pub use lapse::LapseClaim;
pub use redirect::Redirect;
pub use reject::Reject;
pub use release_claim::ReleaseClaim;
pub use screen::{RecordScreening, Rescreen};
pub use state::{Bucket, ReferralState, ReferralStep};
pub use submit::Submit;
pub use treat::StartIntervention;
pub use triage::OpenForTriage;
pub use withdraw::Withdraw;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::decider::{At, Decider, Now, Outcome, Refusal, Version, possible};
use crate::ids::{MemberId, OrganisationId, QueueId};

/// A referral's own stream.
pub struct Referral;

/// What the facts about a referral add up to.
#[derive(Clone, Default)]
pub struct ReferralFold {
    /// Number of facts.
    pub version: Version,
    /// The submission, once it is there.
    pub submitted: Option<At<ReferralSubmitted>>,
    /// Where it stands; none before it is submitted.
    pub state: Option<ReferralState>,
    /// The form as it is now, and since which version.
    pub form: Option<At<Form>>,
    /// The last opening for triage since the form came or changed.
    pub opened: Option<At<ReferralOpenedForTriage>>,
    /// The last request for information.
    pub requested: Option<At<InformationRequested>>,
    /// The last answer.
    pub provided: Option<At<InformationProvided>>,
    /// The acceptance: queue, priority and the day that orders it.
    pub accepted: Option<At<ReferralAccepted>>,
    /// Who holds it by lease, and until when; the version is that of the claim or its extension.
    pub claim: Option<At<Claimed>>,
    /// The last return of a claim by its holder.
    pub returned: Option<At<ClaimReleased>>,
    /// How many leases ran out; after three a supervisor should look.
    pub lapses: u32,
    /// Who answers for the child, once it is in care.
    pub keeper: Option<MemberId>,
    /// The first screening.
    pub screened: Option<At<ScreeningRecorded>>,
    /// The last start of an intervention.
    pub treated: Option<At<InterventionStarted>>,
    /// The last screening after it.
    pub rescreened: Option<At<RescreenRecorded>>,
    /// How it ended, where a reason or outcome was given.
    pub left: Option<At<ReferralFact>>,
}

/// A lease as the facts have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    /// The holder.
    pub member: MemberId,
    /// When the lease runs out.
    pub until: Timestamp,
    /// When it was to run out at first: extensions are bounded from here.
    pub first_until: Timestamp,
}

/// Who takes a step of the team's, and whether they are a supervisor of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TeamMember {
    /// The member.
    pub member: MemberId,
    /// Holds the role SUPERVISOR.
    pub supervisor: bool,
}

impl ReferralFold {
    /// The steps that are possible now.
    pub fn possible(&self) -> Vec<&'static str> {
        self.state.map(possible::<ReferralStep>).unwrap_or_default()
    }

    /// The setting that referred the child.
    pub fn setting(&self) -> Option<OrganisationId> {
        self.submitted.as_ref().map(|submitted| submitted.fact.setting)
    }

    /// The queue that it is in, where it has a clear owner.
    pub fn queue(&self) -> Option<QueueId> {
        self.submitted.as_ref().and_then(|submitted| submitted.fact.queue)
    }

    /// The day on which clock RC1 started.
    pub fn received_on(&self) -> Option<Date> {
        self.submitted.as_ref().map(|submitted| submitted.fact.received_on)
    }

    /// Who holds it at a moment: nobody once the lease has run out.
    pub fn holder(&self, at: Timestamp) -> Option<MemberId> {
        let claim = self.claim.as_ref()?.fact;
        (at < claim.until).then_some(claim.member)
    }

    /// Whether so many leases ran out that a supervisor should look (section 7 of the design).
    pub fn needs_supervisor(&self) -> bool {
        self.lapses >= lease::LAPSES_BEFORE_SUPERVISOR
    }

    /// The submission and the state a step starts from.
    fn stands(&self) -> Result<(&ReferralSubmitted, ReferralState), Refusal> {
        match (&self.submitted, self.state) {
            (Some(submitted), Some(state)) => Ok((&submitted.fact, state)),
            _ => Err(Refusal::NotFound),
        }
    }

    /// Only the holder writes while it is claimed; only the keeper, or a supervisor, once it is in care.
    fn may_write(&self, by: TeamMember, now: Now) -> Result<(), Refusal> {
        match self.state.map(ReferralState::bucket) {
            Some(Bucket::Held) => self.holds(by.member, now),
            Some(Bucket::InCare) if self.keeper != Some(by.member) && !by.supervisor => {
                Err(Refusal::Rule {
                    reason: "NOT_THE_KEEPER",
                    message: "only the child's keeper or a supervisor can do this".to_owned(),
                })
            }
            _ => Ok(()),
        }
    }

    /// Refuses anybody but the holder of a lease that runs.
    fn holds(&self, member: MemberId, now: Now) -> Result<(), Refusal> {
        if self.holder(now.at) == Some(member) { Ok(()) } else { Err(lease_lost()) }
    }
}

fn lease_lost() -> Refusal {
    Refusal::Rule {
        reason: "LEASE_LOST",
        message: "the claim is not, or is no longer, the caller's".to_owned(),
    }
}

/// A holder's step on a referral that waits (again): what the holder has to know is that the lease is gone.
fn of_holder(refusal: Refusal, stands: ReferralState) -> Refusal {
    match refusal {
        Refusal::IllegalStep { .. } if stands == ReferralState::Accepted => lease_lost(),
        other => other,
    }
}

crate::decider::commands! {
    Command:
    /// Refer a child.
    Submit,
    /// Read the form for triage.
    OpenForTriage,
    /// Ask the setting for more.
    RequestInformation,
    /// Answer the team.
    ProvideInformation,
    /// Take it.
    Accept,
    /// Do not take it.
    Reject,
    /// Send it elsewhere.
    Redirect,
    /// Hold it, by lease.
    Claim,
    /// Hold it longer.
    ExtendClaim,
    /// Put it back.
    ReleaseClaim,
    /// Note that the lease ran out.
    LapseClaim,
    /// Record the first screening.
    RecordScreening,
    /// Begin an intervention.
    StartIntervention,
    /// Record a screening after it.
    Rescreen,
    /// End care.
    Close,
    /// Take it back.
    Withdraw,
}

impl Decider for Referral {
    type State = ReferralFold;
    type Command = Command;
    type Fact = ReferralFact;

    fn decide(state: &Self::State, command: Command) -> Result<Outcome<Self::Fact>, Refusal> {
        match command {
            Command::Submit(command) => command.decide(state),
            Command::OpenForTriage(command) => command.decide(state),
            Command::RequestInformation(command) => command.decide(state),
            Command::ProvideInformation(command) => command.decide(state),
            Command::Accept(command) => command.decide(state),
            Command::Reject(command) => command.decide(state),
            Command::Redirect(command) => command.decide(state),
            Command::Claim(command) => command.decide(state),
            Command::ExtendClaim(command) => command.decide(state),
            Command::ReleaseClaim(command) => command.decide(state),
            Command::LapseClaim(command) => command.decide(state),
            Command::RecordScreening(command) => command.decide(state),
            Command::StartIntervention(command) => command.decide(state),
            Command::Rescreen(command) => command.decide(state),
            Command::Close(command) => command.decide(state),
            Command::Withdraw(command) => command.decide(state),
        }
    }

    fn evolve(state: &mut Self::State, fact: &Self::Fact) {
        state.version += 1;
        state::evolve(state, fact);
    }
}

#[cfg(test)]
pub(crate) mod tests;
