//! What is said of moves between settings, and of Disabled Students' Allowance cases.

use onward_domain::codes::dsa::DsaAction;
use onward_domain::dsa::DsaFact;
use onward_domain::learner::Setting;
use onward_domain::transition::{
    AlternativeProvision, ApprenticeshipStart, Detail, HigherEducationEntry, OfferStatus, Planned,
    Post16Kind, Post16Move, ReportedBy, SupportBasis, TransitionFact,
};

use super::{Described, day, words};

pub(super) fn transition(fact: &TransitionFact) -> Described {
    let (said, transition) = match fact {
        TransitionFact::Recorded(fact) => {
            let summary = format!("{} was planned for {}.", name(&fact.detail), when(&fact.detail));
            let said = detail(Described::saying(summary), &fact.detail)
                .with("kind", fact.kind.as_str())
                .with_some("regulation_2_1", fact.phase_transfer.map(|letter| letter.as_str()))
                .with_some("home_la", fact.home_la.clone());
            (said, fact.transition)
        }
        TransitionFact::Confirmed(fact) => {
            (Described::saying("The move was confirmed."), fact.transition)
        }
        TransitionFact::Arrived(fact) => {
            let summary = format!("The learner arrived on {}.", day(fact.on));
            let said = Described::saying(summary)
                .with("on", fact.on.to_string())
                .with("reported_by", reported_by(fact.source));
            (said, fact.transition)
        }
        TransitionFact::NotArrived(fact) => {
            let summary = format!("The learner had not arrived by {}.", day(fact.on));
            let said = Described::saying(summary)
                .with("on", fact.on.to_string())
                .with("reported_by", reported_by(fact.source))
                .with_some("note", fact.note.clone());
            (said, fact.transition)
        }
        TransitionFact::Rescheduled(fact) => {
            let summary = format!("The move is now planned for {}.", in_words(fact.planned));
            let said = Described::saying(summary)
                .with("planned", as_text(fact.planned))
                .with("reason", fact.reason.as_str());
            (said, fact.transition)
        }
        TransitionFact::Cancelled(fact) => {
            let summary = format!("The move was called off: {}.", words(fact.reason.as_str()));
            (Described::saying(summary).with("reason", fact.reason.as_str()), fact.transition)
        }
        TransitionFact::Corrected(fact) => {
            let mut said = Described::saying("An earlier entry about the move was corrected.")
                .with("corrects_version", fact.corrects_version.to_string())
                .with_some("on", fact.on.map(|on| on.to_string()))
                .with_some("kind", fact.kind.map(|kind| kind.as_str()))
                .with("reason", fact.reason.clone());
            if let Some(corrected) = &fact.detail {
                said = detail(said, corrected);
            }
            said.corrects = Some(fact.corrects);
            (said, fact.transition)
        }
        TransitionFact::Ended(fact) => {
            let why = words(fact.reason.as_str());
            let summary = format!("The learner left again on {}: {why}.", day(fact.on));
            let said = Described::saying(summary)
                .with("on", fact.on.to_string())
                .with("reason", fact.reason.as_str());
            (said, fact.transition)
        }
    };
    Described { transition: Some(transition), ..said }
}

fn name(detail: &Detail) -> &'static str {
    match detail {
        Detail::PhaseTransfer(_) => "A phase transfer",
        Detail::Post16Move(_) => "A move to a post-16 setting",
        Detail::ApprenticeshipStart(_) => "The start of an apprenticeship",
        Detail::HigherEducationEntry(_) => "Entry to higher education",
        Detail::AlternativeProvision(_) => "A placement in alternative provision",
        Detail::LocalAuthorityMove(_) => "A move to another local authority",
        Detail::InYearMove(_) => "A move within the school year",
        Detail::Employment(_) => "A move into employment",
        Detail::AdultCare(_) => "A move into adult care",
        Detail::ElectiveHomeEducation(_) => "Education at home",
        Detail::NotInEducation(_) => "A time out of education, employment and training",
    }
}

