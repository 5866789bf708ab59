//! Types of special educational need, from `data/need_types.csv`.

use std::fmt;
use std::sync::LazyLock;

use jiff::civil::Date;

use super::provision::SenProvision;
use super::table::{Table, in_force};

closed_codes! {
    /// Broad area of need.
    pub enum NeedArea("area of need") {
        /// Cognition and learning.
        CognitionLearning = "COGNITION_LEARNING",
        /// Social, emotional and mental health.
        Semh = "SEMH",
        /// Communication and interaction.
        CommunicationInteraction = "COMMUNICATION_INTERACTION",
        /// Sensory and physical.
        SensoryPhysical = "SENSORY_PHYSICAL",
        /// None of the four.
        Other = "OTHER",
    }
}

/// One line of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct NeedRow {
    /// Code as census and transfer files write it.
    pub code: &'static str,
    /// Name in words.
    pub label: &'static str,
    /// Broad area.
    pub area: NeedArea,
    /// ILR `LLDDCat` codes to suggest to a college, which confirms or changes them.
    pub ilr_suggested: Vec<&'static str>,
    /// First day of use, where known.
    pub valid_from: Option<Date>,
    /// Last day of use; none = in use.
    pub valid_to: Option<Date>,
}

/// A type of need as recorded: one of the table, or kept as it came.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NeedType {
    /// A code of the table, current or ended.
    Known(KnownNeed),
    /// A code that the table does not have, cleaned; kept and reported.
    Unknown(String),
}

/// A code of the table.
#[derive(Clone, Copy)]
pub struct KnownNeed(&'static NeedRow);

static TABLE: LazyLock<Vec<NeedRow>> = LazyLock::new(|| {
    let table = Table::read(include_str!("../../data/need_types.csv"));
    let rows = table.rows().map(|row| NeedRow {
        code: row.text("code"),
        label: row.text("label"),
        area: NeedArea::parse(row.text("area")).unwrap_or(NeedArea::Other),
        ilr_suggested: row.list("ilr_suggested"),
        valid_from: row.date("valid_from"),
        valid_to: row.date("valid_to"),
    });
    rows.collect()
});

/// What is wrong with a set of needs. Each is a warning: the needs are recorded all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NeedWarning {
    /// A type of need goes with SEN support or an EHC plan.
    #[error("a type of need is given, but the provision is neither SEN support nor an EHC plan")]
    NeedsProvision,
    /// `NSA` goes with SEN support only.
    #[error("NSA is used with SEN support only")]
    NsaWithoutSenSupport,
    /// `NSA` can only be the primary need.
    #[error("NSA can only be the primary need")]
    NsaNotPrimary,
    /// The table does not have this code.
    #[error("a type of need is not in the list of codes")]
    UnknownCode,
    /// The code was out of use on the day.
    #[error("a type of need was not in use on that day")]
    EndedCode,
}

impl NeedType {
    /// Every line of the table, the ended ones too.
    pub fn table() -> &'static [NeedRow] {
        &TABLE
    }

    /// Every code of the table, the ended ones too.
    pub fn known() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| Self::Known(KnownNeed(row)))
    }

    /// Reads a code as files write it: trimmed, ASCII upper case, older spellings folded
    /// (`NSA*` → `NSA`, `PLD` → `SPLD`). Never fails: what is not in the table is kept.
    pub fn read(raw: &str) -> Self {
        let cleaned = raw.trim().to_ascii_uppercase();
        let code = match cleaned.as_str() {
            "NSA*" => "NSA",
            "PLD" => "SPLD",
            other => other,
        };
        match TABLE.iter().find(|row| row.code == code) {
            Some(row) => Self::Known(KnownNeed(row)),
            None => Self::Unknown(cleaned),
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(known) => known.0.code,
            Self::Unknown(code) => code,
        }
    }

    /// The line of the table, for a known code.
    pub fn row(&self) -> Option<&'static NeedRow> {
        match self {
            Self::Known(known) => Some(known.0),
            Self::Unknown(_) => None,
        }
    }

    /// Name in words, or the code itself where the table has none.
    pub fn label(&self) -> &str {
        self.row().map_or(self.as_str(), |row| row.label)
    }

    /// Whether the code was in use on a day. Unknown codes never are.
    pub fn is_current(&self, on: Date) -> bool {
        self.row().is_some_and(|row| in_force(row.valid_from, row.valid_to, on))
    }
}

