//! The registry of stored types: one name, one message, one version each. Names are for ever.

use std::collections::HashMap;
use std::sync::LazyLock;

use onward_domain::event::{Event, Provenance};

use super::provenance::provenance_fields;
use super::{DecodeError, Stored, open, wire};

/// Declares every type: its area, its message, its name within the area, and whether its provenance
/// is `whole` or (for facts that are public throughout) `bare`.
macro_rules! kinds {
    ($($area:literal { $($message:ident $name:literal $fields:ident,)+ })+) => {
        /// A type of stored event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(
                #[doc = concat!("`", $area, ".", $name, "`")]
                $message,
            )+)+
        }

        impl Kind {
            /// Every type, area by area.
            pub const ALL: &'static [Self] = &[$($(Self::$message,)+)+];

            /// Name under which it is stored, `<area>.<event>`.
            pub const fn event_type(self) -> &'static str {
                match self { $($(Self::$message => concat!($area, ".", $name),)+)+ }
            }

            /// Area: the concept that it belongs to, one part of its subject on the bus.
            pub const fn area(self) -> &'static str {
                match self { $($(Self::$message => $area,)+)+ }
            }

            /// Name within the area.
            pub const fn event(self) -> &'static str {
                match self { $($(Self::$message => $name,)+)+ }
            }

            /// CloudEvents type of the first and present version.
            pub const fn cloud_event_type(self) -> &'static str {
                match self {
                    $($(Self::$message => concat!("org.onward.", $area, ".", $name, ".v1"),)+)+
                }
            }

            /// Full name of its message.
            pub const fn message(self) -> &'static str {
                match self {
                    $($(Self::$message => concat!("onward.event.v1.", stringify!($message)),)+)+
                }
            }

            /// Decodes bytes of the present version.
            pub(super) fn open(
                self,
                public: &[u8],
                personal: &[u8],
            ) -> Result<(Provenance, Event), DecodeError> {
                match self {
                    $($(Self::$message => open::<wire::$message>(public, personal),)+)+
                }
            }
        }

        $($(
            impl Stored for wire::$message {
                const KIND: Kind = Kind::$message;

                provenance_fields!($fields);
            }
        )+)+
    };
}

kinds! {
    "directory" {
        OrganisationRegistered "organisation_registered" whole,
        MemberAdded "member_added" whole,
        MemberRemoved "member_removed" whole,
    }
    "learner" {
        LearnerRegistered "learner_registered" whole,
        LearnerAmended "learner_amended" whole,
        IdentifierAdded "identifier_added" whole,
        IdentifierEnded "identifier_ended" whole,
        SenProvisionRecorded "sen_provision_recorded" whole,
        NeedsRecorded "needs_recorded" whole,
        EnrolmentRecorded "enrolment_recorded" whole,
        EnrolmentEnded "enrolment_ended" whole,
        RecordLinked "record_linked" whole,
        ErasureRequested "erasure_requested" whole,
        LearnerErased "learner_erased" bare,
    }
    "transition" {
        PhaseTransferRecorded "phase_transfer_recorded" whole,
        Post16MoveRecorded "post16_move_recorded" whole,
        ApprenticeshipStartRecorded "apprenticeship_start_recorded" whole,
        HigherEducationEntryRecorded "higher_education_entry_recorded" whole,
        AlternativeProvisionRecorded "alternative_provision_recorded" whole,
        LocalAuthorityMoveRecorded "local_authority_move_recorded" whole,
        InYearMoveRecorded "in_year_move_recorded" whole,
        EmploymentRecorded "employment_recorded" whole,
        AdultCareRecorded "adult_care_recorded" whole,
        ElectiveHomeEducationRecorded "elective_home_education_recorded" whole,
        NotInEducationRecorded "not_in_education_recorded" whole,
        TransitionConfirmed "transition_confirmed" whole,
        ArrivalRecorded "arrival_recorded" whole,
        NonArrivalRecorded "non_arrival_recorded" whole,
        TransitionRescheduled "transition_rescheduled" whole,
        TransitionCancelled "transition_cancelled" whole,
        TransitionCorrected "transition_corrected" whole,
        TransitionEnded "transition_ended" whole,
    }
    "dsa" {
        DsaCaseOpened "dsa_case_opened" whole,
        DsaStepRecorded "dsa_step_recorded" whole,
    }
    "handover" {
        HandoverDrafted "handover_drafted" whole,
        HandoverEdited "handover_edited" whole,
        HandoverReleased "handover_released" whole,
        HandoverDelivered "handover_delivered" whole,
        HandoverOpened "handover_opened" whole,
        HandoverAccepted "handover_accepted" whole,
        HandoverDeclined "handover_declined" whole,
        SupportAnswered "support_answered" whole,
        HandoverWithdrawn "handover_withdrawn" whole,
    }
    "referral" {
        ReferralSubmitted "referral_submitted" whole,
        ReferralOpenedForTriage "referral_opened_for_triage" bare,
        InformationRequested "information_requested" whole,
        InformationProvided "information_provided" whole,
        ReferralAccepted "referral_accepted" whole,
        ReferralRejected "referral_rejected" whole,
        ReferralRedirected "referral_redirected" whole,
        ReferralClaimed "referral_claimed" bare,
        ClaimExtended "claim_extended" bare,
        ClaimReleased "claim_released" bare,
        ClaimLapsed "claim_lapsed" bare,
        ScreeningRecorded "screening_recorded" whole,
        InterventionStarted "intervention_started" whole,
        RescreenRecorded "rescreen_recorded" whole,
        ReferralClosed "referral_closed" whole,
        ReferralWithdrawn "referral_withdrawn" whole,
    }
}

static BY_NAME: LazyLock<HashMap<&'static str, Kind>> =
    LazyLock::new(|| Kind::ALL.iter().map(|kind| (kind.event_type(), *kind)).collect());

impl Kind {
    /// The type of that stored name.
    pub fn of(event_type: &str) -> Option<Self> {
        BY_NAME.get(event_type).copied()
    }

    /// Version in which this binary writes it. All are in their first.
    pub const fn schema_version(self) -> u16 {
        1
    }
}
