"""A page as a scanner or a telephone sees it, and pages with nothing to read. The same seed gives the same picture."""
from __future__ import annotations

import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

PAPER = (250, 248, 242)
INK = (38, 44, 92)
A4 = (1240, 1754)
WORDS = "la fonction est dérivable sur cet intervalle donc le résultat demandé vaut trois et la suite converge".split()


def noise(size: tuple[int, int], chance: random.Random, strength: int) -> Image.Image:
    """Grain around a middle grey: a small picture of random bytes, which keeps it fast and the same everywhere."""
    small = Image.frombytes("L", (size[0] // 2, size[1] // 2), chance.randbytes((size[0] // 2) * (size[1] // 2)))
    return small.resize(size, Image.Resampling.BILINEAR).point([128 + (value - 128) * strength // 128 for value in range(256)]).convert("RGB")


def grain(page: Image.Image, chance: random.Random, strength: int) -> Image.Image:
    return ImageChops.add(page, noise(page.size, chance, strength), scale=1, offset=-128)


def scanned(page: Image.Image, seed: int) -> Image.Image:
    """Askew by a degree at most, grey, with dust, as an office scanner gives it."""
    chance = random.Random(f"scan {seed}")
    page = page.convert("RGB").rotate(chance.uniform(-1, 1), Image.Resampling.BICUBIC, fillcolor=(255, 255, 255))
    page = page.filter(ImageFilter.GaussianBlur(chance.uniform(0.4, 0.9)))
    draw = ImageDraw.Draw(page)
    for _ in range(60):
        x, y, size = chance.randrange(page.width), chance.randrange(page.height), chance.randint(1, 3)
        draw.ellipse((x, y, x + size, y + size), fill=(chance.randint(60, 180),) * 3)
    return grain(page, chance, 14).convert("L").convert("RGB")


def shadow(size: tuple[int, int], chance: random.Random) -> Image.Image:
    """Light from one side, and the shade of a hand."""
    light = Image.linear_gradient("L").rotate(chance.choice([0, 90, 180, 270])).resize(size)
    light = light.point([150 + value * 105 // 255 for value in range(256)])
    hand = Image.new("L", size, 255)
    x, y = chance.randint(0, size[0]), chance.choice([0, size[1]])
    ImageDraw.Draw(hand).ellipse((x - size[0] // 2, y - size[1] // 4, x + size[0] // 2, y + size[1] // 4), fill=chance.randint(120, 180))
    return ImageChops.multiply(light, hand.filter(ImageFilter.GaussianBlur(60))).convert("RGB")


def perspective(corners: list[tuple[float, float]], size: tuple[int, int]) -> list[float]:
    """The eight coefficients with which Pillow takes each point of a picture of `size` from inside these corners."""
    rows, values = [], []
    for (x, y), (u, v) in zip([(0, 0), (size[0], 0), (size[0], size[1]), (0, size[1])], corners):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    for column in range(8):  # Gauss, with the largest pivot.
        pivot = max(range(column, 8), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot], values[column], values[pivot] = rows[pivot], rows[column], values[pivot], values[column]
        for row in range(8):
            if row != column:
                factor = rows[row][column] / rows[column][column]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[column])]
                values[row] -= factor * values[column]
    return [values[row] / rows[row][row] for row in range(8)]


def photographed(page: Image.Image, seed: int) -> Image.Image:
    """On a table, held by hand: in perspective, shaded, out of focus, grainy."""
    chance = random.Random(f"photo {seed}")
    page = ImageChops.multiply(page.convert("RGB"), Image.new("RGB", page.size, PAPER))
    size = (page.width * 11 // 10, page.height * 11 // 10)
    away = lambda most: chance.uniform(-0.06, -0.01) * most
    corners = [(away(page.width), away(page.height)), (page.width - away(page.width), away(page.height)),
               (page.width - away(page.width), page.height - away(page.height)), (away(page.width), page.height - away(page.height))]
    photo = page.transform(size, Image.Transform.PERSPECTIVE, perspective(corners, size), Image.Resampling.BICUBIC, fillcolor=(96, 72, 52))
    photo = ImageChops.multiply(photo.filter(ImageFilter.GaussianBlur(chance.uniform(0.6, 1.4))), shadow(size, chance))
    return grain(photo, chance, 18)


def ruled(draw: ImageDraw.ImageDraw) -> None:
    for y in range(120, A4[1] - 60, 56):
        draw.line((0, y, A4[0], y), fill=(196, 206, 232), width=1)
    draw.line((150, 0, 150, A4[1]), fill=(232, 170, 176), width=2)


def handwritten(lines: list[str], font: str, seed: int) -> Image.Image:
    """Each line in a handwriting font, each word a little off the line."""
    chance = random.Random(f"hand {seed}")
    page = Image.new("RGB", A4, PAPER)
    draw = ImageDraw.Draw(page)
    ruled(draw)
    face = ImageFont.truetype(font, 40)
    for row, line in enumerate(lines):
        x = 170.0 + chance.uniform(0, 14)
        for word in line.split():
            draw.text((x, 74 + row * 56 + chance.uniform(-3, 3)), word, font=face, fill=INK)
            x += draw.textlength(word + " ", font=face) + chance.uniform(-1, 4)
    return page


def nothing_to_read(kind: str, font: str, seed: int) -> Image.Image:
    """A page of which a faithful transcription is empty."""
    chance = random.Random(f"{kind} {seed}")
    page = Image.new("RGB", A4, PAPER)
    draw = ImageDraw.Draw(page)
    if kind in ("ruled", "faint"):
        ruled(draw)
    if kind in ("faint", "torn"):
        face = ImageFont.truetype(font, 40)
        # Two steps of grey beside the paper: less than the grain.
        fill = tuple(value - 2 for value in PAPER) if kind == "faint" else INK
        for row in range(20):
            draw.text((170, 74 + row * 56), " ".join(chance.choices(WORDS, k=7)), font=face, fill=fill)
    if kind == "torn":
        # Of each line, only the tops of the letters are left.
        for row in range(-1, 21):
            draw.rectangle((0, 96 + row * 56, A4[0], 74 + (row + 1) * 56), fill=PAPER)
        edge = [(x, 500 + chance.randint(-60, 60)) for x in range(0, A4[0] + 40, 40)]
        draw.polygon([*edge, (A4[0], A4[1]), (0, A4[1])], fill=(96, 72, 52))
    if kind == "stained":
        for _ in range(4):
            x, y, size = chance.randrange(A4[0]), chance.randrange(A4[1]), chance.randint(80, 260)
            draw.ellipse((x, y, x + size, y + size), outline=(198, 168, 120), width=chance.randint(6, 14))
    if kind == "through":
        # The other side of the sheet shows through, mirrored and blurred.
        face = ImageFont.truetype(font, 40)
        for row in range(24):
            draw.text((170, 74 + row * 56), " ".join(chance.choices(WORDS, k=7)), font=face, fill=(238, 236, 232))
        page = page.transpose(Image.Transpose.FLIP_LEFT_RIGHT).filter(ImageFilter.GaussianBlur(7))
    return photographed(page, seed)


KINDS = ("blank", "ruled", "faint", "torn", "stained", "through")
