"""Phrases that tell of a mood although no single word of theirs carries it."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

_GRIEVANCE = Cue(
    "grievance",
    1.0,
    phrase_lines(
        """
        still not|no|waiting|broken|have_not|nobody|nothing|the_same|happening
        not|never|no_longer ..2 work|working|works|help|helpful|helps|acceptable|impressed|happy|
            satisfied|fixed|answered|responding
        does|do|did not work|help|answer
        not ..2 what i|we ..2 expected|promised|ordered|asked|paid
        no answer|reply|response|one_replies|luck
        third|fourth|fifth|second|nth time|day|week|month
        keep|keeps happening|crashing|failing|getting|sending|asking|breaking
        every time i|we
        waste of|my
        how hard
        have been waiting
        waiting for|since ..2 days|weeks|hours|months|week|month|ages|two|three|four|five
        again the same
        failed|broken|crashed|down again
        asked|told|reported|explained ..3 twice|times|again|already|before
        lost ..3 work|data|hours|money|customer|day|trust
        charged ..2 twice|double
        fed up|with
        sick|tired of
        last straw
        let down
        slap in the face
        made ..2 worse
        used to be good|better|great
        expected better|more
        why does this|it keep
        why is this|it ..2 so
        should not have to
        cost us
        hate it|this|that|the|how
        never again
        thanks for nothing
        in circles
        talk|speak to a human
        without fixing|asking|telling|any
        non stop
        only thing missing
        wish i|we had never
        do|would not recommend
        stay away
        not worth
        money back
        """
    ),
)
_DELIGHT = Cue(
    "delight",
    1.0,
    phrase_lines(
        """
        works|working|worked|runs like_a_charm|perfectly|great|well|smoothly|beautifully|fine_now|flawlessly
        that|it worked|helped|solved|fixed
        exactly what i|we
        thank you so|very much
        thanks so|a_lot|a_million|a_ton
        thanks again
        can|could not imagine|be_happier|have_done|ask_for|live_without
        no complaints
        keep up the
        well done
        nice one|work|job
        good|great|amazing|awesome|fantastic|excellent job|work|stuff|news|support|service|tool|product|
            experience|quality|value
        love|loving it|this|the|your|that|how|you
        highly recommend|recommended
        would|will|definitely recommend|recommended
        recommended you
        saves|saved me|us|my|our
        above and beyond
        you rock|guys_rock|folks_rock
        so much easier|better|faster
        best ..4 ever|used|had|have|seen
        so happy|glad|pleased|grateful
        really|very happy|pleased|appreciate|appreciated|impressed|helpful|good|nice|well
        not bad
        no problem|issues|problems with
        glad|happy we|i|that|with|to_have|it
        five|5 stars
        it just works
        kudos
        lifesaver
        """
    ),
)
_SARCASM = Cue(
    "sarcasm",
    1.0,
    phrase_lines(
        """
        thanks for nothing
        great|wonderful|nice|lovely|perfect|fantastic|brilliant|awesome ..1 another|
            yet_another ..2 outage|bug|
            error|crash|problem|issue|delay|failure|ticket
        oh great|wonderful|nice|lovely|perfect|fantastic|brilliant|joy the|another|it|now|my|our|again
        yeah right
        what a joke
        so much for
        for once
        """
    ),
)
_HYPOTHETICAL = Cue(
    "hypothetical",
    1.0,
    phrase_lines(
        """
        would|could|might be|make|love|like|appreciate
        wish|hope|hoping|unless
        if|whether it|you|there|i|we|this|someone|anyone
        should be|have|be_able
        """
    ),
)
_THANKS = Cue("thanks", 1.0, phrase_lines("thanks\nthank you\nmany thanks\ncheers\nappreciate it"))

MOOD_CUES = (_GRIEVANCE, _DELIGHT, _SARCASM, _HYPOTHETICAL, _THANKS)
"""All of them, by name: "still waiting" is a grievance, "works like a charm" a delight."""
