//! The sample files, and how they hang together.

use super::*;

// === The three sample files, and how they hang together ===

#[test]
fn the_sample_organisations_are_read() {
    let organisations = sound::<OrganisationRow>(fixture!("csv/organisations.csv"));
    let kinds: BTreeSet<_> = organisations.iter().map(|read| read.row.kind).collect();
    for kind in [
        OrganisationKind::School,
        OrganisationKind::EarlyYears,
        OrganisationKind::College,
        OrganisationKind::TrainingProvider,
        OrganisationKind::University,
        OrganisationKind::AlternativeProvider,
        OrganisationKind::LocalAuthority,
        OrganisationKind::Pathfinder,
        OrganisationKind::Icb,
        OrganisationKind::NhsProvider,
    ] {
        assert!(kinds.contains(&kind), "{kind}");
    }
    let keys: BTreeSet<_> = organisations.iter().map(|read| read.row.row_key()).collect();
    assert_eq!(keys.len(), organisations.len());
    assert!(organisations.iter().all(|read| read.warnings.is_empty()));
    assert!(organisations.iter().all(|read| read.row.name.contains("sample")));
}

/// Every number under which the sample organisations are known.
fn known_numbers() -> BTreeSet<String> {
    let organisations = rows::<OrganisationRow>(fixture!("csv/organisations.csv"));
    let numbers = organisations.iter().flat_map(|read| read.row.numbers.iter());
    numbers.map(|number| number.value.clone()).collect()
}

#[test]
fn the_sample_transitions_are_read() {
    let transitions = sound::<TransitionRow>(fixture!("csv/transitions.csv"));
    let labels: Vec<_> = transitions.iter().map(|read| moves::label(&read.row.detail)).collect();
    assert_eq!(
        labels,
        [
            "post16_move",
            "apprenticeship_start",
            "phase_transfer",
            "post16_move",
            "higher_education_entry",
            "higher_education_entry",
            "alternative_provision",
            "alternative_provision",
            "alternative_provision",
            "phase_transfer",
        ]
    );
    let known = known_numbers();
    for read in &transitions {
        assert!(known.contains(&read.row.source_urn) && known.contains(&read.row.home_la));
        assert!(read.row.destination.as_ref().is_none_or(|number| known.contains(number)));
        assert_eq!(read.warnings, [], "line {}", read.line);
        assert_eq!(read.repeats, None);
    }
    let dsa: Vec<_> = transitions.iter().map(|read| read.row.opens_dsa_case).collect();
    assert_eq!(dsa.iter().filter(|opens| **opens).count(), 1);
}

#[test]
fn particulars_of_the_sample_transitions() {
    let rows = rows::<TransitionRow>(fixture!("csv/transitions.csv"));
    let Detail::ApprenticeshipStart(start) = &rows[1].row.detail else {
        panic!("an apprenticeship")
    };
    assert_eq!(
        (start.level, start.start, start.learning_support_need),
        (2, date(2026, 9, 14), true)
    );
    assert!(start.provider.number.as_deref() == Some("19999004"));
    let Detail::PhaseTransfer(transfer) = &rows[2].row.detail else { panic!("a phase transfer") };
    assert_eq!(transfer.planned, Planned::Month { year: 2026, month: 9 });
    assert_eq!(transfer.basis, SupportBasis::EhcPlan);
    let Detail::Post16Move(internship) = &rows[3].row.detail else { panic!("a post-16 move") };
    assert_eq!(internship.kind, Post16Kind::SupportedInternship);
    let Detail::HigherEducationEntry(entry) = &rows[4].row.detail else {
        panic!("a university entry")
    };
    assert_eq!(entry.academic_year, "2026/27");
    let Detail::AlternativeProvision(placement) = &rows[7].row.detail else {
        panic!("a placement")
    };
    assert_eq!(placement.tier, ApTier::Tier3);
    assert!(
        matches!(&placement.destination, ApDestination::NewSchool(urn) if urn.as_str() == "199909")
    );
    assert_eq!(placement.review_dates.len(), 3);
}

