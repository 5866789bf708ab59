//! Refer a child, one or many. The form's child comes from the caller's own record.

use bytes::Bytes;
use futures::FutureExt;
use jiff::civil::Date;
use onward_contract::reason;
use onward_contract::receipt::v1::Warning;
use onward_contract::referral::v1 as wire;
use onward_domain::decider::{Now, Refusal, not_in_future};
use onward_domain::ids::{LearnerId, ReferralId};
use onward_domain::learner::{Learner, LearnerNumberKind, LearnerState};
use onward_domain::organisation::OrganisationRegistered;
use onward_domain::referral::{Form, Referral as Concept, ReferralState, Submit};
use onward_log::{Attempt, Executed, Key, Relation, Unit};
use prost::Message;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming};
use uuid::Uuid;

use super::{AREA, Written};
use crate::Doors;
use crate::call::{Entered, attempt, issued, receipt};
use crate::guard::Caller;
use crate::status::{Answer, Failure};
use crate::wire as parse;
use crate::wire::referral::{Child, form, priority_number};
use crate::wire::{date, learner, person::current, referral as shape};

const ONE: &str = "/onward.referral.v1.ReferralService/SubmitReferral";
const MANY: &str = "/onward.referral.v1.ReferralService/SubmitReferrals";

const REFERRAL_ID: &str = "referral_id";
const STATE: &str = "state";
const QUEUE: &str = "queue_id";

/// Submits a referral.
pub(super) async fn submit(
    doors: &Doors,
    request: Request<wire::SubmitReferralRequest>,
) -> Written<wire::SubmitReferralResponse> {
    let entered = doors.open(ONE, request).await?;
    let (executed, submitted) = write(doors, &entered).await?;
    let response = wire::SubmitReferralResponse {
        receipt: Some(receipt(&executed.receipt)),
        referral_id: issued(&executed, REFERRAL_ID),
        state: submitted.state,
        queue_id: issued(&executed, QUEUE),
        priority: submitted.priority,
        warnings: submitted.warnings,
    };
    Ok((executed, response))
}

/// Submits many, each on its own: a result for each, in order.
pub(super) async fn submit_many(
    doors: &Doors,
    request: Request<Streaming<wire::SubmitReferralsRequest>>,
) -> Result<ReceiverStream<Result<wire::SubmitReferralsResponse, Status>>, Failure> {
    let (metadata, _, requests) = request.into_parts();
    let caller = doors.admit(MANY, &metadata).await?;
    Ok(doors.each(caller, metadata, requests, one_of_many))
}

async fn one_of_many(
    doors: Doors,
    caller: Caller,
    request: wire::SubmitReferralsRequest,
) -> wire::SubmitReferralsResponse {
    let request_id = request.referral.as_ref().map(|one| one.request_id.clone());
    let request_id = request_id.unwrap_or_default();
    match submit_one(&doors, caller, request).await {
        Ok((executed, submitted)) => wire::SubmitReferralsResponse {
            receipt: Some(receipt(&executed.receipt)),
            request_id,
            refusal: None,
            already_recorded: executed.replayed,
            referral_id: issued(&executed, REFERRAL_ID),
            state: submitted.state,
            queue_id: issued(&executed, QUEUE),
            priority: submitted.priority,
            warnings: submitted.warnings,
        },
        Err(failure) => wire::SubmitReferralsResponse {
            request_id,
            refusal: Some(Answer::from(failure).into_item()),
            ..Default::default()
        },
    }
}

async fn submit_one(
    doors: &Doors,
    caller: Caller,
    request: wire::SubmitReferralsRequest,
) -> Result<(Executed, Submitted), Failure> {
    doors.check(MANY, &request.encode_to_vec())?;
    let message = request.referral.ok_or_else(|| Refusal::field("referral", "must be given"))?;
    // Under the unary method's name: a request repeated the other way is the same request.
    let caller = Caller { method: ONE, ..caller };
    let body = Bytes::from(message.encode_to_vec());
    let entered = Entered { caller, message, body, metadata: Default::default() };
    write(doors, &entered).await
}

/// What is answered beside the receipt.
struct Submitted {
    state: i32,
    priority: i32,
    warnings: Vec<Warning>,
}

async fn write(
    doors: &Doors,
    entered: &Entered<wire::SubmitReferralRequest>,
) -> Result<(Executed, Submitted), Failure> {
    let (caller, message) = (&entered.caller, &entered.message);
    let learner: LearnerId = parse::id("learner_id", &message.learner_id)?;
    doors.related(caller, learner.uuid(), &[Relation::Owner]).await?;
    let said = message.form.clone().unwrap_or_default();
    let received_on = received_on(message, caller.now)?;
    let setting = setting(doors, caller, message).await?;
    let record = doors.history::<Learner>(learner.uuid()).await?;
    let form = form(&said, child(&record.state)?, caller.now)?;
    let born = form.person.date_of_birth;
    let owner = doors.route(&setting, received_on, born).await?;
    let priority = form.priority;
    let consent = form.consent.is_some();
    let submit = Submit {
        referral: ReferralId::new(Uuid::now_v7()),
        learner,
        setting: setting.organisation,
        owner,
        received_on,
        form,
        now: caller.now,
    };
    let queue = match owner {
        Some((_, pathfinder)) => doors.queue_name(pathfinder).await?,
        None => String::new(),
    };
    let reference = entered.reference(AREA);
    let attempt = recording(submit, said, caller, queue, reference);
    let executed = doors.write(entered, attempt).await?;
    let state = ReferralState::parse(&issued(&executed, STATE)).ok();
    let unrouted = state == Some(ReferralState::Unrouted);
    let submitted = Submitted {
        state: state.map_or(0, shape::state),
        priority: priority_number(priority),
        warnings: warnings(consent, unrouted),
    };
    Ok((executed, submitted))
}

