//! What every write request begins with. The same fields have the same numbers everywhere, so one
//! trait reads them all.

use jiff::civil::Date;
use onward_contract::directory::v1 as directory;
use onward_contract::google::r#type::Date as WireDate;
use onward_contract::learner::v1 as learner;
use onward_contract::receipt::v1::Actor as WireActor;
use onward_contract::transition::v1 as transition;
use onward_domain::decider::{Now, Refusal, Version, not_in_future};
use onward_domain::event::Occurred;

use super::date;

/// A request that writes.
pub trait Writes {
    /// The caller's name for it.
    fn request_id(&self) -> &str;

    /// The caller's own reference.
    fn external_ref(&self) -> Option<&str>;

    /// The person who answers for it.
    fn actor(&self) -> Option<&WireActor>;

    /// The version that the caller saw.
    fn expected_version(&self) -> Option<Version> {
        None
    }

    /// When it happened, as the caller says.
    fn said_on(&self) -> Option<&WireDate> {
        None
    }

    /// When it happened to the moment, as the caller says.
    fn said_at(&self) -> Option<&prost_types::Timestamp> {
        None
    }

    /// When it happened, as far as the caller says: to the moment, or to the day.
    ///
    /// # Errors
    /// No moment or day that can be, or in the future.
    fn occurred(&self, now: Now) -> Result<Option<Occurred>, Refusal> {
        if let Some(at) = date::moment("occurred_at", self.said_at())? {
            return if at > now.at {
                Err(Refusal::future("occurred_at"))
            } else {
                Ok(Some(Occurred::At(at)))
            };
        }
        Ok(self.occurred_on(now)?.map(Occurred::On))
    }

    /// When it happened.
    ///
    /// # Errors
    /// No day of the calendar, or in the future.
    fn occurred_on(&self, now: Now) -> Result<Option<Date>, Refusal> {
        let on = date::optional("occurred_on", self.said_on())?;
        if let Some(on) = on {
            not_in_future("occurred_on", on, now)?;
        }
        Ok(on)
    }

    /// When it happened, where that has to be said.
    ///
    /// # Errors
    /// Missing, no day of the calendar, or in the future.
    fn required_day(&self, now: Now) -> Result<Date, Refusal> {
        self.occurred_on(now)?.ok_or_else(|| Refusal::field("occurred_on", "must be given"))
    }
}

/// Implements [`Writes`]: each message with those of `expected_version`, `occurred_on` and `occurred_at`
/// (`moment`) that it has.
macro_rules! writes {
    ($($message:ty { $($has:ident)* })*) => {$(
        impl $crate::wire::request::Writes for $message {
            fn request_id(&self) -> &str {
                &self.request_id
            }

            fn external_ref(&self) -> Option<&str> {
                self.external_ref.as_deref()
            }

            fn actor(&self) -> Option<&onward_contract::receipt::v1::Actor> {
                self.actor.as_ref()
            }

            $($crate::wire::request::writes!(@$has);)*
        }
    )*};
    (@expected) => {
        fn expected_version(&self) -> Option<u64> {
            self.expected_version
        }
    };
    (@moment) => {
        fn said_at(&self) -> Option<&prost_types::Timestamp> {
            self.occurred_at.as_ref()
        }
    };
    (@occurred) => {
        fn said_on(&self) -> Option<&onward_contract::google::r#type::Date> {
            self.occurred_on.as_ref()
        }
    };
}
pub(crate) use writes;

writes! {
    directory::RegisterOrganisationRequest {}
    directory::AddMemberRequest { expected }
    directory::RemoveMemberRequest { expected }
    learner::RegisterLearnerRequest {}
    learner::AmendLearnerRequest { expected occurred }
    learner::AddIdentifierRequest { expected }
    learner::EndIdentifierRequest { expected occurred }
    learner::RecordEnrolmentRequest { expected }
    learner::EndEnrolmentRequest { expected occurred }
    transition::RecordTransitionRequest { occurred }
    transition::ConfirmTransitionRequest { expected occurred }
    transition::RecordArrivalRequest { expected occurred }
    transition::RecordNonArrivalRequest { expected occurred }
    transition::RescheduleTransitionRequest { expected occurred }
    transition::CancelTransitionRequest { expected occurred }
    transition::CorrectTransitionRequest { expected occurred }
    transition::EndTransitionRequest { expected occurred }
    transition::OpenCaseRequest {}
    transition::RecordStepRequest { expected occurred }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::now;

    fn arrival(year: i32) -> transition::RecordArrivalRequest {
        transition::RecordArrivalRequest {
            expected_version: Some(3),
            occurred_on: Some(WireDate { year, month: 9, day: 1 }),
            ..Default::default()
        }
    }

    #[test]
    fn a_future_day_is_refused_where_a_fact_is_claimed() {
        let now = now("2026-09-02T08:00:00Z".parse().expect("a moment"));
        assert_eq!(
            arrival(2026).required_day(now).map(|day| day.to_string()).ok().as_deref(),
            Some("2026-09-01")
        );
        assert_eq!(arrival(2027).required_day(now), Err(Refusal::future("occurred_on")));
        assert!(transition::RecordArrivalRequest::default().required_day(now).is_err());
        assert_eq!(Writes::expected_version(&arrival(2026)), Some(3));
    }
}