#[test]
fn the_sample_files_speak_of_the_same_children() {
    let upns = |bytes: &[u8]| -> BTreeSet<String> {
        let reader = ctf::CtfReader::new(bytes, ctf::Options::default()).expect("accepted");
        let read = reader.filter_map(|outcome| match outcome {
            Ok(ctf::PupilOutcome::Read(read)) => read.pupil.upn,
            _ => None,
        });
        read.map(|upn| upn.as_str().to_owned()).collect()
    };
    let (year6, year11) = (upns(fixture!("ctf/year6.xml")), upns(fixture!("ctf/year11.xml")));
    let rows = rows::<TransitionRow>(fixture!("csv/transitions.csv"));
    let named: Vec<_> = rows.iter().filter_map(|read| read.row.learner.upn.as_ref()).collect();
    assert_eq!(named.iter().filter(|upn| year11.contains(upn.as_str())).count(), 4);
    assert_eq!(named.iter().filter(|upn| year6.contains(upn.as_str())).count(), 1);
    let known = known_numbers();
    for bytes in [fixture!("ctf/year6.xml"), fixture!("ctf/year11.xml")] {
        let reader = ctf::CtfReader::new(bytes, ctf::Options::default()).expect("accepted");
        let header = reader.header();
        for laestab in header.source.iter().chain(&header.dest).map(Laestab::as_str) {
            assert!(known.contains(laestab), "{laestab}");
        }
    }
}

#[test]
fn the_sample_referrals_are_read() {
    let referrals = sound::<ReferralRow>(fixture!("csv/referrals.csv"));
    assert_eq!(referrals.len(), 7);
    let known = known_numbers();
    assert!(referrals.iter().all(|read| known.contains(&read.row.setting_urn)));
    let (nursery, school): (Vec<_>, Vec<_>) =
        referrals.iter().partition(|read| read.row.setting_urn == "EY999902");
    assert!(nursery.iter().all(|read| read.row.learner.upn.is_none()), "a nursery has no UPNs");
    assert!(school.iter().all(|read| read.row.learner.upn.is_some()));
    let urgent: Vec<_> =
        referrals.iter().filter(|read| read.row.form.priority == Priority::Urgent).collect();
    assert_eq!(urgent.len(), 1);
    assert!(urgent[0].row.form.reason.contains('\n'), "a narrative keeps its lines");
    let without: Vec<_> = referrals.iter().filter(|read| read.row.form.consent.is_none()).collect();
    assert_eq!(without.len(), 1);
    assert_eq!(codes(&without[0].warnings), ["no_consent"]);
    assert_eq!(referrals.iter().map(|read| read.warnings.len()).sum::<usize>(), 1);
    assert!(urgent[0].row.learner.nhs_number.as_ref().is_some_and(|number| number.is_synthetic()));
    let keys: BTreeSet<_> = referrals.iter().map(|read| read.row.row_key()).collect();
    assert_eq!(keys.len(), 7, "twins are two children");
}

#[test]
fn the_two_settings_lie_in_two_pathfinders() {
    let organisations = rows::<OrganisationRow>(fixture!("csv/organisations.csv"));
    let of = |number: &str| {
        let found =
            organisations.iter().find(|read| read.row.numbers.iter().any(|n| n.value == number));
        found.and_then(|read| read.row.number(OrganisationNumberKind::LaCode)).map(str::to_owned)
    };
    assert_eq!((of("199901").as_deref(), of("EY999902").as_deref()), (Some("302"), Some("380")));
    assert_eq!(of("elsec-london").as_deref(), Some("302"));
    assert_eq!(of("elsec-yorkshire-humber").as_deref(), Some("380"));
}

#[test]
fn templates_are_good_files() {
    assert_eq!(sound::<OrganisationRow>(template(Kind::Organisations).as_bytes()).len(), 1);
    assert_eq!(sound::<TransitionRow>(template(Kind::Transitions).as_bytes()).len(), 1);
    assert_eq!(sound::<ReferralRow>(template(Kind::Referrals).as_bytes()).len(), 1);
}
