"""Writes rows for WycheproofTest from a checkout of C2SP/wycheproof.

usage: wycheproof.py CHECKOUT OUT [few]
`few` keeps two cases of each kind: those rows are committed beside the test.
"""
import json
import pathlib
import sys

FILES = {
    "x25519": ("public", "private", "shared"),
    "chacha20_poly1305": ("key", "iv", "aad", "msg", "ct", "tag"),
    "xchacha20_poly1305": ("key", "iv", "aad", "msg", "ct", "tag"),
}


def cases(checkout, name):
    text = (checkout / "testvectors_v1" / f"{name}_test.json").read_text()
    for group in json.loads(text)["testGroups"]:
        yield from group["tests"]


def main():
    checkout, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    few = len(sys.argv) > 3
    out.mkdir(parents=True, exist_ok=True)
    for name, fields in FILES.items():
        rows, seen = [], {}
        for case in cases(checkout, name):
            kind = (tuple(case["flags"]), case["result"])
            seen[kind] = seen.get(kind, 0) + 1
            if not few or seen[kind] <= 2:
                values = [case[field] or "-" for field in fields]
                rows.append(" ".join([str(case["tcId"]), case["result"], *values]))
        head = "# Case, result, " + ", ".join(fields) + ". From C2SP/wycheproof (Apache-2.0), by it/lib/wycheproof.py.\n"
        (out / f"{name}.txt").write_text(head + "\n".join(rows) + "\n")


main()
