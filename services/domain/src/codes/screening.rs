//! What is known about each screening tool: ages and the shape of its result
//! (`data/screening_tools.csv`).

use std::sync::LazyLock;

use super::referral::ScreeningTool;
use super::table::Table;
use crate::calendar::age::Age;

/// One tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolFacts {
    /// Which tool.
    pub tool: ScreeningTool,
    /// Name in words.
    pub label: &'static str,
    /// Youngest age, inclusive; none = no limit known.
    pub from: Option<Age>,
    /// Oldest age, inclusive.
    pub to: Option<Age>,
    /// Shape of the result, `RAG_PER_SECTION` for example.
    pub result: &'static str,
}

static TABLE: LazyLock<Vec<ToolFacts>> = LazyLock::new(|| {
    let table = Table::read(include_str!("../../data/screening_tools.csv"));
    let rows = table.rows().filter_map(|row| {
        Some(ToolFacts {
            tool: ScreeningTool::parse(row.text("code")).ok()?,
            label: row.text("label"),
            from: Age::parse(row.text("age_from")),
            to: Age::parse(row.text("age_to")),
            result: row.text("result"),
        })
    });
    rows.collect()
});

impl ScreeningTool {
    /// What the table says about the tool.
    pub fn facts(self) -> Option<&'static ToolFacts> {
        TABLE.iter().find(|facts| facts.tool == self)
    }

    /// Whether the tool is meant for this age. Only ever a warning.
    pub fn suits(self, age: Age) -> bool {
        self.facts().is_none_or(|facts| {
            facts.from.is_none_or(|from| from <= age) && facts.to.is_none_or(|to| age <= to)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_its_line() {
        let table = Table::read(include_str!("../../data/screening_tools.csv"));
        assert_eq!(table.ragged(), Vec::<usize>::new());
        assert!(ScreeningTool::ALL.iter().all(|tool| tool.facts().is_some()));
        assert_eq!(TABLE.len(), table.rows().count());
    }

    #[test]
    fn ages_are_inclusive_at_both_ends() {
        let tool = ScreeningTool::WellcommEy;
        assert!(tool.suits(Age::from_months(6)) && tool.suits(Age::from_months(72)));
        assert!(!tool.suits(Age::from_months(5)) && !tool.suits(Age::from_months(73)));
        assert!(ScreeningTool::Other.suits(Age::from_months(200)));
    }
}
