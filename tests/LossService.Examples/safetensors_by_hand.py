"""Posts numbers as safetensors, the bytes as they stand in memory, built and taken apart with struct and json alone.

    python3 safetensors_by_hand.py http://localhost:5080
"""
import json
import struct
import sys
import urllib.request

BASE = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:5080"
SAFETENSORS = "application/vnd.safetensors"
CODES = {"F32": "f", "F64": "d", "I64": "q"}


def pack(tensors, options):
    """A file of {name: (dtype, shape, values)}: 8 bytes of length, a JSON header, the data."""
    header, data = {"__metadata__": options}, b""
    for name, (dtype, shape, values) in tensors.items():
        begin = len(data)
        data += struct.pack(f"<{len(values)}{CODES[dtype]}", *values)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def unpack(file):
    """The tensors of a file as {name: (shape, values)}, and its options."""
    (length,) = struct.unpack_from("<Q", file)
    header, data = json.loads(file[8:8 + length]), file[8 + length:]
    options = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = [value for (value,) in struct.iter_unpack("<" + CODES[entry["dtype"]], data[begin:end])]
        tensors[name] = (entry["shape"], values)
    return tensors, options


body = pack(
    {"logits": ("F64", [2, 3], [2.0, 1.0, 0.1, 0.5, 2.5, -1.0]), "targets": ("I64", [2], [0, 1])},
    {"reduction": "mean", "return_items": "true"},
)
request = urllib.request.Request(f"{BASE}/v1/losses/cross_entropy", body, {"Content-Type": SAFETENSORS})
with urllib.request.urlopen(request, timeout=60) as response:
    tensors, options = unpack(response.read())
for name, (shape, values) in tensors.items():
    print(name, shape, *(f"{value:.15g}" for value in values))
print("divided by", json.loads(options["normalizer"])["value"])
