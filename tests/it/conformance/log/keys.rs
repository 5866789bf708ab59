//! Look-up keys: one holder or many, races, giving up.

use std::sync::Arc;

use futures::future::join_all;
use jiff::civil::date;
use onward_domain::event::LearnerFact;
use onward_log::{Attempt, ExecuteError, Key, Log, Relation, Scope};
use rstest::rstest;
use uuid::Uuid;

use super::place::*;

/// Registers a learner who claims a key, and may give another up first.
fn claiming(stream: Uuid, claim: Option<Key>, release: Option<Key>) -> Attempt {
    Arc::new(move |unit| {
        let (claim, release) = (claim.clone(), release.clone());
        Box::pin(async move {
            let mut loaded = unit.load::<Notes<LearnerFact>>(stream).await?;
            unit.decide(&mut loaded, vec![registered(stream.into(), "Adeyemi")])?;
            if let Some(key) = release {
                unit.release(key, stream);
            }
            if let Some(key) = claim {
                unit.claim(key, stream, (None, None));
            }
            Ok(())
        })
    })
}

fn own_ref(text: &str) -> Key {
    Key::new(Scope::OwnRef, &[b"organisation", text.as_bytes()])
}

async fn holders(log: &Log, key: Key) -> anyhow::Result<Vec<Uuid>> {
    let mut holders: Vec<_> = log.find(&[key]).await?.iter().map(|found| found.stream).collect();
    holders.sort_unstable();
    Ok(holders)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_gets_a_key(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let streams: Vec<Uuid> = (0..32).map(|_| Uuid::now_v7()).collect();
    let racing = streams.iter().map(|stream| {
        log.execute(once(organisation()), claiming(*stream, Some(own_ref("P1")), None))
    });
    let done = join_all(racing).await;
    let winners: Vec<usize> =
        done.iter().enumerate().filter(|(_, done)| done.is_ok()).map(|(at, _)| at).collect();
    let [winner] = winners[..] else { panic!("{} got it", winners.len()) };
    for lost in done.iter().filter_map(|done| done.as_ref().err()) {
        let taken = matches!(lost, ExecuteError::KeyTaken { scope: Scope::OwnRef, existing }
            if *existing == streams[winner]);
        assert!(taken, "{lost:?}");
    }
    assert_eq!(holders(&log, own_ref("P1")).await?, [streams[winner]]);
    assert_eq!(log.head().await?.get(), 1, "who was refused wrote nothing");
    log.close().await;
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_given_up_is_free_for_the_next(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let (one, two) = (Uuid::now_v7(), Uuid::now_v7());
    let run = |attempt| log.execute(once(organisation()), attempt);
    run(claiming(one, Some(own_ref("P1")), None)).await?;
    // Claiming again what one holds is no conflict; giving up what another holds does nothing.
    run(claiming(one, Some(own_ref("P1")), None)).await?;
    run(claiming(two, None, Some(own_ref("P1")))).await?;
    assert_eq!(holders(&log, own_ref("P1")).await?, [one]);
    // From one to the other within one append.
    run(claiming(one, Some(own_ref("P2")), Some(own_ref("P1")))).await?;
    run(claiming(two, Some(own_ref("P1")), None)).await?;
    assert_eq!(holders(&log, own_ref("P1")).await?, [two]);
    assert_eq!(holders(&log, own_ref("P2")).await?, [one]);
    assert_eq!(holders(&log, own_ref("P3")).await?, Vec::<Uuid>::new());
    log.close().await;
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn many_are_party_and_each_look_up_says_which_key(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let name = || Key::new(Scope::LearnerNameBirth, &[b"organisation", b"zoe|adeyemi"]);
    let mut streams: Vec<Uuid> = (0..3).map(|_| Uuid::now_v7()).collect();
    for stream in &streams {
        log.execute(once(organisation()), claiming(*stream, Some(name()), None)).await?;
    }
    streams.sort_unstable();
    assert_eq!(holders(&log, name()).await?, streams, "twins share a name");
    let (school, college) = (organisation(), organisation());
    let owner = Key::party(streams[0], school, Relation::Owner);
    log.execute(once(school), claiming(streams[0], Some(owner.clone()), None)).await?;
    let asked = [
        Key::party(streams[0], college, Relation::Owner),
        owner,
        Key::party(streams[0], school, Relation::Receiver),
    ];
    let found = log.find(&asked).await?;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].key_index, found[0].stream), (1, streams[0]));
    log.close().await;
    Ok(())
}

/// A membership that has ended makes room for the next one.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_counts_within_its_days(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let place = Place::new(backend).await?;
    let log = place.open().await?;
    let key = || Key::new(Scope::Membership, &[b"issuer", b"subject", b"organisation", b"TRIAGE"]);
    let claim = |stream: Uuid, until| -> Attempt {
        Arc::new(move |unit| {
            Box::pin(async move {
                let mut loaded = unit.load::<Notes<LearnerFact>>(stream).await?;
                unit.decide(&mut loaded, vec![registered(stream.into(), "Adeyemi")])?;
                unit.claim(key(), stream, (Some(date(2020, 1, 1)), until));
                Ok(())
            })
        })
    };
    let (former, present, third) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    log.execute(once(organisation()), claim(former, Some(date(2021, 8, 31)))).await?;
    let found = log.find(&[key()]).await?;
    assert_eq!(found[0].valid_until, Some(date(2021, 8, 31)));
    assert!(found[0].counts_on(date(2021, 8, 31)) && !found[0].counts_on(date(2021, 9, 1)));
    log.execute(once(organisation()), claim(present, None)).await?;
    assert_eq!(holders(&log, key()).await?, [present]);
    let refused = log.execute(once(organisation()), claim(third, None)).await;
    assert!(matches!(refused, Err(ExecuteError::KeyTaken { .. })), "{refused:?}");
    log.close().await;
    Ok(())
}
