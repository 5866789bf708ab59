//! Referrals: forms and screenings in both directions, codes of both sides of a queue.

use jiff::civil::Date;
use onward_contract::referral::v1 as wire;
use onward_domain::codes::referral::{
    ConsentMethod, NeedTick, Priority, Rag, ReferralSource, ReferrerRole, ScreeningTool,
};
use onward_domain::decider::{Now, Refusal, not_in_future};
use onward_domain::learner::{LearnerNumberKind, Person};
use onward_domain::numbers::{Kind, Outcome, check};
use onward_domain::referral::{
    Bucket, Form, PriorScreening, ReferralConsent, ReferralState, Screening,
};

use super::code::{self, wire_enums};
use super::request::writes;
use super::{date, learner, person, text};

wire_enums!(
    wire::ReferralState => "REFERRAL_STATE_",
    wire::ReferralBucket => "REFERRAL_BUCKET_",
    wire::ReferralSource => "REFERRAL_SOURCE_",
    wire::ReferrerRole => "REFERRER_ROLE_",
    wire::NeedTick => "NEED_TICK_",
    wire::Rag => "RAG_",
    wire::ReferralConsentMethod => "REFERRAL_CONSENT_METHOD_",
    wire::ScreeningTool => "SCREENING_TOOL_",
    wire::ReferralRejectReason => "REFERRAL_REJECT_REASON_",
    wire::RedirectTarget => "REDIRECT_TARGET_",
    wire::ReferralOutcome => "REFERRAL_OUTCOME_",
);

writes! {
    wire::SubmitReferralRequest { occurred }
    wire::ProvideInformationRequest { expected occurred }
    wire::WithdrawReferralRequest { expected occurred }
    wire::OpenForTriageRequest { expected }
    wire::RequestInformationRequest { expected }
    wire::AcceptReferralRequest { expected occurred }
    wire::RejectReferralRequest { expected occurred }
    wire::RedirectReferralRequest { expected occurred }
    wire::ClaimReferralsRequest {}
    wire::ExtendClaimRequest { expected }
    wire::ReleaseClaimRequest { expected }
    wire::RecordScreeningRequest { expected }
    wire::RecordInterventionRequest { expected occurred }
    wire::RecordRescreenRequest { expected }
    wire::CloseReferralRequest { expected occurred }
}

/// The child of a form, from the referrer's own record.
#[derive(Clone)]
pub struct Child {
    /// Who the child is.
    pub person: Person,
    /// Current UPN.
    pub upn: Option<String>,
}

/// A priority; none for the zero value.
///
/// # Errors
/// Not one of the contract's.
pub fn priority(field: &str, number: i32) -> Result<Option<Priority>, Refusal> {
    if number == 0 {
        return Ok(None);
    }
    let level = u8::try_from(number).ok();
    let found = level.and_then(|level| Priority::from_level(level).ok());
    let fault = || Refusal::field(field, "must be one of the values of the contract");
    found.map(Some).ok_or_else(fault)
}

/// A priority's number in the contract: its level.
pub fn priority_number(priority: Priority) -> i32 {
    i32::from(priority.level())
}

/// A state's number in the contract.
pub fn state(state: ReferralState) -> i32 {
    code::number::<wire::ReferralState, _>(state)
}

/// A bucket's number in the contract.
pub fn bucket(bucket: Bucket) -> i32 {
    code::number::<wire::ReferralBucket, _>(bucket)
}

/// States of a filter.
///
/// # Errors
/// Not values of the contract.
pub fn states(numbers: &[i32]) -> Result<Vec<ReferralState>, Refusal> {
    let one = |number: &i32| code::parse::<wire::ReferralState, _>("states", *number);
    numbers.iter().map(one).collect()
}

/// Ticks of a form or a filter.
///
/// # Errors
/// Not values of the contract.
pub fn ticks(field: &str, numbers: &[i32]) -> Result<Vec<NeedTick>, Refusal> {
    let one = |number: &i32| code::parse::<wire::NeedTick, _>(field, *number);
    numbers.iter().map(one).collect()
}

/// Ticks as the contract spells them.
pub fn tick_numbers(ticks: &[NeedTick]) -> Vec<i32> {
    ticks.iter().map(|tick| code::number::<wire::NeedTick, _>(*tick)).collect()
}

/// The form, with the child from the referrer's record. A swallowing concern is at least urgent.
///
/// # Errors
/// A faulty field, by its path.
pub fn form(said: &wire::ReferralForm, child: Child, now: Now) -> Result<Form, Refusal> {
    let need_ticks = ticks("form.need_ticks", &said.need_ticks)?;
    let asked = priority("form.priority", said.priority)?.unwrap_or(Priority::Routine);
    let role = "form.referrer_role";
    let answers = said.answers.iter();
    let mut form = Form {
        person: child.person,
        upn: child.upn,
        nhs_number: nhs_number(&said.nhs_number)?,
        referrer_role: code::parse::<wire::ReferrerRole, ReferrerRole>(role, said.referrer_role)?,
        need_ticks,
        interpreter: said.interpreter_needed,
        carer_contact: text(&said.carer_contact),
        priority: asked,
        screening: said.screening.as_ref().map(prior_screening).transpose()?,
        reason: said.reason.trim().to_owned(),
        consent: said.consent.as_ref().map(|said| consent(said, now)).transpose()?,
        gp_ods: ods(&said.gp_ods_code)?,
        source: code::parse::<wire::ReferralSource, ReferralSource>("form.source", said.source)?,
        answers: answers.map(|one| (one.question.clone(), one.answer.clone())).collect(),
    };
    form.priority = asked.max(onward_domain::referral::order::lowest_priority(&form));
    Ok(form)
}

