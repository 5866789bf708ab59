//! Reading members of an organisation. Who they are is in the sealed copy.

use jiff::Timestamp;
use jiff::civil::Date;
use onward_domain::codes::role::MemberRole;
use onward_domain::ids::{MemberId, OrganisationId};
use onward_log::{Position, Recorded};

use super::DirectoryView;
use super::rows::{MemberRow, SaidRow};
use crate::engine::number;
use crate::engine::table::{Stored, names, names_of};
use crate::engine::value::{Row, Value};
use crate::error::ViewError;

/// A membership of an organisation.
#[derive(Debug, Clone)]
pub struct Member {
    /// The membership.
    pub member: MemberId,
    /// The organisation.
    pub organisation: OrganisationId,
    /// What the member may do.
    pub roles: Vec<MemberRole>,
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub until: Option<Date>,
    /// Who stands in.
    pub deputy: Option<MemberId>,
    /// Where it was added in the log.
    pub added: Position,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was removed.
    pub removed_at: Option<Timestamp>,
    /// Version of its stream.
    pub version: u64,
    /// The event that says who it is: give it to `Log::open_event`.
    pub said: Option<Recorded>,
}

impl Member {
    /// Whether the membership counts on a day.
    pub fn is_current(&self, today: Date) -> bool {
        self.removed_at.is_none()
            && self.from.is_none_or(|from| from <= today)
            && self.until.is_none_or(|until| today <= until)
    }
}

/// Which members of an organisation to list, in the order they were added.
#[derive(Debug, Clone)]
pub struct MembersQuery {
    /// Of which organisation.
    pub organisation: OrganisationId,
    /// With one of these roles; all when empty.
    pub roles: Vec<MemberRole>,
    /// Those that were removed too.
    pub removed: bool,
    /// Go on behind this place.
    pub after: Option<Position>,
    /// At most so many; at least 1.
    pub limit: u16,
}

impl MembersQuery {
    /// Everybody who was not removed, 50 at a time.
    pub fn new(organisation: OrganisationId) -> Self {
        Self { organisation, roles: Vec::new(), removed: false, after: None, limit: 50 }
    }
}

/// Members in the order they were added.
#[derive(Debug, Clone)]
pub struct MembersPage {
    /// The members.
    pub members: Vec<Member>,
    /// There is more: ask with `after` set to this.
    pub next: Option<Position>,
}

impl DirectoryView {
    /// One membership.
    ///
    /// # Errors
    /// The database.
    pub async fn member(&self, id: MemberId) -> Result<Option<Member>, ViewError> {
        Ok(self.members_of(&[id]).await?.pop())
    }

    /// These memberships, as far as they are known: for the names in a list.
    ///
    /// # Errors
    /// The database.
    pub async fn members_of(&self, ids: &[MemberId]) -> Result<Vec<Member>, ViewError> {
        let ids = ids.iter().map(|id| id.uuid()).collect();
        let condition = self.store.among_ids("m.member", 1);
        self.read_members(&condition, vec![Value::Ids(ids)], i64::MAX).await
    }

    /// Lists members.
    ///
    /// # Errors
    /// The database.
    pub async fn members(&self, query: &MembersQuery) -> Result<MembersPage, ViewError> {
        let limit = usize::from(query.limit.max(1));
        let after = number::of_position(query.after.unwrap_or_default());
        let mut values = vec![Value::from(query.organisation.uuid()), after.into()];
        let mut conditions = "m.organisation = $1 AND m.added_position > $2".to_owned();
        if !query.removed {
            conditions += " AND m.removed_at IS NULL";
        }
        if !query.roles.is_empty() {
            let mut any = Vec::with_capacity(query.roles.len());
            for role in &query.roles {
                values.push(format!("%,{},%", role.as_str().replace('_', "\\_")).into());
                any.push(format!("m.roles LIKE ${} ESCAPE '\\'", values.len()));
            }
            conditions += &format!(" AND ({})", any.join(" OR "));
        }
        let asked = i64::from(query.limit.max(1)) + 1;
        let mut members = self.read_members(&conditions, values, asked).await?;
        let more = members.len() > limit;
        members.truncate(limit);
        let next = if more { members.last().map(|last| last.added) } else { None };
        Ok(MembersPage { members, next })
    }

    async fn read_members(
        &self,
        condition: &str,
        values: Vec<Value>,
        limit: i64,
    ) -> Result<Vec<Member>, ViewError> {
        let sql = self.served.sql(&format!(
            "SELECT {}, {} FROM directory_g_member m \
             LEFT JOIN directory_g_said c ON c.stream = m.member WHERE {condition} \
             ORDER BY m.added_position LIMIT {limit}",
            names_of(&MemberRow::TABLE, "m."),
            names(&SaidRow::TABLE)
        ));
        self.store.rows(sql, values).await?.iter().map(member).collect()
    }
}

fn member(row: &Row) -> Result<Member, ViewError> {
    let said = if row.id_or_null("stream")?.is_some() { Some(SaidRow::read(row)?) } else { None };
    let row = MemberRow::read(row)?;
    let day = |number: Option<i64>| number.map(number::day).transpose();
    let codes = row.roles.split(',').filter(|code| !code.is_empty());
    let roles = codes.map(MemberRole::parse).collect::<Result<Vec<_>, _>>();
    Ok(Member {
        member: MemberId::new(row.member),
        organisation: OrganisationId::new(row.organisation),
        roles: roles.map_err(|_| ViewError::Damaged("an unknown role"))?,
        from: day(row.from_day)?,
        until: day(row.until_day)?,
        deputy: row.deputy.map(MemberId::new),
        added: number::position(row.added_position),
        added_at: number::moment(row.added_at)?,
        removed_at: row.removed_at.map(number::moment).transpose()?,
        version: u64::try_from(row.version).unwrap_or_default(),
        said: said.map(|said| said.0.recorded()).transpose()?,
    })
}
