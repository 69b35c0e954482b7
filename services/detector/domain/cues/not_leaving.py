"""What is ended, weighed or complained of, and is no leaving: meetings, orders, customers of the writer."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines
from services.detector.domain.vocabulary import FAULT, THIRD_PARTY

NOT_LEAVING = (
    Cue(
        "other_object",
        -4.0,
        phrase_lines(
            """
            <end> ..2 <thing>
            cancellation|termination of an|the|my|our appointment|meeting|event|booking
            form|made with your
            dashboard|formula
            <thing> cancellation
            newsletter|mailing
            renew|renewing ..2 certificate|certificates|domain|token|passport
            canceled events|event|order|orders|bookings|appointments
            connection|session ..2 terminated|ends|ended|closed
            """
        ),
    ),
    Cue(
        "money_on_its_way",
        -3.0,
        phrase_lines(
            """
            transfer|transaction|payment|purchase|withdrawal|deposit ..2 i ..2 made|sent|did
            transfer|transaction|payment|purchase|withdrawal ..4 canceled|stopped|reverted|reversed|undone
            <end>|stop|revert|reverse|undo ..3 transfer|transaction|payment|purchase|withdrawal
            sent ..6 wrong account|person|number|amount|man|woman
            to the wrong
            before it|this goes|went|gets through
            """
        ),
        whole_message=True,
    ),
    Cue(
        "stolen_or_lost",
        -3.0,
        phrase_lines(
            """
            hacked|stolen|compromised|phished|pickpocketed|mugged|robbed
            lost my ..2 wallet|phone|card|bag|purse|sim
            phone|card|wallet|bag|purse ..3 taken|lost|gone|missing
            charges|payments|transactions|withdrawals ..4 not make|recognize|recognise|mine|authorize
            fraud|fraudulent|fraudster|scam|scammed|scammer
            so no one|nobody uses|can
            """
        ),
        whole_message=True,
    ),
    Cue(
        "not_leaving",
        -5.0,
        phrase_lines(
            """
            end|ended|ending|ends up
            stop by|in
            not canceling|leaving|quitting|terminating|churning|losing
            not|never want|wanting|going|planning|intend|intending|looking|asking|trying|about|plan|
                wish to <end>|leave|churn|switch
            never <end>|leave|look|looked
            no intention|plans|plan of|to canceling|leaving|cancel|leave
            do not cancel|close|delete|terminate
            glad|happy we|i found|switched|moved
            not losing us
            """
        ),
    ),
    Cue(
        "past_vendor",
        -4.0,
        phrase_lines(
            """
            <our> previous|old|former|last|prior <vendor>|agency
            contract|agreement|subscription|account|plan|policy with our|my|a|an|another
            to you last|this|in|from|and|a
            switched|moved|migrated|came|changed ..4 to you|yours
            left ..2 for you
            we|i come|came from there|<rival>
            import|migrate|migration from
            used to <end>
            """
        ),
    ),
    Cue(
        "other_account",
        -3.0,
        phrase_lines(
            """
            test|demo|duplicate|dummy|staging|sandbox account|workspace|data|user
            account|user named|called
            email|mail|bank|facebook|google|twitter|user account
            users|user who left|quit
            colleague|coworker|he|she ..1 leaving|left
            replies|reply|answer in my place
            leaving for holiday|vacation|lunch|today
            leave ..3 feedback|review|comment|note|opinion|complaint|claim|rating
            """
        ),
    ),
    THIRD_PARTY,
    FAULT,
)
