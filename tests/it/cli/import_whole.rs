//! A file as a whole: all or nothing, a dry run that says what would happen, several files, the file of
//! rejected rows.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use onward_contract::access::v1::MemberRole;
use onward_tests::actors::Member;
use onward_tests::world::Backend;

use super::import::{Installed, counts, remarks};
use super::{Said, fixture, onward_with};

/// Columns of a small file of moves.
const HEADINGS: &str = "upn,own_ref,uln,surname,forename,dob,postcode,sex,nc_year,source_urn,\
                        dest_urn,transition_kind,planned_date,sen_provision,need1,need2,\
                        ehc_plan_date,review_date,la_code";

/// A move from the sample primary to the sample academy.
fn row(surname: &str, forename: &str) -> String {
    format!(
        ",,,{surname},{forename},2015-03-04,ZZ99 1AB,F,6,199901,199902,,2026-09-02,K,SLCN,SEMH,,,302"
    )
}

fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<String> {
    let path = folder.join(name);
    std::fs::write(&path, text)?;
    Ok(path.to_string_lossy().into_owned())
}

fn moves(folder: &Path, name: &str, rows: &[String]) -> anyhow::Result<String> {
    write(folder, name, &format!("{HEADINGS}\n{}\n", rows.join("\n")))
}

/// The sample file with the surname of its first pupil replaced.
fn pupils(folder: &Path, name: &str, surname: &str) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(fixture("ctf/year6.xml"))?;
    let from = text.find("<Surname>").expect("a surname") + "<Surname>".len();
    let to = from + text[from..].find('<').expect("its end");
    write(folder, name, &format!("{}{surname}{}", &text[..from], &text[to..]))
}

#[tokio::test]
async fn all_or_nothing_is_nothing_for_what_only_the_rules_of_the_server_refuse()
-> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let folder = tempfile::tempdir()?;
    let long = "x".repeat(101);
    let file = moves(
        folder.path(),
        "long.csv",
        &[row("Good", "Ada"), row(&long, "Bea"), row("Good", "Cyd")],
    )?;
    let head = installed.head().await?;
    let args = ["csv", "--kind", "transitions", file.as_str()];
    let whole = [&args[..], &["--all-or-nothing"]].concat();
    let said = installed.import(&primary, &whole).await?;
    assert_eq!(counts(&said), [2, 0, 0, 1], "what would have happened: {}", said.out);
    said.refused(&["all or nothing"]);
    assert_eq!(installed.head().await?, head, "nothing was recorded");

    // The second of two files keeps out the first as well.
    let good = fixture("ctf/year6.xml");
    let bad = pupils(folder.path(), "long.xml", &long)?;
    let truncated = fixture("ctf/truncated.xml");
    for second in [&bad, &truncated] {
        let args = ["ctf", good.as_str(), second.as_str(), "--all-or-nothing"];
        installed.import(&primary, &args).await?.refused(&["all or nothing"]);
        assert_eq!(installed.head().await?, head, "nothing of either: {second}");
    }
    // From standard input, too; and a good file goes in whole.
    let server = installed.world.server().addr();
    let whom = ["--server", server, "--token", primary.token(), "--output", "json"];
    let piped = ["import", "csv", "--kind", "transitions", "-", "--all-or-nothing"];
    let text = format!("{HEADINGS}\n{}\n{}\n", row("Good", "Ada"), row(&long, "Bea"));
    let said = onward_with(&[&piped[..], &whom].concat(), &[], text.as_bytes()).await?;
    said.refused(&["all or nothing"]);
    assert_eq!(installed.head().await?, head);
    let text = format!("{HEADINGS}\n{}\n{}\n", row("Good", "Ada"), row("Good", "Cyd"));
    let said = onward_with(&[&piped[..], &whom].concat(), &[], text.as_bytes()).await?.done();
    assert_eq!(counts(&said), [2, 0, 0, 0], "{}", said.out);
    Ok(())
}

/// Every sample file: a dry run gives the numbers, and the refusal, of the run itself; so it does again
/// once everything is there.
#[tokio::test]
async fn a_dry_run_says_what_would_happen() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let operator = installed.world.operator().0;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let academy = installed.member("Elmbridge Academy", MemberRole::Senco).await?;
    let wrong_role = installed.member("Elmbridge Primary", MemberRole::Dsl).await?;
    let mut files: Vec<(&Member, Vec<String>)> = Vec::new();
    for file in samples("ctf")? {
        files.push((&primary, vec!["ctf".to_owned(), file.clone()]));
        files.push((&academy, vec!["ctf".to_owned(), file]));
    }
    for file in samples("csv")? {
        for (who, kind) in [
            (&academy, "transitions"),
            (&primary, "referrals"),
            (&operator, "organisations"),
            (&primary, "organisations"),
            (&wrong_role, "transitions"),
        ] {
            let args = ["csv", "--kind", kind, file.as_str()];
            files.push((who, args.map(str::to_owned).to_vec()));
        }
    }
    assert!(files.len() > 60, "all of them");
    for round in ["first", "again"] {
        for (who, args) in &files {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let head = installed.head().await?;
            let dry = installed.import(who, &[&args[..], &["--dry-run"]].concat()).await?;
            assert_eq!(installed.head().await?, head, "{args:?} changed something");
            let real = installed.import(who, &args).await?;
            assert_eq!(dry.code, real.code, "{round} {args:?}: {}{}", real.out, real.err);
            assert_eq!(dry.err, real.err, "{round} {args:?}");
            assert_eq!(counts(&dry), counts(&real), "{round} {args:?}: {}{}", dry.out, real.out);
            if round == "again" {
                assert_eq!(counts(&real)[0], 0, "{args:?}: {}", real.out);
            }
        }
    }
    Ok(())
}

