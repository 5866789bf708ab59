//! A CSV file of referrals: each child is registered or amended, then referred, once.

use onward_contract::directory::v1::{SettingRef, setting_ref::Setting};
use onward_contract::receipt::v1::Warning;
use onward_contract::referral::v1 as wire;
use onward_domain::referral::Form;
use onward_exchange::csv::{ReferralRow, Row};
use prost::Message;
use tonic::Status;

use super::check;
use super::date;
use super::in_file::About;
use super::learner::{Placed, place};
use super::own::{Own, may};
use super::rows::{Done, Kind};
use super::tally::Outcome;
use super::transitions::{from_reference, learners_allowed};

/// The rows of a file of referrals.
pub struct Referrals<'a>(pub &'a Own);

impl Referrals<'_> {
    /// Asks whether the caller may record such rows at all.
    ///
    /// # Errors
    /// It may not.
    pub async fn allowed(&self) -> anyhow::Result<()> {
        learners_allowed(self.0).await?;
        let mut referrals = self.0.server.referrals();
        may(referrals.submit_referral(wire::SubmitReferralRequest::default()).await)
    }
}

impl Kind for Referrals<'_> {
    type Item = ReferralRow;

    fn about(&self, row: &ReferralRow) -> About {
        let content = request(row, "").encode_to_vec();
        let said = from_reference(&row.learner);
        About::learner(&said, row.part(), row.learner.own_ref.clone(), &content)
    }

    async fn record(
        &self,
        row: &ReferralRow,
        again: bool,
        dry_run: bool,
    ) -> Result<Done, Box<Status>> {
        let own = self.0;
        if let Err(refused) = possible(own, row).await? {
            return Ok(refused.into());
        }
        let placed = place(own, &from_reference(&row.learner), again, dry_run).await?;
        if placed.is_refused() {
            return Ok(placed.outcome.into());
        }
        refer(own, row, placed, dry_run).await
    }
}

/// What the server would refuse of a new referral.
async fn possible(own: &Own, row: &ReferralRow) -> Result<Result<(), Outcome>, Box<Status>> {
    let team = own.organisation.kind() == onward_contract::access::v1::OrganisationKind::Pathfinder;
    let holds = own.holds(&row.setting_urn);
    if !holds && !team {
        let message = "the child's setting is not the importing organisation";
        return Ok(Err(Outcome::failed("not_ours", message)));
    }
    if !holds && own.setting(&setting(&row.setting_urn)).await?.is_none() {
        let message = "the setting is not one that the directory has";
        return Ok(Err(Outcome::failed("setting_unknown", message)));
    }
    let mut request = request(row, check::SOME_ID);
    request.request_id = check::SOME_ID.to_owned();
    Ok(judge(own, row, &request))
}

fn judge(
    own: &Own,
    row: &ReferralRow,
    request: &wire::SubmitReferralRequest,
) -> Result<(), Outcome> {
    use onward_domain::decider::not_in_future;
    check::fields("onward.referral.v1.SubmitReferralRequest", request)?;
    let (now, form) = (own.now(), request.form.clone().unwrap_or_default());
    let received = row.received_on.map_or(Ok(()), |on| not_in_future("received_on", on, now));
    received.map_err(check::refused)?;
    let child = onward_api::wire::referral::Child { person: row.form.person.clone(), upn: None };
    let form = onward_api::wire::referral::form(&form, child, now).map_err(check::refused)?;
    let mut ticks = form.need_ticks.clone();
    ticks.sort_unstable();
    ticks.dedup();
    if ticks.len() == form.need_ticks.len() {
        return Ok(());
    }
    Err(Outcome::failed("need_tick_twice", "need_ticks names a need twice"))
}

/// Refers a placed child, unless the row was referred before.
async fn refer(
    own: &Own,
    row: &ReferralRow,
    placed: Placed,
    dry_run: bool,
) -> Result<Done, Box<Status>> {
    let mut done = Done { outcome: Outcome::New, placed: true, remarks: placed.remarks };
    let known = match &placed.learner_id {
        Some(learner_id) if !placed.fresh => known(own, learner_id, row).await?,
        _ => None,
    };
    match (known, placed.learner_id) {
        (Some(known), Some(_)) => {
            let outcome = again(own, row, &known, dry_run).await?;
            // What became of the child is what became of a row that says nothing new otherwise.
            let same = outcome == Outcome::Same;
            done.outcome = if same { placed.outcome } else { outcome };
        }
        (None, Some(learner_id)) if !dry_run => {
            let mut request = request(row, &learner_id);
            request.request_id =
                own.request_id("referral", &row.row_key(), &request.encode_to_vec());
            let response = own.server.referrals().submit_referral(request).await?;
            done.outcome = Outcome::of_answer(&response);
            let response = response.into_inner();
            own.wrote(response.receipt.as_ref());
            let said = |warning: Warning| (warning.reason, warning.message);
            done.remarks.extend(response.warnings.into_iter().map(said));
        }
        _ => {}
    }
    Ok(done)
}

/// The referral that the row was before: under its own reference, else of the same setting and day.
async fn known(
    own: &Own,
    learner_id: &str,
    row: &ReferralRow,
) -> Result<Option<wire::Referral>, Box<Status>> {
    let list = wire::ListReferralsRequest {
        min_position: own.position(),
        page_size: 500,
        learner_id: Some(learner_id.to_owned()),
        ..Default::default()
    };
    let found = own.server.referrals().list_referrals(list).await?.into_inner().referrals;
    let own_ref = row.learner.own_ref.as_deref().unwrap_or_default();
    let by_ref = found.iter().find(|one| !own_ref.is_empty() && one.external_ref == own_ref);
    let mut known = by_ref.cloned();
    for one in &found {
        let another = !own_ref.is_empty() && !one.external_ref.is_empty();
        if known.is_none() && !another && same_day(row, one) && same_setting(own, row, one).await? {
            known = Some(one.clone());
        }
    }
    let Some(known) = known else { return Ok(None) };
    let get = wire::GetReferralRequest { referral_id: known.referral_id, ..Default::default() };
    Ok(own.server.referrals().get_referral(get).await?.into_inner().referral)
}

