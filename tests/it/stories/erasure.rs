//! A learner is erased: two people, every linked record, and nothing left but what says so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use onward_contract::access::v1::MemberRole;
use onward_contract::operations::v1 as wire;
use onward_contract::reason;
use onward_contract::referral::v1::{GetQueueResponse, Priority, ReferralBucket};
use onward_tests::actors::{Member, NOW, PathfinderMember, Provider, Senco};
use onward_tests::builders::{Child, pack, phase_transfer, referral, request_id, urn};
use onward_tests::expect::{not_found, refused};
use onward_tests::world::{House, World};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tonic::{Code, Status};

use super::silence::{copied, silent};

mod a_learner_is_erased_by_two_people {
    use onward_tests::world::{Setup, World};

    #[tokio::test]
    async fn on_sqlite() -> anyhow::Result<()> {
        super::a_learner_is_erased(World::start(Setup::SQLITE.with_nats()).await?).await
    }

    #[tokio::test]
    async fn on_postgres() -> anyhow::Result<()> {
        super::a_learner_is_erased(World::start(Setup::POSTGRES.with_nats()).await?).await
    }
}

const QUEUE: &str = House::Yorkshire.queue();

async fn ask(who: &Member, learner: &str) -> Result<wire::RequestErasureResponse, Status> {
    let request = wire::RequestErasureRequest {
        request_id: request_id(),
        learner_id: learner.to_owned(),
        ground: wire::ErasureGround::ObjectionUpheld.into(),
        reason: "Rosalind's parents objected, and were right".to_owned(),
        ..Default::default()
    };
    Ok(who.operations().request_erasure(request).await?.into_inner())
}

fn confirmation(learner: &str) -> wire::ConfirmErasureRequest {
    wire::ConfirmErasureRequest {
        request_id: request_id(),
        learner_id: learner.to_owned(),
        ..Default::default()
    }
}

async fn confirm(
    who: &Member,
    request: &wire::ConfirmErasureRequest,
) -> Result<wire::ConfirmErasureResponse, Status> {
    Ok(who.operations().confirm_erasure(request.clone()).await?.into_inner())
}

/// One child with a record at two organisations, and one who waits in a queue.
struct Scene {
    school: Senco,
    secondary: Provider,
    nursery: Senco,
    clinician: PathfinderMember,
    triage: PathfinderMember,
    learner: String,
    linked: String,
    waiting: String,
    moved: String,
    handover: String,
    referred: String,
    /// The queue before anybody was erased.
    queue: GetQueueResponse,
    wrapped: Vec<Vec<u8>>,
}

impl Scene {
    async fn of(world: &World, child: &Child, infant: &Child) -> anyhow::Result<Self> {
        let school = world.senco(House::Primary).await?;
        let secondary = world.provider(House::Secondary).await?;
        let nursery = world.senco(House::Nursery).await?;
        let triage = world.team(House::Yorkshire, MemberRole::Triage).await?;
        let clinician = world.team(House::Yorkshire, MemberRole::Clinician).await?;
        let learner = school.register(child).await?.learner_id;
        let (from, to) = (urn(House::Primary.number()), urn(House::Secondary.number()));
        let moved = school.record(phase_transfer(&learner, from, to)).await?.transition_id;
        school.confirm(&moved).await?;
        let draft = pack(&secondary.organisation, Some(&moved));
        let handover = school.draft(&learner, draft).await?.handover_id;
        school.release(&handover).await?;
        secondary.inbox(NOW).await?;
        secondary.open(&handover).await?;
        let linked = secondary.accept(&handover, None).await?.learner_id;
        let waiting = nursery.register(infant).await?.learner_id;
        let referred = nursery.refer(referral(&waiting)).await?.referral_id;
        triage.read_form(&referred).await?;
        triage.take_in(&referred, Priority::Urgent).await?;
        let queue = triage.queue(QUEUE, NOW).await?;
        assert_eq!(queue.items.len(), 1);
        let wrapped = wrapped_keys(&world.data(), &[&learner, &linked, &waiting]).await?;
        #[rustfmt::skip]
        let scene = Self {
            school, secondary, nursery, clinician, triage, learner, linked, waiting, moved,
            handover, referred, queue, wrapped,
        };
        Ok(scene)
    }

    /// The records of the one child.
    fn records(&self) -> BTreeSet<String> {
        BTreeSet::from([self.learner.clone(), self.linked.clone()])
    }
}

