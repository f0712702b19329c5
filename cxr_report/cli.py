"""The command line: one verb per stage; parse, call, show progress, print where the result lies."""

from __future__ import annotations

import signal
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxr_report import __version__
from cxr_report.errors import Refusal, obstacle

if TYPE_CHECKING:
    from cxr_report.runs import StudyFolder

__all__ = ["app", "main"]

INTERRUPTED = 130

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Compare loss functions of chest X-ray classifiers: train, export, evaluate, analyse, report.",
)

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY.TOML", help="the study file; `cxr-report init` writes one")]
Target = Annotated[
    Path, typer.Argument(metavar="STUDY.TOML|FOLDER", help="the study file, or the folder of a study's runs")
]
Runs = Annotated[Path, typer.Option("--runs", metavar="DIR", help="the folder in which studies land")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="runs at once; default: found by the program")]
Partial = Annotated[bool, typer.Option("--partial", help="accept an incomplete study; page 1 then says so")]
Name = Annotated[str, typer.Option("--as", metavar="NAME", help="the name of another, exploratory analysis")]
Pilot = Annotated[
    Path | None, typer.Option("--pilot", metavar="FOLDER", help="a finished study, whose variances give the power")
]
On = Annotated[str, typer.Option("--on", metavar="WHERE", help="here (this machine), or ray: a Ray cluster trains")]
Address = Annotated[
    str, typer.Option("--address", metavar="ADDRESS", help="of the Ray cluster; default: the one of this machine")
]
ShardOf = Annotated[
    str, typer.Option("--shard", metavar="i/n", help="only train every n-th run from the i-th on; for job arrays")
]
Provider = Annotated[
    str,
    typer.Option("--provider", metavar="WHAT", help="computes the exported models: auto, cuda, tensorrt or cpu"),
]
RUNS = Path("runs")


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    pass


@app.command()
def demo(runs: Runs = RUNS, workers: Workers = None) -> None:
    """Go the whole way on synthetic radiographs, on a laptop's CPU, to a PDF."""
    with resources.as_file(resources.files("cxr_report") / "starters" / "demo.toml") as study_file:
        _run(study_file, runs=runs, workers=workers)


@app.command()
def init(
    study: Annotated[Path, typer.Argument(metavar="STUDY.TOML", help="the file to write")] = Path("study.toml"),
) -> None:
    """Write a commented starter study."""
    from cxr_report.runs import write_bytes

    if study.exists():
        raise Refusal(f"{study}: is there already; name another file, or delete it")
    write_bytes(study, (resources.files("cxr_report") / "starters" / "starter.toml").read_bytes())
    typer.echo(study)


@app.command()
def run(
    study: StudyFile,
    runs: Runs = RUNS,
    workers: Workers = None,
    partial: Partial = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be done, and what it costs")] = False,
    reuse: Annotated[
        Path | None, typer.Option("--reuse", metavar="FOLDER", help="take equal finished runs of another study")
    ] = None,
    pilot: Pilot = None,
    strict: Annotated[bool, typer.Option("--strict", help="refuse a plan that cannot succeed")] = False,
    on: On = "here",
    address: Address = "",
    shard: ShardOf = "",
    provider: Provider = "auto",
) -> None:
    """Do every stage, resuming what is there; first say what the plan can show."""
    cluster = _cluster(on, address, shard)
    if shard and (partial or dry_run or strict or reuse or pilot or provider != "auto"):
        others = "--partial, --dry-run, --strict, --reuse, --pilot and --provider"
        raise Refusal(f"--shard trains only: {others} go with a plain run")
    if dry_run and cluster:
        raise Refusal("--dry-run measures this machine and goes with --on here")
    if shard:
        _train_shard(study, shard, runs=runs, workers=workers)
    elif dry_run:
        _dry_run(study, runs=runs, workers=workers, pilot=pilot, strict=strict)
    else:
        asked = {"partial": partial, "reuse": reuse, "pilot": pilot, "strict": strict, "cluster": cluster}
        _run(study, runs=runs, workers=workers, provider=provider, **asked)