fn same_day(row: &ReferralRow, one: &wire::Referral) -> bool {
    row.received_on.is_none_or(|on| Some(date(on)) == one.received_on)
}

async fn same_setting(
    own: &Own,
    row: &ReferralRow,
    one: &wire::Referral,
) -> Result<bool, Box<Status>> {
    let known = one.setting.as_ref().map(|setting| setting.organisation_id.as_str());
    let said = own.setting(&setting(&row.setting_urn)).await?;
    Ok(said.is_some_and(|said| Some(said.organisation_id.as_str()) == known))
}

/// A row that was referred before: the same; or information that the team asked for; or nothing that a
/// file can do.
async fn again(
    own: &Own,
    row: &ReferralRow,
    known: &wire::Referral,
    dry_run: bool,
) -> Result<Outcome, Box<Status>> {
    let said = request(row, "").form.unwrap_or_default();
    let before = known.form.clone().unwrap_or_default();
    let before = wire::ReferralForm { child: None, ..before };
    if levelled(said.clone()) == levelled(before)
        && same_day(row, known)
        && same_setting(own, row, known).await?
    {
        return Ok(Outcome::Same);
    }
    if known.state() != wire::ReferralState::InfoRequested {
        let message = "the child is already referred with this row, which now says something else; a \
                       file does not change a referral: withdraw it and send the row again under \
                       another reference, or provide information when the team asks for it";
        return Ok(Outcome::failed("already_referred", message));
    }
    if dry_run {
        return Ok(Outcome::Changed);
    }
    let mut request = wire::ProvideInformationRequest {
        referral_id: known.referral_id.clone(),
        answer: "The referral was sent again, with changes.".to_owned(),
        form: Some(said),
        ..Default::default()
    };
    let key = format!("{}|{}", row.row_key(), known.version);
    request.request_id = own.request_id("information", &key, &request.encode_to_vec());
    let reply = own.server.referrals().provide_information(request).await?.into_inner();
    own.wrote(reply.receipt.as_ref());
    Ok(Outcome::Changed)
}

/// Masked or derived parts do not count.
fn levelled(mut form: wire::ReferralForm) -> wire::ReferralForm {
    form.nhs_number.clear();
    form.reason = form.reason.trim().to_owned();
    form.need_ticks.sort_unstable();
    form
}

fn request(row: &ReferralRow, learner_id: &str) -> wire::SubmitReferralRequest {
    wire::SubmitReferralRequest {
        learner_id: learner_id.to_owned(),
        setting: Some(setting(&row.setting_urn)),
        received_on: row.received_on.map(date),
        occurred_on: row.received_on.map(date),
        external_ref: row.learner.own_ref.clone().filter(|_| !learner_id.is_empty()),
        form: Some(form(&row.form, row)),
        ..Default::default()
    }
}

/// A URN is a six-digit number that begins with 1; anything else here is an early-years number.
fn setting(number: &str) -> SettingRef {
    let urn = onward_domain::numbers::Urn::parse(number).is_ok();
    let number = number.to_owned();
    SettingRef { setting: Some(if urn { Setting::Urn(number) } else { Setting::EyUrn(number) }) }
}

fn form(form: &Form, row: &ReferralRow) -> wire::ReferralForm {
    let named = |name: String| wire::NeedTick::from_str_name(&name).unwrap_or_default().into();
    wire::ReferralForm {
        child: None,
        nhs_number: row
            .learner
            .nhs_number
            .as_ref()
            .map(|number| number.as_str().to_owned())
            .unwrap_or_default(),
        referrer_role: wire::ReferrerRole::from_str_name(&format!(
            "REFERRER_ROLE_{}",
            form.referrer_role
        ))
        .unwrap_or_default()
        .into(),
        need_ticks: form.need_ticks.iter().map(|tick| named(format!("NEED_TICK_{tick}"))).collect(),
        interpreter_needed: form.interpreter,
        carer_contact: form.carer_contact.clone().unwrap_or_default(),
        priority: onward_api::wire::referral::priority_number(form.priority),
        screening: form.screening.as_ref().map(|screening| wire::FormScreening {
            tool: wire::ScreeningTool::from_str_name(&format!("SCREENING_TOOL_{}", screening.tool))
                .unwrap_or_default()
                .into(),
            rag: screening.rag.map_or(0, |rag| {
                wire::Rag::from_str_name(&format!("RAG_{rag}")).unwrap_or_default().into()
            }),
        }),
        reason: form.reason.clone(),
        consent: form.consent.as_ref().map(|consent| wire::FormConsent {
            given_on: Some(date(consent.on)),
            method: wire::ReferralConsentMethod::from_str_name(&format!(
                "REFERRAL_CONSENT_METHOD_{}",
                consent.method
            ))
            .unwrap_or_default()
            .into(),
        }),
        gp_ods_code: form.gp_ods.clone().unwrap_or_default(),
        source: wire::ReferralSource::from_str_name(&format!("REFERRAL_SOURCE_{}", form.source))
            .unwrap_or_default()
            .into(),
        answers: form
            .answers
            .iter()
            .map(|(question, answer)| wire::FormAnswer {
                question: question.clone(),
                answer: answer.clone(),
            })
            .collect(),
    }
}
