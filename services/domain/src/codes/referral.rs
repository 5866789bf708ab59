//! Referrals to a pathfinder: who refers, what for, how urgent, what was found, what became of it.

closed_codes! {
    /// Result of a screen.
    pub enum Rag("screening result") {
        /// Red.
        Red = "RED",
        /// Amber.
        Amber = "AMBER",
        /// Green.
        Green = "GREEN",
    }
}

closed_codes! {
    /// Who refers.
    pub enum ReferrerRole("referrer role") {
        /// A school's SENCO.
        SencoSchool = "SENCO_SCHOOL",
        /// Class teacher.
        ClassTeacher = "CLASS_TEACHER",
        /// Early years practitioner.
        EarlyYears = "EARLY_YEARS",
        /// Health visitor.
        HealthVisitor = "HEALTH_VISITOR",
        /// School nurse.
        SchoolNurse = "SCHOOL_NURSE",
        /// General practitioner.
        Gp = "GP",
        /// Paediatrician.
        Paediatrician = "PAEDIATRICIAN",
        /// Speech and language therapist.
        Slt = "SLT",
        /// Parent.
        Parent = "PARENT",
        /// Any other.
        Other = "OTHER",
    }
}

closed_codes! {
    /// Need ticked on the form.
    pub enum NeedTick("need ticked on a referral") {
        /// Attention and listening.
        AttentionListening = "ATTENTION_LISTENING",
        /// Understanding language.
        Understanding = "UNDERSTANDING",
        /// Expressive language.
        Expressive = "EXPRESSIVE",
        /// Speech sounds.
        SpeechSounds = "SPEECH_SOUNDS",
        /// Social communication.
        SocialCommunication = "SOCIAL_COMMUNICATION",
        /// Fluency.
        Fluency = "FLUENCY",
        /// Voice.
        Voice = "VOICE",
        /// Eating, drinking and swallowing: the urgent path, never queued as routine.
        EatingDrinkingSwallowing = "EATING_DRINKING_SWALLOWING",
        /// Selective mutism.
        SelectiveMutism = "SELECTIVE_MUTISM",
    }
}

closed_codes! {
    /// Priority, by its number in the national data set.
    pub enum Priority("referral priority") {
        /// Routine.
        Routine = "1",
        /// Urgent.
        Urgent = "2",
        /// Two-week wait.
        TwoWeek = "3",
    }
}

closed_codes! {
    /// Why a referral is not accepted.
    pub enum RejectionReason("reason for rejecting a referral") {
        /// The form is incomplete.
        IncompleteForm = "INCOMPLETE_FORM",
        /// The form is out of date.
        OutdatedForm = "OUTDATED_FORM",
        /// No consent.
        NoConsent = "NO_CONSENT",
        /// A discussion has to come first.
        PriorDiscussionRequired = "PRIOR_DISCUSSION_REQUIRED",
        /// Out of area.
        OutOfArea = "OUT_OF_AREA",
        /// Out of the age range.
        OutOfAgeRange = "OUT_OF_AGE_RANGE",
        /// The setting is not in the pathfinder.
        SettingNotInPathfinder = "SETTING_NOT_IN_PATHFINDER",
        /// Not a speech, language or communication need.
        NotSlcn = "NOT_SLCN",
        /// Any other.
        Other = "OTHER",
    }
}

closed_codes! {
    /// Where a referral is sent on.
    pub enum RedirectTarget("redirect target") {
        /// Core speech and language therapy.
        CoreSlt = "CORE_SLT",
        /// Urgent feeding and swallowing service.
        FeedingUrgent = "FEEDING_URGENT",
        /// Audiology.
        Audiology = "AUDIOLOGY",
        /// Community paediatrics.
        CommunityPaediatrics = "COMMUNITY_PAEDIATRICS",
        /// Experts at Hand.
        ExpertsAtHand = "EXPERTS_AT_HAND",
        /// Any other.
        Other = "OTHER",
    }
}

closed_codes! {
    /// How consent to refer was given.
    pub enum ConsentMethod("consent method") {
        /// Signed.
        Signed = "SIGNED",
        /// Verbal.
        Verbal = "VERBAL",
        /// Letter with a date for opting out.
        LetterOptOut = "LETTER_OPT_OUT",
        /// Portal.
        Portal = "PORTAL",
    }
}

closed_codes! {
    /// Why a child was not screened on the day.
    pub enum NotScreened("reason for not screening") {
        /// Absent.
        Absent = "ABSENT",
        /// Not brought.
        NotBrought = "NOT_BROUGHT",
        /// Refused on the day.
        RefusedOnTheDay = "REFUSED_ON_THE_DAY",
        /// The interpreter was missing.
        InterpreterMissing = "INTERPRETER_MISSING",
        /// The setting was closed.
        SettingClosed = "SETTING_CLOSED",
        /// Any other.
        Other = "OTHER",
    }
}

closed_codes! {
    /// How a referral came about.
    pub enum ReferralSource("referral source") {
        /// Referral form.
        Form = "FORM",
        /// Screen of a whole class.
        ClassScreen = "CLASS_SCREEN",
        /// Waiting list taken over, with its own received date.
        InheritedList = "INHERITED_LIST",
    }
}

closed_codes! {
    /// What became of a referral that was closed.
    pub enum ReferralOutcome("outcome of a referral") {
        /// No need found.
        NoNeedFound = "NO_NEED_FOUND",
        /// Met after intervention.
        MetAfterIntervention = "MET_AFTER_INTERVENTION",
        /// Universal strategies are enough.
        UniversalStrategies = "UNIVERSAL_STRATEGIES",
        /// Not engaged.
        NotEngaged = "NOT_ENGAGED",
        /// Left the setting.
        LeftSetting = "LEFT_SETTING",
    }
}

