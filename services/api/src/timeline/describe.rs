//! Every fact in plain English: one sentence, its particulars, from where and to where. The one place
//! for it, whoever asks; a fact that is not described here does not compile.
//!
//! Packs and forms are not spelled out: they are read where their reading is recorded, by OpenHandover,
//! OpenForTriage and the holder's claim.

mod care;
mod handover;
mod learner;
mod moves;

use jiff::civil::Date;
use onward_domain::event::{Event, OrganisationFact};
use onward_domain::ids::{DsaCaseId, EventId, HandoverId, ReferralId, TransitionId};
use onward_domain::learner::Setting;

/// A fact in words.
#[derive(Default)]
pub(crate) struct Described {
    /// One sentence.
    pub(crate) summary: String,
    /// The particulars: label and value.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// From where.
    pub(crate) from: Option<Setting>,
    /// To where.
    pub(crate) to: Option<Setting>,
    /// The event that it corrects.
    pub(crate) corrects: Option<EventId>,
    /// The move that it is about.
    pub(crate) transition: Option<TransitionId>,
    /// The handover that it is about.
    pub(crate) handover: Option<HandoverId>,
    /// The referral that it is about.
    pub(crate) referral: Option<ReferralId>,
    /// The Disabled Students' Allowance case that it is about.
    pub(crate) case: Option<DsaCaseId>,
}

/// Who reads it, as far as it changes what is said.
#[derive(Clone, Copy)]
pub(crate) struct Reader {
    /// An organisation of the health service: NHS numbers are spelled out for no other.
    pub(crate) health: bool,
}

/// Describes a fact.
pub(crate) fn describe(event: &Event, reader: Reader) -> Described {
    match event {
        Event::Organisation(fact) => organisation(fact),
        Event::Learner(fact) => learner::describe(fact, reader),
        Event::Transition(fact) => moves::transition(fact),
        Event::Dsa(fact) => moves::dsa(fact),
        Event::Handover(fact) => handover::describe(fact),
        Event::Referral(fact) => care::describe(fact),
    }
}

fn organisation(fact: &OrganisationFact) -> Described {
    let summary = match fact {
        OrganisationFact::Registered(_) => "The organisation was registered.",
        OrganisationFact::MemberAdded(_) => "A member was added.",
        OrganisationFact::MemberRemoved(_) => "A membership was ended.",
    };
    Described::saying(summary)
}

impl Described {
    fn saying(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), ..Self::default() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.facts.push((name, value.into()));
        self
    }

    fn with_some(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn with_flag(self, name: &'static str, value: bool) -> Self {
        self.with(name, if value { "yes" } else { "no" })
    }
}

