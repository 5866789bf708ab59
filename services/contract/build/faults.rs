//! Finds the methods that nobody could judge, so that the build fails on them.

use crate::rules::{self, OPTION};
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value};

/// One line for each method that nobody could judge: no option, no relation, or a code that is not given.
pub(crate) fn faults(pool: &DescriptorPool) -> Vec<String> {
    rules::methods(pool).filter_map(|method| fault(pool, &method)).collect()
}

fn fault(pool: &DescriptorPool, method: &MethodDescriptor) -> Option<String> {
    let path = rules::path(method);
    let Some(rule) = rules::rule(pool, method) else {
        return Some(format!("{path} has no option ({OPTION}): say who may call it"));
    };
    if codes(&rule, "relations").is_empty() {
        return Some(format!("{path}: ({OPTION}) names no relation"));
    }
    ["kinds", "roles", "relations"]
        .into_iter()
        .find(|field| codes(&rule, field).contains(&0))
        .map(|field| format!("{path}: ({OPTION}) has an unspecified value in {field}"))
}

fn codes(rule: &DynamicMessage, field: &str) -> Vec<i32> {
    rule.get_field_by_name(field)
        .and_then(|value| {
            value.as_list().map(|list| list.iter().filter_map(Value::as_enum_number).collect())
        })
        .unwrap_or_default()
}
