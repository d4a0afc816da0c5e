# SPDX-License-Identifier: MIT
"""chart: the figures as SVG: one column wide enough for a telephone, and told apart in print without colours."""
import math
from xml.sax.saxutils import escape

WIDTH = 720
TEXT = 17  # px; a telephone shows the picture at half its width
DARK, LIGHT, INK, GRID, MARK = "#1f4e79", "#f2a541", "#222222", "#cccccc", "#b00020"


class Picture:
    """Elements, and how high they have become."""

    def __init__(self, height, title, about):
        self.height = height
        self.rows = [f"<title>{escape(title)}</title>", f"<desc>{escape(about)}</desc>",
                     f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>']

    def text(self, x, y, words, anchor="start", size=TEXT, weight="normal", fill=INK):
        self.rows.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
                         f'font-weight="{weight}" fill="{fill}" stroke="#ffffff" stroke-width="4" '
                         f'paint-order="stroke">{escape(words)}</text>')

    def bar(self, x, y, width, height, fill):
        self.rows.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height}" '
                         f'fill="{fill}" stroke="{INK}" stroke-width="0.8"/>')

    def line(self, points, stroke=GRID, width=1, dashes=""):
        at = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.rows.append(f'<polyline points="{at}" fill="none" stroke="{stroke}" stroke-width="{width}"{dashed}/>')

    def dot(self, x, y, fill):
        self.rows.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{fill}"/>')

    def __str__(self):
        return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" '
                          f'font-family="sans-serif" role="img">', *self.rows, "</svg>", ""])


def ticks(most):
    """Round numbers from 0 to `most`, five or so."""
    raw = most / 5
    step = 10 ** math.floor(math.log10(raw))
    step *= next(f for f in (1, 2, 5, 10) if f * step >= raw)
    return [n * step for n in range(int(most / step) + 1)]


def boots(record, bus="virtio"):
    """A bar for each image that booted: unpack and run; a line where the floor is."""
    rows = [r for r in record["boots"][bus]["rows"] if "failed" not in r]
    floor, most = rows[0]["sum"], max(r["sum"] for r in rows)
    rows.sort(key=lambda r: r["sum"])
    left, right, top, each = 16, WIDTH - 120, 132, 58
    scale = (right - left) / most
    bottom = top + each * len(rows)
    out = Picture(bottom + 52, f"What a boot with each initrd takes: {record['suite']}, {record['kernel']}, {bus}",
                  "; ".join(f"{r['name']}: {r['sum']:.0f} ms" for r in rows))
    out.text(left, 32, "What the initrd takes of a boot", size=24, weight="bold")
    out.text(left, 56, f"{record['suite']}, {record['kernel']}, root on {bus}; {record['date']}; virtual time")
    for x, fill, words in ((left, DARK, "unpack: the kernel"), (left + 220, LIGHT, "run: /init to the real init")):
        out.bar(x, 74, 22, 16, fill)
        out.text(x + 30, 88, words)
    for tick in ticks(most):
        out.line([(left + tick * scale, top - 12), (left + tick * scale, bottom)])
        out.text(left + tick * scale, bottom + 24, f"{tick:g}", "middle")
    out.text(WIDTH - 16, bottom + 24, "ms", "end")
    out.line([(left + floor * scale, top - 12), (left + floor * scale, bottom)], MARK, 2, "6 4")
    for n, r in enumerate(rows):
        y = top + n * each
        out.text(left, y + 12, r["name"], weight="bold" if r["name"].startswith("slipway") else "normal")
        out.bar(left, y + 20, r["unpack"] * scale, 24, DARK)
        out.bar(left + r["unpack"] * scale, y + 20, r["run"] * scale, 24, LIGHT)
        out.text(left + r["sum"] * scale + 8, y + 38, f"{r['sum']:.0f}  ({r['sum'] / floor:.2g} ×)")
    out.text(left, 114, f"- - -  the floor, {floor:.0f} ms: modules, mount, exec and nothing else", fill=MARK)
    return str(out)


LINES = ((DARK, ""), (MARK, "9 5"), ("#3a7d34", "2 5"))


def scaling(kinds):
    """{what: rows}: how long the root takes from its arrival to its mount, by the number of disks; both in decades."""
    kinds = {what: rows for what, rows in kinds.items() if rows}
    values = [r["arrival_to_mount"] for rows in kinds.values() for r in rows]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    left, right, top, bottom = 76, WIDTH - 30, 96, 430
    out = Picture(bottom + 70 + 28 * len(kinds), "How long the root takes beside many disks",
                  "; ".join(f"{w}: " + ", ".join(f"{r['count']}: {r['arrival_to_mount']:.0f} ms" for r in rows)
                            for w, rows in kinds.items()))

    def at(count, ms):
        return (left + (right - left) * math.log10(count) / 2,
                bottom - (bottom - top) * (math.log10(ms) - low) / (high - low))

    out.text(16, 32, "Beside many disks", size=24, weight="bold")
    out.text(16, 58, "ms from the root's arrival to its mount; virtual time")
    for decade in range(low, high + 1):
        for n in (1, 2, 5) if decade < high else (1,):
            y = at(1, n * 10 ** decade)[1]
            out.line([(left, y), (right, y)])
            out.text(left - 8, y + 6, f"{n * 10 ** decade:g}", "end")
    for count in (1, 3, 10, 30, 100):
        x = at(count, 10 ** low)[0]
        out.line([(x, top), (x, bottom)])
        out.text(x, bottom + 24, str(count), "middle")
    out.text(right, bottom + 48, "number of disks, or of volumes", "end")
    for n, ((what, rows), (colour, dashes)) in enumerate(zip(kinds.items(), LINES)):
        points = [at(r["count"], r["arrival_to_mount"]) for r in rows]
        out.line(points, colour, 3, dashes)
        for point in points:
            out.dot(*point, colour)
        y = bottom + 76 + 28 * n
        out.line([(16, y - 6), (66, y - 6)], colour, 3, dashes)
        out.text(76, y, what)
    return str(out)
