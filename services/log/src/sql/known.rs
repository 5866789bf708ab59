//! Rows of what a batch needs to know, put together.

use std::collections::{HashMap, HashSet};

use sqlx::Error;
use uuid::Uuid;

use crate::claim_key::Holder;
use crate::judge::Known;
use crate::lease::LeaseRow;
use crate::plan::Head;
use crate::request::{Answer, AnswerColumns, Kept};

/// One row of any kind; which columns count depends on the kind.
#[derive(Debug, Default, sqlx::FromRow)]
pub(crate) struct KnownRow {
    pub kind: i32,
    pub u: Option<Uuid>,
    pub v: Option<Uuid>,
    pub w: Option<Uuid>,
    pub t: Option<Uuid>,
    pub a: Option<i64>,
    pub b: Option<i64>,
    pub c: Option<i64>,
    pub d: Option<i64>,
    pub x: Option<Vec<u8>>,
    pub y: Option<Vec<u8>>,
    pub z: Option<Vec<u8>>,
}

/// Kinds of rows.
pub(crate) mod kind {
    pub(crate) const HEAD: i32 = 0;
    pub(crate) const REQUEST: i32 = 1;
    pub(crate) const STREAM: i32 = 2;
    pub(crate) const ERASED: i32 = 3;
    pub(crate) const KEY: i32 = 4;
    pub(crate) const LEASE: i32 = 5;
}

fn damaged() -> Error {
    Error::Decode("a row of the log's own tables is damaged".into())
}

fn array(bytes: Option<Vec<u8>>) -> Result<[u8; 32], Error> {
    bytes.unwrap_or_default().try_into().map_err(|_| damaged())
}

/// Puts the rows together; there must be a head.
pub(crate) fn known(rows: Vec<KnownRow>) -> Result<Known, Error> {
    let mut known: Option<Known> = None;
    let mut others = Vec::with_capacity(rows.len());
    for row in rows {
        if row.kind == kind::HEAD {
            known = Some(begin(&row)?);
        } else {
            others.push(row);
        }
    }
    let mut known = known.ok_or_else(damaged)?;
    for row in others {
        add(&mut known, row).ok_or_else(damaged)??;
    }
    Ok(known)
}

fn begin(row: &KnownRow) -> Result<Known, Error> {
    let (hash, sequences) = (row.x.as_deref(), row.y.as_deref());
    let head = Head::from_columns(
        row.a.unwrap_or_default(),
        hash.unwrap_or_default(),
        row.b.unwrap_or_default(),
        sequences.unwrap_or_default(),
        row.c.unwrap_or_default(),
        row.z.as_deref().unwrap_or_default(),
    );
    Ok(Known {
        head: head.ok_or_else(damaged)?,
        now: row.d.unwrap_or_default(),
        requests: HashMap::new(),
        streams: HashMap::new(),
        keys: HashMap::new(),
        erased: HashSet::new(),
        leases: HashMap::new(),
    })
}

/// `None` where a column is missing that must be there.
fn add(known: &mut Known, row: KnownRow) -> Option<Result<(), Error>> {
    match row.kind {
        kind::REQUEST => {
            let columns = AnswerColumns {
                position: row.a?,
                recorded_at: row.b?,
                stream_version: row.c?,
                event_ids: row.y?,
                issued: row.z?,
            };
            let body_hash = array(row.x).ok()?;
            let kept = Kept { body_hash, answer: Answer::kept(&columns) };
            known.requests.insert((row.u?, row.v?), kept);
        }
        kind::STREAM => {
            let place = (row.a?.cast_unsigned(), row.b?.cast_unsigned());
            known.streams.insert(row.u?, place);
        }
        kind::ERASED => drop(known.erased.insert(row.u?)),
        kind::KEY => {
            let day = |number: Option<i64>| number.and_then(|day| i32::try_from(day).ok());
            let holder = Holder { stream: row.u?, valid_from: day(row.c), valid_until: day(row.b) };
            let id = (i16::try_from(row.a?).ok()?, array(row.x).ok()?, row.v?);
            known.keys.insert(id, holder);
        }
        kind::LEASE => {
            let lease = LeaseRow {
                queue: row.v?,
                learner: row.w?,
                member: row.t?,
                // Whoever holds for an organisation other than the queue's keeps it in the last id.
                organisation: Uuid::from_slice(row.y.as_deref()?).ok()?,
                token_hash: array(row.x).ok()?,
                until: row.a?,
            };
            known.leases.insert(row.u?, lease);
        }
        _ => return None,
    }
    Some(Ok(()))
}
