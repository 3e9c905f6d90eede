"""The session: which job it looks at, its recipe as one frozen value, undo, and the verdicts that follow.

Keys of st.session_state that are ours and no widget's begin with "my.". The job id stands in the URL too, so a
reload finds the work; the job remembers the recipe last set under its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b

import streamlit as st

from curate.decide import Recipe, check, decide, preset
from curate.decide.changes import Change, from_preset
from curate.decide.effective import terms_wanted
from curate.errors import RecipeError
from curate.measure.terms import with_terms
from curate.measure.wanted import up_to_date
from curate.overrides import EMPTY, Overrides
from curate.store import OverrideLog, Store, Workspace
from curate.store.history import History
from curate.types import Action, Check, Dataset, Evidence, Verdicts
from curate.ui import jobs
from curate.ui.judge_jobs import refresh
from curate.ui.loaded import Loaded

UNDO = 100
ON_ITS_WAY = "It is being measured, and shows by itself."


@dataclass(frozen=True, slots=True)
class Past:
    """One step back: the recipe before, or the workspace's revision right after a decision on rows."""

    what: str
    recipe: Recipe | None = None
    revision: int | None = None


@st.cache_resource(show_spinner=False)
def job_list() -> jobs.Jobs:
    """The jobs of this process."""
    return jobs.Jobs()


@st.cache_resource(show_spinner=False, max_entries=4)
def _shared(key: str, _dataset: Dataset, _evidence: Evidence, _recipe: Recipe) -> Loaded:
    """key: what Streamlit tells entries apart by (the data, what was measured, terms of own rules); the others are left out of it."""
    del key
    return Loaded(_dataset, with_terms(_dataset, _evidence, _recipe))


def job() -> jobs.Job | None:
    """The job of this session: of its state, else of the URL, else of the command line."""
    state = st.session_state
    if "my.job" not in state:
        found = job_list().find(st.query_params.get("job"))
        state["my.job"] = found.id if found else None
        if found:
            state["my.recipe"] = found.recipe
    found = job_list().find(state["my.job"])
    if found is not None and st.query_params.get("job") != found.id:
        st.query_params["job"] = found.id
    return found


def open_job(new: jobs.Job) -> None:
    """Looks at another job, with its recipe and nothing to undo."""
    st.session_state["my.job"] = new.id
    st.session_state["my.recipe"] = new.recipe
    for key in ("my.undo", "my.memo", "my.before", "my.stood"):
        st.session_state.pop(key, None)
    st.query_params["job"] = new.id


def stale_link() -> bool:
    """True when the URL names a job that this server does not have (it was started anew)."""
    wanted = st.query_params.get("job")
    return bool(wanted) and job_list().find(wanted) is None


def loaded() -> Loaded | None:
    """Dataset and evidence, as far as they are measured; None before the first badges can be shown."""
    found = job()
    if found is None or found.dataset is None or found.evidence is None:
        return None
    wanted = recipe()
    terms = [t for t in terms_wanted(wanted) if t not in found.evidence.columns]
    key = "\x1f".join((_key(found.dataset, found.evidence), *terms))
    return _shared(key, found.dataset, found.evidence, wanted)


def _key(dataset: Dataset, evidence: Evidence) -> str:
    """Equal only for equal rows of equal files: two sessions share nothing but what is the same for both."""
    parts = [dataset.fingerprint, *(f"{s.name} {s.path} {s.sha256} {s.role}" for s in dataset.sources)]
    parts += [str(dataset.sample), *(m.key for m in evidence.made)]
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def recipe() -> Recipe:
    """The session's recipe, with everybody's decisions in it."""
    if "my.recipe" not in st.session_state:
        st.session_state["my.recipe"] = preset("default")
    base: Recipe = st.session_state["my.recipe"]
    found = overrides()
    return base if found == base.overrides else replace(base, overrides=found)


def apply(new: Recipe, what: str) -> None:
    """Makes `new` the recipe and can be undone; nothing happens when nothing differs."""
    old = recipe()
    if new == old:
        return
    _push(Past(what, recipe=old))
    _set(new)
    _stand(old, new, what)


def undo() -> str | None:
    """Takes the last step back; what it was, or None when there is none (or somebody else decided meanwhile)."""
    past: list[Past] = st.session_state.get("my.undo", [])
    if not past:
        return None
    last = past.pop()
    if last.recipe is not None:
        _remember_kept()
        before = recipe()
        _set(last.recipe)
        _stand(before, recipe(), f"undo: {last.what}")
    elif decisions().revision() != last.revision:
        return None
    else:
        _remember_kept()
        decisions().undo()
        st.session_state.pop("my.decided", None)
        st.session_state.pop("my.answers", None)
        # Later steps on rows were made at revisions that the undo moved on.
        st.session_state["my.undo"] = [replace(p, revision=p.revision + 2) if p.revision else p for p in past]
    return last.what


