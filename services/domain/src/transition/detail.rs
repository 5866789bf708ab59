//! The eleven kinds of transition and what each one carries.

use jiff::civil::Date;

use crate::codes::placement::{ApDestination, ApTier};
use crate::codes::year::NcYear;
use crate::ids::DsaCaseId;
use crate::learner::Setting;

/// When a move is planned: a day, or only a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planned {
    /// A day.
    Day(Date),
    /// A month: its first day counts for deadlines, its last for non-arrival.
    Month {
        /// Calendar year.
        year: i16,
        /// 1 to 12.
        month: i8,
    },
}

/// What kind of move, and its particulars. Everything here is sealed, save the organisations.
#[derive(Clone, PartialEq)]
pub enum Detail {
    /// Between the phases of regulation 2(1).
    PhaseTransfer(PhaseTransfer),
    /// Into or between post-16 settings.
    Post16Move(Post16Move),
    /// Into an apprenticeship.
    ApprenticeshipStart(ApprenticeshipStart),
    /// Into higher education.
    HigherEducationEntry(HigherEducationEntry),
    /// Into a placement of alternative provision.
    AlternativeProvision(AlternativeProvision),
    /// To another local authority.
    LocalAuthorityMove(LocalAuthorityMove),
    /// Between settings within a phase.
    InYearMove(InYearMove),
    /// Into paid work.
    Employment(Employment),
    /// Into adult care.
    AdultCare(AdultCare),
    /// To education at home by choice.
    ElectiveHomeEducation(ElectiveHomeEducation),
    /// Out of education, employment and training.
    NotInEducation(NotInEducation),
}

/// Basis of support that travels with a phase transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupportBasis {
    /// Education, health and care plan.
    EhcPlan,
    /// SEN support.
    SenSupport,
    /// No special educational provision.
    None,
}

/// See [`Detail::PhaseTransfer`].
#[derive(Clone, PartialEq)]
pub struct PhaseTransfer {
    /// Setting left.
    pub from: Setting,
    /// Setting entered; absent where it is not known yet.
    pub to: Option<Setting>,
    /// Year group at the time of recording.
    pub nc_year: Option<NcYear>,
    /// When.
    pub planned: Planned,
    /// EHC plan or SEN support.
    pub basis: SupportBasis,
}

/// Kind of post-16 setting entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Post16Kind {
    /// Further education college.
    College,
    /// School sixth form.
    SixthForm,
    /// Specialist post-16 institution.
    SpecialPost16,
    /// Training provider.
    Training,
    /// Supported internship.
    SupportedInternship,
}

/// State of an offer of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferStatus {
    /// No offer yet.
    None,
    /// Offer with conditions.
    Conditional,
    /// Offer without conditions.
    Unconditional,
    /// Offer accepted by the learner.
    Accepted,
    /// Offer declined by the learner.
    Declined,
}

/// See [`Detail::Post16Move`].
#[derive(Clone, PartialEq)]
pub struct Post16Move {
    /// Setting left.
    pub from: Setting,
    /// Setting entered.
    pub to: Option<Setting>,
    /// Kind of setting entered.
    pub kind: Post16Kind,
    /// Programme of study.
    pub programme: Option<String>,
    /// When.
    pub planned: Planned,
    /// State of the offer.
    pub offer: OfferStatus,
}

/// See [`Detail::ApprenticeshipStart`].
#[derive(Clone, PartialEq)]
pub struct ApprenticeshipStart {
    /// Setting left.
    pub from: Setting,
    /// Training provider (its UKPRN in `number`).
    pub provider: Setting,
    /// The employer's reference.
    pub employer_ref: Option<String>,
    /// Code of the apprenticeship standard.
    pub standard_code: String,
    /// Level, 2 to 7.
    pub level: u8,
    /// First day.
    pub start: Date,
    /// Planned last day.
    pub planned_end: Option<Date>,
    /// A learning-support need was found.
    pub learning_support_need: bool,
    /// The evidence for it.
    pub evidence: Option<String>,
}

/// See [`Detail::HigherEducationEntry`].
#[derive(Clone, PartialEq)]
pub struct HigherEducationEntry {
    /// Setting left.
    pub from: Setting,
    /// University (its UKPRN in `number`).
    pub provider: Setting,
    /// Course title.
    pub course: String,
    /// First day of the course.
    pub start: Date,
    /// Academic year, `2026/27`.
    pub academic_year: String,
    /// Last day of the EHC plan, where there is one.
    pub plan_end: Option<Date>,
    /// The Disabled Students' Allowance case that the entry opens, if any.
    pub dsa_case: Option<DsaCaseId>,
}

/// See [`Detail::AlternativeProvision`].
#[derive(Clone, PartialEq)]
pub struct AlternativeProvision {
    /// The learner's own school.
    pub from: Setting,
    /// Setting of the placement; for tier 1 the school itself.
    pub to: Setting,
    /// Tier 1 to 3.
    pub tier: ApTier,
    /// First day.
    pub start: Date,
    /// Planned last day.
    pub planned_end: Date,
    /// Where the learner goes afterwards.
    pub destination: ApDestination,
    /// Review days inside the placement.
    pub review_dates: Vec<Date>,
}

/// See [`Detail::LocalAuthorityMove`].
#[derive(Clone, PartialEq)]
pub struct LocalAuthorityMove {
    /// Authority left, three-digit code.
    pub from_la: String,
    /// Authority entered, three-digit code.
    pub to_la: String,
    /// Day of the move.
    pub planned: Planned,
    /// Setting entered, where it changes too.
    pub to: Option<Setting>,
}

/// See [`Detail::InYearMove`].
#[derive(Clone, PartialEq)]
pub struct InYearMove {
    /// Setting left.
    pub from: Setting,
    /// Setting entered.
    pub to: Option<Setting>,
    /// When.
    pub planned: Planned,
    /// Year group.
    pub nc_year: Option<NcYear>,
}

/// See [`Detail::Employment`].
#[derive(Clone, PartialEq)]
pub struct Employment {
    /// Setting left.
    pub from: Setting,
    /// The employer's reference.
    pub employer_ref: Option<String>,
    /// When.
    pub planned: Planned,
    /// Hours a week.
    pub hours_per_week: Option<u8>,
}

/// See [`Detail::AdultCare`].
#[derive(Clone, PartialEq)]
pub struct AdultCare {
    /// Setting left.
    pub from: Setting,
    /// Authority that assesses, three-digit code.
    pub authority: Option<String>,
    /// When.
    pub planned: Planned,
}

/// See [`Detail::ElectiveHomeEducation`].
#[derive(Clone, PartialEq)]
pub struct ElectiveHomeEducation {
    /// Setting left.
    pub from: Setting,
    /// When.
    pub planned: Planned,
}

/// See [`Detail::NotInEducation`].
#[derive(Clone, PartialEq)]
pub struct NotInEducation {
    /// Setting left.
    pub from: Setting,
    /// Since when, or from when.
    pub planned: Planned,
    /// Activity code, where the authority gave one.
    pub activity_code: Option<String>,
}
