//! Bad and odd files: refused before anything, read with a warning, or read but for the bad rows.

use onward_contract::access::v1::MemberRole;
use onward_contract::learner::v1::find_learners_request::By;
use onward_contract::learner::v1::{FindLearnersRequest, NameAndBirth};
use onward_tests::actors::Member;
use onward_tests::builders::date;
use onward_tests::world::Backend;

use super::fixture;
use super::import::{Installed, counts, remarks};

#[tokio::test]
async fn a_transfer_file_that_is_none_is_refused_before_any_pupil() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let head = installed.head().await?;
    let folder = tempfile::tempdir()?;
    let large = folder.path().join("large.xml");
    // Over 64 MiB of comments: refused for its size, whatever else it says.
    let text = std::fs::read_to_string(fixture("ctf/year6.xml"))?;
    let comment = format!("<!-- {} -->\n", "x".repeat(1000));
    let comments = format!("<CTfile>\n{}", comment.repeat(68_000));
    std::fs::write(&large, text.replacen("<CTfile>", &comments, 1))?;
    let cases = [
        (fixture("ctf/dtd.xml"), "2"),
        (fixture("ctf/entity.xml"), "2"),
        (fixture("ctf/truncated.xml"), "line"),
        (fixture("ctf/wrong_root.xml"), ""),
        (fixture("ctf/wrong_container.xml"), ""),
        (fixture("ctf/empty.xml"), ""),
        (large.to_string_lossy().into_owned(), "64"),
        (fixture("csv/transitions.csv"), ""),
        (fixture("ctf/not_there.xml"), "not_there.xml"),
    ];
    for (file, word) in &cases {
        installed.import(&primary, &["ctf", file]).await?.refused(&[word]);
        installed.import(&primary, &["ctf", file, "--dry-run"]).await?.refused(&[word]);
    }
    let last = std::fs::read_to_string(fixture("ctf/truncated.xml"))?.lines().count().to_string();
    let truncated = fixture("ctf/truncated.xml");
    installed.import(&primary, &["ctf", &truncated]).await?.refused(&[&last]);
    assert_eq!(installed.head().await?, head, "nothing is half recorded");
    Ok(())
}

#[tokio::test]
async fn an_odd_transfer_file_is_read_with_a_warning() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let said = installed.import(&primary, &["ctf", &fixture("ctf/windows1252.xml")]).await?;
    let said = said.done();
    assert!(counts(&said)[0] > 0 && counts(&said)[3] == 0, "{}", said.out);
    let said = installed.import(&primary, &["ctf", &fixture("ctf/unknown_version.xml")]).await?;
    let said = said.done();
    let codes: Vec<String> = remarks(&said).into_iter().map(|(_, code)| code).collect();
    assert!(codes.contains(&"unknown_version".to_owned()), "{}", said.out);
    let said = installed.import(&primary, &["ctf", &fixture("ctf/unknown_elements.xml")]).await?;
    assert_eq!(counts(&said.done())[3], 0);
    Ok(())
}

#[tokio::test]
async fn one_bad_pupil_does_not_stop_the_others() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let head = installed.head().await?;
    let one = fixture("ctf/one_bad_pupil.xml");
    installed
        .import(&primary, &["ctf", &one, "--all-or-nothing"])
        .await?
        .refused(&["all or nothing"]);
    assert_eq!(installed.head().await?, head, "all or nothing is nothing");
    let folder = tempfile::tempdir()?;
    let rejects = folder.path().join("rejects.csv").to_string_lossy().into_owned();
    let said = installed.import(&primary, &["ctf", &one, "--rejects", &rejects]).await?;
    assert_eq!((said.code, counts(&said)), (Some(1), [2, 0, 0, 1]), "{}", said.out);
    assert!(std::fs::read_to_string(&rejects)?.lines().count() >= 2, "a heading and the pupil");
    let several = fixture("ctf/bad_pupils.xml");
    let said = installed.import(&primary, &["ctf", &several]).await?;
    assert_eq!((said.code, counts(&said)[3]), (Some(1), 3), "{}", said.out);
    assert!(remarks(&said).iter().all(|(line, code)| *line > 0 && !code.is_empty()));
    Ok(())
}

