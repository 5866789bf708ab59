//! Registering a learner: person, numbers, provision, needs and enrolments in one append.
//!
//! Nothing here looks beyond the caller's own records, so the answer is the same whether or not
//! anybody else knows the child.

use futures::FutureExt;
use onward_contract::learner::v1 as wire;
use onward_contract::receipt::v1::Warning;
use onward_domain::decider::Now;
use onward_domain::ids::{LearnerId, OrganisationId};
use onward_domain::learner::{
    AddIdentifier, Learner, LearnerRegistered, RankedNeed, RecordEnrolment, RecordNeeds,
    RecordSenProvision, Register,
};
use onward_log::{Attempt, Key, Relation, Stop, Unit};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{details_or, enrol};
use crate::call::{Entered, answer, attempt, issued, receipt};
use crate::status::Failure;
use crate::wire::learner::{self as parse, Brought};
use crate::{Doors, keys};

/// All that is said about a new record.
#[derive(Clone)]
struct Whole {
    learner: LearnerRegistered,
    identifiers: Vec<Brought>,
    spells: Vec<RecordSenProvision>,
    needs: Vec<RankedNeed>,
    enrolments: Vec<RecordEnrolment>,
    now: Now,
}

pub(super) async fn register(
    doors: &Doors,
    request: Request<wire::RegisterLearnerRequest>,
) -> Result<Response<wire::RegisterLearnerResponse>, Failure> {
    let method = "/onward.learner.v1.LearnerService/RegisterLearner";
    let entered = doors.open(method, request).await?;
    let (whole, warnings) = whole(doors, &entered).await?;
    let organisation = entered.caller.organisation();
    let reference = entered.reference("learner");
    let attempt = registration(organisation, whole, reference);
    let executed = doors.write(&entered, attempt).await;
    let executed = executed.map_err(|failure| failure.renamed(details_or("enrolments")))?;
    let response = wire::RegisterLearnerResponse {
        receipt: Some(receipt(&executed.receipt)),
        learner_id: issued(&executed, "learner_id"),
        warnings,
    };
    answer(&executed, response)
}

async fn whole(
    doors: &Doors,
    entered: &Entered<wire::RegisterLearnerRequest>,
) -> Result<(Whole, Vec<Warning>), Failure> {
    let (caller, message) = (&entered.caller, &entered.message);
    let details = message.details.clone().unwrap_or_default();
    let looked_after = message.looked_after.as_ref();
    let (person, own_ref) = parse::person(&details, looked_after, message.sensitive)?;
    let mut identifiers: Vec<Brought> = Vec::with_capacity(message.identifiers.len());
    for (index, one) in message.identifiers.iter().enumerate() {
        let brought = parse::brought(&format!("identifiers[{index}]"), one, caller.kind())?;
        // The same number twice is said once.
        let known = |held: &Brought| (held.kind, &held.value) == (brought.kind, &brought.value);
        if !identifiers.iter().any(known) {
            identifiers.push(brought);
        }
    }
    let (needs, mut warnings) = parse::needs("needs", &message.needs, caller.now.today)?;
    let (spells, of_spells) = parse::spells("sen_provisions", &message.sen_provisions)?;
    warnings.extend(of_spells);
    warnings.extend(parse::of_open("details.year_group", person.nc_year.as_ref()));
    let mut enrolments: Vec<RecordEnrolment> = Vec::with_capacity(message.enrolments.len());
    for (index, one) in message.enrolments.iter().enumerate() {
        let field = format!("enrolments[{index}]");
        let (enrolment, warning) = enrol::read(doors, caller, &field, one).await?;
        warnings.extend(warning);
        if !enrolments.iter().any(|held| enrol::same(held, &enrolment)) {
            enrolments.push(enrolment);
        }
    }
    let learner = LearnerId::new(Uuid::now_v7());
    let whole = Whole {
        learner: LearnerRegistered { learner, person, own_ref },
        identifiers,
        spells,
        needs,
        enrolments,
        now: caller.now,
    };
    Ok((whole, warnings))
}

fn registration(organisation: OrganisationId, whole: Whole, reference: Option<Key>) -> Attempt {
    attempt(move |unit| {
        let (whole, reference) = (whole.clone(), reference.clone());
        async move {
            let id = whole.learner.learner.uuid();
            if let Some(reference) = reference {
                unit.claim(reference, id, (None, None));
            }
            record(unit, organisation, whole)?;
            unit.issue("learner_id", id.to_string());
            Ok(())
        }
        .boxed()
    })
}

fn record(unit: &mut Unit, organisation: OrganisationId, whole: Whole) -> Result<(), Stop> {
    let Whole { learner, identifiers, spells, needs, enrolments, now } = whole;
    let id = learner.learner.uuid();
    let mut loaded = unit.fresh::<Learner>(id);
    unit.claim(Key::party(id, organisation, Relation::Owner), id, (None, None));
    unit.claim(keys::name_and_birth(organisation, &learner.person), id, (None, None));
    if let Some(own_ref) = &learner.own_ref {
        unit.claim(keys::own_ref(organisation, own_ref), id, (None, None));
    }
    unit.decide(&mut loaded, Register { learner, now }.into())?;
    for Brought { kind, value, former, from } in identifiers {
        let key = keys::learner_number(organisation, parse::kind_name(kind), &value);
        unit.claim(key, id, (None, None));
        let add = AddIdentifier { kind, value, former, from, now };
        unit.decide(&mut loaded, add.into())?;
    }
    for spell in spells {
        unit.decide(&mut loaded, spell.into())?;
    }
    if !needs.is_empty() {
        unit.decide(&mut loaded, RecordNeeds { needs }.into())?;
    }
    for enrolment in enrolments {
        unit.decide(&mut loaded, enrolment.into())?;
    }
    Ok(())
}