@app.command()
def train(
    study: StudyFile,
    runs: Runs = RUNS,
    workers: Workers = None,
    on: On = "here",
    address: Address = "",
    shard: ShardOf = "",
) -> None:
    """Train every run that is not finished."""
    from cxr_report import console, stages

    cluster = _cluster(on, address, shard)
    if shard:
        _train_shard(study, shard, runs=runs, workers=workers)
        return
    place = stages.Workplace.open(study, runs)
    with console.teller() as progress:
        result = stages.train(place, progress=progress, workers=workers, cluster=cluster)
    typer.echo(result)


def _cluster(on: str, address: str, shard: str) -> str | None:
    """Return the address of the Ray cluster that is asked for, or None for this machine."""
    if on not in ("here", "ray"):
        raise Refusal(f"--on takes here or ray, got {on!r}")
    if on == "here" and address:
        raise Refusal("--address names a Ray cluster and goes with --on ray")
    if on == "ray" and shard:
        raise Refusal("--shard is for job arrays without Ray; --on ray spreads all runs by itself")
    return (address or "auto") if on == "ray" else None


def _train_shard(study: Path, shard: str, *, runs: Path, workers: int | None) -> None:
    from cxr_report import console, stages
    from cxr_report.holding import Shard

    part = Shard.parse(shard)
    place = stages.Workplace.open(study, runs)
    with console.teller() as progress:
        result = stages.train_shard(place, part, progress=progress, workers=workers)
    typer.echo(result)


@app.command()
def export(study: StudyFile, runs: Runs = RUNS) -> None:
    """Export every trained run to ONNX, with its proof."""
    from cxr_report import console, stages

    place = stages.Workplace.open(study, runs)
    with console.teller() as progress:
        result = stages.export(place, progress=progress)
    typer.echo(result)


@app.command()
def evaluate(study: StudyFile, runs: Runs = RUNS, provider: Provider = "auto") -> None:
    """Predict validation and test cases with every exported run."""
    from cxr_report import console, stages

    place = stages.Workplace.open(study, runs)
    with console.teller() as progress:
        result = stages.evaluate(place, progress=progress, provider=provider)
    typer.echo(result)


def _named(text: str) -> Path:
    """Take a path by its name; an empty one would mean the working directory."""
    if not text:
        raise Refusal("'': an empty name names no file; allowed: the name of a file or a folder")
    return Path(text)


@app.command()
def predict(
    model: Annotated[
        Path,
        typer.Argument(metavar="MODEL.ONNX", help="an exported model; nothing beside it is needed", parser=_named),
    ],
    images: Annotated[
        list[Path],
        typer.Argument(
            metavar="IMAGES...", help="PNG, JPEG, TIFF, DICOM, or folders, which are searched", parser=_named
        ),
    ],
    logits: Annotated[bool, typer.Option("--logits", help="print logits in place of probabilities")] = False,
) -> None:
    """Print a probability per image and class as CSV; a model file is all it takes."""
    from cxr_report import console, stages

    with console.teller() as progress:
        table = stages.predict(model, images, logits=logits, progress=progress)
    typer.echo(table.encode("utf-8", "surrogateescape"), nl=False)  # so that a name is the bytes that the disk has


@app.command()
def analyse(
    study: Target,
    plan: Annotated[
        Path | None, typer.Argument(metavar="[PLAN.TOML]", help="with --as: the other plan's metrics and analysis")
    ] = None,
    runs: Runs = RUNS,
    partial: Partial = False,
    name: Name = "",
) -> None:
    """Compute every score and statistic; neither torch nor a GPU is needed."""
    from cxr_report import console, stages

    if (plan is None) != (not name):
        raise Refusal("analyse: --as NAME and PLAN.TOML go together")
    folder = _folder(study, runs)
    with console.teller() as progress:
        result = stages.analyse(folder, partial=partial, name=name, plan=plan, progress=progress)
    typer.echo(result)


@app.command()
def report(study: Target, runs: Runs = RUNS, partial: Partial = False, name: Name = "") -> None:
    """Write figures, tables, HTML and PDF of an analysis."""
    from cxr_report import console, stages

    folder = _folder(study, runs)
    with console.teller() as progress:
        result = stages.report(folder, partial=partial, name=name, progress=progress)
    typer.echo(result)


