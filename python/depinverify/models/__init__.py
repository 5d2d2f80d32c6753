"""Scoring models beside windowed availability, and tables about money, as a ruleset chooses them.

A ruleset without a table ``models`` scores windowed availability alone. ``settings`` says what such a table may hold,
``state`` what one epoch hands to the next, and ``judge`` turns an epoch's outcomes into multipliers with reasons.
``economy`` says what the tables about money may hold; :mod:`depinverify.reward` applies them.
"""
