"""Published results, explained and held against what they were made from."""

from __future__ import annotations

from depinverify.audit.alternative import WhatIf, what_if
from depinverify.audit.auditor import Audit, audit
from depinverify.audit.disagreement import Diff, diff
from depinverify.audit.findings import Basis, Finding, FindingCode, Stage

__all__ = ["Audit", "Basis", "Diff", "Finding", "FindingCode", "Stage", "WhatIf", "audit", "diff", "what_if"]
