//! Ten times what a process takes: it sheds at once, with a time to come back, keeps its word to those whom
//! it admits, and stays small.

use futures::future::join_all;
use onward_contract::reason;
use onward_tests::chaos::Shape;
use onward_tests::dice::rounds;
use onward_tests::expect::reason_of;
use onward_tests::ledger::{Asked, Told};
use tonic::transport::Endpoint;
use tonic_types::StatusExt;

use super::Trial;
use onward_tests::actors::Senco;

/// Calls at once: ten times what is admitted.
const CALLS: usize = 10_240;
/// Connections that bring them.
const CONNECTIONS: usize = 16;
/// The bound on what the process holds, in MiB.
const BOUND: u64 = 256;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_times_too_much_on_sqlite() -> anyhow::Result<()> {
    ten_times_too_much(Trial::of("overload, sqlite", Shape::SQLITE).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_times_too_much_on_postgres() -> anyhow::Result<()> {
    ten_times_too_much(Trial::of("overload, postgres", Shape::POSTGRES).await?).await
}

async fn ten_times_too_much(trial: Trial) -> anyhow::Result<()> {
    let mut doors = Vec::new();
    for _ in 0..CONNECTIONS {
        let endpoint = Endpoint::from_shared(trial.site.server(0).addr().to_owned())?;
        doors.push(Senco(trial.site.senco(0).over(endpoint.connect_lazy())));
    }
    let mut shed = 0;
    for _ in 0..rounds(1, 5) {
        let calls = (0..CALLS).map(|call| one(&trial, &doors[call % CONNECTIONS], call));
        shed += join_all(calls).await.into_iter().filter(|shed| *shed).count();
    }
    assert!(shed > 0, "nobody was sent away");
    let most = most_memory(trial.site.server(0).pid())?;
    assert!(most < BOUND, "{most} MiB");
    let verdict = trial.judge().await?;
    assert!(verdict.refused >= shed, "{verdict:?}, {shed}");
    Ok(())
}

/// One call; says whether it was sent away, and sees to it that it was told when to come back.
async fn one(trial: &Trial, door: &Senco, call: usize) -> bool {
    let learners = trial.site.learners();
    let asked = Asked::record(&learners[call % learners.len()]);
    let Asked::Record(request) = asked.clone() else { unreachable!("a move was asked for") };
    let answer = door.transitions().record_transition(request).await;
    let told = match &answer {
        Ok(reply) => Told::Done {
            receipt: reply.get_ref().receipt.clone().expect("every write answers a receipt"),
            replayed: false,
            transition_id: String::new(),
        },
        Err(status) => {
            assert_eq!(reason_of(status), reason::OVERLOADED, "{status:?}");
            assert!(status.get_error_details().retry_info().is_some(), "{status:?}");
            Told::Refused(reason_of(status))
        }
    };
    trial.ledger.note(&asked, told);
    answer.is_err()
}

/// The most memory that a process has held, in MiB.
fn most_memory(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
    Ok(peak.expect("the kernel says it").trim().parse::<u64>()? / 1024)
}
