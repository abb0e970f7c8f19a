"""Suites that cannot be trusted to judge are refused, with the file and what is wrong."""

import json
import subprocess
import sys

import msgspec
import pytest

from tthc.errors import TthcError, UsageError
from tthc.quality.suites import MOST_ROW_RULES, folder, read_suite, suite_of
from tthc.sources.streams import streams


def expectation(**changes):
    """Return one right expectation for rows, as JSON has it, with changes (None takes a member away)."""
    plain = {
        "type": "expect_rows_to_satisfy",
        "kwargs": {"rule": "code_is_given", "fails_when": "dossier_code IS NULL"},
        "severity": "critical",
        "meta": {"reason": "Thiếu mã. Hãy điền mã.", "source": "counting.md 6"},
    } | changes
    return {name: value for name, value in plain.items() if value is not None}


def write(folder, expectations, name="thu"):
    """Write a suite and return its path."""
    path = folder / "thu.json"
    path.write_text(json.dumps({"name": name, "expectations": expectations}), encoding="utf-8")
    return path


def test_every_stream_has_its_suite_and_every_suite_its_stream():
    declared = {stream.suite for stream in streams().values()}
    assert declared == {path.stem for path in folder().glob("*.json")}
    for stream in streams().values():
        suite = suite_of(stream)
        assert len(suite.row_rules) >= 5
        assert len(suite.batch_rules) >= 1


def test_only_two_kinds_of_batch_rule_may_stop_a_stream():
    critical = {
        rule.rule
        for s in streams().values()
        for rule in suite_of(s).batch_rules
        if rule.severity == "critical"
    }
    assert critical == {"refused_rows_are_few", "short_window_had_no_dossiers", "short_window_had_no_events"}


def test_a_right_suite_is_read_as_great_expectations_takes_it(tmp_path):
    suite = read_suite(write(tmp_path, [expectation()]))
    document = suite.document(one_pass="x/1")
    assert document["expectations"][0]["kwargs"] == {
        "rule": "code_is_given",
        "fails_when": "dossier_code IS NULL",
        "one_pass": "x/1",
    }
    assert suite.reason(["code_is_given", "gone_since"]) == "Thiếu mã. Hãy điền mã. gone_since."


@pytest.mark.parametrize(
    ("expectations", "said"),
    [
        ([], "trống"),
        ([expectation(type="expect_rows_to_satisfie")], "expect_rows_to_satisfie"),
        ([expectation(type="expect_column_values_to_not_be_null")], "expect_column_values_to_not_be_null"),
        ([expectation(type=None)], "type"),
        ([expectation(severity=None)], "severity"),
        ([expectation(severity="critcal")], "critcal"),
        ([expectation(meta=None)], "meta"),
        ([expectation(meta={"source": "counting.md 6"})], "reason"),
        ([expectation(meta={"reason": " ", "source": "counting.md 6"})], "reason"),
        ([expectation(meta={"reason": "Sai.", "source": ""})], "source"),
        ([expectation(kwargs={"rule": "code_is_given"})], "fails_when"),
        ([expectation(kwargs={"rule": "code_is_given", "fails_when": " "})], "fails_when"),
        ([expectation(kwargs={"rule": "Mã trống", "fails_when": "true"})], "tên luật"),
        ([expectation(kwargs={"rule": "a_rule", "fails_when": "true", "column": "x"})], "column"),
        ([expectation(kwargs={"rule": "a_rule", "fails_when": "true", "measure": "1"})], "measure"),
        ([expectation(), expectation()], "đã dùng"),
        ([expectation(type="expect_batch_to_satisfy")], "không có luật nào cho dòng"),
        (
            [
                expectation(kwargs={"rule": f"rule_{n}", "fails_when": "true"})
                for n in range(MOST_ROW_RULES + 1)
            ],
            "nhiều nhất",
        ),
    ],
)
def test_a_wrong_suite_is_refused(tmp_path, expectations, said):
    with pytest.raises(UsageError, match=r"expectations/thu\.json") as caught:
        read_suite(write(tmp_path, expectations))
    assert said in str(caught.value)


def test_a_suite_under_another_name_a_missing_and_a_broken_one_are_refused(tmp_path):
    with pytest.raises(TthcError, match="khac"):
        read_suite(write(tmp_path, [expectation()], name="khac"))
    with pytest.raises(TthcError, match="Không có bộ luật"):
        read_suite(tmp_path / "khong_co.json")
    (tmp_path / "thu.json").write_text("{", encoding="utf-8")
    with pytest.raises(TthcError, match="viết sai"):
        read_suite(tmp_path / "thu.json")


def test_the_suites_are_plain_json_that_great_expectations_reads_whole():
    """What is on disk is a suite of Great Expectations: it builds as many expectations as the file holds."""
    import great_expectations as gx

    from tthc.quality import row_rules

    assert row_rules.ExpectRowsToSatisfy.expectation_type == "expect_rows_to_satisfy"
    assert row_rules.ExpectBatchToSatisfy.expectation_type == "expect_batch_to_satisfy"
    for stream in streams().values():
        suite = suite_of(stream)
        built = gx.ExpectationSuite(**suite.document(one_pass="x/1"))
        assert len(built.expectations) == len(suite.expectations)
        assert [e.severity.value for e in built.expectations] == [e.severity for e in suite.expectations]
        assert [e.meta for e in built.expectations] == [
            msgspec.to_builtins(e.meta) for e in suite.expectations
        ]


def test_great_expectations_is_loaded_only_by_an_audit():
    code = (
        "import sys, tthc.quality.audit, tthc.quality.quarantine, tthc.quality.suites;"
        "assert not {'great_expectations', 'pandas'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
