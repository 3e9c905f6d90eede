"""The hand-written problems in banks/*.txt, and the rows made of them.

A bank holds blocks of four lines: `# what it is about`, the user's own words, `> what to do`, `< why it happens`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

from _model import Row

BANKS = Path(__file__).parent / "banks"

OPENERS = """Hi, {s}
Good morning. {s}
{s} Any idea?
Hello desk, {s}
{s} It is not urgent, but it is annoying.
{s} I have a deadline at noon, so a quick answer would help.
Quick one: {s}
{s} My neighbour says the same happens to her.
{s} I tried turning everything off and on.
{s} This started after the weekend.
I hope that this is the right place to ask. {s}
{s} What should I do?
{s} Please explain it slowly, I am no expert.
{s}
{s} I work from the Bergen office on most days.
{s} Please tell me what to try first.""".splitlines()

QUESTIONS = """Could you explain {t}? I would like to tell my team what is behind it.
We keep hearing about {t}. What is the reason, and what should people do differently?
I am writing the monthly newsletter and want a short paragraph on {t}.
In the staff meeting somebody asked about {t}, and I had no good answer.
What is worth knowing about {t}? Two or three sentences are plenty.
As a new team lead I need the background on {t}.
Why do we see so many tickets about {t}?
For the onboarding guide: what do we tell people about {t}?
My manager wonders whether we do enough about {t}. How would you answer her?
Is there a simple rule of thumb for {t}?
I read the wiki page on {t} and it is out of date. What holds now?
Before I buy anything I would like to understand {t}.
Please help me prepare a poster on {t} for the kitchen wall.""".splitlines()

ENDINGS = """
 Write back if it returns and I will look at it with you.
 The ticket stays open until Friday in case you need more.
 It should take no more than ten minutes.
 If any step looks different on your screen, send a picture of it.

 You can also drop by the desk, we are on the ground floor.

 Let me know how it went.
""".strip("\n").split("\n")

MORE = """The page in the portal under the same heading has pictures of each step, and it is checked by two of us every quarter.
If your case looks different, answer here with the room and the time; small details often decide which of two causes it is.
Colleagues who had the same question last month were done in one sitting, so there is no need to set an afternoon aside.
I have linked the short film that we show to new starters, it runs for two minutes and has subtitles in four languages.
Should somebody tell you otherwise, please send them to us, because an older version of this advice is still going round.
We look at the figures every month and publish them on the board beside the desk, with the names of sites but never of people.
Feel free to pass this on as it stands; for a talk in your team we lend a colleague and a set of slides.
Nothing of this costs your department anything, and whatever you change today can be taken back within a week.
When in doubt, choose the slower way and ask first, since mending a hasty change takes us far longer than answering a question.
The desk is open from seven to six, and outside these hours the duty line takes over with access to this very ticket.
For people who prefer paper there is a one-page sheet in the rack at the entrance, next to the list of phone numbers.
As a rule I hear back within two days whether it worked; if not, I will ask, so please do not be surprised by my message.
Keep the number of this ticket at hand when you call, it spares you telling the whole story from the beginning once again.
A reminder is set for three weeks from now, when we check whether the advice has held or needs another sentence.""".splitlines()

CLARIFY = """Happy to help. Does it happen every time, or now and then?|Only now and then, mostly before lunch, and never on Fridays.
Let us narrow it down. Are you in the office or elsewhere at the moment?|At home, on my own line, with the company laptop on the kitchen table.
Thanks for reporting it. Did anything change just before?|A colleague installed something for me last Tuesday, but I don't know what.
Of course. Is anyone else around you affected?|Two people in the same row, yes. The others seem fine so far.
Sure. Which device are you on?|The small silver notebook that I received in autumn; the sticker is worn off.
Let me ask one thing first: how soon must it work again?|Tomorrow at eight is early enough, I have paper to read until then.
Understood. Have you been given advice on it before?|Somebody told me to wait a day. I waited three, and here I am.
One question so that I don't send you in circles: what have you tried?|A restart, another cable, and some patience, in that order.
I can take that. Do you have somebody nearby who can check a light for you?|Yes, the trainee is here and keen on being useful.
Right. Do you see an error number or only the words?|Just words, and they vanish before I have read them to the end.
Good that you ask. Is this for you or for the whole team?|For all nine of us, and I am the one who has to explain it.
With pleasure. Would you rather have the short version or the whole story?|Short, please. I read it on my phone between two meetings.""".splitlines()

FOLLOW_UPS = """That helped, thank you. Who should I tell if a colleague has the same?|Send them to this ticket's page; it can be shared inside the company, and they may add a comment there.
Done. Does this change anything on my phone?|No, the phone keeps its own settings. Nothing to do there.
Perfect. Should I do the same on the second machine?|Yes, once, when it is next switched on. The order of the steps is the same.
It works! How long will it hold?|For good, unless a larger update resets it; the release notes would say so a week ahead.
Fine so far. May I close the ticket myself?|Please do: press "Solved" at the top. It opens again by itself if you answer within a week.
Thanks. Is there a page where I could have found this on my own?|There is, in the portal under the same heading. I have added your wording to it so that search finds it.
Good. Do I owe anybody an approval for that?|No approval is needed, it is part of the standard service.
All right, and if it fails while I am away?|Call the duty line; they see this ticket and can carry on from here.
Great. My deputy had no luck with step two, though.|Then she probably lacks the newest client. I have queued the update for her machine tonight.""".splitlines()


@dataclass(frozen=True)
class Block:
    topic: str
    number: int
    title: str
    symptom: str
    fix: str
    why: str


def blocks() -> list[Block]:
    """All blocks, in order of topic and place in the file."""
    found = []
    for path in sorted(BANKS.glob("*.txt")):
        for number, part in enumerate(path.read_text("utf-8").strip().split("\n\n"), 1):
            title, symptom, fix, why = part.strip().split("\n")
            found.append(Block(path.stem, number, title[2:], symptom, fix[2:], why[2:]))
    return found


def as_steps(fix: str) -> str:
    """The same advice as a numbered list, one sentence per line."""
    sentences = [s.strip() + "." for s in fix.rstrip(".").split(". ")]
    return "\n".join(f"{n}. {s}" for n, s in enumerate(sentences, 1))


def rows_of(block: Block, rng: Random) -> list[Row]:
    """Two or three rows of one problem: the report, the question behind it, sometimes a longer talk."""
    key = f"{block.topic}-{block.number:02d}"
    fix = as_steps(block.fix) if rng.random() < 0.25 else block.fix
    report = [rng.choice(OPENERS).format(s=block.symptom), fix + rng.choice(ENDINGS)]
    if rng.random() < 0.2:
        report += rng.choice(FOLLOW_UPS).split("|")
    question = [rng.choice(QUESTIONS).format(t=block.title), block.why + " " + rng.choice(MORE)]
    rows = [Row(key + "-report", block.topic, report), Row(key + "-question", block.topic, question)]
    if rng.random() < 0.4:
        asked, told = rng.choice(CLARIFY).split("|")
        last = block.fix.split(". ")[-1].rstrip(".") + ". " + block.why.split(". ")[0].rstrip(".") + "."
        rows.append(Row(key + "-talk", block.topic, [f"I need a hand with {block.title}.", asked, told, last]))
    return rows
