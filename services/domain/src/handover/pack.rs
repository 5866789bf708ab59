//! The content of a handover pack: what one setting tells the next about a learner.

use jiff::civil::Date;

use crate::codes::handover::Ground;
use crate::ids::SupportItemId;
use crate::learner::{Person, RankedNeed};

/// A pack. Immutable once released. Everything in it is sealed.
#[derive(Clone, PartialEq, Default)]
pub struct Pack {
    /// The learner as the sender knows them; filled from the sender's record at draft and release.
    pub person: Option<Person>,
    /// Current UPN.
    pub upn: Option<String>,
    /// Unique learner number.
    pub uln: Option<String>,
    /// How the learner communicates.
    pub communication_method: Option<String>,
    /// Pronouns.
    pub pronouns: Option<String>,
    /// Parent or young person who holds the rights on the day of release.
    pub right_holder: Option<RightHolder>,
    /// Ranked needs.
    pub needs: Vec<RankedNeed>,
    /// Lines of support.
    pub support: Vec<SupportItem>,
    /// Sections of the plan, each with the ground on which it is shared.
    pub sections: Vec<Section>,
    /// Preparing for adulthood: employment, independent living, community, health.
    pub adulthood: Option<String>,
    /// Screening results in words.
    pub screening: Option<String>,
    /// Assessment, effect on the programme, adjustments: needed for an apprenticeship.
    pub evidence: Option<String>,
    /// Who to ring at the sender.
    pub contact: Option<String>,
    /// Who can be reached in the holidays.
    pub holiday_contact: Option<String>,
    /// A safeguarding file follows by its own route.
    pub safeguarding_file_follows: bool,
    /// The record's history up to the release travels with the pack.
    pub include_history: bool,
    /// Grounds of the parts that are not plan sections (the pack itself).
    pub grounds: Vec<GroundStatement>,
}

/// Parent or young person who holds the rights.
#[derive(Clone, PartialEq, Eq)]
pub struct RightHolder {
    /// Name.
    pub name: String,
    /// `parent`, `young_person` or `representative`.
    pub role: String,
    /// How to reach them.
    pub contact: String,
}

/// One line of support.
#[derive(Clone, PartialEq, Eq)]
pub struct SupportItem {
    /// The line.
    pub item: SupportItemId,
    /// What helps.
    pub text: String,
    /// It has to be there in the first week.
    pub week_one: bool,
}

/// A section of an EHC plan, regulation 12: `A` to `K`, `H1`, `H2`.
#[derive(Clone, PartialEq)]
pub struct Section {
    /// `A`, `B`, … `H1`, `H2`, … `K`.
    pub code: String,
    /// Text of the section.
    pub text: String,
    /// On what ground it is shared; a section without one cannot be released.
    pub ground: Option<GroundStatement>,
}

/// Why something may be shared with the receiver.
#[derive(Clone, PartialEq)]
pub struct GroundStatement {
    /// The ground.
    pub ground: Ground,
    /// The day the family was told, the young person asked, or consent was given.
    pub on: Option<Date>,
    /// An objection was made and answered by a person.
    pub objection_answered: bool,
}
