"""Personal data with spans and kinds: structured kinds by arithmetic and context, names and addresses by a model if given.

    find(column) -> Spans; a span is (row, first byte, end byte, kind)

Guards against false alarms: timestamps, versions, dates, identifiers, `git@host:path`, loopback and mask addresses. Found
text is never shown: `masked` keeps its kind and length class only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.measure import pii_marks, pii_scan
from curate.measure.buffers import Bytes, Offsets, flat
from curate.types import F32

VERSION = 2
KINDS = ("email", "card", "iban", "ssn", "ip", "phone", "secret", "licence", "named")
COLUMNS = (*(f"pii_{kind}" for kind in KINDS[:-1]), "pii")
NAMED = KINDS.index("named")

SIX = re.compile(r"(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4}){0,6}")
# What people write beside a telephone number, within 48 bytes before it or 16 after it.
CALLED = re.compile(
    r"(?i)\b(?:phones?|tel|telephone|mobile|cell|cellphone|fax|call(?:ed|ing)?|dial|ring|whatsapp|sms|hotline|helpline|(?:desk|office)\W{1,3}$"
    r"|contact|reach(?:ed)?|text(?:ed)?|messages? (?:to|on)|answering|registered|ph|landline|number is|my number)(?:\b|$)"
)
CARDED = re.compile(r"(?i)\b(?:cards?|cc|visa|master ?card|amex|credit|debit|maestro|atm)\b")
LICENCE = re.compile(
    r"(?i)\b(?:driver'?s?|driving)\W{1,2}(?:s\W)?licen[cs]e\b[^.\n]{0,24}?\b((?=[A-Z0-9-]{0,16}\d)[A-Z]{0,2}[0-9][A-Z0-9-]{5,16})\b"
)
SOCIAL = re.compile(r"(?i)\b(?:ssn|social security)\b")
HOST = re.compile(r"(?i)\b(?:ip|ipv4|address|host|server|client|subnet|gateway|ping|blocked)\b|_ip\b")
VERSIONED = re.compile(r"(?i)(?:\bv|version|release|build|firmware|driver|section|clause|chapter)[\s:.#]{0,3}$")
DATE = re.compile(
    r"^(?:(?:19|20)\d\d[-. ](?:0?[1-9]|1[0-2])[-. ](?:[0-2]?\d|3[01])|(?:[0-2]?\d|3[01])[-. ](?:[0-2]?\d|3[01])[-. ](?:19|20)\d\d)\b"
)
YEARS = re.compile(r"^(?:(?:1[5-9]|20)\d\d[ -]{1,2})+(?:1[5-9]|20)\d\d$")
AMERICAN = re.compile(r"^(?:\+?1[-. ])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-.])[2-9]\d\d[-.]\d{4}$")
NAMES = ("prompt", "response", "system")
BEFORE, AFTER = 48, 16  # bytes around a number that are read
NUMBERED = (32, 160)  # bytes around the word licence

Recogniser = Callable[[Sequence[str]], Sequence[Sequence[tuple[int, int, str]]]]


@dataclass(frozen=True, slots=True)
class Spans:
    """What was found in one column: row, first byte and end byte within the text, index into KINDS; int64 [m] each."""

    row: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    kind: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.row.shape[0])


def measure_pii(rows: Any) -> Mapping[str, F32]:
    """How often each kind stands in the row (prompt, answers and system prompt together), and all kinds: float32 [n]."""
    n = rows.num_rows
    out = np.zeros((len(KINDS), n), dtype=np.float32)
    for name in NAMES:
        found = find(rows.column(name))
        np.add.at(out, (found.kind, found.row), 1.0)
    columns = {f"pii_{kind}": out[k] for k, kind in enumerate(KINDS) if k != NAMED}
    return columns | {"pii": out.sum(axis=0)}


def find(column: Any, named: Recogniser | None = None) -> Spans:
    """Spans in an Arrow string column, in text order. named: a model for names and places, asked for every text.

    `named` gets texts and gives (first sign, end sign, label) per text; a text-classification pipeline of any library fits
    behind a line of code (kind "named").
    """
    data, offsets = flat(column)
    made = [
        _settled(data, offsets, pii_scan.candidates(data, offsets)),
        _marked(data, offsets, pii_marks.marks(data, offsets)),
    ]
    if named is not None:
        made.append(_named(column, named))
    table = np.concatenate(made)
    table = table[np.lexsort((-table[:, 2], table[:, 1], table[:, 0]))]
    table = table[_apart(np.ascontiguousarray(table))]
    return Spans(*(np.ascontiguousarray(table[:, k]) for k in range(4)))


Table = NDArray[np.int64]  # [m, 4]: row, first byte, end byte, kind


@njit("boolean[::1](int64[:, ::1])", cache=True, nogil=True)
def _apart(found):  # type: ignore[no-untyped-def]
    """Which spans, sorted, do not overlap an earlier one of their row."""
    out = np.zeros(found.shape[0], dtype=np.bool_)
    row, end = np.int64(-1), np.int64(0)
    for k in range(found.shape[0]):
        if found[k, 0] != row or found[k, 1] >= end:
            out[k] = True
            row, end = found[k, 0], found[k, 2]
    return out


def _settled(data: Bytes, offsets: Offsets, made: Table) -> Table:
    """The candidates that are findings. Equal ones in equal surroundings are looked at once: a cell of one repeated number
    costs one look."""
    sure = made[:, 3] <= pii_scan.SSN
    asked = made[~sure]
    kinds = np.full(asked.shape[0], -1, dtype=np.int64)
    _, first, place = np.unique(_around(data, offsets, asked, BEFORE, AFTER), return_index=True, return_inverse=True)
    raw = data.data
    if first.shape[0]:
        kinds = np.array([_kind(raw, offsets, *line) for line in asked[first].tolist()], dtype=np.int64)[place]
    asked = np.column_stack((asked[:, :3], kinds))
    return np.concatenate((made[sure], asked[kinds >= 0]))


@njit("uint64[::1](uint8[::1], int64[::1], int64[:, :], int64, int64)", cache=True, nogil=True)
def _around(data, offsets, made, before, after):  # type: ignore[no-untyped-def]
    """A hash of each candidate, its kind and the bytes around it."""
    out = np.empty(made.shape[0], dtype=np.uint64)
    for k in range(made.shape[0]):
        begin, end = offsets[made[k, 0]], offsets[made[k, 0] + 1]
        start, stop = begin + made[k, 1], begin + made[k, 2]
        h = np.uint64(14695981039346656037) ^ np.uint64(made[k, 3])
        for at in range(max(begin, start - before), min(end, stop + after)):
            edge = np.uint64(256) if at in (start, stop) else np.uint64(0)
            h = (h ^ np.uint64(data[at]) ^ edge) * np.uint64(1099511628211)
            h ^= h >> np.uint64(29)
        out[k] = h
    return out


def _kind(raw: memoryview, offsets: Any, row: int, start: int, end: int, kind: int) -> int:
    """The kind of the finding that a candidate is, -1 = none: what only the words around a number can tell."""
    begin, stop = int(offsets[row]), int(offsets[row + 1])
    text = bytes(raw[begin + start : begin + end]).decode("utf-8", "replace")
    before = bytes(raw[max(begin, begin + start - BEFORE) : begin + start]).decode("utf-8", "replace")
    after = bytes(raw[begin + end : min(stop, begin + end + AFTER)]).decode("utf-8", "replace")
    if kind == pii_scan.IP:
        return 4 if _public(text, before) else -1
    if kind == pii_scan.CARD_MAYBE:
        return 1 if CARDED.search(before) else -1
    if re.fullmatch(r"\d{9}", text) and SOCIAL.search(before):
        return 3
    return 5 if kind == pii_scan.PHONE and _telephone(text, before, after) else -1


def _public(text: str, before: str) -> bool:
    """Whether an IPv4 text is an address of somebody: no version, mask, loopback, private or reserved one."""
    from ipaddress import ip_address

    address = ip_address(text)
    if not address.is_global or text.endswith(".0.0") or VERSIONED.search(before):
        return False
    return len(text) > 7 or bool(HOST.search(before))  # 1.2.3.4 is a version until somebody calls it an address


def _telephone(text: str, before: str, after: str) -> bool:
    """Whether a number is a telephone's: its own form (+.., US) and libphonenumber, or words beside it and a plausible form."""
    digits = re.sub(r"\D", "", text)
    if not 7 <= len(digits) <= 15 or DATE.match(text) or YEARS.match(text):
        return False
    if re.match(r"\s?(?:%|years?|people|km|miles|dollars|million|billion|USD|kg)\b", after):
        return False
    if text.startswith("+") or AMERICAN.match(text):
        return _valid(text)
    if text.isdigit():  # one run of digits: the word must stand on its own line
        before = before.rsplit("\n", 1)[-1]
    near = CALLED.search(before) or re.match(r"(?i)[\s,(-]{0,3}(?:office|mobile|fax|desk|home|cell|work)\b", after)
    if not near or re.search(r"[=*/^$€£#]\s?$", before):
        return False
    groups = re.findall(r"\d+", text)
    if len(groups) == 1:
        return len(digits) >= 8 and (digits[0] == "0" or len(digits) in (9, 10, 11)) and not digits.startswith("00000")
    return max(map(len, groups)) <= 8 and len(groups[-1]) >= 2


