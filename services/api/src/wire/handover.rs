//! Handovers: drafts and answers in; packs, answers and what is missing out.

use onward_contract::handover::v1 as wire;
use onward_contract::handover::v1::support_answer::Answer;
use onward_contract::receipt::v1::Warning as WireWarning;
use onward_domain::codes::CodeSet;
use onward_domain::codes::handover::{Ground, NotNeededReason};
use onward_domain::decider::{Now, Refusal, not_in_future};
use onward_domain::handover::{
    Check, GroundStatement, HandoverState, MustHave, Pack, RightHolder, Section, SupportAnswer,
    SupportItem, Warning,
};
use onward_domain::ids::SupportItemId;
use prost::Message;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::code::{self, WireEnum, wire_enums};
use super::request::writes;
use super::{date, learner, optional_id, person, text};

wire_enums!(
    wire::HandoverState => "HANDOVER_STATE_",
    wire::HandoverDeclineReason => "HANDOVER_DECLINE_REASON_",
    wire::HandoverWithdrawReason => "HANDOVER_WITHDRAW_REASON_",
    wire::SupportNotNeededReason => "SUPPORT_NOT_NEEDED_REASON_",
    wire::MustHave => "MUST_HAVE_",
    wire::PlanSectionCode => "PLAN_SECTION_CODE_",
    wire::ReleaseGround => "RELEASE_GROUND_",
    wire::RightHolderKind => "RIGHT_HOLDER_KIND_",
);

writes! {
    wire::CreateHandoverRequest {}
    wire::EditHandoverRequest { expected }
    wire::ReleaseHandoverRequest { expected moment }
    wire::WithdrawHandoverRequest { expected moment }
    wire::OpenHandoverRequest { expected moment }
    wire::AcceptHandoverRequest { expected moment }
    wire::DeclineHandoverRequest { expected moment }
    wire::ConfirmSupportRequest { expected moment }
}

/// Most bytes of a pack, all its texts together. One event may hold 256 KiB; the rest is for who the learner
/// is and for what sealing adds.
const LARGEST_PACK: usize = 200 * 1024;

/// Everything that a draft says but who the learner is: that comes from the sender's record.
///
/// # Errors
/// `Refusal::Invalid` with the path of what cannot be.
pub fn pack(draft: &wire::HandoverDraft, now: Now) -> Result<Pack, Refusal> {
    const AT: &str = "draft.pack";
    let said = draft.pack.clone().unwrap_or_default();
    if said.encoded_len() > LARGEST_PACK {
        return Err(Refusal::field(AT, "holds more than 200 KiB in all; shorten its texts"));
    }
    // Whoever reads the draft sees codes that no list has; nothing here stops them.
    let (needs, _) = learner::needs(&format!("{AT}.needs"), &said.needs, now.today)?;
    let support = said.support.iter().enumerate();
    let sections = said.sections.iter().enumerate();
    let grounds = said.grounds.iter().enumerate();
    Ok(Pack {
        person: None,
        upn: None,
        uln: None,
        communication_method: text(&said.communication_method),
        pronouns: text(&said.pronouns),
        right_holder: said.right_holder.as_ref().map(right_holder).transpose()?,
        needs,
        support: support
            .map(|(at, line)| support_line(&format!("{AT}.support[{at}]"), line))
            .collect::<Result<_, _>>()?,
        sections: sections
            .map(|(at, part)| section(&format!("{AT}.sections[{at}]"), part, now))
            .collect::<Result<_, _>>()?,
        adulthood: text(&said.preparing_for_adulthood),
        screening: text(&said.screening),
        evidence: text(&said.evidence),
        contact: text(&said.contact),
        holiday_contact: text(&said.holiday_contact),
        safeguarding_file_follows: said.safeguarding_file_follows,
        include_history: draft.include_history,
        grounds: grounds
            .map(|(at, said)| ground(&format!("{AT}.grounds[{at}]"), said, now))
            .collect::<Result<_, _>>()?,
    })
}

