"""``python -m depinverify`` is the ``depinverify`` command."""

from depinverify.cli import main

main()
