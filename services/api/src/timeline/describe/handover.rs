//! What is said of handovers: steps and reasons; the pack is read by OpenHandover.

use onward_domain::handover::{HandoverFact, SupportAnswer, SupportAnswered};
use onward_domain::ids::OrganisationId;
use onward_domain::learner::Setting;

use super::{Described, day, words};

pub(super) fn describe(fact: &HandoverFact) -> Described {
    let (said, handover) = match fact {
        HandoverFact::Drafted(fact) => {
            let mut said = Described::saying("A handover was drafted.");
            said.from = Some(registered(fact.sender));
            said.to = Some(registered(fact.receiver));
            said.transition = fact.transition;
            (said.with("pack_version", fact.pack_version.to_string()), fact.handover)
        }
        HandoverFact::Edited(fact) => {
            (Described::saying("The draft of a handover was changed."), fact.handover)
        }
        HandoverFact::Released(fact) => {
            let mut said = Described::saying("A handover was released to the receiver.")
                .with("pack_version", fact.pack_version.to_string())
                .with_flag("history_shared", fact.history_shared);
            said.from = Some(registered(fact.sender));
            said.to = Some(registered(fact.receiver));
            said.transition = fact.transition;
            (said, fact.handover)
        }
        HandoverFact::Delivered(fact) => {
            let summary = "The handover was first shown to the receiver.";
            (Described::saying(summary), fact.handover)
        }
        HandoverFact::Opened(fact) => {
            let summary = "A person of the receiver opened the handover.";
            (Described::saying(summary), fact.handover)
        }
        HandoverFact::Accepted(fact) => {
            let summary = "The receiver accepted the handover and will act on it.";
            (Described::saying(summary), fact.handover)
        }
        HandoverFact::Declined(fact) => {
            let summary = format!("The handover was declined: {}.", words(fact.reason.as_str()));
            let said = Described::saying(summary)
                .with("reason", fact.reason.as_str())
                .with_some("note", fact.note.clone());
            (said, fact.handover)
        }
        HandoverFact::SupportAnswered(fact) => (answered(fact), fact.handover),
        HandoverFact::Withdrawn(fact) => {
            let why = words(fact.reason.as_str());
            let summary = format!("The sender took the handover back: {why}.");
            (Described::saying(summary).with("reason", fact.reason.as_str()), fact.handover)
        }
    };
    Described { handover: Some(handover), ..said }
}

fn answered(fact: &SupportAnswered) -> Described {
    let (what, code, value) = match &fact.answer {
        SupportAnswer::InPlace(since) => (
            format!("has been in place since {}", day(*since)),
            "IN_PLACE",
            Some(since.to_string()),
        ),
        SupportAnswer::Partly => ("is partly in place".to_owned(), "PARTLY", None),
        SupportAnswer::NotYet(by) => {
            (format!("is to be in place by {}", day(*by)), "NOT_YET", Some(by.to_string()))
        }
        SupportAnswer::NotNeeded(reason) => {
            let why = words(reason.as_str());
            (format!("is not needed: {why}"), "NOT_NEEDED", Some(reason.as_str().to_owned()))
        }
    };
    let which = if fact.added.is_some() {
        "An item of support that the receiver added"
    } else {
        "An agreed item of support"
    };
    let rest = if fact.all_answered { "; no item is open" } else { "" };
    Described::saying(format!("{which} {what}{rest}."))
        .with("item_id", fact.item.to_string())
        .with("answer", code)
        .with_some("detail", value)
        .with_flag("support_confirmed", fact.all_answered)
}

fn registered(organisation: OrganisationId) -> Setting {
    Setting { organisation: Some(organisation), ..Setting::default() }
}
