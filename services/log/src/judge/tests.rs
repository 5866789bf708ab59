//! What a batch accepts and what it refuses, without a database.

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::Bytes;
use jiff::civil::date;
use onward_domain::ids::{LearnerId, MemberId, OrganisationId, QueueId, ReferralId};

use super::claims::bare;
use super::*;
use crate::claim_key::{KeyClaim, Scope};
use crate::lease::{Candidate, ClaimFilters, ClaimWanted, Ready, token_hash};
use crate::proposal::{ClaimProposal, Pending};

const NOW: i64 = 1_700_000_000_000_000;

fn known() -> Known {
    Known {
        head: Head::genesis(),
        now: NOW,
        requests: HashMap::new(),
        streams: HashMap::new(),
        keys: HashMap::new(),
        erased: HashSet::new(),
        leases: HashMap::new(),
    }
}

fn judge(known: Known) -> Judge {
    Judge::new(known, Uuid::now_v7)
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn event(stream: u128, learner: Option<u128>) -> Pending {
    Pending {
        stream: id(stream),
        event_id: Uuid::now_v7(),
        learner: learner.map(id),
        event_type: "learner.learner_registered",
        schema_version: 1,
        public: Bytes::from_static(b"public"),
        sealed: Bytes::from_static(b"sealed"),
    }
}

/// One event on a stream that was seen at this version.
fn proposal(stream: u128, seen: u64) -> Proposal {
    Proposal {
        streams: vec![(id(stream), seen)],
        events: vec![event(stream, Some(1))],
        ..Proposal::default()
    }
}

fn request(number: u128, body: u8) -> RequestRow {
    RequestRow { organisation: id(7), id: id(number), method: "Test", body_hash: [body; 32] }
}

#[test]
fn requests_on_one_stream_are_judged_in_turn() {
    let mut judge = judge(Known { streams: HashMap::from([(id(1), (4, 20))]), ..known() });
    assert!(judge.append(&proposal(1, 4)).is_ok());
    let late = judge.append(&proposal(1, 4));
    assert_eq!(late, Err(Rejection::Conflict { stream: id(1), current: 5 }));
    assert!(judge.append(&proposal(1, 5)).is_ok(), "it has seen what the first will have done");
    assert!(judge.append(&proposal(2, 0)).is_ok(), "others are not touched");
    let plan = judge.into_plan();
    let places: Vec<_> = plan
        .events
        .iter()
        .map(|event| (event.position.get(), event.version, event.previous.get()))
        .collect();
    assert_eq!(places, [(1, 5, 20), (2, 6, 1), (3, 1, 0)]);
    assert_eq!(plan.streams[&id(1)], (6, 2));
}

#[test]
fn a_refusal_leaves_nothing_in_the_plan() {
    let mut judge = judge(Known { erased: HashSet::from([id(2)]), ..known() });
    let mut refused = Proposal { events: vec![event(1, Some(2))], ..proposal(1, 0) };
    refused.request = Some(request(1, 1));
    refused.issued = vec![("id".to_owned(), "x".to_owned())];
    assert_eq!(judge.append(&refused), Err(Rejection::Erased));
    assert_eq!(judge.append(&proposal(9, 3)), Err(conflict(9, 0)));
    assert!(judge.into_plan().is_empty());
}

#[test]
fn after_an_erasure_nothing_of_the_learner_gets_into_the_same_batch() {
    let mut judge = judge(known());
    assert!(judge.append(&proposal(1, 0)).is_ok());
    let erased = Pending { event_type: "learner.learner_erased", ..event(1, Some(1)) };
    let erase = Proposal { events: vec![erased.clone()], ..proposal(1, 1) };
    assert!(judge.append(&erase).is_ok());
    assert_eq!(judge.append(&proposal(2, 0)), Err(Rejection::Erased), "written about");
    let again = Proposal { events: vec![erased], ..proposal(1, 2) };
    assert_eq!(judge.append(&again), Err(Rejection::Erased), "erased twice");
    // Nothing is written about the learner here, but the decision rests on what was said of them.
    let resting =
        Proposal { events: vec![event(3, Some(4))], about: vec![id(1)], ..proposal(3, 0) };
    assert_eq!(judge.append(&resting), Err(Rejection::Erased));
    assert_eq!(judge.into_plan().erased, BTreeMap::from([(id(1), 2)]));
}

fn conflict(stream: u128, current: u64) -> Rejection {
    Rejection::Conflict { stream: id(stream), current }
}

#[test]
fn a_repeat_within_the_batch_gets_the_first_answer() {
    let mut judge = judge(known());
    let mut first = proposal(1, 0);
    first.request = Some(request(1, 1));
    let answer = judge.append(&first).expect("nothing stands against it");
    // Another learner's stream, as a second try of a handler would mint: the request decides.
    let mut again = proposal(2, 0);
    again.request = Some(request(1, 1));
    let repeated = judge.append(&again).expect("the same request");
    assert_eq!((repeated.receipt, repeated.replayed), (answer.receipt, true));
    again.request = Some(request(1, 2));
    assert_eq!(judge.append(&again), Err(Rejection::RequestIdReused));
    let plan = judge.into_plan();
    assert_eq!((plan.events.len(), plan.requests.len()), (1, 1));
}

#[test]
fn time_never_goes_back() {
    let head = Head { recorded_at: NOW + 5, ..Head::genesis() };
    let mut judge = judge(Known { head, ..known() });
    let answer = judge.append(&proposal(1, 0)).expect("nothing stands against it");
    assert_eq!(answer.receipt.recorded_at, moment(NOW + 5));
}

#[test]
fn partition_sequences_count_each_partition() {
    let mut judge = judge(known());
    for (stream, learner) in [(1, Some(1)), (2, None), (3, Some(1)), (4, Some(2)), (5, None)] {
        let events = vec![event(stream, learner)];
        let proposal = Proposal { streams: vec![(id(stream), 0)], events, ..Proposal::default() };
        judge.append(&proposal).expect("nothing stands against it");
    }
    let plan = judge.into_plan();
    let sequences: Vec<_> = plan.events.iter().map(|event| event.partition_sequence).collect();
    assert_eq!(sequences, [1, 1, 2, 1, 2]);
    assert_eq!(plan.head.sequences.iter().sum::<u64>(), 5);
    assert_eq!(plan.head.hash, plan.events[4].hash, "the chain ends with the last event");
}

// === keys

fn key(stream: u128) -> KeyClaim {
    let holder = Holder { stream: id(stream), valid_from: None, valid_until: None };
    KeyClaim { id: (2, [1; 32], Uuid::nil()), scope: Scope::OwnRef, holder }
}

fn claiming(stream: u128) -> Proposal {
    Proposal { claims: vec![key(stream)], ..proposal(stream, 0) }
}

#[test]
fn a_key_goes_from_hand_to_hand_within_a_batch() {
    let mut judge = judge(known());
    assert!(judge.append(&claiming(1)).is_ok());
    let taken = Rejection::KeyTaken { scope: Scope::OwnRef, existing: id(1) };
    assert_eq!(judge.append(&claiming(2)), Err(taken));
    let giving = Proposal { releases: vec![(key(1).id, id(1))], ..proposal(1, 1) };
    assert!(judge.append(&giving).is_ok());
    assert!(judge.append(&claiming(2)).is_ok());
    let not_his = Proposal { releases: vec![(key(1).id, id(1))], ..proposal(1, 2) };
    assert!(judge.append(&not_his).is_ok(), "giving up what one does not hold does nothing");
    let plan = judge.into_plan();
    assert_eq!(plan.keys[&key(2).id].map(|holder| holder.stream), Some(id(2)));
}

#[test]
fn one_request_cannot_give_a_key_to_two() {
    let mut both = claiming(1);
    both.claims.push(key(2));
    let taken = Rejection::KeyTaken { scope: Scope::OwnRef, existing: id(1) };
    assert_eq!(judge(known()).append(&both), Err(taken));
}

#[test]
fn a_key_whose_days_are_over_is_free() {
    // The fourteenth of November 2023 is the day of NOW.
    for (until, free) in [(20_231_113, true), (20_231_114, false)] {
        let holder = Holder { stream: id(9), valid_from: None, valid_until: Some(until) };
        let keys = HashMap::from([(key(9).id, holder)]);
        let judged = judge(Known { keys, ..known() }).append(&claiming(1));
        assert_eq!(judged.is_ok(), free, "{until}: {judged:?}");
    }
}

// === leases

fn lease(token: &str, until: i64) -> LeaseRow {
    LeaseRow {
        queue: id(50),
        learner: id(3),
        member: id(60),
        organisation: id(7),
        token_hash: token_hash(token),
        until,
    }
}

fn ending(referral: u128, token: &str, seen: u64) -> Proposal {
    let step = LeaseStep::End { referral: id(referral), token: token_hash(token) };
    Proposal { leases: vec![step], ..proposal(referral, seen) }
}

fn candidate(referral: u128) -> Candidate {
    Candidate {
        referral: id(referral),
        queue: id(50),
        learner: id(3),
        setting: None,
        priority: 1,
        stream: (2, 9),
        lapsed: None,
    }
}

fn claim(max: usize) -> ClaimProposal {
    ClaimProposal {
        request: None,
        provenance: bare(OrganisationId::new(id(7)), None),
        wanted: ClaimWanted {
            queue: QueueId::new(id(50)),
            member: MemberId::new(id(61)),
            max,
            lease_seconds: 60,
            filters: ClaimFilters::default(),
        },
        secrets: vec![[1; 16]; max],
    }
}

#[test]
fn only_the_live_token_counts() {
    for (token, until, good) in [
        ("mine", NOW + 1, true),
        ("mine", NOW, false), // It has run out at this very moment.
        ("other", NOW + 1, false),
    ] {
        let leases = HashMap::from([(id(1), lease("mine", until))]);
        let mut judge = judge(Known { leases, ..known() });
        let judged = judge.append(&ending(1, token, 0));
        assert_eq!(judged.is_ok(), good, "{token} until {until}: {judged:?}");
        let again = judge.append(&ending(1, token, u64::from(good)));
        assert_eq!(again, Err(Rejection::LeaseLost), "it ends once");
    }
}

#[test]
fn two_claims_of_a_batch_never_share() {
    let waiting: Vec<_> = (1..=3).map(candidate).collect();
    let mut judge = judge(known());
    let one = judge.claim(&claim(2), &waiting).expect("claims are never refused");
    let two = judge.claim(&claim(2), &waiting).expect("claims are never refused");
    assert_eq!((one.issued.len(), two.issued.len()), (2, 1));
    let plan = judge.into_plan();
    let streams: Vec<_> = plan.events.iter().map(|event| event.stream).collect();
    assert_eq!(streams, [id(1), id(2), id(3)], "in the queue's order");
    assert!(plan.events.iter().all(|event| event.version == 3 && event.sealed.is_empty()));
    assert_eq!(plan.leases.len(), 3);
}

#[test]
fn a_lapse_comes_before_the_claim_that_met_it() {
    let met = Candidate { lapsed: Some((id(60), id(7))), ..candidate(1) };
    let mut judge = judge(known());
    let answer = judge.claim(&claim(1), &[met]).expect("claims are never refused");
    assert_eq!(answer.receipt.event_ids.len(), 2);
    let plan = judge.into_plan();
    let types: Vec<_> = plan.events.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, ["referral.claim_lapsed", "referral.referral_claimed"]);
    assert_eq!(plan.lapsed, [id(1)]);
    let held = plan.leases[&id(1)].as_ref().map(|lease| lease.until);
    assert_eq!(held, Some(NOW + 60_000_000), "by the database's clock");
}

