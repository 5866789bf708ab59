//! The moves of five learners: confirmed, handed over, opened, accepted, supported, arrived.

use anyhow::Context;
use jiff::civil::Date;
use onward_contract::handover::v1 as handover;
use onward_contract::learner::v1::{GetLearnerRequest, Learner};
use onward_contract::transition::v1 as transition;
use onward_contract::transition::v1::transition_detail::Detail;
use uuid::Uuid;

use super::cast::{self, Cast, Player};
use crate::commands::client::told;
use crate::commands::import::date;

/// Which learner goes where, by surname in the sample files.
struct Route {
    surname: &'static str,
    from: &'static str,
    to: &'static str,
    /// The young person asks for the pack to be sent: university only.
    on_request: bool,
}

const ROUTES: &[Route] = &[
    Route { surname: "Hartley", from: cast::PRIMARY, to: cast::ACADEMY, on_request: false },
    Route { surname: "Blake", from: cast::ACADEMY, to: cast::COLLEGE, on_request: false },
    Route {
        surname: "Fernández Lowe", from: cast::ACADEMY, to: cast::PROVIDER, on_request: false
    },
    Route { surname: "Adebayo", from: cast::ACADEMY, to: cast::UNIVERSITY, on_request: true },
    Route { surname: "Thompson", from: cast::ACADEMY, to: cast::ALTERNATIVE, on_request: false },
];

/// What came of one journey.
pub struct Journey {
    /// The learner's name.
    pub learner: String,
    /// Who sent.
    pub from: &'static str,
    /// Who received.
    pub to: &'static str,
    /// Kind of the move, as it was derived.
    pub kind: String,
    /// The sender's record of the learner.
    pub senders_record: String,
    /// The receiver's record of the learner, from the accepted pack.
    pub receivers_record: String,
    /// How far the handover came.
    pub handover: String,
}

/// Walks every route to its end.
pub async fn all(cast: &Cast, today: Date) -> anyhow::Result<Vec<Journey>> {
    let mut journeys = Vec::new();
    for route in ROUTES {
        journeys.push(walk(cast, route, today).await.with_context(|| route.surname.to_owned())?);
    }
    Ok(journeys)
}

async fn walk(cast: &Cast, route: &Route, today: Date) -> anyhow::Result<Journey> {
    let (sender, receiver) = (cast.player(route.from)?, cast.player(route.to)?);
    let move_ = sent(cast, sender, route.surname).await?;
    let learner = move_.learner.clone().unwrap_or_default();
    confirm(sender, &move_).await?;
    let id = hand_over(sender, receiver, &move_, route, today).await?;
    let mut journey = Journey {
        learner: format!("{} {}", learner.forename, learner.surname),
        from: route.from,
        to: route.to,
        kind: super::show::code(move_.kind().as_str_name(), "TRANSITION_KIND_"),
        senders_record: learner.learner_id.clone(),
        receivers_record: String::new(),
        handover: String::new(),
    };
    receive(cast, receiver, &id, today, &mut journey).await?;
    arrive(receiver, &move_, today).await?;
    if !move_.dsa_case_id.is_empty() {
        support_at_university(sender, &move_.dsa_case_id, today).await?;
    }
    Ok(journey)
}

/// The move that the sender recorded for a learner.
async fn sent(
    cast: &Cast,
    sender: &Player,
    surname: &str,
) -> anyhow::Result<transition::Transition> {
    let request = transition::ListTransitionsRequest {
        side: transition::TransitionSide::Sent.into(),
        page_size: 500,
        min_position: cast.head().await?,
        ..Default::default()
    };
    let mut transitions = sender.server.transitions();
    let found = transitions.list_transitions(request).await.map_err(|s| told(&s))?.into_inner();
    found
        .transitions
        .into_iter()
        .find(|move_| move_.learner.as_ref().is_some_and(|learner| learner.surname == surname))
        .context("the sample files hold the move")
}

