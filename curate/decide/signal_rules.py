"""The rules on the signals of curate/measure: refusals, leakage, safety, personal data, language, form, and the documents' own.

Figures in `source` are of the labelled rows of the gold sets' open half; those of fitted scores are cross-validated.
"""

from __future__ import annotations

from curate.decide.rule import Rule, fact

LEAK, SAFE, PERSON, REFUSE, FORM, ASK, SEEDS = (
    "Leakage", "Safety", "Personal data", "Refusals", "Answers", "Prompts", "S0, S1, S3"
)  # fmt: skip

SIGNAL_RULES: tuple[Rule, ...] = (
    # Refusals: each class is a policy of its own; wanted refusals exist (S2), so none of them drops by default.
    fact("refusal", "refusal_full", "review", "The answer declines. Wanted refusals exist (S2): `spare` keeps a share.",
         "S0, S3, requirements D13; refusal or partial: cross-validated: XSTest P .96 R .90 F1 .93, Do-Not-Answer P .80 R .96 F1 .87", REFUSE),
    fact("partial_refusal", "refusal_partial", "review", "The answer declines, then answers something all the same.",
         "our own; counted with refusal in its figures", REFUSE),
    fact("dont_know", "dont_know", "review", "The answer says that it does not know, or has no access or data.",
         "S2 wants a handful of these; no labelled rows", REFUSE),
    fact("clarifying", "clarifying", "review", "A short answer that asks back in place of answering.",
         "our own; no labelled rows", REFUSE),
    fact("ai_boilerplate", "ai_boilerplate", "review", "The answer speaks of being a model.",
         "S0, S3, with word boundaries (requirements D31); no labelled rows", REFUSE),
    # Leakage.
    Rule("answer_in_prompt", "answer_at_end", high=0.6, action="review", group=LEAK,
         help="The prompt ends in the answer: share of the answer that stands there, behind a line end or a colon.",
         source="S1 label leakage; leaked summaries R 1.00, false alarms 0 % on clean summaries, extractive answers, rewriting"),
    Rule("lcs_overlap", "lcs_share", high=0.4, action="review", group=LEAK,
         help="S1's rule: the longest common subsequence of prompt and answer over the answer's words. Defect: it flags honest summaries and quotations.",
         source="S1 Q4: > 40 %; leaked R 1.00, but false alarms on 58 % of clean summaries and 92 % of extractive answers"),
    Rule("copied_answer", "copied_share", high=0.9, action="review", group=LEAK,
         help="Share of the answer's four-word runs that the prompt holds: copying, which extraction tasks want.",
         source="our own; above .7 on 93 % of leaked, 0 % of clean summaries, 84 % of extractive answers"),
    Rule("later_date", "later_years", high=0.0, action="review", group=LEAK, unit="years", span=(0, 20),
         help="The text names a year or a day later than the row's own time, by so many years. Plans for the future do so too.",
         source="S1 temporal leakage; no labelled rows"),
    fact("prompt_repeated", "prompt_copied", "review", "The answer begins by repeating the whole prompt.",
         "our own; no labelled rows", LEAK),
    # Safety.
    Rule("toxic", "toxicity", high=0.5, action="review", group=SAFE,
         help="Score of a word-pair model over prompt and answer: a screen for review, not a judge of hate.",
         source="S1; cross-validated at .5: Davidson P .96 R .82 F1 .88, HateCheck R .90 with 14 % false alarms on its non-hate rows, "
        "OpenAI moderation F1 .48, Stormfront F1 .40, ordinary prompts and answers .1 % false alarms"),
    fact("injection", "injection", "review", "Text that orders a model to drop its rules, take a role without any, or score itself.",
         "S1 on judges; with embedded_order: Giskard R 1.00", SAFE),
    fact("embedded_order", "embedded_order", "review", "An order about the form or content of the reply, as planted in documents.",
         "BIPIA's attack families; plain tasks in a document are not found", SAFE),
    # Personal data.
    fact("pii_card", "pii_card", "review", "A payment card number (Luhn and issuer).", "S1; gold R 1.00", PERSON),
    fact("pii_iban", "pii_iban", "review", "A bank account number (country length and mod 97).", "S1; gold R 1.00", PERSON),
    fact("pii_ssn", "pii_ssn", "review", "A US social security number (area, group and serial as issued).", "S1; gold R 1.00", PERSON),
    fact("pii_secret", "pii_secret", "review", "A key, token or private key by its issuer's mark.", "our own; no labelled rows", PERSON),
    fact("pii_licence", "pii_licence", "review", "A driving licence number beside those words.", "gold R 1.00 (3 of 3)", PERSON),
    fact("pii_email", "pii_email", "review", "An e-mail address.", "S1; gold R 1.00", PERSON),
    fact("pii_phone", "pii_phone", "review", "A telephone number: its own form, or words beside it.", "S1; gold R 1.00", PERSON),
    fact("pii_ip", "pii_ip", "review", "A public IP address; versions, masks and private ones are none.", "S1; gold R 1.00", PERSON),
    fact("personal_data", "pii", "drop", "Any personal data: S1's zero tolerance by our finders.",
         "S1; documents P 1.00 R 1.00 on 731 generated rows, 0 % false alarms on 489 rows without", PERSON),
    # Language.
    fact("other_language", "other_language", "review", "Not in a language that at least a tenth of the rows are in; too short to say is no failure.",
         "S1 language ID, in three states; sentences in 75 languages: .964 named right, .033 wrong, .003 too short; is it English: .996 (all gold texts .995); "
         "of word pairs .39 right, .005 wrong, the rest too short to say", "Language"),
    Rule("language_unsure", "english_share", low=0.5, action="review", group="Language",
         help="Probability of English below `low`. At S1's literal .95 a sixth of Alpaca's English answers fail (lists of names, code).",
         source="S1: confidence > .95"),
    # Form and content of the answer.
    Rule("truncated", "truncated", high=0.75, action="review", group=FORM,
         help="The answer is cut off: an open fence or bracket, or it ends in a word that goes on (1); no closing sign (.5).",
         source="S1 completion ratio, as requirements D21; no labelled rows"),
    fact("cut_by_limit", "finish_cut", "review", "The row's own finish reason says that its answer met a length limit.",
         "requirements D21; said by whoever made the row", FORM),
    fact("json_invalid", "json_invalid", "review", "The prompt asks for JSON and the answer is none.", "S1 format compliance", FORM),
    fact("debris", "debris", "review", "Signs of a wrong encoding (replacement characters, UTF-8 read as Latin-1).", "our own", FORM),
    Rule("boilerplate", "boilerplate_share", high=0.8, action="review", group="Repetition",
         help="Share of the answer in sentences that ten and more answers of the set have (one in two thousand of a large one).",
         source="S1's own story (\"I'll escalate this\"); at .8: 12 of 12 planted rows, none of 57,454 Alpaca and ChatDoctor rows; "
         "labels of four words and more trip it"),
    fact("unanswered", "unanswered", "review", "A short answer that promises to escalate, forward or get back.", "S1's own story", FORM),
    Rule("many_urls", "urls", high=20, action="review", group=FORM, unit="links", span=(0, 100),
         help="Links in prompt and answer.", source="S1 web rows"),
    Rule("code_heavy", "code_share", high=0.95, action="review", group=FORM, help="Share of the answer inside code fences.",
         source="our own"),
    Rule("emoji_heavy", "emoji_share", high=0.2, action="review", group=FORM, help="Emoji per word of the answer.", source="our own"),
    Rule("odd_letters", "surprise", high=5.0, action="review", group=FORM, unit="bits per letter", span=(0, 8),
         help="How unlike the rest the answer is, letter by letter: a stand-in for perplexity without a model.",
         source="S1 web rows; Alpaca: median 2.4, one in a thousand above 5: passwords, puzzles, links to images; no labelled rows"),
    Rule("shouting", "caps_share", high=0.6, action="review", group=FORM, help="Share of capitals among the answer's letters (20 and up).",
         source="our own"),
    Rule("hard_to_read", "reading_grade", high=24, action="review", group=FORM, unit="school years", span=(0, 40),
         help="Flesch-Kincaid grade of the answer (English; 20 words and up).", source="our own"),
    Rule("vague_answer", "vague", high=0.9, action="review", group=FORM,
         help="S0's Poor to High: hedges against numbers, names and steps per sentence; 1 is vague.",
         source="S0 response quality; no labelled rows"),
    Rule("low_form", "form", low=0.55, action="review", group="Scores",
         help="1 minus what is visibly wrong: placeholders, empty, cut off, control tokens, vague. Shape, not quality.",
         source="edit set AUC .99; .51 to .56 (HaluEval, Claude, zh) and below 0 (MEDIQA, Shepherd) where the truth of answers was judged"),
    # The prompt.
    fact("unclear_prompt", "unclear_prompt", "review", "Empty request, a \"this\" with nothing attached, cut off, or many asks at once.",
         "our own; no labelled rows", ASK),
    # The documents' own, defects included.
    Rule("s1_personal_data", "s1_pii", high=0.5, action="drop", fact=True, group=SEEDS,
         help="S1's five patterns. Defects: Unix times count as phones, versions and 999.999.999.999 as addresses; "
              "card numbers without separators and +44 numbers are missed; no check digit (D16).",
         source="S1 check_pii; gold: R .35, cards 0 of 66"),
    Rule("s3_short_answer", "shortest_answer_chars", low=10, action="drop", group=SEEDS, unit="characters", span=(0, 100),
         help="An assistant turn of fewer characters. Defect: S3's own ticket labels fail it (D28).", source="S3 level 1: 10"),
    Rule("s3_long_answer", "longest_answer_chars", high=4000, action="drop", group=SEEDS, unit="characters", span=(0, 20000),
         help="An assistant turn of more characters.", source="S3 level 1: 4000"),
    fact("s3_empty_message", "empty_message", "drop", "Any message is empty or white space.", "S3 level 1", SEEDS),
    fact("s3_no_user", "no_user", "drop", "No user message.", "S3 level 1", SEEDS),
    fact("s3_no_assistant", "no_assistant", "drop", "No assistant message. S0 scores such a row 0; S3's level 2 crashes on it (D34).",
         "S3 level 1", SEEDS),
    Rule("completion_ratio", "answer_ratio", low=0.8, action="drop", group=SEEDS, unit="x the median answer", span=(0, 1),
         help="Words over the median answer, below `low`. Defect: S1 names an expected length that nobody defines (D21), so "
              "nearly half of any set is shorter.",
         source="S1 completion ratio > .8"),
)  # fmt: skip
