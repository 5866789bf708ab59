//! Reading handovers: what an organisation sent, what it received, and what changed.

use jiff::Timestamp;
use jiff::civil::Date;
use onward_domain::handover::HandoverState;
use onward_domain::ids::{HandoverId, LearnerId, OrganisationId, TransitionId};
use onward_log::{Position, Recorded};
use uuid::Uuid;

use super::rows::{HandoverRow, NO_DAY, PackRow};
use crate::engine::number;
use crate::engine::registry::Served;
use crate::engine::store::Store;
use crate::engine::table::{Stored, names, names_of};
use crate::engine::value::{Row, Value};
use crate::error::ViewError;

/// Reads of the view `inbox`.
#[derive(Clone)]
pub struct InboxView {
    pub(crate) store: Store,
    pub(crate) served: Served,
}

/// From which side a handover is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// As the organisation that sends: drafts included.
    Sent,
    /// As the organisation that receives: nothing before the release.
    Received,
}

/// In which order handovers are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InboxOrder {
    /// The learner's planned first day, soonest first; those without one last.
    #[default]
    FirstDay,
    /// As drafted (sent) or released (received), oldest first.
    OldestFirst,
    /// The other way round.
    NewestFirst,
    /// By the last change, newest first.
    ChangedNewest,
    /// By the last change, oldest first.
    ChangedOldest,
    /// By the release, newest first; what is not released comes last.
    ReleasedNewest,
    /// By the release, oldest first; what is not released comes first.
    ReleasedOldest,
}

impl InboxOrder {
    /// What it goes by before the place in the list; none where that is all.
    const fn column(self) -> Option<&'static str> {
        match self {
            Self::FirstDay => Some("h.first_day"),
            Self::OldestFirst | Self::NewestFirst => None,
            Self::ChangedNewest | Self::ChangedOldest => Some("h.changed_position"),
            Self::ReleasedNewest | Self::ReleasedOldest => Some("COALESCE(h.released_position, 0)"),
        }
    }

    /// How a later row compares, and the direction.
    const fn direction(self) -> (&'static str, &'static str) {
        match self {
            Self::FirstDay | Self::OldestFirst | Self::ChangedOldest | Self::ReleasedOldest => {
                (">", "ASC")
            }
            Self::NewestFirst | Self::ChangedNewest | Self::ReleasedNewest => ("<", "DESC"),
        }
    }
}

/// The place behind a handover in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxCursor {
    /// What the order goes by first.
    pub order: i64,
    /// What it goes by then.
    pub position: i64,
}

/// Which handovers to list.
#[derive(Debug, Clone)]
pub struct HandoversQuery {
    /// Who asks.
    pub caller: OrganisationId,
    /// As sender or as receiver.
    pub side: Side,
    /// States; all when empty.
    pub states: Vec<HandoverState>,
    /// Of one record: the sender's, or the receiver's own once accepted.
    pub learner: Option<LearnerId>,
    /// For one move.
    pub transition: Option<TransitionId>,
    /// The other organisation.
    pub other: Option<OrganisationId>,
    /// Order.
    pub order: InboxOrder,
    /// Go on behind this place, in the same order.
    pub after: Option<InboxCursor>,
    /// At most so many; at least 1.
    pub limit: u16,
}

impl HandoversQuery {
    /// Everything on one side, by first day, 50 at a time.
    pub fn new(caller: OrganisationId, side: Side) -> Self {
        Self {
            caller,
            side,
            states: Vec::new(),
            learner: None,
            transition: None,
            other: None,
            order: InboxOrder::FirstDay,
            after: None,
            limit: 50,
        }
    }
}

/// One handover. Moments are those of recording.
#[derive(Debug, Clone)]
pub struct Handover {
    /// The handover.
    pub handover: HandoverId,
    /// The sender's record of the learner.
    pub learner: LearnerId,
    /// Who sends.
    pub sender: OrganisationId,
    /// Who receives.
    pub receiver: OrganisationId,
    /// The move that it is for.
    pub transition: Option<TransitionId>,
    /// The receiver's own record, once accepted.
    pub receiver_learner: Option<LearnerId>,
    /// State.
    pub state: HandoverState,
    /// Version of the pack.
    pub pack_version: u32,
    /// When it was drafted.
    pub drafted_at: Timestamp,
    /// When the draft was last changed.
    pub edited_at: Option<Timestamp>,
    /// When it was released.
    pub released_at: Option<Timestamp>,
    /// When it was first shown to the receiver.
    pub delivered_at: Option<Timestamp>,
    /// When a person of the receiver first opened it.
    pub opened_at: Option<Timestamp>,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// When it was declined.
    pub declined_at: Option<Timestamp>,
    /// When the last open line of support was answered.
    pub confirmed_at: Option<Timestamp>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
    /// Where it last changed in the log.
    pub changed: Position,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Version of its stream.
    pub version: u64,
    /// The learner's planned first day, where it is known.
    pub first_day: Option<Date>,
    /// The event that carries the pack: give it to `Log::open_event`. None for a receiver once the
    /// handover is withdrawn.
    pub pack: Option<Recorded>,
    /// The place behind it in the list asked for.
    pub cursor: InboxCursor,
}

