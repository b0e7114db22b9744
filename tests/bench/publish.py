"""The figures of a run as files for docs/performance/: JSON, a table in Markdown, plots in SVG."""

import json

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

from measure import spread  # noqa: E402


def write(document, folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    (folder / f"{name}.md").write_text(_table(document))
    if len(document["rows"]) > 1:
        _plot_ratios(document, folder / f"{name}-ratios.svg")
    if document.get("growth"):
        _plot_growth(document["growth"], folder / f"{name}-growth.svg")


def _table(document):
    machine = document["machine"]
    lines = [
        f"{document['when'][:16].replace('T', ' ')} UTC, {machine['cores']} cores of"
        f" {machine['cpu']}, Linux {machine['kernel']}, files in {machine['scratch']},"
        f" gateway to volumes by {machine['volumes_by']};"
        f" median of {document['runs']} runs on each side, in turns.",
        "",
        "| row | load | ours | baseline | ratio | target | holds | spread | stolen |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in document["rows"]:
        unit = row["unit"]
        figure = (lambda x: f"{x:,.0f}/s") if unit == "/s" else (lambda x: f"{x:.3g} {unit}")
        baseline, ratio = "", ""
        if row["baseline"]:
            baseline = f"{figure(row['baseline_median'])} ({row['against']})"
            ratio = f"{row['ratio']:.2f}"
        sign = ">=" if unit == "/s" else "<="
        lines.append(
            f"| {row['name']} | {row['load']} | {figure(row['ours_median'])} | {baseline} | {ratio}"
            f" | {sign} {row['target']:g} | {'yes' if row['holds'] else '**no**'}"
            f" | {spread(row['ours']):.0%}/{spread(row['baseline']):.0%} | {row['stolen']:.0%} |"
        )
    if document.get("profiles"):
        columns = list(next(iter(document["profiles"].values())))
        lines += ["", "| CPU time of | " + " | ".join(columns) + " |", "| --- " * (len(columns) + 1) + "|"]
        for name, shares in document["profiles"].items():
            lines.append(f"| {name} | " + " | ".join(f"{shares[c]:.0%}" for c in columns) + " |")
    if document.get("memory"):
        lines += ["", "| | |", "| --- | --- |"]
        for name, figure in document["memory"].items():
            unit = "" if name.startswith("CPU") else " MB"
            lines.append(f"| {name} | {figure:.3g}{unit} |")
    if document.get("growth"):
        names = list(document["growth"][0])
        lines += ["", "| " + " | ".join(names) + " |", "| --- " * len(names) + "|"]
        for point in document["growth"]:
            lines.append("| " + " | ".join(f"{point[name]:,.4g}" for name in names) + " |")
    return "\n".join(lines) + "\n"


def _plot_ratios(document, file):
    rows = [row for row in document["rows"] if row["baseline"]]
    figure, axes = pyplot.subplots(figsize=(9, 0.4 * len(rows) + 1))
    for i, row in enumerate(rows):
        # As a speed, where more is better, whatever the row measures.
        inverse = row["unit"] != "/s"
        speed = 1 / row["ratio"] if inverse else row["ratio"]
        target = 1 / row["target"] if inverse else row["target"]
        axes.barh(i, speed, color="tab:green" if row["holds"] else "tab:red")
        axes.plot([target, target], [i - 0.4, i + 0.4], color="black")
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("speed, as a multiple of the baseline's (the line: the target)")
    figure.tight_layout()
    figure.savefig(file)
    pyplot.close(figure)


def _plot_growth(points, file):
    names = {
        "missing_us": "GET of a missing key",
        "put_us": "PUT, 1 replica",
        "page_us": "page of 1,000 keys",
        "folders_us": "1,000 folders",
    }
    figure, axes = pyplot.subplots(figsize=(7, 4))
    keys = [point["keys"] for point in points]
    for name, label in names.items():
        axes.plot(keys, [point[name] for point in points], marker="o", label=label)
    axes.plot(keys, [point["start_seconds"] * 1e6 for point in points], marker="o", label="start")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("keys in the index")
    axes.set_ylabel("microseconds, one client")
    axes.legend()
    figure.tight_layout()
    figure.savefig(file)
    pyplot.close(figure)