#[test]
fn what_this_batch_has_moved_is_not_claimed_from_old_knowledge() {
    let leases = HashMap::from([(id(1), lease("mine", NOW + 1))]);
    let mut judge = judge(Known { leases, ..known() });
    let mut withdrawn = proposal(2, 0);
    withdrawn.leases = vec![LeaseStep::Unready(id(2))];
    judge.append(&withdrawn).expect("nothing stands against it");
    judge.append(&ending(1, "mine", 0)).expect("the token is good");
    let waiting: Vec<_> = (1..=3).map(candidate).collect();
    let answer = judge.claim(&claim(3), &waiting).expect("claims are never refused");
    assert_eq!(answer.issued.len(), 1);
    let expired = [Expired { referral: id(2), lease: lease("x", 0), stream: (2, 9) }];
    let swept = judge.sweep(&expired).expect("sweeps are never refused");
    assert!(swept.receipt.event_ids.is_empty(), "it does not wait any more");
}

#[test]
fn waiting_begins_at_the_place_of_the_acceptance() {
    let mut accepted = proposal(1, 0);
    accepted.leases = vec![LeaseStep::Ready(Ready {
        referral: ReferralId::new(id(1)),
        queue: QueueId::new(id(50)),
        learner: LearnerId::new(id(3)),
        setting: OrganisationId::new(id(8)),
        order_day: date(2026, 3, 2),
        priority: 2,
    })];
    let mut judge = judge(known());
    judge.append(&proposal(5, 0)).expect("nothing stands against it");
    judge.append(&accepted).expect("nothing stands against it");
    let plan = judge.into_plan();
    let row = plan.ready[&id(1)].as_ref().expect("it waits");
    assert_eq!((row.position, row.day()), (2, 20_260_302));
}
