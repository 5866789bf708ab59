//! Reading referrals: the team's queue, the setting's list, a member's claims, and the sums.

use jiff::Timestamp;
use jiff::civil::Date;
use onward_domain::calendar::day_in_england;
use onward_domain::ids::{LearnerId, MemberId, OrganisationId, QueueId, ReferralId};
use onward_domain::referral::{Bucket, ReferralState};
use onward_log::{Position, Recorded};
use uuid::Uuid;

use super::erase::NOBODY;
use super::rows::{FormRow, ReferralRow};
use crate::engine::number;
use crate::engine::registry::Served;
use crate::engine::store::Store;
use crate::engine::table::{Stored, names, names_of};
use crate::engine::value::{Row, Value};
use crate::error::ViewError;

/// Reads of the view `queue`.
#[derive(Clone)]
pub struct QueueView {
    pub(crate) store: Store,
    pub(crate) served: Served,
}

/// Whose referrals to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those in a queue.
    Queue(QueueId),
    /// Those for a pathfinder, in any of its queues.
    Pathfinder(OrganisationId),
    /// Those of a setting's children.
    Setting(OrganisationId),
    /// Those that an organisation made, for a setting of its own or another.
    Referrer(OrganisationId),
    /// Those that a member holds by lease or keeps.
    Member(MemberId),
}

/// The place behind a referral in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueCursor {
    /// The day that orders.
    pub order_day: i64,
    /// The position of the submission.
    pub position: i64,
}

/// Which referrals to list: by the day that orders the queue, then as submitted.
#[derive(Debug, Clone)]
pub struct QueueQuery {
    /// Whose.
    pub whose: Whose,
    /// States; all when empty.
    pub states: Vec<ReferralState>,
    /// Priorities 1 to 3; all when empty.
    pub priorities: Vec<u8>,
    /// Of one setting.
    pub setting: Option<OrganisationId>,
    /// Of one record of a child.
    pub learner: Option<LearnerId>,
    /// Received on this day or later.
    pub received_from: Option<Date>,
    /// Received before this day.
    pub received_before: Option<Date>,
    /// Go on behind this place.
    pub after: Option<QueueCursor>,
    /// At most so many; at least 1.
    pub limit: u16,
}

impl QueueQuery {
    /// Everything, 50 at a time.
    pub fn new(whose: Whose) -> Self {
        Self {
            whose,
            states: Vec::new(),
            priorities: Vec::new(),
            setting: None,
            learner: None,
            received_from: None,
            received_before: None,
            after: None,
            limit: 50,
        }
    }
}

/// One referral. Moments are those of recording.
#[derive(Debug, Clone)]
pub struct Referral {
    /// The referral.
    pub referral: ReferralId,
    /// The setting's record of the child.
    pub learner: LearnerId,
    /// The setting.
    pub setting: OrganisationId,
    /// The queue.
    pub queue: Option<QueueId>,
    /// The pathfinder.
    pub pathfinder: Option<OrganisationId>,
    /// State.
    pub state: ReferralState,
    /// 1 routine, 2 urgent, 3 two-week.
    pub priority: u8,
    /// The day that orders it in the queue.
    pub order_day: Date,
    /// The day the provider received it: clock RC1 starts.
    pub received_on: Date,
    /// Who holds it by lease; see `held_until`.
    pub holder: Option<MemberId>,
    /// When the lease runs out. A lease that has is no longer one, whether or not its end is recorded.
    pub held_until: Option<Timestamp>,
    /// Who answers for the child.
    pub keeper: Option<MemberId>,
    /// How often a lease ran out.
    pub lapses: u32,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// When it was last claimed.
    pub claimed_at: Option<Timestamp>,
    /// When the child was screened.
    pub screened_at: Option<Timestamp>,
    /// When intervention began.
    pub started_at: Option<Timestamp>,
    /// When it was closed, rejected, withdrawn or redirected.
    pub ended_at: Option<Timestamp>,
    /// Where it last changed in the log.
    pub changed: Position,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Version of its stream.
    pub version: u64,
    /// The event that carries the form: give it to `Log::open_event`.
    pub form: Option<Recorded>,
    /// The place behind it in a list.
    pub cursor: QueueCursor,
}