fn nhs_number(said: &str) -> Result<Option<String>, Refusal> {
    let Some(said) = text(said) else { return Ok(None) };
    learner::number("form.nhs_number", LearnerNumberKind::Nhs, &said).map(Some)
}

fn ods(said: &str) -> Result<Option<String>, Refusal> {
    let Some(said) = text(said) else { return Ok(None) };
    let checked = check(Kind::Ods, &said);
    if checked.outcome == Outcome::Valid {
        Ok(Some(checked.cleaned))
    } else {
        Err(Refusal::field("form.gp_ods_code", "is not the shape of an ODS code"))
    }
}

fn prior_screening(said: &wire::FormScreening) -> Result<PriorScreening, Refusal> {
    let tool = "form.screening.tool";
    Ok(PriorScreening {
        tool: code::parse::<wire::ScreeningTool, ScreeningTool>(tool, said.tool)?,
        rag: code::optional::<wire::Rag, Rag>("form.screening.rag", said.rag)?,
    })
}

fn consent(said: &wire::FormConsent, now: Now) -> Result<ReferralConsent, Refusal> {
    let field = "form.consent.given_on";
    let on = date::required(field, said.given_on.as_ref())?;
    not_in_future(field, on, now)?;
    let path = "form.consent.method";
    let method = code::parse::<wire::ReferralConsentMethod, ConsentMethod>(path, said.method)?;
    Ok(ReferralConsent { on, method })
}

/// A form as its referrer, triage or its holder sees it.
pub fn shown_form(form: &Form) -> wire::ReferralForm {
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let answers = form.answers.iter();
    wire::ReferralForm {
        child: Some(person::form_child(form)),
        nhs_number: optional(&form.nhs_number),
        referrer_role: code::number::<wire::ReferrerRole, _>(form.referrer_role),
        need_ticks: tick_numbers(&form.need_ticks),
        interpreter_needed: form.interpreter,
        carer_contact: optional(&form.carer_contact),
        priority: priority_number(form.priority),
        screening: form.screening.as_ref().map(|prior| wire::FormScreening {
            tool: code::number::<wire::ScreeningTool, _>(prior.tool),
            rag: prior.rag.map_or(0, code::number::<wire::Rag, _>),
        }),
        reason: form.reason.clone(),
        consent: form.consent.as_ref().map(|consent| wire::FormConsent {
            given_on: Some(date::wire(consent.on)),
            method: code::number::<wire::ReferralConsentMethod, _>(consent.method),
        }),
        gp_ods_code: optional(&form.gp_ods),
        source: code::number::<wire::ReferralSource, _>(form.source),
        answers: answers
            .map(|(question, answer)| wire::FormAnswer {
                question: question.clone(),
                answer: answer.clone(),
            })
            .collect(),
    }
}

/// A screening by the team. An age that was not given follows from the date of birth.
///
/// # Errors
/// A faulty field, by its path.
pub fn screening(said: Option<&wire::Screening>, born: Option<Date>) -> Result<Screening, Refusal> {
    let said = said.ok_or_else(|| Refusal::field("screening", "must be given"))?;
    let on = date::required("screening.date", said.date.as_ref())?;
    let given = said.age_months.map(u16::try_from).transpose();
    let given = given.map_err(|_| Refusal::field("screening.age_months", "must be at most 300"))?;
    let age = || onward_domain::calendar::Age::on(born?, on).map(|age| age.months());
    Ok(Screening {
        tool: code::parse::<wire::ScreeningTool, ScreeningTool>("screening.tool", said.tool)?,
        tool_version: text(&said.tool_version),
        section: text(&said.section_or_form),
        age_months: given.or_else(age),
        raw_score: said.raw_score,
        standard_score: said.standard_score,
        rag: code::parse::<wire::Rag, Rag>("screening.rag", said.rag)?,
        language: text(&said.language_of_assessment),
        screened_by_role: text(&said.screened_by_role),
        on,
    })
}

