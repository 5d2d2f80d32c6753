"""What an import brings with it, counted in modules: no clock, so the test says the same on every machine."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    "alembic",
    "cryptography",
    "duckdb",
    "hypothesis",
    "numpy",
    "obstore",
    "pandas",
    "plotly",
    "polars",
    "psycopg",
    "pyarrow",
    "pydantic",
    "ray",
    "rich",
    "sqlalchemy",
}
#: What may be loaded for the overview of commands; rich draws the page.
OF_THE_HELP = {"click", "rich", "rich_click", "depinverify", "markdown_it", "mdurl", "pygments"}


def loaded(code, *arguments):
    """Top-level modules outside the standard library that running ``code`` loads."""
    report = "import sys, json; print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})), file=sys.stderr)"
    program = f"import atexit\natexit.register(lambda: exec({report!r}))\n{code}"
    command = [sys.executable, "-c", program, *arguments]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    before = subprocess.run(
        [sys.executable, "-c", report], check=True, capture_output=True, text=True
    ).stderr.splitlines()[-1]
    names = set(json.loads(result.stderr.splitlines()[-1])) - set(json.loads(before))
    return {name for name in names if name not in sys.stdlib_module_names and not name.startswith("_")}


def test_importing_the_package_loads_nothing_else():
    assert loaded("import depinverify") == {"depinverify"}


def test_asking_for_the_version_loads_nothing_heavy():
    assert loaded("import depinverify; depinverify.__version__") == {"depinverify"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_the_overview_of_commands_loads_only_what_draws_it(arguments):
    code = (
        "import sys\nsys.argv = ['depinverify', *sys.argv[1:]]\nfrom depinverify.cli import app\n"
        "app(standalone_mode=False) if len(sys.argv) > 1 else None"
    )
    assert loaded(code, *arguments) <= OF_THE_HELP


@pytest.mark.parametrize(
    "command",
    ["settle", "verify", "score", "reward", "schedule", "check", "claim", "device", "networks", "simulate"],
)
def test_help_of_a_command_loads_no_engine(command):
    code = (
        "import sys\nsys.argv[0] = 'depinverify'\nfrom depinverify.cli import app\napp(standalone_mode=False)"
    )
    assert not loaded(code, command, "--help") & (HEAVY - {"rich"})


def test_every_public_name_can_be_had():
    code = "import depinverify\nassert all(getattr(depinverify, name) for name in depinverify.__all__)"
    assert "pyarrow" not in loaded(code)