fn right_holder(said: &wire::RightHolder) -> Result<RightHolder, Refusal> {
    let fault = || Refusal::field("draft.pack.right_holder.kind", "must be given");
    let kind = wire::RightHolderKind::try_from(said.kind).map_err(|_| fault())?;
    if kind == wire::RightHolderKind::Unspecified {
        return Err(fault());
    }
    let role = kind.name().trim_start_matches(wire::RightHolderKind::PREFIX).to_lowercase();
    Ok(RightHolder {
        name: said.name.trim().to_owned(),
        role,
        contact: said.contact.trim().to_owned(),
    })
}

fn support_line(field: &str, line: &wire::SupportLine) -> Result<SupportItem, Refusal> {
    let item = optional_id(&format!("{field}.item_id"), line.item_id.as_deref())?;
    Ok(SupportItem {
        item: item.unwrap_or_else(|| SupportItemId::new(Uuid::now_v7())),
        text: line.text.trim().to_owned(),
        week_one: line.week_one,
    })
}

fn section(field: &str, part: &wire::PlanSection, now: Now) -> Result<Section, Refusal> {
    let path = format!("{field}.code");
    let fault = || Refusal::field(path.as_str(), "must be one of the values of the contract");
    let code = wire::PlanSectionCode::try_from(part.code).map_err(|_| fault())?;
    if code == wire::PlanSectionCode::Unspecified {
        return Err(fault());
    }
    let under = format!("{field}.ground");
    Ok(Section {
        code: code.name().trim_start_matches(wire::PlanSectionCode::PREFIX).to_owned(),
        text: part.text.clone(),
        ground: part.ground.as_ref().map(|said| ground(&under, said, now)).transpose()?,
    })
}

fn ground(field: &str, said: &wire::GroundStatement, now: Now) -> Result<GroundStatement, Refusal> {
    let on = date::optional(&format!("{field}.on"), said.on.as_ref())?;
    if let Some(on) = on {
        not_in_future(&format!("{field}.on"), on, now)?;
    }
    let path = format!("{field}.ground");
    Ok(GroundStatement {
        ground: code::parse::<wire::ReleaseGround, Ground>(&path, said.ground)?,
        on,
        objection_answered: said.objection_answered,
    })
}

/// A pack as the contract shows it.
pub fn shown_pack(pack: &Pack) -> wire::HandoverPack {
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    wire::HandoverPack {
        learner: person::pack_learner(pack),
        pronouns: optional(&pack.pronouns),
        communication_method: optional(&pack.communication_method),
        right_holder: pack.right_holder.as_ref().map(shown_right_holder),
        needs: pack.needs.iter().map(person::need).collect(),
        support: pack.support.iter().map(shown_line).collect(),
        sections: pack.sections.iter().map(shown_section).collect(),
        preparing_for_adulthood: optional(&pack.adulthood),
        screening: optional(&pack.screening),
        evidence: optional(&pack.evidence),
        contact: optional(&pack.contact),
        holiday_contact: optional(&pack.holiday_contact),
        safeguarding_file_follows: pack.safeguarding_file_follows,
        grounds: pack.grounds.iter().map(shown_ground).collect(),
    }
}

fn shown_right_holder(held: &RightHolder) -> wire::RightHolder {
    wire::RightHolder {
        kind: code::text_number::<wire::RightHolderKind>(&held.role.to_uppercase()),
        name: held.name.clone(),
        contact: held.contact.clone(),
    }
}

fn shown_line(item: &SupportItem) -> wire::SupportLine {
    wire::SupportLine {
        item_id: Some(item.item.to_string()),
        text: item.text.clone(),
        week_one: item.week_one,
    }
}

fn shown_section(section: &Section) -> wire::PlanSection {
    wire::PlanSection {
        code: section_code(&section.code),
        text: section.text.clone(),
        ground: section.ground.as_ref().map(shown_ground),
    }
}