/// A screening as the contract shows it; to the referrer, result and day only.
pub fn shown_screening(held: &Screening, team: bool) -> wire::Screening {
    let rag = code::number::<wire::Rag, _>(held.rag);
    let date = Some(date::wire(held.on));
    if !team {
        return wire::Screening { rag, date, ..Default::default() };
    }
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    wire::Screening {
        tool: code::number::<wire::ScreeningTool, _>(held.tool),
        tool_version: optional(&held.tool_version),
        section_or_form: optional(&held.section),
        age_months: held.age_months.map(u32::from),
        raw_score: held.raw_score,
        standard_score: held.standard_score,
        rag,
        language_of_assessment: optional(&held.language),
        screened_by_role: optional(&held.screened_by_role),
        date,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as day;
    use onward_domain::codes::CodeSet;
    use onward_domain::codes::referral::{RedirectTarget, ReferralOutcome, RejectionReason};

    use super::super::code::WireEnum;
    use super::*;

    fn now() -> Now {
        crate::guard::now("2026-09-14T10:00:00Z".parse().expect("a moment"))
    }

    fn child() -> Child {
        Child { person: person::sample(), upn: None }
    }

    fn said() -> wire::ReferralForm {
        wire::ReferralForm {
            referrer_role: wire::ReferrerRole::EarlyYears.into(),
            need_ticks: vec![wire::NeedTick::SpeechSounds.into(), wire::NeedTick::Fluency.into()],
            interpreter_needed: true,
            priority: wire::Priority::Routine.into(),
            screening: Some(wire::FormScreening {
                tool: wire::ScreeningTool::WellcommEy.into(),
                rag: wire::Rag::Red.into(),
            }),
            reason: "Hard to understand".to_owned(),
            consent: Some(wire::FormConsent {
                given_on: Some(date::wire(day(2026, 9, 1))),
                method: wire::ReferralConsentMethod::Verbal.into(),
            }),
            source: wire::ReferralSource::ClassScreen.into(),
            answers: vec![wire::FormAnswer { question: "Q".to_owned(), answer: "A".to_owned() }],
            ..Default::default()
        }
    }

    #[test]
    fn a_form_comes_back_with_the_child_of_the_record() {
        let read = form(&said(), child(), now()).unwrap_or_else(|_| panic!("a form"));
        let shown = shown_form(&read);
        let named = shown.child.clone().unwrap_or_default();
        assert_eq!(named.forename, person::sample().forename);
        assert!(wire::ReferralForm { child: None, ..shown } == said());
    }

    #[test]
    fn a_swallowing_concern_is_at_least_urgent() {
        let mut swallowing = said();
        swallowing.need_ticks.push(wire::NeedTick::EatingDrinkingSwallowing.into());
        let read = form(&swallowing, child(), now()).unwrap_or_else(|_| panic!("a form"));
        assert_eq!(read.priority, Priority::Urgent);
    }

    #[test]
    fn what_cannot_be_is_named_by_its_path() {
        let fault = |form_said: &wire::ReferralForm| match form(form_said, child(), now()) {
            Err(Refusal::Invalid(faults)) => faults[0].field.clone(),
            _ => String::new(),
        };
        let nhs = wire::ReferralForm { nhs_number: "943 476 5918".to_owned(), ..said() };
        assert_eq!(fault(&nhs), "form.nhs_number");
        let gp = wire::ReferralForm { gp_ods_code: "?".to_owned(), ..said() };
        assert_eq!(fault(&gp), "form.gp_ods_code");
        let mut early = said();
        early.consent =
            Some(wire::FormConsent { given_on: Some(date::wire(day(2026, 9, 15))), method: 1 });
        assert_eq!(fault(&early), "form.consent.given_on");
        assert!(priority("priority", 4).is_err());
    }

    #[test]
    fn a_screening_fills_in_the_age_and_the_referrer_sees_little() {
        let said = wire::Screening {
            tool: wire::ScreeningTool::WellcommEy.into(),
            rag: wire::Rag::Green.into(),
            raw_score: Some(12),
            date: Some(date::wire(day(2026, 9, 14))),
            ..Default::default()
        };
        let read = screening(Some(&said), Some(day(2022, 9, 1)));
        let read = read.unwrap_or_else(|_| panic!("a screening"));
        assert_eq!(read.age_months, Some(48));
        let full = shown_screening(&read, true);
        assert!(full == wire::Screening { age_months: Some(48), ..said });
        let little = shown_screening(&read, false);
        assert_eq!((little.rag, little.raw_score, little.tool), (full.rag, None, 0));
        assert!(screening(None, None).is_err());
    }

    #[test]
    fn every_code_has_its_number() {
        fn all<W: WireEnum, C: CodeSet>() {
            for member in C::ALL {
                assert_ne!(code::number::<W, C>(*member), 0, "{} {}", C::SET, member.code());
            }
        }
        all::<wire::ReferralState, ReferralState>();
        all::<wire::ReferralBucket, Bucket>();
        all::<wire::ReferralSource, ReferralSource>();
        all::<wire::ReferrerRole, ReferrerRole>();
        all::<wire::NeedTick, NeedTick>();
        all::<wire::Rag, Rag>();
        all::<wire::ReferralConsentMethod, ConsentMethod>();
        all::<wire::ScreeningTool, ScreeningTool>();
        all::<wire::ReferralRejectReason, RejectionReason>();
        all::<wire::RedirectTarget, RedirectTarget>();
        all::<wire::ReferralOutcome, ReferralOutcome>();
        for level in Priority::ALL {
            assert_eq!(priority("priority", priority_number(*level)), Ok(Some(*level)));
        }
    }
}
