"""Schemas of Terraform providers that no package registry ships, out of packages that do carry them.

The CDK Terrain project publishes typed bindings of the big providers on PyPI, generated from the provider's own
schema: one TypeScript file for each resource, with every argument's name, type, nesting and whether it is
required, optional, computed or write-only. This module reads them back into the format of
`terraform providers schema -json`. It reads text and runs none of it; a construct it does not know is an error,
never a guess.
"""
from __future__ import annotations

import base64
import io
import json
import re
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

PROPERTY = re.compile(r"^  // (\w+) - computed: (true|false), optional: (true|false), required: (true|false)$", re.M)
CLASS = re.compile(r"^export class (\w+) extends (?:cdktn|cdktf)\.(\w+) \{$", re.M)
GETTERS = {
    "getStringAttribute": "string",
    "getNumberAttribute": "number",
    "getBooleanAttribute": "bool",
    "getListAttribute": ["list", "string"],
    "getNumberListAttribute": ["list", "number"],
    "getStringMapAttribute": ["map", "string"],
    "getBooleanMapAttribute": ["map", "bool"],
    "getNumberMapAttribute": ["map", "number"],
    "getAnyMapAttribute": ["map", "string"],
}
META = {"alias", "count", "depends_on", "for_each", "lifecycle", "provider"}


@dataclass(frozen=True)
class Bindings:
    """The text of one provider's bindings, by the name of the folder in lib/."""

    version: str
    files: dict[str, str]

    @classmethod
    def read(cls, wheel: Path) -> "Bindings":
        with zipfile.ZipFile(wheel) as archive:
            inner = next(name for name in archive.namelist() if name.endswith(".jsii.tgz"))
            data = archive.read(inner)
        files: dict[str, str] = {}
        version = ""
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as package:
            for member in package:
                if member.name == "package/README.md":
                    found = re.search(r"provider version (\S+)", package.extractfile(member).read().decode())
                    version = found.group(1) if found else ""
                path = re.fullmatch(r"package/lib/([^/]+)/index\.js", member.name)
                if path:
                    files[path.group(1)] = package.extractfile(member).read().decode()
        if not version:
            raise ValueError(f"{wheel.name}: its README names no provider version")
        return cls(version, files)

    def source(self, name: str) -> str:
        """The TypeScript that a folder's JavaScript was made from; its source map carries it."""
        found = re.search(r"sourceMappingURL=data:application/json;(?:charset=utf-8;)?base64,(\S+)", self.files[name])
        if not found:
            raise ValueError(f"{name}: no source map")
        return json.loads(base64.b64decode(found.group(1)))["sourcesContent"][0]

    def folder_of(self, kind: str, terraform_type: str) -> str:
        wanted = f'tfResourceType = "{terraform_type}"'
        for name, text in self.files.items():
            is_data, is_ephemeral = name.startswith("data-"), name.startswith("ephemeral-")
            if wanted in text and (is_data, is_ephemeral) == (kind == "data", kind == "ephemeral"):
                return name
        raise KeyError(f"the provider has no {kind} {terraform_type}")


