"""The page in a browser: it draws without complaint, fits a phone, and follows the colours of the reader's screen."""

from __future__ import annotations

import html
import re
import shutil
import struct
import subprocess
import zlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pages import amend_provenance

from absent import absent
from depinverify.report import write_report

if TYPE_CHECKING:
    from collections.abc import Callable

DARK, LIGHT = 0, 1
PHONE, DESK = (390, 1200), (1280, 1200)

#: Says in the outer page's title how wide the content is, and which elements stand out on the right.
MEASURE = """<script>addEventListener("load", () => {
  const seen = document.documentElement, wide = [...document.querySelectorAll("body *")].filter((one) =>
    !one.closest(".scroll, svg, .skip") && one.getBoundingClientRect().right > seen.clientWidth + 1);
  top.document.title = [seen.clientWidth, seen.scrollWidth, wide.length, wide[0]?.outerHTML.slice(0, 80)].join("|");
})</script>"""


@pytest.fixture(scope="session")
def browse(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Opens a file in a browser without a screen; gives what it printed, or fails with what its console says."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        absent("chromium is not here, so the page cannot be looked at")

    def open_in(file: Path, *options: str, size: tuple[int, int] = DESK, scheme: int = LIGHT) -> str:
        command = [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            f"--user-data-dir={tmp_path_factory.mktemp('browser')}", f"--window-size={size[0]},{size[1]}",
            f"--blink-settings=preferredColorScheme={scheme}", "--enable-logging=stderr", *options, file.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        assert "CONSOLE" not in done.stderr, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        return done.stdout

    return open_in


def pixels(png: Path) -> Counter[bytes]:
    """How often each colour stands in the first pixel of a row: the margin, where the page shows its background."""
    data, place, packed = png.read_bytes(), 8, b""
    width = channels = 0
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        content = data[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            width, _, depth, colours = struct.unpack(">IIBB", content[:10])
            assert (depth, colours) in {(8, 2), (8, 6)}
            channels = 3 if colours == 2 else 4
        elif kind == b"IDAT":
            packed += content
        place += 12 + length
    rows, step = zlib.decompress(packed), width * channels + 1
    before, found = bytes(channels), Counter[bytes]()
    for row in range(0, len(rows), step):
        first, kind = rows[row + 1 : row + 1 + channels], rows[row]
        # For the first pixel of a row: no change, the pixel above, half of it, or (Paeth) the pixel above.
        above = {
            0: bytes(channels),
            1: bytes(channels),
            2: before,
            3: bytes(one // 2 for one in before),
            4: before,
        }[kind]
        before = bytes((one + other) % 256 for one, other in zip(first, above, strict=True))
        found[before[:3]] += 1
    return found


def background(png: Path) -> tuple[int, int, int]:
    red, green, blue = pixels(png).most_common(1)[0][0]
    return red, green, blue


def fits(browse: Callable[..., str], page: Path, size: tuple[int, int]) -> None:
    """Nothing of a page is wider than the window; the file is changed to say so itself."""
    measured = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', MEASURE, page.read_text())
    # A browser's own window has a least width; a frame has none.
    frame = f'<iframe style="border:0;width:{size[0]}px;height:{size[1]}px" srcdoc="{html.escape(measured)}"></iframe>'
    page.write_text(f"<!DOCTYPE html><title></title>{frame}")
    title = re.search(r"<title>(\d+)\|(\d+)\|(\d+)\|(.*?)</title>", browse(page, "--dump-dom"))
    assert title is not None
    seen, wide, outside = map(int, title.groups()[:3])
    assert seen == size[0]
    assert (wide, outside) == (seen, 0), title[4]


def test_it_draws_without_complaint(browse: Callable[..., str], full_page: Path) -> None:
    shown = browse(full_page, "--dump-dom")
    assert shown.count("<section") == 10
    assert "Where the money went" in shown


def test_the_policy_forbids_scripts(browse: Callable[..., str], full_page: Path, tmp_path: Path) -> None:
    """The policy is in force: a script that somebody put in does not run, and the console says so."""
    bad = tmp_path / "bad.html"
    bad.write_text(full_page.read_text().replace("</body>", "<script>document.title='ran'</script></body>"))
    with pytest.raises(AssertionError, match="Content Security Policy"):
        browse(bad, "--dump-dom")


@pytest.mark.parametrize("size", [PHONE, (768, 1000), DESK], ids=["phone", "tablet", "desk"])
def test_nothing_stands_out_of_the_page(
    browse: Callable[..., str],
    changed: Callable[..., Path],
    epoch: Path,
    tmp_path: Path,
    size: tuple[int, int],
) -> None:
    """Also where a name is as long as names get."""
    folder, page = changed(), tmp_path / "page.html"
    amend_provenance(folder, software="x" * 300, void_validators=["ab" * 200], missing_rounds=list(range(40)))
    write_report(folder, page, epoch)
    fits(browse, page, size)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_tables_about_money_do_not_either(
    browse: Callable[..., str], funded_page: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    fits(browse, Path(shutil.copy(funded_page, tmp_path)), size)


def test_light_and_dark(browse: Callable[..., str], full_page: Path, tmp_path: Path) -> None:
    shades = []
    for scheme in (LIGHT, DARK):
        png = tmp_path / f"{scheme}.png"
        browse(full_page, f"--screenshot={png}", scheme=scheme)
        shades.append(sum(background(png)))
    assert shades[0] > 3 * 230
    assert shades[1] < 3 * 40