/// Checks a ranked set of needs (rank 1 = primary) beside the provision of the same day.
pub fn check(provision: SenProvision, needs: &[(u8, NeedType)], on: Date) -> Vec<NeedWarning> {
    let mut warnings = Vec::new();
    if !needs.is_empty() && !provision.has_needs() {
        warnings.push(NeedWarning::NeedsProvision);
    }
    for (rank, need) in needs {
        if need.row().is_none() {
            warnings.push(NeedWarning::UnknownCode);
        } else if !need.is_current(on) {
            warnings.push(NeedWarning::EndedCode);
        }
        if need.as_str() == "NSA" && provision != SenProvision::K {
            warnings.push(NeedWarning::NsaWithoutSenSupport);
        }
        if need.as_str() == "NSA" && *rank > 1 {
            warnings.push(NeedWarning::NsaNotPrimary);
        }
    }
    warnings
}

// === impl KnownNeed: one line is one code, so the code decides ===

impl PartialEq for KnownNeed {
    fn eq(&self, other: &Self) -> bool {
        self.0.code == other.0.code
    }
}

impl Eq for KnownNeed {}

impl PartialOrd for KnownNeed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for KnownNeed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.code.cmp(other.0.code)
    }
}

impl std::hash::Hash for KnownNeed {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.code.hash(state);
    }
}

impl fmt::Debug for KnownNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code)
    }
}

/// An unknown code is whatever a file held in that place, a name perhaps: never printed.
impl fmt::Debug for NeedType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(known) => write!(f, "Known({known:?})"),
            Self::Unknown(_) => f.write_str("Unknown(…)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::assert_set;
    use jiff::civil::date;
    use rstest::rstest;

    const TODAY: Date = date(2026, 9, 1);

    #[test]
    fn the_table_is_whole() {
        let text = include_str!("../../data/need_types.csv");
        let table = Table::read(text);
        assert_eq!(table.ragged(), Vec::<usize>::new());
        assert!(table.rows().all(|row| NeedArea::parse(row.text("area")).is_ok()));
        let codes: Vec<_> = NeedType::table().iter().map(|row| row.code).collect();
        let page = "SPLD,MLD,SLD,PMLD,SEMH,SLCN,ASD,HI,VI,MSI,PD,OTH,NSA,DS,BESD";
        assert_eq!(codes.join(","), page);
        assert_eq!(NeedType::known().filter(|need| need.is_current(TODAY)).count(), 14);
        assert_set::<NeedArea>(
            "COGNITION_LEARNING, SEMH, COMMUNICATION_INTERACTION, SENSORY_PHYSICAL, OTHER",
        );
    }

    #[rstest]
    #[case("NSA*", "NSA")]
    #[case("PLD", "SPLD")]
    #[case(" slcn ", "SLCN")]
    #[case("MSI", "MSI")]
    fn read_folds_older_spellings(#[case] raw: &str, #[case] code: &str) {
        let need = NeedType::read(raw);
        assert_eq!(need.as_str(), code);
        assert!(need.row().is_some());
    }

    #[test]
    fn an_unknown_code_is_kept_and_not_printed() {
        let need = NeedType::read("smith");
        assert_eq!(need, NeedType::Unknown("SMITH".to_owned()));
        assert_eq!((need.as_str(), need.label()), ("SMITH", "SMITH"));
        assert!(!need.is_current(TODAY));
        assert_eq!(format!("{need:?}"), "Unknown(…)");
    }

    #[test]
    fn an_ended_code_is_known_but_not_current() {
        let behaviour = NeedType::read("BESD");
        assert!(behaviour.is_current(date(2014, 8, 31)));
        assert!(!behaviour.is_current(date(2014, 9, 1)));
        assert!(!NeedType::read("DS").is_current(date(2024, 12, 31)));
    }

    #[test]
    fn multi_sensory_suggests_both_categories() {
        let row = NeedType::read("MSI").row().expect("MSI is in the table");
        assert_eq!(row.ilr_suggested, ["4", "5"]);
        assert_eq!(row.area, NeedArea::SensoryPhysical);
    }

    #[rstest]
    #[case(SenProvision::K, &[(1, "SLCN"), (2, "MLD")], &[])]
    #[case(SenProvision::K, &[(1, "NSA")], &[])]
    #[case(SenProvision::E, &[(1, "NSA")], &[NeedWarning::NsaWithoutSenSupport])]
    #[case(SenProvision::K, &[(1, "ASD"), (2, "NSA")], &[NeedWarning::NsaNotPrimary])]
    #[case(SenProvision::N, &[(1, "ASD")], &[NeedWarning::NeedsProvision])]
    #[case(SenProvision::N, &[], &[])]
    #[case(SenProvision::E, &[(1, "QQ")], &[NeedWarning::UnknownCode])]
    #[case(SenProvision::E, &[(1, "BESD")], &[NeedWarning::EndedCode])]
    fn the_rules_of_a_set(
        #[case] provision: SenProvision,
        #[case] needs: &[(u8, &str)],
        #[case] expected: &[NeedWarning],
    ) {
        let needs: Vec<_> =
            needs.iter().map(|(rank, code)| (*rank, NeedType::read(code))).collect();
        assert_eq!(check(provision, &needs, TODAY), expected);
    }
}
