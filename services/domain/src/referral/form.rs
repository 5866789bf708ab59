//! The referral form: the union of what NHS speech and language services ask for.

use jiff::civil::Date;

use crate::codes::referral::{
    ConsentMethod, NeedTick, Priority, Rag, ReferralSource, ReferrerRole, ScreeningTool,
};
use crate::learner::Person;

/// A referral as the setting fills it in. Everything in it is sealed.
#[derive(Clone, PartialEq)]
pub struct Form {
    /// The child.
    pub person: Person,
    /// UPN, where the child has one; a nursery child has none.
    pub upn: Option<String>,
    /// NHS number, where known.
    pub nhs_number: Option<String>,
    /// Role of the person who refers.
    pub referrer_role: ReferrerRole,
    /// Areas of need.
    pub need_ticks: Vec<NeedTick>,
    /// An interpreter is needed.
    pub interpreter: bool,
    /// How to reach a carer.
    pub carer_contact: Option<String>,
    /// Priority as the referrer sees it.
    pub priority: Priority,
    /// Screening before the referral.
    pub screening: Option<PriorScreening>,
    /// Why the child is referred.
    pub reason: String,
    /// Consent to refer; without it the referral is not accepted.
    pub consent: Option<ReferralConsent>,
    /// ODS code of the GP.
    pub gp_ods: Option<String>,
    /// Form, class screen or inherited list.
    pub source: ReferralSource,
    /// Further answers of the form, question and answer.
    pub answers: Vec<(String, String)>,
}

/// A screen that the setting had done.
#[derive(Clone, PartialEq)]
pub struct PriorScreening {
    /// Tool.
    pub tool: ScreeningTool,
    /// Red, amber or green.
    pub rag: Option<Rag>,
}

/// Consent to refer.
#[derive(Clone, PartialEq)]
pub struct ReferralConsent {
    /// Day it was given.
    pub on: Date,
    /// How.
    pub method: ConsentMethod,
}
