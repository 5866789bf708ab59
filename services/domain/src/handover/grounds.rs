//! Whether a ground holds for a receiver: the table of grounds of the code sets, section 10.

use super::{GroundStatement, Receiver};
use crate::codes::handover::Ground;
use crate::codes::setting::OrganisationKind;

/// Grounds of a pack for the next setting. The kind of an organisation does not tell whether it is
/// public or private, so both the public task and legitimate interests may be named.
const SETTING: &[Ground] =
    &[Ground::PublicTask, Ground::NamedInSectionI, Ground::LegitimateInterests, Ground::Consent];

/// For higher education: nothing but the young person's own request (reg 47).
const REQUEST_ONLY: &[Ground] = &[Ground::RequestOfYp];

/// For everybody else.
const CONSENT_ONLY: &[Ground] = &[Ground::Consent];

/// Grounds of a plan section for the next setting: named in section I, else consent (reg 17).
const PLAN_SECTION: &[Ground] = &[Ground::NamedInSectionI, Ground::Consent];

/// Whether the pack itself may be shared with the receiver on this ground. Every ground has its day:
/// the family was told, the young person asked, or consent was given.
pub fn holds_for_pack(receiver: Receiver, said: &GroundStatement) -> bool {
    said.on.is_some() && for_pack(receiver).contains(&said.ground)
}

/// Whether a section of an EHC plan may be shared with the receiver on this ground.
pub fn holds_for_section(receiver: Receiver, said: &GroundStatement) -> bool {
    let grounds = match for_pack(receiver) {
        SETTING => PLAN_SECTION,
        others => others,
    };
    said.on.is_some() && grounds.contains(&said.ground)
}

fn for_pack(receiver: Receiver) -> &'static [Ground] {
    if receiver.needs_request() {
        return REQUEST_ONLY;
    }
    match receiver.kind {
        OrganisationKind::School
        | OrganisationKind::EarlyYears
        | OrganisationKind::College
        | OrganisationKind::TrainingProvider
        | OrganisationKind::AlternativeProvider
        | OrganisationKind::SecureSetting => SETTING,
        _ => CONSENT_ONLY,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::ground;
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(OrganisationKind::School, Ground::PublicTask, true, false)]
    #[case(OrganisationKind::College, Ground::NamedInSectionI, true, true)]
    #[case(OrganisationKind::TrainingProvider, Ground::LegitimateInterests, true, false)]
    #[case(OrganisationKind::School, Ground::Consent, true, true)]
    #[case(OrganisationKind::School, Ground::RequestOfYp, false, false)]
    #[case(OrganisationKind::University, Ground::RequestOfYp, true, true)]
    #[case(OrganisationKind::University, Ground::Consent, false, false)]
    #[case(OrganisationKind::DsaAssessor, Ground::PublicTask, false, false)]
    #[case(OrganisationKind::Other, Ground::Consent, true, true)]
    #[case(OrganisationKind::Icb, Ground::PublicTask, false, false)]
    fn grounds_by_receiver(
        #[case] kind: OrganisationKind,
        #[case] named: Ground,
        #[case] pack: bool,
        #[case] section: bool,
    ) {
        let receiver = Receiver { kind, apprenticeship: false, higher_education: false };
        assert_eq!(holds_for_pack(receiver, &ground(named)), pack);
        assert_eq!(holds_for_section(receiver, &ground(named)), section);
        let undated = GroundStatement { on: None, ..ground(named) };
        assert!(!holds_for_pack(receiver, &undated) && !holds_for_section(receiver, &undated));
    }
}
