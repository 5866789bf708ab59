//! The bus's conformance suite: the stream is the log's copy, whatever happens to either, and a
//! follower of the stream reads what a follower of the log reads.

mod copy;
mod follow;
mod life;
mod outages;
mod relays;
mod world;
