//! Messages → domain types, where a message is more than a few fields. Input: which on a line, then its
//! bytes.

use jiff::Timestamp;
use onward_api::guard::now;
use onward_api::wire::{handover, learner, referral, transition};
use onward_contract::handover::v1::HandoverDraft;
use onward_contract::learner::v1::{LearnerDetails, NewIdentifier};
use onward_contract::referral::v1::{ReferralForm, Screening};
use onward_contract::transition::v1::PlannedDate;
use onward_domain::codes::setting::OrganisationKind;
use onward_domain::decider::{Now, Refusal};
use prost::Message;

use super::{Target, headed};
use crate::marker::{MARKER, clean};
use crate::message::random;
use crate::mutate::Dice;

pub(super) const TARGET: Target = Target {
    name: "wire",
    run,
    seeds,
    words: &[b"draft\n", b"form\n", MARKER.as_bytes(), b"\x0a\x00"],
};

/// What is read here, and the message that it is read from.
const READ: [(&str, &str); 6] = [
    ("draft", "onward.handover.v1.HandoverDraft"),
    ("form", "onward.referral.v1.ReferralForm"),
    ("screening", "onward.referral.v1.Screening"),
    ("person", "onward.learner.v1.LearnerDetails"),
    ("identifier", "onward.learner.v1.NewIdentifier"),
    ("planned", "onward.transition.v1.PlannedDate"),
];

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (place, (which, name)) in READ.iter().enumerate() {
        let message = onward_contract::pool().get_message_by_name(name).expect("in the contract");
        for turn in 0..40 {
            let mut seed = format!("{which}\n").into_bytes();
            seed.extend(
                random(&mut Dice::new((place * 40 + turn) as u64), &message).encode_to_vec(),
            );
            seeds.push(seed);
        }
    }
    seeds
}

fn today() -> Now {
    now(Timestamp::from_second(1_790_000_000).expect("a moment"))
}

fn run(bytes: &[u8]) {
    let (which, body) = headed(bytes);
    match which {
        "draft" => read(body, draft),
        "form" => read(body, form),
        "screening" => read(body, screening),
        "person" => read(body, person),
        "identifier" => read(body, |said: &NewIdentifier| {
            learner::brought("identifier", said, OrganisationKind::School).map(drop)
        }),
        _ => read(body, planned),
    }
}

/// Reads, and looks at what is said about faults.
fn read<M: Message + Default>(body: &[u8], parse: impl Fn(&M) -> Result<(), Refusal>) {
    let Ok(message) = M::decode(body) else { return };
    if let Err(refusal) = parse(&message) {
        clean("a refusal", &format!("{refusal} {refusal:?}"));
    }
}

/// What a draft says is shown again, and read again it says the same.
fn draft(said: &HandoverDraft) -> Result<(), Refusal> {
    let pack = handover::pack(said, today())?;
    let shown = handover::shown_pack(&pack);
    let again = HandoverDraft { pack: Some(shown.clone()), ..said.clone() };
    let again = handover::pack(&again, today()).expect("what was shown can be said");
    assert!(handover::shown_pack(&again) == shown, "a pack shown and read again differs");
    Ok(())
}

fn form(said: &ReferralForm) -> Result<(), Refusal> {
    let sample = LearnerDetails { forename: "A".into(), surname: "B".into(), ..Default::default() };
    let born = onward_contract::google::r#type::Date { year: 2020, month: 2, day: 29 };
    let sample = LearnerDetails { date_of_birth: Some(born), ..sample };
    let (person, _) = learner::person(&sample, None, false)?;
    let form = referral::form(said, referral::Child { person, upn: None }, today())?;
    let _ = referral::shown_form(&form);
    Ok(())
}

fn screening(said: &Screening) -> Result<(), Refusal> {
    let born = jiff::civil::date(2020, 2, 29);
    let held = referral::screening(Some(said), Some(born))?;
    let shown = referral::shown_screening(&held, true);
    let again = referral::screening(Some(&shown), Some(born)).expect("what was shown can be said");
    assert!(referral::shown_screening(&again, true) == shown, "a screening differs");
    Ok(())
}

fn person(said: &LearnerDetails) -> Result<(), Refusal> {
    let (person, own_ref) = learner::person(said, None, false)?;
    let shown = learner::details(&person, own_ref.as_deref());
    let (again, _) = learner::person(&shown, None, false).expect("what was shown can be said");
    assert!(again == person, "a person shown and read again differs");
    let _ = onward_api::wire::person::initials(&person);
    let _ = onward_api::wire::person::age_band(&person, jiff::civil::date(2026, 9, 1));
    Ok(())
}

fn planned(said: &PlannedDate) -> Result<(), Refusal> {
    let day = transition::planned("planned", Some(said))?;
    let shown = transition::planned_shown(day);
    assert_eq!(transition::planned("planned", Some(&shown)), Ok(day));
    Ok(())
}