fn samples(kind: &str) -> anyhow::Result<Vec<String>> {
    let mut files = Vec::new();
    for file in std::fs::read_dir(fixture(kind))? {
        files.push(file?.path().to_string_lossy().into_owned());
    }
    files.sort();
    Ok(files)
}

#[tokio::test]
async fn each_file_has_its_counts() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let (good, cut) = (fixture("ctf/year6.xml"), fixture("ctf/truncated.xml"));
    let said = installed.import(&primary, &["ctf", &good, &cut]).await?;
    assert_eq!(counts(&said), [8, 0, 0, 0], "{}", said.out);
    let files = said.json()["files"].as_array().cloned().unwrap_or_default();
    assert_eq!(files.len(), 2, "{}", said.out);
    assert_eq!((&files[0]["new"], &files[1]["new"]), (&8.into(), &0.into()));
    said.refused(&["truncated.xml", "line"]);
    // The other way round, the second file still goes in.
    let said = installed.import(&primary, &["ctf", &cut, &good]).await?;
    assert_eq!(counts(&said), [0, 0, 8, 0], "{}", said.out);
    said.refused(&["truncated.xml"]);
    Ok(())
}

#[tokio::test]
async fn rejects_are_private_and_never_an_input() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let folder = tempfile::tempdir()?;
    let bad = row("Bad", "Ada").replace("2015-03-04", "2015-02-30");
    let text = format!("{HEADINGS}\n{bad}\n");
    let file = write(folder.path(), "rows.csv", &text)?;
    let link = folder.path().join("link.csv");
    std::os::unix::fs::symlink(&file, &link)?;
    let link = link.to_string_lossy().into_owned();
    for rejects in [&file, &link] {
        let args = ["csv", "--kind", "transitions", &file, "--rejects", rejects];
        installed.import(&primary, &args).await?.misused();
        assert_eq!(std::fs::read_to_string(&file)?, text, "the input is as it was");
    }
    let rejects = write(folder.path(), "rejects.csv", "of last week")?;
    std::fs::set_permissions(&rejects, PermissionsExt::from_mode(0o644))?;
    let args = ["csv", "--kind", "transitions", &file, "--rejects", &rejects];
    let said = installed.import(&primary, &args).await?;
    assert_eq!((said.code, counts(&said)), (Some(1), [0, 0, 0, 1]), "{}", said.out);
    assert_eq!(std::fs::metadata(&rejects)?.permissions().mode() & 0o777, 0o600);
    let rejected = std::fs::read_to_string(&rejects)?;
    assert!(rejected.contains("date_invalid") && !rejected.contains("last week"), "{rejected}");
    // The line is the same in both places, for a pupil whose fault stands deeper in it.
    let file = fixture("ctf/bad_pupils.xml");
    let said = installed.import(&primary, &["ctf", &file, "--rejects", &rejects]).await?;
    let printed: Vec<u64> = remarks(&said).into_iter().map(|(line, _)| line).collect();
    let mut reader = csv::Reader::from_path(&rejects)?;
    let lines = reader.records().map(|row| line_of(&row?)).collect::<anyhow::Result<Vec<u64>>>()?;
    assert!(!lines.is_empty() && lines.iter().all(|line| printed.contains(line)), "{}", said.out);
    Ok(())
}

fn line_of(row: &csv::StringRecord) -> anyhow::Result<u64> {
    Ok(row.get(0).unwrap_or_default().parse()?)
}

/// Not even the numbers of a copy of a refused row are hidden.
#[tokio::test]
async fn a_copy_of_a_refused_row_is_refused_too() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let folder = tempfile::tempdir()?;
    let long = row(&"x".repeat(101), "Ada");
    let hidden = row("Nu\u{200b}l", "Ada");
    let file = moves(folder.path(), "twice.csv", &[long.clone(), long, hidden])?;
    let said: Said = installed.import(&primary, &["csv", "--kind", "transitions", &file]).await?;
    assert_eq!(counts(&said), [0, 0, 0, 3], "{}", said.out);
    let codes: Vec<String> = remarks(&said).into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, ["INVALID_FIELD", "INVALID_FIELD", "name_unseen"], "{}", said.out);
    Ok(())
}