def _classes(text: str) -> dict[str, tuple[str, str]]:
    """Class name → (base class, body)."""
    starts = list(CLASS.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return {start.group(1): (start.group(2), text[start.end() : end]) for start, end in zip(starts, ends)}


def _written(text: str) -> dict[str, tuple[bool, str, bool]]:
    """Argument → (is a block, how many: simple/struct/list/set/map, is write-only), from code that writes HCL."""
    found = re.finditer(
        r"^ {4,6}(\w+): \{\n\s+value: (.*),\n\s+isBlock: (true|false),\n\s+type: \"(\w+)\",", text, re.M
    )
    return {m.group(1): (m.group(3) == "true", m.group(4), "markWriteOnlyAttribute" in m.group(2)) for m in found}


def _block(text: str, classes: dict[str, tuple[str, str]], name: str, nests: str) -> dict:
    """One class as a schema block."""
    body = classes[name][1]
    written = _written(body)
    if not written:
        struct = name.removesuffix("OutputReference")
        function = re.search(rf"^export function {struct[0].lower()}{struct[1:]}ToHclTerraform\(.*?^\}}", text, re.M | re.S)
        written = _written(function.group(0)) if function else {}
    attributes: dict[str, dict] = {}
    blocks: dict[str, dict] = {}
    marks = list(PROPERTY.finditer(body))
    for mark, end in zip(marks, [m.start() for m in marks[1:]] + [len(body)]):
        argument, computed, optional, required = mark.group(1), *(mark.group(i) == "true" for i in (2, 3, 4))
        if argument in META:
            continue
        chunk = body[mark.end() : end]
        flags = {key: True for key, on in (("computed", computed), ("optional", optional), ("required", required)) if on}
        is_block, many, write_only = written.get(argument, (False, "", False))
        if write_only:
            flags["write_only"] = True
        nested = re.search(r"private _\w+ = new (\w+?)(List|Map|OutputReference)\(this, ", chunk)
        if nested and nested.group(1) + nested.group(2) in classes:
            mode = {"List": "set" if many == "set" else "list", "Map": "map", "OutputReference": "single"}[nested.group(2)]
            inner = _block(text, classes, nested.group(1) + "OutputReference", nests)
            if is_block and nests == "blocks":
                one = nested.group(2) == "OutputReference"
                blocks[argument] = {
                    # A list of one and a single block are written alike; the HCL writer says which it is.
                    "nesting_mode": "list" if one and many == "list" else mode,
                    "block": inner,
                    **({"min_items": 1} if required else {}),
                    **({"max_items": 1} if one and many == "list" else {}),
                }
            elif inner["block_types"]:
                raise ValueError(f"{name}.{argument}: an attribute cannot hold blocks")
            else:
                attributes[argument] = {
                    "nested_type": {"attributes": inner["attributes"], "nesting_mode": mode},
                    **flags,
                }
            continue
        attributes[argument] = {"type": _type(chunk, many, f"{name}.{argument}"), **flags}
    return {"attributes": attributes, "block_types": blocks}


def _type(chunk: str, many: str, where: str) -> object:
    for getter, kind in GETTERS.items():
        if f"this.{getter}(" in chunk:
            return ["set", kind[1]] if many == "set" or "Fn.tolist(" in chunk else kind
    for built, kind in (("StringMap(", ["map", "string"]), ("BooleanMap(", ["map", "bool"]), ("NumberMap(", ["map", "number"])):
        if built in chunk:
            return kind
    if "interpolationForAttribute(" in chunk:
        return "dynamic"
    # A provider's own arguments have no getter: they are plain fields.
    field = re.search(r"private _\w+\?: (.*?);", chunk)
    plain = field.group(1).replace("| undefined", "").replace("| cdktn.IResolvable", "").replace("| cdktf.IResolvable", "").strip() if field else ""
    known = {"string": "string", "number": "number", "boolean": "bool", "string[]": ["list", "string"], "{ [key: string]: string }": ["map", "string"]}
    if plain in known:
        return known[plain]
    raise ValueError(f"{where}: unknown type in {chunk.strip().splitlines()[0] if chunk.strip() else 'an empty property'}")


def _provider(text: str, nests: str) -> dict:
    """The provider's own block. Its nested arguments are interfaces, not classes, in the bindings."""
    classes = _classes(text)
    name = next(name for name, (base, _) in classes.items() if base == "TerraformProvider")
    return {"block": _interface_block(text, classes[name][1], name, nests)}


def _interface_block(text: str, body: str, where: str, nests: str) -> dict:
    written = _written(body)
    attributes, blocks = {}, {}
    for mark, end in _chunks(body):
        argument, required = mark.group(1), mark.group(4) == "true"
        if argument in META:
            continue
        field = re.search(r"private _\w+\?: (.*?);", body[mark.end() : end])
        shape = field.group(1) if field else ""
        struct = re.match(r"(\w+)(\[\])?(?: \||$| )", shape)
        flags = {"required": True} if required else {"optional": True}
        if struct and re.search(rf"^export interface {struct.group(1)} \{{", text, re.M):
            is_block, many, _ = written.get(argument, (False, "struct", False))
            inner = _interface(text, struct.group(1), nests)
            if is_block and nests == "blocks":
                blocks[argument] = {"nesting_mode": "list", "block": inner}
            else:
                attributes[argument] = {"nested_type": {"attributes": inner["attributes"], "nesting_mode": "list" if struct.group(2) else "single"}, **flags}
        else:
            attributes[argument] = {"type": _type(body[mark.end() : end], written.get(argument, (False, "", False))[1], f"{where}.{argument}"), **flags}
    return {"attributes": attributes, "block_types": blocks}


def _chunks(body: str):
    marks = list(PROPERTY.finditer(body))
    return zip(marks, [m.start() for m in marks[1:]] + [len(body)])


def _interface(text: str, name: str, nests: str) -> dict:
    body = re.search(rf"^export interface {name} \{{(.*?)^\}}", text, re.M | re.S).group(1)
    function = re.search(rf"^export function {name[0].lower()}{name[1:]}ToHclTerraform\(.*?^\}}", text, re.M | re.S).group(0)
    written = _written(function)
    attributes, blocks = {}, {}
    for field in re.finditer(r"#(\w+) \w+#\w+\}\n\s+\*/\n\s+readonly \w+(\?)?: ([^;]+);", body):
        argument, shape = field.group(1), field.group(3)
        flags = {"optional": True} if field.group(2) else {"required": True}
        is_block, many, _ = written[argument]
        struct = re.match(r"(\w+)(\[\])?(?: \||$)", shape)
        if struct and re.search(rf"^export interface {struct.group(1)} \{{", text, re.M):
            inner = _interface(text, struct.group(1), nests)
            if is_block and nests == "blocks":
                blocks[argument] = {"nesting_mode": "list", "block": inner}
            else:
                attributes[argument] = {"nested_type": {"attributes": inner["attributes"], "nesting_mode": "list" if struct.group(2) else "single"}, **flags}
            continue
        attributes[argument] = {"type": _type(f"private _x?: {shape};", many, f"{name}.{argument}"), **flags}
    return {"attributes": attributes, "block_types": blocks}


def schema(bindings: Bindings, source: str, used: set[tuple[str, str]], nests: str) -> dict:
    """The schema of a provider, of the (kind, type) pairs in `used`; kind is resource, data or ephemeral.

    `nests` is "blocks" or "attributes": the bindings write `set { … }` and `set = [{ … }]` alike, so whoever asks
    must know which of the two the provider has (its upgrade guide says so).
    """
    out: dict = {
        "source": source,
        "provider": _provider(bindings.source("provider"), nests),
        "resource_schemas": {},
        "data_source_schemas": {},
        "ephemeral_resource_schemas": {},
    }
    keys = {"resource": "resource_schemas", "data": "data_source_schemas", "ephemeral": "ephemeral_resource_schemas"}
    bases = {"TerraformResource", "TerraformDataSource", "TerraformEphemeralResource"}
    for kind, terraform_type in sorted(used):
        text = bindings.source(bindings.folder_of(kind, terraform_type))
        classes = _classes(text)
        top = next(name for name, (base, _) in classes.items() if base in bases)
        out[keys[kind]][terraform_type] = {"block": _block(text, classes, top, nests)}
    return out
