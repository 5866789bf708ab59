//! What several processes do at once, explored to the last state; and every broken variant is caught. See
//! `tests/model`.

use onward_model::copy::{Broken, Copying, Faults, Fence, Parts, property};
use onward_model::explore::explore;
use onward_model::switch::{self, Switching};
use rstest::rstest;

/// One crash each, lost answers of both kinds, one stream loss, a pause.
const EVERYTHING: Faults = Faults {
    crashes: [1; 2],
    commits: 1,
    acks: 1,
    losses: 1,
    relay_pauses: 1,
    view_pauses: 1,
    impatience: 0,
};

/// What a variant needs to be caught by; small, because it is enough.
const FEW: Faults = Faults { crashes: [1, 0], losses: 1, acks: 1, commits: 1, ..Faults::NONE };

#[rstest]
#[case::everybody(Copying::faithful(2, Faults { relay_pauses: 0, view_pauses: 0, ..EVERYTHING }))]
#[case::relays(Copying::faithful(2, EVERYTHING).only(Parts::Relays))]
#[case::projectors_of_two_requests(
    Copying::faithful(2, Faults { losses: 0, ..EVERYTHING }).only(Parts::Builders)
)]
#[case::impatient_callers(
    Copying::faithful(2, Faults { impatience: 1, crashes: [1, 0], commits: 1, ..Faults::NONE })
        .only(Parts::Builders)
)]
fn nothing_is_lost_doubled_or_out_of_place(#[case] model: Copying) {
    let explored = explore(model, &[]);
    explored.is_not_broken_at_all();
    assert!(explored.states > 1_000, "{explored:?}");
}

#[test]
fn what_should_be_possible_is_met() {
    let faults = Faults { losses: 1, relay_pauses: 1, view_pauses: 1, ..Faults::NONE };
    explore(Copying::faithful(2, faults), &[]).holds();
}

#[test]
fn an_incarnations_number_is_used_once() {
    let faults = Faults { crashes: [1, 1], losses: 2, relay_pauses: 2, acks: 1, ..Faults::NONE };
    explore(Copying::faithful(1, faults).only(Parts::Relays), &[property::NUMBERS])
        .is_not_broken(property::NUMBERS);
}

/// Owner with epoch, and the old checkpoint: each alone keeps two projectors apart.
#[rstest]
fn either_fence_holds(#[values(Fence::Checkpoint, Fence::Epoch)] fence: Fence) {
    let faults = Faults { view_pauses: 2, crashes: [1, 0], ..Faults::NONE };
    let model = Copying::faithful(2, faults).only(Parts::Builders).fenced(fence);
    explore(model, &[]).is_not_broken(property::VIEW);
}

#[rstest]
#[case(Broken::Sequence, &[property::ORDER, property::VIEW])]
#[case(Broken::HeadBeforeLock, &[property::ORDER])]
#[case(Broken::RepeatBlindly, &[property::ONCE])]
#[case(Broken::AnswerFirst, &[property::DURABLE])]
#[case(Broken::OwnCheckpoint, &[property::COPY])]
#[case(Broken::BeginAtOne, &[property::COPY])]
#[case(Broken::CheckpointFirst, &[property::VIEW])]
#[case(Broken::RowsFirst, &[property::VIEW])]
fn what_others_got_wrong_is_caught(
    #[case] broken: Broken,
    #[case] properties: &'static [&'static str],
) {
    explore(Copying::faithful(2, FEW).but(broken), properties).is_caught_by(properties);
}

#[test]
fn a_batch_without_its_expected_sequence_is_caught() {
    let faults = Faults { relay_pauses: 1, ..Faults::NONE };
    let model = Copying::faithful(2, faults).but(Broken::NoExpectedSequence);
    explore(model, &[property::COPY]).is_caught_by(&[property::COPY]);
}

#[test]
fn projectors_without_epoch_and_checkpoint_are_caught() {
    let faults = Faults { view_pauses: 1, ..Faults::NONE };
    let model = Copying::faithful(2, faults).fenced(Fence::None);
    explore(model, &[property::VIEW]).is_caught_by(&[property::VIEW]);
}

/// The second is what this program did at first.
#[rstest]
fn numbers_that_relays_choose_are_caught(
    #[values(Broken::NumberFromWhatIsLeft, Broken::NumberNotedLate)] broken: Broken,
) {
    let faults = Faults { losses: 1, relay_pauses: 1, ..Faults::NONE };
    let model = Copying::faithful(1, faults).but(broken);
    explore(model, &[property::NUMBERS]).is_caught_by(&[property::NUMBERS]);
}

#[test]
fn a_switch_is_noticed_by_nobody_and_leads_back() {
    explore(Switching::faithful(false), &[]).holds();
}

/// A new program that folds wrongly never comes to answer.
#[test]
fn a_generation_that_differs_is_not_switched_to() {
    let differs = Switching::faithful(true);
    explore(differs, &[]).is_not_broken(switch::property::TRUE);
    let careless = explore(differs.but(switch::Broken::NoComparison), &[switch::property::TRUE]);
    careless.is_caught_by(&[switch::property::TRUE]);
}

#[rstest]
#[case(switch::Broken::UnequalCheckpoint, switch::property::FORWARD)]
#[case(switch::Broken::LookedBefore, switch::property::FORWARD)]
#[case(switch::Broken::BeginAtCheckpoint, switch::property::TRUE)]
#[case(switch::Broken::OldIsLeft, switch::property::WAY_BACK)]
#[case(switch::Broken::TwoTransactions, switch::property::SERVED)]
#[case(switch::Broken::CheckpointFirst, switch::property::TRUE)]
fn a_careless_switch_is_caught(#[case] broken: switch::Broken, #[case] property: &'static str) {
    explore(Switching::faithful(false).but(broken), &[property]).is_caught_by(&[property]);
}
