//! A referral as anybody of the team sees it before a claim: initials, age band, ticks, setting, how long
//! it has waited and how soon it should be seen; no more, whoever asks.

use onward_contract::referral::v1 as wire;
use onward_domain::codes::referral::Priority;
use onward_domain::event::Event;
use onward_domain::referral::{Form, ReferralFact};
use onward_views::queue::Referral as Row;

use crate::Doors;
use crate::call::moment;
use crate::guard::Caller;
use crate::referral::waited;
use crate::status::Failure;
use crate::wire::{date, person, referral as shape};

/// A row of the queue and its form; none where the form was erased or cannot be read.
pub(super) struct Opened {
    pub(super) row: Row,
    pub(super) form: Option<Form>,
}

/// Opens the forms of rows, all at once.
pub(super) async fn open_forms(doors: &Doors, rows: Vec<Row>) -> Vec<Opened> {
    let copies: Vec<_> = rows.iter().filter_map(|row| row.form.clone()).collect();
    let mut opened = doors.log().open_events(&copies).await.into_iter();
    rows.into_iter()
        .map(|row| {
            let event = if row.form.is_some() { opened.next() } else { None };
            let form = event.and_then(Result::ok).and_then(|opened| form_of(opened.event));
            Opened { row, form }
        })
        .collect()
}

fn form_of(event: Event) -> Option<Form> {
    match event {
        Event::Referral(ReferralFact::Submitted(fact)) => Some(fact.form),
        Event::Referral(ReferralFact::InformationProvided(fact)) => fact.form,
        _ => None,
    }
}

impl Opened {
    /// Days waited, whole weeks, and whether that is a breach.
    pub(super) fn waited(&self, caller: &Caller) -> (u32, u32, bool) {
        let days = self.row.waiting_days(caller.now.today);
        let until = self.row.received_on.saturating_add(jiff::ToSpan::days(days));
        waited(self.row.received_on, until)
    }
}

impl Doors {
    /// The item.
    pub(super) async fn item(
        &self,
        caller: &Caller,
        opened: &Opened,
    ) -> Result<wire::QueueItem, Failure> {
        let row = &opened.row;
        let (days_waiting, weeks_waiting, breached) = opened.waited(caller);
        let held = row.held_until.filter(|until| *until > caller.now.at);
        let me = Some(caller.member);
        let mut item = wire::QueueItem {
            referral_id: row.referral.to_string(),
            setting: Some(self.shown_organisation(row.setting).await?),
            received_on: Some(date::wire(row.received_on)),
            days_waiting,
            weeks_waiting,
            priority: Priority::from_level(row.priority).map_or(0, shape::priority_number),
            state: shape::state(row.state),
            bucket: shape::bucket(row.state.bucket()),
            breached,
            mine: (held.is_some() && row.holder == me) || row.keeper == me,
            lapses: row.lapses,
            lease_expires_at: held.map(moment),
            version: row.version,
            ..Default::default()
        };
        if let Some(form) = &opened.form {
            item.initials = person::initials(&form.person);
            item.age_band = person::age_band(&form.person, caller.now.today);
            item.need_ticks = shape::tick_numbers(&form.need_ticks);
        }
        Ok(item)
    }
}
