"""The same verification in plain Python, written from the specifications alone.

It settles one epoch folder of the open uptime proof with what a careful Python programmer would reach for:
the ``cryptography`` package (one cached key object per public key), ``cbor2``, ``pyarrow`` for the columns,
dictionaries for everything else. It shares no line with the product. That makes it two things at once:

* the *oracle*: every content hash that the product publishes must be equal to the one computed here;
* the *baseline*: the time it takes is what the product's speed is measured against, so it does no needless
  work.

``settle(epoch_dir)`` returns a :class:`Result`; ``python -m benches.plain_verifier EPOCH`` prints the root
and the counts. Beacon signatures need a pairing, which no common Python package offers at a useful speed:
they are checked by the callable ``verify_round`` where one is passed in, and taken as pinned where none is.
"""

from __future__ import annotations

from .settle import Result, settle

__all__ = ["Result", "settle"]
