//! Proving periods of a data set: when a proof is in time, when the next period may start, and which periods are faults.
//!
//! In: a network's parameters, and in order of blocks what the provider did. Out: the new deadline, a fault record, or the
//! reason why the service refuses. Rule: Filecoin, A6, with its order of tests.
//! Invariant: what is refused changes nothing. A deadline is at least one period after block 0, so that the start of its
//! window and of its period exist.

/// Challenges that a proof must answer, one proof per period.
pub const CHALLENGES_PER_PROOF: u64 = 5;
/// Epochs that a challenge may lie ahead at most.
pub const MAX_CHALLENGE_DELAY: u64 = 43_200;
/// Epochs without an action of the provider after which anyone may delete a set.
pub const MAX_INACTIVITY: u64 = 86_400;

/// Parameters that no network can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("challenge window: expected 1 to {} of the period's {period} epochs, found {window}", period.saturating_sub(1))]
pub struct ParametersError {
    period: u64,
    window: u64,
}

/// What a network asks of its providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    period: u64,
    window: u64,
    finality: u64,
}

impl Parameters {
    /// Of the main network.
    pub const MAINNET: Self = Self { period: 2880, window: 60, finality: 150 };
    /// Of the calibration network.
    pub const CALIBRATION: Self = Self { period: 240, window: 20, finality: 10 };

    /// Of another network: epochs of a proving period, those at its end in which a proof is taken, and those that a challenge
    /// must lie ahead.
    pub const fn new(period: u64, window: u64, finality: u64) -> Result<Self, ParametersError> {
        if window == 0 || window >= period {
            return Err(ParametersError { period, window });
        }
        Ok(Self { period, window, finality })
    }

    /// Epochs of a proving period.
    pub const fn period(&self) -> u64 {
        self.period
    }

    /// Epochs at the end of a period in which a proof is taken.
    pub const fn window(&self) -> u64 {
        self.window
    }

    /// Epochs that a challenge must lie ahead.
    pub const fn finality(&self) -> u64 {
        self.finality
    }

    /// Whether the verifier takes a challenge epoch that is chosen at this block.
    pub const fn check_challenge(&self, block: u64, challenge_epoch: u64) -> Result<(), DelayRefusal> {
        match challenge_epoch.checked_sub(block) {
            Some(delay) if delay > MAX_CHALLENGE_DELAY => Err(DelayRefusal::TooFar { delay }),
            Some(delay) if delay >= self.finality => Ok(()),
            _ => Err(DelayRefusal::TooSoon { block, challenge_epoch, finality: self.finality }),
        }
    }
}

/// Whether anyone may delete a set whose provider last acted then.
pub const fn is_abandoned(last_action: u64, now: u64) -> bool {
    now.saturating_sub(last_action) > MAX_INACTIVITY
}

/// Why the verifier does not take a challenge epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DelayRefusal {
    /// Its randomness could be known or undone.
    #[error(
        "challenge epoch {challenge_epoch}, chosen at block {block}: expected at least {finality} epochs ahead"
    )]
    TooSoon {
        /// Where it was chosen.
        block: u64,
        /// What was chosen.
        challenge_epoch: u64,
        /// What is asked for.
        finality: u64,
    },
    /// It would be known too late.
    #[error("challenge epoch {delay} epochs ahead: expected at most {MAX_CHALLENGE_DELAY}")]
    TooFar {
        /// Epochs ahead.
        delay: u64,
    },
}

impl DelayRefusal {
    /// The reason in a few words that do not change.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::TooSoon { .. } => "challenge epoch too soon",
            Self::TooFar { .. } => "challenge epoch too far ahead",
        }
    }
}

/// The services whose rules differ where a set that was emptied starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Its periods keep the rhythm of the first start.
    WarmStorage,
    /// Its periods count from the block of the new start.
    Sample,
}

/// The epochs in which a proof is taken, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first epoch.
    pub opens: u64,
    /// The last epoch.
    pub deadline: u64,
}

impl Window {
    /// When a proof came.
    pub const fn timeliness(&self, block: u64) -> Timeliness {
        if block > self.deadline {
            Timeliness::Late
        } else if block < self.opens {
            Timeliness::TooEarly
        } else {
            Timeliness::InTime
        }
    }