def _valid(text: str) -> bool:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(number)


def _marked(data: Bytes, offsets: Offsets, made: Table) -> Table:
    """Secrets as they are; IPv6 addresses and licence numbers by a second look, equal ones once."""
    out = [made[made[:, 3] == pii_marks.SECRET]]
    for kind, before, after in ((pii_marks.SIX, 0, 0), (pii_marks.LICENSED, *NUMBERED)):
        asked = made[made[:, 3] == kind]
        _, first, place = np.unique(
            _around(data, offsets, asked, before, after), return_index=True, return_inverse=True
        )
        if not first.shape[0]:
            continue
        looks = [_second_look(data, offsets, *line) for line in asked[first].tolist()]
        moved = np.array(looks, dtype=np.int64)[place]
        asked = np.column_stack((asked[:, 0], asked[:, 1:3] + moved[:, :2], moved[:, 2]))
        out.append(asked[moved[:, 2] >= 0])
    return np.concatenate(out)


def _second_look(data: Bytes, offsets: Offsets, row: int, start: int, end: int, kind: int) -> tuple[int, int, int]:
    """(how far the finding's start and end lie from the mark's, its kind); kind -1 = no finding."""
    begin, stop = int(offsets[row]), int(offsets[row + 1])
    if kind == pii_marks.SIX:
        text = data[begin + start : begin + end].tobytes().decode()
        return 0, 0, 4 if SIX.fullmatch(text) and _six(text) else -1
    first = max(begin, begin + start - NUMBERED[0])
    raw = data[first : min(stop, begin + end + NUMBERED[1])].tobytes()
    head = raw[: begin + start - first].decode("utf-8", "replace")
    text = head + raw[begin + start - first :].decode("utf-8", "replace")
    for match in LICENCE.finditer(text):
        if match.start() <= len(head) < match.end():
            lead = len(text[len(head) : match.start(1)].encode())
            return lead, lead + len(match.group(1)) - (end - start), 7
    return 0, 0, -1


