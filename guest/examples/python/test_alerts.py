"""Tests without WebAssembly. A function takes the place of the network."""

import json
import unittest
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import alerts
import transport
from checked import checked
from componentize_py_types import Err
from netbackup import Client, Host, Response, Unanswered, by_cursor, reason_of_error_code
from wit_world.exports import collector as wit
from wit_world.imports import types
from wit_world.imports.metrics import Point


def alert(id, severity):
    return {"id": id, "attributes": {"severity": severity, "category": "JOB"}}


ALERTS = [alert("1", "ERROR"), alert("2", "INFO"), alert("3", "ERROR")]
NOW = 1_750_000_000


def settings(page_size=2, ignored_categories=()):
    options = [
        ("pageSize", wit.OptionValue_Integer(page_size)),
        ("ignoredCategories", wit.OptionValue_TextList(list(ignored_categories))),
    ]
    return wit.Settings(
        base_url="https://nbu1:1556/netbackup",
        api_version=None,
        collectors=[wit.Selection("alerts", options)],
    )


WINDOW = wit.Window(
    now=NOW,
    lookback_seconds=3600,
    deadline_milliseconds=1000,
    last_api_version=None,
    resumed=[],
)


def response(status, body, headers=None):
    return Response(status, headers or {}, json.dumps(body).encode())


def host(list_alerts):
    """A host whose server answers the list by this function. Its clock stands still."""

    def send(path_and_query, headers, seconds):
        url = urlsplit(path_and_query)
        if url.path == "/ping":
            return response(200, "", {"x-netbackup-api-version": "13.0"})
        assert headers["accept"] == "application/vnd.netbackup+json;version=13.0"
        query = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
        return list_alerts(query["page[limit]"], query.get("page[offset]", 0))

    return Host(send, log=lambda *_: None, now=lambda: NOW)


def server(rows):
    def list_alerts(limit, offset):
        meta = {"pagination": {"count": len(rows)}}
        return response(200, {"data": rows[offset : offset + limit], "meta": meta})

    return host(list_alerts)


def answering(answer):
    return host(lambda *_: answer)


def collect_one(host, site=None, state=()):
    return alerts.collect(site or settings(), WINDOW, list(state), host).outcomes[0]


