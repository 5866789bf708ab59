//! Packs of a handover, and answers about what they ask for.

use onward_contract::google::r#type::Date;
use onward_contract::handover::v1 as wire;
use onward_contract::handover::v1::support_answer::Answer;

use super::date;

/// A ground that was told, asked for or given on 1 July 2026.
pub fn told(ground: wire::ReleaseGround) -> wire::GroundStatement {
    wire::GroundStatement {
        ground: ground.into(),
        on: Some(date(2026, 7, 1)),
        objection_answered: true,
    }
}

fn support(text: &str, week_one: bool) -> wire::SupportLine {
    wire::SupportLine { item_id: None, text: text.to_owned(), week_one }
}

/// A pack for the next school or college: two lines of support and one section of the plan.
pub fn pack(recipient: &str, transition: Option<&str>) -> wire::HandoverDraft {
    let pack = wire::HandoverPack {
        communication_method: "Speech, and signs when tired".to_owned(),
        right_holder: Some(wire::RightHolder {
            kind: wire::RightHolderKind::Parent.into(),
            name: "Rosalind Hartley-Quayle".to_owned(),
            contact: "07700 900201, evenings".to_owned(),
        }),
        support: vec![
            support("A visual timetable on the desk", true),
            support("Ten minutes with the therapist on Tuesdays", false),
        ],
        sections: vec![wire::PlanSection {
            code: wire::PlanSectionCode::F.into(),
            text: "Twenty hours of support in class".to_owned(),
            ground: Some(told(wire::ReleaseGround::NamedInSectionI)),
        }],
        contact: "SENCO, 020 7946 0011".to_owned(),
        holiday_contact: "Office, 020 7946 0012".to_owned(),
        grounds: vec![told(wire::ReleaseGround::NamedInSectionI)],
        ..Default::default()
    };
    wire::HandoverDraft {
        recipient_organisation_id: recipient.to_owned(),
        transition_id: transition.map(str::to_owned),
        pack: Some(pack),
        include_history: true,
    }
}

/// As [`pack`], with the assessment that an apprenticeship needs.
pub fn pack_for_an_apprenticeship(recipient: &str, transition: &str) -> wire::HandoverDraft {
    with(pack(recipient, Some(transition)), |pack| {
        pack.evidence = "Assessed in June; a reader and extra time; reviewed every term".to_owned();
    })
}

/// As [`pack`], on the young person's own dated request: the only ground for a university.
pub fn pack_on_request(recipient: &str, transition: &str) -> wire::HandoverDraft {
    with(pack(recipient, Some(transition)), |pack| {
        let request = told(wire::ReleaseGround::RequestOfYp);
        pack.grounds = vec![request];
        for section in &mut pack.sections {
            section.ground = Some(request);
        }
        if let Some(holder) = &mut pack.right_holder {
            holder.kind = wire::RightHolderKind::YoungPerson.into();
        }
    })
}

fn with(
    mut draft: wire::HandoverDraft,
    change: impl FnOnce(&mut wire::HandoverPack),
) -> wire::HandoverDraft {
    change(draft.pack.get_or_insert_default());
    draft
}

fn answer(item: &str, answer: Answer) -> wire::ItemAnswer {
    wire::ItemAnswer {
        item_id: item.to_owned(),
        answer: Some(wire::SupportAnswer { answer: Some(answer) }),
    }
}

/// The item is in place since a day.
pub fn in_place(item: &str, since: Date) -> wire::ItemAnswer {
    answer(item, Answer::InPlace(wire::SupportInPlace { since: Some(since) }))
}

/// The item is partly in place.
pub fn partly(item: &str) -> wire::ItemAnswer {
    answer(item, Answer::Partly(wire::SupportPartly {}))
}

/// The item is not yet in place.
pub fn not_yet(item: &str, by: Date) -> wire::ItemAnswer {
    answer(item, Answer::NotYet(wire::SupportNotYet { by: Some(by) }))
}
