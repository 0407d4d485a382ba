"""XML that others wrote, read safely: no document type, no entity, no NUL, bounded in depth and size.

Such files come from devices that send the same again and again. One character that XML does not allow, or one element
that is broken, must not cost the whole file: what cannot be read is left out and named, the rest comes in.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import NamedTuple
from xml.parsers import expat

from services.files.fault import whole_file
from services.files.text import MARK, decode

MOST_BYTES = 64 * 1024 * 1024
MOST_DEPTH = 32
_DECLARATION = re.compile(rb"<\?xml\s[^>]{0,200}\?>")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([\w.-]{1,40})")
_DOCTYPE = re.compile(r"<!\s*(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)")
_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")


class Document(NamedTuple):
    """One document of a file: its text, decoded by itself, and what there is to say of its encoding."""

    text: str
    note: str


class Broken(ValueError):
    """A text that is no XML; the message says where."""


class _Refused(Exception):
    """What no file of ours may hold."""


def documents(data: bytes) -> list[Document]:
    """The documents of a file, one behind the other, each in an encoding of its own. Raises FileFault.

    A document type is refused wherever it stands: entities could expand without end or read files.
    """
    if len(data) > MOST_BYTES:
        raise whole_file(f"holds more than {MOST_BYTES // 1024 // 1024} MB", "Export it in parts")
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:  # two bytes a character: one text, whatever its declarations say
        data = _DECLARATION.sub(b"\n", decode(data).text.encode("utf-8", "surrogatepass"))
    if b"\0" in data:
        raise whole_file("holds NUL bytes: UTF-16 without a mark, or no text", "Save it as text in UTF-8")
    starts = [0, *(found.start() for found in _DECLARATION.finditer(data) if found.start())]
    found = []
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        part = data[start:end]
        if not part.strip(b" \t\r\n\xef\xbb\xbf"):
            continue
        declared = _DECLARATION.search(part[:400])
        stated = _ENCODING.search(declared[0]) if declared else None
        text, _, note, _ = decode(_DECLARATION.sub(b"", part, count=1), stated[1].decode() if stated else "")
        if _DOCTYPE.search(text):
            raise whole_file("has a DOCTYPE, which no such file needs", "Export the file itself, without it")
        found.append(Document(text.strip(), note))
    return found


def parse(text: str) -> ET.Element:
    """The tree of one document. Raises Broken for what is no XML, FileFault for what is refused."""
    builder = ET.TreeBuilder()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MOST_DEPTH:
            raise _Refused(f"is nested deeper than {MOST_DEPTH} elements")
        builder.start(tag.rpartition(":")[2], attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag.rpartition(":")[2])

    def refuse(*_: object) -> None:
        raise _Refused("has a document type or an entity, which no such file needs")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    for name in ("StartDoctypeDecl", "EntityDecl", "UnparsedEntityDecl", "NotationDecl", "AttlistDecl", "ElementDecl"):
        setattr(parser, f"{name}Handler", refuse)
    parser.ExternalEntityRefHandler = refuse  # type: ignore[assignment]  # it raises, whatever it is called with
    try:
        parser.Parse(text.encode(), True)
        return builder.close()
    except _Refused as error:
        raise whole_file(str(error), "Export the file itself, plainly") from None
    except UnicodeEncodeError as error:
        raise Broken(f"not well-formed: a byte that is no text at character {error.start}") from None
    except expat.ExpatError as error:
        raise Broken(str(error)) from None


def mend(text: str) -> tuple[str, list[str]]:
    """The text without the characters that XML does not allow, bare ampersands escaped; and what was done, in words."""
    done: list[str] = []
    odd = sorted({f"U+{ord(c):04X}" for c in _NOT_XML.findall(text) if c != MARK})
    if odd:
        done.append(f"holds {', '.join(odd[:3])}, which XML does not allow: left out")
    if MARK in text:
        done.append("holds bytes that are no text: left out")
    text = _NOT_XML.sub("", text)
    if references := [found[0] for found in _REFERENCE.finditer(text) if not _is_allowed(found)]:
        done.append(f"holds {references[0]}, which XML does not allow: left out")
        text = _REFERENCE.sub(lambda found: found[0] if _is_allowed(found) else "", text)
    if _BARE.search(text):
        done.append("holds an ampersand that is not written &amp;: read as one")
        text = _BARE.sub("&amp;", text)
    return text, done


def elements(text: str, tag: str) -> Iterator[str]:
    """The texts of the elements of a name in a document that is broken; one that never ends ends at the next one."""
    begins = re.compile(rf"<(?:\w+:)?{tag}(?:\s[^<>]*)?>")
    starts = [found.start() for found in begins.finditer(text)]
    for start, behind in zip(starts, [*starts[1:], len(text)], strict=True):
        part = text[start:behind]
        end = re.search(rf"</(?:\w+:)?{tag}\s*>", part)
        yield part[: end.end()] if end else part


def _is_allowed(found: re.Match[str]) -> bool:
    code = int(found[1], 16) if found[1] else int(found[2])
    return 0 < code <= 0x10FFFF and _NOT_XML.match(chr(code)) is None
