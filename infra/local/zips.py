"""The sizes of the functions as Lambda gets them, which `make deploy-local` checks against the budget.

A larger program takes longer to start: `infra/adr/0004-small-binaries.md`.
"""

import io
import zipfile

from project import ROOT, Failure, say

ZIP_BYTES_MAX = 2_600_000


def check(binaries, budget=ZIP_BYTES_MAX):
    """Zips each program as `sam deploy` does, and fails if one is over the budget."""
    sizes = {name: zipped(ROOT / "target" / "lambda" / name / "bootstrap") for name in binaries}
    say(f"zipped, of {budget:,} bytes: " + ", ".join(f"{name} {size:,}" for name, size in sizes.items()))
    large = [name for name, size in sizes.items() if size > budget]
    if large:
        raise Failure(f"too large for a quick start: {', '.join(large)}",
                      "see what was added with `cargo tree`, and infra/adr/0004-small-binaries.md for what makes a program small")


def zipped(file):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as it:
        it.write(file, file.name)
    return archive.tell()
