"""Requests with a pattern: access to systems (the dominant topic), software and hardware.

They are what a real desk's export is full of. Each system, program and item brings facts of its own.
"""

from __future__ import annotations

from random import Random

from _banks import MORE
from _model import WEBSITE, Row

SYSTEMS = """Aurora|the forecast planner|the planning office|two working days|it shows margins, so printing is off
Beacon|the visitor log|reception|the same day|entries may be read but never changed
Castor|the contract store|the legal team|three days|every opening of a contract is recorded
Delphi|the survey tool|people services|a few hours|answers are shown only from five replies on
Ember|the energy dashboard|facilities|one day|the roof sensors report just every quarter of an hour
Fjord|the freight tracker|the logistics lead|half a day|customs papers sit behind a second approval
Garnet|the grants ledger|the finance controller|four days|posting needs the short course first
Harbor|the container build farm|the platform team|an hour|builds of others are visible but locked
Indigo|the brand library|the design studio|ten minutes|pictures of people carry a date after which they must go
Juniper|the job board back office|recruiting|two days|applicants' files close half a year after the decision
Kestrel|the drone flight planner|the survey crew|one day|a licence number has to be entered first
Lattice|the parts catalogue|engineering data|the same morning|drafts are marked by a grey corner
Mercury|the mass mailing tool|marketing operations|two days|the first campaign is released by a second person
Nimbus|the cloud console|the cloud desk|a day|spending above the team's limit stops by itself
Orchard|the supplier portal|purchasing|three days|bank details can be seen by two people in the firm
Pelican|the claims archive|the insurance desk|five days|medical annexes stay sealed
Quartz|the time clock|payroll|one day|corrections older than a month go through payroll
Raven|the security event viewer|the security lead|a week|there is a short interview before
Saffron|the canteen planner|the kitchen|an hour|allergy lists are shown on the day only
Tundra|the cold-store monitor|the warehouse chief|the same day|alarms ring on the phone once you are in
Umbra|the test data vault|the test office|two days|only masked copies leave the vault
Violet|the patient survey store|the research office|ten days|the ethics number belongs in the form
Willow|the mentoring planner|people services|a minute|your profile is visible from then on
Xenon|the laser lab booking|lab safety|three days|the safety briefing must not be older than a year
Yarrow|the garden and parking map|facilities|an hour|parking spots of guests stay hidden
Zephyr|the wind farm console|operations control|two weeks|switching needs a second pair of eyes
Atlas|the map server|the geodata group|one day|exports above a square kilometre are watermarked
Bramble|the bug tracker|the product owners|half an hour|security bugs are in a room of their own
Cinder|the fire safety register|the fire officer|two days|old inspection sheets are scans
Drift|the vehicle log|the fleet manager|a day|private trips are folded away
Echo|the call statistics|the service manager|one day|names are replaced by shifts
Flint|the tool crib list|the workshop|an hour|loans end after a week
Glacier|the tape archive|the storage team|four days|reading back takes a night
Heron|the water lab results|the lab head|two days|limits differ from site to site
Iris|the photo consent register|communications|a day|withdrawn consent shows in red
Jetty|the dock schedule|the harbour office|half a day|changes ring through to the crane""".splitlines()

REASONS = """I take over the weekly figures from a colleague who retires
the auditors want a list by the end of the week
I am the deputy during the summer
our new site opens and I prepare the hand-over
the old report is switched off and this is the successor
a customer complaint can't be solved without it
I train the apprentices this year
we moved the task from the branch to head office
my project needs three numbers from it every Monday
I was on leave when the others were given it
the works council asked me for an overview
I compare last year with this one for the board
our supplier changed and the master data must follow
I write the manual for it
the night shift needs someone who can read it
I am to check whether we still need it""".splitlines()

ASK = """I would need to get into {n}, {w}, because {r}.
{R}. Could you let me into {n}? It is {w}, as far as I know.
Who decides on rights for {n}? {R}, and without it I am stuck.
Please set me up for {w} ({n}). The reason: {r}.
How do I get to see {n}? {R}. Reading is all I need.
Dear desk, {r}, so please add me to {n} with the right to edit.""".splitlines()
GRANT = """{O} decides on that. I have passed your reason on, and an answer normally takes {d}. Once it is granted, sign out and in again, and the tile appears in the portal. Do keep in mind that {c}.
Your request for {n} is with {o} now. Expect {d}. You will start with reading rights; editing can be added after a month. One peculiarity of {w}: {c}.
That is possible. In the portal choose "Request access", then {n}, then your role, and paste the reason you gave me. {O} approves within {d}. Please note that {c}.
For {w} the rule is one approval by your manager and another by {o}. The first is in, the second usually comes within {d}. So that you are not surprised: {c}.
I can do the technical part, while the yes has to come from {o}; allow {d} for it. After that the link in this ticket will open. By the way, {c}.""".splitlines()