async fn confirm(sender: &Player, move_: &transition::Transition) -> anyhow::Result<()> {
    let request = transition::ConfirmTransitionRequest {
        request_id: request_id(),
        actor: Some(sender.actor.clone()),
        transition_id: move_.transition_id.clone(),
        ..Default::default()
    };
    sender.server.transitions().confirm_transition(request).await.map_err(|s| told(&s))?;
    Ok(())
}

/// Drafts, checks and releases the pack; answers the handover's id.
async fn hand_over(
    sender: &Player,
    receiver: &Player,
    move_: &transition::Transition,
    route: &Route,
    today: Date,
) -> anyhow::Result<String> {
    let learner = learner(sender, move_).await?;
    let draft = handover::HandoverDraft {
        recipient_organisation_id: receiver.organisation.organisation_id.clone(),
        transition_id: Some(move_.transition_id.clone()),
        pack: Some(pack(sender, &learner, move_, route, today)),
        include_history: true,
    };
    let create = handover::CreateHandoverRequest {
        request_id: request_id(),
        actor: Some(sender.actor.clone()),
        learner_id: learner.learner_id.clone(),
        draft: Some(draft),
        ..Default::default()
    };
    let mut handovers = sender.server.handovers();
    let created = handovers.create_handover(create).await.map_err(|s| told(&s))?.into_inner();
    let check = handover::CheckHandoverRequest {
        handover_id: created.handover_id.clone(),
        ..Default::default()
    };
    let checked = handovers.check_handover(check).await.map_err(|s| told(&s))?.into_inner();
    anyhow::ensure!(
        checked.ready,
        "the sample pack has what a pack must have: {:?}",
        checked.missing
    );
    let release = handover::ReleaseHandoverRequest {
        request_id: request_id(),
        actor: Some(sender.actor.clone()),
        handover_id: created.handover_id.clone(),
        ..Default::default()
    };
    handovers.release_handover(release).await.map_err(|s| told(&s))?;
    Ok(created.handover_id)
}

async fn learner(sender: &Player, move_: &transition::Transition) -> anyhow::Result<Learner> {
    let learner_id = move_.learner.clone().unwrap_or_default().learner_id;
    let request = GetLearnerRequest { learner_id, ..Default::default() };
    let reply = sender.server.learners().get_learner(request).await.map_err(|s| told(&s))?;
    reply.into_inner().learner.context("the sender's own record")
}

fn pack(
    sender: &Player,
    learner: &Learner,
    move_: &transition::Transition,
    route: &Route,
    today: Date,
) -> handover::HandoverPack {
    let ground = handover::GroundStatement {
        ground: if route.on_request {
            handover::ReleaseGround::RequestOfYp.into()
        } else {
            handover::ReleaseGround::PublicTask.into()
        },
        on: Some(date(today)),
        objection_answered: false,
    };
    let forename = learner.details.clone().unwrap_or_default().forename;
    let evidence = match move_.detail.as_ref().and_then(|detail| detail.detail.as_ref()) {
        Some(Detail::ApprenticeshipStart(start)) => start.evidence.clone(),
        _ => String::new(),
    };
    let line = |text: String, week_one| handover::SupportLine { item_id: None, text, week_one };
    handover::HandoverPack {
        right_holder: Some(handover::RightHolder {
            kind: if route.on_request {
                handover::RightHolderKind::YoungPerson.into()
            } else {
                handover::RightHolderKind::Parent.into()
            },
            name: "as the school's records have it (sample)".to_owned(),
            contact: "by telephone, mornings (sample)".to_owned(),
        }),
        needs: learner.needs.clone(),
        support: vec![
            line(format!("{forename} meets one named adult on the first morning"), true),
            line("instructions one step at a time, written as well as said".to_owned(), true),
            line("extra time in assessments, agreed with the exams office".to_owned(), false),
        ],
        preparing_for_adulthood: "travels alone on a known route; wants paid work (sample)"
            .to_owned(),
        evidence,
        contact: format!("{} at {}", sender.actor.name, sender.organisation.name),
        holiday_contact: "office, in the holidays too (sample)".to_owned(),
        grounds: vec![ground],
        ..Default::default()
    }
}

