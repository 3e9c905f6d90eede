"""The commands `curate judge ...`: what scores would cost, and scoring within the dollars that were typed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.errors import CurateError
from curate.running import run_all
from curate.views.console import progress_bars, say, stopped, write_json
from curate.views.options import Data, Frozen, Json, LimitValues, Map, NoVectors, OpenTest, Preset, RecipeFile, Sample
from curate.views.refuse import refuse_place

judge_app = typer.Typer(
    no_args_is_help=True, help="A model scores the rows that survive. Nothing is sent without --spend or --count."
)
Model = Annotated[str | None, typer.Option(help="A model of the price table, or scripted (no model: to try the flow).")]
RubricFile = Annotated[Path | None, typer.Option("--rubric", help="A rubric file; start from `curate judge rubric`.")]
Which = Annotated[str, typer.Option("--rows", help="survivors, sample (every topic's share) or borderline.")]
Count = Annotated[int, typer.Option(min=0, help="At most this many rows; 0 = the recipe's judge.max_rows.")]
Batch = Annotated[bool, typer.Option("--batch", help="The Batches API: half the price, an answer within a day.")]
PricesFile = Annotated[Path | None, typer.Option("--prices", help="A price table in place of the shipped one.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds to wait for one answer.")]
BaseUrl = Annotated[str | None, typer.Option(help="Another https address of the API; key and rows go there.")]


@judge_app.command()
def estimate(
    data: Data,
    frozen: Frozen = [],  # noqa: B006
    recipe: RecipeFile = None,
    preset: Preset = "default",
    model: Model = None,
    rubric: RubricFile = None,
    rows: Which = "survivors",
    count: Count = 0,
    open_test: OpenTest = None,
    batch: Batch = False,
    ask_service: Annotated[
        bool, typer.Option("--count-tokens", help="Send 30 rows to the free token counter for a closer price.")
    ] = False,
    prices: PricesFile = None,
    base_url: BaseUrl = None,
    timeout: Timeout = 60.0,
    sample: Sample = None,
    json_file: Json = None,
    no_vectors: NoVectors = False,
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
) -> None:
    """Say what judging would cost; sends nothing (with --count-tokens: the text of 30 rows, to the service's token counter)."""
    from curate.judge.plan import count_tokens
    from curate.views.judge import plan_json, print_plan

    refuse_place(json_file, [*data, *frozen])
    plan, ledger = _plan(
        data,
        frozen,
        recipe,
        preset,
        model,
        rubric,
        rows,
        count,
        batch,
        prices,
        sample,
        no_vectors,
        maps,
        limits,
        open_test=open_test,
    )
    if ask_service and len(plan):
        plan = count_tokens(plan, messenger_of(plan.work.settings.model, base_url, timeout), ledger)
    if json_file is not None:
        write_json(json_file, plan_json(plan))
    if json_file != "-":
        print_plan(plan)


@judge_app.command("run")
def run_command(
    data: Data,
    spend: Annotated[
        float, typer.Option(min=0, help="The most that may be spent, in dollars: the confirmation.", show_default=False)
    ],
    frozen: Frozen = [],  # noqa: B006
    recipe: RecipeFile = None,
    preset: Preset = "default",
    model: Model = None,
    rubric: RubricFile = None,
    rows: Which = "survivors",
    count: Count = 0,
    open_test: OpenTest = None,
    batch: Batch = False,
    retry: Annotated[bool, typer.Option("--retry", help="Ask again about rows whose reply could not be read.")] = False,
    prices: PricesFile = None,
    base_url: BaseUrl = None,
    timeout: Timeout = 60.0,
    sample: Sample = None,
    json_file: Json = None,
    no_vectors: NoVectors = False,
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
) -> None:
    """Judge the rows for at most --spend dollars; interrupted, the same command goes on and pays for no row twice."""
    from curate.judge.live import stopped as raise_if_stopped
    from curate.judge.plan import begin, carry_out
    from curate.views.judge import done_json, print_done

    refuse_place(json_file, [*data, *frozen])
    plan, ledger = _plan(
        data,
        frozen,
        recipe,
        preset,
        model,
        rubric,
        rows,
        count,
        batch,
        prices,
        sample,
        no_vectors,
        maps,
        limits,
        retry,
        open_test,
    )
    messenger = messenger_of(plan.work.settings.model, base_url, timeout)
    run = begin(plan, ledger, spend)
    if plan.estimate.dollars > spend:
        say(
            f"The estimate is ${plan.estimate.dollars:.2f}; judging stops before ${spend:.2f}, the rest stays not judged."
        )
    with progress_bars() as progress:
        done = carry_out(plan, ledger, run, messenger, progress, stopped, canaries=True)
    if json_file is not None:
        write_json(json_file, done_json(plan, run, done, ledger))
    if json_file != "-":
        print_done(plan, run, done, ledger)
    raise_if_stopped(done)


@judge_app.command("rubric")
def rubric_command(
    file: Annotated[
        Path | None,
        typer.Argument(help="A rubric to check; without it the shipped one is printed.", show_default=False),
    ] = None,
) -> None:
    """Print the shipped rubric to edit a copy of, or check one: its fingerprint is what a recipe names."""
    from curate.judge.rubric import SHIPPED, read_rubric

    if file is None:
        typer.echo(SHIPPED.read_text("utf-8"), nl=False)
        return
    found = read_rubric(file)
    typer.echo(f"{found.fingerprint}  {found.name}: {', '.join(found.names)}; overall {found.overall}")


@judge_app.command("prices")
def prices_command(prices: PricesFile = None) -> None:
    """List models with their prices and the table's date."""
    from curate.judge.prices import read_prices
    from curate.store import Store
    from curate.views.judge import print_prices

    print_prices(read_prices(Store().home, prices))


def _plan(
    data: list[Path], frozen: list[Path], recipe: Path | None, preset: str, model: str | None, rubric: Path | None, rows: str,
    count: int, batch: bool, prices: Path | None, sample: int | None, no_vectors: bool, maps: list[str], limits: list[str],
    retry: bool = False, open_test: str | None = None,
) -> Any:  # fmt: skip
    """(plan, ledger): measured and decided without the judge's rules, whose rows are no longer worth asking about."""
    from curate.decide import decide
    from curate.judge import judge_key, with_judge
    from curate.judge.plan import make_plan
    from curate.judge.prices import read_prices
    from curate.judge.rubric import read_rubric, rubric_of
    from curate.measure.predicted import predicted, with_prediction
    from curate.ship.sealed import left_out
    from curate.store import Judgements, Store, Workspace

    store = Store()
    table = read_prices(store.home, prices)
    ledger = Judgements(Workspace(store))
    made = run_all(data, frozen, recipe, preset, sample, None, None, no_vectors, maps, limits)
    wanted = made.verdicts.recipe
    settings = replace(wanted.judge, enabled=True, model=model or wanted.judge.model)
    if rubric is not None:
        own = read_rubric(rubric)
        ledger.keep_text("rubric", own.fingerprint, own.text)
        settings = replace(settings, rubric=own.fingerprint)
    if settings != wanted.judge:
        named = f', rubric = "{settings.rubric}"' if settings.rubric else ""
        say(f'These scores count where the recipe\'s [judge] has enabled = true, model = "{settings.model}"{named}.')
    if retry and (n := ledger.forget_failed(judge_key(settings, rubric_of(settings.rubric, ledger)))):
        say(f"{n:,} rows without a readable reply are asked again.")
    wanted = replace(wanted, judge=settings)
    evidence = with_judge(made.evidence, made.dataset, wanted, store)
    verdicts = decide(evidence, wanted)
    if rows == "borderline":
        evidence = with_prediction(evidence, predicted(made.dataset, evidence, wanted, store))
    hidden = left_out(made.dataset, Workspace(store), "curate judge", open_test)
    say_left_out(hidden)
    plan = make_plan(
        made.dataset, evidence, verdicts, settings, store, table, which=rows, count=count, batch=batch, hidden=hidden
    )
    return plan, ledger


def say_left_out(hidden: Any) -> None:
    """How many rows stay unseen because an export put them into its test split."""
    if n := int(hidden.sum()):
        say(f"{n:,} test rows of exports are left out; --open-test WHY uses them too and keeps the reason.")


def messenger_of(model: str, base_url: str | None, timeout: float) -> Any:
    """What asks this model. Errors: CurateError without a key, BackendError for an address that is not allowed."""
    from curate.judge.scripted import LABEL, NAME, ScriptedMessenger
    from curate.judge.wire import AnthropicMessenger, allowed_url, find_key

    if model == NAME:
        say(f"This is the {LABEL}.")
        return ScriptedMessenger()
    key = find_key()
    if key is None:
        raise CurateError("no key: set ANTHROPIC_API_KEY, or CURATE_KEY_FILE to a private file that holds it; `--model scripted` tries "
                          "the flow without one")  # fmt: skip
    return AnthropicMessenger(key, allowed_url(base_url, typed=True), timeout)
