"""Rules of the house that a machine can hold: sizes, names, openings of modules, and floors that no import climbs.

The floors are those of ARCHITECTURE.md. An entry of ``UPWARD`` is a known step up, with its reason; an entry that is
no longer needed makes the test fail too.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "rust" / "core" / "src"
PACKAGE = ROOT / "python" / "depinverify"

MOST_LINES = 700
#: Made from the catalogue; a test of its own says when it is absent or old.
GENERATED = {"docs/verdicts.md"}
SOURCE_FOLDERS = ("rust", "python", "tests", "benches", "examples")
SOURCE_ENDINGS = {".rs", ".py", ".pyi"}
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager"}

#: Floors of the core, from the ground up; a path belongs to its longest prefix here.
CORE_FLOORS = (
    ("fixed", "hash", "simd", "verdict"),
    ("schema", "spill", "table_file", "merkle"),
    ("signature",),
    ("decode", "canonical"),
    ("beacon", "registry"),
    (
        "checks",
        "indicators",
        *("score/availability", "score/bounds", "score/cluster", "score/combination", "score/committee"),
        *("score/diversity", "score/exact", "score/objective"),
        *("score/payout", "score/relative", "score/reported_uptime", "score/reputation", "score/sequential"),
        *("score/standing", "score/state", "score/streak", "score/strikes"),
    ),
    # What an epoch is and what is known of its rows: the terms in which networks and scoring speak.
    ("verify/epoch", "verify/roster", "verify/rows", "verify/judged", "verify/findings", "verify/secrets"),
    ("networks", "score"),
    ("verify", "reward"),
)
UPWARD_CORE = {
    # A judged row holds the ruling of the only network whose rows are judged this way so far.
    ("verify/judged", "networks/generic"),
}

#: Floors of the package. Imports for type checkers only do not count: they build nothing.
PACKAGE_FLOORS = (
    ("_native", "exceptions"),
    (
        *("canonical", "catalogue", "catalogue_names", "indicators", "observations", "payee"),
        *("score", "settlement", "signature", "validation"),
    ),
    ("rulesets", "models/economy", "models/settings", "models/state"),
    ("ruleset", "registry", "workspace"),
    ("epoch", "reward", "device"),
    ("ingest", "models"),
    ("publish",),
    ("pipeline",),
    ("estimate", "simulate", "agreement", "audit", "check", "compared", "networks", "report"),
    ("cli", "testing"),
    ("__main__",),
)
UPWARD_PACKAGE: set[tuple[str, str]] = set()


def source_files() -> Iterator[Path]:
    for folder in SOURCE_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            parts = path.relative_to(ROOT).parts
            if path.suffix in SOURCE_ENDINGS and "target" not in parts and "node_modules" not in parts:
                yield path


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_files_are_short() -> None:
    lines = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in source_files()}
    assert len(lines) > 100
    assert not {name: count for name, count in lines.items() if count > MOST_LINES}


def test_nothing_is_left_unfinished() -> None:
    found = [
        f"{name_of(path)}:{number}"
        for path in source_files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not found


def test_names_say_something() -> None:
    parts = {
        (part.removesuffix("_tests"), name_of(path))
        for path in source_files()
        for part in (path.stem, *path.parent.parts)
    }
    assert not [name for part, name in parts if part in EMPTY_NAMES]


def test_modules_open_with_their_contract() -> None:
    rust = [path for path in source_files() if path.suffix == ".rs" and not path.stem.endswith("_tests")]
    silent = [name_of(path) for path in rust if not path.read_text("utf-8").startswith("//!")]
    python = [path for path in source_files() if path.suffix == ".py" and path.stat().st_size]
    silent += [
        name_of(path) for path in python if ast.get_docstring(ast.parse(path.read_text("utf-8"))) is None
    ]
    assert not silent


def test_documentation_links_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benches").glob("*.md")]
    broken = [
        f"{name_of(page)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
        if "://" not in target
        and not (linked := (page.parent / target).resolve()).exists()
        and linked.relative_to(ROOT).as_posix() not in GENERATED
    ]
    assert len(pages) > 10
    assert not broken


def floor_of(module: str, floors: tuple[tuple[str, ...], ...]) -> tuple[int, str]:
    """Floor and room of a module given as a path with slashes."""
    rooms = [(room, number) for number, floor in enumerate(floors) for room in floor]
    inside = [(room, number) for room, number in rooms if f"{module}/".startswith(f"{room}/")]
    assert inside, f"{module} has no floor"
    room, number = max(inside, key=lambda entry: len(entry[0]))
    return number, room


def climbing(
    imports: set[tuple[str, str]], floors: tuple[tuple[str, ...], ...], allowed: set[tuple[str, str]]
) -> list[str]:
    """Imports of a higher floor that nobody has given a reason for, and reasons that no import needs."""
    used, found = set(), []
    for importer, imported in sorted(imports):
        (here, from_room), (there, to_room) = floor_of(importer, floors), floor_of(imported, floors)
        if there <= here:
            continue
        matching = {
            (low, high) for low, high in allowed if importer.startswith(low) and imported.startswith(high)
        }
        used |= matching
        if not matching:
            found.append(f"{importer} ({from_room}) imports {imported} ({to_room})")
    return found + [f"{low} -> {high} is allowed and not needed" for low, high in sorted(allowed - used)]


def core_imports() -> set[tuple[str, str]]:
    found = set()
    for path in CORE.rglob("*.rs"):
        module = path.relative_to(CORE).with_suffix("").as_posix().removesuffix("/mod")
        if module == "lib" or module.endswith(("_tests", "/sample")):
            continue
        # `use crate::a::b::{..}` names the module a/b, or an item of the module a.
        for named in re.findall(r"\bcrate::([a-z_0-9]+(?:::[a-z_0-9]+)*)", path.read_text("utf-8")):
            parts = named.split("::")
            target = "/".join(parts)
            while not ((CORE / f"{target}.rs").exists() or (CORE / target / "mod.rs").exists()):
                parts.pop()
                assert parts, f"{module}: {named}"
                target = "/".join(parts)
            found.add((module, target))
    return found


class RuntimeImports(ast.NodeVisitor):
    """Modules of the package that a module imports when it runs."""

    def __init__(self) -> None:
        self.modules: set[str] = set()

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module == "depinverify":
            self.modules |= {alias.name for alias in node.names if not alias.name.startswith("__")}
        elif node.module is not None and node.module.startswith("depinverify."):
            self.modules.add(node.module.removeprefix("depinverify.").replace(".", "/"))

    def visit_Import(self, node: ast.Import) -> None:
        names = {alias.name for alias in node.names}
        self.modules |= {
            n.removeprefix("depinverify.").replace(".", "/") for n in names if n.startswith("depinverify.")
        }


def package_imports() -> set[tuple[str, str]]:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        module = path.relative_to(PACKAGE).with_suffix("").as_posix().removesuffix("/__init__")
        if module == "__init__":
            continue
        visitor = RuntimeImports()
        visitor.visit(ast.parse(path.read_text("utf-8")))
        found |= {(module, imported) for imported in visitor.modules}
    return found


def test_no_import_of_the_core_climbs() -> None:
    imports = core_imports()
    assert len(imports) > 50
    assert not climbing(imports, CORE_FLOORS, UPWARD_CORE)


def test_no_import_of_the_package_climbs() -> None:
    imports = package_imports()
    assert len(imports) > 50
    assert not climbing(imports, PACKAGE_FLOORS, UPWARD_PACKAGE)


#: Where the core may ask for random numbers: secret coefficients of a batch equation, without which whoever made the
#: evidence could make errors cancel. A failed batch is decided by single checks, so that they never reach a verdict.
RANDOM_CORE = {
    ("rust/core/src/networks/filecoin/groth16.rs", "getrandom"),
    ("rust/core/src/networks/filecoin/input_sum/subgroup.rs", "getrandom"),
    ("rust/core/src/signature/bls_batch.rs", "getrandom"),
}

#: The one module that calls the intrinsics of vector units.
VECTOR_UNITS = {
    *(CORE / "simd" / "x86").glob("*.rs"),
    CORE / "hash" / "x86.rs",
}


def test_the_core_knows_neither_python_nor_clocks() -> None:
    forbidden = re.compile(
        r"\bpyo3\b|\bSystemTime\b|\bInstant::now\b|\bthread_rng\b|\bgetrandom\b|\bunsafe\b\s*[{(fi]"
    )
    found = {
        (name_of(path), match.group())
        for path in CORE.rglob("*.rs")
        if not path.stem.endswith("_tests") and path not in VECTOR_UNITS
        for line in path.read_text("utf-8").splitlines()
        for match in forbidden.finditer(line.split("//")[0])
    }
    # Equal, so that an entry that is no longer needed fails too.
    assert found == RANDOM_CORE
    texts = [path.read_text("utf-8") for path in VECTOR_UNITS]
    blocks = [line for text in texts for line in text.splitlines() if "unsafe {" in line]
    reasons = sum(text.count("// SAFETY: ") for text in texts)
    assert 0 < len(blocks) == reasons


@pytest.mark.parametrize(
    ("importer", "imported", "climbs"),
    [("fixed", "verify", True), ("verify/driver", "fixed", False), ("score/state", "score/driver", True)],
)
def test_the_rule_itself(importer: str, imported: str, climbs: bool) -> None:
    assert bool(climbing({(importer, imported)}, CORE_FLOORS, set())) is climbs
