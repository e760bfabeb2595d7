"""Protocol buffer messages of a format described as data: the few fields of it that are read or written here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Mapping[str, tuple[int, str]]]
"""By message and field: the field's number and type, a scalar's or a message's name, with ``*`` if it is repeated."""


def message_classes(package: str, schema: Schema) -> dict[str, Any]:
    """The class of each message. Fields that the schema leaves out are carried along unread."""
    # protobuf takes a tenth of a second to import, and ships no types
    from google.protobuf import (  # type: ignore[import-untyped]  # noqa: PLC0415
        descriptor_pb2,
        descriptor_pool,
        message_factory,
    )

    field = descriptor_pb2.FieldDescriptorProto
    full = f"dub_assets.{package}"
    file = descriptor_pb2.FileDescriptorProto(name=f"dub_assets/{package}.proto", package=full)
    for message, fields in schema.items():
        described = file.message_type.add(name=message)
        for name, (number, kind) in fields.items():
            added = described.field.add(name=name, number=number)
            added.label = field.LABEL_REPEATED if kind.endswith("*") else field.LABEL_OPTIONAL
            scalar = kind.rstrip("*")
            if scalar in schema:
                added.type, added.type_name = field.TYPE_MESSAGE, f".{full}.{scalar}"
            else:
                added.type = field.Type.Value(f"TYPE_{scalar.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{full}.{name}")) for name in schema}
