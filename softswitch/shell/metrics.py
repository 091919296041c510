"""The switch's figures for Prometheus, in a registry of their own: read from the node at the moment they are asked for.

Left out: anything by caller or agent. Figures by call and by queue are folds over the journal, and reports read those.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from softswitch.node import Node


class Metrics:
    """The figures of one node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._registry = CollectorRegistry()
        self._started = self._gauge("start_time_seconds", "When the signalling process started, since 1970")
        self._calls = self._gauge("calls", "Calls that are up")
        self._legs = self._gauge("legs", "Legs that are up")
        self._phones = self._gauge("phones_registered", "Phones that can be reached")
        self._transactions = self._gauge("sip_transactions", "SIP transactions under way")
        self._sessions = self._gauge("sip_sessions", "SIP sessions that are up")
        self._ports = self._gauge("media_udp_ports", "Media ports that there are")
        self._ports_free = self._gauge("media_udp_ports_free", "Media ports not in use")
        self._load = self._gauge("media_load", "Share of a core that the media tick takes")
        self._lateness = self._gauge("media_lateness_seconds_max", "How late the latest tick of the last second began")
        self._skipped = self._gauge("media_ticks_skipped", "Ticks left out since the media process started")
        self._packets = Gauge(
            "softswitch_media_packets", "RTP packets of the media process", ["direction"], registry=self._registry
        )

    def text(self) -> bytes:
        """All figures as they are now, in Prometheus' text format."""
        node = self._node
        legs, phones = node.signalling.legs, node.signalling.phones
        self._started.set(node.started_at)
        self._calls.set(node.switch.live_calls)
        self._legs.set(len(legs))
        self._phones.set(sum(1 for name in phones.names() if phones.bindings(name)))
        self._transactions.set(node.endpoint.transaction_count)
        self._sessions.set(node.endpoint.session_count)
        self._ports.set(legs.udp_ports.total)
        self._ports_free.set(legs.udp_ports.free)
        report = node.signalling.leg_events.engine_report
        if report is not None:
            self._load.set(report.load)
            self._lateness.set(report.lateness_ms_max / 1000)
            self._skipped.set(report.ticks_skipped)
            self._packets.labels("received").set(report.packets_received)
            self._packets.labels("sent").set(report.packets_sent)
        return generate_latest(self._registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"softswitch_{name}", text, registry=self._registry)