closed_codes! {
    /// Screening tool; its ages and result are data, see [`super::screening`].
    pub enum ScreeningTool("screening tool") {
        /// WellComm Early Years.
        WellcommEy = "WELLCOMM_EY",
        /// WellComm Primary.
        WellcommPrimary = "WELLCOMM_PRIMARY",
        /// Early Talk Boost tracker.
        TalkBoostEy = "TALK_BOOST_EY",
        /// KS1 Talk Boost tracker.
        TalkBoostKs1 = "TALK_BOOST_KS1",
        /// Speech and Language UK progress tools.
        SlukChecker = "SLUK_CHECKER",
        /// LanguageScreen.
        LanguageScreen = "LANGUAGE_SCREEN",
        /// Infant Language Link.
        LanguageLinkInfant = "LANGUAGE_LINK_INFANT",
        /// Junior Language Link.
        LanguageLinkJunior = "LANGUAGE_LINK_JUNIOR",
        /// Early Language Identification Measure.
        Elim = "ELIM",
        /// ASQ-3.
        Asq3 = "ASQ3",
        /// Any other.
        Other = "OTHER",
    }
}

impl NeedTick {
    /// A concern about swallowing or feeding takes the urgent path.
    pub const fn is_urgent_path(self) -> bool {
        matches!(self, Self::EatingDrinkingSwallowing)
    }
}

impl Priority {
    /// 1 routine, 2 urgent, 3 two-week.
    pub const fn level(self) -> u8 {
        match self {
            Self::Routine => 1,
            Self::Urgent => 2,
            Self::TwoWeek => 3,
        }
    }

    /// The priority with this number.
    ///
    /// # Errors
    /// [`UnknownCode`](crate::codes::UnknownCode) for any other number.
    pub fn from_level(level: u8) -> Result<Self, super::UnknownCode> {
        let found = Self::ALL.iter().copied().find(|priority| priority.level() == level);
        found.ok_or(super::UnknownCode { set: "referral priority" })
    }

    /// The word that a FHIR `ServiceRequest.priority` carries.
    pub const fn fhir(self) -> &'static str {
        match self {
            Self::Routine => "routine",
            Self::Urgent | Self::TwoWeek => "urgent",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::assert_set;

    #[test]
    fn the_sets_are_those_of_the_pages() {
        assert_set::<Rag>("RED, AMBER, GREEN");
        assert_set::<ReferrerRole>(
            "SENCO_SCHOOL, CLASS_TEACHER, EARLY_YEARS, HEALTH_VISITOR, SCHOOL_NURSE, GP, \
             PAEDIATRICIAN, SLT, PARENT, OTHER",
        );
        assert_set::<NeedTick>(
            "ATTENTION_LISTENING, UNDERSTANDING, EXPRESSIVE, SPEECH_SOUNDS, \
             SOCIAL_COMMUNICATION, FLUENCY, VOICE, EATING_DRINKING_SWALLOWING, \
             SELECTIVE_MUTISM",
        );
        assert_set::<Priority>("1, 2, 3");
        assert_set::<RejectionReason>(
            "INCOMPLETE_FORM, OUTDATED_FORM, NO_CONSENT, PRIOR_DISCUSSION_REQUIRED, \
             OUT_OF_AREA, OUT_OF_AGE_RANGE, SETTING_NOT_IN_PATHFINDER, NOT_SLCN, OTHER",
        );
        assert_set::<RedirectTarget>(
            "CORE_SLT, FEEDING_URGENT, AUDIOLOGY, COMMUNITY_PAEDIATRICS, EXPERTS_AT_HAND, \
             OTHER",
        );
        assert_set::<ConsentMethod>("SIGNED, VERBAL, LETTER_OPT_OUT, PORTAL");
        assert_set::<NotScreened>(
            "ABSENT, NOT_BROUGHT, REFUSED_ON_THE_DAY, INTERPRETER_MISSING, SETTING_CLOSED, \
             OTHER",
        );
        assert_set::<ReferralSource>("FORM, CLASS_SCREEN, INHERITED_LIST");
        assert_set::<ReferralOutcome>(
            "NO_NEED_FOUND, MET_AFTER_INTERVENTION, UNIVERSAL_STRATEGIES, NOT_ENGAGED, \
             LEFT_SETTING",
        );
        assert_set::<ScreeningTool>(
            "WELLCOMM_EY, WELLCOMM_PRIMARY, TALK_BOOST_EY, TALK_BOOST_KS1, SLUK_CHECKER, \
             LANGUAGE_SCREEN, LANGUAGE_LINK_INFANT, LANGUAGE_LINK_JUNIOR, ELIM, ASQ3, OTHER",
        );
    }

    #[test]
    fn one_tick_takes_the_urgent_path() {
        let urgent: Vec<_> = NeedTick::ALL.iter().filter(|tick| tick.is_urgent_path()).collect();
        assert_eq!(urgent, [&NeedTick::EatingDrinkingSwallowing]);
    }

    #[test]
    fn priority_by_number_and_in_fhir() {
        let fhir: Vec<_> = Priority::ALL.iter().map(|priority| priority.fhir()).collect();
        assert_eq!(fhir, ["routine", "urgent", "urgent"]);
        assert_eq!(Priority::from_level(3), Ok(Priority::TwoWeek));
        assert!(Priority::from_level(0).is_err() && Priority::from_level(4).is_err());
    }
}
