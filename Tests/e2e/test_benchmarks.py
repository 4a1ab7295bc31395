"""The benchmarks' report: what wrk prints is read as it is meant, and a figure that can't be
believed meets no mark."""

import sys

from harness import REPOSITORY

sys.path.append(str(REPOSITORY / "Benchmarks"))

from sidebyside.load import Run, parse  # noqa: E402
from sidebyside.page import marks  # noqa: E402
from sidebyside.results import (  # noqa: E402
    Result,
    Row,
    Spread,
    at_least,
    at_most,
    faults,
    ratio,
)

PRINTED = """Running 2s test @ http://127.0.0.1:41127/
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    86.58ms  293.44ms   1.68s    92.59%
    Req/Sec   737.40      0.97k    1.86k    60.00%
  Latency Distribution
     50%    4.25ms
     75%    8.14ms
     90%  850.00us
     99%    1.50s{blank}
  368 requests in 2.00s, 269.89KB read
{errors}Requests/sec:    183.77
Transfer/sec:    134.78KB
"""
ERRORS = """  Socket errors: connect 0, read 1, write 0, timeout 2
  Non-2xx or 3xx responses: 68
"""


def a_run(rate: float) -> Run:
    return Run(requests_per_second=rate, p50=1, p99=2, answers=100)


def test_wrks_units_and_its_blank_behind_seconds_are_read():
    run = parse("peer", PRINTED.format(blank=" ", errors=""))
    assert run == Run(183.77, p50=4250, p99=1_500_000, answers=368)
    assert run.succeeded == 368 and not run.faults()


def test_refusals_and_broken_connections_are_faults():
    run = parse("peer", PRINTED.format(blank="", errors=ERRORS))
    assert (run.succeeded, run.refused) == (300, 68)
    assert [fault.split(":")[0] for fault in run.faults()] == [
        "68 of 368 answers were refusals",
        "socket errors",
    ]
    assert faults([{"peer": run}])[0].startswith("round 1, peer: 68 of 368")


def test_a_ratio_is_taken_within_each_round_first():
    rounds = [
        {"ours": a_run(100), "other": a_run(50)},
        {"ours": a_run(300), "other": a_run(100)},
        {"ours": a_run(500), "other": a_run(50)},
    ]
    # The ratio of the medians would be 6.
    assert ratio(rounds, "ours", "other") == Spread(3, 2, 10)


def test_a_mark_is_met_on_its_limit_and_missed_beyond_it():
    assert at_least(5).verdict(5) == at_most(5).verdict(5) == "**met**"
    assert at_least(5).verdict(4) == "**MISSED** by 20%"
    assert at_most(5).verdict(6) == "**MISSED** by 20%"


def test_a_figure_that_cannot_be_believed_meets_no_mark():
    row = Row.judged("checks", "2/s", "1/s", Spread.of([2.0]), at_least(1), 2)
    good, bad = Result("Good", [row]), Result("Bad", [row], faults=["one answer was a refusal"])
    lines = marks({"good": good, "bad": bad, "none": Result("None", faults=["not measured"])})
    assert lines.startswith("1 of 1 marks are met.")
    verdicts = [line.rsplit("|", 2)[1].strip() for line in lines.splitlines()[4:]]
    assert verdicts == ["**met**", "**not to be believed**", "**not to be believed**"]