@app.command()
def compare(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="RESULTS.CSV",
            help="scores (loss, seed, metric, value), or predictions (loss, seed, case, truth and prob_NAME or "
            "logit_NAME per class; truth_NAME per finding)",
        ),
    ],
    primary: Annotated[str, typer.Option("--primary", metavar="METRIC", help="the conclusion rests on it")] = "",
    secondary: Annotated[
        list[str] | None,
        typer.Option("--secondary", metavar="METRIC", help="repeatable; default: all others given"),
    ] = None,
    task: Annotated[
        str, typer.Option("--task", metavar="TASK", help="of predictions: binary, multiclass or multilabel")
    ] = "",
    positive: Annotated[
        str, typer.Option("--positive", metavar="CLASS", help="of a binary task; default: that of the second column")
    ] = "",
    baseline: Annotated[str, typer.Option("--baseline", metavar="LOSS", help="default: that of the first row")] = "",
    margin: Annotated[float | None, typer.Option("--margin", help="difference too small to matter")] = None,
    alpha: Annotated[float | None, typer.Option("--alpha", help="default: 0.05")] = None,
    family: Annotated[str, typer.Option("--family", help="baseline (default) or all pairs")] = "",
    adjustment: Annotated[str, typer.Option("--adjustment", help="default: holm")] = "",
    higher: Annotated[
        list[str] | None, typer.Option("--higher", metavar="METRIC", help="your own metric: higher values are better")
    ] = None,
    lower: Annotated[
        list[str] | None, typer.Option("--lower", metavar="METRIC", help="your own metric: lower values are better")
    ] = None,
    incomplete: Annotated[
        str, typer.Option("--incomplete", help="refuse (default), or drop-seed: a seed that a loss lacks")
    ] = "refuse",
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="PLAN.TOML", help="sections metrics and analysis; options win")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="of the study's folder; default: that of the file")] = "",
    title: Annotated[str, typer.Option("--title", help="of the report")] = "",
    runs: Runs = RUNS,
) -> None:
    """Compare losses by anyone's numbers: statistics and report, nothing is trained."""
    from cxr_report import console, stages
    from cxr_report.intake import Asked

    asked = Asked(
        primary=primary,
        secondary=_words(secondary),
        task=task,
        positive=positive,
        baseline=baseline,
        margin=margin,
        alpha=alpha,
        family=family,
        adjustment=adjustment,
        higher=_words(higher) or (),
        lower=_words(lower) or (),
        name=name,
        title=title,
        incomplete=incomplete,
        plan=plan,
    )
    with console.teller() as progress:
        result = stages.compare(table, asked, runs, progress=progress)
    typer.echo(result)


def _words(options: list[str] | None) -> tuple[str, ...] | None:
    """Return every word of a repeated option, whose values may also be lists with commas; None: not given."""
    if options is None:
        return None
    return tuple(word.strip() for option in options for word in option.split(",") if word.strip())


@app.command()
def status(study: Target, runs: Runs = RUNS) -> None:
    """Show which runs are done, missing or diverged."""
    from cxr_report import standing

    typer.echo(standing.table(_folder(study, runs)))


@app.command()
def conformance(
    write: Annotated[Path | None, typer.Option("--write", metavar="FILE", help="store what was found as JSON")] = None,
) -> None:
    """Compare every statistic here with what R, other programs and publications say; 1 where one deviates."""
    from cxr_report import conformance as room
    from cxr_report.runs import write_bytes

    if write is not None:
        room.refuse_target(write)
    found = room.measure()
    if write is not None:
        write_bytes(write, room.encode(found))
    typer.echo(room.text_table(found))
    if not found.agrees:
        raise typer.Exit(1)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="pdf, html, docx, txt or tex; - for the standard input")],
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="store what was found as JSON")] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="store the text with its marks")] = None,
) -> None:
    """Re-check the statistics that a text or its tables print; 1 where one does not hold."""
    from cxr_report.runs import write_bytes
    from cxr_report.verify import text as desk

    for option, target in (("--json", json), ("--html", html)):
        desk.refuse_target(target, option, file)
    checked = desk.check(desk.read_document(file))
    if json is not None:
        write_bytes(json, desk.encode(checked))
    if html is not None:
        write_bytes(html, desk.marked_page(checked).encode("utf-8"))
    typer.echo(desk.text_table(checked))
    if not checked.clean:
        raise typer.Exit(1)


