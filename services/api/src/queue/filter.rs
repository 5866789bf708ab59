//! Which waiting referrals a claim may take. Setting, priority and the referral itself are known to the
//! log; ticks and ages are sealed, so that for them the forms of those that wait are opened here, in the
//! order of the queue, and the claim is asked for among the ones that fit.

use jiff::civil::Date;
use onward_contract::referral::v1 as wire;
use onward_domain::calendar::Age;
use onward_domain::codes::referral::{NeedTick, Priority};
use onward_domain::ids::{OrganisationId, QueueId, ReferralId};
use onward_domain::referral::{Form, ReferralState};
use onward_log::ClaimFilters;
use onward_views::queue::{QueueQuery, Whose};
use uuid::Uuid;

use super::item::{Opened, open_forms};
use crate::Doors;
use crate::status::Failure;
use crate::wire as parse;
use crate::wire::referral as shape;

/// Waiting referrals whose forms are opened for one claim at most.
const MOST: usize = 5_000;

/// Rows that are read at once.
const CHUNK: u16 = 200;

/// What a claim may take.
pub(super) async fn filters(
    doors: &Doors,
    queue: QueueId,
    said: Option<&wire::ClaimFilter>,
    today: Date,
) -> Result<ClaimFilters, Failure> {
    let Some(said) = said else { return Ok(ClaimFilters::default()) };
    let wanted = Wanted::read(said)?;
    let mut filters = ClaimFilters {
        settings: wanted.settings.clone(),
        referrals: wanted.referrals.clone(),
        priority: wanted.least().map(Priority::level),
    };
    if wanted.needs_forms() {
        filters.referrals = wanted.among_waiting(doors, queue, today).await?;
        if filters.referrals.is_empty() {
            // An empty list lets everything through; nothing has this id.
            filters.referrals.push(ReferralId::new(Uuid::nil()));
        }
    }
    Ok(filters)
}

struct Wanted {
    priorities: Vec<Priority>,
    ticks: Vec<NeedTick>,
    settings: Vec<OrganisationId>,
    referrals: Vec<ReferralId>,
    from: Option<u32>,
    to: Option<u32>,
}

impl Wanted {
    fn read(said: &wire::ClaimFilter) -> Result<Self, Failure> {
        let mut priorities = Vec::new();
        for number in &said.priorities {
            priorities.extend(shape::priority("filter.priorities", *number)?);
        }
        let settings = said.setting_organisation_ids.iter();
        let referrals = said.referral_ids.iter();
        Ok(Self {
            priorities,
            ticks: shape::ticks("filter.need_ticks", &said.need_ticks)?,
            settings: settings
                .map(|id| parse::id("filter.setting_organisation_ids", id))
                .collect::<Result<_, _>>()?,
            referrals: referrals
                .map(|id| parse::id("filter.referral_ids", id))
                .collect::<Result<_, _>>()?,
            from: said.age_months_from,
            to: said.age_months_to,
        })
    }

    /// The lowest priority asked for, where every higher one is asked for too.
    fn least(&self) -> Option<Priority> {
        let least = self.priorities.iter().copied().min()?;
        let all = Priority::ALL.iter().filter(|level| **level >= least);
        all.into_iter().all(|level| self.priorities.contains(level)).then_some(least)
    }

    fn needs_forms(&self) -> bool {
        !self.ticks.is_empty()
            || self.from.is_some()
            || self.to.is_some()
            || (!self.priorities.is_empty() && self.least().is_none())
    }

    fn fits(&self, form: &Form, today: Date) -> bool {
        let tick =
            self.ticks.is_empty() || form.need_ticks.iter().any(|tick| self.ticks.contains(tick));
        let months = Age::on(form.person.date_of_birth, today).map(|age| u32::from(age.months()));
        let aged = |bound: Option<u32>, holds: fn(u32, u32) -> bool| {
            bound.is_none_or(|bound| months.is_some_and(|months| holds(months, bound)))
        };
        tick && aged(self.from, |months, from| months >= from)
            && aged(self.to, |months, to| months <= to)
    }

    /// Those that wait and fit, in the order of the queue. One that is claimed meanwhile is left out by
    /// the claim itself.
    async fn among_waiting(
        &self,
        doors: &Doors,
        queue: QueueId,
        today: Date,
    ) -> Result<Vec<ReferralId>, Failure> {
        let mut query = QueueQuery::new(Whose::Queue(queue));
        // A lease that ran out is met by the claim: what is held may be free by then.
        query.states = vec![ReferralState::Accepted, ReferralState::Claimed];
        query.priorities = self.priorities.iter().map(|level| level.level()).collect();
        query.limit = CHUNK;
        let (mut found, mut seen) = (Vec::new(), 0);
        while seen < MOST {
            let page = doors.views().queue().list(&query).await?;
            seen += page.referrals.len();
            for Opened { row, form } in open_forms(doors, page.referrals).await {
                let named = self.referrals.is_empty() || self.referrals.contains(&row.referral);
                if named && form.is_some_and(|form| self.fits(&form, today)) {
                    found.push(row.referral);
                }
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(priorities: &[i32]) -> Wanted {
        let said = wire::ClaimFilter { priorities: priorities.to_vec(), ..Default::default() };
        Wanted::read(&said).unwrap_or_else(|_| panic!("a filter"))
    }

    #[test]
    fn priorities_from_one_upwards_need_no_forms() {
        assert_eq!(wanted(&[2, 3]).least(), Some(Priority::Urgent));
        assert!(!wanted(&[2, 3]).needs_forms() && !wanted(&[]).needs_forms());
        assert_eq!(wanted(&[1, 3]).least(), None);
        assert!(wanted(&[1, 3]).needs_forms() && wanted(&[1]).needs_forms());
    }

    #[test]
    fn ages_and_ticks_need_the_forms() {
        let said = wire::ClaimFilter { age_months_from: Some(36), ..Default::default() };
        assert!(Wanted::read(&said).is_ok_and(|wanted| wanted.needs_forms()));
        let said = wire::ClaimFilter { need_ticks: vec![0], ..Default::default() };
        assert!(Wanted::read(&said).is_err());
    }
}
