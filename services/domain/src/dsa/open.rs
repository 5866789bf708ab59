//! Open a case. It is not started until the student applies.

use super::{DsaCaseOpened, DsaFact, DsaFold};
use crate::decider::{Faults, Outcome, Refusal};

/// Opens a case. A new try after a final state is a new case that names the old one.
#[derive(Clone)]
pub struct Open {
    /// All that is said about the case.
    pub case: DsaCaseOpened,
}

impl Open {
    pub(super) fn decide(self, state: &DsaFold) -> Result<Outcome<DsaFact>, Refusal> {
        if let Some(opened) = &state.opened {
            return if opened.fact == self.case {
                Ok(Outcome::AlreadyDone(opened.version))
            } else {
                Err(Refusal::Exists {
                    reason: "EXISTS_WITH_OTHER_CONTENT",
                    message: "this case is open with other particulars".to_owned(),
                    existing: Some(opened.fact.case.uuid()),
                })
            };
        }
        let mut faults = Faults::default();
        faults.unless(self.case.provider.is_named(), "provider", "names no university");
        faults.blank("course", &self.case.course);
        let year = is_academic_year(&self.case.academic_year);
        faults.unless(year, "academic_year", "is not of the form 2026/27");
        let itself = self.case.previous == Some(self.case.case);
        faults.unless(!itself, "previous", "is this case itself");
        faults.finish()?;
        Ok(Outcome::one(DsaFact::Opened(self.case)))
    }
}

/// `2026/27`: a year and the last two digits of the next.
pub(crate) fn is_academic_year(text: &str) -> bool {
    let Some((first, second)) = text.split_once('/') else { return false };
    let digits = |text: &str, len: usize| {
        text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(first, 4) || !digits(second, 2) {
        return false;
    }
    let (first, second): (Option<u16>, Option<u16>) = (first.parse().ok(), second.parse().ok());
    first.zip(second).is_some_and(|(first, second)| (first + 1) % 100 == second)
}

#[cfg(test)]
mod tests {
    use super::super::DsaCase;
    use super::super::tests::{case, open};
    use super::*;
    use crate::learner::Setting;
    use crate::scenario::given;
    use rstest::rstest;

    #[test]
    fn a_case_opens_once() {
        given::<DsaCase>(vec![]).when(open()).then(vec![DsaFact::Opened(case())]);
        let opened = given::<DsaCase>(vec![]).and(open());
        opened.when(open()).then_already(1);
        let other = DsaCaseOpened { course: "Law".to_owned(), ..case() };
        opened.when(Open { case: other }).then_rule("EXISTS_WITH_OTHER_CONTENT");
    }

    #[test]
    fn every_faulty_field_is_named() {
        let faulty = DsaCaseOpened {
            provider: Setting::default(),
            course: String::new(),
            academic_year: "2026".to_owned(),
            previous: Some(case().case),
            ..case()
        };
        let fields = ["provider", "course", "academic_year", "previous"];
        given::<DsaCase>(vec![]).when(Open { case: faulty }).then_invalid(&fields);
    }

    #[rstest]
    #[case("2026/27", true)]
    #[case("1999/00", true)]
    #[case("2026/28", false)]
    #[case("2026-27", false)]
    #[case("26/27", false)]
    #[case("2026/2027", false)]
    #[case("२०२६/27", false)]
    #[case("", false)]
    fn academic_years(#[case] text: &str, #[case] is_one: bool) {
        assert_eq!(is_academic_year(text), is_one);
    }
}