fn when(detail: &Detail) -> String {
    match detail {
        Detail::PhaseTransfer(of) => in_words(of.planned),
        Detail::Post16Move(of) => in_words(of.planned),
        Detail::ApprenticeshipStart(of) => day(of.start),
        Detail::HigherEducationEntry(of) => day(of.start),
        Detail::AlternativeProvision(of) => day(of.start),
        Detail::LocalAuthorityMove(of) => in_words(of.planned),
        Detail::InYearMove(of) => in_words(of.planned),
        Detail::Employment(of) => in_words(of.planned),
        Detail::AdultCare(of) => in_words(of.planned),
        Detail::ElectiveHomeEducation(of) => in_words(of.planned),
        Detail::NotInEducation(of) => in_words(of.planned),
    }
}

fn detail(said: Described, detail: &Detail) -> Described {
    match detail {
        Detail::PhaseTransfer(of) => between(said, &of.from, of.to.as_ref())
            .with("planned", as_text(of.planned))
            .with_some("year_group", of.nc_year.map(|year| year.as_str()))
            .with("basis", basis(of.basis)),
        Detail::Post16Move(of) => post16(said, of),
        Detail::ApprenticeshipStart(of) => apprenticeship(said, of),
        Detail::HigherEducationEntry(of) => higher_education(said, of),
        Detail::AlternativeProvision(of) => placement(said, of),
        Detail::LocalAuthorityMove(of) => Described { to: of.to.clone(), ..said }
            .with("planned", as_text(of.planned))
            .with("from_la", of.from_la.clone())
            .with("to_la", of.to_la.clone()),
        Detail::InYearMove(of) => between(said, &of.from, of.to.as_ref())
            .with("planned", as_text(of.planned))
            .with_some("year_group", of.nc_year.map(|year| year.as_str())),
        Detail::Employment(of) => between(said, &of.from, None)
            .with("planned", as_text(of.planned))
            .with_some("employer_reference", of.employer_ref.clone())
            .with_some("hours_per_week", of.hours_per_week.map(|hours| hours.to_string())),
        Detail::AdultCare(of) => between(said, &of.from, None)
            .with("planned", as_text(of.planned))
            .with_some("authority", of.authority.clone()),
        Detail::ElectiveHomeEducation(of) => {
            between(said, &of.from, None).with("planned", as_text(of.planned))
        }
        Detail::NotInEducation(of) => between(said, &of.from, None)
            .with("planned", as_text(of.planned))
            .with_some("activity_code", of.activity_code.clone()),
    }
}

fn post16(said: Described, of: &Post16Move) -> Described {
    between(said, &of.from, of.to.as_ref())
        .with("planned", as_text(of.planned))
        .with("setting_kind", post16_kind(of.kind))
        .with_some("programme", of.programme.clone())
        .with("offer", offer(of.offer))
}

fn apprenticeship(said: Described, of: &ApprenticeshipStart) -> Described {
    between(said, &of.from, Some(&of.provider))
        .with("start", of.start.to_string())
        .with_some("planned_end", of.planned_end.map(|end| end.to_string()))
        .with("standard_code", of.standard_code.clone())
        .with("level", of.level.to_string())
        .with_some("employer_reference", of.employer_ref.clone())
        .with_flag("learning_support_need", of.learning_support_need)
}

fn higher_education(said: Described, of: &HigherEducationEntry) -> Described {
    let mut said = between(said, &of.from, Some(&of.provider))
        .with("course", of.course.clone())
        .with("start", of.start.to_string())
        .with("academic_year", of.academic_year.clone())
        .with_some("plan_end", of.plan_end.map(|end| end.to_string()));
    said.case = of.dsa_case;
    said
}

fn placement(said: Described, of: &AlternativeProvision) -> Described {
    let reviews: Vec<String> = of.review_dates.iter().map(ToString::to_string).collect();
    let reviews = (!reviews.is_empty()).then(|| reviews.join(", "));
    between(said, &of.from, Some(&of.to))
        .with("tier", of.tier.as_str())
        .with("start", of.start.to_string())
        .with("planned_end", of.planned_end.to_string())
        .with("destination", of.destination.code().as_str())
        .with_some("review_dates", reviews)
}

