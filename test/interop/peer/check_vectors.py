"""Runs this peer's code over the golden vectors: `check_vectors.py FOLDER`; prints what differs, exit code 1 if anything does."""

import json
import pathlib
import sys

import keys
import shape
import shared
import wire

folder, wrong, checked = pathlib.Path(sys.argv[1]), [], 0


def vectors(name):
    return json.loads((folder / f"{name}.json").read_text())


def outcome(parse, data):
    try:
        parse(data)
        return None
    except wire.Drop as drop:
        return drop.reason


def same(label, got, expected):
    global checked
    checked += 1
    if got != expected:
        wrong.append(f"{label}: expected {expected}; got {got}")


for each in vectors("keys"):
    key = wire.group_key(bytes.fromhex(each["preSharedKey"]), each["cluster"])
    same(each["cluster"], key.hex(), each["groupKey"])
    same(each["cluster"], int.from_bytes(wire.key_id(key), "big"), each["keyId"])
    same(each["cluster"], wire.cluster_tag(each["cluster"]).hex(), each["clusterTag"])
    same(each["cluster"], wire.node_id(bytes.fromhex(each["seed"])).hex(), each["nodeId"])
for each in vectors("bodies"):
    names = [name for name, _ in shape.body(bytes.fromhex(each["body"]))[2]]
    same(each["name"], names, each["types"])
relayed = vectors("http")["relayed"]
same("relayed", shape.is_node(shape.record(bytes.fromhex(relayed["record"]))[2]), True)
for each in vectors("records"):
    same(each["name"], outcome(shape.record, bytes.fromhex(each["record"])), None if each["valid"] else "malformed")
for each in vectors("cbor-valid"):
    same(each["rule"], outcome(shape.gate, bytes.fromhex(each["bytes"])), None)
for each in vectors("cbor-invalid"):
    same(each["rule"], outcome(shape.gate, bytes.fromhex(each["bytes"])), "malformed")
for each in vectors("datagrams"):
    ring = wire.Keyring(each["cluster"], [bytes.fromhex(each["preSharedKey"])])
    receiver = wire.Wire(ring, bytes.fromhex(each["destination"]), shape.body)
    same(each["name"], outcome(receiver.open, bytes.fromhex(each["datagram"])), each["drop"])
for each in vectors("refusals"):
    answered, expected = bytes.fromhex(each["answered"]), bytes.fromhex(each["refusal"])
    receiver = wire.Wire(wire.Keyring(each["cluster"], [bytes(32)]), bytes(16), shape.body)
    _, (code, nonce, name) = receiver.open(expected)
    same(each["code"], (code, nonce, name.decode()), (expected[7], answered[8:32], each["cluster"]))
shared_data = vectors("shared-data")
for each in shared_data["joins"]:
    slots = [shape.gate(bytes.fromhex(slot)) for slot in each["slots"]]
    for order in (slots, slots[::-1]):
        joined, value = shared.join(each["type"], order)
        seen = each["value"]["$int"] if isinstance(each["value"], dict) and "$int" in each["value"] else each["value"]
        same(each["name"], shared.encode(joined).hex(), each["joined"])
        same(each["name"], shared.encode(value), shared.encode(int(seen) if isinstance(seen, str) and each["type"] == "pncounter" else seen))
for each in shared_data["invalid"]:
    try:
        same(each["name"], shared.join(each["type"], [shape.gate(bytes.fromhex(each["slot"]))]), "no slot")
    except shared.NoSlot:
        same(each["name"], "no slot", "no slot")
rotation = vectors("key-rotation")
for each in rotation["wraps"]:
    under, nonce, sealed = (bytes.fromhex(each[part]) for part in ("wrappingKey", "nonce", "sealed"))
    key = keys.unwrap(each["cluster"], under, bytes.fromhex(each["fingerprint"]), nonce, sealed)
    same(each["name"], key and key.hex(), each["wrappedKey"] if each["valid"] else None)
for part, parse in (("keyrings", keys.keyring_record), ("keys", keys.key_record)):
    for each in rotation[part]:
        got = outcome(lambda data: parse(shape.gate(data)), bytes.fromhex(each["value"]))
        same(each["name"], got, None if each["valid"] else "malformed")
print("\n".join([*wrong, f"{checked} checked, {len(wrong)} differ"]))
sys.exit(1 if wrong else 0)
