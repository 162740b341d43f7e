"""The one form in which metadata may be written, by the specification and not by our code: sections 2.5, 3.1 to 3.5.
`rewrite` reads a file and writes it anew from its meaning, as the official clients and servers do before they hash it;
a file that is not the same afterwards would make a repository unreadable."""
import base64
import binascii
import json
import re

# What Go writes: no zeros at the end of a fraction, nine digits at most, `Z` for UTC.
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?(Z|[+-](?!00:00)\d\d:\d\d)")
ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class NotExact(Exception):
    """The file has no exact form: a member is missing, unknown or of a wrong type."""


def canonical(value) -> str:
    """Canonical JSON."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        if any(c < " " for c in value):
            raise NotExact("a control character has no wire form")
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: member[0].encode())
        return "{" + ",".join(canonical(name) + ":" + canonical(member) for name, member in members) + "}"
    raise NotExact(f"{value!r} has no canonical form")


def wire(text: str) -> bytes:
    """The text as it stands in a file."""
    return "".join(ESCAPES.get(c, c) for c in text).encode()


def rewrite(data: bytes) -> bytes:
    envelope = _members(_parse(data), ["signed", "signatures"])
    body = envelope["signed"]
    kind = body.get("_type") if isinstance(body, dict) else None
    if kind not in _BODIES:
        raise NotExact(f"no such _type: {kind!r}")
    signed = canonical(_BODIES[kind](body))
    signatures = ",".join(
        '{"keyid":%s,"method":%s,"sig":%s}' % tuple(map(canonical, (s["keyid"], _method(s["method"]), _base64(s["sig"]))))
        for s in _list(envelope["signatures"], lambda s: _members(s, ["keyid", "method", "sig"])))
    return wire('{"signed":' + signed + ',"signatures":[' + signatures + "]}")


def _parse(data: bytes):
    def unique(pairs):
        members = dict(pairs)
        if len(members) != len(pairs):
            raise NotExact("a member stands twice")
        return members

    def refuse(text):
        raise NotExact(f"number {text}")
    return json.loads(data.decode(), object_pairs_hook=unique, parse_float=refuse, parse_constant=refuse)


def _members(value, names, optional=()) -> dict:
    if not isinstance(value, dict):
        raise NotExact("not an object")
    missing, unknown = set(names) - set(value), set(value) - set(names) - set(optional)
    if missing or unknown:
        raise NotExact(f"missing: {sorted(missing)}, unknown: {sorted(unknown)}")
    return value


def _list(value, of) -> list:
    if not isinstance(value, list):
        raise NotExact("not a list")
    return [of(element) for element in value]


def _map(value, of) -> dict:
    if not isinstance(value, dict):
        raise NotExact("not an object")
    return {name: of(member) for name, member in value.items()}


def _text(value) -> str:
    if not isinstance(value, str):
        raise NotExact(f"not a string: {value!r}")
    return value


def _integer(value) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise NotExact(f"not an integer: {value!r}")
    return value


def _method(value) -> str:
    if _text(value) != value.lower():
        raise NotExact("a method in upper case")
    return value


def _base64(value) -> str:
    try:
        again = base64.b64encode(base64.b64decode(_text(value), validate=True)).decode()
    except binascii.Error as error:
        raise NotExact(str(error)) from error
    if again != value:
        raise NotExact("not the one base64 of these bytes")
    return value


def _time(value) -> str:
    if not TIME.fullmatch(_text(value)):
        raise NotExact(f"Go would write this time otherwise: {value}")
    return value


def _key(value) -> dict:
    key = _members(value, ["keytype", "keyval"])
    keyval = _members(key["keyval"], ["private", "public"])
    if keyval["private"] is not None:
        raise NotExact("a private key")
    return {"keytype": _text(key["keytype"]), "keyval": {"private": None, "public": _base64(keyval["public"])}}


def _file_meta(value) -> dict:
    meta = _members(value, ["hashes", "length"])
    return {"hashes": _map(meta["hashes"], _base64), "length": _integer(meta["length"])}


def _target(value) -> dict:
    target = _members(value, ["hashes", "length"], ["custom"])
    out = _file_meta({"hashes": target["hashes"], "length": target["length"]})
    if "custom" in target:
        out["custom"] = target["custom"]
    return out


def _delegation(value) -> dict:
    role = _members(value, ["keyids", "name", "threshold"], ["paths"])
    out = {"keyids": _list(role["keyids"], _text), "name": _text(role["name"]), "threshold": _integer(role["threshold"])}
    if "paths" in role:
        out["paths"] = _list(role["paths"], _text)
        if not out["paths"]:
            raise NotExact("empty paths are left out")
    return out


def _role_keys(value) -> dict:
    role = _members(value, ["keyids", "threshold"])
    return {"keyids": _list(role["keyids"], _text), "threshold": _integer(role["threshold"])}


def _body(members: dict):
    """A body with these members besides those that all have."""
    members = members | {"_type": _text, "expires": _time, "version": _integer}
    return lambda body: {name: members[name](value) for name, value in _members(body, members).items()}


def _boolean(value) -> bool:
    if not isinstance(value, bool):
        raise NotExact("neither true nor false")
    return value


_BODIES = {
    "Root": _body({"consistent_snapshot": _boolean, "keys": lambda keys: _map(keys, _key),
                   "roles": lambda roles: _map(roles, _role_keys)}),
    "Targets": _body({
        "delegations": lambda value: {
            "keys": _map(_members(value, ["keys", "roles"])["keys"], _key),
            "roles": _list(value["roles"], _delegation)},
        "targets": lambda targets: _map(targets, _target)}),
    "Snapshot": _body({"meta": lambda meta: _map(meta, _file_meta)}),
    "Timestamp": _body({"meta": lambda meta: _map(_members(meta, ["snapshot"]), _file_meta)}),
}