fn between(said: Described, from: &Setting, to: Option<&Setting>) -> Described {
    Described { from: Some(from.clone()), to: to.cloned(), ..said }
}

fn as_text(planned: Planned) -> String {
    match planned {
        Planned::Day(day) => day.to_string(),
        Planned::Month { year, month } => format!("{year:04}-{month:02}"),
    }
}

fn in_words(planned: Planned) -> String {
    match planned {
        Planned::Day(date) => day(date),
        Planned::Month { year, month } => {
            let first = jiff::civil::Date::new(year, month, 1);
            first.map_or_else(|_| as_text(planned), |first| first.strftime("%B %Y").to_string())
        }
    }
}

const fn basis(basis: SupportBasis) -> &'static str {
    match basis {
        SupportBasis::EhcPlan => "EHC_PLAN",
        SupportBasis::SenSupport => "SEN_SUPPORT",
        SupportBasis::None => "NONE",
    }
}

const fn post16_kind(kind: Post16Kind) -> &'static str {
    match kind {
        Post16Kind::College => "COLLEGE",
        Post16Kind::SixthForm => "SIXTH_FORM",
        Post16Kind::SpecialPost16 => "SPECIAL_POST16",
        Post16Kind::Training => "TRAINING",
        Post16Kind::SupportedInternship => "SUPPORTED_INTERNSHIP",
    }
}

const fn offer(offer: OfferStatus) -> &'static str {
    match offer {
        OfferStatus::None => "NONE",
        OfferStatus::Conditional => "CONDITIONAL",
        OfferStatus::Unconditional => "UNCONDITIONAL",
        OfferStatus::Accepted => "ACCEPTED",
        OfferStatus::Declined => "DECLINED",
    }
}

const fn reported_by(source: ReportedBy) -> &'static str {
    match source {
        ReportedBy::SettingLeft => "SETTING_LEFT",
        ReportedBy::SettingEntered => "SETTING_ENTERED",
        ReportedBy::Authority => "AUTHORITY",
    }
}

pub(super) fn dsa(fact: &DsaFact) -> Described {
    match fact {
        DsaFact::Opened(fact) => {
            let summary = "A case for the Disabled Students' Allowance was opened.";
            let mut said = Described::saying(summary)
                .with("course", fact.course.clone())
                .with("course_start", fact.course_start.to_string())
                .with("academic_year", fact.academic_year.clone())
                .with_some("previous_case_id", fact.previous.map(|case| case.to_string()));
            said.to = Some(fact.provider.clone());
            said.transition = fact.transition;
            said.case = Some(fact.case);
            said
        }
        DsaFact::Stepped(fact) => {
            let mut said = Described::saying(step(fact.action))
                .with("step", fact.action.as_str())
                .with_some("reason", fact.reason.clone())
                .with_some("supplier", fact.supplier.clone());
            said.case = Some(fact.case);
            said
        }
    }
}

const fn step(action: DsaAction) -> &'static str {
    match action {
        DsaAction::Apply => "The student applied for the Disabled Students' Allowance.",
        DsaAction::RequestEvidence => "Student finance asked for evidence.",
        DsaAction::SupplyEvidence => "The student supplied the evidence.",
        DsaAction::DecideEligible => "The student was found eligible.",
        DsaAction::DecideIneligible => "The student was found not to be eligible.",
        DsaAction::BookAssessment => "The needs assessment was booked.",
        DsaAction::CompleteAssessment => "The needs assessment took place.",
        DsaAction::ReceiveReport => "The report of the needs assessment came.",
        DsaAction::ApproveAward => "The award was approved.",
        DsaAction::DeclineAward => "The award was declined.",
        DsaAction::KeepAward => "The award stays as it was.",
        DsaAction::ArrangeSupport => "The support was arranged.",
        DsaAction::SupportInPlace => "The support is in place.",
        DsaAction::ChangeCircumstances => "The student's circumstances changed.",
        DsaAction::Reassess => "The student's needs were assessed again.",
        DsaAction::End => "The case came to its end.",
    }
}
