//! Kinds of CSV file, their columns, and a template of each.

use std::fmt;

/// A kind of file that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Organisations to register.
    Organisations,
    /// Moves to record.
    Transitions,
    /// Referrals to submit.
    Referrals,
}

/// A column of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Heading.
    pub name: &'static str,
    /// The file is refused without it. Single cells under it may be empty where a row allows it.
    pub required: bool,
}

const fn required(name: &'static str) -> Column {
    Column { name, required: true }
}

const fn optional(name: &'static str) -> Column {
    Column { name, required: false }
}

const ORGANISATIONS: &[Column] = &[
    required("kind"),
    required("name"),
    optional("urn"),
    optional("ey_urn"),
    optional("laestab"),
    optional("ukprn"),
    optional("ods_code"),
    optional("la_code"),
    optional("phase"),
    optional("low_age"),
    optional("high_age"),
    optional("open_from"),
    optional("open_to"),
    optional("successor_of"),
    optional("go_live"),
    optional("holiday_contact"),
    optional("pathfinder_key"),
];

const TRANSITIONS: &[Column] = &[
    optional("upn"),
    optional("own_ref"),
    optional("uln"),
    required("surname"),
    required("forename"),
    required("dob"),
    optional("postcode"),
    required("sex"),
    required("nc_year"),
    required("source_urn"),
    optional("dest_urn"),
    optional("transition_kind"),
    required("planned_date"),
    required("sen_provision"),
    required("need1"),
    required("need2"),
    optional("ehc_plan_date"),
    optional("review_date"),
    required("la_code"),
    // Particulars of the kinds that need them.
    optional("post16_kind"),
    optional("programme"),
    optional("offer"),
    optional("provider_ukprn"),
    optional("employer_ref"),
    optional("standard_code"),
    optional("level"),
    optional("start"),
    optional("planned_end"),
    optional("learning_support"),
    optional("evidence"),
    optional("course"),
    optional("academic_year"),
    optional("plan_end"),
    optional("dsa"),
    optional("tier"),
    optional("destination_kind"),
    optional("destination_urn"),
    optional("destination_transition"),
    optional("review_dates"),
    optional("from_la"),
    optional("to_la"),
    optional("hours_per_week"),
    optional("activity_code"),
];

const REFERRALS: &[Column] = &[
    optional("upn"),
    optional("own_ref"),
    required("forename"),
    required("surname"),
    required("dob"),
    optional("sex"),
    optional("postcode"),
    optional("nhs_number"),
    required("setting_urn"),
    optional("received_on"),
    required("referrer_role"),
    required("need_ticks"),
    optional("home_language"),
    optional("interpreter"),
    optional("carer_contact"),
    optional("urgent"),
    optional("screening_tool"),
    optional("rag"),
    required("reason"),
    required("consent_at"),
    required("consent_method"),
    optional("gp_ods"),
    optional("source"),
];

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Organisations, Self::Transitions, Self::Referrals];

    /// Its name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organisations => "organisations",
            Self::Transitions => "transitions",
            Self::Referrals => "referrals",
        }
    }

    /// Its columns, in the order of the template.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Organisations => ORGANISATIONS,
            Self::Transitions => TRANSITIONS,
            Self::Referrals => REFERRALS,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A file of a kind with its headings and one example row about nobody.
pub const fn template(kind: Kind) -> &'static str {
    match kind {
        Kind::Organisations => include_str!("templates/organisations.csv"),
        Kind::Transitions => include_str!("templates/transitions.csv"),
        Kind::Referrals => include_str!("templates/referrals.csv"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_the_columns_of_its_kind() {
        for kind in Kind::ALL {
            let headings = template(kind).lines().next().expect("a template has a first line");
            let columns: Vec<_> = kind.columns().iter().map(|column| column.name).collect();
            assert_eq!(headings.split(',').collect::<Vec<_>>(), columns, "{kind}");
            assert_eq!(template(kind).lines().count(), 2, "{kind}");
        }
    }
}
