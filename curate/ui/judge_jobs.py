"""Judging in the background: one run at a time for a dataset, found again after a reload, its scores shown as they are kept."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from curate.decide import Recipe
from curate.errors import Cancelled, CurateError
from curate.judge import with_judge
from curate.judge.plan import Plan, begin, carry_out
from curate.judge.scripted import NAME, ScriptedMessenger
from curate.judge.wire import SERVICE, AnthropicMessenger, Messenger, allowed_url, find_key
from curate.judge.work import Done
from curate.store import Judgements, RunRecord, Store, Workspace
from curate.types import Cancel, Progress
from curate.ui.jobs import Job

State = Literal["running", "done", "cancelled", "failed"]
Then = Callable[[Progress, Cancel], Any]


@dataclass
class JudgeJob:
    """One run. Written by its thread, read by pages. then: what follows once all is answered; made: what that gave."""

    job: Job
    recipe: Recipe
    plan: Plan
    run: RunRecord
    canaries: bool = False
    then: Then | None = None
    made: Any = None
    stage: str = ""
    state: State = "running"
    done: int = 0
    total: int = 1
    result: Done | None = None
    error: Exception | None = None
    cancel: threading.Event = field(default_factory=threading.Event)

    def tell(self, stage: str, done: int, total: int) -> None:
        self.stage, self.done, self.total = stage, done, total

    def work(self, ledger: Judgements, messenger: Messenger) -> None:
        """The thread's body."""
        try:
            self.result = carry_out(
                self.plan, ledger, self.run, messenger, self.tell, self.cancel, canaries=self.canaries
            )
            if self.then is not None and not self.result.cancelled:
                self.made = self.then(self.tell, self.cancel)
            self.state = "cancelled" if self.result.cancelled else "done"
        except Cancelled:
            self.state = "cancelled"
        except Exception as error:
            self.error, self.state = error, "failed"
        finally:
            if isinstance(messenger, AnthropicMessenger):
                messenger.close()
            refresh(self.job, self.recipe)


class JudgeJobs:
    """Runs of this process: of each dataset's job, the last of each kind; one at a time."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], JudgeJob] = {}
        self._lock = threading.Lock()

    def find(self, job: Job, kind: str) -> JudgeJob | None:
        return self._held.get((job.id, kind))

    def busy(self, job: Job | None) -> JudgeJob | None:
        """The run that is going on for this dataset."""
        mine = (h for (of, _), h in list(self._held.items()) if job is not None and of == job.id)
        return next((h for h in mine if h.state == "running"), None)

    def start(
        self, job: Job, recipe: Recipe, plan: Plan, dollars: float, *, kind: str, canaries: bool = False, then: Then | None = None
    ) -> JudgeJob:  # fmt: skip
        """Asks what a person confirmed. Errors: CurateError when there is no key or a run is going on."""
        ledger = Judgements(Workspace(Store()))
        messenger = messenger_for(plan.work.settings.model)
        with self._lock:
            if self.busy(job) is not None:
                raise CurateError("a run of this dataset is going on; cancel it first")
            made = JudgeJob(job, recipe, plan, begin(plan, ledger, dollars), canaries, then)
            self._held[job.id, kind] = made
        made.total = len(plan)
        threading.Thread(target=made.work, args=(ledger, messenger), name=kind, daemon=True).start()
        return made


def refresh(job: Job, recipe: Recipe) -> bool:
    """Takes what the ledger holds into the job's evidence; True when that changed something."""
    if job.dataset is None or job.evidence is None:
        return False
    made = with_judge(job.evidence, job.dataset, recipe, Store())
    if made is job.evidence:
        return False
    job.evidence = made
    job.revision += 1
    return True


def address() -> str:
    """Where rows would go: the service, or what CURATE_JUDGE_URL names on this machine. Errors: BackendError."""
    return allowed_url(os.environ.get("CURATE_JUDGE_URL") or None, typed=False)


def has_key() -> bool:
    """Errors: BackendError for a key file that others can read."""
    return find_key() is not None


def messenger_for(model: str) -> Messenger:
    """What asks this model. Errors: CurateError without a key."""
    if model == NAME:
        return ScriptedMessenger()
    key = find_key()
    if key is None:
        raise CurateError(
            "no key: set ANTHROPIC_API_KEY, or CURATE_KEY_FILE to a private file that holds it, and start the app again"
        )
    return AnthropicMessenger(key, address())


def host() -> str:
    return address().split("://", 1)[-1]


__all__ = ["SERVICE", "JudgeJob", "JudgeJobs", "address", "has_key", "host", "messenger_for", "refresh"]
