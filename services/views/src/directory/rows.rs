//! The rows of the directory.

use uuid::Uuid;

use crate::engine::kept::{self, Kept};
use crate::engine::table::{Place, Stored, Table};
use crate::engine::value::{Kind, Row, Value};
use crate::error::ViewError;

/// An organisation as its register entry has it: public throughout.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct OrganisationRow {
    pub(crate) organisation: Uuid,
    pub(crate) kind: String,
    pub(crate) name: String,
    /// The name in lower case, for search.
    pub(crate) name_key: String,
    pub(crate) phase: Option<String>,
    pub(crate) low_age: Option<i64>,
    pub(crate) high_age: Option<i64>,
    pub(crate) open_from: Option<i64>,
    pub(crate) open_to: Option<i64>,
    pub(crate) go_live: Option<i64>,
    pub(crate) successor_of: Option<Uuid>,
    pub(crate) registered_position: i64,
    pub(crate) registered_at: i64,
    pub(crate) version: i64,
}

impl Stored for OrganisationRow {
    const TABLE: Table = Table {
        name: "directory_g_organisation",
        columns: &[
            ("organisation", Kind::Id),
            ("kind", Kind::Text),
            ("name", Kind::Text),
            ("name_key", Kind::Text),
            ("phase", Kind::Text),
            ("low_age", Kind::Int),
            ("high_age", Kind::Int),
            ("open_from", Kind::Int),
            ("open_to", Kind::Int),
            ("go_live", Kind::Int),
            ("successor_of", Kind::Id),
            ("registered_position", Kind::Int),
            ("registered_at", Kind::Int),
            ("row_version", Kind::Int),
        ],
        key: &["organisation"],
        group: "organisation",
        place: Place::First,
    };

    fn group(&self) -> Uuid {
        self.organisation
    }

    fn values(&self) -> Vec<Value> {
        vec![
            self.organisation.into(),
            self.kind.as_str().into(),
            self.name.as_str().into(),
            self.name_key.as_str().into(),
            self.phase.clone().into(),
            self.low_age.into(),
            self.high_age.into(),
            self.open_from.into(),
            self.open_to.into(),
            self.go_live.into(),
            self.successor_of.into(),
            self.registered_position.into(),
            self.registered_at.into(),
            self.version.into(),
        ]
    }

    fn read(row: &Row) -> Result<Self, ViewError> {
        Ok(Self {
            organisation: row.id("organisation")?,
            kind: row.text("kind")?,
            name: row.text("name")?,
            name_key: row.text("name_key")?,
            phase: row.text_or_null("phase")?,
            low_age: row.int_or_null("low_age")?,
            high_age: row.int_or_null("high_age")?,
            open_from: row.int_or_null("open_from")?,
            open_to: row.int_or_null("open_to")?,
            go_live: row.int_or_null("go_live")?,
            successor_of: row.id_or_null("successor_of")?,
            registered_position: row.int("registered_position")?,
            registered_at: row.int("registered_at")?,
            version: row.int("row_version")?,
        })
    }
}

/// An official number of an organisation.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct NumberRow {
    pub(crate) organisation: Uuid,
    pub(crate) kind: String,
    pub(crate) number: String,
}

impl Stored for NumberRow {
    const TABLE: Table = Table {
        name: "directory_g_number",
        columns: &[("organisation", Kind::Id), ("kind", Kind::Text), ("number", Kind::Text)],
        key: &["organisation", "kind", "number"],
        group: "organisation",
        place: Place::First,
    };

    fn group(&self) -> Uuid {
        self.organisation
    }

    fn values(&self) -> Vec<Value> {
        vec![self.organisation.into(), self.kind.as_str().into(), self.number.as_str().into()]
    }

    fn read(row: &Row) -> Result<Self, ViewError> {
        Ok(Self {
            organisation: row.id("organisation")?,
            kind: row.text("kind")?,
            number: row.text("number")?,
        })
    }
}

/// A membership. Who the member is, only the copy tells.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct MemberRow {
    pub(crate) member: Uuid,
    pub(crate) organisation: Uuid,
    /// Role codes, each between commas: `,SENCO,DSL,`.
    pub(crate) roles: String,
    pub(crate) from_day: Option<i64>,
    pub(crate) until_day: Option<i64>,
    pub(crate) deputy: Option<Uuid>,
    pub(crate) added_position: i64,
    pub(crate) added_at: i64,
    pub(crate) removed_at: Option<i64>,
    pub(crate) version: i64,
}

impl Stored for MemberRow {
    const TABLE: Table = Table {
        name: "directory_g_member",
        columns: &[
            ("member", Kind::Id),
            ("organisation", Kind::Id),
            ("roles", Kind::Text),
            ("from_day", Kind::Int),
            ("until_day", Kind::Int),
            ("deputy", Kind::Id),
            ("added_position", Kind::Int),
            ("added_at", Kind::Int),
            ("removed_at", Kind::Int),
            ("row_version", Kind::Int),
        ],
        key: &["member"],
        group: "member",
        place: Place::First,
    };

    fn group(&self) -> Uuid {
        self.member
    }

    fn values(&self) -> Vec<Value> {
        vec![
            self.member.into(),
            self.organisation.into(),
            self.roles.as_str().into(),
            self.from_day.into(),
            self.until_day.into(),
            self.deputy.into(),
            self.added_position.into(),
            self.added_at.into(),
            self.removed_at.into(),
            self.version.into(),
        ]
    }

    fn read(row: &Row) -> Result<Self, ViewError> {
        Ok(Self {
            member: row.id("member")?,
            organisation: row.id("organisation")?,
            roles: row.text("roles")?,
            from_day: row.int_or_null("from_day")?,
            until_day: row.int_or_null("until_day")?,
            deputy: row.id_or_null("deputy")?,
            added_position: row.int("added_position")?,
            added_at: row.int("added_at")?,
            removed_at: row.int_or_null("removed_at")?,
            version: row.int("row_version")?,
        })
    }
}

/// The copy of the event that says who a member is, or how to reach an organisation in the holidays.
#[derive(Clone, PartialEq)]
pub(crate) struct SaidRow(pub(crate) Kept);

impl Stored for SaidRow {
    const TABLE: Table = Table {
        name: "directory_g_said",
        columns: &kept::COLUMNS,
        key: &["stream"],
        group: "stream",
        place: Place::First,
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
