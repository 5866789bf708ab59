//! Requests with everything in them that the rules ask for: invented children, right check digits.
//!
//! A builder gives a whole and valid request with a fresh request id; a story changes the one thing
//! that it is about.

mod moves;
mod packs;
mod referrals;

use onward_contract::directory::v1::{SettingRef, setting_ref};
use onward_contract::google::r#type::Date;
use onward_contract::learner::v1 as learner;
use onward_contract::receipt::v1::Actor;
use onward_domain::numbers::{self, Kind};
use uuid::Uuid;

pub use moves::{
    alternative_provision, apprenticeship, confirm, correct, higher_education, phase_transfer,
    planned_month, planned_on, post16,
};
pub use packs::{
    in_place, not_yet, pack, pack_for_an_apprenticeship, pack_on_request, partly, told,
};
pub use referrals::{referral, referral_form, screening};

/// A request id that nobody has used.
pub fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// An id of nothing.
pub fn nobodys_id() -> String {
    Uuid::now_v7().to_string()
}

/// A civil date.
pub fn date(year: i32, month: i32, day: i32) -> Date {
    Date { year, month, day }
}

/// The day so many days from today, in England.
///
/// # Panics
/// The calendar ends before it.
pub fn days_from_today(days: i64) -> Date {
    let today = jiff::Timestamp::now().in_tz("Europe/London").expect("a known zone").date();
    let day = today.checked_add(jiff::Span::new().days(days)).expect("a day of the calendar");
    date(day.year().into(), day.month().into(), day.day().into())
}

/// A person who answers for a step.
pub fn actor(name: &str) -> Option<Actor> {
    Some(Actor { name: name.to_owned(), role: "SENCO".to_owned(), client: String::new() })
}

/// A valid UPN, another for each serial below 100,000.
///
/// # Panics
/// No check letter fits, which cannot be.
pub fn upn(serial: u32) -> String {
    let digits = format!("3029{:03}26{:03}", serial / 1000 % 100, serial % 1000);
    let mut letters = "ABCDEFGHJKLMNPQRTUVWXYZ".chars();
    letters
        .map_to_valid(Kind::Upn, |letter| format!("{letter}{digits}"))
        .expect("one letter always fits")
}

/// A valid ULN, another for each serial: those for which no check digit exists are left out.
///
/// # Panics
/// The serials are used up.
pub fn uln(serial: u32) -> String {
    let mut body = 300_100_000 + u64::from(serial) * 10;
    loop {
        let found = ('0'..='9').map_to_valid(Kind::Uln, |last| format!("{body}{last}"));
        if let Some(uln) = found {
            return uln;
        }
        body += 1;
    }
}

/// A synthetic NHS number.
///
/// # Panics
/// No check digit fits, which cannot be for this one.
pub fn nhs_number() -> String {
    ('0'..='9')
        .map_to_valid(Kind::Nhs, |last| format!("999000012{last}"))
        .expect("this one has a check digit")
}

trait MapToValid: Iterator<Item = char> + Sized {
    /// The first text that is a valid number of its kind.
    fn map_to_valid(&mut self, kind: Kind, text: impl Fn(char) -> String) -> Option<String> {
        self.map(text).find(|text| numbers::check(kind, text).is_valid())
    }
}

impl<T: Iterator<Item = char>> MapToValid for T {}

/// Names a setting by its URN.
pub fn urn(number: &str) -> Option<SettingRef> {
    Some(SettingRef { setting: Some(setting_ref::Setting::Urn(number.to_owned())) })
}

/// Names a setting by its UKPRN.
pub fn ukprn(number: &str) -> Option<SettingRef> {
    Some(SettingRef { setting: Some(setting_ref::Setting::Ukprn(number.to_owned())) })
}

/// Names a setting by nothing but its name.
pub fn only_named(name: &str) -> Option<SettingRef> {
    Some(SettingRef { setting: Some(setting_ref::Setting::Name(name.to_owned())) })
}

/// An invented child.
#[derive(Clone)]
pub struct Child {
    /// Given name.
    pub forename: &'static str,
    /// Family name.
    pub surname: &'static str,
    /// Date of birth.
    pub born: Date,
    /// UPN, where the child has one.
    pub upn: Option<String>,
    /// Curriculum year.
    pub year_group: &'static str,
    /// Code of the provision, such as `E`.
    pub provision: &'static str,
    /// Codes of the needs, the primary one first.
    pub needs: &'static [&'static str],
}

impl Child {
    /// Leaves Year 6, with an EHC plan.
    pub fn of_year_6() -> Self {
        Self {
            forename: "Amelia",
            surname: "Hartley-Quayle",
            born: date(2015, 10, 3),
            upn: Some(upn(6001)),
            year_group: "6",
            provision: "E",
            needs: &["SLCN", "ASD"],
        }
    }

    /// Leaves Year 11, with SEN support.
    pub fn of_year_11() -> Self {
        Self {
            forename: "Callum",
            surname: "Wrightson",
            born: date(2010, 11, 23),
            upn: Some(upn(11_001)),
            year_group: "11",
            provision: "K",
            needs: &["MLD"],
        }
    }

    /// Leaves the sixth form.
    pub fn of_year_13() -> Self {
        Self {
            forename: "Oluwaseun",
            surname: "Adebayo-Finch",
            born: date(2008, 2, 11),
            upn: Some(upn(13_001)),
            year_group: "13",
            provision: "K",
            needs: &["SPLD"],
        }
    }

    /// Of a nursery: no UPN yet.
    pub fn of_nursery() -> Self {
        Self {
            forename: "Hamza",
            surname: "Iqbal-Reed",
            born: date(2022, 12, 2),
            upn: None,
            year_group: "N2",
            provision: "K",
            needs: &["SLCN"],
        }
    }

    /// Another child with the same needs: other name, other UPN.
    pub fn but(self, forename: &'static str, surname: &'static str, serial: u32) -> Self {
        Self { forename, surname, upn: self.upn.map(|_| upn(serial)), ..self }
    }

    /// Words that must turn up in no log line, subject, header, public part or refusal.
    pub fn secrets(&self) -> Vec<String> {
        let born = self.born;
        let mut words = vec![
            self.forename.to_owned(),
            self.surname.to_owned(),
            format!("{:04}-{:02}-{:02}", born.year, born.month, born.day),
        ];
        words.extend(self.upn.clone());
        words
    }

    /// Asks to register the child.
    pub fn register(&self) -> learner::RegisterLearnerRequest {
        let upn = self.upn.iter().map(|upn| learner::NewIdentifier {
            kind: learner::IdentifierKind::Upn.into(),
            value: upn.clone(),
            ..Default::default()
        });
        let needs = (1..).zip(self.needs).map(|(rank, code)| learner::Need {
            rank,
            code: (*code).to_owned(),
            ..Default::default()
        });
        learner::RegisterLearnerRequest {
            request_id: request_id(),
            details: Some(learner::LearnerDetails {
                forename: self.forename.to_owned(),
                surname: self.surname.to_owned(),
                date_of_birth: Some(self.born),
                postcode: "ZZ99 1AA".to_owned(),
                year_group: self.year_group.to_owned(),
                ..Default::default()
            }),
            identifiers: upn.collect(),
            sen_provisions: vec![learner::SenProvision {
                provision_code: self.provision.to_owned(),
                start: Some(date(2025, 9, 1)),
                end: None,
            }],
            needs: needs.collect(),
            ..Default::default()
        }
    }
}
