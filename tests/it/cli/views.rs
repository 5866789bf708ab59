//! `onward views`: a view is built anew, compared, switched to and back, and given up.

use onward_tests::builders::Child;
use onward_tests::world::{House, Setup, World};

use super::{Said, onward};

async fn views(world: &World, args: &[&str]) -> anyhow::Result<Said> {
    let operator = world.operator();
    let whom = ["--server", world.server().addr(), "--token", operator.token()];
    onward(&[&["views"], args, &whom, &["--output", "json"]].concat()).await
}

async fn states(world: &World) -> anyhow::Result<Vec<String>> {
    let rows = views(world, &["list"]).await?.done().rows();
    let of_timeline = rows.iter().filter(|row| row["view"] == "timeline");
    Ok(of_timeline.map(|row| row["state"].as_str().unwrap_or_default().to_owned()).collect())
}

#[tokio::test]
async fn a_view_is_built_anew_beside_the_one_that_answers() -> anyhow::Result<()> {
    let world = World::start(Setup::SQLITE).await?;
    let school = world.senco(House::Primary).await?;
    let learner = school.register(&Child::of_year_6()).await?.learner_id;
    views(&world, &["switch", "timeline"]).await?.refused(&["NO_SUCH_GENERATION"]);

    let built = views(&world, &["rebuild", "timeline"]).await?.done().rows();
    assert_eq!((&built[0]["state"], &built[0]["differences"]), (&"ready".into(), &"0".into()));
    let again = views(&world, &["rebuild", "timeline", "--detach"]).await?.done().rows();
    assert_eq!(again[0]["generation"], built[0]["generation"], "one at a time");
    let found = views(&world, &["compare", "timeline"]).await?.done().rows();
    assert_eq!((&found[0]["partitions"], &found[0]["differences"]), (&"64".into(), &"0".into()));
    views(&world, &["switch", "timeline"]).await?.done();
    assert_eq!(states(&world).await?, ["retired", "live"]);
    assert!(school.timeline(&learner, "").await?.tells("learner_registered"));
    views(&world, &["switch", "timeline", "--back"]).await?.done();
    assert_eq!(states(&world).await?, ["live", "retired"]);
    let live = ["abandon", "timeline", "--generation", "1"];
    views(&world, &live).await?.refused(&["GENERATION_IS_LIVE"]);
    views(&world, &["abandon", "timeline", "--generation", "2"]).await?.done();
    assert_eq!(states(&world).await?, ["live"]);

    views(&world, &["rebuild", "tiemline"]).await?.refused(&["view"]);
    views(&world, &["rebuild"]).await?.misused();
    let none = views(&world, &["retry"]).await?.done().rows();
    assert_eq!((&none[0]["applied"], &none[0]["waiting"]), (&"0".into(), &"0".into()));
    Ok(())
}
