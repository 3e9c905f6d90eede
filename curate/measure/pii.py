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
from numpy.typing import NDArray

from curate.measure import pii_scan
from curate.measure.buffers import flat
from curate.types import F32

VERSION = 1
KINDS = ("email", "card", "iban", "ssn", "ip", "phone", "secret", "licence", "named")
COLUMNS = (*(f"pii_{kind}" for kind in KINDS[:-1]), "pii")
NAMED = KINDS.index("named")

# Keys and tokens by the marks that their issuers put on them; every repeat is bounded.
SECRET = (
    r"\b(?:sk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,120}|AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,80}"
    r"|github_pat_[A-Za-z0-9_]{22,100}|glpat-[A-Za-z0-9_-]{20,40}|xox[abprs]-[A-Za-z0-9-]{10,80}|AIza[0-9A-Za-z_-]{35}"
    r"|hf_[A-Za-z0-9]{30,40}|sk_live_[0-9a-zA-Z]{20,60}|rk_live_[0-9a-zA-Z]{20,60}|npm_[A-Za-z0-9]{36}"
    r"|eyJ[A-Za-z0-9_-]{10,400}\.eyJ[A-Za-z0-9_-]{10,800}\.[A-Za-z0-9_-]{10,400})"
    r"|-----BEGIN (?:RSA |EC |OPENSSH |DSA |PGP )?PRIVATE KEY"
)
_SECRET = re.compile(SECRET)
SIX = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4}){0,6}(?![\w:])")
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
    made = pii_scan.candidates(data, offsets)
    raw = data.data
    kept = [found for line in made.tolist() if (found := _settle(raw, offsets, *line)) is not None]
    kept += _marked(column, data, offsets)
    if named is not None:
        kept += _named(column, named)
    kept = _apart(sorted(kept, key=lambda s: (s[0], s[1], -s[2])))
    table = np.array(kept, dtype=np.int64).reshape(-1, 4)
    return Spans(*(np.ascontiguousarray(table[:, k]) for k in range(4)))


Found = tuple[int, int, int, int]


def _apart(found: list[Found]) -> list[Found]:
    """Spans that do not overlap an earlier one of their row."""
    out: list[Found] = []
    for span in found:
        if not out or out[-1][0] != span[0] or out[-1][2] <= span[1]:
            out.append(span)
    return out


def _settle(raw: memoryview, offsets: Any, row: int, start: int, end: int, kind: int) -> Found | None:
    """The candidate as a finding, or None: what only the words around a number can tell."""
    if kind <= pii_scan.SSN:
        return row, start, end, kind
    begin, stop = int(offsets[row]), int(offsets[row + 1])
    text = bytes(raw[begin + start : begin + end]).decode("utf-8", "replace")
    before = bytes(raw[max(begin, begin + start - 48) : begin + start]).decode("utf-8", "replace")
    after = bytes(raw[begin + end : min(stop, begin + end + 16)]).decode("utf-8", "replace")
    if kind == pii_scan.IP:
        return (row, start, end, 4) if _public(text, before) else None
    if kind == pii_scan.CARD_MAYBE:
        return (row, start, end, 1) if CARDED.search(before) else None
    if re.fullmatch(r"\d{9}", text) and SOCIAL.search(before):
        return row, start, end, 3
    return (row, start, end, 5) if kind == pii_scan.PHONE and _telephone(text, before, after) else None


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


def _marked(column: Any, data: Any, offsets: Any) -> list[Found]:
    """Secrets, IPv6 addresses and licence numbers: rare, so a linear search finds the rows and only those are read."""
    import pyarrow.compute as pc

    out: list[Found] = []
    for gate, pattern, kind, group in (
        (SECRET, _SECRET, 6, 0),
        (r"(?:[0-9A-Fa-f]{1,4}:){3}", SIX, 4, 0),
        (r"(?i)licen[cs]e", LICENCE, 7, 1),
    ):
        hit = np.asarray(pc.fill_null(pc.match_substring_regex(column, gate), False))
        for row in np.flatnonzero(hit).tolist():
            text = data[offsets[row] : offsets[row + 1]].tobytes().decode("utf-8", "replace")
            for match in pattern.finditer(text):
                if kind == 4 and not _six(match.group()):
                    continue
                start = len(text[: match.start(group)].encode())
                out.append((row, start, start + len(match.group(group).encode()), kind))
    return out


def _six(text: str) -> bool:
    from ipaddress import AddressValueError, IPv6Address

    try:
        return IPv6Address(text).is_global
    except AddressValueError:
        return False


def _named(column: Any, model: Recogniser) -> list[Found]:
    texts = ["" if t is None else t for t in column.to_pylist()]
    out: list[Found] = []
    for row, (text, spans) in enumerate(zip(texts, model(texts), strict=True)):
        for start, end, _label in spans:
            first = len(text[:start].encode())
            out.append((row, first, first + len(text[start:end].encode()), NAMED))
    return out


def masked(text: str, kind: int) -> str:
    """What stands for a finding on a screen and in a redacted copy: its kind alone, "[card]"."""
    del text
    return f"[{KINDS[kind]}]"


def redacted(texts: Sequence[str], named: Recogniser | None = None) -> tuple[list[str], Spans]:
    """The texts with every finding replaced by its mask, and the spans (bytes of the originals) for the lineage."""
    import pyarrow as pa

    found = find(pa.array(texts, pa.large_string()), named)
    raws = [text.encode() for text in texts]
    for at in range(len(found) - 1, -1, -1):
        row, start, end = int(found.row[at]), int(found.start[at]), int(found.end[at])
        mask = masked("", int(found.kind[at])).encode()
        raws[row] = raws[row][:start] + mask + raws[row][end:]
    return [raw.decode() for raw in raws], found
