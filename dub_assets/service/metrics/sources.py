"""Where metrics come from. One source that does not answer is a figure of its own, and hides no other."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_LOG = logging.getLogger(__name__)

Source = Callable[[], Iterable[Metric]]


def gauge(name: str, meaning: str, values: Mapping[Any, float], labels: tuple[str, ...] = ()) -> Metric:
    """A figure as it is now, by the tuple of its labels' values."""
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for named, value in values.items():
        family.add_metric(named, value)
    return family


class Sources(Collector):
    """Asks every source at each scrape."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        """What the sources say, and which of them answered."""
        answered: dict[tuple[str, ...], float] = {}
        for name, read in self._sources.items():
            try:
                told = list(read())
            except Exception:  # noqa: BLE001 - whatever is wrong with one source, the others are still of use
                _LOG.exception("no metrics of %s", name)
                answered[name,] = 0
            else:
                answered[name,] = 1
                yield from told
        yield gauge("dub_source_up", "Whether a source of these figures answers.", answered, ("source",))

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry need not ask the sources when they are registered."""
        return ()
