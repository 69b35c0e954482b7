"""Whether a message is in English, by its commonest small words, its letters and its script.

The rules know English only. A message that is clearly in another language makes detectors abstain, and is
counted; a word or two ("ok", "danke") are too little to tell and are left to the rules, which will not match
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.text.wordlist import words

if TYPE_CHECKING:
    from collections.abc import Iterable

_ENGLISH = words(
    """
    the a an i you we it is are was were to of and in for on with that this have has had do does did
    not be been can could would will my our your me us they he she if at from by as so but or what
    how when where why there any all some no yes just like get got please thanks thank need want
    about up out am its it's i'm don't can't it's i've we're
    again since still only before after than then next now more very much many because into over
    their them these those which who ever never always
    """
)
_OTHER = words(
    """
    el los las una que de por para con está como pero muy más gracias hola le les des une est et je
    vous nous pas pour avec dans sur mais merci bonjour der die das und ist nicht ich wir sie ein
    eine mit für auf aber danke hallo kann het een van niet ik je voor dat il che di con non
    sono grazie ciao uma não com você obrigado olá da em é och att det som jag inte nie jest
    się na że dla ve bir bu için mi kvôli være ikke jeg og på til av hoe wir haben können sehr bitte
    quiero necesito cuenta nuestra nuestro factura puedo être compte abonnement notre votre

    es un nada esto desde cuando cuándo porque cuanto antes queremos necesitamos quisiera podrían funciona
    cancelar suscripción servicio ayuda buenos días estamos
    du au ce cette qui ne sont nos vos ont très bien depuis souhaitons voudrais serait pouvez résilier
    dem den zum zur bei es noch mehr leider möchten unser unsere unseren ihr ihre könnten
    kündigen vertrag vielen
    nosso nossa nossos seu muito mais gostaria gostaríamos preciso assinatura obrigada nada está
    lo gli della del nel nostro nostra molto siamo vorrei vorremmo potete potreste abbonamento buongiorno
    wij onze ons jullie graag kunnen maar ook weer naar bij geen alstublieft opzeggen abonnement zijn
    vi vill vår vårt våra kan ni inte längre för med är har ett vil gerne vores jeres kunne dere vår skal
    chcemy nasz nasze naszej proszę nas czy jak jest już nam dziękuję chceme naše prosím máme jsme není také
    istiyoruz istiyorum lütfen çok değil bizim merhaba teşekkürler olarak daha
    haluamme emme meidän olisi kiitos hei että tämä ole ei enää
    kami ingin tidak bisa dengan untuk yang saya mohon tolong terima kasih sudah
    tôi chúng muốn không của và cho được này
    vrem noastră nostru să nu este și sunt mulțumesc vă rog
    szeretnénk kérem nem köszönöm hogy egy van kell már
    """
)
"""Without words that English has too ("per", "plus", "um", "do", "met"): a price is made of little else."""
_LOANED = words(
    """
    café cafés naïve résumé résumés cliché clichés déjà façade fiancé fiancée décor protégé touché exposé
    über piñata jalapeño señor señora entrée soirée crème brûlée purée sauté rosé à matinée née
    """
)
"""English writes these with letters of other languages."""
_ENOUGH_WORDS = 4
"""Fewer words than this do not carry enough small words to tell that it is English..."""
_ENOUGH_SIGNS = 2
"""...and another language by so many of its words, where none is English."""
_LATIN_END = "\u024f"
"""Last letter of the Latin blocks that European languages use, but for Vietnamese."""
_VIETNAMESE = ("\u1ea0", "\u1ef9")
_READ_WORDS = 200
"""A language shows itself in the first few sentences."""


def guess_language(clauses: Iterable[tuple[str, ...]]) -> str:
    """`en`, `other`, or `unknown` when there is too little to go by. Takes the words clause by clause."""
    read: list[str] = []
    lettered = 0
    for clause in clauses:
        joined = " ".join(clause)
        if not joined.isascii():
            lettered += sum(map(_has_foreign_letters, clause))
        lowered = joined.lower().replace("\u2019", "'")
        read.extend([word for word in lowered.split() if word[0].isalpha()])
        if len(read) >= _READ_WORDS:
            break
    if read and max(read) > _LATIN_END:
        foreign_script = sum(_in_foreign_script(word[0]) for word in read)
        if foreign_script * 2 > len(read):
            return "other"
    english = sum(map(_ENGLISH.__contains__, read))
    # A word that is known and has such letters too is one sign; a single one with such letters may be a name.
    other = max(sum(map(_OTHER.__contains__, read)), lettered if lettered >= _ENOUGH_SIGNS else 0)
    if len(read) < _ENOUGH_WORDS:
        return "other" if not english and other >= _ENOUGH_SIGNS else "unknown"
    if other > english:
        return "other"
    return "en" if english else "unknown"


def _has_foreign_letters(word: str) -> bool:
    """Whether a word has letters that English lacks. Names do in English too, so a capital says nothing."""
    return (
        not word.isascii()
        and len(word) > 1
        and word[0].islower()
        and word.isalpha()
        and word not in _LOANED
        and any(
            "\u00df" <= letter <= _LATIN_END or _VIETNAMESE[0] <= letter <= _VIETNAMESE[1] for letter in word
        )
    )


def _in_foreign_script(letter: str) -> bool:
    return letter > _LATIN_END and not _VIETNAMESE[0] <= letter <= _VIETNAMESE[1]