async fn a_learner_is_erased(mut world: World) -> anyhow::Result<()> {
    let (child, infant) = (Child::of_year_6(), Child::of_nursery());
    let scene = Scene::of(&world, &child, &infant).await?;
    let stranger = scene.nursery.register(&Child::of_year_11()).await?.learner_id;
    two_people_erase(&world, &scene).await?;
    nobody_reads_or_writes_on(&world, &scene).await?;
    // The number is free for a new record, and others go on.
    assert_ne!(scene.school.register(&child).await?.learner_id, scene.learner);
    assert_eq!(scene.nursery.learner(&stranger).await?.learner_id, stranger);
    copied(&world.operator()).await?;
    nothing_is_left(&mut world, &child, &infant, &scene.wrapped).await?;

    // Built anew from nothing, the views say the same.
    forget_the_views(&world).await?;
    world.restart().await?;
    world.views_are_there().await?;
    let triage = world.team(House::Yorkshire, MemberRole::Triage).await?;
    counts_stay(&world, &triage, &scene.queue).await?;
    let school = world.senco(House::Primary).await?;
    assert_eq!(school.timeline(&scene.learner, NOW).await?.happened(), ["learner_erased"]);
    assert!(!world.program_log().contains("panicked"));
    Ok(())
}

async fn two_people_erase(world: &World, scene: &Scene) -> anyhow::Result<()> {
    let learner = &scene.learner;
    let first = world.operator().0;
    let second = world.member_of(&first.organisation, &[MemberRole::Operator]).await?;
    let refusal = confirm(&second, &confirmation(learner)).await;
    refused(refusal, Code::FailedPrecondition, reason::ERASURE_NOT_REQUESTED);
    let asked = ask(&first, learner).await?;
    assert_eq!(asked.learner_ids.iter().cloned().collect::<BTreeSet<_>>(), scene.records());
    let refusal = confirm(&first, &confirmation(learner)).await;
    refused(refusal, Code::FailedPrecondition, reason::ERASURE_NEEDS_TWO_PEOPLE);
    not_found(ask(&first, &request_id()).await);
    not_found(ask(&first, &scene.moved).await);
    assert_eq!(&scene.school.learner(learner).await?.learner_id, learner, "nothing is erased yet");

    let request = confirmation(learner);
    let certificate = confirm(&second, &request).await?;
    let gone = certificate.records.iter().map(|record| record.learner_id.clone());
    assert_eq!(gone.collect::<BTreeSet<_>>(), scene.records(), "every linked record");
    the_log_says_so(world, &certificate).await?;
    assert_eq!(days_until_the_last_backup_dies(&certificate)?, 35);
    let again = confirm(&second, &request).await?;
    assert_eq!(again, certificate, "the same certificate, however often it is asked for");
    let refusal = confirm(&second, &confirmation(learner)).await;
    refused(refusal, Code::FailedPrecondition, reason::LEARNER_ERASED);
    ask(&first, &scene.waiting).await?;
    confirm(&second, &confirmation(&scene.waiting)).await?;
    Ok(())
}

fn days_until_the_last_backup_dies(
    certificate: &wire::ConfirmErasureResponse,
) -> anyhow::Result<i32> {
    let at = certificate.erased_at.context("when")?.seconds;
    let today = jiff::Timestamp::from_second(at)?.in_tz("Europe/London")?.date();
    let dies = certificate.last_backup_dies_on.context("a day")?;
    let (month, day) = (i8::try_from(dies.month)?, i8::try_from(dies.day)?);
    Ok((jiff::civil::date(i16::try_from(dies.year)?, month, day) - today).get_days())
}

/// Those who kept a record are told; to everybody else there is nothing.
async fn nobody_reads_or_writes_on(world: &World, scene: &Scene) -> anyhow::Result<()> {
    let Scene { school, secondary, nursery, learner, .. } = scene;
    for (who, own) in
        [(&school.0, learner), (&secondary.0, &scene.linked), (&nursery.0, &scene.waiting)]
    {
        let timeline = who.timeline(own, NOW).await?;
        assert_eq!(timeline.happened(), ["learner_erased"], "and nothing else");
    }
    refused(school.learner(learner).await, Code::FailedPrecondition, reason::LEARNER_ERASED);
    not_found(world.senco(House::Stranger).await?.timeline(learner, NOW).await);
    not_found(secondary.timeline(learner, NOW).await);
    not_found(secondary.handover(&scene.handover, NOW).await);
    not_found(nursery.referral(&scene.referred, NOW).await);
    assert!(secondary.inbox(NOW).await?.is_empty());
    assert!(school.sent(NOW).await?.is_empty());
    let (from, to) = (urn(House::Primary.number()), urn(House::Secondary.number()));
    let late = school.record(phase_transfer(learner, from, to)).await;
    refused(late, Code::FailedPrecondition, reason::LEARNER_ERASED);
    assert!(scene.clinician.claim(QUEUE, 5).await?.items.is_empty());
    counts_stay(world, &scene.triage, &scene.queue).await
}

