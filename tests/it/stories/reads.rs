//! Every answer that names a learner is written down before it is given, and is not given when it
//! cannot be.

use onward_contract::learner::v1::GetLearnerRequest;
use onward_contract::reason;
use onward_tests::actors::NOW;
use onward_tests::builders::Child;
use onward_tests::expect::refused;
use onward_tests::world::{House, Setup, World};
use sqlx::{Connection, PgConnection};
use tonic::Code;
use uuid::Uuid;

/// How often a learner was shown to an organisation by a method.
async fn shown(
    database: &mut PgConnection,
    organisation: &str,
    learner: &str,
    method: &str,
) -> anyhow::Result<i64> {
    let learner: Uuid = learner.parse()?;
    let organisation: Uuid = organisation.parse()?;
    let query = "SELECT count(*) FROM log_access WHERE organisation = $1 AND method LIKE '%/' || $2 \
                 AND position($3 IN learners) > 0 AND role <> ''";
    let count = sqlx::query_scalar(query)
        .bind(organisation)
        .bind(method)
        .bind(learner.as_bytes().to_vec())
        .fetch_one(database)
        .await?;
    Ok(count)
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_shown() -> anyhow::Result<()> {
    let world = World::start(Setup::POSTGRES).await?;
    let school = world.senco(House::Primary).await?;
    let learner = school.register(&Child::of_year_6()).await?.learner_id;
    let mut database = PgConnection::connect(world.postgres_url().expect("on PostgreSQL")).await?;
    let organisation = world.id(House::Primary).to_owned();

    school.timeline(&learner, NOW).await?;
    assert_eq!(shown(&mut database, &organisation, &learner, "GetTimeline").await?, 1);
    let request = GetLearnerRequest { learner_id: learner.clone(), ..Default::default() };
    school.learners().get_learner(request.clone()).await?;
    assert_eq!(shown(&mut database, &organisation, &learner, "GetLearner").await?, 1);

    // The record of reads takes nothing more: so nothing more is shown, and writes go on.
    let refuse = "ALTER TABLE log_access ADD CONSTRAINT no_more CHECK (false) NOT VALID";
    sqlx::query(refuse).execute(&mut database).await?;
    let answer = school.learners().get_learner(request.clone()).await;
    refused(answer, Code::Unavailable, reason::READ_NOT_RECORDED);
    let timeline = school.timeline(&learner, NOW).await.map(|_| ());
    refused(timeline, Code::Unavailable, reason::READ_NOT_RECORDED);
    school.register(&Child::of_year_6().but("Iris", "Calder-Test", 6017)).await?;

    sqlx::query("ALTER TABLE log_access DROP CONSTRAINT no_more").execute(&mut database).await?;
    school.learners().get_learner(request).await?;
    assert_eq!(shown(&mut database, &organisation, &learner, "GetLearner").await?, 2);
    Ok(())
}
