"""H3 cells."""

def cell_place(cell: str) -> tuple[int, int, int]:
    """Latitude and longitude of an H3 cell's centre in 10^-7 degrees, and its radius in metres.

    Raises:
        depinverify.exceptions.InputError: No cell of resolution 5 to 12 in lower-case hex.
    """

def cell_boundary(cell: str) -> list[tuple[int, int]]:
    """Latitude and longitude of an H3 cell's corners in 10^-7 degrees, in order around it; for maps.

    Raises:
        depinverify.exceptions.InputError: No cell of resolution 5 to 12 in lower-case hex.
    """
