//! A row of the referrals file: a child, and why a pathfinder team should see it.

use jiff::civil::Date;
use onward_domain::codes::referral::{NeedTick, Priority, ReferralSource, ScreeningTool};
use onward_domain::numbers::OdsCode;
use onward_domain::referral::form::{Form, PriorScreening, ReferralConsent};

use super::cells::Cells;
use super::learner::{self, LearnerRef};
use super::reader::Row;
use super::template::Kind;

/// A referral to submit. No `Debug`: it must never reach a log line.
#[derive(Clone, PartialEq)]
pub struct ReferralRow {
    /// The child.
    pub learner: LearnerRef,
    /// Number of the setting that refers: a URN or early-years URN. It is looked up as both.
    pub setting_urn: String,
    /// Day the provider received it, where it waited somewhere before.
    pub received_on: Option<Date>,
    /// The form. Without consent it can be submitted, but not accepted.
    pub form: Form,
}

impl Row for ReferralRow {
    const KIND: Kind = Kind::Referrals;

    fn read(cells: &mut Cells<'_>) -> Option<Self> {
        let learner = learner::read(cells);
        cells.needed("setting_urn");
        let setting_urn = cells.setting("setting_urn");
        let received_on = cells.date("received_on");
        let referrer_role = cells.needed_code("referrer_role");
        cells.needed("need_ticks");
        let need_ticks = cells.codes("need_ticks");
        let reason = cells.text("reason");
        if reason.is_none() {
            cells.refuse("reason", "missing", "the cell is empty, and it is needed");
        }
        let (priority, interpreter) = (priority(cells, &need_ticks), cells.flag("interpreter"));
        let (screening, consent) = (screening(cells), consent(cells));
        let gp_ods = cells.number("gp_ods", "ODS code", OdsCode::parse);
        let source = cells.code("source").unwrap_or(ReferralSource::Form);
        if let (Some(received), Some(learner)) = (received_on, &learner)
            && received < learner.person.date_of_birth
        {
            let message = "the referral was received before the child was born";
            cells.refuse("received_on", "received_before_birth", message);
        }
        let learner = learner?;
        let form = Form {
            person: learner.person.clone(),
            upn: learner.upn.as_ref().map(|upn| upn.as_str().to_owned()),
            nhs_number: learner.nhs_number.as_ref().map(|number| number.as_str().to_owned()),
            referrer_role: referrer_role?,
            need_ticks,
            interpreter: interpreter.unwrap_or(false),
            carer_contact: cells.line_of("carer_contact"),
            priority,
            screening,
            reason: reason?,
            consent,
            gp_ods: gp_ods.map(|code| code.as_str().to_owned()),
            source,
            answers: Vec::new(),
        };
        Some(Self { learner, setting_urn: setting_urn?, received_on, form })
    }

    /// The child, and which of its referrals.
    fn row_key(&self) -> String {
        format!("{}|{}", self.learner.key(), self.part())
    }
}

impl ReferralRow {
    /// Which of the child's referrals: setting and day (received, else of the consent).
    pub fn part(&self) -> String {
        let day = self.received_on.or(self.form.consent.as_ref().map(|consent| consent.on));
        let day = day.map(|day| day.to_string()).unwrap_or_default();
        format!("referral|{}|{day}", self.setting_urn)
    }
}

/// A concern about swallowing or feeding is never routine.
fn priority(cells: &mut Cells<'_>, ticks: &[NeedTick]) -> Priority {
    let urgent = cells.flag("urgent").unwrap_or(false);
    let swallowing = ticks.iter().any(|tick| tick.is_urgent_path());
    if swallowing && !urgent {
        let message = "a concern about eating, drinking or swallowing makes the referral urgent";
        cells.warn("urgent", "made_urgent", message);
    }
    if urgent || swallowing { Priority::Urgent } else { Priority::Routine }
}

fn screening(cells: &mut Cells<'_>) -> Option<PriorScreening> {
    let (tool, rag) = (cells.code("screening_tool"), cells.code("rag"));
    let tool = tool.or(rag.map(|_| ScreeningTool::Other))?;
    Some(PriorScreening { tool, rag })
}

fn consent(cells: &mut Cells<'_>) -> Option<ReferralConsent> {
    let given = (cells.line_of("consent_at").is_some(), cells.line_of("consent_method").is_some());
    match given {
        (false, false) => {
            let message = "no consent is recorded: the referral can be sent but not accepted";
            cells.warn("consent_at", "no_consent", message);
            None
        }
        _ => {
            let (on, method) =
                (cells.needed_date("consent_at"), cells.needed_code("consent_method"));
            Some(ReferralConsent { on: on?, method: method? })
        }
    }
}