@app.command()
def verify(
    target: Annotated[
        Path, typer.Argument(metavar="FOLDER|REPORT", help="a study's folder, a report.pdf or a report.html")
    ],
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="store what was found as JSON")] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="store the record as a page")] = None,
    form: Annotated[str, typer.Option("--format", help="text, or github: annotations of a workflow")] = "text",
) -> None:
    """Recompute a study from its predictions and compare every printed number; 1 where one differs."""
    from cxr_report import console
    from cxr_report.runs import write_bytes
    from cxr_report.verify import study as desk

    desk.refuse_options(target, form, {"--json": json, "--html": html})
    with console.teller() as progress:
        found = desk.verify(target, progress=progress)
    if json is not None:
        write_bytes(json, desk.encode(found))
    if html is not None:
        write_bytes(html, desk.page(found).encode("utf-8"))
    typer.echo(desk.github_lines(found, target) if form == "github" else desk.text_table(found))
    if not found.agrees:
        raise typer.Exit(1)


@app.command()
def audit(
    table: Annotated[
        str,
        typer.Argument(
            metavar="TABLE|-",
            help="a published table, CSV or Markdown: method, metric, value, sd, seeds, n_test, positives, negatives, "
            "class_counts, bold; or one column per metric; - reads one that is typed in",
        ),
    ],
    n_test: Annotated[
        int | None, typer.Option("--n-test", min=1, max=1_000_000, help="test cases, where no column says")
    ] = None,
    seeds: Annotated[int | None, typer.Option("--seeds", min=1, max=1_000_000, help="runs behind each value")] = None,
    positives: Annotated[
        int | None, typer.Option("--positives", min=1, max=1_000_000, help="cases of the positive class")
    ] = None,
    negatives: Annotated[
        int | None, typer.Option("--negatives", min=1, max=1_000_000, help="cases of the other class")
    ] = None,
    percent: Annotated[
        bool, typer.Option("--percent", help="values are per cent; default: told by values above 1")
    ] = False,
    fractions: Annotated[bool, typer.Option("--fractions", help="values are fractions of 1")] = False,
    truncated: Annotated[bool, typer.Option("--truncated", help="digits were cut off, not rounded")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON in place of text")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="DIR", help="where HTML, PDF, JSON and CSV land")
    ] = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="write no file")] = False,
    runs: Runs = RUNS,
) -> None:
    """Say which values of a published table cannot arise and what its winners are worth; 1 where one cannot."""
    from cxr_report.verify.tables import Said, command

    if percent and fractions:
        raise Refusal("--percent and --fractions exclude each other")
    said = Said(
        n=n_test,
        seeds=seeds,
        positives=positives,
        negatives=negatives,
        scale="percent" if percent else "fraction" if fractions else "",
        rounding="truncated" if truncated else "nearest",
    )
    folder = None if no_report else report or runs / command.folder_name(table)
    done = command.run(table, said, folder)
    typer.echo(done.json if as_json else done.text, nl=False)
    if done.pdf is not None:
        typer.echo(done.pdf, err=as_json)
    if done.impossible:
        raise typer.Exit(1)


