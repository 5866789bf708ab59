//! Another organisation's ids, in every field that takes one: the same answer as for an id of nothing.

use onward_contract::access::v1::{MemberRole, OrganisationKind};
use onward_contract::directory::v1::AddMemberRequest;
use onward_contract::learner::v1 as learner;
use onward_contract::referral::v1::Priority;
use onward_tests::actors::{Member, PathfinderMember, Provider, Senco};
use onward_tests::builders::{
    Child, date, higher_education, nobodys_id, pack, phase_transfer, referral, request_id, ukprn,
    upn, urn,
};
use onward_tests::expect::face;
use onward_tests::world::{House, Setup, World};
use prost::Message;
use prost_reflect::Value;
use tonic::Code;

use super::samples::{Way, set, spelt, valid, ways};
use super::{Method, raw};

/// What one organisation holds: an id for each field that could name one of its things.
#[derive(Clone, Default)]
struct Holdings {
    learner: String,
    transition: String,
    event: String,
    draft: String,
    /// Released to the organisation, and opened.
    opened: String,
    /// Released to the organisation, and accepted.
    accepted: String,
    item: String,
    case: String,
    referral: String,
    enrolment: String,
    member: String,
    organisation: String,
    /// To whom something may be sent: neither the caller nor the stranger.
    receiver: String,
    queue: String,
}