impl Referral {
    /// Whole days waited on `today`, by clock RC1: it stops at the end, and at the first contact (the
    /// screening), whose recorded day counts here.
    pub fn waiting_days(&self, today: Date) -> i64 {
        let stop = self.screened_at.or(self.ended_at).map(day_in_england);
        let until = stop.map_or(today, |stop| stop.min(today));
        (number::of_day(until) - number::of_day(self.received_on)).max(0)
    }
}

/// Referrals in the order of the queue.
#[derive(Debug, Clone)]
pub struct ReferralsPage {
    /// The referrals.
    pub referrals: Vec<Referral>,
    /// There is more: ask with `after` set to this.
    pub next: Option<QueueCursor>,
}

/// How many referrals are in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The state.
    pub state: ReferralState,
    /// How many.
    pub many: u64,
}

impl Count {
    /// The sums by bucket, every bucket named; together they are what was received.
    pub fn by_bucket(counts: &[Self]) -> Vec<(Bucket, u64)> {
        let sum = |bucket: Bucket| {
            let of_it = counts.iter().filter(|count| count.state.bucket() == bucket);
            of_it.map(|count| count.many).sum()
        };
        Bucket::ALL.iter().map(|bucket| (*bucket, sum(*bucket))).collect()
    }
}

impl QueueView {
    /// The position that this view reflects. Read it before a query, never after.
    ///
    /// # Errors
    /// The database.
    pub async fn position(&self) -> Result<Position, ViewError> {
        self.served.position(&self.store).await
    }

    /// Lists referrals.
    ///
    /// # Errors
    /// The database.
    pub async fn list(&self, query: &QueueQuery) -> Result<ReferralsPage, ViewError> {
        let limit = usize::from(query.limit.max(1));
        let (sql, values) = self.statement(query, limit + 1);
        let rows = self.store.rows(self.served.sql(&sql), values).await?;
        let mut referrals = rows.iter().map(referral).collect::<Result<Vec<_>, _>>()?;
        let more = referrals.len() > limit;
        referrals.truncate(limit);
        let next = if more { referrals.last().map(|last| last.cursor) } else { None };
        Ok(ReferralsPage { referrals, next })
    }

    fn statement(&self, query: &QueueQuery, limit: usize) -> (String, Vec<Value>) {
        let mut filter = Filter { conditions: Vec::new(), values: Vec::new() };
        filter.whose(query.whose);
        filter.when("r.learner <> ", NOBODY);
        if !query.states.is_empty() {
            let states = query.states.iter().map(|state| state.as_str().to_owned()).collect();
            filter.values.push(Value::Texts(states));
            filter.conditions.push(self.store.among("r.state", filter.values.len()));
        }
        if !query.priorities.is_empty() {
            let priorities = query.priorities.iter().map(|level| i64::from(*level)).collect();
            filter.values.push(Value::Ints(priorities));
            filter.conditions.push(self.store.among("r.priority", filter.values.len()));
        }
        if let Some(setting) = query.setting {
            filter.when("r.setting = ", setting.uuid());
        }
        if let Some(learner) = query.learner {
            filter.when("r.learner = ", learner.uuid());
        }
        if let Some(from) = query.received_from {
            filter.when("r.received_day >= ", number::of_day(from));
        }
        if let Some(before) = query.received_before {
            filter.when("r.received_day < ", number::of_day(before));
        }
        if let Some(QueueCursor { order_day, position }) = query.after {
            filter.values.extend([Value::from(order_day), position.into()]);
            let at = filter.values.len();
            let behind = format!("(r.order_day, r.submitted_position) > (${}, ${at})", at - 1);
            filter.conditions.push(behind);
        }
        let sql = format!(
            "{} WHERE {} ORDER BY r.order_day, r.submitted_position LIMIT {limit}",
            select(),
            filter.conditions.join(" AND ")
        );
        (sql, filter.values)
    }

    /// One referral. Who may see it is the caller's to settle: its setting or its pathfinder.
    ///
    /// # Errors
    /// The database.
    pub async fn get(&self, id: ReferralId) -> Result<Option<Referral>, ViewError> {
        let sql = format!("{} WHERE r.referral = $1 AND r.learner <> $2", select());
        let values = vec![id.uuid().into(), NOBODY.into()];
        let rows = self.store.rows(self.served.sql(&sql), values).await?;
        rows.first().map(referral).transpose()
    }

