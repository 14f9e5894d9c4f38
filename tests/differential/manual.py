"""The list of differences in docs/reference/embedded-cluster.md, which this test writes itself."""

from pathlib import Path

MANUAL = Path(__file__).resolve().parents[2] / "docs/reference/embedded-cluster.md"
BEGIN = "<!-- Written by tests/differential/run.py --update-manual -->"
END = "<!-- End of what is written -->"


def _shown(pattern):
    return f"`{pattern.replace('[[]', '[')}`"


def section(known, step_count, differing_count):
    lines = [BEGIN, "",
             f"{step_count} requests were put to kube-apiserver 1.34 and to this server; "
             f"{differing_count} of the answers",
             "differ somewhere, and each difference is listed here.", "",
             "| requests | fields | difference |", "| --- | --- | --- |"]
    lines += [f"| {_shown(line.step)} | {_shown(line.path)} | {line.reason} |" for line in known]
    return "\n".join(lines + ["", END])


def _parts():
    text = MANUAL.read_text()
    before, begin, rest = text.partition(BEGIN)
    inside, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{MANUAL}: the lines `{BEGIN}` and `{END}` are missing")
    return before, BEGIN + inside + END, after


def is_fresh(wanted):
    return _parts()[1] == wanted


def write(wanted):
    before, _, after = _parts()
    MANUAL.write_text(before + wanted + after)
