//! Reading cases: those that the caller opened, and those it is the provider of after the release.

use std::cmp::Reverse;

use onward_contract::transition::v1 as wire;
use onward_domain::decider::Refusal;
use onward_domain::dsa::{DsaCase, DsaState};
use onward_domain::ids::{DsaCaseId, LearnerId};
use onward_log::LogError;
use onward_views::ViewName;
use onward_views::timeline::{SubjectKind, SubjectsQuery};
use tonic::{Request, Response};

use crate::call::moment;
use crate::fold::History;
use crate::guard::Caller;
use crate::page;
use crate::status::Failure;
use crate::wire::{self as parse, code, date, dsa};
use crate::{Doors, keys};

/// Cases that are read at once.
const ROUND: u16 = 1_000;

pub(super) async fn get(
    doors: &Doors,
    request: Request<wire::GetCaseRequest>,
) -> Result<Response<wire::GetCaseResponse>, Failure> {
    let method = "/onward.transition.v1.DsaService/GetCase";
    let entered = doors.open(method, request).await?;
    let caller = &entered.caller;
    let id = parse::id("case_id", &entered.message.case_id)?;
    let position = doors.head_from(&entered.message.min_position).await?;
    let history = doors.case(caller, id).await?;
    let case = shown(doors, caller, &history).await?;
    doors.write_down(caller, learner(&history)).await?;
    Ok(Response::new(wire::GetCaseResponse {
        position: position.to_string(),
        dsa_case: Some(case),
    }))
}

pub(super) async fn list(
    doors: &Doors,
    request: Request<wire::ListCasesRequest>,
) -> Result<Response<wire::ListCasesResponse>, Failure> {
    let method = "/onward.transition.v1.DsaService/ListCases";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let filter = Filter::read(doors, caller, message).await?;
    let binding = page::bind(caller, message, |asked| {
        asked.min_position.clear();
        asked.page_token.clear();
        asked.page_size = 0;
    });
    let cursor = binding.cursor(&message.page_token)?;
    let position = doors.reach(ViewName::Timeline, &message.min_position).await?;
    let mut cases = filter.cases(doors, caller).await?;
    match message.order_by.as_str() {
        "opened" => cases.sort_by_key(order),
        _ => cases.sort_by_key(|case| Reverse(order(case))),
    }
    let size = page::size(u32::try_from(message.page_size).unwrap_or_default());
    let (found, next) = page::cut(cases, cursor, size, |case| order(case).1.to_string())?;
    let mut cases = Vec::with_capacity(found.len());
    for case in &found {
        cases.push(shown(doors, caller, case).await?);
    }
    doors.write_down(caller, found.iter().filter_map(learner)).await?;
    Ok(Response::new(wire::ListCasesResponse {
        position: position.to_string(),
        next_page_token: next.map(|cursor| binding.token(&cursor)).unwrap_or_default(),
        cases,
        not_up_to_date_since: doors
            .stale(ViewName::Timeline, found.iter().filter_map(learner))
            .await?,
    }))
}

/// What is asked for.
struct Filter {
    learner: Option<LearnerId>,
    states: Vec<DsaState>,
    academic_year: String,
}

impl Filter {
    async fn read(
        doors: &Doors,
        caller: &Caller,
        message: &wire::ListCasesRequest,
    ) -> Result<Self, Failure> {
        let states = message.states.iter();
        let states = states
            .map(|state| code::parse::<wire::DsaState, DsaState>("states", *state))
            .collect::<Result<Vec<_>, _>>()?;
        let learner = match message.learner_id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => Some(doors.known_learner(caller, id).await?),
            None => None,
        };
        Ok(Self { learner, states, academic_year: message.academic_year.clone() })
    }

    async fn cases(
        &self,
        doors: &Doors,
        caller: &Caller,
    ) -> Result<Vec<History<DsaCase>>, Failure> {
        let mut cases = Vec::new();
        for id in self.ids(doors, caller).await? {
            match doors.case(caller, id).await {
                Ok(case) if self.lets_through(&case) => cases.push(case),
                // Not released to the provider, or the learner was erased.
                Ok(_)
                | Err(Failure::Refused(Refusal::NotFound) | Failure::Log(LogError::Erased)) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(cases)
    }

    /// Cases that the caller opened, by the view; those that name it as the provider, by their keys.
    async fn ids(&self, doors: &Doors, caller: &Caller) -> Result<Vec<DsaCaseId>, Failure> {
        let organisation = caller.organisation();
        let mut query = SubjectsQuery::new(organisation, SubjectKind::Dsa);
        (query.learner, query.limit) = (self.learner, ROUND);
        query.states = self.states.iter().map(|state| state.as_str().to_owned()).collect();
        let provided = doors.log().find(&[keys::cases_of_provider(organisation)]).await?;
        let mut ids: Vec<DsaCaseId> =
            provided.iter().map(|found| DsaCaseId::new(found.stream)).collect();
        loop {
            let page = doors.views().timeline().subjects(&query).await?;
            let own = page.subjects.iter().filter(|subject| subject.owner == organisation);
            ids.extend(own.map(|subject| DsaCaseId::new(subject.id)));
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    fn lets_through(&self, case: &History<DsaCase>) -> bool {
        let Some(opened) = case.state.opened.as_ref().map(|opened| &opened.fact) else {
            return false;
        };
        let state = case.state.state.is_some_and(|state| self.states.contains(&state));
        self.learner.is_none_or(|learner| opened.learner == learner)
            && (self.states.is_empty() || state)
            && (self.academic_year.is_empty() || opened.academic_year == self.academic_year)
    }
}

fn order(case: &History<DsaCase>) -> (onward_log::Position, uuid::Uuid) {
    case.told.first().map(|told| (told.recorded.position, told.recorded.stream)).unwrap_or_default()
}

fn learner(case: &History<DsaCase>) -> Option<LearnerId> {
    case.state.opened.as_ref().map(|opened| opened.fact.learner)
}

async fn shown(
    doors: &Doors,
    caller: &Caller,
    history: &History<DsaCase>,
) -> Result<wire::DsaCase, Failure> {
    let state = &history.state;
    let opened = &state.opened.as_ref().ok_or(Refusal::NotFound)?.fact;
    let (ineligible_reason, decline_reason, end_reason) = dsa::reasons_shown(state);
    let stepped = history.version() > 1;
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    Ok(wire::DsaCase {
        case_id: opened.case.to_string(),
        learner: Some(doors.recognised(caller, opened.learner).await?),
        provider: Some(doors.setting_shown(&opened.provider).await?),
        course: opened.course.clone(),
        course_start: Some(date::wire(opened.course_start)),
        academic_year: opened.academic_year.clone(),
        transition_id: id(opened.transition.map(Into::into)),
        previous_case_id: id(opened.previous.map(Into::into)),
        state: state.state.map(code::number::<wire::DsaState, _>).unwrap_or_default(),
        last_step_on: history.last_on().filter(|_| stepped).map(date::wire),
        supplier: dsa::supplier(state),
        ineligible_reason,
        decline_reason,
        end_reason,
        external_ref: history.reference_of(caller.organisation()),
        version: history.version(),
        opened_at: Some(moment(history.begun_at())),
    })
}