    /// What changed after a position, by its last change and as far as every partition has come: for a
    /// stream.
    ///
    /// # Errors
    /// The database.
    pub async fn changed_after(
        &self,
        whose: Whose,
        after: Position,
        limit: u16,
    ) -> Result<Vec<Referral>, ViewError> {
        let mut filter = Filter { conditions: Vec::new(), values: Vec::new() };
        filter.whose(whose);
        filter.when("r.learner <> ", NOBODY);
        filter.when("r.changed_position > ", number::of_position(after));
        filter.when("r.changed_position <= ", number::of_position(self.position().await?));
        let sql = self.served.sql(&format!(
            "{} WHERE {} ORDER BY r.changed_position LIMIT {}",
            select(),
            filter.conditions.join(" AND "),
            limit.max(1)
        ));
        self.store.rows(sql, filter.values).await?.iter().map(referral).collect()
    }

    /// How many referrals are in each state that has any: their sum is what was received.
    ///
    /// # Errors
    /// The database.
    pub async fn counts(&self, whose: Whose) -> Result<Vec<Count>, ViewError> {
        let mut filter = Filter { conditions: Vec::new(), values: Vec::new() };
        filter.whose(whose);
        let sql = self.served.sql(&format!(
            "SELECT r.state AS state, COUNT(*) AS many FROM queue_g_referral r WHERE {} \
             GROUP BY r.state ORDER BY r.state",
            filter.conditions.join(" AND ")
        ));
        let one = |row: &Row| {
            let many = u64::try_from(row.int("many")?).unwrap_or_default();
            let state = ReferralState::parse(&row.text("state")?)
                .map_err(|_| ViewError::Damaged("a referral in an unknown state"))?;
            Ok(Count { state, many })
        };
        self.store.rows(sql, filter.values).await?.iter().map(one).collect()
    }
}

struct Filter {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Filter {
    fn when(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.conditions.push(format!("{condition}${}", self.values.len()));
    }

    fn whose(&mut self, whose: Whose) {
        match whose {
            Whose::Queue(queue) => self.when("r.queue = ", queue.uuid()),
            Whose::Pathfinder(pathfinder) => self.when("r.pathfinder = ", pathfinder.uuid()),
            Whose::Setting(setting) => self.when("r.setting = ", setting.uuid()),
            Whose::Referrer(referrer) => self.when("r.referrer = ", referrer.uuid()),
            Whose::Member(member) => {
                self.values.push(member.uuid().into());
                let at = self.values.len();
                self.conditions.push(format!("(r.holder = ${at} OR r.keeper = ${at})"));
            }
        }
    }
}

fn select() -> String {
    format!(
        "SELECT {}, {} FROM queue_g_referral r LEFT JOIN queue_g_form f ON f.stream = r.referral",
        names_of(&ReferralRow::TABLE, "r."),
        // The learner of the copy is that of the row; naming it twice would be ambiguous.
        names(&FormRow::TABLE).replace("learner, ", "")
    )
}

fn referral(row: &Row) -> Result<Referral, ViewError> {
    let form = if row.id_or_null("stream")?.is_some() { Some(FormRow::read(row)?) } else { None };
    let row = ReferralRow::read(row)?;
    let at = |moment: Option<i64>| moment.map(number::moment).transpose();
    let member = |id: Option<Uuid>| id.map(MemberId::new);
    Ok(Referral {
        referral: ReferralId::new(row.referral),
        learner: LearnerId::new(row.learner),
        setting: OrganisationId::new(row.setting),
        queue: row.queue.map(QueueId::new),
        pathfinder: row.pathfinder.map(OrganisationId::new),
        state: row.state,
        priority: u8::try_from(row.priority).unwrap_or_default(),
        order_day: number::day(row.order_day)?,
        received_on: number::day(row.received_day)?,
        holder: member(row.holder),
        held_until: at(row.held_until)?,
        keeper: member(row.keeper),
        lapses: u32::try_from(row.lapses).unwrap_or_default(),
        submitted_at: number::moment(row.submitted_at)?,
        accepted_at: at(row.accepted_at)?,
        claimed_at: at(row.claimed_at)?,
        screened_at: at(row.screened_at)?,
        started_at: at(row.started_at)?,
        ended_at: at(row.ended_at)?,
        changed: number::position(row.changed_position),
        changed_at: number::moment(row.changed_at)?,
        version: u64::try_from(row.version).unwrap_or_default(),
        form: form.map(|form| form.0.recorded()).transpose()?,
        cursor: QueueCursor { order_day: row.order_day, position: row.submitted_position },
    })
}
