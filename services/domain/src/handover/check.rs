//! Tell what a draft lacks. Records nothing; a release runs it.

use super::{HandoverFold, HandoverStep, Pack, grounds};
use crate::codes::closed_codes;
use crate::codes::handover::Ground;
use crate::codes::setting::OrganisationKind;
use crate::decider::{Refusal, Steps};

closed_codes! {
    /// Something without which no pack is released.
    pub enum MustHave("must-have of a handover") {
        /// Forename, surname and date of birth.
        Identity = "IDENTITY",
        /// A way to reach the parent or young person who holds the rights.
        RightHolderContact = "RIGHT_HOLDER_CONTACT",
        /// At least one need.
        Needs = "NEEDS",
        /// At least one line of what helps in week one.
        WeekOneSupport = "WEEK_ONE_SUPPORT",
        /// Somebody of the sender who can be reached in the holidays.
        HolidayContact = "HOLIDAY_CONTACT",
        /// For higher education: the young person's dated request.
        RequestOfYp = "REQUEST_OF_YP",
        /// For an apprenticeship: the assessment, its effect, the adjustments.
        Assessment = "ASSESSMENT",
    }
}

closed_codes! {
    /// Something worth a look. None stops a release.
    pub enum Warning("warning about a handover") {
        /// Neither UPN nor ULN.
        NoNumber = "NO_NUMBER",
        /// How the learner communicates is not said.
        NoCommunication = "NO_COMMUNICATION",
        /// Nobody at the sender to ring in term time.
        NoContact = "NO_CONTACT",
        /// From year 9 on: nothing about preparing for adulthood.
        NoAdulthood = "NO_ADULTHOOD",
        /// No section of a plan, though a ground names section I.
        NoSections = "NO_SECTIONS",
        /// The learner is shielded: look twice before it goes.
        Sensitive = "SENSITIVE",
    }
}

impl MustHave {
    /// What it is, in words for a person.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Identity => "the learner's name and date of birth",
            Self::RightHolderContact => "how to reach the parent or young person",
            Self::Needs => "the needs",
            Self::WeekOneSupport => "what helps in week one",
            Self::HolidayContact => "who can be reached in the holidays",
            Self::RequestOfYp => "the young person's dated request",
            Self::Assessment => "the assessment, its effect on the programme and the adjustments",
        }
    }
}

impl Warning {
    /// What it is, in words for a person.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::NoNumber => "the pack has neither a UPN nor a ULN",
            Self::NoCommunication => "the pack does not say how the learner communicates",
            Self::NoContact => "the pack names nobody to ring at the sender",
            Self::NoAdulthood => "from year 9 a pack says how the learner prepares for adulthood",
            Self::NoSections => "section I is the ground, but no section of a plan is in the pack",
            Self::Sensitive => "the learner is shielded; the address is left out",
        }
    }
}

/// Who is to receive, as far as it decides what a pack must have. Looked up before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receiver {
    /// Kind of the receiving organisation.
    pub kind: OrganisationKind,
    /// The pack is for an apprenticeship.
    pub apprenticeship: bool,
    /// The pack is for entry to higher education, whatever the kind of the receiver.
    pub higher_education: bool,
}

impl Receiver {
    /// Higher education and its assessors get a pack at the young person's request only (reg 47).
    pub const fn needs_request(self) -> bool {
        self.higher_education
            || matches!(self.kind, OrganisationKind::University | OrganisationKind::DsaAssessor)
    }
}

/// What a draft lacks for one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Check {
    /// Must-haves that are missing.
    pub missing: Vec<MustHave>,
    /// Codes of the plan sections that have no ground that holds for the receiver.
    pub sections_without_ground: Vec<String>,
    /// The pack itself has no ground that holds for the receiver.
    pub pack_without_ground: bool,
    /// What is worth a look.
    pub warnings: Vec<Warning>,
}

impl Check {
    /// Whether the pack can be released.
    pub fn is_ready(&self) -> bool {
        self.missing.is_empty()
            && self.sections_without_ground.is_empty()
            && !self.pack_without_ground
    }

    /// Refuses a pack that is not ready.
    ///
    /// # Errors
    /// The rule `HANDOVER_INCOMPLETE`, naming what is missing and nothing of what is there.
    pub fn ready(&self) -> Result<(), Refusal> {
        if self.is_ready() {
            return Ok(());
        }
        let mut lacks: Vec<String> =
            self.missing.iter().map(|must| must.in_words().to_owned()).collect();
        if self.pack_without_ground {
            lacks.push("a ground for sharing the pack with this receiver".to_owned());
        }
        let sections = self.sections_without_ground.iter();
        lacks.extend(sections.map(|code| format!("a ground for section {code}")));
        Err(Refusal::Rule {
            reason: "HANDOVER_INCOMPLETE",
            message: format!("the pack lacks {}", lacks.join("; ")),
        })
    }
}

impl HandoverFold {
    /// Tells what the draft lacks.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] before there is a draft, [`Refusal::IllegalStep`] after its release.
    pub fn check(&self, receiver: Receiver) -> Result<Check, Refusal> {
        let (_, stands) = self.stands(HandoverStep::Check)?;
        HandoverStep::Check.require(stands)?;
        let pack = self.pack.as_ref().ok_or(Refusal::NotFound)?;
        Ok(check(&pack.fact, receiver))
    }
}

