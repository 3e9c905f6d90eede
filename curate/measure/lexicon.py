"""The lexicon: what a word says by itself: its dictionary form, and whether it denies, hedges, counts, measures or takes a side.

Dictionary forms, senses and opposites are WordNet 3.1's (curate/measure/data, made by scripts/lexicon.py); the short
lists are ours. A word of any language is a word; what is not in the lists only has its letters.
"""

# ruff: noqa: SIM905 - word lists are read as running text
from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from curate.types import F64, I32, U64

STOP, NEG, WEAK, HEDGE, YES, NO, NUMBER, UNIT, ALL, SOME, TIMES, HAN, LETTERS, VOID, OPEN, ASIDE = (
    1 << k for k in range(16)
)

STOPS = """a an the of in on at to for from by with as is are was were be been being am do does did done have has had
having it its this that these those there here he she they we you i his her their our your my me him them us and or but
so if then than too very also just only which who whom whose what when where why how will would shall can could may
might must should into onto about over under between through during again further both each other such own same any
because while until upon per via vs etc however therefore thus hence still even s t ve re ll d m th nd rd st one ones
get gets got make makes made use used uses using like well now according known called name named located""".split()
NEGATIONS = """not no never none neither nor nothing nobody nowhere without cannot cant dont doesnt didnt isnt arent
wasnt werent wont wouldnt shouldnt couldnt hasnt havent hadnt mustnt aint non nao não nicht kein keine nie niemals
niets niet geen ne pas aucun aucune jamais rien nunca nada ningún ninguna ningunha ningún sin cap sense res ez inork
ezer inoiz не нет никогда нельзя 不 没 沒 無 无 未""".split()
WEAKS = """few little hardly rarely seldom barely scarcely unable unlikely fail fails failed failing lack lacks lacked
lacking absent absence avoid avoids avoided avoiding deny denies denied refuse refuses refused prevent prevents
prevented myth myths false hoax hoaxes fake untrue incorrect wrong apocryphal misconception impossible except stop
stops stopped ineffective inconclusive insufficient unknown unclear unproven contrary despite fictional illegal ban
banned prohibit prohibited against debunked unrelated""".split()
# Of an answer that takes the question's ground away ...
VOIDS = """fictional fictitious imaginary mythical mythological myth myths legend legends folklore superstition hoax hoaxes
false untrue misconception pseudoscience nonexistent extinct incorrect wrong impossible ficción mito mitos mite ficció
ficticios falso falsa erróneo errónea""".split()
# After a negation: "not only", "none other than", "no doubt", "nothing short of", "no stranger to" deny nothing.
ASIDES = (
    "only just merely simply solely other doubt wonder surprise secret small stranger short least less matter".split()
)
# ... or leaves it open.
OPENS = """unknown unclear uncertain debatable debated ambiguous subjective disagree disagreement vary varies varying depends
depend opinions opinion consensus theories disputed undetermined insufficient inconclusive unproven arguably controversial
differ differs unspecified depén depende dependerá ambigua ambiguo""".split()
HEDGES = """may might could possibly perhaps maybe probably likely unlikely often sometimes usually generally typically
some suggest suggests suggested appear appears seem seems potentially potential can depends depend vary varies
approximately about around roughly nearly almost mostly estimated uncertain unclear believed reportedly allegedly
limited preliminary further""".split()
YESES = """yes yeah yep true correct right indeed absolutely certainly definitely sure agreed si sí oui ja bai da да はい
네 예 sim 是 正确 verdadero verdadeiro egia""".split()
NOES = """no nope false incorrect wrong untrue disagree non nein ez nee não nao нет いいえ 아니요 아니오 아니 いえ 否 错误 falso
gezurra""".split()
ALLS = (
    "all every always everyone everybody everything entire entirely only completely totally exclusively whole".split()
)
SOMES = "some several many few certain sometimes occasionally partly partially various most".split()
KOREAN, JAPANESE = re.compile("않|없|못|아니|안했|절대|결코"), re.compile("ない|ません|なかっ|ず$|ぬ$")
COUNTS = {w: k for k, w in enumerate("""zero one two three four five six seven eight nine ten eleven twelve thirteen
fourteen fifteen sixteen seventeen eighteen nineteen twenty""".split())} | {
    w: 10 * k for k, w in enumerate("thirty forty fifty sixty seventy eighty ninety".split(), 3)
} | {"half": 0.5, "dozen": 12, "once": 1, "twice": 2, "thrice": 3, "single": 1, "double": 2, "triple": 3,
     "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
     "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15,
     "sixteenth": 16, "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
     "fortieth": 40, "fiftieth": 50, "hundredth": 100, "uno": 1, "dos": 2, "tres": 3, "deux": 2, "trois": 3, "zwei": 2, "drei": 3}  # fmt: skip
