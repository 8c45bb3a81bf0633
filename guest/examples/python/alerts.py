"""The alerts that NetBackup keeps. The state counts each alert once."""

import json
from collections import Counter

from componentize_py_types import Err
from netbackup import Client
from wit_world.exports import collector as wit
from wit_world.imports.log import Level
from wit_world.imports.metrics import (
    Kind,
    Point,
    ReportedFamily,
    Samples_Counter,
    Samples_Gauge,
)

PATH = "/manage/alerts"
STATE_VERSION = 1

ALERTS = wit.DeclaredFamily(
    name="nbu_alerts",
    kind=Kind.GAUGE,
    unit=None,
    help="Number of alerts that NetBackup keeps.",
    labels=["severity", "category"],
    experimental=False,
)
SEEN = wit.DeclaredFamily(
    name="nbu_alerts_seen_total",
    kind=Kind.COUNTER,
    unit=None,
    help="Number of alerts seen since the first collection.",
    labels=["severity"],
    experimental=True,
)
MANIFEST = wit.Manifest(
    name="example",
    version="0.1.0",
    collectors=[
        wit.DeclaredCollector(
            name="alerts",
            summary="Alerts that NetBackup keeps.",
            enabled_by_default=True,
            cached=False,
            default_interval_seconds=None,
            endpoints=[wit.Endpoint(wit.Method.GET, PATH)],
            permissions=["|MANAGE|EMAIL-NOTIFICATIONS|"],
            options=[
                wit.DeclaredOption(
                    name="pageSize",
                    summary="Number of alerts to read in one request.",
                    kind=wit.OptionKind_Integer((1, 100)),
                    default="100",
                ),
                wit.DeclaredOption(
                    name="ignoredCategories",
                    summary="Categories of alerts to leave out.",
                    kind=wit.OptionKind_TextList(),
                    default="[]",
                ),
            ],
            families=[ALERTS, SEEN],
            state_version=STATE_VERSION,
        )
    ],
    highlights=[
        wit.Highlight(
            title="Alerts of severity ERROR",
            family=ALERTS.name,
            matching=[("severity", "ERROR")],
            aggregate=wit.Aggregate.SUM,
            unit=None,
            warn_above=0.0,
        )
    ],
)


def check(settings):
    """Checks what the declared options do not express."""
    return [
        wit.Problem(
            at=f"collectors.{selection.name}.ignoredCategories",
            message="a category is empty",
            hint="remove the empty text",
        )
        for selection in settings.collectors
        if "" in options_of(selection)["ignoredCategories"]
    ]


def probe(settings, last_api_version, host):
    client = Client(settings, last_api_version, host)
    try:
        client.get(PATH, {"page[limit]": 1})
    except Err as error:
        expect_lacking(error, client)
    return wit.ProbeAnswer(client.version, server_time=None)


def collect(settings, window, state, host):
    # The last tenth is for the report.
    deadline = host.now() + window.deadline_milliseconds / 1000 * 0.9
    client = Client(settings, window.last_api_version, host, deadline)
    saved = {it.collector: it for it in state}
    outcomes = [
        outcome_of(selection, saved.get(selection.name), client, host)
        for selection in settings.collectors
    ]
    return wit.Report(client.version, outcomes)


def outcome_of(selection, saved, client, host):
    started, sent = host.now(), client.requests
    outcome = wit.Outcome(
        collector=selection.name,
        families=[],
        failures=[],
        unsupported=[],
        state=None,
        duration_milliseconds=0,
        requests=0,
        skipped_rows=0,
    )
    try:
        read_or_lack(options_of(selection), load(saved, host.log), client, outcome)
    except Err as error:
        outcome.failures = [error.value]
    outcome.requests = client.requests - sent
    outcome.duration_milliseconds = int((host.now() - started) * 1000)
    return outcome


def expect_lacking(error, client):
    """Raises, unless the release of the server does not have the list.

    With a wrong base path nothing is found, not even `/ping`.
    """
    failure = error.value
    if failure.endpoint != PATH or failure.reason != wit.Reason_Status(404):
        raise error
    client.detect_version()


def read_or_lack(options, state, client, outcome):
    try:
        read(options, state, client, outcome)
    except Err as error:
        expect_lacking(error, client)
        outcome.unsupported = [PATH]


def read(options, state, client, outcome):
    ids, seen = state
    found = client.list(PATH, options["pageSize"])
    current, kept = Counter(), []
    for id, attributes in found.rows.items():
        # NetBackup may omit any attribute.
        severity = str(attributes.get("severity") or "unknown")
        category = str(attributes.get("category") or "unknown")
        if category in options["ignoredCategories"]:
            continue
        current[severity, category] += 1
        if id not in ids:
            seen[severity] += 1
        kept.append(id)
    alerts = [Point(list(labels), float(value)) for labels, value in current.items()]
    total = [Point([severity], float(value)) for severity, value in seen.items()]
    outcome.families = [
        ReportedFamily(ALERTS.name, Samples_Gauge(alerts)),
        ReportedFamily(SEEN.name, Samples_Counter(total)),
    ]
    # Only the alerts of now, so that the state does not grow.
    outcome.state = json.dumps({"ids": kept, "seen": seen}).encode()
    outcome.skipped_rows = found.skipped


def load(saved, log):
    if saved is not None:
        try:
            if saved.version != STATE_VERSION:
                raise ValueError(f"it has version {saved.version}")
            state = json.loads(saved.bytes)
            return set(state["ids"]), Counter(state["seen"])
        except (ValueError, KeyError, TypeError) as error:
            fields = [("problem", str(error))]
            log(Level.WARN, "Saved state is unusable; counters restart from 0", fields)
    return set(), Counter()


def options_of(selection):
    """The values by name, without their types, which the host has checked."""
    return {name: option.value for name, option in selection.options}