    const fn holds(&self, epoch: u64) -> bool {
        matches!(self.timeliness(epoch), Timeliness::InTime)
    }
}

/// When a proof came; nothing about whether it is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeliness {
    /// In the window.
    InTime,
    /// Before the window.
    TooEarly,
    /// After the deadline.
    Late,
}

impl Timeliness {
    /// The answer in words that do not change.
    pub const fn label(self) -> &'static str {
        match self {
            Self::InTime => "in time",
            Self::TooEarly => "too early",
            Self::Late => "late",
        }
    }
}

/// Periods that went without a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRecord {
    /// How many.
    pub periods: u64,
    /// The deadline that was in force.
    pub deadline: u64,
}

impl FaultRecord {
    /// Challenges that went without an answer.
    pub const fn challenges(&self) -> u128 {
        self.periods as u128 * CHALLENGES_PER_PROOF as u128
    }
}

/// Why the service does not take a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofRefusal {
    /// This period has its proof.
    #[error("a proof of this period has been taken before")]
    AlreadyProven,
    /// Challenges were left out.
    #[error("expected at least {CHALLENGES_PER_PROOF} challenges, found {found}")]
    TooFewChallenges {
        /// How many were answered.
        found: u64,
    },
    /// No period has been started.
    #[error("proving has not started")]
    NotStarted,
    /// The deadline is over.
    #[error("block {block}: the period ended with block {deadline}")]
    PeriodPassed {
        /// Where the proof came.
        block: u64,
        /// The last block for it.
        deadline: u64,
    },
    /// The window is not open.
    #[error("block {block}: the window opens at block {opens}")]
    TooEarly {
        /// Where the proof came.
        block: u64,
        /// The first block for it.
        opens: u64,
    },
}

impl ProofRefusal {
    /// The reason in a few words that do not change.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::AlreadyProven => "already proven",
            Self::TooFewChallenges { .. } => "too few challenges",
            Self::NotStarted => "proving not started",
            Self::PeriodPassed { .. } => "period passed",
            Self::TooEarly { .. } => "too early",
        }
    }
}

/// Why the service does not start a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartRefusal {
    /// The period that runs is the one that was started last.
    #[error("block {block}: the next period can be started from block {from}")]
    AlreadyCalled {
        /// Where it was asked for.
        block: u64,
        /// From where it is possible.
        from: u64,
    },
    /// A set that was emptied starts again with an epoch of its time before.
    #[error("challenge epoch {challenge_epoch}: expected one after the activation at block {activation}")]
    NotAfterActivation {
        /// What was chosen.
        challenge_epoch: u64,
        /// The first start.
        activation: u64,
    },
    /// The challenge epoch is none of the window's.
    #[error("challenge epoch {challenge_epoch}: expected {} to {}", window.opens, window.deadline)]
    OutsideWindow {
        /// What was chosen.
        challenge_epoch: u64,
        /// What would be taken.
        window: Window,
    },
    /// Its deadline would be no block number, or the block lies before what happened earlier.
    #[error("block {block}: no deadline follows from it")]
    NoDeadline {
        /// Where it was asked for.
        block: u64,
    },
}

impl StartRefusal {
    /// The reason in a few words that do not change.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::AlreadyCalled { .. } => "already called this period",
            Self::NotAfterActivation { .. } => "challenge epoch not after activation",
            Self::OutsideWindow { .. } => "challenge epoch outside window",
            Self::NoDeadline { .. } => "no deadline",
        }
    }
}

/// Where a data set stands with its proofs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvingState {
    parameters: Parameters,
    service: Service,
    activation: Option<u64>,
    deadline: Option<u64>,
    is_proven: bool,
}

impl ProvingState {
    /// A set that has never been proved.
    pub const fn new(parameters: Parameters, service: Service) -> Self {
        Self { parameters, service, activation: None, deadline: None, is_proven: false }
    }

    /// What the network asks for.
    pub const fn parameters(&self) -> Parameters {
        self.parameters
    }

    /// The block of the first start.
    pub const fn activation(&self) -> Option<u64> {
        self.activation
    }

    /// The deadline in force; `None` before the first start and while the set is empty.
    pub const fn deadline(&self) -> Option<u64> {
        self.deadline
    }