/// Handovers in the order asked for.
#[derive(Debug, Clone)]
pub struct HandoversPage {
    /// The handovers.
    pub handovers: Vec<Handover>,
    /// There is more: ask with `after` set to this.
    pub next: Option<InboxCursor>,
}

impl InboxView {
    /// The position that this view reflects. Read it before a query, never after.
    ///
    /// # Errors
    /// The database.
    pub async fn position(&self) -> Result<Position, ViewError> {
        self.served.position(&self.store).await
    }

    /// Lists handovers.
    ///
    /// # Errors
    /// The database.
    pub async fn list(&self, query: &HandoversQuery) -> Result<HandoversPage, ViewError> {
        let limit = usize::from(query.limit.max(1));
        let (sql, values) = self.statement(query, limit + 1);
        let rows = self.store.rows(self.served.sql(&sql), values).await?;
        let mut handovers = Vec::with_capacity(rows.len());
        for row in &rows {
            handovers.push(handover(row, query.side, query.order)?);
        }
        let more = handovers.len() > limit;
        handovers.truncate(limit);
        let next = if more { handovers.last().map(|last| last.cursor) } else { None };
        Ok(HandoversPage { handovers, next })
    }

    fn statement(&self, query: &HandoversQuery, limit: usize) -> (String, Vec<Value>) {
        let (mine, theirs, placed) = match query.side {
            Side::Sent => ("sender", "receiver", "drafted_position"),
            Side::Received => ("receiver", "sender", "released_position"),
        };
        let mut values = vec![Value::from(query.caller.uuid())];
        let mut conditions = vec![format!("h.{mine} = $1"), format!("h.{placed} IS NOT NULL")];
        if !query.states.is_empty() {
            let states = query.states.iter().map(|state| state.as_str().to_owned()).collect();
            values.push(Value::Texts(states));
            conditions.push(self.store.among("h.state", values.len()));
        }
        if let Some(learner) = query.learner {
            values.push(learner.uuid().into());
            let at = values.len();
            conditions.push(format!("(h.learner = ${at} OR h.receiver_learner = ${at})"));
        }
        if let Some(transition) = query.transition {
            values.push(transition.uuid().into());
            conditions.push(format!("h.transition = ${}", values.len()));
        }
        if let Some(other) = query.other {
            values.push(other.uuid().into());
            conditions.push(format!("h.{theirs} = ${}", values.len()));
        }
        let (compare, direction) = query.order.direction();
        let by = query.order.column().map(ToOwned::to_owned);
        let by: Vec<String> = by.into_iter().chain([format!("h.{placed}")]).collect();
        if let Some(InboxCursor { order, position }) = query.after {
            let place = if by.len() == 2 { vec![order, position] } else { vec![position] };
            let at = values.len() + 1;
            let places: Vec<String> =
                (at..at + place.len()).map(|number| format!("${number}")).collect();
            values.extend(place.into_iter().map(Value::from));
            conditions.push(format!("({}) {compare} ({})", by.join(", "), places.join(", ")));
        }
        let order: Vec<String> = by.iter().map(|column| format!("{column} {direction}")).collect();
        let sql = format!(
            "{} WHERE {} ORDER BY {} LIMIT {limit}",
            select(),
            conditions.join(" AND "),
            order.join(", ")
        );
        (sql, values)
    }

    /// One handover, if the organisation sends it or may receive it.
    ///
    /// # Errors
    /// The database.
    pub async fn get(
        &self,
        caller: OrganisationId,
        id: HandoverId,
    ) -> Result<Option<Handover>, ViewError> {
        let sql = format!(
            "{} WHERE h.handover = $1 AND (h.sender = $2 \
             OR (h.receiver = $2 AND h.released_position IS NOT NULL))",
            select()
        );
        let values = vec![id.uuid().into(), caller.uuid().into()];
        let rows = self.store.rows(self.served.sql(&sql), values).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let side = if row.id("sender")? == caller.uuid() { Side::Sent } else { Side::Received };
        handover(row, side, InboxOrder::FirstDay).map(Some)
    }

