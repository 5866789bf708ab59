//! What the generated contract holds: rules for every method, silence of messages, names that stay.

use crate::{
    access::v1::Relation, faults::faults, pool, reason, receipt, rules,
    transition::v1 as transition,
};
use prost_reflect::{DynamicMessage, ReflectMessage, prost_types};
use std::collections::BTreeSet;

/// A pool with one more service of the contract, whose only method has no rule.
fn pool_with_an_open_method() -> prost_reflect::DescriptorPool {
    let method = prost_types::MethodDescriptorProto {
        name: Some("Leak".into()),
        input_type: Some(".onward.learner.v1.GetLearnerRequest".into()),
        output_type: Some(".onward.learner.v1.GetLearnerResponse".into()),
        ..Default::default()
    };
    let file = prost_types::FileDescriptorProto {
        name: Some("onward/open/v1/open.proto".into()),
        package: Some("onward.open.v1".into()),
        dependency: vec!["onward/learner/v1/learner.proto".into()],
        service: vec![prost_types::ServiceDescriptorProto {
            name: Some("OpenService".into()),
            method: vec![method],
            ..Default::default()
        }],
        syntax: Some("proto3".into()),
        ..Default::default()
    };
    let mut open = pool().clone();
    open.add_file_descriptor_proto(file).expect("a valid file");
    open
}

#[test]
fn a_method_without_a_rule_is_a_fault() {
    assert_eq!(faults(pool()), Vec::<String>::new());
    let found = faults(&pool_with_an_open_method());
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("/onward.open.v1.OpenService/Leak has no option"));
}

#[test]
fn every_method_has_a_rule_by_its_path() {
    assert_eq!(rules().len(), rules::methods(pool()).count());
    let read =
        crate::rule("/onward.learner.v1.LearnerService/GetLearner").expect("in the contract");
    assert!(read.names_learners && !read.writes);
    assert_eq!(read.relations().collect::<Vec<_>>(), [Relation::OwnRecord]);
    assert!(crate::rule("/onward.learner.v1.LearnerService/DropAll").is_none());
}

#[test]
fn every_write_takes_a_request_id_and_answers_a_receipt_first() {
    for method in rules::methods(pool()) {
        let rule = crate::rule(&rules::path(&method)).expect("the build refuses a method without");
        let receipt = method.output().get_field_by_name("receipt");
        assert_eq!(rule.writes, receipt.is_some(), "{}", method.full_name());
        if let Some(receipt) = receipt {
            assert_eq!(receipt.number(), 1, "{}", method.full_name());
            let kind = receipt.kind();
            let kind = kind.as_message().map(|message| message.full_name().to_owned());
            assert_eq!(kind.as_deref(), Some("onward.receipt.v1.Receipt"));
        }
        let bulk = method.is_client_streaming();
        let asks = method.input().get_field_by_name("request_id").is_some();
        assert_eq!(rule.writes && !bulk, asks, "{}", method.full_name());
    }
}

#[test]
fn only_operators_reach_the_log_and_nobody_else_registers_organisations() {
    for path in [
        "/onward.operations.v1.OperationsService/TailLog",
        "/onward.directory.v1.DirectoryService/RegisterOrganisation",
    ] {
        let rule = crate::rule(path).expect("in the contract");
        assert_eq!(rule.relations().collect::<Vec<_>>(), [Relation::Operator], "{path}");
    }
}

#[test]
fn a_message_about_a_learner_prints_its_name_only() {
    let request = transition::RecordTransitionRequest {
        external_ref: Some("Ada".into()),
        detail: Some(transition::record_transition_request::Detail::Employment(
            transition::Employment::default(),
        )),
        ..Default::default()
    };
    assert_eq!(format!("{request:?}"), "RecordTransitionRequest { .. }");
    assert_eq!(format!("{:?}", request.detail), "Some(Detail { .. })");
    let actor = receipt::v1::Actor { name: "Ada".into(), ..Default::default() };
    assert_eq!(format!("{actor:?}"), "Actor { .. }");
}

#[test]
fn a_message_finds_its_descriptor() {
    let descriptor = transition::Transition::default().descriptor();
    assert_eq!(descriptor.full_name(), "onward.transition.v1.Transition");
}

#[test]
fn reasons_are_upper_snake_and_each_once() {
    let mut names: Vec<_> = reason::ALL.iter().map(|(name, _)| *name).collect();
    let shape = |name: &str| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    assert!(names.iter().all(|name| shape(name)));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

/// Every rule that the doors can evaluate, as `kind.rule`.
const EVALUATED: [&str; 16] = [
    "enum.defined_only",
    "enum.not_in",
    "int32.gte",
    "int32.lte",
    "repeated.items",
    "repeated.max_items",
    "repeated.min_items",
    "repeated.unique",
    "string.in",
    "string.max_len",
    "string.min_len",
    "string.pattern",
    "string.uuid",
    "uint32.gte",
    "uint32.lte",
    "required",
];

/// The names of the rules in one `buf.validate.FieldRules`, those of list items included.
fn rule_names(rules: &DynamicMessage, found: &mut BTreeSet<String>) {
    for (part, value) in rules.fields() {
        let Some(inner) = value.as_message() else {
            found.insert(part.name().to_owned());
            continue;
        };
        for (rule, value) in inner.fields() {
            found.insert(format!("{}.{}", part.name(), rule.name()));
            if rule.name() == "items"
                && let Some(items) = value.as_message()
            {
                rule_names(items, found);
            }
        }
    }
}

#[test]
fn no_field_has_a_rule_that_the_doors_do_not_evaluate() {
    let option = pool().get_extension_by_name("buf.validate.field").expect("vendored");
    let mut found = BTreeSet::new();
    for message in pool().all_messages().filter(|m| m.package_name().starts_with("onward.")) {
        for field in message.fields().filter(|field| field.options().has_extension(&option)) {
            let rules = field.options().get_extension(&option).into_owned();
            rule_names(rules.as_message().expect("a message option"), &mut found);
        }
    }
    found.remove("ignore");
    let unknown: Vec<_> = found.iter().filter(|rule| !EVALUATED.contains(&rule.as_str())).collect();
    assert_eq!(unknown, Vec::<&String>::new());
    assert!(found.contains("string.uuid"), "the rules are there at all");
}
