//! Wire values as a person reads them.

use onward_contract::google::r#type::Date;
use onward_contract::timeline::v1::{Occurred, occurred};
use prost_types::Timestamp;

/// `2026-09-01`.
pub fn date(date: Option<&Date>) -> String {
    date.map(|date| format!("{:04}-{:02}-{:02}", date.year, date.month, date.day))
        .unwrap_or_default()
}

/// `2026-09-01 08:30:00` in England's time.
pub fn moment(at: Option<&Timestamp>) -> String {
    let Some(at) = at else { return String::new() };
    let Ok(moment) = jiff::Timestamp::new(at.seconds, at.nanos) else { return String::new() };
    match moment.in_tz("Europe/London") {
        Ok(local) => local.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => moment.to_string(),
    }
}

/// A day or a moment.
pub fn occurred(when: Option<&Occurred>) -> String {
    match when.and_then(|when| when.occurred.as_ref()) {
        Some(occurred::Occurred::Day(day)) => date(Some(day)),
        Some(occurred::Occurred::Moment(at)) => moment(Some(at)),
        None => String::new(),
    }
}

/// An enum value without its prefix: `SCHOOL`.
pub fn code(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_owned()
}
