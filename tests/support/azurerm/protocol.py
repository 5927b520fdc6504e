"""The messages of Terraform's plugin protocol 6 that the stand-in speaks, as tables of field numbers.

A message is a dict here; `encode` and `decode` know protobuf's wire format by these tables, which leave out
what this provider neither sends nor reads. Terraform starts the provider three times a command, and Google's
runtime alone would take half of each start.
"""

from __future__ import annotations

from typing import Any

SERVICE = "tfplugin6.Provider"
Message = dict[str, Any]

# name → field → (number, type); a leading * is "repeated", a leading % is "map of string to".
MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "Empty": {},
    "DynamicValue": {"msgpack": (1, "bytes"), "json": (2, "bytes")},
    "Step": {
        "attribute_name": (1, "string"),
        "element_key_string": (2, "string"),
        "element_key_int": (3, "int64"),
    },
    "AttributePath": {"steps": (1, "*Step")},
    "Diagnostic": {
        "severity": (1, "enum"),
        "summary": (2, "string"),
        "detail": (3, "string"),
        "attribute": (4, "AttributePath"),
    },
    "RawState": {"json": (1, "bytes")},
    "Attribute": {
        "name": (1, "string"),
        "type": (2, "bytes"),
        "required": (4, "bool"),
        "optional": (5, "bool"),
        "computed": (6, "bool"),
        "sensitive": (7, "bool"),
        "deprecated": (9, "bool"),
        "write_only": (11, "bool"),
    },
    "NestedBlock": {
        "type_name": (1, "string"),
        "block": (2, "Block"),
        "nesting": (3, "enum"),
        "min_items": (4, "int64"),
        "max_items": (5, "int64"),
    },
    "Block": {"version": (1, "int64"), "attributes": (2, "*Attribute"), "block_types": (3, "*NestedBlock")},
    "Schema": {"version": (1, "int64"), "block": (2, "Block")},
    "Parameter": {"name": (1, "string"), "type": (2, "bytes")},
    "Return": {"type": (1, "bytes")},
    "Function": {"parameters": (1, "*Parameter"), "return": (3, "Return"), "summary": (4, "string")},
    "FunctionError": {"text": (1, "string"), "function_argument": (2, "int64")},
    "ServerCapabilities": {"plan_destroy": (1, "bool"), "get_provider_schema_optional": (2, "bool")},
    "SchemaAnswer": {
        "provider": (1, "Schema"),
        "resource_schemas": (2, "%Schema"),
        "data_source_schemas": (3, "%Schema"),
        "diagnostics": (4, "*Diagnostic"),
        "server_capabilities": (6, "ServerCapabilities"),
        "functions": (7, "%Function"),
        "ephemeral_resource_schemas": (8, "%Schema"),
    },
    "ConfigQuestion": {"type_name": (1, "string"), "config": (2, "DynamicValue")},
    "ProviderConfigQuestion": {"config": (1, "DynamicValue")},
    "ConfigureQuestion": {"terraform_version": (1, "string"), "config": (2, "DynamicValue")},
    "Diagnostics": {"diagnostics": (1, "*Diagnostic")},
    "ProviderConfigAnswer": {"diagnostics": (2, "*Diagnostic")},
    "UpgradeQuestion": {"type_name": (1, "string"), "version": (2, "int64"), "raw_state": (3, "RawState")},
    "UpgradeAnswer": {"upgraded_state": (1, "DynamicValue"), "diagnostics": (2, "*Diagnostic")},
    "ReadQuestion": {
        "type_name": (1, "string"),
        "current_state": (2, "DynamicValue"),
        "private": (3, "bytes"),
    },
    "ReadAnswer": {
        "new_state": (1, "DynamicValue"),
        "diagnostics": (2, "*Diagnostic"),
        "private": (3, "bytes"),
    },
    "PlanQuestion": {
        "type_name": (1, "string"),
        "prior_state": (2, "DynamicValue"),
        "proposed_new_state": (3, "DynamicValue"),
        "config": (4, "DynamicValue"),
        "prior_private": (5, "bytes"),
    },
    "PlanAnswer": {
        "planned_state": (1, "DynamicValue"),
        "requires_replace": (2, "*AttributePath"),
        "planned_private": (3, "bytes"),
        "diagnostics": (4, "*Diagnostic"),
        "legacy_type_system": (5, "bool"),
    },
    "ApplyQuestion": {
        "type_name": (1, "string"),
        "prior_state": (2, "DynamicValue"),
        "planned_state": (3, "DynamicValue"),
        "config": (4, "DynamicValue"),
        "planned_private": (5, "bytes"),
    },
    "ApplyAnswer": {
        "new_state": (1, "DynamicValue"),
        "private": (2, "bytes"),
        "diagnostics": (3, "*Diagnostic"),
        "legacy_type_system": (4, "bool"),
    },
    "ImportQuestion": {"type_name": (1, "string"), "id": (2, "string")},
    "Imported": {"type_name": (1, "string"), "state": (2, "DynamicValue"), "private": (3, "bytes")},
    "ImportAnswer": {"imported_resources": (1, "*Imported"), "diagnostics": (2, "*Diagnostic")},
    "DataAnswer": {"state": (1, "DynamicValue"), "diagnostics": (2, "*Diagnostic")},
    "OpenAnswer": {"diagnostics": (1, "*Diagnostic"), "result": (3, "DynamicValue")},
    "FunctionsAnswer": {"functions": (1, "%Function"), "diagnostics": (2, "*Diagnostic")},
    "CallQuestion": {"name": (1, "string"), "arguments": (2, "*DynamicValue")},
    "CallAnswer": {"result": (1, "DynamicValue"), "error": (2, "FunctionError")},
    "StopAnswer": {"Error": (1, "string")},
}

