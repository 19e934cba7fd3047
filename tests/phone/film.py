"""A film for the browser's pretended camera: codes on paper, turned, out of focus, with the sun on them."""

import math
from pathlib import Path

import numpy
import segno

WIDTH, HEIGHT = 960, 720
Picture = numpy.ndarray


def film(path: Path, texts: list[str], *, seconds: float = 1.0, rate: int = 5, clear: bool = False) -> float:
    """Write a film (YUV4MPEG2) that shows each text's code for so long; returns how long the whole lasts in seconds.

    `clear`: as large as the guide box, upright and sharp, as on another phone's screen.
    """
    colourless = b"\x80" * (WIDTH * HEIGHT // 2)
    shown = max(2, round(seconds * rate))
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{rate}:1 Ip A1:1 C420\n".encode())
        for number, text in enumerate(texts):
            turned, blurred, glare = (0, 0, False) if clear else (37 * number % 360, number % 3, number % 4 == 1)
            picture = paper(text, turned=turned, blurred=blurred, glare=glare, high=540 if clear else 250)
            for frame in range(shown):
                moved = numpy.roll(picture, (frame, frame * 3), axis=(0, 1))  # nobody holds a phone still
                out.write(b"FRAME\n" + (desk() if frame == shown - 1 else moved).tobytes() + colourless)
    return len(texts) * shown / rate


def desk() -> Picture:
    """Nothing to read."""
    return numpy.full((HEIGHT, WIDTH), 96, numpy.uint8)


def paper(text: str, *, turned: float, blurred: int, glare: bool, high: int) -> Picture:
    """The code of `text` in the middle of the picture, `high` pixels high."""
    made = segno.make(text, error="l" if high > 500 else "m", micro=False)
    code = numpy.array([list(row) for row in made.matrix_iter(border=4)])
    scale = high / len(code)
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    y, x = y - HEIGHT / 2, x - WIDTH / 2
    angle = math.radians(turned)
    row = ((y * math.cos(angle) - x * math.sin(angle)) / scale + len(code) / 2).astype(int)
    column = ((x * math.cos(angle) + y * math.sin(angle)) / scale + len(code) / 2).astype(int)
    inside = (row >= 0) & (row < len(code)) & (column >= 0) & (column < len(code))
    dark = code[row.clip(0, len(code) - 1), column.clip(0, len(code) - 1)].astype(bool)
    picture = numpy.where(inside, numpy.where(dark, 40.0, 225.0), 96.0)
    for _pass in range(blurred):
        picture = (picture + numpy.roll(picture, 2, 0) + numpy.roll(picture, 2, 1) + numpy.roll(picture, -2, 0)) / 4
    if glare:
        picture += 120 * numpy.exp(-((x - 60) ** 2 + (y + 50) ** 2) / 9000)
    return picture.clip(0, 255).astype(numpy.uint8)
