"""Copies of pictures for others to see: drawn anew with areas blacked out, so that nothing lies under them."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import typst

WIDEST = 1600
"""Pixels; a published copy is no wider, since it is looked at on phones and printed on half a page."""
Area = tuple[float, float, float, float]
"""Left, top, width, height, each a share (0 to 1) of the picture as it is seen, upright."""

_DRAWING = b"""
#let widest = WIDESTpt
#let areas = json(bytes(sys.inputs.areas))
#set page(width: auto, height: auto, margin: 0pt)
#context {
  let natural = measure(image("picture"))
  let wide = calc.min(natural.width, widest)
  let high = natural.height * (wide / natural.width)
  box(width: wide, height: high, {
    image("picture", width: wide)
    for (x, y, w, h) in areas {
      place(top + left, dx: x * wide, dy: y * high, rect(width: w * wide, height: h * high, fill: black))
    }
  })
}
""".replace(b"WIDEST", str(WIDEST).encode())


class BadDrawing(ValueError):
    """The picture cannot be drawn: damaged, or of a kind that is not known."""


def redacted(picture: bytes, areas: Sequence[Area]) -> bytes:
    """A PNG of the picture (JPEG, PNG or WebP) with the areas in black, at most WIDEST pixels wide. Raises BadDrawing.

    It is drawn from the pixels: nothing of the file, and nothing under an area, is in the copy.
    """
    with tempfile.TemporaryDirectory() as home:
        Path(home, "picture").write_bytes(picture)
        compiler = typst.Compiler(root=home, ignore_system_fonts=True)
        try:
            made, warnings = compiler.compile_with_warnings(
                input=_DRAWING, format="png", ppi=72, sys_inputs={"areas": json.dumps([list(a) for a in areas])}
            )
        except typst.TypstError as error:
            raise BadDrawing(error.message) from error
    if warnings or not isinstance(made, bytes):
        raise BadDrawing("; ".join(warning.message for warning in warnings) or "several pages")
    return made
