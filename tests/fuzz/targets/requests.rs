//! Every request message through validation. Input: the message's full name on a line, then its bytes; a
//! name that nobody knows picks a message by its letters.

use onward_api::validate::Validator;
use onward_domain::decider::Refusal;
use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor};

use super::{Target, headed};
use crate::marker::{MARKER, clean};
use crate::message::random;
use crate::mutate::Dice;

pub(super) const TARGET: Target = Target {
    name: "requests",
    run,
    seeds,
    words: &[
        b"\n\x24018f3b5a-7c1d-7e2f-8a9b-0c1d2e3f4a5b",
        MARKER.as_bytes(),
        b"\x0a\x00",
        b"\x12\x00",
    ],
};

/// Most faults that one answer may list.
const MOST_FAULTS: usize = 50;

fn messages() -> Vec<MessageDescriptor> {
    let services = onward_contract::pool().services();
    let ours = services.filter(|service| service.full_name().starts_with("onward."));
    let methods = ours.flat_map(|service| service.methods().collect::<Vec<_>>());
    methods.map(|method| method.input()).collect()
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (place, message) in messages().iter().enumerate() {
        for turn in 0..4 {
            let filled = random(&mut Dice::new((place * 4 + turn) as u64), message);
            let mut seed = format!("{}\n", message.full_name()).into_bytes();
            seed.extend(filled.encode_to_vec());
            seeds.push(seed);
        }
    }
    seeds
}

fn run(bytes: &[u8]) {
    let (name, body) = headed(bytes);
    let all = messages();
    let letters = name.bytes().map(usize::from).sum::<usize>();
    let found = all.iter().find(|message| message.full_name() == name);
    let message = found.unwrap_or(&all[letters % all.len()]);
    let verdict = check(message, body);
    // What was read and written again is judged alike.
    if let Ok(read) = DynamicMessage::decode(message.clone(), body) {
        assert_eq!(check(message, &read.encode_to_vec()), verdict, "{}", message.full_name());
    }
}

fn check(message: &MessageDescriptor, body: &[u8]) -> Result<(), Refusal> {
    let validator = Validator::shared().expect("every rule of the contract is known");
    let verdict = validator.check(message.full_name(), body);
    if let Err(refusal) = &verdict {
        let Refusal::Invalid(faults) = refusal else { panic!("a fault is a fault of fields") };
        assert!((1..=MOST_FAULTS).contains(&faults.len()), "{} faults are listed", faults.len());
        clean(message.full_name(), &format!("{refusal} {refusal:?}"));
    }
    verdict
}
