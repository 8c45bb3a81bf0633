"""The exports of the component."""

import alerts
import transport
from checked import checked
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
        return checked(alerts.collect(settings, window, state, host(settings)), alerts.MANIFEST)


def host(settings):
    return Host(send=transport.sender(settings.base_url), log=log.emit)
