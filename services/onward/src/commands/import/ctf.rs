//! Common Transfer Files: learners, and the move to the destination where the file names it.
//!
//! The importing organisation is the file's source (it sends the pupils) or its destination (it
//! expects them); for anybody else the file is refused.

use anyhow::{anyhow, bail};
use futures::StreamExt;
use jiff::civil::Date;
use onward_contract::directory::v1::{SettingRef, setting_ref::Setting};
use onward_contract::transition::v1 as transition;
use onward_contract::transition::v1::record_transition_request::Detail;
use onward_domain::codes::provision::SenProvision;
use onward_exchange::ctf::{self, CtfHeader, CtfPupil, PupilOutcome, PupilRead};
use prost::Message;

use super::learner::{Said, place};
use super::own::Own;
use super::tally::{Outcome, Tally};
use super::{AT_ONCE, Input, Manner};

/// The month in which the pupils of a leaving year begin at their next setting.
const FIRST_MONTH: i32 = 9;

/// What one pupil came to.
struct Done {
    line: u64,
    read: Box<PupilRead>,
    outcome: Outcome,
    moved: Option<Outcome>,
}

/// Imports one file.
pub async fn import(
    own: &Own,
    input: Box<dyn Input>,
    manner: Manner,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let (checked, mut reader) =
        ctf::open(input, ctf::Options::default()).map_err(|refusal| anyhow!("{refusal}"))?;
    tally.expect(checked.read + checked.faults, &[])?;
    tally.warn(&checked.warnings);
    if manner.all_or_nothing && checked.faults > 0 {
        bail!("{} pupils cannot be recorded, and it is all or nothing", checked.faults);
    }
    let header = reader.header().clone();
    side(own, &header)?;
    let mut faults = Vec::new();
    let mut read = Vec::new();
    loop {
        // A page at a time: order is kept, memory is bounded, and the pupils of a page go together.
        for outcome in reader.by_ref().take(AT_ONCE) {
            match outcome.map_err(|refusal| anyhow!("{refusal}"))? {
                PupilOutcome::Read(pupil) => read.push(pupil),
                PupilOutcome::Fault(fault) => faults.push(fault),
            }
        }
        if read.is_empty() && faults.is_empty() {
            return Ok(());
        }
        for fault in faults.drain(..) {
            tally.fault(fault.line, &fault.reasons, &[])?;
        }
        let mut done = futures::stream::iter(read.drain(..).map(|pupil| {
            let (own, header) = (own.clone(), header.clone());
            async move { one(&own, &header, pupil, manner.dry_run).await }
        }))
        .buffered(AT_ONCE);
        while let Some(done) = done.next().await {
            tally.warn(&done.read.warnings);
            if let Some(Outcome::Failed { code, message }) = &done.moved {
                tally.warn_line(done.line, code, &format!("the move was not recorded: {message}"));
            }
            tally.count(done.line, &[], done.outcome)?;
        }
    }
}

/// Which side of the file the importing organisation is on.
fn side(own: &Own, header: &CtfHeader) -> anyhow::Result<()> {
    let is = |number: &Option<_>| {
        number
            .as_ref()
            .is_some_and(|number: &onward_domain::numbers::Laestab| own.holds(number.as_str()))
    };
    if is(&header.source) || is(&header.dest) {
        return Ok(());
    }
    bail!(
        "the file is neither from {name} nor to it, so {name} cannot import it",
        name = own.organisation.name
    )
}

async fn one(own: &Own, header: &CtfHeader, read: Box<PupilRead>, dry_run: bool) -> Done {
    let line = read.line;
    let said = said(&read.pupil);
    let placed = match place(own, &said, dry_run).await {
        Ok(placed) => placed,
        Err(status) => {
            return Done { line, read, outcome: Outcome::refused(&status), moved: None };
        }
    };
    let moved = match (&placed.learner_id, dry_run) {
        (Some(id), false) => record_move(own, header, &read.pupil, &said.key, id).await,
        _ => None,
    };
    // A pupil that was known and whose move is new has changed.
    let outcome = match (placed.outcome, &moved) {
        (Outcome::Same, Some(Outcome::New)) => Outcome::Changed,
        (outcome, _) => outcome,
    };
    Done { line, read, outcome, moved }
}

/// Records the phase transfer to the file's destination, where the file names one.
async fn record_move(
    own: &Own,
    header: &CtfHeader,
    pupil: &CtfPupil,
    key: &str,
    learner_id: &str,
) -> Option<Outcome> {
    let (from, to) = (header.source.as_ref()?, header.dest.as_ref()?);
    let year = header.academic_year.or_else(|| header.date().map(Date::year))?;
    // The academic year is named by the year in which it begins; the next one begins a year later.
    let year = i32::from(year) + i32::from(header.academic_year.is_some());
    let laestab = |number: &onward_domain::numbers::Laestab| SettingRef {
        setting: Some(Setting::Laestab(number.as_str().to_owned())),
    };
    let day = header.date().unwrap_or_else(|| Date::constant(2026, 9, 1));
    let basis = match pupil.provision_on(day) {
        Some(SenProvision::E) => transition::SupportBasis::EhcPlan,
        Some(SenProvision::K) => transition::SupportBasis::SenSupport,
        _ => transition::SupportBasis::None,
    };
    let planned = transition::planned_date::Planned::Month(transition::YearMonth {
        year,
        month: FIRST_MONTH,
    });
    let mut request = transition::RecordTransitionRequest {
        learner_id: learner_id.to_owned(),
        home_la_code: own.la_code(),
        detail: Some(Detail::PhaseTransfer(transition::PhaseTransfer {
            from: Some(laestab(from)),
            to: Some(laestab(to)),
            year_group: pupil
                .person
                .nc_year
                .map(|year| year.as_str().to_owned())
                .unwrap_or_default(),
            planned: Some(transition::PlannedDate { planned: Some(planned) }),
            basis: basis.into(),
        })),
        ..Default::default()
    };
    request.request_id = own.request_id("transition", key, &request.encode_to_vec());
    Some(match own.server.transitions().record_transition(request).await {
        Ok(response) => Outcome::of_answer(&response),
        Err(status) => Outcome::refused(&status),
    })
}

fn said(pupil: &CtfPupil) -> Said {
    Said {
        key: pupil.row_key(),
        person: pupil.person.clone(),
        upn: pupil.upn.as_ref().map(|upn| upn.as_str().to_owned()),
        former_upns: pupil.former_upns.iter().map(|upn| upn.as_str().to_owned()).collect(),
        uln: pupil.uln.as_ref().map(|uln| uln.as_str().to_owned()),
        own_ref: None,
        provisions: pupil
            .sen_history
            .iter()
            .map(|spell| (spell.provision, spell.start, spell.end))
            .collect(),
        needs: pupil.needs.clone(),
        amends: true,
    }
}
