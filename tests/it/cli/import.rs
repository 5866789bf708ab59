//! `onward import`: a school's files go in once, however often they are sent.

use onward_contract::access::v1::MemberRole;
use onward_contract::directory::v1::ListOrganisationsRequest;
use onward_tests::actors::Member;
use onward_tests::world::{Backend, Setup, World};
use serde_json::Value;

use super::{Said, fixture, onward};

/// An installation with the organisations of the sample file, imported by the operator.
pub(super) struct Installed {
    pub(super) world: World,
}

impl Installed {
    pub(super) async fn start(backend: Backend) -> anyhow::Result<Self> {
        let setup = Setup { backend, ..Setup::SQLITE };
        let installed = Self { world: World::start_empty(setup).await? };
        let operator = installed.world.operator().0;
        let file = fixture("csv/organisations.csv");
        let args = ["csv", "--kind", "organisations", &file];
        let said = installed.import(&operator, &args).await?.done();
        assert_eq!(counts(&said), [16, 0, 0, 0], "{}", said.out);
        Ok(installed)
    }

    /// Imports as a member; the answer is JSON.
    pub(super) async fn import(&self, who: &Member, args: &[&str]) -> anyhow::Result<Said> {
        let server = self.world.server().addr();
        let whom = ["--server", server, "--token", who.token(), "--output", "json"];
        onward(&[&["import"], args, &whom[..]].concat()).await
    }

    /// A new member of an organisation of the sample file.
    pub(super) async fn member(&self, name: &str, role: MemberRole) -> anyhow::Result<Member> {
        let operator = self.world.operator();
        let request = ListOrganisationsRequest {
            min_position: operator.head().await?,
            name_contains: name.to_owned(),
            ..Default::default()
        };
        let found = operator.directory().list_organisations(request).await?.into_inner();
        assert_eq!(found.organisations.len(), 1, "{name}");
        self.world.member_of(&found.organisations[0].organisation_id, &[role]).await
    }

    pub(super) async fn head(&self) -> anyhow::Result<String> {
        Ok(self.world.operator().head().await?)
    }
}

/// New, changed, same, failed.
pub(super) fn counts(said: &Said) -> [u64; 4] {
    let counts = said.json()["counts"].clone();
    let count = |name: &str| counts[name].as_u64().unwrap_or_else(|| panic!("{name} of {counts}"));
    ["new", "changed", "same", "failed"].map(count)
}

/// The codes of what is said about single rows.
pub(super) fn remarks(said: &Said) -> Vec<(u64, String)> {
    let remarks = said.json()["remarks"].as_array().cloned().unwrap_or_default();
    let remark = |remark: &Value| {
        (
            remark["line"].as_u64().unwrap_or_default(),
            remark["code"].as_str().unwrap_or_default().to_owned(),
        )
    };
    remarks.iter().map(remark).collect()
}

mod files_go_in_once {
    use onward_tests::world::Backend;

    #[tokio::test]
    async fn on_sqlite() -> anyhow::Result<()> {
        super::files_go_in_once(Backend::Sqlite).await
    }

    #[tokio::test]
    async fn on_postgres() -> anyhow::Result<()> {
        super::files_go_in_once(Backend::Postgres).await
    }
}

