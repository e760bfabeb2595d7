"""Sources of metrics. A source that fails is reported by ``dub_source_up`` and does not affect the others."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_log = logging.getLogger(__name__)

Source = Callable[[], Iterable[Metric]]


def gauge(name: str, meaning: str, values: Mapping[Any, float], labels: tuple[str, ...] = ()) -> Metric:
    """Return a gauge; ``values`` has its value by the tuple of the labels' values."""
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family


class SourceCollector(Collector):
    """Reads every source at each scrape."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        """Return the metrics of the sources, and which of them answered."""
        is_up: dict[tuple[str, ...], float] = {}
        for name, read in self._sources.items():
            try:
                metrics = list(read())
            except Exception:  # noqa: BLE001 - one source must not hide the others
                _log.exception("no metrics of %s", name)
                is_up[name,] = 0
            else:
                is_up[name,] = 1
                yield from metrics
        yield gauge("dub_source_up", "Whether a source of these figures answers.", is_up, ("source",))

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that registration does not read the sources."""
        return ()
