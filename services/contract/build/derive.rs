//! Writes what prost does not: a `Debug` that shows no content, and the way from a message to its descriptor.
//!
//! Messages carry what is said about children. A derived `Debug` would put it into the first log line that prints a
//! request, so the messages of every package but a few harmless ones print their name only.

use prost_reflect::{DescriptorPool, MessageDescriptor};
use std::{collections::BTreeMap, fmt::Write};

/// Packages and messages whose content may be printed: opaque ids, codes and moments only.
const HARMLESS: [&str; 6] = [
    "onward.access.v1.",
    "onward.operations.v1.",
    "onward.receipt.v1.Receipt",
    "onward.receipt.v1.Refusal",
    "onward.receipt.v1.FieldViolation",
    "onward.receipt.v1.Warning",
];

/// Messages of those packages that do carry what somebody said.
const NOT_HARMLESS: [&str; 1] = ["onward.operations.v1.RequestErasureRequest"];

/// The contract's own messages, map entries left out.
fn messages(pool: &DescriptorPool) -> impl Iterator<Item = MessageDescriptor> + '_ {
    pool.all_messages()
        .filter(|message| message.package_name().starts_with("onward.") && !message.is_map_entry())
}

fn is_harmless(message: &MessageDescriptor) -> bool {
    let name = message.full_name();
    HARMLESS.iter().any(|known| name.starts_with(known)) && !NOT_HARMLESS.contains(&name)
}

/// Paths of the messages whose derived `Debug` is left out.
pub(crate) fn secretive(pool: &DescriptorPool) -> Vec<String> {
    messages(pool)
        .filter(|message| !is_harmless(message))
        .map(|message| format!(".{}", message.full_name()))
        .collect()
}

/// Rust text to append, by package.
pub(crate) fn additions(pool: &DescriptorPool) -> BTreeMap<String, String> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for message in messages(pool) {
        let text = texts.entry(message.package_name().to_owned()).or_default();
        add_descriptor(text, &message);
        if !is_harmless(&message) {
            add_debug(text, &message);
        }
    }
    texts
}

fn add_descriptor(text: &mut String, message: &MessageDescriptor) {
    let (path, name) = (type_path(message), message.full_name());
    let _ = write!(
        text,
        "impl ::prost_reflect::ReflectMessage for {path} {{\n    \
             fn descriptor(&self) -> ::prost_reflect::MessageDescriptor {{\n        \
                 static FOUND: ::std::sync::LazyLock<::prost_reflect::MessageDescriptor> =\n            \
                     ::std::sync::LazyLock::new(|| crate::descriptor({name:?}));\n        \
                 FOUND.clone()\n    \
             }}\n}}\n"
    );
}

fn add_debug(text: &mut String, message: &MessageDescriptor) {
    let path = type_path(message);
    add_silent(text, &path, message.name());
    for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
        let name = camel(oneof.name());
        add_silent(text, &format!("{}::{name}", module_path(message)), &name);
    }
}

fn add_silent(text: &mut String, path: &str, name: &str) {
    let _ = write!(
        text,
        "impl ::core::fmt::Debug for {path} {{\n    \
             fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {{\n        \
                 f.debug_struct({name:?}).finish_non_exhaustive()\n    \
             }}\n}}\n"
    );
}

fn type_path(message: &MessageDescriptor) -> String {
    match message.parent_message() {
        Some(parent) => format!("{}::{}", module_path(&parent), message.name()),
        None => message.name().to_owned(),
    }
}

fn module_path(message: &MessageDescriptor) -> String {
    let own = snake(message.name());
    match message.parent_message() {
        Some(parent) => format!("{}::{own}", module_path(&parent)),
        None => own,
    }
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
        before = letter;
    }
    out
}

fn camel(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}
