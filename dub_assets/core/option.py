"""Options: fields of frozen dataclasses, each declared once with the environment variable that sets it.

    @dataclass(frozen=True, slots=True, kw_only=True)
    class FitOptions:
        pause_ms: Annotated[int, Seconds(0, 2), option("FIT_PAUSE", "seconds between two lines")] = 80
        max_tempo: Annotated[FiniteFloat, option("FIT_MAX_TEMPO", "highest tempo", ge=1, le=2)] = 1.35

``dub_assets/settings.py`` reads them from the environment with pydantic. A dataclass that is built in code is not
validated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema


def option(variable: str, description: str, *, ge: float | None = None, le: float | None = None) -> FieldInfo:
    """Declare the environment variable of a field, its meaning, and its bounds in the variable's unit."""
    field: FieldInfo = Field(validation_alias=variable, description=description, ge=ge, le=le)
    return field


@dataclass(frozen=True, slots=True)
class Seconds:
    """Marks a field in whole milliseconds whose variable is a number of seconds, from ``ge`` to ``le``."""

    ge: float
    le: float

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        """Read seconds, check their bounds and return milliseconds."""
        seconds = core_schema.float_schema(ge=self.ge, le=self.le, allow_inf_nan=False)
        return core_schema.no_info_after_validator_function(lambda value: round(value * 1000), seconds)


MAY_BE_EMPTY = "may be empty"
"""Marks a field whose variable has a meaning when it is set to an empty text. Other empty variables count as unset."""


def one_of(*choices: object) -> AfterValidator:
    """Accept these values only."""

    def check(value: object) -> object:
        if value not in choices:
            raise ValueError(f"is none of {', '.join(map(str, choices))}")
        return value

    return AfterValidator(check)


def _items(text: object) -> object:
    """Split a text at its commas into items, without blanks and repetitions."""
    if not isinstance(text, str):
        return text
    return tuple(dict.fromkeys(item.strip() for item in text.split(",") if item.strip()))


COMMA_SEPARATED = BeforeValidator(_items)
"""Marks a tuple of texts whose variable has them with commas between them."""

UserPath = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]
"""A path, absolute, in which ``~`` is the user's home."""
