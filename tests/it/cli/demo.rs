//! `onward demo --exit`: the README's first command, from files to what each organisation sees.

use super::onward;

#[tokio::test]
async fn the_demo_runs_the_whole_job_and_shows_what_each_sees() -> anyhow::Result<()> {
    let told = onward(&["demo", "--exit"]).await?.done().out;
    for learner in
        ["Amelia Hartley", "Jordan Blake", "Mia Fern", "Oluwaseun Adebayo", "Kai Thompson"]
    {
        assert!(told.contains(learner), "{learner}");
    }
    for seen in ["timeline", "inbox", "queue"] {
        assert!(told.to_lowercase().contains(seen), "{seen}");
    }
    for state in ["SUPPORT_CONFIRMED", "CLOSED"] {
        assert!(told.contains(state), "{state} in {told}");
    }
    for kind in [
        "PRIMARY_TO_SECONDARY",
        "SECONDARY_TO_POST16",
        "TO_APPRENTICESHIP",
        "TO_HE",
        "AP_PLACEMENT",
    ] {
        assert!(told.contains(kind), "{kind}");
    }
    Ok(())
}

#[tokio::test]
async fn the_demo_can_be_read_by_a_program() -> anyhow::Result<()> {
    let told = onward(&["demo", "--exit", "--output", "json"]).await?.done().out;
    let documents = serde_json::Deserializer::from_str(&told).into_iter::<serde_json::Value>();
    let documents: Result<Vec<_>, _> = documents.collect();
    assert!(documents?.len() > 10, "one document after the other");
    Ok(())
}
