//! Accept a handover, onto a record of the receiver's own, which is linked to the sender's; or decline it.

use futures::FutureExt;
use onward_contract::handover::v1 as wire;
use onward_domain::codes::handover::HandoverDecline;
use onward_domain::decider::{Now, Refusal};
use onward_domain::handover::{
    Accept, Decline, Handover as Concept, HandoverDrafted, HandoverFold, Pack,
};
use onward_domain::ids::{HandoverId, LearnerId, OrganisationId};
use onward_domain::learner::{
    AddIdentifier, Learner, LearnerNumberKind, LearnerRegistered, LinkRecord, RecordNeeds, Register,
};
use onward_log::{ExecuteError, Key, Loaded, Relation, Scope, Stop, Unit};
use tonic::Request;
use uuid::Uuid;

use super::draft::refer;
use super::release::close_to_receiver;
use super::{AREA, Written};
use crate::call::{Entered, attempt, issued, receipt};
use crate::status::Failure;
use crate::wire::code;
use crate::wire::learner::kind_name;
use crate::{Doors, keys, wire as parse};

const LEARNER_ID: &str = "learner_id";
const CREATED: &str = "learner_created";

/// Numbers by which the receiver's own record is found, the surest first.
const NUMBERS: [LearnerNumberKind; 2] = [LearnerNumberKind::Upn, LearnerNumberKind::Uln];

/// What an acceptance decides on.
#[derive(Clone)]
struct Plan {
    handover: HandoverId,
    expected: Option<u64>,
    receiver: OrganisationId,
    /// The record that the caller names.
    named: Option<LearnerId>,
    /// The id of a record that has to be made.
    fresh: LearnerId,
    reference: Option<Key>,
    now: Now,
}

/// Accepts a handover.
pub(super) async fn accept(
    doors: &Doors,
    request: Request<wire::AcceptHandoverRequest>,
) -> Written<wire::AcceptHandoverResponse> {
    let method = "/onward.handover.v1.HandoverService/AcceptHandover";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let handover = doors.received(caller, &message.handover_id).await?;
    parse::required_actor(message.actor.as_ref())?;
    let named: Option<LearnerId> = parse::optional_id("learner_id", message.learner_id.as_deref())?;
    if let Some(named) = named {
        doors.related(caller, named.uuid(), &[Relation::Owner]).await?;
    }
    let plan = Plan {
        handover,
        expected: message.expected_version,
        receiver: caller.organisation(),
        named,
        fresh: LearnerId::new(Uuid::now_v7()),
        reference: entered.reference(AREA),
        now: caller.now,
    };
    let executed = match write(doors, &entered, plan.clone()).await {
        // Somebody registered the learner in between: the next look finds that record.
        Err(Failure::Execute(ExecuteError::KeyTaken { scope: Scope::LearnerNumber, .. })) => {
            write(doors, &entered, plan).await?
        }
        other => other?,
    };
    let learner_id = issued(&executed, LEARNER_ID);
    let response = wire::AcceptHandoverResponse {
        receipt: Some(receipt(&executed.receipt)),
        learner_created: is_created(doors, &executed, &learner_id).await?,
        learner_id,
    };
    Ok((executed, response))
}

/// Whether the record was made with the acceptance; a repeat finds it among the first one's events.
async fn is_created(
    doors: &Doors,
    executed: &onward_log::Executed,
    learner: &str,
) -> Result<bool, Failure> {
    if !issued(executed, CREATED).is_empty() {
        return Ok(true);
    }
    let Ok(learner) = learner.parse::<LearnerId>() else { return Ok(false) };
    let events = doors.log().stream(learner.uuid()).await?;
    let first = events.first().map(|event| event.event_id);
    Ok(first.is_some_and(|first| executed.receipt.event_ids.contains(&first)))
}

/// Declines a handover, with a reason.
pub(super) async fn decline(
    doors: &Doors,
    request: Request<wire::DeclineHandoverRequest>,
) -> Written<wire::DeclineHandoverResponse> {
    let method = "/onward.handover.v1.HandoverService/DeclineHandover";
    let entered = doors.open(method, request).await?;
    let message = &entered.message;
    let id = doors.received(&entered.caller, &message.handover_id).await?;
    parse::required_actor(message.actor.as_ref())?;
    let reason =
        code::parse::<wire::HandoverDeclineReason, HandoverDecline>("reason", message.reason)?;
    let decline = Decline { reason, note: parse::text(&message.note) };
    let (reference, expected) = (entered.reference(AREA), message.expected_version);
    let attempt = attempt(move |unit| {
        let (decline, reference) = (decline.clone(), reference.clone());
        async move {
            unit.expect(id.uuid(), expected);
            let mut handover = unit.load::<Concept>(id.uuid()).await?;
            unit.decide(&mut handover, decline.into())?;
            if let Some(drafted) = &handover.state.drafted {
                close_to_receiver(unit, &drafted.fact);
            }
            refer(unit, reference, id.uuid());
            Ok(())
        }
        .boxed()
    });
    let executed = doors.write(&entered, attempt).await?;
    let response = wire::DeclineHandoverResponse { receipt: Some(receipt(&executed.receipt)) };
    Ok((executed, response))
}