    /// Whether the period that runs has its proof.
    pub const fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// The window in force.
    pub const fn window(&self) -> Option<Window> {
        match self.deadline {
            Some(deadline) => Some(self.window_of(deadline)),
            None => None,
        }
    }

    const fn window_of(&self, deadline: u64) -> Window {
        // A deadline is at least a period, and a period longer than its window.
        Window { opens: deadline.saturating_sub(self.parameters.window), deadline }
    }

    /// A proof that the verifier has accepted, with the number of its challenges.
    pub const fn prove(&mut self, block: u64, challenges: u64) -> Result<(), ProofRefusal> {
        if self.is_proven {
            return Err(ProofRefusal::AlreadyProven);
        }
        if challenges < CHALLENGES_PER_PROOF {
            return Err(ProofRefusal::TooFewChallenges { found: challenges });
        }
        let Some(Window { opens, deadline }) = self.window() else {
            return Err(ProofRefusal::NotStarted);
        };
        match (Window { opens, deadline }).timeliness(block) {
            Timeliness::Late => Err(ProofRefusal::PeriodPassed { block, deadline }),
            Timeliness::TooEarly => Err(ProofRefusal::TooEarly { block, opens }),
            Timeliness::InTime => {
                self.is_proven = true;
                Ok(())
            }
        }
    }

    /// The start of a period, asked for by the provider; a challenge epoch of 0 says that the set has become empty.
    pub fn start_next(
        &mut self,
        block: u64,
        challenge_epoch: u64,
    ) -> Result<Option<FaultRecord>, StartRefusal> {
        let Some(deadline) = self.deadline else {
            let first = self.first_deadline(block, challenge_epoch)?;
            self.check_window(first, challenge_epoch)?;
            self.activation.get_or_insert(block);
            self.deadline = Some(first);
            return Ok(None);
        };
        let period = self.parameters.period;
        let before = deadline - period;
        if block <= before {
            return Err(StartRefusal::AlreadyCalled { block, from: before.saturating_add(1) });
        }
        let skipped = block.checked_sub(deadline).map_or(0, |late| late.saturating_sub(1) / period);
        let next = if challenge_epoch == 0 {
            None
        } else {
            let next = (skipped.checked_add(1))
                .and_then(|periods| periods.checked_mul(period)?.checked_add(deadline))
                .ok_or(StartRefusal::NoDeadline { block })?;
            self.check_window(next, challenge_epoch)?;
            Some(next)
        };
        let periods = skipped + u64::from(!self.is_proven);
        self.deadline = next;
        self.is_proven = false;
        Ok((periods > 0).then_some(FaultRecord { periods, deadline }))
    }

    fn first_deadline(&self, block: u64, challenge_epoch: u64) -> Result<u64, StartRefusal> {
        let period = self.parameters.period;
        let earliest = block.checked_add(period).ok_or(StartRefusal::NoDeadline { block })?;
        let (Service::WarmStorage, Some(activation)) = (self.service, self.activation) else {
            return Ok(earliest);
        };
        if challenge_epoch <= activation {
            return Err(StartRefusal::NotAfterActivation { challenge_epoch, activation });
        }
        (earliest.checked_sub(activation))
            .filter(|since| *since > 0)
            .and_then(|since| since.checked_next_multiple_of(period)?.checked_add(activation))
            .ok_or(StartRefusal::NoDeadline { block })
    }

    fn check_window(&self, deadline: u64, challenge_epoch: u64) -> Result<(), StartRefusal> {
        let window = self.window_of(deadline);
        if window.holds(challenge_epoch) {
            Ok(())
        } else {
            Err(StartRefusal::OutsideWindow { challenge_epoch, window })
        }
    }

    /// Periods that are over without a proof, where the provider has stopped calling; no record of them exists yet.
    pub const fn overdue_periods(&self, now: u64) -> u64 {
        match self.deadline {
            Some(deadline) if now > deadline && !self.is_proven => {
                // The quotient is below 2^63, as a period has at least two epochs.
                (now - deadline - 1) / self.parameters.period + 1
            }
            _ => 0,
        }
    }
}

#[cfg(test)]
#[path = "proving_period_tests.rs"]
mod tests;
