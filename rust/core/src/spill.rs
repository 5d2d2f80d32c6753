//! External sorting (placeholder doc).
