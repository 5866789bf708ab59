//! Rows that say something else than before: changed, or refused with the reason; never a second move,
//! referral or child, and never silently the same.

use std::path::Path;

use onward_contract::access::v1::MemberRole;
use onward_contract::learner::v1::find_learners_request::By;
use onward_contract::learner::v1::{FindLearnersRequest, LearnerSummary, NameAndBirth};
use onward_contract::referral::v1::ListReferralsRequest;
use onward_contract::transition::v1::{ListTransitionsRequest, Transition, TransitionState};
use onward_tests::actors::Member;
use onward_tests::builders::date;
use onward_tests::world::Backend;

use super::Said;
use super::import::{Installed, counts, remarks};

/// A row of the transitions file by its columns.
fn moved(changes: &[(&str, &str)]) -> String {
    cells(
        &[
            ("upn", "Y302299119002"),
            ("own_ref", ""),
            ("surname", "Okafor"),
            ("forename", "Zoé"),
            ("dob", "2015-02-19"),
            ("postcode", "ZZ99 1AB"),
            ("sex", "F"),
            ("nc_year", "6"),
            ("source_urn", "199901"),
            ("dest_urn", "199902"),
            ("transition_kind", ""),
            ("planned_date", "2026-09-02"),
            ("sen_provision", "K"),
            ("need1", "SLCN"),
            ("need2", "SEMH"),
            ("la_code", "302"),
        ],
        changes,
    )
}

/// A row of the referrals file by its columns.
fn referred(changes: &[(&str, &str)]) -> String {
    cells(
        &[
            ("own_ref", "RR1"),
            ("forename", "Maya"),
            ("surname", "Osei"),
            ("dob", "2020-01-15"),
            ("postcode", "ZZ99 4AA"),
            ("setting_urn", "199901"),
            ("received_on", "2026-09-21"),
            ("referrer_role", "SENCO_SCHOOL"),
            ("need_ticks", "EXPRESSIVE"),
            ("urgent", ""),
            ("reason", "Two words at a time"),
            ("consent_at", "2026-09-16"),
            ("consent_method", "SIGNED"),
        ],
        changes,
    )
}

/// An organisation by its columns.
fn organisation(changes: &[(&str, &str)]) -> String {
    cells(
        &[
            ("kind", "SCHOOL"),
            ("name", "Aldgrove"),
            ("urn", "150001"),
            ("phase", ""),
            ("holiday_contact", ""),
        ],
        changes,
    )
}

fn cells(columns: &[(&str, &str)], changes: &[(&str, &str)]) -> String {
    let known = |name: &str| columns.iter().any(|(column, _)| *column == name);
    assert!(changes.iter().all(|(name, _)| known(name)), "columns that are there");
    let cell = |(name, cell): &(&str, &str)| {
        let changed = changes.iter().find(|(change, _)| change == name);
        changed.map_or(*cell, |(_, cell)| *cell).to_owned()
    };
    let headings: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    format!("{}\n{}", headings.join(","), columns.iter().map(cell).collect::<Vec<_>>().join(","))
}

/// Imports rows as one file.
async fn import(
    installed: &Installed,
    who: &Member,
    kind: &str,
    rows: &[String],
) -> anyhow::Result<Said> {
    let folder = tempfile::tempdir()?;
    let mut text = String::new();
    for row in rows {
        let (headings, cells) = row.split_once('\n').expect("headings and cells");
        if text.is_empty() {
            text = format!("{headings}\n");
        }
        text.push_str(cells);
        text.push('\n');
    }
    let file = file(folder.path(), &text)?;
    installed.import(who, &["csv", "--kind", kind, &file]).await
}

fn file(folder: &Path, text: &str) -> anyhow::Result<String> {
    let path = folder.join("rows");
    std::fs::write(&path, text)?;
    Ok(path.to_string_lossy().into_owned())
}

async fn found(who: &Member, by: By) -> anyhow::Result<Vec<LearnerSummary>> {
    let request = FindLearnersRequest { by: Some(by), ..Default::default() };
    Ok(who.learners().find_learners(request).await?.into_inner().learners)
}