@app.command()
def power(
    seeds: Annotated[int | None, typer.Option("--seeds", help="seeds per loss; default: 5, or the pilot's")] = None,
    losses: Annotated[int | None, typer.Option("--losses", help="losses; default: 2, or the pilot's")] = None,
    cases: Annotated[int | None, typer.Option("--cases", help="test cases at hand; default: the pilot's")] = None,
    delta: Annotated[
        float | None, typer.Option("--delta", "--margin", help="difference to be found; default: the pilot's margin")
    ] = None,
    ms: Annotated[float | None, typer.Option("--ms", help="mean square of loss x seed")] = None,
    case: Annotated[float | None, typer.Option("--case", help="case part, cov2 - cov3")] = None,
    pilot: Pilot = None,
    dz: Annotated[float | None, typer.Option("--dz", help="standardised difference: the paired t test alone")] = None,
    alpha: Annotated[float | None, typer.Option("--alpha", help="default: 0.05, or the pilot's")] = None,
    adjustment: Annotated[str | None, typer.Option("--adjustment", help="default: holm, or the pilot's")] = None,
    family: Annotated[str | None, typer.Option("--family", help="baseline (default) or all pairs")] = None,
    wanted: Annotated[float, typer.Option("--power", help="that is wanted")] = 0.8,
) -> None:
    """Say how many seeds and how many test cases would do; no study is needed."""
    from cxr_report.gate import Question, answer

    asked = Question(seeds, losses, cases, delta, ms, case, pilot, dz, alpha, adjustment, family, wanted)
    typer.echo("\n".join(answer(asked)))


@app.command()
def publish(
    study: Target,
    licence: Annotated[
        str, typer.Option("--licence", "--license", metavar="SPDX-ID", help="of what is published, such as CC-BY-4.0")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.zip", help="default: the study's name, in this folder")
    ] = None,
    author: Annotated[
        list[str] | None, typer.Option("--author", help="'Family, Given'; repeatable; default: the report's")
    ] = None,
    release: Annotated[str, typer.Option("--release", metavar="VERSION", help="of what is published")] = "",
    date: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="of the release")] = "",
    partial: Partial = False,
    runs: Runs = RUNS,
) -> None:
    """Write one zip without weights for a paper: pseudonymous, licensed, citable, and verified before it is written."""
    from cxr_report import console, exchange

    wish = exchange.Wish(licence, out, tuple(author or ()), release, date, partial)
    with console.teller() as progress:
        done = exchange.publish(_folder(study, runs), wish, progress=progress)
    for name in done.strangers:
        typer.echo(f"{name}: stays at home, for it is no part of what is published", err=True)
    typer.echo(f"{done.file}  {done.size} bytes, {done.files} files; {done.weights} files with weights stay at home")


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="folder of a study or analysis, or published zip")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="the same")],
    as_json: Annotated[bool, typer.Option("--json", help="print everything as JSON")] = False,
) -> None:
    """Say which decisions and numbers differ between two studies or analyses; 1 where one does beyond rounding."""
    from cxr_report import exchange

    found = exchange.compare(exchange.read(before), exchange.read(after))
    typer.echo(exchange.encode(found) if as_json else exchange.table(found), nl=not as_json)
    if found.changed:
        raise typer.Exit(1)


def _run(study: Path, *, runs: Path, workers: int | None = None, **asked: Any) -> None:
    from cxr_report import console, stages

    stages.require("train")
    place = stages.Workplace.open(study, runs)
    with console.teller() as progress:
        result = stages.run(place, progress=progress, workers=workers, **asked)
    typer.echo(result)


def _dry_run(study: Path, *, runs: Path, workers: int | None, pilot: Path | None, strict: bool) -> None:
    from cxr_report import console, stages, standing

    stages.require("train")
    place = stages.Workplace.open(study, runs)
    with console.teller() as progress:
        told = standing.forecast(place, workers=workers, progress=progress, pilot=pilot, strict=strict)
    typer.echo(told)


def _folder(target: Path, runs: Path) -> StudyFolder:
    from cxr_report.runs import StudyFolder
    from cxr_report.study import load

    if target.is_dir():
        return StudyFolder(target.resolve())
    return StudyFolder(runs / load(target).name)


def _terminate(_signum: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; exit codes: 0 done, 1 the answer is no, 2 the input is at fault, 130 interrupted."""
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        app()
    except Refusal as refusal:
        sys.stderr.write(f"cxr-report: {refusal}\n")
        raise SystemExit(2) from None
    except OSError as error:
        if not obstacle(error):
            raise
        sys.stderr.write(f"cxr-report: {obstacle(error)}\n")
        raise SystemExit(2) from None
    except (KeyboardInterrupt, SystemExit) as end:
        if isinstance(end, SystemExit) and end.code != INTERRUPTED:
            raise
        sys.stderr.write("cxr-report: interrupted; what was finished is kept, the same command goes on from there\n")
        raise SystemExit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)
