//! Stored spellings of the small sets that the domain keeps as plain enums. Frozen.

use onward_domain::learner::LearnerNumberKind;
use onward_domain::organisation::OrganisationNumberKind;
use onward_domain::transition::{OfferStatus, Post16Kind, ReportedBy, SupportBasis};

use super::DecodeError;
use super::value::Read;

/// A set with stored spellings.
pub(super) trait Spelled: Copy {
    /// How it is stored.
    fn spell(self) -> String;

    /// Back from how it is stored.
    fn unspell(text: &str) -> Read<Self>;
}

macro_rules! spelled {
    ($($set:ident { $($member:ident = $text:literal),+ $(,)? })+) => {$(
        impl Spelled for $set {
            fn spell(self) -> String {
                match self { $($set::$member => $text,)+ }.to_owned()
            }

            fn unspell(text: &str) -> Read<Self> {
                match text {
                    $($text => Ok($set::$member),)+
                    _ => Err(DecodeError::Malformed),
                }
            }
        }
    )+};
}

spelled! {
    OrganisationNumberKind {
        Urn = "URN",
        EyUrn = "EY_URN",
        Laestab = "LAESTAB",
        Ukprn = "UKPRN",
        OdsCode = "ODS_CODE",
        LaCode = "LA_CODE",
        PathfinderKey = "PATHFINDER_KEY",
    }
    LearnerNumberKind { Upn = "UPN", Uln = "ULN", Nhs = "NHS", Sid = "SID", Husid = "HUSID" }
    SupportBasis { EhcPlan = "EHC_PLAN", SenSupport = "SEN_SUPPORT", None = "NONE" }
    Post16Kind {
        College = "COLLEGE",
        SixthForm = "SIXTH_FORM",
        SpecialPost16 = "SPECIAL_POST16",
        Training = "TRAINING",
        SupportedInternship = "SUPPORTED_INTERNSHIP",
    }
    OfferStatus {
        None = "NONE",
        Conditional = "CONDITIONAL",
        Unconditional = "UNCONDITIONAL",
        Accepted = "ACCEPTED",
        Declined = "DECLINED",
    }
    ReportedBy {
        SettingLeft = "SETTING_LEFT",
        SettingEntered = "SETTING_ENTERED",
        Authority = "AUTHORITY",
    }
}
