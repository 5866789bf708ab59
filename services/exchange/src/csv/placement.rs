//! A placement in alternative provision, as a row of the transitions file tells it.

use jiff::civil::Date;
use onward_domain::codes::kind::TransitionKind;
use onward_domain::codes::placement::{ApDestination, ApDestinationCode, ApTier};
use onward_domain::numbers::Urn;
use onward_domain::transition::detail::{AlternativeProvision, Detail};

use super::cells::Cells;
use super::moves::{Common, needed_destination, planned_end, start};

/// The particulars of a placement.
pub(super) fn read(cells: &mut Cells<'_>, common: &Common) -> Option<Detail> {
    let tier = cells.needed_code::<ApTier>("tier");
    let to = match tier {
        Some(ApTier::Tier1) => Some(common.to().unwrap_or_else(|| common.from())),
        _ => needed_destination(cells, common, "dest_urn"),
    };
    let start = start(cells, common);
    cells.needed("planned_end");
    let planned_end = planned_end(cells, start);
    let destination = tier.and_then(|tier| ap_destination(cells, common, tier));
    cells.needed("review_dates");
    let review_dates = cells.dates("review_dates");
    let inside = |day: &Date| start <= Some(*day) && Some(*day) <= planned_end;
    if !review_dates.is_empty() && !review_dates.iter().any(inside) {
        cells.refuse("review_dates", "outside", "no review date lies inside the placement");
    }
    Some(Detail::AlternativeProvision(AlternativeProvision {
        from: common.from(),
        to: to?,
        tier: tier?,
        start: start?,
        planned_end: planned_end?,
        destination: destination?,
        review_dates,
    }))
}

fn ap_destination(cells: &mut Cells<'_>, common: &Common, tier: ApTier) -> Option<ApDestination> {
    let code = match (cells.line_of("destination_kind"), tier) {
        (None, ApTier::Tier1) => ApDestinationCode::OwnSchool,
        (None, ApTier::Tier2) => ApDestinationCode::ReturnSchool,
        _ => cells.needed_code("destination_kind")?,
    };
    let destination = match code {
        ApDestinationCode::OwnSchool => ApDestination::OwnSchool,
        ApDestinationCode::ReturnSchool => {
            ApDestination::ReturnSchool(return_school(cells, common)?)
        }
        ApDestinationCode::NewSchool => {
            cells.needed("destination_urn");
            ApDestination::NewSchool(cells.number("destination_urn", "URN", Urn::parse)?)
        }
        ApDestinationCode::Post16 => {
            let kind = cells.code("destination_transition");
            ApDestination::Post16(kind.unwrap_or(TransitionKind::SecondaryToPost16))
        }
    };
    if !destination.fits(tier) {
        cells.refuse(
            "destination_kind",
            "not_of_tier",
            "a placement of this tier does not lead there",
        );
    }
    Some(destination)
}

/// The school named, else the one left.
fn return_school(cells: &mut Cells<'_>, common: &Common) -> Option<Urn> {
    match cells.line_of("destination_urn") {
        Some(_) => cells.number("destination_urn", "URN", Urn::parse),
        None => Urn::parse(&common.source).ok(),
    }
}
