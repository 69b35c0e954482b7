"""Notice in plain speech: telling that one goes without the words of a contract, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

DEPARTING = (
    Cue(
        "everything_off",
        3.4,
        phrase_lines(
            """
            cancel|end|stop|close|terminate my|our|mine|ours ..3 sub|hosting|broadband|line|lines|landline|
                cover|card|box|donation|tenant|package|internet|phone|policy|policies|membership|insurance
            cancel|end|close|stop the lot|whole_thing|whole_lot
            cancel b4|before|from|as_of|effective|by|from_the ..3 charged|billed|#|first|renewal|midnight
            <deal>|tenant|key|plan|workspace|yours can|may|should|could ..1 be ..1 switched_off|ended|closed|
                revoked|canceled|deleted|shut
            you may|can ..1 close|delete|switch_off|shut|end|cancel our|my|the|it ..2 tenant|account|
                workspace|plan|instance|subscription|contract
            need|want|would_like ..3 have? it|them|account|contract|everything closed|ended|canceled|
                terminated|shut
            want|would_like|wish|need to end|stop|close ..5 cover|paying|phone|website|contract|account|card|
                line|policy
            close|closing|closed my|our ..1 account|accounts|card|workspace
            delete|erase|remove ..1 my|our ..2 account|profile|workspace ..3 and|everything|data|please|$
            confirmation ..2 closure|cancellation|termination
            break clause
            last day of ..1 service|contract|subscription
            final bill|invoice|settlement
            letter|address|form ..2 termination|cancellation
            termination|cancellation letter|notice
            port|porting out|code|pin
            pac code
            no follow up contract
            answer ..4 is ..1 no
            we|i pass on year|the|this|your|renewing|renewal
            here is my|our notice
            stop ..2 free trial before
            do not want|wish ..1 keep it|this|the|paying
            hand|give|giving in|over my|our notice
            """
        ),
        family="end",
    ),
    Cue(
        "gone_to_another",
        3.4,
        phrase_lines(
            """
            go|going|gone|went|going_to_go with them|her|him|the_other|the_others|another
            off to|moving_to another|<named>|the_other|a_different
            accepted ..3 another|other|their|a_competing offer
            standardised|standardized ..3 on|onto|with
            parent|board|group|management|headquarters|company|owner ..4 standardised|standardized|decided|
                chosen|moving|moves|wants ..6 another|own|different
            everyone|all|everything|us ..3 onto|on|to one|a_single|their|the_group ..2 platform|suite|system
            built|building ..1 our own ..4 went|live|replaces|instead|in_house
            has|have|using ..1 his|her|their|its own booking|system|helpdesk|platform|provider ..4 so
            need|needs ..1 no|not ..4 seats|licenses|account after|from|any_longer|any_more
            moving|going|taking ..2 in house
            migrat* away|off ..2 you|your|this|to
            sell|sold|selling my|our|the car|salon|business|shop|house|practice|company ..8 stop|end|cancel|
                close|not
            """
        ),
        family="going",
    ),
    Cue(
        "role_or_matter_ends",
        -3.4,
        phrase_lines(
            """
            leaving|left the company|team|department|firm|school on|in|next|this|last|to
            i am leaving ..2 company|team|firm
            last day here|at_work|in_the_office
            project|board|campaign|event|class|course|season|sprint|shift|trial_project ..2 ends|ended|
                is_over|finished|closes
            delete|remove|close|cancel the|this|that|one_of|a|an|old ..2 project|board|duplicate|ticket|event|
                booking|user|row|draft|post|comment|file|chat|order|request|appointment|workshop|call
            cancel ..3 workshop|training|kick_off|kickoff|call|class|lesson|lessons|room|table|taxi|ride|
                parcel|trip
            you can close this|it|the_ticket|the_case|my_ticket
            close|closing this|the|my ticket|chat|case|conversation|window|tab
            """
        ),
    ),
    Cue(
        "made_up",
        -5.0,
        phrase_lines(
            """
            sample|example of|for ..3 mail|message|letter|complaint|customer
            fictional|role_play|hypothetically|imaginary|fictitious
            training|course|workshop ..6 sample|example
            is this ..1 ok|fine|good|correct|realistic
            translate ..3 sentence|phrase|message
            """
        ),
        whole_message=True,
    ),
)
