//! Canonical JSON writer (placeholder doc).
