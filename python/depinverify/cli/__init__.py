"""The command line: one command group per file, loaded only when it is called.

Data goes to stdout, messages to stderr. Exit codes: 0 fine, 1 findings, 2 bad call.
"""

from __future__ import annotations

import importlib
import os
import sys

import rich_click as click

from depinverify._native import __version__
from depinverify.exceptions import DepinverifyError

#: Command name -> (module that holds it, one line for the help page). The module's attribute has the command's name,
#: with ``_`` for ``-``.
COMMANDS = {
    "settle": ("settle", "Verify, score and pay one epoch: evidence in, Merkle root out."),
    "verify": ("settle", "Give each proof of an epoch its verdict."),
    "score": ("settle", "Score each device of an epoch."),
    "reward": ("settle", "Divide the pool of an epoch."),
    "schedule": ("schedule", "List who is to be probed when, and with which nonce."),
    "check": ("check", "Explain one proof: every check and what it compared."),
    "audit": ("audit", "Check a published settlement: what differs first, for each device and payee."),
    "diff": ("diff", "Compare two validators' settlements of one epoch."),
    "what-if": ("what_if", "Score and pay an epoch under another ruleset, without publishing."),
    "explain": ("explain", "Explain what one device earned: observations, score, cost of each multiplier."),
    "dispute": ("dispute", "Gather the evidence about one device, check it, sign the correction."),
    "sign": ("agree", "Sign a settlement as a validator."),
    "sign-observations": ("agree", "Sign files of observations as a validator."),
    "verify-signatures": ("agree", "Count the validators that signed exactly this settlement."),
    "budget": ("budget", "Hold emission, price of service and concentration against limits."),
    "report": ("report", "Write a settlement as one HTML file to look at."),
    "claim": ("claim", "Prove or verify one payee's amount under a published root."),
    "registry": ("registry", "Keep the register of devices and validators."),
    "device": ("device", "Act as a device: make a key, enrol, answer challenges."),
    "networks": ("networks", "List networks, or verify the evidence of one."),
    "simulate": ("simulate", "Make a complete epoch with real signatures and known truth."),
}

EXIT_CODES = "Exit codes: 0 fine; 1 findings, such as quarantined files; 2 bad call."


_OVERVIEW = "depinverify.overview"


class LazyGroup(click.RichGroup):
    """A group that imports a command's module only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Commands in reading order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or ``None``."""
        if cmd_name not in COMMANDS:
            return None
        module, line = COMMANDS[cmd_name]
        if ctx.meta.get(_OVERVIEW):
            return click.RichCommand(name=cmd_name, short_help=line, help=line)
        loaded = importlib.import_module(f"depinverify.cli.{module}")
        command: click.Command = getattr(loaded, cmd_name.replace("-", "_"))
        return command

    def format_help(self, ctx: click.RichContext, formatter: click.RichHelpFormatter) -> None:  # type: ignore[override]
        """The list of commands, which needs none of their modules."""
        ctx.meta[_OVERVIEW] = True
        super().format_help(ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called; a mistyped one is answered with the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib  # noqa: PLC0415 - only for a mistake

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean '{near[0]}'?", ctx) from None


@click.group(cls=LazyGroup, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="depinverify")
def app() -> None:
    """Verify uptime and storage proofs, score devices, divide the pool, publish a root.

    Example: depinverify simulate --devices 50 --hours 24 --seed 1 --out epoch && depinverify settle epoch
    """


def main() -> None:
    """Entry point: errors of the family become one message on stderr and exit code 2."""
    try:
        app(standalone_mode=True)
    except DepinverifyError as error:
        from depinverify.cli.output import printable  # noqa: PLC0415 - only for an error

        # Paths and names of strangers stand in messages; line feeds are our own.
        click.echo("\n".join(map(printable, f"error: {error}".split("\n"))), err=True)
        if error.hint:
            click.echo("\n" + "\n".join(map(printable, f"hint: {error.hint}".split("\n"))), err=True)
        if os.environ.get("DEPINVERIFY_DEBUG"):
            raise
        sys.exit(2)
