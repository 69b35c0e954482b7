"""More product: the ways to ask for a higher plan or something sold on top, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

BUYING_UP = (
    Cue(
        "plan_above",
        2.8,
        phrase_lines(
            """
            next|one|a size|level|step|tier|grade up
            going|go|move|moving|step up a|one|to_the_next tier|level|plan|size
            what|which ..1 plan|tier|package|edition|level|size ..1 comes after|above|next
            what comes after|above|next that|this|ours
            which|what edition|plan|tier|package|version|level ..3 need|needed|required|get|gives|has|include
            ready|time ..3 go|pay paid|for
            go|going|went paid
            switch|move|put|take|upgrade ..2 us|me|our_account to|on|onto ..2 tier|plan|package|<upper>|
                business
            move|moving|go|going|switch|switching|upgrade to business|team
            what|how ..4 business|team ..2 cost|price
            business|team|enterprise|premium plan|tier|level|edition ..5 cost|price|include|includes|get
            said|agreed|approved|yes ..2 to|for ..2 <upper>|business|upgrade|package|bigger
            agreed|approved to the bigger|higher|larger|next
            what ..3 get|gain ..2 on|with|from|in business|team|<upper>|it
            moving|switching to|up ..3 give|get|cost|bring|include
            plan|tier|package without ..2 cap|limit|limits|ceiling
            superior|higher ..1 plan
            """
        ),
        family="upgrade",
    ),
    Cue(
        "sold_on_top",
        2.8,
        phrase_lines(
            """
            sell|offer|have|charge ..5 on top|separately
            is|are ..4 extra|an_extra|included|part_of_our|in_our_plan $|or|and|we
            would|does|do ..4 cost|be|is extra
            paid|chargeable extra|add_on|option
            put|add|adding|added|include ..3 it|that|this|them on|to ..3 plan|bill|invoice|account|
                subscription|
                tab|package|contract
            on the|our|my next bill|invoice
            activate|turn_on|switch_on|enable|unlock|buy|order|book ..3 module|pack|add_on|addon|assistant|
                suite|
                channel|extension|feature
            turn|switch on|it_on ..4 module|pack|assistant|for_us
            unlock|unlocking it|this|that|them|the
            locked on|in|for|behind
            not|is part|included of|in ..2 plan|package|tier|subscription
            not|is ..1 on|in|with <our> plan|package|tier|subscription
            trial|test|demo of ..3 add_on|module|premium|analytics|reporting|assistant|feature|suite
            get|have|start|try|try_out a|the? trial
            want|like|take|buy ..2 whole|full|complete|entire suite|package|bundle|product
            ready for the ..6 you|next
            saw|read|heard ..8 want|like|interested ..2 add|it|try|trial|price|cost
            own domain|branding|logo ..6 cost|price|much|plan|extra
            how much|what ..6 own domain|branding|white
            pay|paying ..1 for ..1 faster|dedicated|premium|priority|better|quicker ..2 response|support|
                service|
                times
            price|cost ..2 per|a head|seat|user ..6 saml|sso|hipaa|api|enterprise
            does|do|is ..4 saml|sso|hipaa|api_access|audit_log
            what would|will|does it|that ..1 run|cost|set us|me|back
            """
        ),
        family="want",
    ),
    Cue(
        "at_the_ceiling",
        2.8,
        phrase_lines(
            """
            bump*|hitting|run|running|reach* ..3 ceiling|cap|maximum
            # ..2 not|no|is_not ..1 enough
            not enough any_more|anymore|any_longer|for_us
            storage|space|quota ..3 full|used_up|nearly|almost|running_out
            what|which|how ..4 buy|get|have more storage|space|credits|contacts
            """
        ),
        family="limits",
    ),
    Cue(
        "leaving_terms",
        -2.6,
        phrase_lines(
            """
            notice period|required|needed|of
            how much notice
            stop|stopping|end|ending|leave|leaving|cancel|canceling ..3 early|before_the|before
            term ..2 finish|end|is_up
            """
        ),
        whole_message=True,
    ),
    Cue(
        "own_machines",
        -4.0,
        phrase_lines(
            """
            upgrade|upgraded|upgrading|upgrades ..8 phones|phone|tablet|tablets|handset|handsets|computer|
                computers|laptops|machine|machines|device|devices|browsers|printer|printers|scanner|scanners|
                kernel|cluster|database|databases|postgresql|mysql|framework|dependency|dependencies|
                hardware|firmware|os|ios|android|windows|macos
            phone|phones|tablet|tablets|laptop|laptops|device|devices|computer|computers|browser|server|
                servers ..3 upgrade|upgraded|upgrades|upgrading
            """
        ),
    ),
    Cue(
        "another_sale",
        -3.5,
        phrase_lines(
            """
            raise|write|send|make a|the quote for
            take ..3 off our|the bill|invoice
            never ordered|bought|asked
            security|vendor questionnaire
            subscription|contract ends|expires|runs
            our own ..1 app|shop|customers
            weekend|garden|house|room|rooms|sea
            ^ ready to ..1 upgrade <our>? ..1 garden|home|life|style|business|car|kitchen|bathroom
            ask us about|for
            """
        ),
    ),
)
