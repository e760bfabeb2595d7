"""Places in a programme, as findings name them."""

from __future__ import annotations

from dataclasses import dataclass, field

_JOINED_S = 1.0
_MAX_NAMED = 5


@dataclass(slots=True)
class Places:
    """Stretches of the programme in seconds; those that are less than a second apart are joined."""

    total_s: float = 0.0
    _stretches: list[list[float]] = field(default_factory=list)

    def add(self, start_s: float, length_s: float) -> None:
        """Add a stretch that does not begin before the last one."""
        self.total_s += length_s
        end_s = start_s + length_s
        if self._stretches and start_s - self._stretches[-1][1] < _JOINED_S:
            self._stretches[-1][1] = max(end_s, self._stretches[-1][1])
        else:
            self._stretches.append([start_s, end_s])

    def __bool__(self) -> bool:
        """Return True if there is a stretch."""
        return bool(self._stretches)

    def __str__(self) -> str:
        """Return the places in words, such as "at 3.0 to 4.2 s and 8.1 s"."""
        named = [_stretch(*stretch) for stretch in self._stretches[:_MAX_NAMED]]
        more = len(self._stretches) - len(named)
        return f"at {', '.join(named)} s" + (f" and {more} more places" if more else "")


def _stretch(start_s: float, end_s: float) -> str:
    first, last = f"{max(0.0, start_s):.1f}", f"{max(0.0, end_s):.1f}"
    return first if first == last else f"{first} to {last}"
