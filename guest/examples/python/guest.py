"""The exports of the component."""

import alerts
import transport
from netbackup import Host
from wit_world import exports
from wit_world.imports import log


class Collector(exports.Collector):
    def describe(self):
        return alerts.MANIFEST

    def check(self, settings):
        return alerts.check(settings)

    def probe(self, settings, last_api_version):
        return alerts.probe(settings, last_api_version, host(settings))

    def collect(self, settings, window, state):
        return alerts.collect(settings, window, state, host(settings))


def host(settings):
    return Host(send=transport.sender(settings.base_url), log=log.emit)
