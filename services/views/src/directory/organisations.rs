//! Reading organisations.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use onward_domain::codes::setting::{OrganisationKind, Phase};
use onward_domain::ids::OrganisationId;
use onward_domain::organisation::{OrganisationNumber, OrganisationNumberKind};
use onward_log::{Position, Recorded};
use uuid::Uuid;

use super::DirectoryView;
use super::rows::{NumberRow, OrganisationRow, SaidRow};
use crate::engine::number;
use crate::engine::table::{Stored, names, names_of};
use crate::engine::value::{Row, Value};
use crate::error::ViewError;

/// An organisation as it is known to the house.
#[derive(Debug, Clone)]
pub struct Organisation {
    /// Its id.
    pub organisation: OrganisationId,
    /// Kind.
    pub kind: OrganisationKind,
    /// Public name.
    pub name: String,
    /// Official numbers, by register and number.
    pub numbers: Vec<OrganisationNumber>,
    /// Phase of education.
    pub phase: Option<Phase>,
    /// Youngest age taught.
    pub low_age: Option<u8>,
    /// Oldest age taught.
    pub high_age: Option<u8>,
    /// First day it is open.
    pub open_from: Option<Date>,
    /// Last day it is open.
    pub open_to: Option<Date>,
    /// What is due before this day is history.
    pub go_live: Option<Date>,
    /// The organisation that this one succeeds.
    pub successor_of: Option<OrganisationId>,
    /// Where it was registered in the log.
    pub registered: Position,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// Version of its stream.
    pub version: u64,
    /// The event that registered it; its sealed part holds the holiday contact, if any.
    pub said: Option<Recorded>,
}

/// Which organisations to list, in the order they were registered.
#[derive(Debug, Clone, Default)]
pub struct OrganisationsQuery {
    /// Kinds; all when empty.
    pub kinds: Vec<OrganisationKind>,
    /// With this number.
    pub number: Option<OrganisationNumber>,
    /// With this text in the name, whatever the case.
    pub name_contains: Option<String>,
    /// Open on this day.
    pub open_on: Option<Date>,
    /// Go on behind this place.
    pub after: Option<Position>,
    /// At most so many; at least 1.
    pub limit: u16,
}

/// Organisations in the order they were registered.
#[derive(Debug, Clone)]
pub struct OrganisationsPage {
    /// The organisations.
    pub organisations: Vec<Organisation>,
    /// There is more: ask with `after` set to this.
    pub next: Option<Position>,
}

impl DirectoryView {
    /// One organisation.
    ///
    /// # Errors
    /// The database.
    pub async fn organisation(
        &self,
        id: OrganisationId,
    ) -> Result<Option<Organisation>, ViewError> {
        Ok(self.organisations_of(&[id]).await?.pop())
    }

    /// These organisations, as far as they are known: for the names in a list.
    ///
    /// # Errors
    /// The database.
    pub async fn organisations_of(
        &self,
        ids: &[OrganisationId],
    ) -> Result<Vec<Organisation>, ViewError> {
        let ids = ids.iter().map(|id| id.uuid()).collect();
        let condition = self.store.among_ids("o.organisation", 1);
        self.read_organisations(&condition, vec![Value::Ids(ids)], i64::MAX).await
    }

    /// The organisations with a number; more than one only for the code of an authority.
    ///
    /// # Errors
    /// The database.
    pub async fn find_by_number(
        &self,
        wanted: &OrganisationNumber,
    ) -> Result<Vec<Organisation>, ViewError> {
        let values = vec![wanted.kind.as_str().into(), wanted.value.as_str().into()];
        self.read_organisations(&numbered(1), values, i64::MAX).await
    }