/// Tells what a pack lacks for a receiver.
pub(super) fn check(pack: &Pack, receiver: Receiver) -> Check {
    let sections = pack.sections.iter().filter(|section| {
        let ground = section.ground.as_ref();
        !ground.is_some_and(|ground| grounds::holds_for_section(receiver, ground))
    });
    Check {
        missing: missing(pack, receiver),
        sections_without_ground: sections.map(|section| section.code.clone()).collect(),
        pack_without_ground: !pack
            .grounds
            .iter()
            .any(|ground| grounds::holds_for_pack(receiver, ground)),
        warnings: warnings(pack),
    }
}

fn missing(pack: &Pack, receiver: Receiver) -> Vec<MustHave> {
    let identity =
        pack.person.as_ref().is_some_and(|who| !blank(&who.surname) && !blank(&who.forename));
    let right_holder =
        pack.right_holder.as_ref().is_some_and(|who| !blank(&who.name) && !blank(&who.contact));
    let week_one = pack.support.iter().any(|item| item.week_one && !blank(&item.text));
    let request = pack
        .grounds
        .iter()
        .any(|ground| ground.ground == Ground::RequestOfYp && ground.on.is_some());
    let table = [
        (MustHave::Identity, identity),
        (MustHave::RightHolderContact, right_holder),
        (MustHave::Needs, !pack.needs.is_empty()),
        (MustHave::WeekOneSupport, week_one),
        (MustHave::HolidayContact, said(&pack.holiday_contact)),
        (MustHave::RequestOfYp, !receiver.needs_request() || request),
        (MustHave::Assessment, !receiver.apprenticeship || said(&pack.evidence)),
    ];
    table.into_iter().filter(|(_, there)| !there).map(|(must, _)| must).collect()
}

fn warnings(pack: &Pack) -> Vec<Warning> {
    let known = pack.person.as_ref().and_then(|who| who.nc_year.as_ref()?.known());
    let year = known.and_then(|year| year.number());
    let older = year.is_some_and(|year| year >= 9);
    let names_section_i =
        pack.grounds.iter().any(|ground| ground.ground == Ground::NamedInSectionI);
    let sensitive = pack.person.as_ref().is_some_and(|who| who.sensitive);
    let table = [
        (Warning::NoNumber, !said(&pack.upn) && !said(&pack.uln)),
        (Warning::NoCommunication, !said(&pack.communication_method)),
        (Warning::NoContact, !said(&pack.contact)),
        (Warning::NoAdulthood, older && !said(&pack.adulthood)),
        (Warning::NoSections, names_section_i && pack.sections.is_empty()),
        (Warning::Sensitive, sensitive),
    ];
    table.into_iter().filter(|(_, applies)| *applies).map(|(warning, _)| warning).collect()
}

fn blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn said(text: &Option<String>) -> bool {
    text.as_ref().is_some_and(|text| !blank(text))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{college, ground, pack};
    use super::super::{Section, SupportItem};
    use super::*;
    use crate::codes::year::NcYear;

    #[test]
    fn the_sample_is_ready_and_an_empty_draft_lacks_everything() {
        assert_eq!(check(&pack(), college()), Check::default());
        let empty = check(&Pack::default(), college());
        assert_eq!(empty.missing, MustHave::ALL[..5]);
        assert!(empty.pack_without_ground && !empty.is_ready());
        assert!(empty.ready().is_err());
    }

    #[test]
    fn higher_education_needs_the_request_and_an_apprenticeship_the_assessment() {
        let university = Receiver { kind: OrganisationKind::University, ..college() };
        let asked = check(&pack(), university);
        assert_eq!(asked.missing, [MustHave::RequestOfYp]);
        assert!(asked.pack_without_ground, "a public task is no ground for a university");
        let request = Pack { grounds: vec![ground(Ground::RequestOfYp)], ..pack() };
        assert!(check(&request, university).is_ready());

        let provider = Receiver {
            kind: OrganisationKind::TrainingProvider,
            apprenticeship: true,
            higher_education: false,
        };
        assert_eq!(check(&pack(), provider).missing, [MustHave::Assessment]);
        let evidence = Pack { evidence: Some("Assessed in May".to_owned()), ..pack() };
        assert!(check(&evidence, provider).is_ready());
    }

    #[test]
    fn a_section_needs_its_own_ground() {
        let section =
            |code: &str, ground| Section { code: code.into(), text: "…".into(), ground };
        let shared = Pack {
            sections: vec![
                section("B", Some(ground(Ground::NamedInSectionI))),
                section("F", Some(ground(Ground::PublicTask))),
                section("G", None),
            ],
            ..pack()
        };
        assert_eq!(check(&shared, college()).sections_without_ground, ["F", "G"]);
    }

    #[test]
    fn what_helps_later_does_not_help_in_week_one() {
        let later = SupportItem { week_one: false, ..pack().support[0].clone() };
        let pack = Pack { support: vec![later], ..pack() };
        assert_eq!(check(&pack, college()).missing, [MustHave::WeekOneSupport]);
    }

    #[test]
    fn warnings_stop_nothing() {
        let mut bare = Pack {
            upn: None,
            communication_method: None,
            contact: None,
            adulthood: None,
            grounds: vec![ground(Ground::NamedInSectionI)],
            ..pack()
        };
        if let Some(person) = &mut bare.person {
            person.nc_year = Some(NcYear::Y11.into());
            person.sensitive = true;
        }
        let found = check(&bare, college());
        assert_eq!(found.warnings, Warning::ALL);
        assert!(found.is_ready());
    }
}