WAITING = """I asked for {n} a while ago and hear nothing. Where does it hang?
Is there any news about my rights in {n}? The colleague beside me got hers at once.
The portal shows "pending" for {w} since last week.
My request for {n} was sent back without a word. What was missing?""".splitlines()
STATUS = """It rests with {o}, whose normal time is {d}. The approver is away, so I sent it on to the deputy and set a reminder. Nothing is missing on your side.
I looked into it: the form named the whole system rather than a role. I filled in "reader", since that is what your text describes, and {o} now has it again. Count on {d} from today.
It was approved this morning, yet the group is only filled at night. Try {n} tomorrow; if the tile is grey, clear the browser's cookies for the portal.
Two approvals are needed and the second, by {o}, is open. I have asked by phone. The delay has a reason that is easily overlooked: {c}.""".splitlines()

LEAVE = """I no longer work with {n}. Please take my rights away before the review.
Two people of my team moved on and still stand in the list for {w}. How do I get them out?
The yearly check asks me to confirm forty names for {n}, half of whom I have never met.
Can rights in {n} end by themselves after a project? I always forget to hand them back.""".splitlines()
REMOVE = """Thank you for thinking of it. The rights in {n} end tonight, and {o} sees it in the morning list. Reports that you saved stay with the team. Should you need it again, a reason of one line is enough.
Open "My responsibilities" in the portal, pick {w}, and untick whoever is not yours. Unticked people get a week's notice, so nobody is cut off by surprise. {O} can help with names you don't know.
You may put an end date on any right: in the portal, "My access", the calendar sign beside {n}. A reminder comes a week ahead. {O} recommends half a year for projects.
Confirm only whom you know and choose "Ask the manager" for the rest, it takes a click per name. {O} gets what is left after two weeks. A hint for the check: {c}.""".splitlines()

PROGRAMS = """Tessera|diagram editor|drawing network plans|exports to the wiki
Quillpad|note taker|writing minutes by hand|reads handwriting in nine languages
Mapforge|map viewer|planning delivery rounds|works without a line
Loomsheet|table tool|cleaning address lists|opens files of a million lines
Cadenza|audio cutter|trimming training recordings|removes pauses
Pinboard Pro|planning board|organising the trade fair|shows who waits for whom
Stitch|picture joiner|taking photographs of long walls|needs a strong graphics card
Anvil|build tool|compiling the controller firmware|runs in the lab network only
Ledgerline|bookkeeping viewer|checking branch accounts|read-only by design
Papertrail|scan sorter|clearing old files|splits stacks at blank sheets
Sundial|time tracker|billing hours to projects|rounds to six minutes
Glossa|dictionary|checking manuals in Finnish|stores nothing outside
Kiln|model printer driver|printing spare handles|wants a cable, not Wi-Fi
Sextant|measuring tool|reading old plans|calibrates by two points
Ferry|transfer client|sending data to the print works|resumes after a break
Harvest|form builder|collecting shift wishes|hides names on request
Prism|colour checker|proofing packaging|needs a calibrated screen
Tally|stock counter|counting the spare-parts store|pairs with the hand scanner
Turnstile|queue display|calling visitors at the counter|shows numbers, never names
Bellows|network tester|finding weak sockets|asks for an admin hour
Cobalt|statistics package|evaluating tensile tests|has a floating licence
Marrow|text comparer|checking contract versions|marks moved paragraphs
Osprey|video player|reviewing dock cameras|keeps no copies
Rivet|password vault plug-in|filling in supplier portals|works with three browsers""".splitlines()
INSTALL = """May I have {n} on my PC? I would use it for {u}.
We need a {w} for {u}. Is {n} approved?
For {u} the agency recommends {n}. Can you put it on four machines by Thursday?
I used {n} in my last company for {u} and would like to carry on with it.""".splitlines()
INSTALLED = """{n} is approved and in the store: search for the name, press install, and it is there in five minutes. As to what it can do, it {c}. The licence is paid centrally.
Yes, with one condition: your team lead confirms the seat, as each costs a small yearly fee. I have sent the question. In the meantime the trial runs for two weeks. It {c}, which fits what you describe.
It passed the review in spring. I have queued {n} for the machines in your group, and they take it tonight if they stay on the mains. Good to know: it {c}.
There is a {w} in the standard set already, and I would try that first. If it falls short for {u}, answer here and {n} is yours; it {c}.""".splitlines()
BROKEN = """Since the last update {n} closes itself when I start {u}.
{n} says "no licence found", and I am in the middle of {u}.
After the move to the new laptop {n} has lost all its settings.
{n} runs, but it takes a minute for each click while I am {u}.""".splitlines()
MENDED = """The update of the {w} wants a newer runtime, which I have just sent to your PC. Restart it and try once more. If it still closes, the file "crash.log" beside the program tells me why. Your work of today is in the recovery folder.
The licence server was moved last night. In {n} open Help, Licence, and choose "Automatic" in place of the former name. It {c}, so please check that this is still so after the change.
Settings lie in your old profile. Close {n}, copy the folder named in this ticket to the new machine, and start it again. From then on it is part of the nightly backup.
Such slowness comes from files on the network. Work on a local copy and put it back in the evening, or open it from the library. I have measured it here: with a local file {n} is as fast as ever. Also, it {c}.""".splitlines()

