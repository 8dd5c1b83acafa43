"""The standard's algorithm, step by step and the slow way: the oracle for the incremental parser.

WHATWG HTML, section 9.2.6, read off the page: decode the stream, split it into lines, process each.
It shares nothing with the parser on purpose. Even the UTF-8 decoder is the one of the Encoding Standard
spelled out, because `bytes.decode` is what the parser relies on.
"""

from __future__ import annotations

from .vector import Message


def interpret(stream: bytes) -> list[Message]:
    """The events a listener sees of this stream from its first byte to its end."""
    messages: list[Message] = []
    data = type_ = id_ = ""
    for line in lines(decode(stream)):
        if line == "":
            # "Dispatch the event": without data the type is dropped and the id stays.
            if data != "":
                messages.append(Message(data[:-1], type_ if type_ != "" else "message", id_))
            data = type_ = ""
            continue
        if line[0] == ":":
            continue
        name, value = line, ""
        if ":" in line:
            colon = line.index(":")
            name, value = line[:colon], line[colon + 1 :]
            if value != "" and value[0] == " ":
                value = value[1:]
        if name == "data":
            data += value + "\n"
        elif name == "event":
            type_ = value
        elif name == "id" and "\0" not in value:
            id_ = value
    return messages


def lines(text: str) -> list[str]:
    """The lines that end. What follows the last end is left out: section 9.2.6 never processes it."""
    found: list[str] = []
    line = ""
    previous = ""
    for character in text:
        if character in "\r\n":
            # Section 9.2.5: an LF straight after a CR is the second half of the same end.
            if not (character == "\n" and previous == "\r"):
                found.append(line)
                line = ""
        else:
            line += character
        previous = character
    return found


def decode(stream: bytes) -> str:
    """Encoding Standard, "UTF-8 decode": strip one BOM, and replace what is invalid by U+FFFD."""
    position = 3 if stream[:3] == b"\xef\xbb\xbf" else 0
    text = ""
    code_point = needed = 0
    lower, upper = 0x80, 0xBF
    while position < len(stream):
        byte = stream[position]
        if needed:
            if not lower <= byte <= upper:
                # The byte is not consumed: it may well begin a character, or end the line.
                text += "\ufffd"
                needed = 0
                lower, upper = 0x80, 0xBF
                continue
            lower, upper = 0x80, 0xBF
            code_point = code_point << 6 | byte & 0x3F
            needed -= 1
            if not needed:
                text += chr(code_point)
        elif byte <= 0x7F:
            text += chr(byte)
        elif 0xC2 <= byte <= 0xDF:
            code_point, needed = byte & 0x1F, 1
        elif 0xE0 <= byte <= 0xEF:
            # Narrower bounds for the second byte keep overlong forms and surrogates out.
            lower = 0xA0 if byte == 0xE0 else 0x80
            upper = 0x9F if byte == 0xED else 0xBF
            code_point, needed = byte & 0x0F, 2
        elif 0xF0 <= byte <= 0xF4:
            lower = 0x90 if byte == 0xF0 else 0x80
            upper = 0x8F if byte == 0xF4 else 0xBF
            code_point, needed = byte & 0x07, 3
        else:
            text += "\ufffd"
        position += 1
    return text + ("\ufffd" if needed else "")