/// The receiver finds the pack in its inbox, opens and accepts it, and answers for each line.
async fn receive(
    cast: &Cast,
    receiver: &Player,
    id: &str,
    today: Date,
    journey: &mut Journey,
) -> anyhow::Result<()> {
    let head = cast.head().await?;
    let inbox = crate::commands::inbox::received(&receiver.server, Vec::new(), &head).await?;
    anyhow::ensure!(inbox.iter().any(|found| found.handover_id == id), "the pack is in the inbox");
    let actor = Some(receiver.actor.clone());
    let mut handovers = receiver.server.handovers();
    let open = handover::OpenHandoverRequest {
        request_id: request_id(),
        actor: actor.clone(),
        handover_id: id.to_owned(),
        ..Default::default()
    };
    let opened = handovers.open_handover(open).await.map_err(|s| told(&s))?.into_inner();
    let accept = handover::AcceptHandoverRequest {
        request_id: request_id(),
        actor: actor.clone(),
        handover_id: id.to_owned(),
        ..Default::default()
    };
    let accepted = handovers.accept_handover(accept).await.map_err(|s| told(&s))?.into_inner();
    journey.receivers_record = accepted.learner_id;
    let items = opened.handover.unwrap_or_default().items;
    let in_place = handover::SupportAnswer {
        answer: Some(handover::support_answer::Answer::InPlace(handover::SupportInPlace {
            since: Some(date(today)),
        })),
    };
    let confirm = handover::ConfirmSupportRequest {
        request_id: request_id(),
        actor,
        handover_id: id.to_owned(),
        answers: items
            .iter()
            .map(|item| handover::ItemAnswer {
                item_id: item.item_id.clone(),
                answer: Some(in_place),
            })
            .collect(),
        ..Default::default()
    };
    let confirmed = handovers.confirm_support(confirm).await.map_err(|s| told(&s))?.into_inner();
    journey.handover = super::show::code(confirmed.state().as_str_name(), "HANDOVER_STATE_");
    Ok(())
}

/// The receiver says that the learner has come: on the planned day, where that is not still ahead.
async fn arrive(
    receiver: &Player,
    move_: &transition::Transition,
    today: Date,
) -> anyhow::Result<()> {
    use transition::planned_date::Planned;
    let planned = move_.planned.as_ref().and_then(|planned| planned.planned.as_ref());
    let day = match planned {
        Some(Planned::Day(day)) => Date::new(
            i16::try_from(day.year).unwrap_or_default(),
            i8::try_from(day.month).unwrap_or_default(),
            i8::try_from(day.day).unwrap_or_default(),
        )
        .unwrap_or(today),
        Some(Planned::Month(month)) => Date::new(
            i16::try_from(month.year).unwrap_or_default(),
            i8::try_from(month.month).unwrap_or_default(),
            3,
        )
        .unwrap_or(today),
        None => today,
    };
    let request = transition::RecordArrivalRequest {
        request_id: request_id(),
        actor: Some(receiver.actor.clone()),
        occurred_on: Some(date(day.min(today))),
        transition_id: move_.transition_id.clone(),
        ..Default::default()
    };
    receiver.server.transitions().record_arrival(request).await.map_err(|s| told(&s))?;
    Ok(())
}

/// The first steps of the DSA case that the university entry opened.
async fn support_at_university(sender: &Player, case: &str, today: Date) -> anyhow::Result<()> {
    use transition::DsaStep;
    for step in
        [DsaStep::Apply, DsaStep::SupplyEvidence, DsaStep::DecideEligible, DsaStep::BookAssessment]
    {
        let request = transition::RecordStepRequest {
            request_id: request_id(),
            actor: Some(sender.actor.clone()),
            occurred_on: Some(date(today)),
            case_id: case.to_owned(),
            step: step.into(),
            ..Default::default()
        };
        sender.server.dsa().record_step(request).await.map_err(|s| told(&s))?;
    }
    Ok(())
}

/// A request id for a step that the demo takes once.
pub fn request_id() -> String {
    Uuid::now_v7().to_string()
}
