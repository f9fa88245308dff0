"""The table and the plot of docs/lossy-paths.md, from what the scenario `lossy` wrote to $LOSSY_SAMPLES.

lossy.py SAMPLES FOLDER     writes FOLDER/lossy-paths.svg, and prints the table
"""
import math
import sys

LEAST, MOST = 1, 200
WIDTH, LEFT, ROW = 720, 220, 18
COLOURS = {"ours": "#1f6f8b", "Linux": "#c9c9c9"}


def cells(path):
    """The last line of each cell counts."""
    found = {}
    with open(path) as file:
        for line in file:
            *cell, ours, linux = line.split()
            found[tuple(cell)] = (float(ours), float(linux))
    return sorted(found.items(), key=lambda item: [float(word) for word in item[0]])


def table(rows):
    print("| loss | round trip | reordered | streams | Culvert, Mbit/s | Linux, Mbit/s | ratio |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for (loss, rtt, reorder, streams), (ours, linux) in rows:
        print(f"| {loss} % | {rtt} ms | {reorder} % | {streams} | {ours:.1f} | {linux:.1f} | {ours / linux:.2f} |")


def bar(megabits):
    return (WIDTH - LEFT - 10) * math.log(max(megabits, LEAST) / LEAST) / math.log(MOST / LEAST)


def plot(rows):
    height = ROW * len(rows) + 44
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for megabits in (1, 2, 5, 10, 20, 50, 100, 200):
        x = LEFT + bar(megabits)
        out.append(f'<path d="M{x:.0f} 24V{height - 16}" stroke="#eee"/>')
        out.append(f'<text x="{x:.0f}" y="{height - 4}" text-anchor="middle">{megabits}</text>')
    out.append('<text x="4" y="14">loss, round trip, reordered, streams: goodput in Mbit/s (logarithmic);</text>')
    out.append(f'<text x="380" y="14" fill="{COLOURS["ours"]}">Culvert</text>')
    out.append('<text x="428" y="14" fill="#777">Linux</text>')
    for index, (cell, (ours, linux)) in enumerate(rows):
        y = 26 + ROW * index
        loss, rtt, reorder, streams = cell
        out.append(f'<text x="4" y="{y + 11}">{loss} %, {rtt} ms, {reorder} %, {streams}</text>')
        out.append(f'<rect x="{LEFT}" y="{y}" width="{bar(ours):.0f}" height="7" fill="{COLOURS["ours"]}"/>')
        out.append(f'<rect x="{LEFT}" y="{y + 7}" width="{bar(linux):.0f}" height="7" fill="{COLOURS["Linux"]}"/>')
    out.append("</svg>")
    return "\n".join(out) + "\n"


if len(sys.argv) != 3:
    sys.exit(__doc__)
measured = cells(sys.argv[1])
table(measured)
with open(sys.argv[2] + "/lossy-paths.svg", "w") as svg:
    svg.write(plot(measured))
