"""Everyday conversations: which dialogue a customer has at a given moment, and in whose voice.

A conversation is wholly decided by the customer, the moment and the written material. So one that is still
going on can be told again and continued (`living`).
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from deploy.simulator.demo.library import LANGUAGES, THANKS, library
from deploy.simulator.demo.office_hours import DAY
from deploy.simulator.demo.script import Step
from deploy.simulator.demo.telling import Party, Teller

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.simulator.demo.script import Script
    from deploy.simulator.demo.telling import Telling
    from deploy.simulator.model import Company, Contact, Workspace

LANGUAGE_OF = {"Austria": "de", "Germany": "de", "France": "fr", "Spain": "es"}
#: How often a customer abroad writes in the own language.
OWN_LANGUAGE = 0.55
BY_MAIL = 0.34
BORROWED_OPENING = 0.55
BORROWED_THANKS = 0.3
SIGNED = 0.75
QUOTING = 0.35
#: One customer in four types without capitals and full stops in the chat.
HASTY = 0.25
#: How often something else comes to mind, and how often the agent has the last word.
SECOND_QUESTION = 0.27
LAST_WORD = 0.5
ASKED_TO_RATE = 0.4
ONE_MORE = "{One more thing|While you're here|Another one, if I may|Oh, and something else|Different topic}: "
REOPENED = 0.07
#: Digits link the choices: the answer fits the question.
AGAIN = (
    "{Sorry to open this again, but|Me again:|I spoke too soon,} {it happened once more|it's back}{ today|}.",
    (
        "{Thanks for saying so.|Hm.} {2:Same cause, in a second place. Both are put right now.|"
        "One more device had the old copy. It's been sent the new one.}"
    ),
    "{works}. {thanks}",
)
FORGOTTEN = (
    (
        "{Forgot to ask:|One thing I forgot:|Quickly, before I forget:|PS:} {2:can a planner do that too|"
        "is there a {help page|page} on this I can {pass on|send to {tech}}|does it show in the history|"
        "is it the same {in the app|on a tablet}|can {tech} see that I changed it}?"
    ),
    (
        "{2:A planner can.|There is: https://help.crewlark.example/{n100-480}|It does, with name and time.|"
        "The same{, only smaller|}.|{Only in the history.|Only if somebody looks.}}"
    ),
    "{thanks}{!|.}",
)
ACRONYMS = frozenset({"api", "sso", "vat"})
GREETED = "{hi}, "
#: What mail programs put above the mail that is answered.
QUOTED = {
    "": "\n\nOn {prev_date}, {prev_name} wrote:\n> {prev_line}",
    "de": "\n\nAm {prev_date} schrieb {prev_name}:\n> {prev_line}",
    "fr": "\n\nLe {prev_date}, {prev_name} a écrit :\n> {prev_line}",
    "es": "\n\nEl {prev_date}, {prev_name} escribió:\n> {prev_line}",
}


def tell_ordinary(
    workspace: Workspace, contact: Contact, company: Company | None, at: int, *, open_all_hours: bool
) -> Telling:
    """The everyday conversation which this contact begins at `at`; the same arguments, the same words."""
    rng = random.Random(f"{contact.id}:{at}")  # noqa: S311 (a demo wants to be repeatable)
    by_mail = rng.random() < BY_MAIL
    script = _dressed(
        _chosen(contact, company, rng), by_mail=by_mail, contact=contact, company=company, rng=rng
    )
    teller = Teller(
        workspace,
        script,
        Party(contact, company),
        slots=library().slots,
        rng=rng,
        channel="email" if by_mail else "messenger",
        open_all_hours=open_all_hours,
        voice=_voice(contact, by_mail=by_mail),
    )
    return teller.tell(at)


def _chosen(contact: Contact, company: Company | None, rng: random.Random) -> Script:
    dialogues = library().dialogues
    if contact.role == "lead":
        return rng.choice(dialogues["lead"])
    language = LANGUAGE_OF.get(str(company.custom_attributes.get("country")), "") if company else ""
    if language and rng.random() < OWN_LANGUAGE:
        return rng.choice(dialogues[language])
    return rng.choice(dialogues[""])


def _dressed(
    script: Script, *, by_mail: bool, contact: Contact, company: Company | None, rng: random.Random
) -> Script:
    """The dialogue with borrowed sentences where they fit, and with the manners of e-mail."""
    steps = list(script.steps)
    borrowed = library().borrowed
    topic = script.get("borrow")
    if topic and rng.random() < BORROWED_OPENING:
        sentence = rng.choice(borrowed[topic])
        steps[0] = replace(steps[0], text=f"{{hi}}{rng.choice(('. ', ', '))}{sentence}")
    audience = script.get("audience")
    language = audience if audience in LANGUAGES else ""
    if not audience:
        steps = _longer(script, steps, rng)
    last = max(index for index, step in enumerate(steps) if step.doing == "customer")
    if last > 0 and not language and _only_thanks(steps[last]) and rng.random() < BORROWED_THANKS:
        steps[last] = replace(steps[last], text=rng.choice(borrowed[THANKS]))
    if by_mail:
        steps = _as_mail(steps, contact=contact, company=company, language=language, rng=rng)
    header = {**script.header, "subject": _subject(script) if by_mail else ""}
    if steps[-1].doing != "rate" and rng.random() < ASKED_TO_RATE:
        steps.append(Step("rate", (120, 20_000)))
    return replace(script, header=header, steps=tuple(steps))


def _subject(script: Script) -> str:
    """What is written over a mail: the dialogue's own subject or, for want of one, its slug."""
    slug = script.slug.split("-")
    words = [word.upper() if word in ACRONYMS else word for word in slug if word not in LANGUAGES]
    if script.get("subject"):
        return script.get("subject")
    return f"{words[0][0].upper()}{words[0][1:]} {' '.join(words[1:])}".strip()


