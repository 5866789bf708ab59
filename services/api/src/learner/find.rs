//! Finding the caller's own records. One look-up of keys that hold the caller's organisation, so that
//! what others know plays no part.

use std::cmp::Reverse;

use onward_contract::learner::v1 as wire;
use onward_contract::learner::v1::find_learners_request::By;
use onward_domain::decider::Refusal;
use onward_domain::ids::LearnerId;
use onward_domain::learner::{Learner, LearnerNumberKind};
use onward_log::Key;
use tonic::{Request, Response};

use crate::guard::Caller;
use crate::page;
use crate::status::Failure;
use crate::wire::{date, learner as parse, text};
use crate::{Doors, keys};

pub(super) async fn find(
    doors: &Doors,
    request: Request<wire::FindLearnersRequest>,
) -> Result<Response<wire::FindLearnersResponse>, Failure> {
    let method = "/onward.learner.v1.LearnerService/FindLearners";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let key = key(caller, message.by.as_ref())?;
    let binding = page::bind(caller, message, |asked| {
        asked.min_position.clear();
        asked.page_token.clear();
        asked.page_size = 0;
    });
    let cursor = binding.cursor(&message.page_token)?;
    let position = doors.head_from(&message.min_position).await?;
    let mut learners = Vec::new();
    for found in doors.log().find(&[key]).await? {
        let learner = LearnerId::new(found.stream);
        let state = doors.history::<Learner>(found.stream).await?.state;
        learners.push(parse::summary(learner, &state, true));
    }
    let order = |one: &wire::LearnerSummary| {
        (one.surname.to_lowercase(), one.forename.to_lowercase(), one.learner_id.clone())
    };
    match message.order_by.as_str() {
        "name desc" => learners.sort_by_cached_key(|one| Reverse(order(one))),
        _ => learners.sort_by_cached_key(order),
    }
    let size = page::size(u32::try_from(message.page_size).unwrap_or_default());
    let (learners, next) = page::cut(learners, cursor, size, |one| one.learner_id.clone())?;
    let named = learners.iter().filter_map(|one| one.learner_id.parse().ok());
    doors.write_down(caller, named.collect::<Vec<LearnerId>>()).await?;
    Ok(Response::new(wire::FindLearnersResponse {
        position: position.to_string(),
        next_page_token: next.map(|cursor| binding.token(&cursor)).unwrap_or_default(),
        learners,
    }))
}

/// The key of what is asked for, within the caller's organisation.
fn key(caller: &Caller, by: Option<&By>) -> Result<Key, Refusal> {
    let organisation = caller.organisation();
    let numbered = |field: &str, kind: LearnerNumberKind, value: &str| {
        let value = parse::number(field, kind, value)?;
        Ok(keys::learner_number(organisation, parse::kind_name(kind), &value))
    };
    match by.ok_or_else(|| Refusal::field("by", "one of its fields must be given"))? {
        By::Upn(value) => numbered("upn", LearnerNumberKind::Upn, value),
        By::Uln(value) => numbered("uln", LearnerNumberKind::Uln, value),
        By::NhsNumber(value) => {
            let nhs = wire::IdentifierKind::NhsNumber as i32;
            let kind = parse::number_kind("nhs_number", nhs, caller.kind())?;
            numbered("nhs_number", kind, value)
        }
        By::OwnRef(reference) => {
            let reference =
                text(reference).ok_or_else(|| Refusal::field("own_ref", "must be given"))?;
            Ok(keys::own_ref(organisation, &reference))
        }
        By::NameAndBirth(named) => {
            let field = "name_and_birth.date_of_birth";
            let birth = date::required(field, named.date_of_birth.as_ref())?;
            Ok(keys::born(organisation, &named.forename, &named.surname, birth))
        }
    }
}