fn recording(
    submit: Submit,
    said: wire::ReferralForm,
    caller: &Caller,
    queue: String,
    reference: Option<Key>,
) -> Attempt {
    let (organisation, now) = (caller.organisation(), caller.now);
    attempt(move |unit| {
        let (submit, said) = (submit.clone(), said.clone());
        let (queue, reference) = (queue.clone(), reference.clone());
        async move {
            let id = submit.referral.uuid();
            let record = unit.load::<Learner>(submit.learner.uuid()).await?;
            let form: Form = form(&said, child(&record.state)?, now)?;
            let owner = submit.owner;
            let mut referral = unit.fresh::<Concept>(id);
            unit.decide(&mut referral, Submit { form, ..submit }.into())?;
            unit.claim(Key::party(id, organisation, Relation::Owner), id, (None, None));
            if let Some((_, pathfinder)) = owner {
                unit.claim(Key::party(id, pathfinder, Relation::Queue), id, (None, None));
            }
            refer(unit, reference, id);
            unit.issue(REFERRAL_ID, id.to_string());
            unit.issue(QUEUE, queue);
            if let Some(state) = referral.state.state {
                unit.issue(STATE, state.as_str().to_owned());
            }
            Ok(())
        }
        .boxed()
    })
}

/// The caller finds what it recorded by its own reference.
pub(super) fn refer(unit: &mut Unit, reference: Option<Key>, stream: Uuid) {
    if let Some(reference) = reference {
        unit.claim(reference, stream, (None, None));
    }
}

/// The child, as the caller's own record has it.
pub(super) fn child(record: &LearnerState) -> Result<Child, Refusal> {
    let person = record.person().cloned().ok_or(Refusal::NotFound)?;
    Ok(Child { person, upn: current(record, LearnerNumberKind::Upn) })
}

/// The day on which the provider received it: today, unless the setting knows of an earlier one (a paper
/// form, an inherited list). The clock counts from that day, so an honest earlier one is welcome.
fn received_on(message: &wire::SubmitReferralRequest, now: Now) -> Result<Date, Refusal> {
    const FIELD: &str = "received_on";
    let said = date::optional(FIELD, message.received_on.as_ref())?;
    let Some(said) = said else { return Ok(now.today) };
    not_in_future(FIELD, said, now)?;
    Ok(said)
}

async fn setting(
    doors: &Doors,
    caller: &Caller,
    message: &wire::SubmitReferralRequest,
) -> Result<OrganisationRegistered, Failure> {
    let named = doors.setting("setting", message.setting.as_ref()).await?;
    let registered = match named {
        Some(named) => named.registered,
        None => doors.registration(caller.organisation()).await?,
    };
    let registered = registered
        .ok_or_else(|| Refusal::field("setting", "is not a setting that the directory has"))?;
    Ok((*registered).clone())
}

fn warnings(consent: bool, unrouted: bool) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if !consent {
        let message = "a referral without consent can be submitted, never accepted";
        warnings.push(learner::warning("form.consent", reason::CONSENT_MISSING, message));
    }
    if unrouted {
        let message = "no pathfinder clearly owns the setting's referrals; it waits to be routed";
        warnings.push(learner::warning("setting", reason::UNROUTED, message));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as day;

    use super::*;

    fn now() -> Now {
        crate::guard::now("2026-09-14T10:00:00Z".parse().expect("a moment"))
    }

    fn asked(source: wire::ReferralSource, on: Option<Date>) -> wire::SubmitReferralRequest {
        wire::SubmitReferralRequest {
            form: Some(wire::ReferralForm { source: source.into(), ..Default::default() }),
            received_on: on.map(date::wire),
            ..Default::default()
        }
    }

    #[test]
    fn an_earlier_day_counts_and_a_future_one_is_refused() {
        let list = wire::ReferralSource::InheritedList;
        let form = wire::ReferralSource::Form;
        let earlier = Some(day(2026, 5, 1));
        assert_eq!(received_on(&asked(form, None), now()), Ok(day(2026, 9, 14)));
        assert_eq!(received_on(&asked(list, earlier), now()), Ok(day(2026, 5, 1)));
        assert_eq!(received_on(&asked(form, earlier), now()), Ok(day(2026, 5, 1)));
        assert!(received_on(&asked(list, Some(day(2026, 9, 15))), now()).is_err());
    }

    #[test]
    fn what_is_lacking_is_said_and_stops_nothing() {
        assert!(warnings(true, false).is_empty());
        let reasons: Vec<String> =
            warnings(false, true).into_iter().map(|warning| warning.reason).collect();
        assert_eq!(reasons, ["CONSENT_MISSING", "UNROUTED"]);
    }
}