# Method → (request, response). A method that is not here answers UNIMPLEMENTED, which Terraform expects of
# providers older than itself.
METHODS = {
    "GetProviderSchema": ("Empty", "SchemaAnswer"),
    "ValidateProviderConfig": ("ProviderConfigQuestion", "ProviderConfigAnswer"),
    "ValidateResourceConfig": ("ConfigQuestion", "Diagnostics"),
    "ValidateDataResourceConfig": ("ConfigQuestion", "Diagnostics"),
    "ValidateEphemeralResourceConfig": ("ConfigQuestion", "Diagnostics"),
    "UpgradeResourceState": ("UpgradeQuestion", "UpgradeAnswer"),
    "ConfigureProvider": ("ConfigureQuestion", "Diagnostics"),
    "ReadResource": ("ReadQuestion", "ReadAnswer"),
    "PlanResourceChange": ("PlanQuestion", "PlanAnswer"),
    "ApplyResourceChange": ("ApplyQuestion", "ApplyAnswer"),
    "ImportResourceState": ("ImportQuestion", "ImportAnswer"),
    "ReadDataSource": ("ConfigQuestion", "DataAnswer"),
    "OpenEphemeralResource": ("ConfigQuestion", "OpenAnswer"),
    "CloseEphemeralResource": ("Empty", "Diagnostics"),
    "GetFunctions": ("Empty", "FunctionsAnswer"),
    "CallFunction": ("CallQuestion", "CallAnswer"),
    "StopProvider": ("Empty", "StopAnswer"),
}


def encode(name: str, message: Message) -> bytes:
    """The wire form of a message; fields that are absent or None are left out."""
    written = bytearray()
    for field, (number, kind) in MESSAGES[name].items():
        value = message.get(field)
        if value is None:
            continue
        if kind[0] == "*":
            for item in value:
                _write(written, number, kind[1:], item)
        elif kind[0] == "%":
            for key, item in value.items():
                _write(written, number, "bytes", _entry(key, kind[1:], item))
        else:
            _write(written, number, kind, value)
    return bytes(written)


def decode(name: str, data: bytes) -> Message:
    """Read a message; a field that was not sent has its default: empty, zero, or an empty message."""
    fields = {number: (field, kind) for field, (number, kind) in MESSAGES[name].items()}
    message: Message = {field: _default(kind) for field, kind in fields.values()}
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        value: int | bytes
        if tag & 7 == _LENGTH:
            size, position = _varint(data, position)
            value, position = data[position : position + size], position + size
        elif tag & 7 == _VARINT:
            value, position = _varint(data, position)
        else:
            position += _FIXED[tag & 7]
            continue
        if tag >> 3 in fields:
            field, kind = fields[tag >> 3]
            read = _read(kind.lstrip("*"), value)
            message[field] = [*message[field], read] if kind[0] == "*" else read
    return message


_VARINT, _LENGTH = 0, 2
_FIXED = {1: 8, 5: 4}


def _write(written: bytearray, number: int, kind: str, value: Any) -> None:
    if kind in ("bool", "int64", "enum"):
        written += _number(number << 3 | _VARINT) + _number(int(value) & (1 << 64) - 1)
        return
    if kind == "string":
        value = value.encode()
    elif kind != "bytes":
        value = encode(kind, value)
    written += _number(number << 3 | _LENGTH) + _number(len(value)) + value


def _entry(key: str, kind: str, item: Any) -> bytes:
    entry = bytearray()
    _write(entry, 1, "string", key)
    _write(entry, 2, kind, item)
    return bytes(entry)


def _read(kind: str, value: Any) -> Any:
    if kind == "string":
        return value.decode()
    if kind == "bool":
        return bool(value)
    return value if kind in ("bytes", "int64", "enum") else decode(kind, value)


def _default(kind: str) -> Any:
    if kind[0] == "*":
        return []
    return {"string": "", "bytes": b"", "bool": False, "int64": 0, "enum": 0}.get(kind, {})


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
        shift += 7