def undoable() -> str | None:
    """What the next undo takes back."""
    past: list[Past] = st.session_state.get("my.undo", [])
    return past[-1].what if past else None


def changes() -> tuple[Change, ...]:
    """Settings that differ from the preset, in the recipe's order."""
    return from_preset(recipe())


def reset(path: str | None = None) -> None:
    """One setting, or all of them, back to the preset."""
    now, base = recipe(), preset(recipe().preset)
    if path is None:
        apply(replace(base, overrides=now.overrides), "reset all settings")
        return
    section, _, rest = path.partition(".")
    if section == "rules":
        name, _, key = rest.rpartition(".")
        if not name:  # a rule of the user's own
            apply(now.without_own(rest), f"remove {rest}")
            return
        apply(now.with_rule(name, **{key: getattr(base.rule(name), key)}), f"reset {path}")
    elif rest:
        apply(now.with_setting(section, **{rest: getattr(getattr(base, section), rest)}), f"reset {path}")
    else:
        apply(replace(now, **{section: getattr(base, section)}), f"reset {path}")


def become(made: Recipe, what: str, *, decisions_too: bool) -> None:
    """Takes over a recipe; with its decisions, what everybody decided becomes what it holds, as one step of its own."""
    if decisions_too and decisions().become(made.overrides, what):
        _remember_kept()
        _push(Past(f"decisions of {what}", revision=decisions().revision()))
    apply(replace(made, overrides=overrides()), what)


def take_back_latest() -> None:
    """Takes back the latest decision that stands in the workspace, also of an earlier session or another person."""
    _remember_kept()
    if decisions().undo() is not None:
        for key in ("my.decided", "my.answers", "my.undo"):  # steps of this session may rest on what is gone
            st.session_state.pop(key, None)


@st.cache_resource
def _writer() -> ThreadPoolExecutor:
    """One thread that writes steps in their order: a step that waits for the disk would hold up the picture by 0.1 s."""
    return ThreadPoolExecutor(1, "history")


def _nothing() -> None:
    """Done once all before it is."""


def history() -> History:
    """Recipes stood on and snapshots of this workspace, every step so far among them. Errors: StoreError."""
    last: Future[None] = st.session_state.pop("my.standing", None) or _writer().submit(_nothing)
    last.result()
    return History(Workspace(Store()))


def _stand(before: Recipe, after: Recipe, what: str) -> None:
    """Remembers a step of the recipe for good; the first one of a session also what it began with."""
    found = job()
    if found is None or found.dataset is None:
        return
    stand = partial(History(Workspace(Store())).stand, dataset=found.dataset.fingerprint, title=found.title)
    who = decisions().who
    if not st.session_state.get("my.stood"):
        st.session_state["my.stood"] = True
        _writer().submit(stand, before.fingerprint, what="opened", recipe=before.to_toml(), who=who)
    st.session_state["my.standing"] = _writer().submit(
        stand, after.fingerprint, what=what, recipe=after.to_toml(), who=who
    )


def use_preset(name: str) -> None:
    apply(replace(preset(name), overrides=recipe().overrides), f"preset {name}")


def use_recipe(toml: bytes, name: str) -> None:
    """A recipe out of a file; rows decided by hand stay as they are here. Errors: RecipeError."""
    try:
        text = toml.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{name} is not UTF-8 at byte {error.start}; give a recipe.toml") from None
    apply(Recipe.from_toml(text, recipe().overrides, name), f"recipe {name}")


def verdicts() -> Verdicts | None:
    """What follows for this session; stages whose settings did not move are re-used. Errors: FloorError."""
    data = loaded()
    if data is None:
        return None
    wanted, last = recipe(), st.session_state.get("my.memo")
    if isinstance(last, Verdicts) and last.recipe == wanted and last.stages["evidence"][1] is data.evidence:
        return last
    made = decide(data.evidence, wanted, previous=last)
    st.session_state["my.memo"] = made
    return made


def stale() -> bool:
    """True when measuring rests and the evidence is not what the recipe's measuring settings ask for: the command line
    would measure, and could decide otherwise."""
    found, data = job(), loaded()
    if found is None or found.active or data is None:
        return False
    near, embed = recipe().near, recipe().embed
    key = ("stale", near.text_floor, near.meaning_floor, near.hashes, near.bands, embed)
    return data.remember(key, lambda: not up_to_date(data.evidence, recipe()))


def finished() -> bool:
    """True when nothing is left to measure, so that an export has the bytes that the command line writes."""
    found = job()
    return found is not None and not found.active and not stale()


