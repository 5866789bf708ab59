//! A row of the transitions file: a learner, and a move that is planned.

use jiff::civil::Date;
use onward_domain::codes::LONGEST_CODE;
use onward_domain::codes::need::NeedType;
use onward_domain::codes::provision::SenProvision;
use onward_domain::learner::RankedNeed;
use onward_domain::transition::detail::{Detail, Planned};

use super::cells::Cells;
use super::learner::{self, LearnerRef};
use super::moves;
use super::reader::Row;
use super::template::Kind;

/// A move to record. No `Debug`: it must never reach a log line.
#[derive(Clone, PartialEq)]
pub struct TransitionRow {
    /// Who moves.
    pub learner: LearnerRef,
    /// Number of the setting left: the sender's own, or another's where the sender is the destination.
    pub source_urn: String,
    /// Number of the setting entered, a URN or UKPRN; absent where it is not known.
    pub destination: Option<String>,
    /// Home authority, three digits.
    pub home_la: String,
    /// Provision now.
    pub provision: SenProvision,
    /// Needs by rank.
    pub needs: Vec<RankedNeed>,
    /// Day of the EHC plan.
    pub ehc_plan_date: Option<Date>,
    /// Day of the next or last review.
    pub review_date: Option<Date>,
    /// When the move is planned.
    pub planned: Planned,
    /// The kind of move and its particulars. Settings are named by number only; no id is in it.
    pub detail: Detail,
    /// A university entry opens a Disabled Students' Allowance case.
    pub opens_dsa_case: bool,
}

impl Row for TransitionRow {
    const KIND: Kind = Kind::Transitions;

    fn read(cells: &mut Cells<'_>) -> Option<Self> {
        let learner = learner::read(cells);
        cells.needed("sex");
        cells.needed("nc_year");
        cells.needed("source_urn");
        cells.needed("la_code");
        let source_urn = cells.setting("source_urn");
        let home_la = cells.authority("la_code");
        let planned = cells.needed_planned("planned_date");
        let provision = cells.needed_code("sen_provision");
        let needs = needs(cells, provision);
        let (ehc_plan_date, review_date) = (cells.date("ehc_plan_date"), cells.date("review_date"));
        let destination = moves::destination(cells);
        let common = moves::Common {
            source: source_urn?,
            destination: destination.clone(),
            home_la: home_la?,
            planned: planned?,
            provision: provision?,
            nc_year: learner.as_ref().and_then(|learner| learner.person.nc_year.as_ref()?.known()),
        };
        let (detail, opens_dsa_case) = moves::read(cells, &common)?;
        Some(Self {
            learner: learner?,
            source_urn: common.source,
            destination,
            home_la: common.home_la,
            provision: common.provision,
            needs,
            ehc_plan_date,
            review_date,
            planned: common.planned,
            detail,
            opens_dsa_case,
        })
    }

    /// Learner, and which of its moves.
    fn row_key(&self) -> String {
        format!("{}|{}", self.learner.key(), self.part())
    }
}

impl TransitionRow {
    /// Which of the learner's moves: kind and school year; placements and moves within a year also by
    /// their day, since a learner may have several.
    pub fn part(&self) -> String {
        let (year, month) = match self.planned {
            Planned::Day(day) => (day.year(), day.month()),
            Planned::Month { year, month } => (year, month),
        };
        // July and August already belong to the moves of the coming school year.
        let school_year = if month < 7 { year - 1 } else { year };
        let key = format!("{}|{school_year}", moves::label(&self.detail));
        match &self.detail {
            Detail::AlternativeProvision(placement) => format!("{key}|{}", placement.start),
            Detail::InYearMove(_) | Detail::LocalAuthorityMove(_) => {
                format!("{key}|{}", moves::first_day(self.planned))
            }
            _ => key,
        }
    }
}

fn needs(cells: &mut Cells<'_>, provision: Option<SenProvision>) -> Vec<RankedNeed> {
    let given = [("need1", 1), ("need2", 2)].into_iter();
    let needs: Vec<_> = given
        .filter_map(|(column, rank)| {
            let need = NeedType::read(&cells.line_of(column)?);
            Some(RankedNeed { need, rank, from: None, to: None })
        })
        .collect();
    let needs = fitting(cells, provision, needs);
    if needs.iter().any(|need| need.need.row().is_none()) {
        let message = "a type of need is not in the list of codes; it is kept as it came";
        cells.warn("need1", "need_unknown", message);
    }
    if provision == Some(SenProvision::N) && !needs.is_empty() {
        let message = "a type of need is given, but the provision is N";
        cells.warn("need1", "need_without_provision", message);
    }
    needs
}

/// Needs that a record can hold; the others are pointed out, and the row goes on without them.
fn fitting(
    cells: &mut Cells<'_>,
    provision: Option<SenProvision>,
    mut needs: Vec<RankedNeed>,
) -> Vec<RankedNeed> {
    if let [first, second] = needs.as_slice()
        && first.need == second.need
    {
        cells.warn("need2", "need_twice", "the second need is the first; it is left out");
        needs.truncate(1);
    }
    let fits = |need: &RankedNeed| {
        let sen_support = provision.is_none_or(|provision| provision == SenProvision::K);
        need.need.as_str() != "NSA" || (need.rank == 1 && sen_support)
    };
    if !needs.iter().all(fits) {
        let message = "NSA goes with SEN support (K) and as the primary need only; it is left out";
        cells.warn("need1", "nsa_left_out", message);
        needs.retain(fits);
    }
    if needs.iter().any(|need| need.need.as_str().chars().count() > LONGEST_CODE) {
        let message = "this is longer than any code of a need; it is left out";
        cells.warn("need1", "need_too_long", message);
        needs.retain(|need| need.need.as_str().chars().count() <= LONGEST_CODE);
    }
    needs
}