/// A way that names nothing held by anybody, or that is left out of the answer rather than refused.
const NOT_HELD: [&str; 8] = [
    "request_id",
    "successor_of",
    "recipient_organisation_id",
    "sender_organisation_id",
    "setting_organisation_ids",
    "referral_ids",
    "item_id of SupportLine",
    "organisation_id of SettingRef",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_organisations_ids_are_not_found_like_ids_of_nothing_on_sqlite()
-> anyhow::Result<()> {
    every_id_in_every_field(World::start(Setup::SQLITE).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_organisations_ids_are_not_found_like_ids_of_nothing_on_postgres()
-> anyhow::Result<()> {
    every_id_in_every_field(World::start(Setup::POSTGRES).await?).await
}

async fn every_id_in_every_field(world: World) -> anyhow::Result<()> {
    let scene = Scene::of(&world).await?;
    let head = world.operator().head().await?;
    let mut tried = 0;
    let mut faults = Vec::new();
    for method in Method::all() {
        if method.descriptor.is_client_streaming() {
            continue; // Their items are the requests of the unary methods.
        }
        let Some((caller, own, other)) = scene.sides(&method) else { continue };
        for way in ids_of(&method) {
            tried += 1;
            let foreign = held(&method, &way, other);
            let theirs = ask(caller, &method, &way, own, &foreign).await;
            let nothing = ask(caller, &method, &way, own, &nothing_like(&foreign)).await;
            let place = format!("{} {}", method.path, spelt(&way));
            match (theirs, nothing) {
                (Err(theirs), Err(nothing)) => {
                    if theirs.code() != Code::NotFound || face(&theirs) != face(&nothing) {
                        faults.push(format!("{place}: {theirs:?} / {nothing:?}"));
                    }
                }
                (theirs, nothing) => {
                    let (theirs, nothing) = (theirs.is_ok(), nothing.is_ok());
                    faults.push(format!("{place}: shown {theirs} / {nothing}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} of {tried}:\n{}", faults.len(), faults.join("\n"));
    assert!(tried > 60, "{tried} fields were tried");
    assert_eq!(world.operator().head().await?, head, "no refusal leaves a row behind");
    Ok(())
}

/// Organisations are everybody's to see, so that only one that does not exist is not found.
#[tokio::test]
async fn a_setting_that_does_not_exist_is_not_found() -> anyhow::Result<()> {
    let world = World::start(Setup::SQLITE).await?;
    let scene = Scene::of(&world).await?;
    let head = world.operator().head().await?;
    let mut faults = Vec::new();
    for method in Method::all() {
        let Some((caller, own, _)) = scene.sides(&method) else { continue };
        if method.descriptor.is_client_streaming() {
            continue;
        }
        let named = |way: &Way| {
            let field = way.last().expect("a way leads somewhere");
            let parent = field.parent_message();
            let setting = parent.name() == "SettingRef" && field.name() == "organisation_id";
            setting || field.name() == "recipient_organisation_id"
        };
        let all = ways(&method.descriptor.input(), &|_, rules| rules.uuid());
        for way in all.iter().filter(|way| named(way)) {
            let answer = ask(caller, &method, way, own, &nobodys_id()).await;
            if !answer.as_ref().is_err_and(|status| status.code() == Code::NotFound) {
                faults.push(format!("{} {}: {answer:?}", method.path, spelt(way)));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(world.operator().head().await?, head, "no refusal leaves a row behind");
    Ok(())
}

/// Calls with an id in one field, and the caller's own ids in all others.
async fn ask(
    caller: &Member,
    method: &Method,
    way: &Way,
    own: &Holdings,
    id: &str,
) -> Result<Vec<u8>, tonic::Status> {
    let ids = |name: &str| own.id(method.name(), name);
    let mut message = valid(&method.descriptor.input(), &ids);
    if method.name() == "GetQueue" || method.name().ends_with("Queue") {
        message.set_field_by_name("queue_id", Value::String(own.queue.clone()));
    }
    set(&mut message, way, Value::String(id.to_owned()), &ids);
    raw::call(caller, method, message.encode_to_vec()).await
}

/// An id of the same shape that names nothing.
fn nothing_like(id: &str) -> String {
    if id.starts_with("elsec-") { "elsec-nowhere".to_owned() } else { nobodys_id() }
}

/// The ways to every id that somebody holds.
fn ids_of(method: &Method) -> Vec<Way> {
    let input = method.descriptor.input();
    let all = ways(&input, &|field, rules| {
        rules.uuid() || rules.items().uuid() || field.name() == "queue_id"
    });
    all.into_iter()
        .filter(|way| {
            let field = way.last().expect("a way leads somewhere");
            let inside = format!("{} of {}", field.name(), field.parent_message().name());
            !NOT_HELD.contains(&field.name()) && !NOT_HELD.contains(&inside.as_str())
        })
        // Everybody may look up any organisation.
        .filter(|way| !(method.name() == "GetOrganisation" && way.len() == 1))
        .collect()
}

/// What the other organisation holds of what a field names.
fn held(method: &Method, way: &Way, other: &Holdings) -> String {
    other.id(method.name(), way.last().expect("a way leads somewhere").name())
}

impl Holdings {
    fn id(&self, method: &str, field: &str) -> String {
        let id = match field {
            "learner_id" => &self.learner,
            "transition_id" => &self.transition,
            "mistaken_event_id" => &self.event,
            "handover_id" => match method {
                "OpenHandover" | "AcceptHandover" | "DeclineHandover" => &self.opened,
                "ConfirmSupport" | "GetHandover" => &self.accepted,
                _ => &self.draft,
            },
            "item_id" => &self.item,
            "case_id" | "previous_case_id" => &self.case,
            "referral_id" => &self.referral,
            "enrolment_id" => &self.enrolment,
            "member_id" | "deputy_member_id" => &self.member,
            "organisation_id" => &self.organisation,
            "recipient_organisation_id" => &self.receiver,
            "queue_id" => &self.queue,
            _ => return nobodys_id(),
        };
        id.clone()
    }
}

/// Two schools and two teams, each with one of everything.
struct Scene {
    school: Member,
    team: Member,
    own: Holdings,
    other: Holdings,
    own_queue: Holdings,
    other_queue: Holdings,
}

impl Scene {
    async fn of(world: &World) -> anyhow::Result<Self> {
        let roles = [MemberRole::Senco, MemberRole::Leadership, MemberRole::Admin];
        let team = [MemberRole::Supervisor, MemberRole::Triage, MemberRole::Clinician];
        let school = world.member(House::Secondary, &roles).await?;
        let stranger = world.member(House::Stranger, &roles).await?;
        let sender = world.senco(House::Primary).await?;
        let nursery = world.senco(House::Nursery).await?;
        let london = world.member(House::London, &team).await?;
        let yorkshire = world.member(House::Yorkshire, &team).await?;
        let mut own = holdings(&school, House::Secondary).await?;
        let mut other = holdings(&stranger, House::Stranger).await?;
        receive(world, &sender, &school, House::Secondary, 8100, &mut own).await?;
        receive(world, &sender, &stranger, House::Stranger, 8200, &mut other).await?;
        let child = Child::of_nursery();
        let learner = nursery.register(&child).await?.learner_id;
        let there = nursery.refer(referral(&learner)).await?.referral_id;
        let own_queue = in_queue(&london, House::London, own.referral.clone()).await?;
        let other_queue = in_queue(&yorkshire, House::Yorkshire, there).await?;
        Ok(Self { school, team: london, own, other, own_queue, other_queue })
    }

    /// Who calls a method, with whose ids: a school, or a team; nobody else holds anything.
    fn sides(&self, method: &Method) -> Option<(&Member, &Holdings, &Holdings)> {
        let queue = method.descriptor.parent_service().name() == "QueueService";
        if queue {
            Some((&self.team, &self.own_queue, &self.other_queue))
        } else if method.admits_kind(OrganisationKind::School) {
            Some((&self.school, &self.own, &self.other))
        } else {
            None
        }
    }
}

async fn holdings(member: &Member, house: House) -> anyhow::Result<Holdings> {
    let senco = Senco(member.clone());
    let serial = if house == House::Secondary { 8000 } else { 8010 };
    let child = Child { upn: Some(upn(serial)), ..Child::of_year_6() };
    let registered = senco.register(&child).await?.learner_id;
    let from = urn(house.number());
    let to = urn(House::College.number());
    let recorded = senco.record(phase_transfer(&registered, from.clone(), to)).await?;
    let university = ukprn(House::University.number());
    let entry = senco.record(higher_education(&registered, from, university)).await?;
    // Young enough for the pathfinder.
    let born = date(2019, 10, 3);
    let refer = Child { upn: Some(upn(serial + 50)), born, ..Child::of_year_6() };
    let referred = senco.register(&refer).await?.learner_id;
    let enrolment = learner::RecordEnrolmentRequest {
        request_id: request_id(),
        learner_id: registered.clone(),
        enrolment: Some(learner::NewEnrolment {
            kind: learner::EnrolmentKind::Main.into(),
            from: Some(date(2025, 9, 1)),
            ..Default::default()
        }),
        ..Default::default()
    };
    let enrolled = senco.learners().record_enrolment(enrolment).await?.into_inner();
    let colleague = AddMemberRequest {
        request_id: request_id(),
        organisation_id: senco.organisation.clone(),
        issuer: "elsewhere".to_owned(),
        subject: "colleague".to_owned(),
        name: "Colleague".to_owned(),
        roles: vec![MemberRole::Dsl.into()],
        ..Default::default()
    };
    let colleague = senco.directory().add_member(colleague).await?.into_inner();
    Ok(Holdings {
        transition: recorded.transition_id,
        event: recorded.receipt.unwrap_or_default().event_ids[0].clone(),
        case: entry.dsa_case_id,
        referral: senco.refer(referral(&referred)).await?.referral_id,
        enrolment: enrolled.enrolment_id,
        member: colleague.member_id,
        organisation: senco.organisation.clone(),
        learner: registered,
        ..Default::default()
    })
}

/// A draft of its own, and two handovers from the primary: one opened, one accepted.
async fn receive(
    world: &World,
    sender: &Senco,
    member: &Member,
    house: House,
    serial: u32,
    holds: &mut Holdings,
) -> anyhow::Result<()> {
    let (senco, receiver) = (Senco(member.clone()), Provider(member.clone()));
    world.id(House::College).clone_into(&mut holds.receiver);
    let draft = pack(&holds.receiver, None);
    holds.draft = senco.draft(&holds.learner, draft).await?.handover_id;
    for (number, accept) in [(0, false), (1, true)] {
        let child = Child { upn: Some(upn(serial + number)), ..Child::of_year_6() };
        let learner = sender.register(&child).await?.learner_id;
        let id = sender.draft(&learner, pack(world.id(house), None)).await?.handover_id;
        sender.release(&id).await?;
        receiver.open(&id).await?;
        if accept {
            receiver.accept(&id, None).await?;
            let stands = receiver.handover(&id, onward_tests::actors::NOW).await?;
            holds.item = stands.items[0].item_id.clone();
            holds.accepted = id;
        } else {
            holds.opened = id;
        }
    }
    Ok(())
}

async fn in_queue(team: &Member, house: House, referral: String) -> anyhow::Result<Holdings> {
    PathfinderMember(team.clone()).take_in(&referral, Priority::Routine).await?;
    Ok(Holdings {
        referral,
        queue: house.queue().to_owned(),
        organisation: team.organisation.clone(),
        ..Default::default()
    })
}