def checks() -> tuple[Check, ...]:
    """The health badges of the present verdicts."""
    data, made = loaded(), verdicts()
    if data is None or made is None:
        return ()
    found = data.remember(("checks", made.recipe.fingerprint), lambda: check(data.dataset, data.evidence, made))
    working = job()
    if working is None or not working.active:
        return found
    return tuple(replace(c, todo=ON_ITS_WAY) if c.id == "H3" and c.band == "not measured" else c for c in found)


def kept_before() -> int | None:
    """Rows kept before the last change, None before the first."""
    return st.session_state.get("my.before")


@st.cache_resource(show_spinner=False)
def _log(home: str) -> OverrideLog:
    return OverrideLog(Workspace(Store(home)))


def decisions() -> OverrideLog:
    """People's decisions in this workspace."""
    return _log(str(Store().home))


def overrides() -> Overrides:
    """What stands now; read again only when somebody decided something."""
    revision = decisions().revision()
    held = st.session_state.get("my.decided")
    if held is None or held[0] != revision:
        held = (revision, decisions().current() if revision else EMPTY)
        st.session_state["my.decided"] = held
    current: Overrides = held[1]
    return current


def decide_rows(ids: Iterable[str], action: str | None, note: str | None = None) -> None:
    """Keep, drop or review rows by hand (None takes it back); one undo takes the whole step back."""
    listed = list(ids)
    _remember_kept()
    if decisions().set(listed, action, note):
        _push(
            Past(
                f"{action or 'clear'} {len(listed)} row{'s' if len(listed) != 1 else ''}",
                revision=decisions().revision(),
            )
        )


def decide_each(actions: Mapping[str, str], what: str) -> None:
    """Another decision for each row, as one step that `what` names."""
    _remember_kept()
    if decisions().set_each(actions, what):
        _push(Past(what, revision=decisions().revision()))


def annotate(ids: Iterable[str], note: str) -> None:
    if decisions().annotate(ids, note):
        _push(Past("note", revision=decisions().revision()))


def tag_rows(ids: Iterable[str], tag: str, on: bool = True) -> None:
    """Gives rows a tag, or takes it off. Errors: RecipeError for a tag that is empty."""
    if decisions().tag(ids, tag, on):
        _push(Past(f"{'tag' if on else 'untag'} {tag[:40]}", revision=decisions().revision()))


def edit_topics(what: str, edits: Iterable[tuple[str, str, str, str]]) -> None:
    """Topics named, joined, parted by hand, or rows moved: one step. Errors: RecipeError."""
    _remember_kept()
    if decisions().edit_topics(what, edits):
        _push(Past(what, revision=decisions().revision()))


def decide_pairs(pairs: Iterable[tuple[str, str]], verdict: str | None) -> None:
    """not_duplicate or both_right for pairs of rows (None takes it back), as one step."""
    listed = list(pairs)
    _remember_kept()
    if decisions().set_pairs(listed, verdict):
        many = "a pair" if len(listed) == 1 else f"{len(listed):,} pairs"
        _push(Past(f"{verdict or 'clear'} {many}".replace("_", " "), revision=decisions().revision()))


def decide_pair(one: str, two: str, verdict: str | None) -> None:
    """The same for one pair."""
    decide_pairs([(one, two)], verdict)


def answer(one: str, two: str, said: str | None) -> None:
    """same or not_same for a pair of rows: what a threshold is learned from."""
    if decisions().answer(one, two, said):
        what = f"answer {said.replace('_', ' ')}" if said else "clear an answer"
        _push(Past(what, revision=decisions().revision()))


def answers() -> tuple[tuple[str, str, str], ...]:
    """Every answer of this workspace; read again only when somebody decided or answered something."""
    revision = decisions().revision()
    held = st.session_state.get("my.answers")
    if held is None or held[0] != revision:
        held = (revision, decisions().answers() if revision else ())
        st.session_state["my.answers"] = held
    found: tuple[tuple[str, str, str], ...] = held[1]
    return found


def _set(new: Recipe) -> None:
    old: Recipe | None = st.session_state.get("my.recipe")
    st.session_state["my.recipe"] = new
    found = job()
    if found is not None:
        found.recipe = new
        if old is None or old.judge != new.judge:
            refresh(found, new)  # another judge's scores are other evidence


def _push(past: Past) -> None:
    if past.recipe is not None:
        _remember_kept()
    st.session_state["my.undo"] = [*st.session_state.get("my.undo", []), past][-UNDO:]


def _remember_kept() -> None:
    last = st.session_state.get("my.memo")
    if isinstance(last, Verdicts):
        st.session_state["my.before"] = last.count(Action.KEEP)
