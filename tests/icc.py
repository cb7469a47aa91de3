"""Small ICC profiles, as cameras and screens write them."""

import struct

# Primaries of Display P3, adapted to D50 (https://www.color.org/chardata/rgb/DisplayP3.xalter).
P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
D50 = (0.9642, 1.0, 0.8249)


def build_rgb_profile(primaries=P3, gamma=2.2):
    """Build a profile of three primaries and one gamma."""
    curve = b"curv" + bytes(4) + struct.pack(">IHH", 1, round(gamma * 256), 0)
    tags = {b"desc": _write_text("test"), b"wtpt": _write_xyz(D50)}
    for name, xyz in zip((b"r", b"g", b"b"), primaries, strict=True):
        tags |= {name + b"XYZ": _write_xyz(xyz), name + b"TRC": curve}
    return _assemble(b"RGB ", tags)


def build_gray_profile(gamma):
    """Build a profile of gray with this gamma."""
    curve = b"curv" + bytes(4) + struct.pack(">IHH", 1, round(gamma * 256), 0)
    tags = {b"desc": _write_text("test"), b"wtpt": _write_xyz(D50), b"kTRC": curve}
    return _assemble(b"GRAY", tags)


def build_cmyk_profile(paper):
    """Build a profile that shows every mixture of inks as one color, (X, Y, Z) under D50.

    Its table has two steps an ink, so 16 colors.
    """
    table = (
        struct.pack(">3H", *(round(value / (1 + 32767 / 32768) * 65535) for value in paper)) * 16
    )
    matrix = struct.pack(">9i", *(65536 * (place % 4 == 0) for place in range(9)))
    line = struct.pack(">2H", 0, 65535)
    lut = b"mft2" + bytes(4) + bytes((4, 3, 2, 0)) + matrix + struct.pack(">2H", 2, 2)
    lut += line * 4 + table + line * 3
    return _assemble(b"CMYK", {b"desc": _write_text("test"), b"A2B0": lut}, b"prtr")


def _assemble(space, tags, device=b"mntr"):
    body, index = b"", struct.pack(">I", len(tags))
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        index += name + struct.pack(">2I", start + len(body), len(content))
        body += content
    header = struct.pack(">I", start + len(body)) + bytes(4) + struct.pack(">I", 0x02400000)
    header += device + space + b"XYZ " + bytes(12) + b"acsp" + bytes(28)
    header += b"".join(struct.pack(">i", round(value * 65536)) for value in D50)
    return header.ljust(128, b"\0") + index + body


def _write_xyz(xyz):
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in xyz))


def _write_text(text):
    data = text.encode() + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(data)) + data + bytes(78)
