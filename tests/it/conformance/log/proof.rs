//! Checkpoints and receipts: what is signed is what the log is, on either database; and what is not the same
//! any more is signed no further.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use onward_log::proof::{ProofFault, SignedCheckpoint, TreeHash, leaf_hash, notes_in, root_of};
use onward_log::{Log, Position};
use onward_tests::servers::until;
use rstest::rstest;
use tokio_util::sync::CancellationToken;

use super::place::*;

/// Brings the log to so many events.
async fn grow(log: &Log, to: u64) -> anyhow::Result<()> {
    let missing = usize::try_from(to - log.head().await?.get())?;
    let learner = new_learner();
    for part in vec![registered(learner, "Adeyemi"); missing].chunks(400) {
        log.execute(once(organisation()), append(learner.uuid(), part.to_vec())).await?;
    }
    Ok(())
}

/// The leaves of the tree, from the events themselves.
async fn leaves(log: &Log) -> anyhow::Result<Vec<TreeHash>> {
    let events = log.read(Position::START, 10_000).await?;
    Ok(events.iter().map(|event| leaf_hash(&event.hash)).collect())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_signs_the_root_and_a_receipt_leads_to_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let keys = [log.verifier_key()];
    let mut sizes = Vec::new();
    // Around whole groups of 256, which is how the tree is kept.
    for size in [0, 1, 2, 255, 256, 257, 511, 512, 770] {
        grow(&log, size).await?;
        let signed = log.sign_checkpoint().await?;
        assert_eq!(SignedCheckpoint::verified(&signed.note, &keys)?, signed);
        let leaves = leaves(&log).await?;
        assert_eq!((signed.checkpoint.size, signed.checkpoint.root), (size, root_of(&leaves)));
        sizes.push(size);
    }
    // Again without a change: the same one.
    assert_eq!(log.sign_checkpoint().await?, log.checkpoint(Position::START).await?);
    let hashes = leaves(&log).await?;
    for position in [1, 2, 255, 256, 257, 512, 513, 770] {
        for size in sizes.iter().copied().filter(|size| *size >= position) {
            let receipt = log.prove(Position::new(position), Some(size)).await?;
            let proven = receipt.verify(&keys)?;
            let at = usize::try_from(position - 1)?;
            assert_eq!(leaf_hash(&proven.hash), hashes[at], "{position} of {size}");
            assert_eq!(proven.checkpoint.checkpoint.size, size);
        }
    }
    for (position, size) in [(0, None), (771, None), (257, Some(256)), (1, Some(3))] {
        let refused = log.prove(Position::new(position), size).await;
        assert_eq!(refused, Err(ProofFault::Nothing), "{position} of {size:?}");
    }
    let verified = log.verify(|_| {}).await?;
    assert_eq!((verified.root, verified.checkpoints), (root_of(&hashes), sizes.len() as u64));
    log.close().await;
    Ok(())
}

/// What is written outside of the database is what is in it, for its owner's eyes, and so is the key.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_are_written_outside_of_the_database(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let mut signed = Vec::new();
    for size in [3, 5, 8] {
        grow(&log, size).await?;
        signed.push(log.sign_checkpoint().await?.note);
    }
    let folder = place.data().join("checkpoints");
    assert_eq!(std::fs::read_to_string(folder.join("newest.checkpoint"))?, signed[2]);
    let mut kept = String::new();
    for file in std::fs::read_dir(&folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|name| name == "checkpoints") {
            kept += &std::fs::read_to_string(path)?;
        }
    }
    assert_eq!(notes_in(&kept), signed);
    let mode = std::fs::metadata(place.keys().join("checkpoint.key"))?.permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let key = log.verifier_key();
    log.close().await;
    let log = place.open().await?;
    assert_eq!(log.verifier_key(), key, "the key is made once");
    log.close().await;
    Ok(())
}

/// A database that is older than what was signed for, or other, gets no further signature; writes go on.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_what_was_signed_for_is_signed_no_further(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    grow(&log, 4).await?;
    log.sign_checkpoint().await?;
    let altered = "UPDATE log_event SET hash = sealed_part WHERE position = 2";
    place.sql("CREATE TABLE kept AS SELECT * FROM log_event WHERE position = 2").await?;
    let hash = match backend {
        Backend::Sqlite => "zeroblob(32)",
        Backend::Postgres => "decode(repeat('00', 32), 'hex')",
    };
    place.sql(&altered.replace("sealed_part", hash)).await?;
    grow(&log, 5).await?;
    assert_eq!(log.sign_checkpoint().await, Err(ProofFault::Differs { signed: 4 }));
    place.sql(&altered.replace("sealed_part", "(SELECT hash FROM kept)")).await?;
    assert_eq!(log.sign_checkpoint().await?.checkpoint.size, 5);
    // An older copy of the database was put back, with its own older checkpoints; the folder knows more.
    for gone in
        ["log_checkpoint WHERE size", "log_event WHERE position", "log_batch WHERE last_position"]
    {
        place.sql(&format!("DELETE FROM {gone} > 4")).await?;
    }
    assert_eq!(log.sign_checkpoint().await, Err(ProofFault::Shorter { signed: 5, head: 4 }));
    log.close().await;
    Ok(())
}

/// Nobody has to ask: the follower signs while something is written, and once more when it is stopped.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_are_signed_without_being_asked_for(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let mut options = place.options();
    options.proof.every = Duration::from_millis(10);
    let log = Log::open(options).await?;
    let stop = CancellationToken::new();
    let follower = tokio::spawn({
        let (log, stop) = (log.clone(), stop.clone());
        async move { log.keep_proof(stop).await }
    });
    grow(&log, 300).await?;
    let newest = place.data().join("checkpoints/newest.checkpoint");
    let covers = |size: &str| {
        let text = std::fs::read_to_string(&newest).unwrap_or_default();
        text.lines().nth(1) == Some(size)
    };
    until("a checkpoint", || async { Ok(covers("300").then_some(())) }).await?;
    assert_eq!(place.number("SELECT COUNT(*) FROM log_tree").await?, 1, "the tree is kept");
    grow(&log, 301).await?;
    stop.cancel();
    follower.await?;
    assert!(covers("301"), "what was written last is signed for too");
    log.verify(|_| {}).await?;
    log.close().await;
    Ok(())
}

/// The kept tree follows from the events: lost, it is made again, and the same.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_tree_is_made_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    grow(&log, 600).await?;
    log.sign_checkpoint().await?;
    assert_eq!(place.sql("DELETE FROM log_tree").await?, 2);
    assert!(log.verify(|_| {}).await.is_err(), "it is missing");
    grow(&log, 601).await?;
    log.sign_checkpoint().await?;
    assert_eq!(log.verify(|_| {}).await?.head, Position::new(601));
    log.close().await;
    Ok(())
}