def _longer(script: Script, steps: list[Step], rng: random.Random) -> list[Step]:
    """With a second question before the close, or a friendly last word, or both."""
    close = next(index for index, step in enumerate(steps) if step.doing == "close")
    added: list[Step] = []
    if rng.random() < LAST_WORD and steps[close - 1].doing == "customer":
        added.append(Step("agent", (60, 900), text="{welcome}."))
    if rng.random() < SECOND_QUESTION:
        others = [
            each
            for each in library().dialogues[""]
            if each.slug != script.slug and each.get("team") == script.get("team")
            and each.steps[0].text.startswith(GREETED) and not each.get("borrow")
        ]  # fmt: skip
        if others:
            other = rng.choice(others).steps
            question = replace(
                other[0], delay=(120, 5400), text=ONE_MORE + other[0].text.removeprefix(GREETED)
            )
            end = next(index for index, step in enumerate(other) if step.doing == "close")
            added = [question, *other[1:end], *added]
    reopened = _reopened(script) if rng.random() < REOPENED else []
    return [*steps[:close], *added, *steps[close:], *reopened]


def _reopened(script: Script) -> list[Step]:
    """The same matter once more, after it was closed."""
    again = AGAIN if {"Bug", "Performance"} & set(script.tags) else FORGOTTEN
    question, answer, thanks = again
    return [
        Step("customer", (4 * 3600, 4 * DAY), text=question),
        Step("agent", (600, 3 * 3600), text=answer),
        Step("customer", (300, 3 * 3600), text=thanks),
        Step("close", (60, 300)),
    ]


def _only_thanks(step: Step) -> bool:
    """Whether nothing would be lost if the customer said thanks in other words."""
    return "{thanks}" in step.text and "?" not in step.text


def _as_mail(
    steps: list[Step], *, contact: Contact, company: Company | None, language: str, rng: random.Random
) -> list[Step]:
    name = contact.name or ""
    title = contact.custom_attributes.get("job_title")
    signature = "\n\n" if language else "\n\n{greet_end}\n"
    signature += name
    if company is not None and rng.random() < SIGNED:
        signature += f"\n{title}, {company.name}" if title else f"\n{company.name}"
    made: list[Step] = []
    for index, step in enumerate(steps):
        if step.doing != "customer":
            made.append(step)
            continue
        text = step.text + (signature if index == 0 else "")
        if index > 0 and steps[index - 1].doing == "agent" and rng.random() < QUOTING:
            text += QUOTED[language]
        made.append(replace(step, text=text))
    return made


def _voice(contact: Contact, *, by_mail: bool) -> Callable[[str], str]:
    habits = random.Random(f"voice {contact.id}")  # noqa: S311 (a demo wants to be repeatable)
    if by_mail or habits.random() >= HASTY:
        return str
    return _hastily


def _hastily(text: str) -> str:
    # Links and pictures are pasted, not typed.
    typed = text if "https://" in text else text.lower()
    return typed.removesuffix(".")