async fn files_go_in_once(backend: Backend) -> anyhow::Result<()> {
    let installed = Installed::start(backend).await?;
    let operator = installed.world.operator().0;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let academy = installed.member("Elmbridge Academy", MemberRole::Senco).await?;
    let nursery = installed.member("Beckside Nursery", MemberRole::Senco).await?;
    let (year6, year11) = (fixture("ctf/year6.xml"), fixture("ctf/year11.xml"));
    let transitions = fixture("csv/transitions.csv");
    let referrals = fixture("csv/referrals.csv");
    let organisations = fixture("csv/organisations.csv");

    // A dry run says what would happen, and changes nothing.
    let head = installed.head().await?;
    let said = installed.import(&primary, &["ctf", &year6, "--dry-run"]).await?.done();
    assert_eq!(counts(&said), [8, 0, 0, 0], "{}", said.out);
    assert_eq!(said.json()["counts"]["dry_run"], true);
    assert_eq!(installed.head().await?, head);

    let said = installed.import(&primary, &["ctf", &year6]).await?.done();
    assert_eq!(counts(&said), [8, 0, 0, 0], "{}", said.out);
    assert!(!remarks(&said).is_empty(), "the bad UPN is listed to be fixed");
    let said = installed.import(&academy, &["ctf", &year11]).await?.done();
    assert_eq!(counts(&said), [6, 0, 0, 0], "{}", said.out);
    // The destination imports the same file: these are its own records.
    let said = installed.import(&academy, &["ctf", &year6]).await?.done();
    assert_eq!(counts(&said), [8, 0, 0, 0], "{}", said.out);
    let args = ["csv", "--kind", "transitions", transitions.as_str()];
    // One of the ten moves came with the transfer file already; it is not planned a second time.
    let said = installed.import(&academy, &args).await?.done();
    assert_eq!(counts(&said), [9, 0, 1, 0], "{}", said.out);

    // A row belongs to the setting that it names; the other setting's rows are refused for it.
    let folder = tempfile::tempdir()?;
    let rejects = folder.path().join("rejects.csv");
    let path = rejects.to_string_lossy().into_owned();
    let args = ["csv", "--kind", "referrals", referrals.as_str(), "--rejects", &path];
    let said = installed.import(&primary, &args).await?;
    assert_eq!((said.code, counts(&said)), (Some(1), [3, 0, 0, 4]), "{}", said.out);
    let rejected = std::fs::read_to_string(&rejects)?;
    let mut reader = csv::Reader::from_reader(rejected.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>()?;
    assert_eq!(rows.len(), 4, "a row each: {rejected}");
    assert!(rows.iter().all(|row| row.iter().any(|cell| cell == "not_ours")), "{rejected}");
    let args = ["csv", "--kind", "referrals", referrals.as_str()];
    let said = installed.import(&nursery, &args).await?;
    assert_eq!((said.code, counts(&said)), (Some(1), [4, 0, 0, 3]), "{}", said.out);

    // Everything again: everything is the same, and the log has not grown.
    let head = installed.head().await?;
    let again: [(&Member, &[&str], [u64; 4]); 7] = [
        (&operator, &["csv", "--kind", "organisations", &organisations], [0, 0, 16, 0]),
        (&primary, &["ctf", &year6], [0, 0, 8, 0]),
        (&academy, &["ctf", &year11], [0, 0, 6, 0]),
        (&academy, &["ctf", &year6], [0, 0, 8, 0]),
        (&academy, &["csv", "--kind", "transitions", &transitions], [0, 0, 10, 0]),
        (&primary, &["csv", "--kind", "referrals", &referrals], [0, 0, 3, 4]),
        (&nursery, &["csv", "--kind", "referrals", &referrals], [0, 0, 4, 3]),
    ];
    for (who, args, expected) in again {
        let said = installed.import(who, args).await?;
        assert_eq!(counts(&said), expected, "{args:?}: {}", said.out);
    }
    assert_eq!(installed.head().await?, head, "running it again changes nothing");
    the_wrong_side_is_refused(&installed, &year6).await
}

async fn the_wrong_side_is_refused(installed: &Installed, year6: &str) -> anyhow::Result<()> {
    let head = installed.head().await?;
    let outsider = installed.member("Moorside Primary", MemberRole::Senco).await?;
    let head_with_member = installed.head().await?;
    assert_ne!(head, head_with_member);
    let args = ["ctf", year6];
    installed.import(&outsider, &args).await?.refused(&["neither", "Moorside"]);
    let wrong_role = installed.member("Elmbridge Primary", MemberRole::Dsl).await?;
    let head = installed.head().await?;
    let said = installed.import(&wrong_role, &args).await?;
    assert_eq!(said.code, Some(1), "{}", said.out);
    let operator = installed.world.operator().0;
    let said = installed.import(&operator, &args).await?;
    assert_eq!(said.code, Some(1));
    assert_eq!(installed.head().await?, head);
    Ok(())
}

/// A pupil that the school has changed since is changed by the file, and only that one.
#[tokio::test]
async fn a_file_changes_what_it_says_anew() -> anyhow::Result<()> {
    let installed = Installed::start(Backend::Sqlite).await?;
    let primary = installed.member("Elmbridge Primary", MemberRole::Senco).await?;
    let file = fixture("ctf/year6.xml");
    installed.import(&primary, &["ctf", &file]).await?.done();
    let text = std::fs::read_to_string(&file)?;
    let folder = tempfile::tempdir()?;
    let changed = folder.path().join("changed.xml");
    std::fs::write(&changed, text.replace("ZZ99 1AA", "ZZ99 9ZZ"))?;
    let changed = changed.to_string_lossy();
    let said = installed.import(&primary, &["ctf", &changed]).await?.done();
    assert_eq!(counts(&said), [0, 1, 7, 0], "{}", said.out);
    let said = installed.import(&primary, &["ctf", &changed]).await?.done();
    assert_eq!(counts(&said), [0, 0, 8, 0], "{}", said.out);
    // As a table and as CSV, for people and for sheets.
    let (server, token) = (installed.world.server().addr(), primary.token());
    for (form, head) in [("csv", "new,changed,same,failed,dry_run"), ("table", "changed")] {
        let args =
            ["import", "ctf", &changed, "--server", server, "--token", token, "--output", form];
        let said = onward(&args).await?.done();
        assert!(said.out.contains(head), "{}", said.out);
    }
    Ok(())
}
