"""English is told from other languages; a few words are too little to tell."""

from __future__ import annotations

import pytest

from services.detector.domain.text.language import guess_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Could you please help me with the invoice", "en"),
        ("Wir können die Rechnung nicht finden bitte helfen Sie", "other"),
        ("Je ne trouve pas la facture de mars", "other"),
        ("請問發票在哪裡 謝謝 您好 客服", "other"),
        ("где мой счет за март", "other"),
        ("ok danke", "unknown"),
        ("", "unknown"),
        ("error timeout gateway nginx upstream", "unknown"),
        ("Bitte Vertrag kündigen", "other"),
        ("No funciona nada, es un desastre", "other"),
        ("Necesitamos cancelar la suscripción cuanto antes", "other"),
        ("Queremos cancelar nossa assinatura imediatamente", "other"),
        ("Chceme zrušit naše předplatné", "other"),
        ("Aboneliğimizi iptal etmek istiyoruz", "other"),
        ("Haluamme peruuttaa tilauksemme heti", "other"),
        ("Ứng dụng bị lỗi từ sáng", "other"),
        ("Kami ingin membatalkan langganan kami", "other"),
        ("Cancel subscription for José Muñoz", "en"),
        ("cancel plan, office München Köln Zürich", "unknown"),
        ("naïve café résumé import broken", "unknown"),
        ("pls scrap tomorrows call, im ill", "unknown"),
        ("plus, per user?", "unknown"),
        ("um, per month?", "unknown"),
        ("200 per seat per month", "unknown"),
        ("200 per seat per year please", "en"),
        ("export gives ? for å ä ö", "en"),
    ],
)
def test_languages_are_told_apart(text: str, language: str) -> None:
    """Small words and scripts decide; neither means nobody knows."""
    assert guess_language([tuple(text.split())]) == language


def test_a_long_text_is_judged_by_its_beginning() -> None:
    """A pasted log after two hundred words changes nothing."""
    english = tuple(["the", "report", "is", "here"] * 60)
    assert guess_language([english, tuple(["der"] * 1_000)]) == "en"