def _six(text: str) -> bool:
    from ipaddress import AddressValueError, IPv6Address

    try:
        return IPv6Address(text).is_global
    except AddressValueError:
        return False


def _named(column: Any, model: Recogniser) -> Table:
    texts = ["" if t is None else t for t in column.to_pylist()]
    out: list[tuple[int, int, int, int]] = []
    for row, (text, spans) in enumerate(zip(texts, model(texts), strict=True)):
        for start, end, _label in spans:
            first = len(text[:start].encode())
            out.append((row, first, first + len(text[start:end].encode()), NAMED))
    return np.array(out, dtype=np.int64).reshape(-1, 4)


def masked(text: str, kind: int) -> str:
    """What stands for a finding on a screen and in a redacted copy: its kind alone, "[card]"."""
    del text
    return f"[{KINDS[kind]}]"


def redacted(texts: Sequence[str], named: Recogniser | None = None) -> tuple[list[str], Spans]:
    """The texts with every finding replaced by its mask, and the spans (bytes of the originals) for the lineage."""
    import pyarrow as pa

    found = find(pa.array(texts, pa.large_string()), named)
    edges = np.searchsorted(found.row, np.arange(len(texts) + 1))
    made = []
    for row, text in enumerate(texts):
        raw, at, parts = text.encode(), 0, []
        for k in range(edges[row], edges[row + 1]):
            parts += [raw[at : int(found.start[k])], masked("", int(found.kind[k])).encode()]
            at = int(found.end[k])
        made.append(b"".join((*parts, raw[at:])).decode())
    return made, found
