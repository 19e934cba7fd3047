"""QR pictures for papers and pages."""

import segno

# A writer tries all eight masks and takes the prettiest, which costs six times the picture. What we write is signed or
# random, so that one mask is as good as another, and somebody waits for a thousand cards.
_MASK = 4
_QUIET = 4  # modules of white around it, as the standard asks


def qr_svg(text: str, *, pixels: int = 0) -> str:
    """`text` as a QR picture with its quiet zone: an SVG that fills its box, or on white, `pixels` a module."""
    size = {"scale": pixels, "light": "#fff"} if pixels else {"omitsize": True}
    made: str = segno.make_qr(text, error="m", boost_error=False, mask=_MASK).svg_inline(border=_QUIET, **size)
    return made


def qr_rows(text: str) -> list[str]:
    """`text` as rows of "0" (white) and "1" (black), without quiet zone, for a page that draws it by itself."""
    matrix = segno.make_qr(text, error="m", boost_error=False, mask=_MASK).matrix
    return ["".join("1" if module else "0" for module in row) for row in matrix]