/// The live moves of a learner.
async fn live(who: &Member, learner: &LearnerSummary) -> anyhow::Result<Vec<Transition>> {
    let request = ListTransitionsRequest {
        min_position: who.head().await?,
        learner_id: Some(learner.learner_id.clone()),
        states: vec![TransitionState::Planned.into()],
        ..Default::default()
    };
    Ok(who.transitions().list_transitions(request).await?.into_inner().transitions)
}

#[tokio::test]
async fn a_corrected_row_changes_the_move_that_is_there() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let first = moved(&[]);
    let said = import(&installed, &primary, "transitions", std::slice::from_ref(&first)).await?;
    assert_eq!(counts(&said), [1, 0, 0, 0], "{}", said.out);
    let corrections: [&[(&str, &str)]; 9] = [
        &[("planned_date", "2026-09-07")],
        &[("dest_urn", "199909")],
        &[("sen_provision", "E")],
        &[("nc_year", "5")],
        &[("surname", "Okafor-Bell")],
        &[("dob", "2015-02-20")],
        &[("need1", "ASD")],
        &[("postcode", "ZZ99 9ZZ")],
        &[("forename", "Zoe")],
    ];
    for change in corrections {
        let row = [moved(change)];
        for (expected, time) in [([0, 1, 0, 0], "first"), ([0, 0, 1, 0], "again")] {
            let said = import(&installed, &primary, "transitions", &row).await?;
            assert_eq!(counts(&said), expected, "{time} {change:?}: {}", said.out);
        }
        let learners = found(&primary, By::Upn("Y302299119002".to_owned())).await?;
        assert_eq!(live(&primary, &learners[0]).await?.len(), 1, "one move: {change:?}");
        let said =
            import(&installed, &primary, "transitions", std::slice::from_ref(&first)).await?;
        assert_eq!(counts(&said), [0, 1, 0, 0], "back {change:?}: {}", said.out);
    }
    let learners = found(&primary, By::Upn("Y302299119002".to_owned())).await?;
    let moves = live(&primary, &learners[0]).await?;
    assert_eq!(moves.len(), 1, "and one still");
    // Another authority is no part of what can be corrected, so it is said.
    let said = import(&installed, &primary, "transitions", &[moved(&[("la_code", "380")])]).await?;
    assert_eq!(counts(&said), [0, 0, 0, 1], "{}", said.out);
    assert_eq!(remarks(&said)[0].1, "home_authority_differs", "{}", said.out);
    assert_eq!(live(&primary, &learners[0]).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_own_reference_names_one_row_and_one_child() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let one = moved(&[("upn", ""), ("own_ref", "R1")]);
    let other = [
        ("upn", ""),
        ("own_ref", "R1"),
        ("surname", "Other"),
        ("forename", "Ben"),
        ("dob", "2014-01-01"),
    ];
    let rows = [one.clone(), moved(&other)];
    let said = import(&installed, &primary, "transitions", &rows).await?;
    assert_eq!(counts(&said), [1, 0, 0, 1], "{}", said.out);
    assert_eq!(remarks(&said), [(3, "same_number_other_person".to_owned())], "{}", said.out);
    // In a file of its own the child meets the record that has the reference.
    let said = import(&installed, &primary, "transitions", &[moved(&other)]).await?;
    assert_eq!(counts(&said), [0, 0, 0, 1], "{}", said.out);
    assert_eq!(remarks(&said)[0].1, "number_of_another", "{}", said.out);
    // A row that contradicts one before it is named with that one's line.
    let said = import(
        &installed,
        &primary,
        "transitions",
        &[one, moved(&[("upn", ""), ("own_ref", "R1"), ("planned_date", "2026-09-09")])],
    )
    .await?;
    assert_eq!(counts(&said), [0, 0, 1, 1], "{}", said.out);
    assert!(said.out.contains("line 2"), "{}", said.out);
    Ok(())
}