class Alerts(unittest.TestCase):
    def test_all_pages_are_read(self):
        report = alerts.collect(settings(), WINDOW, [], server(ALERTS))
        outcome = report.outcomes[0]
        expected = [Point(["ERROR", "JOB"], 2), Point(["INFO", "JOB"], 1)]
        self.assertEqual(outcome.families[0].samples.value, expected)
        self.assertEqual(report.api_version, "13.0")
        self.assertEqual(outcome.requests, 3)

    def test_an_alert_is_counted_once(self):
        saved = wit.Saved("alerts", 1, collect_one(server(ALERTS)).state)
        later = server([alert("4", "ERROR"), *ALERTS[1:]])
        outcome = collect_one(later, state=[saved])
        expected = [Point(["ERROR"], 3), Point(["INFO"], 1)]
        self.assertEqual(outcome.families[1].samples.value, expected)

    def test_an_unusable_state_is_logged_and_ignored(self):
        messages = []
        site = server(ALERTS)
        site.log = lambda level, message, fields: messages.append(message)
        outcome = collect_one(site, state=[wit.Saved("alerts", 1, b"{")])
        self.assertEqual(outcome.families[1].samples.value[0].value, 2)
        self.assertEqual(len(messages), 1)

    def test_options_are_respected(self):
        site = settings(100, ["JOB"])
        self.assertEqual(collect_one(server(ALERTS), site).families[0].samples.value, [])
        self.assertEqual(alerts.check(site), [])
        [problem] = alerts.check(settings(100, [""]))
        self.assertEqual(problem.at, "collectors.alerts.ignoredCategories")

    def test_a_row_without_an_id_is_skipped(self):
        self.assertEqual(collect_one(server([*ALERTS, {}])).skipped_rows, 1)

    def test_each_status_has_a_reason(self):
        body = {"errorCode": 8961, "errorMessage": "Invalid API request"}
        headers = {"retry-after": "2025-06-15T15:07:40Z", "x-request-id": "abc"}
        for status, reason in [
            (401, wit.Reason_Unauthorized()),
            (500, wit.Reason_Status(500)),
            (503, wit.Reason_Busy(60)),
        ]:
            outcome = collect_one(answering(response(status, body, headers)))
            detail = "8961: Invalid API request"
            expected = [wit.Failure("/manage/alerts", reason, detail, "abc")]
            self.assertEqual(outcome.failures, expected)
            self.assertIsNone(outcome.state)

    def test_a_missing_list_differs_from_an_empty_one(self):
        self.assertEqual(collect_one(answering(response(200, {}))).failures, [])
        missing = collect_one(answering(response(404, {})))
        self.assertEqual(missing.unsupported, ["/manage/alerts"])

    def test_a_server_that_finds_nothing_has_a_wrong_base_path(self):
        site = server([])
        site.send = lambda *_: response(404, {})
        known = wit.Window(NOW, 3600, 1000, "13.0", [])
        [outcome] = alerts.collect(settings(), known, [], site).outcomes
        self.assertEqual(outcome.failures[0].endpoint, "/ping")
        self.assertEqual(outcome.unsupported, [])

    def test_the_version_is_detected_again_after_a_406(self):
        report = alerts.collect(settings(), WINDOW, [], answering(response(406, {})))
        self.assertIsNone(report.api_version)

    def test_a_list_that_lacks_rows_or_does_not_end_is_a_failure(self):
        def reason(body):
            [failure] = collect_one(answering(response(200, body))).failures
            return type(failure.reason)

        of_nine = {"pagination": {"count": 9}}
        self.assertEqual(reason({"data": "no list"}), wit.Reason_Malformed)
        self.assertEqual(reason([]), wit.Reason_Malformed)
        self.assertEqual(reason({"data": [], "meta": of_nine}), wit.Reason_Malformed)
        self.assertEqual(reason({"data": ALERTS, "meta": of_nine}), wit.Reason_TooLong)

    def test_a_list_with_cursors_is_read_to_its_end(self):
        following = {"a": "b", "b": None, "c": "c"}
        site = server([])
        ping = site.send

        def send(path_and_query, headers, seconds):
            url = urlsplit(path_and_query)
            if url.path == "/ping":
                return ping(path_and_query, headers, seconds)
            [cursor] = parse_qs(url.query).get("page[after]", ["a"])
            meta = {"pagination": {"next": following[cursor]}}
            return response(200, {"data": [alert(cursor, "ERROR")], "meta": meta})

        site.send = send
        client = Client(settings(), None, site)
        self.assertEqual([*client.list("/admin/jobs", 1, by_cursor).rows], ["a", "b"])
        following["b"] = "c"
        with self.assertRaises(Err) as raised:
            client.list("/admin/jobs", 1, by_cursor)
        self.assertEqual(type(raised.exception.value.reason), wit.Reason_TooLong)

    def test_a_wrong_type_is_named_with_its_place(self):
        def said(change):
            report = alerts.collect(settings(), WINDOW, [], server(ALERTS))
            self.assertIs(checked(report, alerts.MANIFEST), report)
            change(report.outcomes[0])
            with self.assertRaises(TypeError) as raised:
                checked(report, alerts.MANIFEST)
            return str(raised.exception)

        def point(outcome):
            return outcome.families[0].samples.value[0]

        text = said(lambda it: setattr(point(it), "value", "2"))
        self.assertEqual(text, "alerts: nbu_alerts: value: expected int | float, found '2'")
        text = said(lambda it: setattr(point(it), "label_values", ["ERROR", None]))
        self.assertEqual(text, "alerts: nbu_alerts: label_values: expected str, found None")
        text = said(lambda it: point(it).label_values.pop())
        self.assertEqual(
            text, "alerts: nbu_alerts: label_values: expected 2 values, found ['ERROR']"
        )
        text = said(lambda it: setattr(it, "state", "{}"))
        self.assertEqual(text, "alerts: state: expected bytes | None, found '{}'")
        text = said(lambda it: setattr(it, "collector", "alert"))
        self.assertEqual(text, "`alert` is no declared collector")
        text = said(lambda it: setattr(it.families[0], "name", "nbu_alert"))
        self.assertEqual(text, "alerts: `nbu_alert` is no declared family")

    def test_a_probe_reports_the_version(self):
        self.assertEqual(alerts.probe(settings(), None, server(ALERTS)).api_version, "13.0")

    def test_a_probe_succeeds_without_the_list_and_fails_without_access(self):
        def answer(status):
            return alerts.probe(settings(), None, answering(response(status, {})))

        self.assertEqual(answer(404).api_version, "13.0")
        with self.assertRaises(Err) as raised:
            answer(401)
        self.assertEqual(raised.exception.value.reason, wit.Reason_Unauthorized())

    def test_a_collection_ends_before_the_host_ends_it(self):
        moments = iter(range(100))
        site = server(ALERTS)
        site.now = lambda: next(moments) * 0.4
        self.assertEqual(collect_one(site).failures[0].reason, wit.Reason_Timeout())

    def test_a_request_may_take_the_time_that_is_left(self):
        limits = []
        site = server(ALERTS)
        answer = site.send
        site.send = lambda *request: limits.append(request[2]) or answer(*request)
        collect_one(site)
        self.assertEqual([round(it, 3) for it in limits], [0.9, 0.9, 0.9])

    def test_an_error_of_wasi_http_has_a_reason(self):
        timeout = reason_of_error_code(types.ErrorCode_ConnectionTimeout())
        self.assertEqual(timeout, wit.Reason_Timeout())
        internal = reason_of_error_code(types.ErrorCode_InternalError("no descriptor"))
        self.assertEqual(internal, wit.Reason_Unreachable("no descriptor"))

        def send(*_):
            raise Unanswered(timeout)

        with self.assertRaises(Err) as raised:
            alerts.probe(settings(), None, Host(send, log=print))
        self.assertEqual(raised.exception.value.endpoint, "/ping")

    def test_a_header_that_the_host_rejects_is_a_denied_request(self):
        forbidden = Err(types.HeaderError_Forbidden())
        with patch.object(transport.Fields, "from_list", side_effect=forbidden):
            send = transport.sender("https://nbu1:1556/netbackup")
            with self.assertRaises(Unanswered) as raised:
                send("/ping", {"authorization": "x"}, 1)
        why = "the host rejected a header: Forbidden, of authorization"
        self.assertEqual(raised.exception.reason, wit.Reason_Denied(why))

    def test_a_reported_family_is_declared(self):
        declared = [it.name for it in alerts.MANIFEST.collectors[0].families]
        reported = [it.name for it in collect_one(server(ALERTS)).families]
        self.assertEqual(reported, declared)


if __name__ == "__main__":
    unittest.main()
