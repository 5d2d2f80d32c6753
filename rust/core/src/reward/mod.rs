//! Reward.
