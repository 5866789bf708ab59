//! Numbers that exist only when valid: once parsed, the rest of the crate trusts the type.

use std::fmt;

use super::{Fault, Kind, check};

macro_rules! typed_numbers {
    ($($(#[$doc:meta])* $name:ident: $kind:ident, $debug:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Cleans and checks a text.
            ///
            /// # Errors
            /// The [`Fault`] found; the text is not repeated in it.
            pub fn parse(raw: &str) -> Result<Self, Fault> {
                check(Kind::$kind, raw).into_valid().map(|cleaned| Self(cleaned.into()))
            }

            /// The number in the form that is stored.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        typed_numbers!(@$debug $name);
    )*};
    (@redacted $name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
    (@open $name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

typed_numbers! {
    /// Unique pupil number, permanent or temporary.
    Upn: Upn, redacted;
    /// Unique learner number.
    Uln: Uln, redacted;
    /// NHS number.
    NhsNumber: Nhs, redacted;
    /// Unique reference number of an establishment.
    Urn: Urn, open;
    /// Number of an early-years setting.
    EyUrn: EyUrn, open;
    /// Local authority and establishment number, `NNN/NNNN`.
    Laestab: Laestab, open;
    /// UK provider reference number.
    Ukprn: Ukprn, open;
    /// HESA student identifier, from 2022/23.
    Sid: Sid, redacted;
    /// HESA unique student identifier, before 2022/23.
    Husid: Husid, redacted;
    /// NHS organisation code.
    OdsCode: Ods, open;
    /// Learning aim reference.
    LearnAimRef: LearnAimRef, open;
    /// A provider's own reference of a learner; with the UKPRN it is a key.
    LearnRefNumber: LearnRefNumber, redacted;
}

impl Upn {
    /// Whether a permanent UPN is still to come.
    pub fn is_temporary(&self) -> bool {
        super::upn::is_temporary(&self.0)
    }
}

impl NhsNumber {
    /// The number as people read it: 3-3-4.
    pub fn spaced(&self) -> String {
        format!("{} {} {}", &self.0[..3], &self.0[3..6], &self.0[6..])
    }

    /// All but the last four digits hidden, as it is shown by default.
    pub fn masked(&self) -> String {
        format!("••• ••• {}", &self.0[6..])
    }

    /// From the range set aside for tests: to be refused in production.
    pub fn is_synthetic(&self) -> bool {
        super::nhs::is_synthetic(&self.0)
    }
}

impl Laestab {
    /// The authority's three digits.
    pub fn la_code(&self) -> &str {
        &self.0[..3]
    }

    /// The establishment's four digits, unique only inside the authority.
    pub fn establishment(&self) -> &str {
        &self.0[4..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_learners_are_never_printed() {
        let upn = Upn::parse("H801200001001").expect("a vector of the page");
        let nhs = NhsNumber::parse("9434765919").expect("a vector of the page");
        let own = LearnRefNumber::parse("AB 0012").expect("a vector of the page");
        assert_eq!(format!("{upn:?} {nhs:?} {own:?}"), "Upn(…) NhsNumber(…) LearnRefNumber(…)");
        assert_eq!(upn.as_str(), "H801200001001");
    }

    #[test]
    fn numbers_of_places_are_printed() {
        let laestab = Laestab::parse("3022000").expect("Barnet is an authority");
        assert_eq!((laestab.la_code(), laestab.establishment()), ("302", "2000"));
        assert_eq!(format!("{laestab} {laestab:?}"), "302/2000 Laestab(302/2000)");
    }

    #[test]
    fn faults_are_those_of_the_check() {
        assert_eq!(Uln::parse("9999999999"), Err(Fault::Special));
        assert_eq!(Uln::parse("0276308686"), Err(Fault::InvalidFormat));
        assert_eq!(Upn::parse("A801200001001"), Err(Fault::InvalidCheck));
        assert_eq!(Urn::parse(""), Err(Fault::InvalidFormat));
        assert!(Fault::Special.to_string().contains("placeholder"));
        assert_eq!(Fault::Special.outcome().as_str(), "special");
    }

    #[test]
    fn particulars() {
        let temporary = Upn::parse("z82221002600b").expect("a vector of the page");
        assert!(temporary.is_temporary());
        let nhs = NhsNumber::parse("999 000 0018").expect("a vector of the page");
        assert!(nhs.is_synthetic());
        assert_eq!((nhs.spaced(), nhs.masked()), ("999 000 0018".into(), "••• ••• 0018".into()));
    }
}
