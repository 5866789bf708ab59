//! Models of what several processes do at once, explored to the last state.
//!
//! A test meets a few of the ways in which steps of two processes can fall between each other; a model
//! checker meets all of them, with each fault at each place. The price is that a model is not the
//! program: so each action names the function that it mirrors, and each model has broken variants, which
//! the checker must catch. A property that no variant breaks is not among them.
//!
//! | model | what it is of |
//! |---|---|
//! | `copy` | batchers, relays and projectors of two processes over one log, one stream, one view |
//! | `switch` | a view's new generation, built and switched to while writes go on |
//!
//! A package of its own only so that it can be built optimised within a debug build: what stateright
//! explores is compiled here, and ten times slower without. The tests are in `tests/it/models.rs`.

pub mod copy;
pub mod explore;
pub mod switch;