ITEMS = """headset|with a boom that mutes when lifted|the open-plan floor
standing desk frame|which lifts ninety kilos|a bad back
second monitor|of twenty-seven inches|long tables
ergonomic mouse|for the left hand|a sore wrist
docking station|with two picture outputs|the hot desks
privacy filter|that clips on|work on trains
rugged case|with a strap|the building site
label maker|that prints on tape|the cable cabinet
document camera|with a lamp|the training room
portable projector|as big as a book|visits to customers
noise-cancelling earplugs|that pass the warning bell|the press hall
graphics tablet|with a pen that needs no battery|marking drawings
barcode scanner|that survives a fall|the returns desk
foot rest|with two angles|a high desk
webcam|with a shutter|the interview room
power bank|allowed on planes|the fair
travel router|that speaks to hotel Wi-Fi|the road show
large-key keyboard|with a strong contrast|a colleague with poor sight
conference puck|for six people|the small meeting room
cable lock|with a number code|the exhibition stand""".splitlines()
ORDER = """Could I order a {n} {d}? It is meant for {u}.
Because of {u} I would like a {n}. What are the steps?
Whom do I ask for a {n}? Mine is from before the merger and meant for {u}.""".splitlines()
ORDERED = """The {n} in the catalogue is one {d}, in stock, and below the limit that needs a signature. It is at the counter from two o'clock; bring your badge. The old one goes into the grey box.
For {u} we keep two sorts of {n}, and you may try both for a week. I have set them aside under your name. What you like is then booked to your cost centre, and the other comes back.
Enter it in the portal under Equipment. A {n} {d} costs your department a small monthly fee. Delivery takes about six days to the office and eight to a home address.""".splitlines()
FAULT = """The {n} which I got for {u} stopped working after a fortnight.
My {n} has gone missing, it was last seen near {u}.
The {n} came without its cable, and now it lies here useless.""".splitlines()
REPAIR = """That should not happen so early. Please bring it as it is, with the ticket number; we swap a {n} on the spot and send the broken one to the maker. There is a warranty of three years on it.
I have put it on the lost-and-found list and told reception. If it has not turned up by Monday, order another with the reason "lost"; once a year that is no problem. For {u} I can lend you a spare {n}.
The part is standard and we have a drawer full of them: counter on the ground floor, any time until five. I have also told the supplier, since three of that batch came incomplete.""".splitlines()


def _fill(pattern: str, **facts: str) -> str:
    upper = {k.upper(): v[:1].upper() + v[1:] for k, v in facts.items()}
    return pattern.format(**facts, **{k: v for k, v in upper.items() if k not in facts})


def access(rng: Random) -> list[Row]:
    """Three rows for each system: may I, where is it, please take it away."""
    rows = []
    for entry in SYSTEMS:
        n, w, o, d, c = entry.split("|")
        for kind, asks, answers in (("ask", ASK, GRANT), ("wait", WAITING, STATUS), ("leave", LEAVE, REMOVE)):
            facts = {"n": n, "w": w, "o": o, "d": d, "c": c, "r": rng.choice(REASONS)}
            turns = [_fill(rng.choice(asks), **facts), _fill(rng.choice(answers), **facts) + " " + rng.choice(MORE)]
            rows.append(Row(f"access-{n.lower()}-{kind}", "access", turns))
    return rows


def software(rng: Random) -> list[Row]:
    """Two rows for each program: may I have it, and it broke."""
    rows = []
    for entry in PROGRAMS:
        n, w, u, c = entry.split("|")
        for kind, asks, answers in (("ask", INSTALL, INSTALLED), ("broken", BROKEN, MENDED)):
            pick = rng.randrange(len(asks))
            turns = [_fill(asks[pick], n=n, w=w, u=u, c=c), _fill(answers[pick], n=n, w=w, u=u, c=c) + " " + rng.choice(MORE)]
            rows.append(Row(f"program-{n.split()[0].lower()}-{kind}", "software", turns))
    return rows


def hardware(rng: Random) -> list[Row]:
    """Two rows for each item: may I have it, and it is gone or broken. Customers ask on the website."""
    rows = []
    for entry in ITEMS:
        n, d, u = entry.split("|")
        for kind, asks, answers in (("ask", ORDER, ORDERED), ("fault", FAULT, REPAIR)):
            pick = rng.randrange(len(asks))
            turns = [_fill(asks[pick], n=n, d=d, u=u), _fill(answers[pick], n=n, d=d, u=u) + " " + rng.choice(MORE)]
            rows.append(Row(f"item-{n.replace(' ', '-')}-{kind}", "hardware", turns, system=WEBSITE))
    return rows
