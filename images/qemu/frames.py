"""The far end of the serial line: text, and frames written from `docs/serial-frames.md` alone."""

import socket
import time
import zlib

from vm import PATIENCE


def cobs(data):
    """Codes the zeros away (Cheshire and Baker, 1999)."""
    out = bytearray()
    for block in bytes(data).split(b"\0"):
        while len(block) >= 254:
            out += b"\xff" + block[:254]
            block = block[254:]
        out += bytes([len(block) + 1]) + block
    return bytes(out)


def uncobs(data):
    """The way back."""
    out, at = bytearray(), 0
    while at < len(data):
        code = data[at]
        out += data[at + 1 : at + code]
        at += code
        if code < 0xFF and at < len(data):
            out.append(0)
    return bytes(out)


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def unvarint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def command(number, text):
    """Message 2 to Hearth, in its frame."""
    text = text.encode()
    message = varint(2) + varint(number) + varint(len(text)) + text
    return b"\0" + cobs(message + zlib.crc32(message).to_bytes(4, "little")) + b"\0"


def reply(inside):
    """(id, outcome, last, text) of a frame with message 2 from Hearth; None for another message."""
    message = uncobs(inside)
    body, check = message[:-4], message[-4:]
    assert zlib.crc32(body).to_bytes(4, "little") == check, f"a frame with a wrong CRC: {inside!r}"
    if body[0] != 2:
        return None
    number, at = unvarint(body, 1)
    outcome, last = body[at], body[at + 2]
    length, at = unvarint(body, at + 3)
    return number, outcome, bool(last), body[at : at + length].decode()


class Line:
    """The host's end of a serial line."""

    def __init__(self, end):
        self.end = end
        self.seen = b""
        end.settimeout(0.2)

    def _more(self):
        try:
            self.seen += self.end.recv(4096)
        except (TimeoutError, socket.timeout):
            pass

    def say(self, text):
        self.end.sendall(text.encode() + b"\r")

    def expect(self, text):
        """Waits for a text on the line."""
        until = time.monotonic() + PATIENCE
        while text.encode() not in self.seen:
            assert time.monotonic() < until, f"no «{text}» on the serial line; it shows {self.seen[-500:]!r}"
            self._more()
        self.seen = self.seen.partition(text.encode())[2]

    def command(self, number, text):
        """Says a sentence in a frame; its outcome and the whole answer."""
        self.seen = b""
        self.end.sendall(command(number, text))
        until, pieces = time.monotonic() + PATIENCE, []
        while time.monotonic() < until:
            self._more()
            while self.seen.count(0) >= 2:
                inside, self.seen = self.seen.partition(b"\0")[2].split(b"\0", 1)
                got = reply(inside) if inside else None
                if got and got[0] == number:
                    pieces.append(got[3])
                    if got[2]:
                        return got[1], "".join(pieces)
        raise AssertionError(f"no answer to frame {number}; the line shows {self.seen[-500:]!r}")
