//! Changing the key-encryption key while others work.

use onward_domain::event::LearnerFact;
use onward_domain::ids::LearnerId;
use onward_log::{KekSource, KeyStore, Log, OpenError, Position};
use rstest::rstest;
use sqlx::Row;

use super::place::*;

/// Keys by the key that wrapped them.
async fn wrapped_by(place: &Place) -> anyhow::Result<Vec<i64>> {
    let mut keys = sqlite(&place.keys().join("learner-keys.db")).await?;
    let rows =
        sqlx::query("SELECT COUNT(*) FROM subject_key WHERE wrapped IS NOT NULL GROUP BY kek")
            .fetch_all(&mut keys)
            .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn all_open(log: &Log, learners: &[LearnerId]) -> anyhow::Result<()> {
    for learner in learners {
        assert_eq!(log.load::<Notes<LearnerFact>>(learner.uuid()).await?.state, 1);
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_key_is_wrapped_anew_while_appends_go_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let mut learners = Vec::new();
    for _ in 0..250 {
        learners.push(register(&log, "Quillfeather").await?);
    }
    let before = std::fs::read(place.keys().join("kek"))?;
    let sealed: Vec<_> = log.read(Position::START, 500).await?;
    // Somebody goes on registering until the rotation is over, and a while after it.
    let writing = {
        let log = log.clone();
        let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let mut made = Vec::new();
            while stopped.try_recv() == Err(tokio::sync::oneshot::error::TryRecvError::Empty) {
                made.push(register(&log, "Okafor").await?);
            }
            made.push(register(&log, "Okafor").await?);
            anyhow::Ok(made)
        });
        (stop, task)
    };
    let store = KeyStore::open(&place.options().keys, false).await?;
    let rotated = store.rotate(|_, _| {}).await?;
    store.close().await;
    drop(writing.0);
    learners.extend(writing.1.await??);
    assert!(rotated.changed && rotated.rewrapped >= 250, "{rotated:?}");
    assert_eq!(wrapped_by(&place).await?, [i64::try_from(learners.len())?], "one key wraps all");
    assert_ne!(std::fs::read(place.keys().join("kek"))?, before);
    let again = log.read(Position::START, 500).await?;
    assert_eq!(again[..sealed.len()], sealed[..], "no event was touched");
    all_open(&log, &learners).await?;
    log.close().await;

    let log = place.open().await?;
    all_open(&log, &learners).await?;
    log.close().await;
    // The key of before is put aside for backups of before, and opens nothing of today.
    let names: Vec<String> = std::fs::read_dir(place.keys())?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    assert_eq!(
        names.iter().filter(|name| name.starts_with("kek.retired-")).count(),
        1,
        "{names:?}"
    );
    assert!(!names.iter().any(|name| name == "kek.next"));
    std::fs::write(place.keys().join("kek"), before)?;
    let opened = Log::open(place.options()).await;
    assert!(matches!(opened.err(), Some(OpenError::WrongKek(_))));
    Ok(())
}

/// With the key from elsewhere, the first one wraps and the others only open.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_from_elsewhere_is_changed_by_naming_the_next_one_first() -> anyhow::Result<()> {
    let place = Place::new(Backend::Sqlite).await?;
    let with = |text: String| {
        let mut options = place.options();
        options.keys.kek = KekSource::Text(text.into());
        options
    };
    let (one, two) = (hex::encode([1; 32]), hex::encode([2; 32]));
    let log = Log::open(with(one.clone())).await?;
    let learner = register(&log, "Quillfeather").await?;
    log.close().await;
    assert!(!place.keys().join("kek").exists(), "no file is made");
    assert!(matches!(Log::open(with(two.clone())).await.err(), Some(OpenError::WrongKek(_))));
    let both = with(format!("{two},{one}"));
    let log = Log::open(both.clone()).await?;
    all_open(&log, &[learner]).await?;
    let store = KeyStore::open(&both.keys, false).await?;
    assert_eq!(store.rotate(|_, _| {}).await?.rewrapped, 1);
    store.close().await;
    let later = register(&log, "Okafor").await?;
    log.close().await;
    let log = Log::open(with(two)).await?;
    all_open(&log, &[learner, later]).await?;
    log.close().await;
    let mut command = place.options();
    command.keys.kek = KekSource::Command(vec!["printf".to_owned(), hex::encode([2; 32])]);
    let log = Log::open(command).await?;
    all_open(&log, &[learner, later]).await?;
    log.close().await;
    Ok(())
}
