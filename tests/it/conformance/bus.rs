//! The bus's conformance suite: the stream is the log's copy, whatever happens to either, and a
//! follower of the stream reads what a follower of the log reads.

mod audits;
mod begins;
mod copy;
mod follow;
mod ground;
mod halts;
mod life;
mod numbers;
mod outages;
mod paused;
mod relays;
mod retired;
mod settings;
mod world;
