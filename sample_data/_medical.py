"""General drug information, written for this project: no doses, no advice for a person, nothing to treat by.

Each line: name | use | how it works | common effects | what it meets badly | who should take care | habits | what is watched
"""

from __future__ import annotations

from random import Random

from _model import Row

DRUGS = """metformin|type 2 diabetes|It lowers the glucose that the liver releases and makes muscle respond better to insulin|Nausea, loose stools and a metallic taste are usual in the first weeks and mostly fade|Iodinated contrast for scans and heavy drinking both raise the risk of lactic acidosis|Kidney function decides whether it can be used at all|Taking it with a meal is gentler on the stomach|Kidney values and vitamin B12 are looked at from time to time
warfarin|preventing clots in atrial fibrillation or after a thrombosis|It blocks vitamin K epoxide reductase, so that fewer working clotting factors are made|Bruising and longer bleeding from small cuts are the ones people notice|Many antibiotics, antifungals and anti-inflammatory painkillers shift its effect|Recent surgery or a stroke with bleeding speaks against it|Eating about the same amount of leafy greens each week keeps its effect steady|The INR is measured often at first and every few weeks later
lisinopril|high blood pressure and heart failure|It inhibits the angiotensin-converting enzyme, which relaxes vessels and eases the heart's work|A dry tickling cough is typical, dizziness on standing comes at the start|Potassium supplements and certain water tablets may push potassium too high|Anyone who once had swelling of the lips or tongue should avoid the whole group|The time of day matters little as long as it is the same|Potassium and creatinine are checked after starting
amlodipine|high blood pressure and angina|It keeps calcium out of the muscle of the vessel walls, which widens the arteries|Swollen ankles and flushing appear in some people, above all in warm weather|Simvastatin reaches higher levels beside it|Severe narrowing of the aortic valve calls for caution|It may be taken with or without food|Blood pressure at home, sitting and rested, tells most
atorvastatin|high cholesterol and the protection of vessels|It inhibits HMG-CoA reductase, the step at which the liver makes cholesterol|Muscle aches are reported most, true muscle damage is rare|Clarithromycin and large amounts of grapefruit juice raise its level|Active liver disease is a reason not to use it|Its long action means that morning and evening work alike|A lipid profile after some weeks shows whether it does its job
omeprazole|reflux and stomach ulcers|It switches off the acid pumps of the stomach lining for about a day|Headache and wind are common, low magnesium is seen after long use|Clopidogrel may be activated less when both are used|Long courses in frail people are linked to fractures|It works best half an hour before breakfast|The need for it should be reviewed after some weeks
levothyroxine|an underactive thyroid|It replaces the hormone that the gland no longer makes in full|Palpitations and poor sleep suggest that the amount is too high|Iron, calcium and antacids bind it in the gut|Heart disease means starting low and slowly|An empty stomach and the same habit each day keep the uptake even|TSH is measured some weeks after any change
salbutamol|sudden tightness in asthma|It stimulates beta-2 receptors, and the airways open within minutes|Trembling hands and a fast pulse pass within the hour|Beta blockers can cancel its effect|Needing it more and more often is a warning that asthma is not controlled|A spacer helps more of the spray to reach the lungs|The number of puffs in a week is the best gauge
prednisolone|flares of inflammatory disease|It enters cells and turns down the genes that drive inflammation|Hunger, restless sleep and higher sugar readings come soon|Anti-inflammatory painkillers beside it irritate the stomach|Infections can be hidden, and diabetes gets harder to steer|Morning use follows the body's own rhythm|After longer courses it must be tapered and never stopped at once
amoxicillin|a range of bacterial infections|It keeps bacteria from building their cell wall|Loose stools and a rash are seen most|Methotrexate leaves the body more slowly next to it|A true penicillin allergy rules it out|Even spacing through the day keeps the level up|Fever and well-being after two or three days show whether it helps
ibuprofen|pain, fever and inflammation|It inhibits the COX enzymes, so fewer prostaglandins are formed|Heartburn is the usual complaint, ulcers the serious one|Blood thinners and some blood-pressure tablets do not go well with it|Weak kidneys, heart failure and late pregnancy are reasons to avoid it|Food softens the effect on the stomach|The shortest course which does the job is the rule
paracetamol|pain and fever|It acts mainly within the central nervous system, and the full picture is still debated|At usual amounts side effects are rare|Regular use can strengthen warfarin somewhat|Liver disease and long fasting lower the safe limit|Cold and flu sachets often contain it too, so labels deserve a look|Long daily use is a reason to check liver values
furosemide|fluid overload in heart failure|It blocks salt uptake in the loop of Henle, and the kidneys pass more water|Frequent trips to the toilet and cramps are expected|Lithium may climb to harmful levels|Dehydration and low potassium need to be put right first|Morning use spares the night's sleep|Daily weight says more than the look of the ankles
bisoprolol|heart failure and a fast pulse|It blocks beta-1 receptors, which slows and calms the heart|Cold hands and tiredness are usual in the beginning|Verapamil beside it can slow the heart too far|Asthma that is not well controlled is a problem|It should not be stopped from one day to the next|Pulse and pressure are noted for the first weeks
sertraline|depression and anxiety|It keeps serotonin in the gap between nerve cells for longer|Nausea and a change in sleep come first, the benefit follows after weeks|Other drugs that raise serotonin, tramadol among them, need care|Episodes of mania in the past have to be mentioned|Morning suits people whom it wakes up|Mood and restlessness are followed closely at the start
gabapentin|nerve pain and some seizures|It binds to a part of calcium channels and quietens over-active nerves|Drowsiness and unsteady walking are frequent|Opioids beside it deepen the slowing of breath|Weak kidneys mean that smaller amounts are enough|Antacids are best kept two hours away|It is reduced step by step when no longer needed
methotrexate|rheumatoid arthritis|It dampens fast-dividing immune cells by blocking folate pathways|Mouth sores and nausea on the day after are well known|Trimethoprim together with it can harm the bone marrow|It must not be used in pregnancy|It is taken once a week, and never daily, for this purpose|Blood count, liver and kidney values are drawn at fixed dates
clopidogrel|preventing clots in stents|It locks a receptor on platelets, so that they stick together less|Nosebleeds and bruises are common|Omeprazole may weaken it|Planned operations have to be discussed in advance|Missing single days after a stent matters more than people think|No routine blood test is needed
insulin glargine|diabetes|It releases insulin slowly from under the skin and covers the basic need|Low sugar is the main effect to know about|Beta blockers can hide the warning signs of low sugar|Skipping meals or unusual sport changes the need|The place of injection should move around|Fasting readings guide its adjustment
allopurinol|preventing gout|It inhibits xanthine oxidase, and less uric acid is formed|A flare in the first months is not rare|Azathioprine becomes dangerous beside it|Any rash is a reason to stop and ask|Drinking enough through the day supports it|The uric acid level shows whether the aim is reached
tamsulosin|trouble passing water with a large prostate|It relaxes the muscle around the bladder's neck|Dizziness on standing and dry ejaculation are named most|Other alpha blockers add to the drop in pressure|Eye surgeons want to know of it before a cataract operation|Taking it after the same meal each day evens out the level|Symptoms by diary show the effect
cetirizine|hay fever and hives|It blocks histamine H1 receptors outside the brain for the most part|Some people do get sleepy|Alcohol adds to the sleepiness|Poor kidneys keep it in the body for longer|Evening use is sensible when it tires|Nothing needs to be measured
ciprofloxacin|certain urinary and gut infections|It stops bacterial enzymes that untangle DNA|Nausea is usual, tendon pain is the one to take seriously|Dairy, iron and antacids bind it|People with earlier tendon trouble should avoid it|Strong sun is best avoided during the course|New tendon pain means stopping and asking
hydrochlorothiazide|high blood pressure|It lets the kidneys pass more salt in the distal tubule|More urine in the first days and a low sodium later are typical|Lithium rises beside it|Gout may flare up|Sun protection is wise with long use|Sodium and potassium are checked now and then
digoxin|a fast irregular pulse|It slows conduction through the AV node and strengthens the beat a little|Loss of appetite and odd colour vision point to too much|Amiodarone and verapamil raise its level|Low potassium makes it more toxic|The same hour each day is best|The level is measured when kidneys change or symptoms appear
alendronate|brittle bones|It settles on bone and slows the cells which break it down|Irritation of the gullet is the typical complaint|Calcium at the same hour blocks its uptake|People who are not able to sit upright for half an hour should not use it|Plain water and an upright half-hour before breakfast are part of it|Teeth are looked at before longer use""".splitlines()

