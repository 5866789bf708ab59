//! A CSV file of referrals: each child is registered when it is not known yet, then referred.

use onward_contract::directory::v1::{SettingRef, setting_ref::Setting};
use onward_contract::referral::v1 as wire;
use onward_domain::referral::Form;
use onward_exchange::csv::{ReferralRow, Row, RowRead};
use prost::Message;
use tonic::Status;

use super::learner::{date, place};
use super::own::Own;
use super::rows::{self, Done};
use super::tally::{Outcome, Tally};
use super::transitions::from_reference;
use super::{Input, Manner};

/// Imports one file.
pub async fn import(
    own: &Own,
    input: Box<dyn Input>,
    manner: Manner,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    rows::each(input, manner, tally, |row: RowRead<ReferralRow>| async move {
        let done = match one(own, &row, manner.dry_run).await {
            Ok(done) => done,
            Err(status) => Outcome::refused(&status).into(),
        };
        (row, done)
    })
    .await
}

async fn one(own: &Own, read: &RowRead<ReferralRow>, dry_run: bool) -> Result<Done, Box<Status>> {
    let row = &read.row;
    if read.repeats.is_some() {
        return Ok(Outcome::Same.into());
    }
    let team = own.organisation.kind() == onward_contract::access::v1::OrganisationKind::Pathfinder;
    if !own.holds(&row.setting_urn) && !team {
        let message = "the child's setting is not the importing organisation".to_owned();
        return Ok(Outcome::Failed { code: "not_ours".to_owned(), message }.into());
    }
    let placed = place(own, &from_reference(&row.learner), dry_run).await?;
    let (Some(learner_id), false) = (placed.learner_id, dry_run) else {
        return Ok(placed.outcome.into());
    };
    let mut request = wire::SubmitReferralRequest {
        learner_id,
        setting: Some(setting(&row.setting_urn)),
        received_on: row.received_on.map(date),
        form: Some(form(&row.form, row)),
        ..Default::default()
    };
    request.request_id = own.request_id("referral", &row.row_key(), &request.encode_to_vec());
    let response = own.server.referrals().submit_referral(request).await?;
    let outcome = Outcome::of_answer(&response);
    let warnings = response.into_inner().warnings;
    let warnings = warnings.into_iter().map(|warning| (warning.reason, warning.message));
    Ok(Done { outcome, warnings: warnings.collect() })
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