#[tokio::test]
async fn odd_csv_files_are_read_as_what_they_mean() -> anyhow::Result<()> {
    // Each on an installation of its own: they say the same children.
    let cases: [(&str, [u64; 4], Option<&str>); 5] = [
        ("bom_crlf.csv", [0, 0, 0, 0], None),
        ("extra_reordered.csv", [4, 0, 0, 0], None),
        ("formula.csv", [2, 0, 0, 0], None),
        ("windows1252.csv", [0, 0, 0, 0], Some("encoding")),
        ("same_child_twice.csv", [2, 0, 1, 0], None),
    ];
    for (name, expected, warning) in cases {
        let installed = Installed::start(Backend::Sqlite).await?;
        let academy = installed.member("Elmbridge Academy", MemberRole::Senco).await?;
        let file = fixture(&format!("csv/{name}"));
        let args = ["csv", "--kind", "transitions", file.as_str()];
        let said = installed.import(&academy, &args).await?.done();
        if expected == [0; 4] {
            assert!(counts(&said)[0] > 0 && counts(&said)[3] == 0, "{name}: {}", said.out);
        } else {
            assert_eq!(counts(&said), expected, "{name}: {}", said.out);
        }
        if let Some(warning) = warning {
            let codes: Vec<String> = remarks(&said).into_iter().map(|(_, code)| code).collect();
            assert!(codes.contains(&warning.to_owned()), "{name}: {}", said.out);
        }
        let again = installed.import(&academy, &args).await?.done();
        assert_eq!(counts(&again)[0], 0, "{name} again: {}", again.out);
        if name != "formula.csv" {
            knows(&academy, "Zoë", "Brontë-Okafor").await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_quoted_cell_may_have_several_lines() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let file = fixture("csv/quoted_newlines.csv");
    let args = ["csv", "--kind", "referrals", file.as_str()];
    let said = installed.import(&primary, &args).await?.done();
    assert!(counts(&said)[0] > 0 && counts(&said)[3] == 0, "{}", said.out);
    let again = installed.import(&primary, &args).await?.done();
    assert_eq!(counts(&again)[0], 0, "{}", again.out);
    Ok(())
}

/// Twenty thousand rows, none of them this school's: each has its line, and only some are printed.
#[tokio::test]
async fn a_large_csv_comes_back_row_by_row() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let outsider = installed.member("Moorside Primary", MemberRole::Senco).await?;
    let head = installed.head().await?;
    let text = std::fs::read_to_string(fixture("csv/same_child_twice.csv"))?;
    let mut lines = text.lines();
    let (heading, row) = (lines.next().expect("a heading"), lines.next().expect("a row"));
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("large.csv");
    let mut large = format!("{heading}\n");
    for number in 0..20_000 {
        let row = row.replace("Zoë", &format!("Zoë{number}")).replacen("Y302299119002", "", 1);
        large.push_str(&row);
        large.push('\n');
    }
    std::fs::write(&file, large)?;
    let (path, rejects) = (file.to_string_lossy(), folder.path().join("rejects.csv"));
    let rejects = rejects.to_string_lossy();
    let args = ["csv", "--kind", "transitions", &path, "--rejects", &rejects];
    let said = installed.import(&outsider, &args).await?;
    assert_eq!((said.code, counts(&said)), (Some(1), [0, 0, 0, 20_000]));
    assert!(remarks(&said).len() < 1000, "not every one of them is printed");
    let mut rejected = csv::Reader::from_path(&*rejects)?;
    assert_eq!(rejected.records().count(), 20_000, "but every one comes back");
    assert_eq!(installed.head().await?, head);
    Ok(())
}

/// One of the organisation's own records has this name.
async fn knows(who: &Member, forename: &str, surname: &str) -> anyhow::Result<()> {
    let by = NameAndBirth {
        forename: forename.to_owned(),
        surname: surname.to_owned(),
        date_of_birth: Some(date(2015, 2, 19)),
    };
    let request = FindLearnersRequest { by: Some(By::NameAndBirth(by)), ..Default::default() };
    let found = who.learners().find_learners(request).await?.into_inner().learners;
    assert_eq!(found.len(), 1, "{forename} {surname}");
    assert_eq!(found[0].surname, surname, "as it is written");
    Ok(())
}

#[tokio::test]
async fn bad_csv_rows_come_back_with_their_numbers_and_reasons() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let academy = installed.member("Elmbridge Academy", MemberRole::Senco).await?;
    let head = installed.head().await?;
    let missing = fixture("csv/missing_column.csv");
    let args = ["csv", "--kind", "transitions", missing.as_str()];
    installed.import(&academy, &args).await?.refused(&["dob", "la_code"]);
    let bad = fixture("csv/bad_rows.csv");
    let args = ["csv", "--kind", "transitions", bad.as_str()];
    let whole = [&args[..], &["--all-or-nothing"]].concat();
    installed.import(&academy, &whole).await?.refused(&["all or nothing"]);
    assert_eq!(installed.head().await?, head);
    let said = installed.import(&academy, &args).await?;
    assert_eq!((said.code, counts(&said)), (Some(1), [2, 0, 0, 3]), "{}", said.out);
    let lines: Vec<u64> = remarks(&said).into_iter().map(|(line, _)| line).collect();
    for line in [3, 4, 6] {
        assert!(lines.contains(&line), "line {line}: {}", said.out);
    }
    let wrong = ["csv", "--kind", "shoes", bad.as_str()];
    installed.import(&academy, &wrong).await?.misused();
    let other = ["csv", "--kind", "referrals", bad.as_str()];
    installed.import(&academy, &other).await?.refused(&[]);
    Ok(())
}

