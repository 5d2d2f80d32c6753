"""Every command explains itself: its own help page, an example, exit codes, and hints where a name is wrong."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from depinverify.cli import COMMANDS, app

PAGES = Path(__file__).parent / "help"
#: The same on every terminal.
PLAIN = {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1", "TERM": "dumb"}


def commands(command, path=()):
    """Every command with its path, groups before their members."""
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from commands(command.get_command(click.Context(command), name), (*path, name))


ALL = dict(commands(app))


#: Prints all help pages: in an interpreter of its own, since the width of the page is kept from the first one on.
PRINT_PAGES = """
import json, sys
from click.testing import CliRunner
from depinverify.cli import app
pages = []
for path in json.loads(sys.argv[1]):
    result = CliRunner().invoke(app, [*path, "--help"], prog_name="depinverify")
    assert result.exit_code == 0, result.output
    pages.append([path, result.stdout])
print(json.dumps(pages))
"""


@pytest.fixture(scope="module")
def page():
    command = [sys.executable, "-c", PRINT_PAGES, json.dumps(list(ALL))]
    shown = subprocess.run(command, env=os.environ | PLAIN, check=True, capture_output=True).stdout
    pages = {tuple(path): text for path, text in json.loads(shown)}
    return lambda path: "\n".join(line.rstrip() for line in pages[path].splitlines()).strip() + "\n"


@pytest.mark.parametrize("path", ALL, ids=lambda path: " ".join(path) or "depinverify")
def test_the_help_page_of_each_command_is_the_kept_one(page, path):
    kept = PAGES / ("-".join(("depinverify", *path)) + ".txt")
    shown = page(path)
    if os.environ.get("DEPINVERIFY_KEEP_HELP"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(shown)
    assert shown == kept.read_text(), "DEPINVERIFY_KEEP_HELP=1 writes the pages anew"


def test_no_page_is_kept_of_a_command_that_is_gone():
    assert {path.stem for path in PAGES.iterdir()} == {"-".join(("depinverify", *path)) for path in ALL}


@pytest.mark.parametrize("path", ALL, ids=lambda path: " ".join(path) or "depinverify")
def test_each_command_has_an_example_that_is_one_of_its_calls(path):
    examples = re.findall(r"^\s*(?:Example: |[|] )?depinverify (.+)$", ALL[path].help or "", re.MULTILINE)
    assert any(" ".join(path) in example for example in examples), path
    for example in examples:
        words = example.split()
        assert words[0] in COMMANDS
        is_own = not isinstance(ALL[path], click.Group) and tuple(words[: len(path)]) == path
        for option in (word.partition("=")[0] for word in example.split("|")[0].split("&&")[0].split()):
            if option.startswith("--") and is_own:
                assert option in {
                    name for one in ALL[path].params for name in (*one.opts, *one.secondary_opts)
                }


@pytest.mark.parametrize("path", ALL, ids=lambda path: " ".join(path) or "depinverify")
def test_each_option_and_argument_is_explained(path):
    for parameter in ALL[path].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_the_overview_names_every_command(page):
    shown = page(())
    assert all(re.search(rf"^│? ?\W*{name}\b", shown, re.MULTILINE) for name in COMMANDS)
    assert "Exit codes: 0 fine; 1 findings" in shown


@pytest.mark.parametrize(
    ("wrong", "meant"), [("setle", "settle"), ("schedul", "schedule"), ("chek", "check")]
)
def test_a_mistyped_command_is_answered_with_the_one_that_was_meant(wrong, meant):
    result = CliRunner().invoke(app, [wrong])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"Did you mean '{meant}'?" in " ".join(result.stderr.split())


def test_no_color_is_obeyed_and_colour_can_be_asked_for():
    def shown(**env):
        clean = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
        command = [sys.executable, "-m", "depinverify", "--help"]
        return subprocess.run(command, env=clean | env, check=True, capture_output=True).stdout

    assert b"\x1b[" in shown(FORCE_COLOR="1")
    assert b"\x1b[1;3" not in shown(FORCE_COLOR="1", NO_COLOR="1")
    assert b"\x1b[" not in shown(NO_COLOR="1")