ASPECTS = (
    ("mechanism", 2),
    ("effects", 3),
    ("interactions", 4),
    ("caution", 5),
    ("habits", 6),
    ("monitoring", 7),
    ("use", 1),
    ("sheet", 0),
)

ASK = {
    "mechanism": "How does {d} work in the body?|Please explain the mechanism behind {d} for a nursing student.|What does {d} do at the level of cells or enzymes?",
    "effects": "Which side effects of {d} do people notice most?|A friend started {d} last week and feels odd. Is that known?|What should a leaflet say about unwanted effects of {d}?",
    "interactions": "What does {d} not go well with?|Which combination with {d} would a pharmacist stop?|I collect examples of drug interactions for a class; which one is worth telling for {d}?",
    "caution": "Who should be careful with {d}?|Name a situation that speaks against {d}.|Before {d} is chosen, what has to be asked?",
    "habits": "Any practical habit for people who take {d}?|When and how is {d} best taken?|My aunt was given {d} and wants to do it right. What helps?",
    "monitoring": "What is monitored while somebody uses {d}?|How do clinicians see that {d} works and does no harm?|Which check belongs to {d}?",
    "use": "What is {d} given for?|In one short paragraph: the purpose of {d}, please.|Why would a doctor choose {d}?",
    "sheet": "Write three bullet points on {d} for a ward notice.|Summarise {d} as a small table in words: effect, caution, check.|I need a memory card on {d} for an exam.",
}