POWERS = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "k": 1e3,
          "millions": 1e6, "billions": 1e9, "thousands": 1e3, "万": 1e4, "億": 1e8}  # fmt: skip
MONTHS = """january february march april may june july august september october november december""".split()
DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
# dimension, factor to its base unit, zero point: 5 mg = 0.005 g, 212 F = 100 C, 3 pm = 15:00
LENGTH, MASS, VOLUME, TIME, HEAT, SHARE, MONEY, CLOCK, BYTES, SPEED, DATE = range(1, 12)
UNITS: dict[str, tuple[int, float, float]] = {
    **dict.fromkeys(("km", "kilometer", "kilometre"), (LENGTH, 1e3, 0)),
    **dict.fromkeys(("m", "meter", "metre"), (LENGTH, 1, 0)), **dict.fromkeys(("cm", "centimeter", "centimetre"), (LENGTH, 0.01, 0)),
    **dict.fromkeys(("mm", "millimeter", "millimetre"), (LENGTH, 1e-3, 0)), **dict.fromkeys(("mile", "mi"), (LENGTH, 1609.344, 0)),
    **dict.fromkeys(("foot", "feet", "ft"), (LENGTH, 0.3048, 0)), **dict.fromkeys(("inch", "inches"), (LENGTH, 0.0254, 0)),
    **dict.fromkeys(("yard", "yd"), (LENGTH, 0.9144, 0)), **dict.fromkeys(("kg", "kilogram", "kilo"), (MASS, 1e3, 0)),
    **dict.fromkeys(("g", "gram"), (MASS, 1, 0)), **dict.fromkeys(("mg", "milligram"), (MASS, 1e-3, 0)),
    **dict.fromkeys(("mcg", "microgram", "ug", "µg"), (MASS, 1e-6, 0)), **dict.fromkeys(("pound", "lb", "lbs"), (MASS, 453.592, 0)),
    **dict.fromkeys(("ounce", "oz"), (MASS, 28.3495, 0)), **dict.fromkeys(("ton", "tonne"), (MASS, 1e6, 0)),
    **dict.fromkeys(("l", "liter", "litre"), (VOLUME, 1, 0)), **dict.fromkeys(("ml", "milliliter", "millilitre"), (VOLUME, 1e-3, 0)),
    "gallon": (VOLUME, 3.78541, 0), "cup": (VOLUME, 0.236588, 0), **dict.fromkeys(("teaspoon", "tsp"), (VOLUME, 0.00492892, 0)),
    **dict.fromkeys(("tablespoon", "tbsp"), (VOLUME, 0.0147868, 0)),
    **dict.fromkeys(("sec", "seconds", "s"), (TIME, 1, 0)), **dict.fromkeys(("minute", "min"), (TIME, 60, 0)),
    **dict.fromkeys(("hour", "hr"), (TIME, 3600, 0)), "day": (TIME, 86400, 0), "week": (TIME, 604800, 0),
    "month": (TIME, 2629800, 0), "year": (TIME, 31557600, 0), "decade": (TIME, 315576000, 0), "century": (TIME, 3155760000, 0),
    **dict.fromkeys(("c", "celsius"), (HEAT, 1, 0)), **dict.fromkeys(("f", "fahrenheit"), (HEAT, 5 / 9, -160 / 9)),
    **dict.fromkeys(("%", "％", "percent", "percentage"), (SHARE, 1, 0)),
    **dict.fromkeys(("$", "dollar", "usd"), (MONEY, 1, 0)), **dict.fromkeys(("€", "euro"), (MONEY, 1.0, 0)),
    "£": (MONEY, 1.0, 0), "cent": (MONEY, 0.01, 0), "am": (CLOCK, 60, 0), "pm": (CLOCK, 60, 720),
    **dict.fromkeys(("kb",), (BYTES, 1e3, 0)), "mb": (BYTES, 1e6, 0), "gb": (BYTES, 1e9, 0), "tb": (BYTES, 1e12, 0),
    "byte": (BYTES, 1, 0), "mph": (SPEED, 1.609344, 0), "kph": (SPEED, 1, 0), "°": (HEAT, 1, 0),
}  # fmt: skip
FOR = """safe recommend recommended effective beneficial benefit healthy protect protects protective cure cures help
helps helpful approve approved allow allowed legal permit permitted support supports increase increases increased
improve improves improved rise more higher greater grow growth gain good great best strong success successful accept
accepted work works advantage positive possible able significant significantly prove proven proves faster larger
longer warmer agree raise raised promote enable easy cheap""".split()
AGAINST = """unsafe dangerous avoid avoided ineffective harmful harm risk unhealthy contraindicated disapprove forbid
forbidden illegal prohibit prohibited oppose decrease decreases decreased reduce reduces reduced worsen fall less lower
fewer shrink loss lose bad worst weak failure reject rejected disadvantage negative impossible unable insignificant
disprove disproven slower smaller shorter colder disagree prevent prevents discourage disable hard difficult expensive
discontinue stop myth hoax""".split()
IRREGULAR = dict(
    pair.split(":")
    for pair in """ran:run ate:eat eaten:eat went:go gone:go came:come took:take taken:take
gave:give given:give saw:see seen:see knew:know known:know thought:think said:say told:tell found:find left:leave
felt:feel kept:keep held:hold brought:bring bought:buy caught:catch taught:teach built:build sent:send spent:spend
lost:lose met:meet paid:pay sat:sit stood:stand understood:understand won:win wrote:write written:write spoke:speak
spoken:speak broke:break broken:break chose:choose chosen:choose drove:drive driven:drive fell:fall fallen:fall
flew:fly flown:fly forgot:forget forgotten:forget grew:grow grown:grow hid:hide hidden:hide rose:rise risen:rise
sang:sing sung:sing sank:sink swam:swim threw:throw thrown:throw wore:wear worn:wear began:begin begun:begin
drank:drink drunk:drink led:lead fed:feed fought:fight sold:sell shot:shoot slept:sleep died:die lying:lie dying:die
men:man women:woman children:child people:person feet:foot teeth:tooth mice:mouse geese:goose lives:life wives:wife
leaves:leaf knives:knife better:good best:good worse:bad worst:bad further:far farther:far lay:lie laid:lay
meant:mean became:become drew:draw drawn:draw stole:steal stolen:steal sought:seek struck:strike bit:bite bitten:bite
bore:bear born:bear hung:hang shook:shake woke:wake frozen:freeze froze:freeze rode:ride ridden:ride dealt:deal
swept:sweep wept:weep crept:creep lent:lend bent:bend dug:dig stuck:stick swung:swing tore:tear torn:tear""".split()
)
KINDS = (
    """red orange yellow green blue purple violet pink brown black white gray grey beige tan gold silver maroon navy teal
turquoise crimson magenta""",
    """wood wooden stone sand glass brick plastic metal metallic bronze copper aluminium
aluminum titanium steel iron concrete leather cotton silk wool paper cardboard clay marble rubber gravel""",
    """beer wine cider champagne vodka whiskey whisky rum gin water milk juice coffee tea soda lemonade cocoa brandy tequila
coke""",
    """kitchen bathroom bedroom hallway garage basement attic cellar lounge cell office classroom lobby""",
    """north south east west northeast northwest southeast southwest""",
    """spring summer autumn winter""",
    """breakfast lunch dinner supper brunch""",
    """morning noon afternoon evening night midnight""",
    """mercury venus earth mars jupiter saturn uranus neptune pluto""",
    """piano guitar violin drum drums flute trumpet saxophone harp cello banjo harmonica accordion clarinet trombone""",
    """hindu muslim christian buddhist jewish catholic protestant atheist""",
    " ".join(MONTHS),
    " ".join(DAYS),
    """england france germany spain italy russia china japan india korea canada mexico brazil america usa australia ireland
scotland wales egypt turkey greece poland sweden norway denmark finland iran iraq israel vietnam thailand nigeria kenya
cuba argentina chile peru""",
    """football soccer baseball basketball tennis golf hockey rugby cricket volleyball
badminton chess poker""",
    """dog cat horse cow pig sheep goat elephant lion tiger bear wolf fox rabbit mouse rat bird duck
chicken fish snake monkey""",
)
ENDINGS = (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("ves", "f"), ("es", "e"), ("es", ""),
           ("s", ""), ("ied", "y"), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""), ("er", "e"), ("er", ""),
           ("est", "e"), ("est", ""), ("ly", ""))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """What w words say. key: uint64 of the dictionary form. lex: int32 place in WordNet's words, -1. bits: uint16.
    value: float64 of a number, NaN. power: what it multiplies a number before it by, 1. dim, factor, zero: of a unit.
    side: int8, +1 for, -1 against. other: int32, the word itself where its form is another word ("selling", "sell").
    kind: int8, which list of things that exclude each other it is in (colours, rooms), 0. letters: uint64, which letter pairs it has."""

    key: U64
    lex: I32
    bits: NDArray[np.uint16]
    value: F64
    power: F64
    dim: NDArray[np.int8]
    factor: F64
    zero: F64
    side: NDArray[np.int8]
    other: I32
    kind: NDArray[np.int8]
    letters: U64