    /// Lists organisations.
    ///
    /// # Errors
    /// The database.
    pub async fn organisations(
        &self,
        query: &OrganisationsQuery,
    ) -> Result<OrganisationsPage, ViewError> {
        let limit = usize::from(query.limit.max(1));
        let after = number::of_position(query.after.unwrap_or_default());
        let mut values = vec![Value::from(after)];
        let mut conditions = vec!["o.registered_position > $1".to_owned()];
        if !query.kinds.is_empty() {
            let kinds = query.kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
            values.push(Value::Texts(kinds));
            conditions.push(self.store.among("o.kind", values.len()));
        }
        if let Some(OrganisationNumber { kind, value }) = &query.number {
            values.extend([kind.as_str().into(), value.as_str().into()]);
            conditions.push(numbered(values.len() - 1));
        }
        if let Some(text) = &query.name_contains {
            values.push(pattern(text).into());
            conditions.push(format!("o.name_key LIKE ${} ESCAPE '\\'", values.len()));
        }
        if let Some(day) = query.open_on {
            values.push(number::of_day(day).into());
            let at = values.len();
            conditions.push(format!(
                "(o.open_from IS NULL OR o.open_from <= ${at}) \
                 AND (o.open_to IS NULL OR o.open_to >= ${at})"
            ));
        }
        let asked = i64::from(query.limit.max(1)) + 1;
        let mut organisations =
            self.read_organisations(&conditions.join(" AND "), values, asked).await?;
        let more = organisations.len() > limit;
        organisations.truncate(limit);
        let next = if more { organisations.last().map(|last| last.registered) } else { None };
        Ok(OrganisationsPage { organisations, next })
    }

    async fn read_organisations(
        &self,
        condition: &str,
        values: Vec<Value>,
        limit: i64,
    ) -> Result<Vec<Organisation>, ViewError> {
        let sql = self.served.sql(&format!(
            "SELECT {}, {} FROM directory_g_organisation o \
             LEFT JOIN directory_g_said c ON c.stream = o.organisation WHERE {condition} \
             ORDER BY o.registered_position LIMIT {limit}",
            names_of(&OrganisationRow::TABLE, "o."),
            names(&SaidRow::TABLE)
        ));
        let rows = self.store.rows(sql, values).await?;
        let found = rows.iter().map(|row| row.id("organisation")).collect::<Result<Vec<_>, _>>()?;
        let mut numbers = self.numbers(found).await?;
        let one = |row: &Row| {
            let id = row.id("organisation")?;
            organisation(row, numbers.remove(&id).unwrap_or_default())
        };
        rows.iter().map(one).collect()
    }

    async fn numbers(
        &self,
        organisations: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Vec<OrganisationNumber>>, ViewError> {
        let sql = self.served.sql(&format!(
            "SELECT {} FROM directory_g_number WHERE {} ORDER BY kind, number",
            names(&NumberRow::TABLE),
            self.store.among_ids("organisation", 1)
        ));
        let mut all: HashMap<Uuid, Vec<OrganisationNumber>> = HashMap::new();
        for row in self.store.rows(sql, vec![Value::Ids(organisations)]).await? {
            let NumberRow { organisation, kind, number } = NumberRow::read(&row)?;
            let kind = OrganisationNumberKind::parse(&kind);
            let kind = kind.map_err(|_| ViewError::Damaged("an unknown register"))?;
            let number = OrganisationNumber { kind, value: number };
            all.entry(organisation).or_default().push(number);
        }
        Ok(all)
    }
}

/// The condition that the organisation has the number bound as these two places.
fn numbered(at: usize) -> String {
    format!(
        "EXISTS (SELECT 1 FROM directory_g_number n WHERE n.organisation = o.organisation \
         AND n.kind = ${at} AND n.number = ${})",
        at + 1
    )
}

/// A LIKE pattern for a text anywhere in the name.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern + "%"
}

fn organisation(row: &Row, numbers: Vec<OrganisationNumber>) -> Result<Organisation, ViewError> {
    let said = if row.id_or_null("stream")?.is_some() { Some(SaidRow::read(row)?) } else { None };
    let row = OrganisationRow::read(row)?;
    let day = |number: Option<i64>| number.map(number::day).transpose();
    let age = |number: Option<i64>| number.and_then(|age| u8::try_from(age).ok());
    let code = |_| ViewError::Damaged("an unknown code");
    Ok(Organisation {
        organisation: OrganisationId::new(row.organisation),
        kind: OrganisationKind::parse(&row.kind).map_err(code)?,
        name: row.name,
        numbers,
        phase: row.phase.as_deref().map(Phase::parse).transpose().map_err(code)?,
        low_age: age(row.low_age),
        high_age: age(row.high_age),
        open_from: day(row.open_from)?,
        open_to: day(row.open_to)?,
        go_live: day(row.go_live)?,
        successor_of: row.successor_of.map(OrganisationId::new),
        registered: number::position(row.registered_position),
        registered_at: number::moment(row.registered_at)?,
        version: u64::try_from(row.version).unwrap_or_default(),
        said: said.map(|said| said.0.recorded()).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_the_text_as_it_is() {
        assert_eq!(pattern("St_Mary's 100%"), r"%st\_mary's 100\%%");
    }
}
