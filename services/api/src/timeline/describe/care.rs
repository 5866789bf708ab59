//! What is said of referrals: steps, results and reasons; the form is read by triage and its holder.

use jiff::Timestamp;
use onward_domain::codes::referral::Priority;
use onward_domain::learner::Setting;
use onward_domain::referral::{ReferralFact, ReferralSubmitted, Screening};

use super::{Described, day, words};

pub(super) fn describe(fact: &ReferralFact) -> Described {
    let (said, referral) = match fact {
        ReferralFact::Submitted(fact) => (submitted(fact), fact.referral),
        ReferralFact::OpenedForTriage(fact) => {
            (Described::saying("A member of the team read the form for triage."), fact.referral)
        }
        ReferralFact::InformationRequested(fact) => {
            let said = Described::saying("The team asked the setting for more.")
                .with("question", fact.question.clone());
            (said, fact.referral)
        }
        ReferralFact::InformationProvided(fact) => {
            let said = Described::saying("The setting answered the team.")
                .with("answer", fact.answer.clone())
                .with_flag("form_changed", fact.form.is_some());
            (said, fact.referral)
        }
        ReferralFact::Accepted(fact) => {
            let priority = Priority::from_level(fact.priority).map_or("routine", priority_words);
            let summary = format!("The team accepted the referral as {priority}; it waits.");
            let said = Described::saying(summary).with("priority", fact.priority.to_string());
            (said, fact.referral)
        }
        ReferralFact::Rejected(fact) => {
            let why = words(fact.reason.as_str());
            let said = Described::saying(format!("The referral was not accepted: {why}."))
                .with("reason", fact.reason.as_str())
                .with_some("note", fact.note.clone());
            (said, fact.referral)
        }
        ReferralFact::Redirected(fact) => {
            let to = words(fact.target.as_str());
            let said = Described::saying(format!("The referral was passed on: {to}."))
                .with("target", fact.target.as_str())
                .with_some("note", fact.note.clone());
            (said, fact.referral)
        }
        ReferralFact::Withdrawn(fact) => {
            let said = Described::saying("The referral was withdrawn.")
                .with("reason", fact.reason.clone());
            (said, fact.referral)
        }
        ReferralFact::Closed(fact) => {
            let what = words(fact.outcome.as_str());
            let said = Described::saying(format!("The referral was closed: {what}."))
                .with("outcome", fact.outcome.as_str())
                .with_some("note", fact.note.clone());
            (said, fact.referral)
        }
        ReferralFact::Claimed(_)
        | ReferralFact::ClaimExtended(_)
        | ReferralFact::ClaimReleased(_)
        | ReferralFact::ClaimLapsed(_) => return claim(fact),
        ReferralFact::ScreeningRecorded(_)
        | ReferralFact::InterventionStarted(_)
        | ReferralFact::RescreenRecorded(_) => return treated(fact),
    };
    Described { referral: Some(referral), ..said }
}

fn submitted(fact: &ReferralSubmitted) -> Described {
    let summary = if fact.queue.is_some() {
        format!("The child was referred to a pathfinder, received on {}.", day(fact.received_on))
    } else {
        "The child was referred; no pathfinder clearly owns the referral yet.".to_owned()
    };
    let ticks: Vec<&str> = fact.form.need_ticks.iter().map(|tick| tick.as_str()).collect();
    let mut said = Described::saying(summary)
        .with("received_on", fact.received_on.to_string())
        .with("priority", fact.form.priority.level().to_string())
        .with("need_ticks", ticks.join(", "))
        .with("source", fact.form.source.as_str())
        .with_flag("consent", fact.form.consent.is_some());
    said.from = Some(Setting { organisation: Some(fact.setting), ..Setting::default() });
    said.to = fact
        .pathfinder
        .map(|pathfinder| Setting { organisation: Some(pathfinder), ..Setting::default() });
    said
}

fn claim(fact: &ReferralFact) -> Described {
    let until = |until: Timestamp| until.to_string();
    let (said, referral) = match fact {
        ReferralFact::Claimed(fact) => {
            let said = Described::saying("A member of the team took the referral.");
            (said.with("until", until(fact.until)), fact.referral)
        }
        ReferralFact::ClaimExtended(fact) => {
            let said = Described::saying("The holder keeps the referral for longer.");
            (said.with("until", until(fact.until)), fact.referral)
        }
        ReferralFact::ClaimReleased(fact) => {
            (Described::saying("The holder put the referral back; it waits."), fact.referral)
        }
        ReferralFact::ClaimLapsed(fact) => {
            (Described::saying("The holder's time ran out; the referral waits."), fact.referral)
        }
        _ => return Described::default(),
    };
    Described { referral: Some(referral), ..said }
}

fn treated(fact: &ReferralFact) -> Described {
    let (said, referral) = match fact {
        ReferralFact::ScreeningRecorded(fact) => {
            (screening("The child was screened", &fact.screening), fact.referral)
        }
        ReferralFact::RescreenRecorded(fact) => {
            (screening("The child was screened again", &fact.screening), fact.referral)
        }
        ReferralFact::InterventionStarted(fact) => {
            let said = Described::saying(format!("Support began on {}.", day(fact.on)))
                .with("on", fact.on.to_string())
                .with("intervention", fact.description.clone());
            (said, fact.referral)
        }
        _ => return Described::default(),
    };
    Described { referral: Some(referral), ..said }
}

fn screening(what: &str, screening: &Screening) -> Described {
    let result = words(screening.rag.as_str());
    Described::saying(format!("{what} on {}: {result}.", day(screening.on)))
        .with("on", screening.on.to_string())
        .with("tool", screening.tool.as_str())
        .with_some("section_or_form", screening.section.clone())
        .with_some("age_months", screening.age_months.map(|months| months.to_string()))
        .with_some("raw_score", screening.raw_score.map(|score| score.to_string()))
        .with_some("standard_score", screening.standard_score.map(|score| score.to_string()))
        .with("rag", screening.rag.as_str())
        .with_some("language_of_assessment", screening.language.clone())
}

const fn priority_words(priority: Priority) -> &'static str {
    match priority {
        Priority::Routine => "routine",
        Priority::Urgent => "urgent",
        Priority::TwoWeek => "to be seen within two weeks",
    }
}