#[tokio::test]
async fn one_child_written_in_two_ways_is_one_child() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    /// Forename, surname, and what another row has instead.
    type Way = (&'static str, &'static str, &'static [(&'static str, &'static str)]);
    let ways: [Way; 5] = [
        ("Émile", "O'Neil", &[("surname", "O\u{2019}Neil")]),
        ("Émile", "Brand", &[("forename", "E\u{301}mile")]),
        ("Émile", "Cole", &[("forename", "ÉMILE ")]),
        ("Émile", "Dane", &[("own_ref", "VR1")]),
        ("Émile", "Eden", &[("postcode", "zz991ab")]),
    ];
    for (number, (forename, surname, change)) in ways.into_iter().enumerate() {
        for files in [1, 2] {
            let born = format!("2014-0{}-1{}", files, number);
            let base = [("upn", ""), ("forename", forename), ("surname", surname), ("dob", &born)];
            // The later of two values for a column counts.
            let changed: Vec<_> = change.iter().chain(&base).copied().collect();
            let rows = [moved(&base), moved(&changed)];
            if files == 1 {
                let said = import(&installed, &primary, "transitions", &rows).await?;
                assert_eq!(counts(&said), [1, 0, 1, 0], "{change:?}: {}", said.out);
            } else {
                for (row, new) in rows.into_iter().zip([1, 0]) {
                    let said = import(&installed, &primary, "transitions", &[row]).await?;
                    assert_eq!((counts(&said)[0], counts(&said)[3]), (new, 0), "{}", said.out);
                }
            }
            let birth = date(2014, files, 10 + i32::try_from(number)?);
            let by = By::NameAndBirth(NameAndBirth {
                forename: forename.to_owned(),
                surname: surname.to_owned(),
                date_of_birth: Some(birth),
            });
            let learners = found(&primary, by).await?;
            assert_eq!(learners.len(), 1, "{change:?} in {files}");
            assert_eq!(live(&primary, &learners[0]).await?.len(), 1, "{change:?} in {files}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_child_is_referred_once() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let first = referred(&[]);
    let said = import(&installed, &primary, "referrals", std::slice::from_ref(&first)).await?;
    assert_eq!(counts(&said), [1, 0, 0, 0], "{}", said.out);
    let said = import(&installed, &primary, "referrals", std::slice::from_ref(&first)).await?;
    assert_eq!(counts(&said), [0, 0, 1, 0], "{}", said.out);
    for change in [("reason", "Other"), ("urgent", "yes"), ("received_on", "2026-09-22")] {
        let said = import(&installed, &primary, "referrals", &[referred(&[change])]).await?;
        assert_eq!(counts(&said), [0, 0, 0, 1], "{change:?}: {}", said.out);
        assert_eq!(remarks(&said)[0].1, "already_referred", "{}", said.out);
    }
    let early = referred(&[("own_ref", "RR2"), ("received_on", "2019-01-01")]);
    let said = import(&installed, &primary, "referrals", &[early]).await?;
    assert_eq!(remarks(&said)[0].1, "received_before_birth", "{}", said.out);
    let list = ListReferralsRequest { min_position: primary.head().await?, ..Default::default() };
    let held = primary.referrals().list_referrals(list).await?.into_inner().referrals;
    assert_eq!(held.len(), 1, "one on the queue");
    Ok(())
}

#[tokio::test]
async fn what_a_file_cannot_change_of_an_organisation_is_said() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let operator = installed.world.operator().0;
    let first = organisation(&[]);
    let renamed = organisation(&[("name", "Renamed")]);
    let said = import(&installed, &operator, "organisations", &[first, renamed]).await?;
    assert_eq!(counts(&said), [1, 0, 0, 1], "{}", said.out);
    let changes: [(&[(&str, &str)], &str); 2] = [
        (&[("phase", "Primary"), ("holiday_contact", "Office")], "phase, holiday_contact"),
        (&[("name", "Renamed")], "name"),
    ];
    for (change, fields) in changes {
        let said = import(&installed, &operator, "organisations", &[organisation(change)]).await?;
        assert_eq!(counts(&said), [0, 0, 0, 1], "{change:?}: {}", said.out);
        assert!(said.out.contains(fields), "{}", said.out);
    }
    let said = import(&installed, &operator, "organisations", &[organisation(&[])]).await?;
    assert_eq!(counts(&said), [0, 0, 1, 0], "{}", said.out);
    Ok(())
}