fn shown_ground(said: &GroundStatement) -> wire::GroundStatement {
    wire::GroundStatement {
        ground: code::number::<wire::ReleaseGround, _>(said.ground),
        on: said.on.map(date::wire),
        objection_answered: said.objection_answered,
    }
}

/// A section's number in the contract.
pub fn section_code(code: &str) -> i32 {
    code::text_number::<wire::PlanSectionCode>(code)
}

/// SHA-256 of a pack as the contract encodes it, in hex: fields in the order of their numbers.
pub fn sha256(pack: &Pack) -> String {
    let digest = Sha256::digest(shown_pack(pack).encode_to_vec());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a draft lacks.
pub fn missing(check: &Check) -> Vec<i32> {
    check.missing.iter().map(|must| code::number::<wire::MustHave, MustHave>(*must)).collect()
}

/// What is worth a look.
pub fn warnings(check: &Check) -> Vec<WireWarning> {
    let one = |warning: &Warning| WireWarning {
        field: field_of(*warning).to_owned(),
        reason: warning.code().to_owned(),
        message: warning.in_words().to_owned(),
    };
    check.warnings.iter().map(one).collect()
}

fn field_of(warning: Warning) -> &'static str {
    match warning {
        Warning::NoNumber => "draft.pack.learner.upn",
        Warning::NoCommunication => "draft.pack.communication_method",
        Warning::NoContact => "draft.pack.contact",
        Warning::NoAdulthood => "draft.pack.preparing_for_adulthood",
        Warning::NoSections => "draft.pack.sections",
        Warning::Sensitive => "draft.pack.learner",
    }
}

/// A state's number in the contract.
pub fn state(state: Option<HandoverState>) -> i32 {
    state.map_or(0, code::number::<wire::HandoverState, _>)
}

/// An answer about an agreed item.
///
/// # Errors
/// No answer, or a day or reason that cannot be.
pub fn answer(field: &str, said: Option<&wire::SupportAnswer>) -> Result<SupportAnswer, Refusal> {
    let said = said.and_then(|said| said.answer.as_ref());
    let path = |name: &str| format!("{field}.answer.{name}");
    match said {
        None => Err(Refusal::field(format!("{field}.answer"), "must be given")),
        Some(Answer::InPlace(said)) => {
            date::required(&path("in_place.since"), said.since.as_ref()).map(SupportAnswer::InPlace)
        }
        Some(Answer::Partly(_)) => Ok(SupportAnswer::Partly),
        Some(Answer::NotYet(said)) => {
            date::required(&path("not_yet.by"), said.by.as_ref()).map(SupportAnswer::NotYet)
        }
        Some(Answer::NotNeeded(said)) => {
            let path = path("not_needed.reason");
            code::parse::<wire::SupportNotNeededReason, NotNeededReason>(&path, said.reason)
                .map(SupportAnswer::NotNeeded)
        }
    }
}