@dataclass(frozen=True, slots=True)
class Net:
    """WordNet: senses int32 [w, 10] by word (-1 = none), up int32 [s] each sense's wider one, opposites sorted uint64.

    first: int32 [4], the first sense of nouns, verbs, adjectives, adverbs.
    """

    place: dict[str, int]
    senses: I32
    up: I32
    opposites: U64
    first: I32


@lru_cache(maxsize=1)
def net() -> Net:
    """WordNet's words, senses and opposites, read once."""
    with (
        (files("curate.measure") / "data" / "lexicon.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as data,
    ):
        words = bytes(data["words"]).decode().split("\n")
        pairs = data["opposites"].astype(np.uint64)
        return Net(
            {w: k for k, w in enumerate(words)},
            np.ascontiguousarray(data["senses"]),
            np.ascontiguousarray(data["up"]),
            np.sort((pairs[:, 0] << np.uint64(32)) | pairs[:, 1]),
            np.ascontiguousarray(data["first"]),
        )


def lemma(word: str, known: dict[str, int]) -> str:
    """The dictionary form: "running" -> "run"; a word that is in no dictionary loses its plural s only."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    for ending, put in ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            stem = word[: -len(ending)]
            for form in (stem + put, stem[:-1] if put == "" and len(stem) > 3 and stem[-1:] == stem[-2:-1] else ""):
                if form in known and len(form) > 2 and not (word in known and ending in ("er", "est", "ly")):
                    return form
    if word not in known and len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


def fnv(text: str) -> int:
    """The 64-bit FNV-1a hash of a text's UTF-8 bytes."""
    h = 14695981039346656037
    for byte in text.encode():
        h = (h ^ byte) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return h


def letter_pairs(word: str) -> int:
    """64 bits: which pairs of neighbouring letters the word has, by a small hash."""
    out = 0
    for a, b in zip("^" + word, word + "$", strict=True):
        out |= 1 << ((ord(a) * 31 + ord(b) * 7) % 61)
    return out


@lru_cache(maxsize=1)
def _lists() -> dict[str, int]:
    out: dict[str, int] = {}
    for bit, words in ((STOP, STOPS), (NEG, NEGATIONS), (WEAK, WEAKS), (HEDGE, HEDGES), (YES, YESES), (NO, NOES),
                       (ALL, ALLS), (SOME, SOMES), (TIMES, MONTHS + DAYS), (VOID, VOIDS), (OPEN, OPENS), (ASIDE, ASIDES)):  # fmt: skip
        for word in words:
            out[word] = out.get(word, 0) | bit
    return out


def _number(word: str) -> float:
    """The value of a written number: "1,000" -> 1000, "7:30" -> 450 (minutes), else NaN."""
    try:
        if ":" in word:
            hours, minutes = word.split(":")[:2]
            return 60.0 * float(hours) + float(minutes)
        return float(word.replace(",", ""))
    except ValueError:
        return float("nan")


def words_of(texts: list[str]) -> Words:
    """What each of w distinct words says (lower case is taken here)."""
    known, lists = net().place, _lists()
    n = len(texts)
    key, lex, bits = np.empty(n, np.uint64), np.full(n, -1, np.int32), np.zeros(n, np.uint16)
    value, power = np.full(n, np.nan), np.ones(n)
    dim, factor, zero = np.zeros(n, np.int8), np.ones(n), np.zeros(n)
    side, letters = np.zeros(n, np.int8), np.zeros(n, np.uint64)
    other, kind = np.full(n, -1, np.int32), np.zeros(n, np.int8)
    for k, text in enumerate(texts):
        word = text.lower().replace("'", "").replace("’", "").replace(".", "" if not text[0].isdigit() else ".")
        if word.endswith("s") and ("'" in text or "’" in text):
            word = word[:-1] or word
        form = lemma(word, known)
        key[k], lex[k], letters[k] = fnv(form), known.get(form, -1), letter_pairs(word)
        other[k], kind[k] = known.get(word, -1), _KIND.get(word, _KIND.get(form, 0))
        flags = lists.get(word, 0)
        if text[0].isdigit():
            value[k] = _number(word)
            if ":" in word:
                dim[k] = CLOCK
        elif word in COUNTS:
            value[k] = COUNTS[word]
        elif (word[0] > "가" and KOREAN.search(word)) or ("぀" <= word[0] <= "ヿ" and JAPANESE.search(word)):
            flags |= NEG
        power[k] = POWERS.get(word, 1.0)
        unit = UNITS.get(word) or UNITS.get(form)
        if unit is not None:
            dim[k], factor[k], zero[k] = unit
            flags |= UNIT
        if not np.isnan(value[k]):
            flags |= NUMBER
        if word.isalpha():
            flags |= LETTERS
        side[k] = (word in _FOR or form in _FOR) - (word in _AGAINST or form in _AGAINST)
        bits[k] = flags
    return Words(key, lex, bits, value, power, dim, factor, zero, side, other, kind, letters)


_KIND = {w: k for k, words in enumerate(KINDS, 1) for w in words.split()}
_FOR, _AGAINST = frozenset(FOR), frozenset(AGAINST)
