//! The rows of the queue.

use onward_domain::referral::ReferralState;
use uuid::Uuid;

use super::erase::NOBODY;
use crate::engine::kept::{self, Kept};
use crate::engine::table::{Place, Stored, Table};
use crate::engine::value::{Kind, Row, Value};
use crate::error::ViewError;

/// A referral and where it stands. Moments are those of recording.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ReferralRow {
    pub(crate) referral: Uuid,
    /// The setting's record of the child.
    pub(crate) learner: Uuid,
    pub(crate) setting: Uuid,
    /// Who referred: the setting, or an authority or a team for it.
    pub(crate) referrer: Uuid,
    pub(crate) queue: Option<Uuid>,
    pub(crate) pathfinder: Option<Uuid>,
    pub(crate) state: ReferralState,
    /// 1 routine, 2 urgent, 3 two-week: the referrer's until triage has its own.
    pub(crate) priority: i64,
    /// The queue is ordered by this: the day received, less days for the priority once accepted.
    pub(crate) order_day: i64,
    pub(crate) received_day: i64,
    /// Who holds it by lease, and until when.
    pub(crate) holder: Option<Uuid>,
    pub(crate) held_until: Option<i64>,
    /// Who answers for the child until it is closed.
    pub(crate) keeper: Option<Uuid>,
    pub(crate) lapses: i64,
    pub(crate) submitted_at: i64,
    pub(crate) accepted_at: Option<i64>,
    pub(crate) claimed_at: Option<i64>,
    pub(crate) screened_at: Option<i64>,
    pub(crate) started_at: Option<i64>,
    /// Closed, rejected, withdrawn or redirected.
    pub(crate) ended_at: Option<i64>,
    pub(crate) submitted_position: i64,
    pub(crate) changed_position: i64,
    pub(crate) changed_at: i64,
    pub(crate) version: i64,
}

/// Who a referral is between.
pub(super) struct Between {
    pub(super) setting: Uuid,
    pub(super) referrer: Uuid,
    pub(super) queue: Option<Uuid>,
    pub(super) pathfinder: Option<Uuid>,
}

impl ReferralRow {
    /// A referral as its first event leaves it, but for what that says of the child: so it stands where the
    /// learner was erased.
    pub(super) fn begun(kept: &Kept, between: Between) -> Self {
        let Between { setting, referrer, queue, pathfinder } = between;
        Self {
            referral: kept.stream,
            learner: NOBODY,
            setting,
            referrer,
            queue,
            pathfinder,
            state: if queue.is_some() { ReferralState::Submitted } else { ReferralState::Unrouted },
            priority: 0,
            order_day: 0,
            received_day: 0,
            holder: None,
            held_until: None,
            keeper: None,
            lapses: 0,
            submitted_at: kept.recorded_at,
            accepted_at: None,
            claimed_at: None,
            screened_at: None,
            started_at: None,
            ended_at: None,
            submitted_position: kept.position,
            changed_position: kept.position,
            changed_at: kept.recorded_at,
            version: kept.version,
        }
    }

    /// Notes the event that changed it last.
    pub(super) fn touch(&mut self, kept: &Kept) {
        self.changed_position = kept.position;
        self.changed_at = kept.recorded_at;
        self.version = kept.version;
    }
}

impl Stored for ReferralRow {
    const TABLE: Table = Table {
        name: "queue_g_referral",
        columns: &[
            ("referral", Kind::Id),
            ("learner", Kind::Id),
            ("setting", Kind::Id),
            ("referrer", Kind::Id),
            ("queue", Kind::Id),
            ("pathfinder", Kind::Id),
            ("state", Kind::Text),
            ("priority", Kind::Int),
            ("order_day", Kind::Int),
            ("received_day", Kind::Int),
            ("holder", Kind::Id),
            ("held_until", Kind::Int),
            ("keeper", Kind::Id),
            ("lapses", Kind::Int),
            ("submitted_at", Kind::Int),
            ("accepted_at", Kind::Int),
            ("claimed_at", Kind::Int),
            ("screened_at", Kind::Int),
            ("started_at", Kind::Int),
            ("ended_at", Kind::Int),
            ("submitted_position", Kind::Int),
            ("changed_position", Kind::Int),
            ("changed_at", Kind::Int),
            ("row_version", Kind::Int),
        ],
        key: &["referral"],
        group: "referral",
        place: Place::Learner("learner"),
    };

    fn group(&self) -> Uuid {
        self.referral
    }

    fn values(&self) -> Vec<Value> {
        vec![
            self.referral.into(),
            self.learner.into(),
            self.setting.into(),
            self.referrer.into(),
            self.queue.into(),
            self.pathfinder.into(),
            self.state.as_str().into(),
            self.priority.into(),
            self.order_day.into(),
            self.received_day.into(),
            self.holder.into(),
            self.held_until.into(),
            self.keeper.into(),
            self.lapses.into(),
            self.submitted_at.into(),
            self.accepted_at.into(),
            self.claimed_at.into(),
            self.screened_at.into(),
            self.started_at.into(),
            self.ended_at.into(),
            self.submitted_position.into(),
            self.changed_position.into(),
            self.changed_at.into(),
            self.version.into(),
        ]
    }

    fn read(row: &Row) -> Result<Self, ViewError> {
        Ok(Self {
            referral: row.id("referral")?,
            learner: row.id("learner")?,
            setting: row.id("setting")?,
            referrer: row.id("referrer")?,
            queue: row.id_or_null("queue")?,
            pathfinder: row.id_or_null("pathfinder")?,
            state: ReferralState::parse(&row.text("state")?)
                .map_err(|_| ViewError::Damaged("a referral in an unknown state"))?,
            priority: row.int("priority")?,
            order_day: row.int("order_day")?,
            received_day: row.int("received_day")?,
            holder: row.id_or_null("holder")?,
            held_until: row.int_or_null("held_until")?,
            keeper: row.id_or_null("keeper")?,
            lapses: row.int("lapses")?,
            submitted_at: row.int("submitted_at")?,
            accepted_at: row.int_or_null("accepted_at")?,
            claimed_at: row.int_or_null("claimed_at")?,
            screened_at: row.int_or_null("screened_at")?,
            started_at: row.int_or_null("started_at")?,
            ended_at: row.int_or_null("ended_at")?,
            submitted_position: row.int("submitted_position")?,
            changed_position: row.int("changed_position")?,
            changed_at: row.int("changed_at")?,
            version: row.int("row_version")?,
        })
    }
}

/// The copy of the event that carries the form as it is now.
#[derive(Clone, PartialEq)]
pub(crate) struct FormRow(pub(crate) Kept);

impl Stored for FormRow {
    const TABLE: Table = Table {
        name: "queue_g_form",
        columns: &kept::COLUMNS,
        key: &["stream"],
        group: "stream",
        place: Place::Column("partition"),
    };

    fn group(&self) -> Uuid {
        self.0.stream
    }

    fn values(&self) -> Vec<Value> {
        self.0.values()
    }

    fn read(row: &Row) -> Result<Self, ViewError> {
        Kept::read(row).map(Self)
    }
}