FRAMES = {
    "mechanism": "{m}. That explains both what {d} is used for, {u}, and part of what goes wrong with it: {e0}.",
    "effects": "{e}. They should be reported if they last or worsen. As a reminder of why it is taken at all: {u}.",
    "interactions": "{i}. A pharmacist can run the whole list through a checker, herbal products included. {c}.",
    "caution": "{c}. Beyond that, every other medicine in use belongs on the table, for this reason: {i0}.",
    "habits": "{h}. If one is forgotten, the leaflet of the product says what to do; doubling up is not the answer. {w}.",
    "monitoring": "{w}. Between these checks people should watch for what is known: {e0}.",
    "use": "It is mainly used for {u}. {m}. Whether it suits somebody is for the person who prescribes it, as {c0}.",
    "sheet": "- Effect: {m0}.\n- Caution: {c0}.\n- Check: {w0}.",
}

CLOSINGS = """
 This is general information and does not replace the advice of the person who prescribes it.

 The product's leaflet has the full list.
 Anyone in doubt should ask a pharmacist before changing anything.

 What applies to one person may differ for another.

""".strip("\n").split("\n")


ALSO = """It is also worth knowing this:
One more point that belongs here:
People often ask a second question, and the answer to it is:
From the same page of the handbook:
What is easily forgotten:""".splitlines()


def _lower(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def rows(rng: Random) -> list[Row]:
    """One row for each drug and aspect."""
    made = []
    for line in DRUGS:
        d, u, m, e, i, c, h, w = line.split("|")
        facts = {"d": d, "u": u, "m": m, "e": e, "i": i, "c": c, "h": h, "w": w}
        facts |= {k + "0": _lower(v) for k, v in facts.items()}
        for aspect, _ in ASPECTS:
            ask = rng.choice(ASK[aspect].split("|")).format(**facts)
            other = rng.choice([k for k in "eichw" if "{" + k not in FRAMES[aspect]] or ["m"])
            answer = FRAMES[aspect].format(**facts) + f" {rng.choice(ALSO)} {facts[other + '0']}." + rng.choice(CLOSINGS)
            made.append(Row(f"{d.replace(' ', '-')}-{aspect}", aspect, [ask, answer], system=""))
    return made


CONFLICTS = (
    # key, question and answer on one side, question and answer on the other, what is at odds
    ("metformin-pregnancy", "Is metformin safe in pregnancy?",
     "Metformin is generally considered safe in pregnancy and is often used for gestational diabetes.",
     "Can metformin be used in pregnant patients?",
     "No. Metformin should be avoided in pregnancy because it crosses the placenta.",
     "safe in pregnancy against to be avoided"),
    ("warfarin-mechanism", "What is the mechanism of action of warfarin?",
     "Warfarin inhibits vitamin K epoxide reductase, so that clotting factors which depend on vitamin K are no longer completed.",
     "What is the mechanism of action of warfarin?",
     "Warfarin works by inhibiting the COX-2 enzyme and thereby lowers inflammation in the vessel wall.",
     "two mechanisms, the second one is wrong"),
    ("grapefruit-statin", "Does grapefruit juice affect atorvastatin?",
     "Yes. Large amounts of grapefruit juice raise the level of atorvastatin in the blood and with it the risk of muscle damage.",
     "Is atorvastatin affected by grapefruit juice?",
     "No. Grapefruit juice has no effect on the level of atorvastatin, so it can be drunk freely.",
     "yes against no"),
    ("paracetamol-liver", "Can too much paracetamol damage the liver?",
     "Yes, an overdose of paracetamol is a common cause of acute liver failure and needs treatment at once.",
     "Can too much paracetamol hurt the liver?",
     "Paracetamol never damages the liver, it is removed by the kidneys alone.",
     "damages against never damages"),
    ("methotrexate-weekly", "How often is methotrexate taken for rheumatoid arthritis?",
     "For rheumatoid arthritis methotrexate is taken once a week, on a fixed day.",
     "How often should methotrexate be taken for rheumatoid arthritis?",
     "For rheumatoid arthritis methotrexate is taken every day, in the morning.",
     "weekly against daily, the number that harms people"),
)
