//! Checks of retrievals by strangers: what a round of them is worth.
//!
//! In: the published measurements of a round, its list of tasks and its randomness. Out: a label for every measurement,
//! what each committee agreed on, each participant's score, and the success rates of the storage providers. Rule:
//! Filecoin, C1 to C8 and F2.
//! Invariant: integers only, and no answer depends on the order of a map or on the clock. Nothing here is proved:
//! measurements carry no signature, so every committee comes with its size, its distinct subnets and participants and the
//! margin of its majority.

pub mod committee;
pub mod fraud;
pub mod inet_group;
pub mod intake;
pub mod measurement;
pub mod measurements;
pub mod moment;
pub mod participant;
pub mod rate;
pub mod result;
pub mod round;
pub mod scalar;
pub mod scores;
pub mod statistics;
pub mod tables;
pub mod tasks;

pub use intake::{Dropped, Intake, Sink, read};
pub use measurement::{DropReason, Measurement, Validity};
pub use measurements::Measurements;
pub use participant::Participant;
pub use round::{Evaluation, Round, RuleVersion, Rules, evaluate};
pub use tables::{Tables, TablesError, evaluate_files};
