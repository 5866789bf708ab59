//! A school keeps a receipt for what it recorded, and anybody can check it without the server.

use onward_contract::access::v1::MemberRole;
use onward_contract::operations::v1::{GetCheckpointRequest, ProveInclusionRequest};
use onward_contract::reason;
use onward_log::proof::{LogReceipt, SignedCheckpoint, VerifierKey};
use onward_tests::actors::Member;
use onward_tests::builders::{Child, nobodys_id};
use onward_tests::expect::{face, refused};
use onward_tests::world::{House, Setup, World};
use tonic::Code;

fn asked(position: &str, event: Option<&str>) -> ProveInclusionRequest {
    let event_id = event.map(str::to_owned);
    ProveInclusionRequest { position: position.to_owned(), event_id, checkpoint_size: 0 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_is_for_who_recorded_it_and_proves_itself_on_sqlite() -> anyhow::Result<()> {
    a_receipt_is_for_who_recorded_it(World::start(Setup::SQLITE).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_is_for_who_recorded_it_and_proves_itself_on_postgres() -> anyhow::Result<()> {
    a_receipt_is_for_who_recorded_it(World::start(Setup::POSTGRES).await?).await
}

async fn a_receipt_is_for_who_recorded_it(world: World) -> anyhow::Result<()> {
    let school = world.senco(House::Primary).await?;
    let stranger = world.member(House::Stranger, &[MemberRole::Admin]).await?;
    let registered = school.register(&Child::of_year_6()).await?.receipt.unwrap_or_default();
    // Anybody may keep a checkpoint, of anything up to now.
    let request = GetCheckpointRequest { min_position: registered.position.clone() };
    let kept = stranger.operations().get_checkpoint(request).await?.into_inner();
    assert!(kept.position >= registered.position);
    let kept = kept.checkpoint.unwrap_or_default();
    let key: VerifierKey = kept.verifier_key.parse()?;
    let signed = SignedCheckpoint::verified(&kept.note, std::slice::from_ref(&key))?;
    assert_eq!(signed.checkpoint.size, kept.size);

    // Later, the school asks for proof by that very checkpoint, for each event that it recorded.
    school.register(&Child::of_year_6().but("Iris", "Calder-Test", 6017)).await?;
    for event in &registered.event_ids {
        let request = ProveInclusionRequest {
            checkpoint_size: kept.size,
            ..asked(&registered.position, Some(event))
        };
        let proof = school.operations().prove_inclusion(request).await?.into_inner();
        let receipt: LogReceipt = proof.receipt_file.parse()?;
        let proven = receipt.verify(std::slice::from_ref(&key))?;
        assert_eq!(proven.event.event_id.to_string(), *event);
        assert_eq!(hex::encode(proven.hash), proof.event_hash);
        assert_eq!(
            (receipt.index + 1, proven.event.position),
            (proof.leaf_index + 1, receipt.index + 1)
        );
        assert_eq!(proven.checkpoint, signed);
        let said = String::from_utf8_lossy(&receipt.event).into_owned();
        assert!(!said.contains("Hartley"), "nothing about a child can be read in it");
    }
    others_get_the_same_answer_as_for_nothing(&world, &stranger, &registered.position).await
}

async fn others_get_the_same_answer_as_for_nothing(
    world: &World,
    stranger: &Member,
    position: &str,
) -> anyhow::Result<()> {
    let ask = |position: String, event: Option<String>| {
        let mut operations = stranger.operations();
        async move { operations.prove_inclusion(asked(&position, event.as_deref())).await }
    };
    let theirs = ask(position.to_owned(), None).await.expect_err("not theirs");
    let nothing = ask("0".repeat(10) + "9999999999", None).await.expect_err("nothing there");
    let no_event = ask(position.to_owned(), Some(nobodys_id())).await.expect_err("no such event");
    assert_eq!(theirs.code(), Code::NotFound);
    assert_eq!(face(&theirs), face(&nothing));
    assert_eq!(face(&theirs), face(&no_event));
    // The operator answers for the whole log, and so gets a receipt for any of it.
    let operator = world.operator();
    operator.operations().prove_inclusion(asked(position, None)).await?;
    let answer = operator.operations().prove_inclusion(asked("41", None)).await;
    refused(answer, Code::InvalidArgument, reason::INVALID_FIELD);
    Ok(())
}