/// The second pupil of year6.xml as a text to change, and the whole file.
fn sample() -> anyhow::Result<(String, String)> {
    let text = std::fs::read_to_string(fixture("ctf/year6.xml"))?;
    let pupil = |number: usize| {
        let from = text.match_indices("<Pupil>").nth(number).map(|(at, _)| at)?;
        let to = from + text[from..].find("</Pupil>")? + "</Pupil>".len();
        Some(text[from..to].to_owned())
    };
    let second = pupil(1).expect("a second pupil");
    Ok((second, text))
}

/// A file with these pupils under the sample's header.
fn with(text: &str, pupils: &[String]) -> String {
    let head = text.find("<Pupil>").expect("pupils");
    let tail = text.rfind("</Pupil>").expect("pupils") + "</Pupil>".len();
    format!("{}{}{}", &text[..head], pupils.join("\n"), &text[tail..])
}

fn element<'a>(pupil: &'a str, name: &str) -> &'a str {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let from = pupil.find(&open).expect("the element") + open.len();
    &pupil[from..from + pupil[from..].find(&close).expect("its end")]
}

#[tokio::test]
async fn a_number_of_somebody_else_is_never_written_over() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let (pupil, text) = sample()?;
    let other = pupil
        .replace(element(&pupil, "Surname"), "Somebody")
        .replace(element(&pupil, "Forename"), "Else")
        .replace(element(&pupil, "DOB"), "2014-01-01");
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("pupils.xml");
    let path = file.to_string_lossy();
    // Both in one file: the first goes in, and the second names its line.
    std::fs::write(&file, with(&text, &[pupil.clone(), other.clone()]))?;
    for expected in [[1, 0, 0, 1], [0, 0, 1, 1]] {
        let said = installed.import(&primary, &["ctf", &path]).await?;
        assert_eq!(counts(&said), expected, "{}", said.out);
        let codes: Vec<String> = remarks(&said).into_iter().map(|(_, code)| code).collect();
        assert!(codes.contains(&"same_number_other_person".to_owned()), "{}", said.out);
        assert!(said.out.contains("has the same UPN"), "{}", said.out);
    }
    // In a file of its own, it meets the record that is there.
    std::fs::write(&file, with(&text, &[other]))?;
    let head = installed.head().await?;
    let said = installed.import(&primary, &["ctf", &path]).await?;
    assert_eq!((said.code, counts(&said)), (Some(1), [0, 0, 0, 1]), "{}", said.out);
    assert!(said.out.contains("number_of_another"), "{}", said.out);
    assert_eq!(installed.head().await?, head);
    knows(&primary, element(&pupil, "Forename"), element(&pupil, "Surname")).await
}

#[tokio::test]
async fn an_odd_need_or_many_spells_do_not_cost_the_pupil() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let (pupil, text) = sample()?;
    let folder = tempfile::tempdir()?;
    let needs = |provision: &str, needs: &str| {
        format!(
            "<SENhistory><SEN><StartDate>2023-09-04</StartDate><SENprovision>{provision}\
             </SENprovision></SEN></SENhistory><SENneeds>{needs}</SENneeds>"
        )
    };
    let need = |rank: u8, code: &str| {
        format!("<SENneed><SENtypeRank>{rank}</SENtypeRank><SENtype>{code}</SENtype></SENneed>")
    };
    let spells: String = (1900..2001)
        .map(|year| {
            format!("<SEN><StartDate>{year}-09-04</StartDate><SENprovision>K</SENprovision></SEN>")
        })
        .collect();
    let cases = [
        (needs("K", &[need(1, "SLCN"), need(1, "ASD")].concat()), "rank_twice"),
        (needs("K", &[need(1, "SLCN"), need(2, "NSA")].concat()), "nsa_not_primary"),
        (needs("E", &need(1, "NSA")), "nsa_without_sen_support"),
        (needs("K", &need(1, "ABCDEFGHIJKLM")), "need_unknown"),
        (needs("K", &need(1, &"A".repeat(65))), "need_too_long"),
        (needs("Q", &need(1, "SLCN")), "provision_unknown"),
        (format!("<SENhistory>{spells}</SENhistory>"), ""),
    ];
    for (number, (sen, code)) in cases.into_iter().enumerate() {
        let head = pupil.find("<SENhistory>").expect("a history");
        let odd = format!("{}{sen}</Pupil>", &pupil[..head])
            .replace(element(&pupil, "UPN"), "")
            .replace(element(&pupil, "Surname"), &format!("Odd{number}"));
        let file = folder.path().join("odd.xml");
        std::fs::write(&file, with(&text, &[odd]))?;
        let path = file.to_string_lossy();
        for expected in [[1, 0, 0, 0], [0, 0, 1, 0]] {
            let said = installed.import(&primary, &["ctf", &path]).await?.done();
            assert_eq!(counts(&said), expected, "{code}: {}", said.out);
            assert!(said.out.contains(code), "{code}: {}", said.out);
        }
    }
    Ok(())
}
