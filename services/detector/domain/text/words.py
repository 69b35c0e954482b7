"""The normal form of words: one spelling for what people write in ten ways.

Rules are written over this form, so that they need not know about apostrophes, contractions, British
spelling, shorthand and common slips of the finger.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from services.detector.domain.text.wordlist import ordered_words, table, words

WORD = re.compile(r"[^\W_]+(?:['\u2019\u02bc`\u00b4][^\W_]+)*|[$€£]|[?!]+", re.UNICODE)
"""A word with its inner apostrophes, a currency sign, or a run of question and exclamation marks."""

_APOSTROPHES = str.maketrans(dict.fromkeys("\u2019\u02bc`\u00b4", "'"))

_SPELLINGS = table(
    """
    cannot = can not, cant = can not, can't = can not, won't = will not, wont = will not,
    shan't = shall not, ain't = is not, aint = is not, dont = do not, doesnt = does not,
    didnt = did not, isnt = is not, wasnt = was not, arent = are not, werent = were not,
    havent = have not, hasnt = has not, hadnt = had not, couldnt = could not, wouldnt = would not,
    shouldnt = should not, im = i am, ive = i have, youre = you are, theyre = they are,
    weve = we have, youve = you have, thats = that is, whats = what is, hows = how is,
    theres = there is, let's = let us, gonna = going to, wanna = want to, gotta = got to,
    gimme = give me, lemme = let me, kinda = kind of, plz = please, pls = please, plse = please,
    u = you, ur = your, r = are, thx = thanks, thnx = thanks, tks = thanks, ty = thanks,
    tnx = thanks, thankyou = thank you, acct = account, acc = account, b4 = before, bc = because,
    cuz = because, coz = because, becuase = because, tho = though, asap = soon, licence = license,
    licences = licenses, cancelled = canceled, cancelling = canceling, cancelation = cancellation,
    organisation = organization, organisations = organizations, customise = customize,
    customised = customized, favourite = favorite, colour = color, colours = colors,
    behaviour = behavior, centre = center, catalogue = catalog, programme = program, e-mail = email,
    mails = emails, subs = subscriptions, wud = would, shud = should, cud = could, wld = would,
    shld = should, defo = definitely, prob = probably, probs = probably, mgmt = management,
    biz = business, ppl = people, sb = somebody, smth = something, sth = something, wnat = want,
    teh = the, adn = and, hte = the, yr = year, yrs = years, mo = month, mth = month, mths = months,
    mos = months, wk = week, wks = weeks, info = information
    """
)
_ENDINGS = tuple(table("n't = not, 're = are, 've = have, 'll = will, 'd = would, 'm = am").items())
_IS_AFTER = words(
    """
    it that what there he she who here where how this everything everyone nobody nothing something
    """
)

_OFTEN_MISTYPED = ordered_words(
    """
    account accounts additional alternative alternatives annual annually billing budget cancel
    canceled canceling cancellation competitor competitors contract contracts customer customers
    department departments disappointed downgrade downgraded downgrading employees enterprise expand
    expanding expansion export feature features frustrated frustrating functionality getting
    implement implementation improvement integrate integration integrations invoice leaving license
    licenses migrate migrating migration newsletter onboard onboarding option organization platform premium
    pricing procurement professional provider quarterly recommend registration registrations refund
    renewal renewals renewed
    renewing replace restaurant service setting signed started subscribe subscription subscriptions
    support switch switched switching terminate training upgrade upgraded upgrading unsubscribe
    vendor workspace yearly
    """
)
_REAL_WORDS = words(
    """
    accounted annul billings cancels canceler cancer contact contacts contracted contrast expend
    expands expanded upgrades features featured feathers importing invoices invoiced leaning
    learning leading heaving weaving licensed licensee migrated migrates options potion optional
    adoption getting setting settings letting betting netting petting platforms premiums prices
    prising providers provided provides replaced replaces services serviced stared stated starred
    supports supported switches vendors yearly training straining raining trainings refunds refunded
    recommends recommended renewable exports expert experts expect subscribed subscriber subscribes
    signal singed started starter onboarded budgets terminated terminates exporter supporter
    improvements implements implemented integrated integrates quarter
    """
)
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_REMEMBERED_WORDS = 16_384
"""People say most things in a few thousand words; a word is no longer than a clause."""
_LONG_ENOUGH_TO_GUESS = 6
"""Shorter words have too many real neighbours for a one-letter slip to be told from another word."""


@cache
def _slips() -> dict[str, str]:
    """Each one-letter slip (not in the first letter) of a word that matters, to the word meant."""
    known = set(_OFTEN_MISTYPED) | _REAL_WORDS
    slips: dict[str, str] = {}
    for word in _OFTEN_MISTYPED:
        if len(word) < _LONG_ENOUGH_TO_GUESS:
            continue
        slips.setdefault(word[1] + word[0] + word[2:], word)
        for at in range(1, len(word) + 1):
            head, tail = word[:at], word[at:]
            variants = [head + letter + tail for letter in _ALPHABET]
            if tail:
                variants.append(head + tail[1:])
                variants.extend(head + letter + tail[1:] for letter in _ALPHABET)
                variants.append(head + tail[1:2] + tail[:1] + tail[2:])
            for variant in variants:
                if variant not in known:
                    slips.setdefault(variant, word)
    return slips


@cache
def _table() -> dict[str, str]:
    return {**_slips(), **_SPELLINGS}


@lru_cache(maxsize=_REMEMBERED_WORDS)
def normalised(word: str) -> str:
    """The normal form of one WORD match: lower case, contractions opened, slips mended; may hold spaces."""
    lowered = word.lower()
    known = _table().get(lowered)
    if known is not None:
        return known
    if lowered.isalnum():
        return lowered
    return _opened(lowered)


def _opened(lowered: str) -> str:
    plain = lowered.translate(_APOSTROPHES)
    known = _table().get(plain)
    if known is not None:
        return known
    for ending, opened in _ENDINGS:
        if plain.endswith(ending):
            return f"{plain.removesuffix(ending)} {opened}".replace("'", "")
    if plain.endswith("'s"):
        stem = plain.removesuffix("'s").replace("'", "")
        return f"{stem} is" if stem in _IS_AFTER else stem
    return plain.replace("'", "")
