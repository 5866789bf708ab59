//! The log's conformance suite: the same promises on SQLite and on PostgreSQL.

mod access;
mod alterations;
mod clock;
mod erasing;
mod keys;
mod keys_in_postgres;
mod leases;
mod opening;
mod order;
mod place;
mod proof;
mod requests;
mod rotation;
mod sealing;
