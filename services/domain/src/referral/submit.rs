//! Refer a child to the pathfinder that owns the setting's referrals, or to nobody yet.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Form, ReferralFact, ReferralFold, ReferralSubmitted};
use crate::decider::{Faults, Now, Outcome, Refusal};
use crate::ids::{LearnerId, OrganisationId, QueueId, ReferralId};

/// Refers a child. What a form lacks is the triage's matter; only what cannot be is refused here.
#[derive(Clone)]
pub struct Submit {
    /// The referral.
    pub referral: ReferralId,
    /// The referring organisation's record of the child.
    pub learner: LearnerId,
    /// The setting.
    pub setting: OrganisationId,
    /// The queue and the pathfinder that owns it, looked up before; none where there is no clear owner:
    /// then the referral is unrouted, and seen as such.
    pub owner: Option<(QueueId, OrganisationId)>,
    /// The day the provider received it: clock RC1 starts here. Not in the future.
    pub received_on: Date,
    /// The form.
    pub form: Form,
    /// The moment of the command.
    pub now: Now,
}

impl Submit {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        if let Some(submitted) = &state.submitted {
            return if self.says_the_same_as(&submitted.fact) {
                Ok(Outcome::AlreadyDone(submitted.version))
            } else {
                Err(Refusal::Exists {
                    reason: "EXISTS_WITH_OTHER_CONTENT",
                    message: "this referral was submitted with other content".to_owned(),
                    existing: Some(submitted.fact.referral.uuid()),
                })
            };
        }
        let mut faults = Faults::default();
        faults.future("received_on", self.received_on, self.now);
        let born = self.received_on >= self.form.person.date_of_birth;
        faults.unless(born, "received_on", "is before the child was born");
        faults.finish()?;
        check_form(&self.form, self.now)?;
        let Submit { referral, learner, setting, owner, received_on, form, .. } = self;
        let (queue, pathfinder) = owner.unzip();
        Ok(Outcome::one(ReferralFact::Submitted(ReferralSubmitted {
            referral,
            learner,
            setting,
            queue,
            pathfinder,
            received_on,
            form,
        })))
    }

    /// Whether the caller says the same. Who owns the setting's referrals may have changed since.
    fn says_the_same_as(&self, submitted: &ReferralSubmitted) -> bool {
        self.learner == submitted.learner
            && self.setting == submitted.setting
            && self.received_on == submitted.received_on
            && self.form == submitted.form
    }
}

/// What no form may say.
pub(super) fn check_form(form: &Form, now: Now) -> Result<(), Refusal> {
    let mut faults = Faults::default();
    faults.blank("form.person.surname", &form.person.surname);
    faults.blank("form.person.forename", &form.person.forename);
    faults.future("form.person.date_of_birth", form.person.date_of_birth, now);
    let ticks: BTreeSet<_> = form.need_ticks.iter().collect();
    faults.unless(ticks.len() == form.need_ticks.len(), "form.need_ticks", "names a need twice");
    if let Some(consent) = &form.consent {
        faults.future("form.consent.on", consent.on, now);
    }
    faults.finish()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{form, submit};
    use super::super::{Referral, ReferralState};
    use super::*;
    use crate::codes::referral::NeedTick;
    use crate::scenario::given;
    use jiff::ToSpan;
    use jiff::civil::date;

    #[test]
    fn a_child_is_referred_once() {
        let nobody = given::<Referral>(vec![]);
        assert!(nobody.when(submit()).0.is_ok());
        let submitted = nobody.and(submit());
        assert_eq!(submitted.state.state, Some(ReferralState::Submitted));
        submitted.when(submit()).then_already(1);
        submitted.when(Submit { owner: None, ..submit() }).then_already(1);
        let other = Submit { received_on: date(2026, 9, 2), ..submit() };
        submitted.when(other).then_rule("EXISTS_WITH_OTHER_CONTENT");
    }

    #[test]
    fn without_a_clear_owner_it_is_unrouted() {
        let unrouted = given::<Referral>(vec![]).and(Submit { owner: None, ..submit() });
        assert_eq!(unrouted.state.state, Some(ReferralState::Unrouted));
        assert_eq!(unrouted.state.possible(), ["redirect", "withdraw"]);
        assert_eq!(unrouted.state.queue(), None);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let nobody = given::<Referral>(vec![]);
        let early = Submit { received_on: date(2026, 9, 4), ..submit() };
        nobody.when(early).then_invalid(&["received_on"]);
        let unborn = Submit { received_on: form().person.date_of_birth - 1.day(), ..submit() };
        nobody.when(unborn).then_invalid(&["received_on"]);
        let mut crooked = form();
        crooked.person.forename = String::new();
        crooked.need_ticks = vec![NeedTick::Voice, NeedTick::Voice];
        crooked.consent = crooked.consent.map(|mut consent| {
            consent.on = date(2026, 9, 4);
            consent
        });
        nobody.when(Submit { form: crooked, ..submit() }).then_invalid(&[
            "form.person.forename",
            "form.need_ticks",
            "form.consent.on",
        ]);
    }
}