/// An answer as the contract shows it.
pub fn shown_answer(answer: &SupportAnswer) -> wire::SupportAnswer {
    let answer = match answer {
        SupportAnswer::InPlace(since) => {
            Answer::InPlace(wire::SupportInPlace { since: Some(date::wire(*since)) })
        }
        SupportAnswer::Partly => Answer::Partly(wire::SupportPartly {}),
        SupportAnswer::NotYet(by) => {
            Answer::NotYet(wire::SupportNotYet { by: Some(date::wire(*by)) })
        }
        SupportAnswer::NotNeeded(reason) => Answer::NotNeeded(wire::SupportNotNeeded {
            reason: code::number::<wire::SupportNotNeededReason, _>(*reason),
        }),
    };
    wire::SupportAnswer { answer: Some(answer) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as day;
    use onward_domain::codes::handover::{HandoverDecline, HandoverWithdraw};

    use super::*;

    fn now() -> Now {
        crate::guard::now("2026-06-01T10:00:00Z".parse().expect("a moment"))
    }

    fn statement(on: Option<jiff::civil::Date>) -> wire::GroundStatement {
        wire::GroundStatement {
            ground: wire::ReleaseGround::NamedInSectionI.into(),
            on: on.map(date::wire),
            objection_answered: true,
        }
    }

    fn draft() -> wire::HandoverDraft {
        let pack = wire::HandoverPack {
            pronouns: "they/them".to_owned(),
            right_holder: Some(wire::RightHolder {
                kind: wire::RightHolderKind::YoungPerson.into(),
                name: "A name".to_owned(),
                contact: "A way".to_owned(),
            }),
            support: vec![wire::SupportLine {
                item_id: Some("0192f0c1-0000-7000-8000-000000000001".to_owned()),
                text: "A quiet place".to_owned(),
                week_one: true,
            }],
            sections: vec![wire::PlanSection {
                code: wire::PlanSectionCode::H1.into(),
                text: "…".to_owned(),
                ground: Some(statement(Some(day(2026, 5, 1)))),
            }],
            holiday_contact: "The office".to_owned(),
            safeguarding_file_follows: true,
            grounds: vec![statement(None)],
            ..Default::default()
        };
        wire::HandoverDraft { pack: Some(pack), include_history: true, ..Default::default() }
    }

    #[test]
    fn a_draft_comes_back_as_it_was_said() {
        let read = pack(&draft(), now()).expect("a pack");
        assert!(read.include_history);
        assert_eq!(read.sections[0].code, "H1");
        assert_eq!(read.right_holder.as_ref().map(|who| who.role.as_str()), Some("young_person"));
        assert!(Some(shown_pack(&read)) == draft().pack);
        assert_eq!(sha256(&read).len(), 64);
    }

    #[test]
    fn a_ground_of_tomorrow_is_refused_by_its_path() {
        let mut early = draft();
        if let Some(said) = &mut early.pack {
            said.grounds = vec![statement(Some(day(2026, 6, 2)))];
        }
        let Err(Refusal::Invalid(faults)) = pack(&early, now()) else { panic!("refused") };
        assert_eq!(faults[0].field, "draft.pack.grounds[0].on");
    }

    #[test]
    fn answers_come_back() {
        for said in [
            SupportAnswer::InPlace(day(2026, 9, 2)),
            SupportAnswer::Partly,
            SupportAnswer::NotYet(day(2026, 10, 1)),
            SupportAnswer::NotNeeded(NotNeededReason::MetAnotherWay),
        ] {
            assert_eq!(answer("answers[0]", Some(&shown_answer(&said))), Ok(said));
        }
        assert!(answer("answers[0]", None).is_err());
        let empty = wire::SupportInPlace { since: None };
        let empty = wire::SupportAnswer { answer: Some(Answer::InPlace(empty)) };
        let Err(Refusal::Invalid(faults)) = answer("answers[0]", Some(&empty)) else {
            panic!("refused")
        };
        assert_eq!(faults[0].field, "answers[0].answer.in_place.since");
    }

    #[test]
    fn every_code_has_its_number() {
        fn all<W: WireEnum, C: CodeSet>() {
            for member in C::ALL {
                assert_ne!(code::number::<W, C>(*member), 0, "{} {}", C::SET, member.code());
            }
        }
        all::<wire::HandoverState, HandoverState>();
        all::<wire::MustHave, MustHave>();
        all::<wire::ReleaseGround, Ground>();
        all::<wire::SupportNotNeededReason, NotNeededReason>();
        all::<wire::HandoverDeclineReason, HandoverDecline>();
        all::<wire::HandoverWithdrawReason, HandoverWithdraw>();
        for code in ["A", "B", "C", "D", "E", "F", "G", "H1", "H2", "I", "J", "K"] {
            assert_ne!(section_code(code), 0, "{code}");
        }
    }
}
