"""The messages of Terraform's plugin protocol 6 that the stand-in speaks, built from a table.

The table holds what this provider sends or reads; protobuf skips the fields it does not name. So no generated
code and no compiler are kept, and no version of either.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SERVICE = "tfplugin6.Provider"

_SCALARS = {"string": 9, "bytes": 12, "bool": 8, "int64": 3, "enum": 5}
_MESSAGE = 11
_REPEATED = 3
_SINGLE = 1

# name → field → (number, type); a leading * is "repeated", a leading % is "map of string to".
_MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
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


def _build() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="stand-in.proto", package="standin", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            _add_field(message, field, number, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"standin.{name}"))
        for name in _MESSAGES
    }


def _add_field(message: Any, name: str, number: int, kind: str) -> None:
    added = message.field.add(name=name, number=number)
    added.label = _REPEATED if kind[0] in "*%" else _SINGLE
    if kind[0] == "%":
        entry = message.nested_type.add(name=f"{name.title().replace('_', '')}Entry")
        entry.options.map_entry = True
        _add_field(entry, "key", 1, "string")
        _add_field(entry, "value", 2, kind[1:])
        added.type = _MESSAGE
        added.type_name = f".standin.{message.name}.{entry.name}"
    elif kind in _SCALARS:
        added.type = _SCALARS[kind]
        # A step of a path is a choice of one: index 0 must travel although it is the default.
        if message.name == "Step":
            if not message.oneof_decl:
                message.oneof_decl.add(name="selector")
            added.oneof_index = 0
    else:
        added.type = _MESSAGE
        added.type_name = f".standin.{kind.lstrip('*')}"


MESSAGES = _build()