/// A day as people write it: `1 September 2026`.
fn day(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

/// A code as words: `SUPPORT_IN_PLACE` is `support in place`.
fn words(code: &str) -> String {
    code.to_lowercase().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use onward_domain::codes::dsa::DsaAction;
    use onward_domain::codes::handover::HandoverDecline;
    use onward_domain::codes::reason::TransitionCancel;
    use onward_domain::codes::referral::{Rag, ScreeningTool};
    use onward_domain::dsa::{DsaFact, DsaStepRecorded};
    use onward_domain::handover::{
        HandoverDeclined, HandoverFact, HandoverReleased, Pack, SupportItem,
    };
    use onward_domain::ids::{LearnerId, MemberId, OrganisationId, SupportItemId};
    use onward_domain::learner::{IdentifierAdded, LearnerFact, LearnerNumberKind};
    use onward_domain::referral::{ReferralFact, Screening, ScreeningRecorded};
    use onward_domain::transition::{
        Detail, PhaseTransfer, Planned, SupportBasis, TransitionCancelled, TransitionCorrected,
        TransitionFact, TransitionRecorded,
    };
    use uuid::Uuid;

    use super::*;

    fn id<T: From<Uuid>>(number: u128) -> T {
        Uuid::from_u128(number).into()
    }

    const SCHOOL: Reader = Reader { health: false };

    fn fact<'a>(described: &'a Described, name: &str) -> Option<&'a str> {
        described.facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn transfer() -> Detail {
        Detail::PhaseTransfer(PhaseTransfer {
            from: Setting { organisation: Some(id(1)), ..Setting::default() },
            to: Some(Setting { name: Some("The Academy".to_owned()), ..Setting::default() }),
            nc_year: None,
            planned: Planned::Month { year: 2026, month: 9 },
            basis: SupportBasis::EhcPlan,
        })
    }

    #[test]
    fn a_move_says_from_where_to_where_and_when() {
        let recorded = TransitionFact::Recorded(TransitionRecorded {
            transition: id(7),
            learner: id(2),
            kind: onward_domain::codes::kind::TransitionKind::PrimaryToSecondary,
            phase_transfer: None,
            home_la: Some("302".to_owned()),
            authority: None,
            detail: transfer(),
        });
        let said = describe(&recorded.into(), SCHOOL);
        assert_eq!(said.summary, "A phase transfer was planned for September 2026.");
        assert_eq!(fact(&said, "planned"), Some("2026-09"));
        assert_eq!(fact(&said, "basis"), Some("EHC_PLAN"));
        assert_eq!(said.from.and_then(|from| from.organisation), Some(id::<OrganisationId>(1)));
        assert_eq!(said.to.and_then(|to| to.name).as_deref(), Some("The Academy"));
        assert_eq!(said.transition, Some(id::<TransitionId>(7)));
    }

    #[test]
    fn a_correction_names_what_it_corrects() {
        let corrected = TransitionFact::Corrected(TransitionCorrected {
            transition: id(7),
            learner: id(2),
            corrects: id(70),
            corrects_version: 1,
            detail: Some(transfer()),
            kind: None,
            phase_transfer: None,
            on: None,
            reason: "The wrong school".to_owned(),
        });
        let said = describe(&corrected.into(), SCHOOL);
        assert_eq!(said.corrects, Some(id::<EventId>(70)));
        assert!(said.summary.ends_with('.') && said.to.is_some());
    }

    #[test]
    fn a_pack_is_never_spelled_out() {
        let secret = "Sits by the door";
        let line =
            SupportItem { item: id::<SupportItemId>(9), text: secret.to_owned(), week_one: true };
        let released = HandoverFact::Released(HandoverReleased {
            handover: id(5),
            learner: id(2),
            sender: id(1),
            receiver: id(4),
            transition: None,
            history_shared: true,
            pack_version: 1,
            pack: Pack { support: vec![line], ..Pack::default() },
        });
        let said = describe(&released.into(), SCHOOL);
        assert_eq!(said.summary, "A handover was released to the receiver.");
        assert!(!said.facts.iter().any(|(_, value)| value.contains(secret)));
        assert_eq!(fact(&said, "history_shared"), Some("yes"));
    }

    #[test]
    fn reasons_are_codes_and_words() {
        let declined = HandoverFact::Declined(HandoverDeclined {
            handover: id(5),
            learner: id(2),
            reason: HandoverDecline::NoPlaceOffered,
            note: None,
        });
        let said = describe(&declined.into(), SCHOOL);
        assert_eq!(said.summary, "The handover was declined: no place offered.");
        assert_eq!(fact(&said, "reason"), Some("NO_PLACE_OFFERED"));
        let cancelled = TransitionFact::Cancelled(TransitionCancelled {
            transition: id(7),
            learner: id(2),
            reason: TransitionCancel::WentElsewhere,
        });
        let said = describe(&cancelled.into(), SCHOOL);
        assert_eq!(said.summary, "The move was called off: went elsewhere.");
    }

    #[test]
    fn an_nhs_number_is_spelled_out_for_health_only() {
        let added = LearnerFact::IdentifierAdded(IdentifierAdded {
            learner: id::<LearnerId>(2),
            kind: LearnerNumberKind::Nhs,
            value: "9434765919".to_owned(),
            former: false,
            from: None,
        });
        let event = Event::from(added);
        assert_eq!(fact(&describe(&event, SCHOOL), "value"), Some("******5919"));
        let team = describe(&event, Reader { health: true });
        assert_eq!(fact(&team, "value"), Some("9434765919"));
    }

    #[test]
    fn a_screening_tells_tool_result_and_day() {
        let screening = Screening {
            tool: ScreeningTool::WellcommEy,
            tool_version: None,
            section: Some("6".to_owned()),
            age_months: Some(41),
            raw_score: None,
            standard_score: None,
            rag: Rag::Amber,
            language: None,
            screened_by_role: None,
            on: date(2026, 9, 14),
        };
        let recorded = ReferralFact::ScreeningRecorded(ScreeningRecorded {
            referral: id(8),
            learner: id(2),
            keeper: id::<MemberId>(3),
            screening,
        });
        let said = describe(&recorded.into(), SCHOOL);
        assert_eq!(said.summary, "The child was screened on 14 September 2026: amber.");
        assert_eq!(fact(&said, "tool"), Some("WELLCOMM_EY"));
        assert_eq!(said.referral, Some(id::<ReferralId>(8)));
    }

    #[test]
    fn every_step_of_a_case_has_its_sentence() {
        for action in DsaAction::ALL {
            let step = DsaFact::Stepped(DsaStepRecorded {
                case: id(6),
                learner: id(2),
                action: *action,
                reason: None,
                supplier: None,
            });
            let said = describe(&step.into(), SCHOOL);
            assert!(said.summary.len() > 20 && said.summary.ends_with('.'), "{action}");
        }
    }
}
