//! The columns of a plan, side by side, as `unnest` takes them.

use uuid::Uuid;

use crate::plan::Plan;
use crate::request::KeptRow;

/// Columns of `log_event`.
#[derive(Default)]
pub(super) struct Events<'a> {
    pub positions: Vec<i64>,
    pub previous: Vec<i64>,
    pub partitions: Vec<i16>,
    pub sequences: Vec<i64>,
    pub streams: Vec<Uuid>,
    pub versions: Vec<i64>,
    pub ids: Vec<Uuid>,
    pub learners: Vec<Option<Uuid>>,
    pub types: Vec<&'a str>,
    pub schemas: Vec<i16>,
    pub public: Vec<&'a [u8]>,
    pub sealed: Vec<&'a [u8]>,
    pub hashes: Vec<&'a [u8]>,
}

/// Columns of `log_stream`.
#[derive(Default)]
pub(super) struct Streams {
    pub streams: Vec<Uuid>,
    pub versions: Vec<i64>,
    pub positions: Vec<i64>,
}

/// Columns of `log_request`.
#[derive(Default)]
pub(super) struct Requests<'a> {
    pub organisations: Vec<Uuid>,
    pub ids: Vec<Uuid>,
    pub methods: Vec<&'a str>,
    pub bodies: Vec<&'a [u8]>,
    pub positions: Vec<i64>,
    pub versions: Vec<i64>,
    pub event_ids: Vec<&'a [u8]>,
    pub moments: Vec<i64>,
    pub issued: Vec<&'a [u8]>,
    pub sequences: Vec<i64>,
    pub hashes: Vec<&'a [u8]>,
}

/// Columns of `log_key` that are put, and of those that go.
#[derive(Default)]
pub(super) struct Keys<'a> {
    pub gone: (Vec<i16>, Vec<&'a [u8]>, Vec<Uuid>),
    pub put: (Vec<i16>, Vec<&'a [u8]>, Vec<Uuid>),
    pub streams: Vec<Uuid>,
    pub from: Vec<Option<i32>>,
    pub until: Vec<Option<i32>>,
}

/// Columns of `ref_ready` that are put.
#[derive(Default)]
pub(super) struct ReadyColumns {
    pub referrals: Vec<Uuid>,
    pub queues: Vec<Uuid>,
    pub learners: Vec<Uuid>,
    pub settings: Vec<Uuid>,
    pub days: Vec<i32>,
    pub positions: Vec<i64>,
    pub priorities: Vec<i16>,
}

/// Columns of `ref_lease` that are put, and the referrals whose leases go.
#[derive(Default)]
pub(super) struct Leases<'a> {
    pub gone: Vec<Uuid>,
    pub referrals: Vec<Uuid>,
    pub queues: Vec<Uuid>,
    pub learners: Vec<Uuid>,
    pub members: Vec<Uuid>,
    pub organisations: Vec<Uuid>,
    pub tokens: Vec<&'a [u8]>,
    pub until: Vec<i64>,
}

pub(super) fn events(plan: &Plan) -> Events<'_> {
    let mut columns = Events::default();
    for event in &plan.events {
        columns.positions.push(event.position.sql());
        columns.previous.push(event.previous.sql());
        columns.partitions.push(event.partition.into());
        columns.sequences.push(event.partition_sequence.cast_signed());
        columns.streams.push(event.stream);
        columns.versions.push(event.version.cast_signed());
        columns.ids.push(event.event_id.uuid());
        columns.learners.push(event.learner.map(Uuid::from));
        columns.types.push(&event.event_type);
        columns.schemas.push(event.schema_version.cast_signed());
        columns.public.push(&event.public);
        columns.sealed.push(&event.sealed);
        columns.hashes.push(&event.hash);
    }
    columns
}

pub(super) fn streams(plan: &Plan) -> Streams {
    let mut columns = Streams::default();
    for (stream, (version, position)) in &plan.streams {
        columns.streams.push(*stream);
        columns.versions.push(version.cast_signed());
        columns.positions.push(position.cast_signed());
    }
    columns
}

pub(super) fn requests(plan: &Plan) -> Requests<'_> {
    let mut columns = Requests::default();
    for KeptRow { request, columns: answer, sequence, hash } in &plan.requests {
        columns.organisations.push(request.organisation);
        columns.ids.push(request.id);
        columns.methods.push(request.method);
        columns.bodies.push(&request.body_hash);
        columns.positions.push(answer.position);
        columns.versions.push(answer.stream_version);
        columns.event_ids.push(&answer.event_ids);
        columns.moments.push(answer.recorded_at);
        columns.issued.push(&answer.issued);
        columns.sequences.push(sequence.cast_signed());
        columns.hashes.push(hash);
    }
    columns
}

pub(super) fn keys(plan: &Plan) -> Keys<'_> {
    let mut columns = Keys::default();
    for ((scope, hash, slot), holder) in &plan.keys {
        let side = if holder.is_some() { &mut columns.put } else { &mut columns.gone };
        side.0.push(*scope);
        side.1.push(hash);
        side.2.push(*slot);
        if let Some(holder) = holder {
            columns.streams.push(holder.stream);
            columns.from.push(holder.valid_from);
            columns.until.push(holder.valid_until);
        }
    }
    columns
}

pub(super) fn ready(plan: &Plan) -> ReadyColumns {
    let mut columns = ReadyColumns::default();
    for row in plan.waiting() {
        columns.referrals.push(row.ready.referral.uuid());
        columns.queues.push(row.ready.queue.uuid());
        columns.learners.push(row.ready.learner.uuid());
        columns.settings.push(row.ready.setting.uuid());
        columns.days.push(row.day());
        columns.positions.push(row.position);
        columns.priorities.push(row.ready.priority.into());
    }
    columns
}

pub(super) fn leases(plan: &Plan) -> Leases<'_> {
    let mut columns = Leases::default();
    for (referral, lease) in &plan.leases {
        let Some(lease) = lease else {
            columns.gone.push(*referral);
            continue;
        };
        columns.referrals.push(*referral);
        columns.queues.push(lease.queue);
        columns.learners.push(lease.learner);
        columns.members.push(lease.member);
        columns.organisations.push(lease.organisation);
        columns.tokens.push(&lease.token_hash);
        columns.until.push(lease.until);
    }
    columns
}
