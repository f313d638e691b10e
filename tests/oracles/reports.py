"""Reads reports, each as a JSON object {name, format, text} on a line, with the readers that others have for them, and writes what is
wrong with each, as a JSON array on a line. The argument, if any, is the path of the JSON Schema of SARIF 2.1.0."""

import json
import sys
import tempfile
import xml.etree.ElementTree as xml

import jsonschema
import junitparser

# What GitLab's documentation asks of an issue.
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^[^/]"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}

SARIF = json.load(open(sys.argv[1], encoding="utf-8")) if len(sys.argv) > 1 else None


def problems_by(schema, value):
    validator = jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())
    return [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(value)]


def of_sarif(text):
    log = json.loads(text)
    problems = problems_by(SARIF, log) if SARIF else []
    for run in log["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        if len(rules) != len(set(rules)):
            problems.append("a rule stands there twice")
        prints = [result["partialFingerprints"]["slimlint/v1"] for result in run["results"]]
        if len(prints) != len(set(prints)):
            problems.append("a fingerprint stands there twice")
        for result in run["results"]:
            if rules[result["ruleIndex"]] != result["ruleId"]:
                problems.append(f"{result['ruleId']} has the index of another rule")
    return problems


def of_gitlab(text):
    issues = json.loads(text)
    prints = [issue["fingerprint"] for issue in issues]
    twice = [] if len(prints) == len(set(prints)) else ["a fingerprint stands there twice"]
    return problems_by(GITLAB, issues) + twice


def of_junit(text):
    with tempfile.NamedTemporaryFile("w", suffix=".xml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        report = junitparser.JUnitXml.fromfile(file.name)
    problems, tests, failures = [], 0, 0
    for suite in report:
        cases = list(suite)
        failed = [case for case in cases if case.is_failure]
        tests, failures = tests + len(cases), failures + len(failed)
        if (suite.tests, suite.failures) != (len(cases), len(failed)):
            problems.append(f"{suite.name} counts wrong")
        if len({(case.classname, case.name) for case in cases}) != len(cases):
            problems.append(f"{suite.name} has two tests of one name")
        if not all(result.message and result.text for case in failed for result in case.result):
            problems.append(f"{suite.name} has a failure without a text")
    if (report.tests, report.failures) != (tests, failures):
        problems.append("the sums are wrong")
    return problems


def of_checkstyle(text):
    root = xml.fromstring(text)
    problems = [] if root.tag == "checkstyle" and root.get("version") else ["it is not Checkstyle's"]
    for error in root.iterfind("file/error"):
        if not (int(error.get("line")) > 0 and int(error.get("column", "1")) > 0):
            problems.append("a place that is none")
        if error.get("severity") not in ("error", "warning", "info") or not error.get("message"):
            problems.append(f"{error.attrib}")
    return problems


READERS = {"sarif": of_sarif, "gitlab": of_gitlab, "junit": of_junit, "checkstyle": of_checkstyle}

for line in sys.stdin:
    report = json.loads(line)
    try:
        found = READERS[report["format"]](report["text"])
    except Exception as error:  # Whatever a reader says is an answer.
        found = [f"{type(error).__name__}: {error}"]
    print(json.dumps([f"{report['name']} {report['format']}: {problem}" for problem in found]))
