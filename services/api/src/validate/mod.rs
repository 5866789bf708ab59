//! Checks requests against the `buf.validate` rules that the contract puts on its fields.
//!
//! The rules are read from the descriptors once and compiled; a rule that this file does not know
//! stops the start, so that nothing in the contract is ever silently unchecked. Answers name each
//! faulty field by its path and never repeat its value.

mod compile;
mod evaluate;

use std::collections::HashMap;
use std::sync::LazyLock;

use onward_domain::decider::{FieldFault, Refusal};
use prost_reflect::{DescriptorPool, DynamicMessage};

pub use compile::CompileFault;
use compile::MessageRules;

/// Compiled rules of every message in the contract.
pub struct Validator {
    pool: DescriptorPool,
    messages: HashMap<String, MessageRules>,
}

/// The most faults that one answer lists.
const MOST_FAULTS: usize = 50;

static SHARED: LazyLock<Result<Validator, CompileFault>> =
    LazyLock::new(|| Validator::compile(onward_contract::pool()));

impl Validator {
    /// Compiles the rules of every message under `onward.`.
    ///
    /// # Errors
    /// A rule that is not known here.
    pub fn compile(pool: &DescriptorPool) -> Result<Self, CompileFault> {
        let mut messages = HashMap::new();
        for message in pool.all_messages().filter(|m| m.full_name().starts_with("onward.")) {
            messages.insert(message.full_name().to_owned(), compile::message(&message)?);
        }
        Ok(Self { pool: pool.clone(), messages })
    }

    /// The validator of this build's contract.
    ///
    /// # Errors
    /// A rule that is not known here; checked at start.
    pub fn shared() -> Result<&'static Self, &'static CompileFault> {
        SHARED.as_ref()
    }

    /// Checks an encoded message.
    ///
    /// # Errors
    /// `Refusal::Invalid` with each faulty field.
    pub fn check(&self, full_name: &str, encoded: &[u8]) -> Result<(), Refusal> {
        let descriptor = self
            .pool
            .get_message_by_name(full_name)
            .ok_or_else(|| Refusal::field("", "this message is not part of the contract"))?;
        let message = DynamicMessage::decode(descriptor, encoded)
            .map_err(|_| Refusal::field("", "the message could not be read"))?;
        let mut faults = Vec::new();
        evaluate::message(self, &message, evaluate::Path::Root, &mut faults);
        if faults.is_empty() {
            return Ok(());
        }
        faults.truncate(MOST_FAULTS);
        Err(Refusal::Invalid(faults))
    }

    fn rules(&self, full_name: &str) -> Option<&MessageRules> {
        self.messages.get(full_name)
    }
}

fn fault(path: evaluate::Path<'_>, message: impl Into<String>) -> FieldFault {
    FieldFault { field: path.to_string(), message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_contract_is_known() {
        assert!(Validator::shared().is_ok());
    }

    /// The faulty fields and what is said of them.
    fn faults(message: &impl prost::Message, full_name: &str) -> Vec<(String, String)> {
        let validator = Validator::shared().expect("rules compile");
        match validator.check(full_name, &message.encode_to_vec()) {
            Err(Refusal::Invalid(faults)) => {
                faults.into_iter().map(|fault| (fault.field, fault.message)).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_name_is_one_line_that_can_be_seen() {
        use onward_contract::directory::v1::RegisterOrganisationRequest;
        let name = |name: &str| {
            let request =
                RegisterOrganisationRequest { name: name.to_owned(), ..Default::default() };
            let faults = faults(&request, "onward.directory.v1.RegisterOrganisationRequest");
            faults.into_iter().any(|(field, _)| field == "name")
        };
        let unfit =
            ["", " ", "\u{200b}", "Elm\0bridge", "Elm\u{1b}[2J", "Elm\nbridge", "\u{202e}mlE"];
        for unfit in unfit {
            assert!(name(unfit), "{unfit:?}");
        }
        for fit in ["Elmbridge", "Ysgol Cŵn", "مدرسة", "Zoë’s \u{200d}"] {
            assert!(!name(fit), "{fit:?}");
        }
    }

    #[test]
    fn every_pattern_is_told_in_words() {
        let pool = onward_contract::pool();
        for message in pool.all_messages().filter(|m| m.full_name().starts_with("onward.")) {
            let mut faults = Vec::new();
            let mut filled = DynamicMessage::new(message.clone());
            for field in message.fields() {
                if matches!(field.kind(), prost_reflect::Kind::String) && !field.is_list() {
                    let text = prost_reflect::Value::String("not that".to_owned());
                    filled.set_field(&field, text);
                }
            }
            let validator = Validator::shared().expect("rules");
            evaluate::message(validator, &filled, evaluate::Path::Root, &mut faults);
            for fault in faults {
                assert!(!fault.message.contains('^'), "{}: {}", fault.field, fault.message);
            }
        }
    }

    #[test]
    fn an_empty_request_names_each_missing_field() {
        let validator = Validator::shared().expect("rules compile");
        let refused = validator.check("onward.transition.v1.RecordTransitionRequest", &[]);
        let Err(Refusal::Invalid(faults)) = refused else { panic!("refused as invalid") };
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert!(fields.contains(&"request_id"), "{fields:?}");
        assert!(fields.contains(&"learner_id"), "{fields:?}");
    }
}
