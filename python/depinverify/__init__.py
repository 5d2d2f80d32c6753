"""Verifier of proof-of-coverage and uptime proofs for decentralised device networks."""

from __future__ import annotations
