//! `onward keys`: rotation that is killed half way, backups that die, keys from elsewhere, wrong keys.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use anyhow::ensure;
use futures::{StreamExt, TryStreamExt, stream};
use onward_tests::builders::Child;
use onward_tests::servers::{onward_binary, until};
use onward_tests::world::{House, Setup, World};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};

use super::{onward, onward_with};

/// Learners whose keys are wrapped anew: several commits' worth.
const MANY: u32 = 1_500;

async fn store(data: &Path) -> anyhow::Result<SqliteConnection> {
    let path = data.join("keys/learner-keys.db");
    Ok(SqliteConnectOptions::new().filename(path).create_if_missing(false).connect().await?)
}

/// How many keys there are, by the key that wrapped them.
async fn wrapped_by(data: &Path) -> anyhow::Result<Vec<i64>> {
    let counts = "SELECT COUNT(*) FROM subject_key WHERE wrapped IS NOT NULL GROUP BY kek";
    Ok(sqlx::query_scalar(counts).fetch_all(&mut store(data).await?).await?)
}

/// Killed in the middle, with a server running: nobody notices, and the next one finishes it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_was_killed_is_gone_on_with() -> anyhow::Result<()> {
    let mut world = World::start(Setup::SQLITE).await?;
    let school = world.senco(House::Primary).await?;
    let learners: Vec<String> = stream::iter(0..MANY)
        .map(|number| {
            let school = &school;
            async move {
                let mut request = Child::of_year_6().register();
                request.identifiers.clear();
                request.external_ref = Some(format!("child-{number}"));
                let reply = school.learners().register_learner(request).await?;
                anyhow::Ok(reply.into_inner().learner_id)
            }
        })
        .buffer_unordered(64)
        .try_collect()
        .await?;
    let data = world.data();
    let flags = data.to_string_lossy().into_owned();
    let mut killed = false;
    for _ in 0..20 {
        let mut rotating = tokio::process::Command::new(onward_binary()?)
            .args(["keys", "rotate", "--data", &flags])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let two = until("two keys to be in use, or the end", || async {
            Ok((wrapped_by(&data).await?.len() == 2).then_some(()))
        });
        tokio::select! {
            two = two => two?,
            ended = rotating.wait() => ensure!(ended?.success(), "the rotation failed"),
        }
        rotating.start_kill().ok();
        rotating.wait().await?;
        if wrapped_by(&data).await?.len() == 2 {
            killed = true;
            break;
        }
    }
    ensure!(killed, "no rotation could be caught in the middle");
    // Keys under either are read and made: by the server that was running, and by one that starts now.
    let second = world.senco(House::Primary).await?;
    school.learner(&learners[0]).await?;
    second.register(&Child::of_year_6()).await?;
    world.stop().await?;
    world.restart().await?;
    let school = world.senco(House::Primary).await?;
    for learner in learners.iter().step_by(100) {
        school.learner(learner).await?;
    }
    let rotate = ["keys", "rotate", "--data", &flags, "--output", "json"];
    let said = onward(&rotate).await?.done();
    assert!(said.out.contains("rewrapped"), "{}", said.out);
    assert_eq!(wrapped_by(&data).await?.len(), 1, "the next one finishes it");
    assert!(!data.join("keys/kek.next").exists());
    school.learner(&learners[1]).await?;
    Ok(())
}

#[tokio::test]
async fn backups_of_keys_are_made_while_it_runs_and_die() -> anyhow::Result<()> {
    let world = World::start(Setup::SQLITE).await?;
    let school = world.senco(House::Primary).await?;
    school.register(&Child::of_year_6()).await?;
    let folder = tempfile::tempdir()?;
    let to = folder.path().join("keys-backup");
    std::fs::create_dir(&to)?;
    let old = to.join("learner-keys-20200101T000000Z.db");
    let foreign = to.join("notes.txt");
    std::fs::write(&old, "old")?;
    std::fs::write(&foreign, "mine")?;
    let (data, to) =
        (world.data().to_string_lossy().into_owned(), to.to_string_lossy().into_owned());
    let backup = ["keys", "backup", "--data", &data, "--to", &to, "--output", "json"];
    let said = onward(&backup).await?.done();
    let rows: serde_json::Value = serde_json::from_str(&said.out)?;
    assert_eq!(rows[0]["removed"], "1", "{}", said.out);
    assert!(!old.exists() && foreign.exists());
    let file = rows[0]["file"].as_str().expect("a file").to_owned();
    assert_eq!(std::fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(false);
    let count: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM subject_key WHERE wrapped IS NOT NULL")
            .fetch_one(&mut options.connect().await?)
            .await?;
    assert!(count > 1, "organisations and a learner");
    // Beside the keys in use it would come back with every copy of the data.
    for inside in ["", "/keys", "/backup"] {
        let inside = format!("{data}{inside}");
        let said = onward(&["keys", "backup", "--data", &data, "--to", &inside]).await?.misused();
        said.says(&["lies with the data"]);
    }
    // There is nothing to back up, or to rotate, where nobody ever served.
    let nowhere = folder.path().join("nowhere").to_string_lossy().into_owned();
    onward(&["keys", "rotate", "--data", &nowhere]).await?.refused(&[]);
    onward(&["keys", "backup", "--data", &nowhere, "--to", &to]).await?.refused(&[]);
    Ok(())
}

#[tokio::test]
async fn a_wrong_key_stops_the_start_with_one_line() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let (one, two) = (hex::encode([1; 32]), hex::encode([2; 32]));
    let bootstrap = ["bootstrap", "--org", "O", "--subject", "s", "--issuer", "i", "--data", &data];
    onward_with(&bootstrap, &[("ONWARD_KEK", &one)], b"").await?.done();
    assert!(!folder.path().join("data/keys/kek").exists(), "the key is nowhere in the folder");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", &data];
    for (key, word) in [(two.as_str(), "not the one"), ("no key", "damaged")] {
        let said = onward_with(&serve, &[("ONWARD_KEK", key)], b"").await?.refused(&[word]);
        assert!(!said.err.contains(key), "{}", said.err);
    }
    // Without it a new file would only hide which key is missing.
    onward(&serve).await?.refused(&["key-encryption key", "missing"]);
    assert!(!folder.path().join("data/keys/kek").exists());
    let config = folder.path().join("onward.toml");
    for (command, word) in [
        (format!("[\"printf\", \"{two}\"]"), "not the one"),
        ("[\"/no/such/program\"]".to_owned(), "cannot be run"),
        ("[\"false\"]".to_owned(), "failed"),
    ] {
        std::fs::write(&config, format!("[keys]\ncommand = {command}\n"))?;
        let config = config.to_string_lossy();
        let serve = [&serve[..], &["--config", &config]].concat();
        onward(&serve).await?.refused(&[word]);
    }
    std::fs::write(&config, format!("[keys]\ncommand = [\"printf\", \"{one}\"]\n"))?;
    let config = config.to_string_lossy();
    // The right one opens; that there is an operator already is all that is wrong.
    let again = [&bootstrap[..], &["--config", &config]].concat();
    onward(&again).await?.refused(&["operator"]);
    Ok(())
}
