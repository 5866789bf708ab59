//! Civil dates and moments.

use jiff::Timestamp;
use jiff::civil::Date;
use onward_contract::google::r#type::Date as WireDate;
use onward_domain::decider::Refusal;

/// A civil date that has to be there.
///
/// # Errors
/// Missing, or no day of the calendar.
pub fn required(field: &str, date: Option<&WireDate>) -> Result<Date, Refusal> {
    optional(field, date)?.ok_or_else(|| Refusal::field(field, "must be given"))
}

/// A civil date that may be absent.
///
/// # Errors
/// No day of the calendar.
pub fn optional(field: &str, date: Option<&WireDate>) -> Result<Option<Date>, Refusal> {
    let Some(date) = date else { return Ok(None) };
    let fault = || Refusal::field(field, "must be a day of the calendar");
    let year = i16::try_from(date.year).map_err(|_| fault())?;
    let month = i8::try_from(date.month).map_err(|_| fault())?;
    let day = i8::try_from(date.day).map_err(|_| fault())?;
    // Nothing that Onward records lies outside these years; a slip of a digit is caught here.
    if !(1900..=2200).contains(&year) {
        return Err(Refusal::field(field, "must lie between 1900 and 2200"));
    }
    Date::new(year, month, day).map(Some).map_err(|_| fault())
}

/// A civil date on the wire.
pub fn wire(date: Date) -> WireDate {
    WireDate {
        year: i32::from(date.year()),
        month: i32::from(date.month()),
        day: i32::from(date.day()),
    }
}

/// A moment that may be absent.
///
/// # Errors
/// Out of range.
pub fn moment(
    field: &str,
    at: Option<&prost_types::Timestamp>,
) -> Result<Option<Timestamp>, Refusal> {
    let fault = || Refusal::field(field, "must be a moment of this era");
    at.map(|at| {
        // A Timestamp counts its nanoseconds forwards, also before 1970.
        let whole = (0..1_000_000_000).contains(&at.nanos);
        Timestamp::new(at.seconds, at.nanos).ok().filter(|_| whole).ok_or_else(fault)
    })
    .transpose()
}