/// The log has `LearnerErased` of each record where the certificate says.
async fn the_log_says_so(
    world: &World,
    certificate: &wire::ConfirmErasureResponse,
) -> anyhow::Result<()> {
    let log = world.operator().log_after("").await?;
    for erased in &certificate.records {
        let said = log.iter().find(|record| record.position == erased.position);
        let said = said.context("the position is in the log")?;
        assert_eq!(said.r#type, "org.onward.learner.learner_erased.v1");
        assert_eq!(said.learner_id, erased.learner_id);
    }
    Ok(())
}

/// What was received is still the sum of the buckets, and the referral is in the same one; no list shows it.
async fn counts_stay(
    world: &World,
    team: &Member,
    before: &GetQueueResponse,
) -> anyhow::Result<()> {
    let request = onward_contract::referral::v1::GetQueueRequest {
        queue_id: QUEUE.to_owned(),
        min_position: world.operator().head().await?,
        ..Default::default()
    };
    let queue = team.queues().get_queue(request).await?.into_inner();
    assert!(queue.items.is_empty(), "nobody is shown");
    assert_eq!(queue.buckets, before.buckets, "counts stay");
    let waiting = queue.buckets.iter().find(|sum| sum.bucket() == ReferralBucket::Waiting);
    assert_eq!(waiting.map(|sum| sum.count), Some(1));
    assert!(world.operator().parked().await?.is_empty(), "nothing is parked");
    Ok(())
}

/// The wrapped keys of these learners: the part that is secret.
async fn wrapped_keys(data: &Path, learners: &[&String]) -> anyhow::Result<Vec<Vec<u8>>> {
    let options = SqliteConnectOptions::new().filename(data.join("keys/learner-keys.db"));
    let mut keys = options.create_if_missing(false).connect().await?;
    let mut wrapped = Vec::new();
    for learner in learners {
        let id: uuid::Uuid = learner.parse()?;
        let query = sqlx::query_scalar("SELECT wrapped FROM subject_key WHERE subject = $1");
        let bytes: Vec<u8> = query.bind(id).fetch_one(&mut keys).await?;
        wrapped.push(bytes[24..56].to_vec());
    }
    Ok(wrapped)
}

/// Looks through every file of the installation: data folder, the database's own files, the bus's store, the
/// program log.
async fn nothing_is_left(
    world: &mut World,
    child: &Child,
    infant: &Child,
    wrapped: &[Vec<u8>],
) -> anyhow::Result<()> {
    let mut secrets: BTreeSet<String> =
        child.secrets().into_iter().chain(infant.secrets()).collect();
    secrets.insert("Rosalind".to_owned());
    let mut folders = vec![world.data(), world.nats().dir().to_owned()];
    if let Some(url) = world.postgres_url() {
        folders.push(database_files(url).await?);
    }
    let stopped = world.stop().await?;
    let said: String = stopped.into_iter().map(|process| process.stderr).collect();
    silent("the program log", said.as_bytes(), &secrets);
    let mut files = Vec::new();
    for folder in &folders {
        all_files(folder, &mut files)?;
    }
    assert!(files.len() > 10, "there are files");
    for file in &files {
        // A file of a running server may go while it is looked for.
        let Ok(bytes) = std::fs::read(file) else { continue };
        silent(&file.display().to_string(), &bytes, &secrets);
        for (number, key) in wrapped.iter().enumerate() {
            let found = bytes.windows(key.len()).any(|window| window == key);
            assert!(!found, "wrapped key {number} is in {}", file.display());
        }
    }
    Ok(())
}

/// The folder of a database's files, once everything is in them.
async fn database_files(url: &str) -> anyhow::Result<PathBuf> {
    let mut sql = PgConnection::connect(url).await?;
    sqlx::query("VACUUM").execute(&mut sql).await?;
    sqlx::query("CHECKPOINT").execute(&mut sql).await?;
    let (folder, database): (String, i64) = sqlx::query_as(
        "SELECT current_setting('data_directory'), oid::int8 FROM pg_database \
         WHERE datname = current_database()",
    )
    .fetch_one(&mut sql)
    .await?;
    Ok(Path::new(&folder).join("base").join(database.to_string()))
}

fn all_files(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            all_files(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Removes the views; nothing runs.
async fn forget_the_views(world: &World) -> anyhow::Result<()> {
    for name in ["views.db", "views.db-wal", "views.db-shm"] {
        let _ = std::fs::remove_file(world.data().join(name));
    }
    if let Some(url) = world.postgres_url() {
        let mut sql = PgConnection::connect(url).await?;
        sqlx::query("DROP SCHEMA onward_views CASCADE").execute(&mut sql).await?;
    }
    Ok(())
}