    /// What the organisation received that changed after a position, by its last change and as far as
    /// every partition has come: for a stream.
    ///
    /// # Errors
    /// The database.
    pub async fn received_after(
        &self,
        caller: OrganisationId,
        after: Position,
        limit: u16,
    ) -> Result<Vec<Handover>, ViewError> {
        let sql = format!(
            "{} WHERE h.receiver = $1 AND h.released_position IS NOT NULL \
             AND h.changed_position > $2 AND h.changed_position <= $3 \
             ORDER BY h.changed_position LIMIT {}",
            select(),
            limit.max(1)
        );
        let reached = number::of_position(self.position().await?);
        let after = number::of_position(after);
        let values = vec![caller.uuid().into(), after.into(), reached.into()];
        let rows = self.store.rows(self.served.sql(&sql), values).await?;
        rows.iter().map(|row| handover(row, Side::Received, InboxOrder::FirstDay)).collect()
    }

    /// How many handovers of one side are in each state; drafts are the sender's only.
    ///
    /// # Errors
    /// The database.
    pub async fn counts(
        &self,
        caller: OrganisationId,
        side: Side,
    ) -> Result<Vec<(HandoverState, u64)>, ViewError> {
        let whose = match side {
            Side::Sent => "sender = $1",
            Side::Received => "receiver = $1 AND released_position IS NOT NULL",
        };
        let sql = self.served.sql(&format!(
            "SELECT state, COUNT(*) AS many FROM inbox_g_handover WHERE {whose} \
             GROUP BY state ORDER BY state"
        ));
        let one = |row: &Row| {
            Ok((
                state_of(&row.text("state")?)?,
                u64::try_from(row.int("many")?).unwrap_or_default(),
            ))
        };
        self.store.rows(sql, vec![caller.uuid().into()]).await?.iter().map(one).collect()
    }
}

fn select() -> String {
    // The learner of the copy is that of the row; naming it twice would be ambiguous.
    format!(
        "SELECT {}, {} FROM inbox_g_handover h LEFT JOIN inbox_g_pack p ON p.stream = h.handover",
        names_of(&HandoverRow::TABLE, "h."),
        names(&PackRow::TABLE).replace("learner, ", "")
    )
}

fn state_of(text: &str) -> Result<HandoverState, ViewError> {
    HandoverState::parse(text).map_err(|_| ViewError::Damaged("a handover in an unknown state"))
}

fn handover(row: &Row, side: Side, order: InboxOrder) -> Result<Handover, ViewError> {
    let pack = if row.id_or_null("stream")?.is_some() { Some(PackRow::read(row)?) } else { None };
    let row = HandoverRow::read(row)?;
    let state = state_of(&row.state)?;
    let hidden = side == Side::Received && state == HandoverState::Withdrawn;
    let placed = match side {
        Side::Sent => row.drafted_position,
        Side::Received => row.released_position.unwrap_or_default(),
    };
    let at = |moment: Option<i64>| moment.map(number::moment).transpose();
    let id = |id: Option<Uuid>| id.map(LearnerId::new);
    let day = (row.first_day != NO_DAY).then(|| number::day(row.first_day)).transpose()?;
    Ok(Handover {
        handover: HandoverId::new(row.handover),
        learner: LearnerId::new(row.learner),
        sender: OrganisationId::new(row.sender),
        receiver: OrganisationId::new(row.receiver),
        transition: row.transition.map(TransitionId::new),
        receiver_learner: id(row.receiver_learner),
        state,
        pack_version: u32::try_from(row.pack_version).unwrap_or_default(),
        drafted_at: number::moment(row.drafted_at)?,
        edited_at: at(row.edited_at)?,
        released_at: at(row.released_at)?,
        delivered_at: at(row.delivered_at)?,
        opened_at: at(row.opened_at)?,
        accepted_at: at(row.accepted_at)?,
        declined_at: at(row.declined_at)?,
        confirmed_at: at(row.confirmed_at)?,
        withdrawn_at: at(row.withdrawn_at)?,
        changed: number::position(row.changed_position),
        changed_at: number::moment(row.changed_at)?,
        version: u64::try_from(row.version).unwrap_or_default(),
        first_day: day,
        pack: pack.filter(|_| !hidden).map(|pack| pack.0.recorded()).transpose()?,
        cursor: InboxCursor {
            order: match order {
                InboxOrder::FirstDay => row.first_day,
                InboxOrder::OldestFirst | InboxOrder::NewestFirst => 0,
                InboxOrder::ChangedNewest | InboxOrder::ChangedOldest => row.changed_position,
                InboxOrder::ReleasedNewest | InboxOrder::ReleasedOldest => {
                    row.released_position.unwrap_or_default()
                }
            },
            position: placed,
        },
    })
}
