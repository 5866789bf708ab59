//! What can be true of one organisation's record of a learner.

use jiff::civil::Date;

use crate::codes::Open;
use crate::codes::need::NeedType;
use crate::codes::provision::SenProvision;
use crate::codes::reason::{ErasureGround, IdentifierEnd};
use crate::codes::setting::EnrolmentKind;
use crate::codes::year::NcYear;
use crate::ids::{EnrolmentId, HandoverId, LearnerId, OrganisationId};

/// A fact about one organisation's record of a learner. Stream: the record's own.
#[derive(Clone, PartialEq)]
pub enum LearnerFact {
    /// The record exists.
    Registered(LearnerRegistered),
    /// The personal details are now these.
    Amended(LearnerAmended),
    /// The learner has this identifier.
    IdentifierAdded(IdentifierAdded),
    /// An identifier is no longer the learner's.
    IdentifierEnded(IdentifierEnded),
    /// A spell of special educational provision.
    SenProvisionRecorded(SenProvisionRecorded),
    /// The ranked needs are now these.
    NeedsRecorded(NeedsRecorded),
    /// The learner is on a setting's roll.
    EnrolmentRecorded(EnrolmentRecorded),
    /// The learner has left a setting's roll.
    EnrolmentEnded(EnrolmentEnded),
    /// This record and another are about one person.
    RecordLinked(RecordLinked),
    /// Somebody asked that all that is said about the learner be erased.
    ErasureRequested(ErasureRequested),
    /// All that was said about the learner was erased. The last fact of the stream.
    Erased(LearnerErased),
}

/// The record exists.
#[derive(Clone, PartialEq)]
pub struct LearnerRegistered {
    /// The record.
    pub learner: LearnerId,
    /// Who the learner is.
    pub person: Person,
    /// The organisation's own key of the learner.
    pub own_ref: Option<String>,
}

/// Who a learner is. No `Debug`: it must never reach a log line.
#[derive(Clone, PartialEq)]
pub struct Person {
    /// Family name as the family writes it.
    pub surname: String,
    /// Given name.
    pub forename: String,
    /// The name the learner goes by.
    pub known_as: Option<String>,
    /// Date of birth.
    pub date_of_birth: Date,
    /// `M`, `F` or another code of the sending system.
    pub sex: Option<String>,
    /// Home postcode.
    pub postcode: Option<String>,
    /// National Curriculum year. What the list does not have is kept.
    pub nc_year: Option<Open<NcYear>>,
    /// Language spoken at home.
    pub home_language: Option<String>,
    /// In care, and of which authority.
    pub looked_after: Option<LookedAfter>,
    /// Shielded, adopted or protected: the address is masked and in no pack or file.
    pub sensitive: bool,
}

/// Looked-after status.
#[derive(Clone, PartialEq, Eq)]
pub struct LookedAfter {
    /// In care now.
    pub in_care: bool,
    /// Code of the authority with the care order.
    pub care_authority: Option<String>,
}

/// The personal details are now these (the whole of them, not a difference).
#[derive(Clone, PartialEq)]
pub struct LearnerAmended {
    /// The record.
    pub learner: LearnerId,
    /// Who the learner is.
    pub person: Person,
    /// The organisation's own key of the learner.
    pub own_ref: Option<String>,
}

/// Registers that number learners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LearnerNumberKind {
    /// Unique pupil number.
    Upn,
    /// Unique learner number.
    Uln,
    /// NHS number; only for health.
    Nhs,
    /// HESA student identifier from 2022/23.
    Sid,
    /// HESA unique student identifier before that.
    Husid,
}

/// The learner has this identifier.
#[derive(Clone, PartialEq)]
pub struct IdentifierAdded {
    /// The record.
    pub learner: LearnerId,
    /// Which register.
    pub kind: LearnerNumberKind,
    /// The cleaned number.
    pub value: String,
    /// A former number: found by search, never sent as the current one.
    pub former: bool,
    /// First day it applied.
    pub from: Option<Date>,
}

/// An identifier is no longer the learner's.
#[derive(Clone, PartialEq)]
pub struct IdentifierEnded {
    /// The record.
    pub learner: LearnerId,
    /// Which register.
    pub kind: LearnerNumberKind,
    /// The cleaned number.
    pub value: String,
    /// Wrong (no alias) or superseded (stays an alias).
    pub reason: IdentifierEnd,
}

/// A spell of special educational provision. Idempotent by (learner, start, provision).
#[derive(Clone, PartialEq)]
pub struct SenProvisionRecorded {
    /// The record.
    pub learner: LearnerId,
    /// Kind of provision. What the list does not have is kept.
    pub provision: Open<SenProvision>,
    /// First day.
    pub start: Date,
    /// Last day, where it has ended.
    pub end: Option<Date>,
}

/// The ranked needs are now these (the whole set).
#[derive(Clone, PartialEq)]
pub struct NeedsRecorded {
    /// The record.
    pub learner: LearnerId,
    /// The needs by rank.
    pub needs: Vec<RankedNeed>,
}

/// One need and its rank.
#[derive(Clone, PartialEq)]
pub struct RankedNeed {
    /// The need.
    pub need: NeedType,
    /// 1 is the primary need; transfer files go to 99.
    pub rank: u8,
    /// First day it was recorded.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
}

/// A place of education: an organisation of the house, or one known by number or name only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Setting {
    /// The organisation, where it is registered. Public.
    pub organisation: Option<OrganisationId>,
    /// Its number as the caller gave it, cleaned. Sealed.
    pub number: Option<String>,
    /// Its name as the caller gave it. Sealed.
    pub name: Option<String>,
}

/// The learner is on a setting's roll.
#[derive(Clone, PartialEq)]
pub struct EnrolmentRecorded {
    /// The record.
    pub learner: LearnerId,
    /// The enrolment.
    pub enrolment: EnrolmentId,
    /// Where.
    pub setting: Setting,
    /// Kind of enrolment.
    pub kind: EnrolmentKind,
    /// First day.
    pub from: Date,
    /// Last day, where known.
    pub to: Option<Date>,
    /// For AWAY: when the learner is expected back.
    pub expected_return: Option<Date>,
}

/// The learner has left a setting's roll.
#[derive(Clone, PartialEq)]
pub struct EnrolmentEnded {
    /// The record.
    pub learner: LearnerId,
    /// The enrolment.
    pub enrolment: EnrolmentId,
    /// Last day.
    pub on: Date,
}

/// This record and another are about one person. Recorded on both records' streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordLinked {
    /// The record.
    pub learner: LearnerId,
    /// The other record.
    pub other: LearnerId,
    /// The organisation that keeps the other record.
    pub other_organisation: OrganisationId,
    /// The accepted handover that links them, if one did.
    pub handover: Option<HandoverId>,
}

/// Somebody asked that all that is said about the learner be erased. Sealed like everything else, so that
/// the words of the request go with what they are about.
#[derive(Clone, PartialEq)]
pub struct ErasureRequested {
    /// The record.
    pub learner: LearnerId,
    /// The lawful ground.
    pub ground: ErasureGround,
    /// Why, in the words of who asked.
    pub reason: String,
    /// By whom this person is told from others: a keyed hash, as hexadecimal digits.
    pub asked_by: String,
}

/// All that was said about the learner was erased. Public throughout, since it outlives the key; so the
/// ground is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnerErased {
    /// The record.
    pub learner: LearnerId,
    /// Whose record it was.
    pub keeper: OrganisationId,
}
