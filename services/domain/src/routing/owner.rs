//! Who owns the referral of a setting on a day: the board of its authority, and the pathfinder that
//! holds the authority.

use std::fmt;

use jiff::civil::Date;

use super::authority::Authority;
use super::icb::Icb;
use super::pathfinder::Pathfinder;
use super::place;

/// The answer. Facts keep the owner of their own date; what is open is asked about again on the
/// day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// One board.
    One {
        /// The board.
        icb: &'static Icb,
        /// The partnership that holds the authority, if one does.
        pathfinder: Option<&'static Pathfinder>,
        /// What settled it.
        basis: Basis,
    },
    /// The authority is split, and the postcode is absent or does not settle it.
    Ambiguous {
        /// The boards it could be.
        candidates: Vec<&'static Icb>,
        /// The partnership that holds the authority, if one does.
        pathfinder: Option<&'static Pathfinder>,
    },
    /// No board.
    None {
        /// Why not.
        why: NoOwner,
    },
}

/// What settled the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// One board covers the whole authority.
    WholeAuthority,
    /// The authority is split; the postcode lies in this board's part.
    Postcode,
}

/// Why there is no owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoOwner {
    /// No authority has this code.
    UnknownAuthority,
    /// The authority did not exist yet.
    NotYet,
    /// The authority no longer exists.
    Ended,
    /// No board covers the authority on that day: boards began on 1 July 2022.
    NoBoard,
}

/// The owner of a referral from a setting in this authority. Only a split authority needs the
/// postcode.
pub fn owner(la_code: &str, on: Date, postcode: Option<&str>) -> Owner {
    let authority = match standing(la_code, on) {
        Ok(authority) => authority,
        Err(why) => return Owner::None { why },
    };
    let pathfinder = Pathfinder::of(authority.code, on);
    let candidates = Icb::covering(authority.code, on);
    match candidates.as_slice() {
        [] => Owner::None { why: NoOwner::NoBoard },
        [icb] => Owner::One { icb, pathfinder, basis: Basis::WholeAuthority },
        _ => match settled(authority.code, &candidates, postcode) {
            Some(icb) => Owner::One { icb, pathfinder, basis: Basis::Postcode },
            None => Owner::Ambiguous { candidates, pathfinder },
        },
    }
}

fn standing(la_code: &str, on: Date) -> Result<&'static Authority, NoOwner> {
    let authority = Authority::find(la_code.trim()).ok_or(NoOwner::UnknownAuthority)?;
    if authority.is_current(on) {
        Ok(authority)
    } else if authority.valid_to.is_some_and(|last| last < on) {
        Err(NoOwner::Ended)
    } else {
        Err(NoOwner::NotYet)
    }
}

fn settled(
    la_code: &str,
    candidates: &[&'static Icb],
    postcode: Option<&str>,
) -> Option<&'static Icb> {
    let code = place::board(la_code, postcode?)?;
    candidates.iter().copied().find(|icb| icb.code == code)
}

impl Owner {
    /// The board, when there is exactly one.
    pub fn icb(&self) -> Option<&'static Icb> {
        match self {
            Self::One { icb, .. } => Some(icb),
            Self::Ambiguous { .. } | Self::None { .. } => None,
        }
    }

    /// The partnership that holds the authority: known even where the board is not.
    pub fn pathfinder(&self) -> Option<&'static Pathfinder> {
        match self {
            Self::One { pathfinder, .. } | Self::Ambiguous { pathfinder, .. } => *pathfinder,
            Self::None { .. } => None,
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WholeAuthority => "one board covers the whole authority on that day",
            Self::Postcode => "the authority is split; the postcode lies in this board's part",
        })
    }
}

impl fmt::Display for NoOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownAuthority => "no authority has this code",
            Self::NotYet => "the authority did not exist yet on that day",
            Self::Ended => "the authority no longer existed on that day",
            Self::NoBoard => "no integrated care board covered the authority on that day",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use rstest::rstest;

    const BEFORE: Date = date(2026, 3, 31);
    const AFTER: Date = date(2026, 4, 1);

    /// The board, the candidates joined by `;`, or the reason.
    fn answer(la_code: &str, on: Date, postcode: Option<&str>) -> String {
        match owner(la_code, on, postcode) {
            Owner::One { icb, .. } => icb.code.to_owned(),
            Owner::Ambiguous { candidates, .. } => {
                let codes: Vec<_> = candidates.iter().map(|icb| icb.code).collect();
                codes.join(";")
            }
            Owner::None { why } => format!("{why:?}"),
        }
    }

    #[rstest]
    #[case("302", BEFORE, None, "QMJ")]
    #[case("302", AFTER, None, "Z9B2Z")]
    #[case("380", AFTER, None, "QWO")]
    #[case(" 380 ", AFTER, Some("nonsense"), "QWO")]
    #[case("850", BEFORE, None, "QRL;QNQ")]
    #[case("850", BEFORE, Some("GU14 7AA"), "QNQ")]
    #[case("850", BEFORE, Some("SO23 8UJ"), "QRL")]
    #[case("850", BEFORE, Some("RG27 9AA"), "QRL;QNQ")]
    #[case("850", AFTER, None, "QRL")]
    #[case("881", BEFORE, None, "QH8;QM7;QJG")]
    #[case("881", BEFORE, Some("CM20 1AA"), "QM7")]
    #[case("881", AFTER, None, "D7T5G")]
    #[case("815", AFTER, None, "QOQ;QWO")]
    #[case("815", AFTER, Some("BD23 1AA"), "QWO")]
    #[case("815", AFTER, Some("M1 1AA"), "QOQ;QWO")]
    #[case("942", AFTER, Some("LA18"), "QE1")]
    #[case("943", AFTER, Some("CA11"), "QHM")]
    #[case("936", date(2027, 3, 31), None, "S9B9J")]
    #[case("936", date(2027, 4, 1), None, "Ended")]
    #[case("909", date(2023, 3, 31), None, "QHM;QE1")]
    #[case("909", date(2023, 4, 1), None, "Ended")]
    #[case("942", date(2023, 3, 31), None, "NotYet")]
    #[case("302", date(2022, 6, 30), None, "NoBoard")]
    #[case("302", date(2022, 7, 1), None, "QMJ")]
    #[case("999", AFTER, None, "UnknownAuthority")]
    fn boards(
        #[case] la_code: &str,
        #[case] on: Date,
        #[case] postcode: Option<&str>,
        #[case] expected: &str,
    ) {
        assert_eq!(answer(la_code, on, postcode), expected);
    }

    #[test]
    fn the_pathfinder_follows_the_authority() {
        let key = |la_code, on| owner(la_code, on, None).pathfinder().map(|one| one.key);
        assert_eq!(key("302", AFTER), Some("elsec-london"));
        assert_eq!(key("302", date(2023, 8, 31)), None);
        assert_eq!(key("303", AFTER), None);
        // Partners of the south-east partnership lie under another board than its host.
        let brighton = owner("846", BEFORE, None);
        assert_eq!(brighton.pathfinder().map(|one| one.key), Some("elsec-south-east"));
        assert_eq!(brighton.icb().map(|icb| icb.code), Some("QNX"));
    }

    #[test]
    fn every_answer_says_why() {
        let basis = |postcode| match owner("815", AFTER, postcode) {
            Owner::One { basis, .. } => basis.to_string(),
            other => format!("{other:?}"),
        };
        assert!(basis(Some("YO1 7AA")).contains("split"));
        assert!(owner("815", AFTER, None).icb().is_none());
        assert!(NoOwner::Ended.to_string().contains("no longer"));
    }
}
