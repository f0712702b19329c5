"""Every public statistic and metric has a foreign witness and agrees with it; a planted deviation is found."""

import inspect
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cxr_report import metrics, stats
from cxr_report.cli import app
from cxr_report.conformance import COMPARISONS, Check, catalogue, measure, recorded, run_checks
from cxr_report.conformance.comparison import flat

SCRIPTS = [Path(__file__).parents[1] / room / "witnesses" for room in ("stats", "metrics")]


def public_functions(room):
    return [f"{room.__name__.split('.')[1]}.{name}" for name in room.__all__ if inspect.isfunction(getattr(room, name))]


@pytest.fixture(scope="module")
def checks():
    return run_checks()


@pytest.mark.parametrize("function", public_functions(stats) + public_functions(metrics))
def test_every_public_function_has_a_witness(function):
    assert function in {comparison.function for comparison in COMPARISONS}


def test_every_comparison_is_of_a_public_function_and_stands_once():
    known = set(public_functions(stats) + public_functions(metrics))
    assert {comparison.function for comparison in COMPARISONS} <= known
    names = [(comparison.function, comparison.witness) for comparison in COMPARISONS]
    assert len(set(names)) == len(names)


def test_every_witness_is_a_program_with_its_version_or_a_publication():
    for comparison in COMPARISONS:
        assert re.search(r"\d+\.\d+|doi 10\.|https://", comparison.witness), comparison.witness
        assert "cxr_report" not in comparison.witness


@pytest.mark.parametrize("place", range(len(COMPARISONS)), ids=lambda place: COMPARISONS[place].function)
def test_every_function_agrees_with_its_witness(place, checks):
    check = checks[place]
    assert check.agrees, check
    assert check.values >= 1


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda comparison: comparison.function)
def test_a_planted_deviation_of_twice_the_tolerance_is_found(comparison):
    """In the last value alone."""
    computed, expected, tolerance = comparison.compare()
    wrong, last = flat(computed), flat(expected)[-1]
    unit = max(abs(last), 1e-6) if tolerance.held_to == "relative" else 1.0
    wrong[-1] = last + 2 * max(tolerance.limit, 1e-8) * unit
    planted = replace(comparison, compare=lambda: (wrong, expected, tolerance)).check()
    assert not planted.agrees
    lost = flat(computed)
    lost[0] = np.nan
    assert not replace(comparison, compare=lambda: (lost, expected, tolerance)).check().agrees


def test_a_statistic_that_goes_wrong_is_found(monkeypatch):
    """The one-sided p in the place of the two-sided."""
    honest = stats.welch_t

    def wrong(x, y, **options):
        found = honest(x, y, **options)
        return replace(found, p=found.p / 2)

    monkeypatch.setattr(stats, "welch_t", wrong)
    apart = {
        c.function for c in COMPARISONS if c.function in ("stats.welch_t", "stats.paired_t") and not c.check().agrees
    }
    assert apart == {"stats.welch_t"}


def test_an_entry_with_a_lost_value_is_a_fault_of_the_entry():
    broken = replace(COMPARISONS[0], compare=lambda: ([1.0], [1.0, 2.0], COMPARISONS[0].compare()[2]))
    with pytest.raises(ValueError, match=r"computed 1 value\(s\), expected 2"):
        broken.check()


def test_two_runs_say_the_same(checks):
    """Resampling entries draw from seeds of their own."""
    drawn = ("stats.rank_bootstrap", "stats.auc_bootstrap", "stats.crossed_bootstrap")
    again = tuple(c.check() for c in COMPARISONS if c.function in drawn)
    assert again == tuple(check for check in checks if check.function in drawn)


def test_the_stored_witnesses_say_what_made_them():
    from cxr_report.conformance import stored_names, witness

    for name in stored_names():
        content = witness(name)
        assert content["source"]
        if content["source"].endswith((".R", ".py")):
            assert content["versions"]
            assert any((folder / content["source"]).is_file() for folder in SCRIPTS), content["source"]


def test_an_unknown_witness_is_refused_with_the_known_ones():
    from cxr_report.conformance import witness

    with pytest.raises(ValueError, match=r"vandyke, got 'nobody'"):
        witness("nobody")


def test_a_witness_is_read_anew_so_that_changing_it_changes_nothing():
    from cxr_report.conformance import witness

    witness("pairs")["pairs"].clear()
    assert witness("pairs")["pairs"]


def test_the_command_prints_a_line_per_check_and_leaves_with_0():
    code = "from cxr_report.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, "conformance"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(COMPARISONS) + 2
    assert lines[-1].startswith(f"{len(COMPARISONS)} checks of ")
    assert "all agree" in lines[-1]


def test_the_command_leaves_with_1_where_one_deviates_and_writes_what_it_found(monkeypatch, tmp_path):
    computed, expected, tolerance = COMPARISONS[0].compare()
    planted = replace(COMPARISONS[0], compare=lambda: (flat(computed) + 1, expected, tolerance))
    monkeypatch.setattr(catalogue, "COMPARISONS", (planted, *COMPARISONS[-2:]))
    result = CliRunner().invoke(app, ["conformance", "--write", str(tmp_path / "found.json")])
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert [line.rsplit(None, 1)[1] for line in lines[1:-1]] == ["NO", "yes", "yes"]
    assert "1 deviates" in lines[-1]
    written = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert len(written["checks"]) == 3


def test_the_versions_are_those_of_this_installation(monkeypatch):
    import scipy

    monkeypatch.setattr(catalogue, "COMPARISONS", COMPARISONS[-1:])
    assert measure().versions["scipy"] == scipy.__version__


def test_the_record_of_the_release_is_up_to_date_in_its_functions_and_tolerances():
    found = recorded()
    current = [(comparison.function, comparison.witness) for comparison in COMPARISONS]
    assert [(check.function, check.witness) for check in found.checks] == current
    assert found.agrees
    for check, comparison in zip(found.checks, COMPARISONS, strict=True):
        tolerance = comparison.compare()[2]
        assert (check.held_to, check.tolerance, check.reason) == (tolerance.held_to, tolerance.limit, tolerance.reason)


def test_no_deviation_grew_far_beyond_the_record(checks):
    """Rounding noise may move by a few digits between libraries, a thousandfold says that something else moved."""
    for check, old in zip(checks, recorded().checks, strict=True):
        assert isinstance(check, Check)
        assert check.values == old.values
        assert check.deviation <= max(1000 * old.deviation, 1e-11) or check.deviation <= check.tolerance / 10