async fn write(
    doors: &Doors,
    entered: &Entered<wire::AcceptHandoverRequest>,
    plan: Plan,
) -> Result<onward_log::Executed, Failure> {
    let attempt = attempt(move |unit| {
        let plan = plan.clone();
        async move { plan.run(unit).await }.boxed()
    });
    doors.write(entered, attempt).await
}

impl Plan {
    async fn run(self, unit: &mut Unit) -> Result<(), Stop> {
        let id = self.handover.uuid();
        unit.expect(id, self.expected);
        let mut handover = unit.load::<Concept>(id).await?;
        handover.state.visible_to(self.receiver)?;
        let (drafted, pack) = released(&handover.state)?;
        let own = self.own_record(unit, &handover.state, &pack).await?;
        let accept = Accept { receiver_learner: own.unwrap_or(self.fresh) };
        unit.decide(&mut handover, accept.into())?;
        let mut record = match own {
            Some(own) => unit.load::<Learner>(own.uuid()).await?,
            None => self.register(unit, pack)?,
        };
        self.link(unit, &drafted, &mut record).await?;
        refer(unit, self.reference.clone(), id);
        unit.issue(LEARNER_ID, accept.receiver_learner.to_string());
        if own.is_none() {
            unit.issue(CREATED, "true".to_owned());
        }
        Ok(())
    }

    /// The receiver's own record of the person: the one it accepted onto before, the one it names, or
    /// the one that holds the learner's number. None: one has to be made.
    async fn own_record(
        &self,
        unit: &mut Unit,
        state: &HandoverFold,
        pack: &Pack,
    ) -> Result<Option<LearnerId>, Stop> {
        if self.named.is_some() {
            return Ok(self.named);
        }
        if let Some(accepted) = &state.accepted {
            return Ok(Some(accepted.fact.receiver_learner));
        }
        let keys: Vec<Key> = NUMBERS
            .iter()
            .filter_map(|kind| Some((kind_name(*kind), number(pack, *kind)?)))
            .map(|(kind, value)| keys::learner_number(self.receiver, kind, value))
            .collect();
        let mut found = unit.find(&keys).await?;
        found.sort_by_key(|found| found.key_index);
        Ok(found.first().map(|found| LearnerId::new(found.stream)))
    }

    /// Makes a record of the receiver's own from the pack, in the same append.
    fn register(&self, unit: &mut Unit, pack: Pack) -> Result<Loaded<Learner>, Stop> {
        let (learner, now) = (self.fresh, self.now);
        let id = learner.uuid();
        let person = pack.person.clone().ok_or(Refusal::NotFound)?;
        let mut record = unit.fresh::<Learner>(id);
        unit.claim(Key::party(id, self.receiver, Relation::Owner), id, (None, None));
        unit.claim(keys::name_and_birth(self.receiver, &person), id, (None, None));
        let registered = LearnerRegistered { learner, person, own_ref: None };
        unit.decide(&mut record, Register { learner: registered, now }.into())?;
        for kind in NUMBERS {
            let Some(value) = number(&pack, kind).map(str::to_owned) else { continue };
            let key = keys::learner_number(self.receiver, kind_name(kind), &value);
            unit.claim(key, id, (None, None));
            let add = AddIdentifier { kind, value, former: false, from: None, now };
            unit.decide(&mut record, add.into())?;
        }
        if !pack.needs.is_empty() {
            unit.decide(&mut record, RecordNeeds { needs: pack.needs }.into())?;
        }
        Ok(record)
    }

    /// Links both records, on both streams; never a merge.
    async fn link(
        &self,
        unit: &mut Unit,
        drafted: &HandoverDrafted,
        record: &mut Loaded<Learner>,
    ) -> Result<(), Stop> {
        let mut theirs = unit.load::<Learner>(drafted.learner.uuid()).await?;
        let handover = Some(self.handover);
        let to_ours = LinkRecord {
            other: LearnerId::new(record.stream),
            other_organisation: self.receiver,
            handover,
        };
        let to_theirs =
            LinkRecord { other: drafted.learner, other_organisation: drafted.sender, handover };
        unit.decide(&mut theirs, to_ours.into())?;
        unit.decide(record, to_theirs.into())?;
        Ok(())
    }
}

/// The draft and the pack of a released handover.
fn released(state: &HandoverFold) -> Result<(HandoverDrafted, Pack), Refusal> {
    match (&state.drafted, &state.pack) {
        (Some(drafted), Some(pack)) => Ok((drafted.fact.clone(), pack.fact.clone())),
        _ => Err(Refusal::NotFound),
    }
}

fn number(pack: &Pack, kind: LearnerNumberKind) -> Option<&str> {
    match kind {
        LearnerNumberKind::Upn => pack.upn.as_deref(),
        LearnerNumberKind::Uln => pack.uln.as_deref(),
        LearnerNumberKind::Nhs | LearnerNumberKind::Sid | LearnerNumberKind::Husid => None,
    }
}
