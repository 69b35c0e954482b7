"""Notice in the words of a contract: ending, not renewing, going down to nothing, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

LEAVING_GROUPS = {
    "end": """cancel canceling cancels canceled terminate terminating end ending close closing
        discontinue discontinuing deactivate
        deactivating stop stopping delete deleting shut_down shutting_down quit quitting unsubscribe_from
        disconnect
        disconnecting disable disabling inactivate removing erasing terminated wind_down wind_up
        winding_down remove erase drop dropping give_up""",
    "thing": """meeting call appointment order orders booking bookings reservation event flight delivery
        purchase invoice job report
        reports campaign import export upload newsletter newsletters ticket tickets ride transfer payment
        transaction shipment task
        process scheduled webinar demo session reminder conversation chat message messages request draft
        drafts user contact
        contacts column webhook integration notifications sync summary top_up direct_debit standing_order""",
    "exit": "cancellation termination exit offboarding closure",
}

ENDING = (
    Cue(
        "end_the_deal",
        4.0,
        phrase_lines(
            """
            <end> <our>|a|an|everything ..3 <deal>
            <end> ..2 <deal>
            <deal> deletion|deletions|removal|closure|closing|termination
            deletion|removal|closure|closing|cancellation|termination of ..3 <deal>
            like|want|need to remove|delete|close it|them $
            <deal> ..2 canceled|terminated|closed|deactivated|discontinued|deleted
            cancel|terminate ..4 licenses|subscription|membership|contract|policy|plan|agreement
            unsubscribe from <our> ..1 <deal>
            get_rid of ..2 <deal>
            get rid of ..2 <deal>
            delete everything|my_data
            end ..1 relationship
            close it out
            """
        ),
        family="end",
    ),
    Cue(
        "want_to_cancel",
        3.5,
        phrase_lines(
            """
            want|wants|wanting|need|like|have|decided|going|plan|planning|intend|wish|ready|how|steps|
                told_me|asked to cancel|terminate $
            want|wants|wanting|need|like|have|decided|going|plan|intend|how|told_me|told_us to cancel|
                terminate everything|now|soon|because|as|since|at|effective|unless|by|before|from|with|
                after
            how|where ..3 i|we cancel|quit|terminate|unsubscribe $
            ^ please? cancel|terminate $
            ^ please? cancel|terminate everything|immediately|now|soon|me|us
            cancel|terminate it|everything ..2 refund|money
            consider this ..2 cancellation|notice|termination
            <exit> request
            request ..2 <exit>
            want|like to leave|quit|exit
            we|i are|am terminating|canceling
            """
        ),
        family="end",
    ),
    Cue(
        "cancel_it",
        2.0,
        phrase_lines(
            """
            cancel|terminate|close|delete|end|stop it|this
            canceling|terminating it|this
            """
        ),
        family="end",
    ),
    Cue(
        "deal_named",
        1.2,
        phrase_lines("subscription|membership|account|plan|contract|policy|renew|renewal"),
        whole_message=True,
    ),
    Cue(
        "exit_matter",
        3.0,
        phrase_lines(
            """
            <exit> fee|fees|penalty|penalties|charge|charges|form|process|procedure|policy|cost|email
            early <exit>
            fee|fees|penalty|charge|charges|charged|pay ..3 cancel|canceling|terminate|terminating|<exit>
            <exit> of <our> ..2 <deal>
            <deal> <exit>
            cancellation of order|orderform|order_form|all|the_contract
            where ..3 cancel button|option|link|page
            out of <our> ..1 contract|deal|agreement|plan
            how much notice
            give|giving ..2 notice
            notice of termination|cancellation|nonrenewal|non
            formal ..2 notice|termination|cancellation
            offboarding
            process ..2 cancellation
            """
        ),
        family="end",
    ),
    Cue(
        "not_renewing",
        4.0,
        phrase_lines(
            """
            not renew|renewing
            not be renewing|continuing|extending|prolonging|staying|signing
            not|never extend|prolong|prolonging|extending ..2 <deal>
            not continue|continuing ..1 with|using|our|the|after|past|beyond|next
            not|against to? renew|continue|extend|proceed
            decided|chosen|opted against
            not intend|plan|going|want to stay|renew|continue|remain
            not ..2 be customers|customer
            <deal>|it run out|lapse|expire and not
            let ..3 <deal> run_out|lapse|expire
            not ..1 sign again
            do not ..1 renew us|me|it|my|our
            """
        ),
        family="end",
    ),
    Cue(
        "going_elsewhere",
        4.0,
        phrase_lines(
            """
            switch*|move|moving|moved|migrate|migrating|migrated|go|going|gone|change|changing|
                transition* ..2 to|with <our>|a|an? <other> ..2 <vendor>
            go|going|went|gone|signed|sign with|for <other> ..2 <vendor>
            going|gone|signed|went with a|an|your? competitor|competitors|rival|someone|somebody|rivals
            switch*|move|moving|migrate|migrating|go|going|off|over ..2 to <rival>
            switch*|mov*|migrat*|go|going ..2 to a|your|the competitor|competitors|rival|competition
            chose|chosen|selected|picked|choosing ..1 <other> ..1 <vendor>
            replaced|replacing you|your|it|this with
            replaced you
            business elsewhere
            signed ..3 one of your rivals|competitors
            migration to another|a|our ..1 <vendor> ..2 complete|done|finished
            moved|migrated ..3 my|our|all ..2 stuff|data|everything ..1 to
            one of your rivals
            switch*|mov*|chang* ..2 providers|carriers|vendors|banks|companies
            """
        ),
    ),
    Cue(
        "leaving",
        3.5,
        phrase_lines(
            """
            leaving you|your|the|this ..1 platform|service|product|end|us
            we|i are|am|will leaving $
            we|i will|are|am be? leaving at|by|end|in|you|your|after|next|this|as
            last|final day|month|invoice|bill ..2 with you|us|and
            part|parting ways
            pull|pulling the plug
            we are|am out $
            say|saying goodbye
            get|getting ..2 history|data out
            wind|winding ..1 down|up ..3 account|use|workspace|contract
            did|does not make the cut
            i am|we done $
            shut|shutting down ..2 company|business|account
            want out
            """
        ),
        family="going",
    ),
    Cue(
        "stop_paying",
        3.5,
        phrase_lines(
            """
            stop|quit|cease ..1 billing|charging|my_subscription|payments
            stop|keep ..3 from charging|billing me|us
            not charge|bill|charging|billing ..1 me|us again|anymore|any_more|next|after
            remove ..4 credit|payment card|method and quit|cancel|leave
            before it charges|renews|bills
            opt|opting out of ..2 auto|automatic|renewal
            """
        ),
        family="end",
    ),
    Cue(
        "no_longer_wanted",
        3.5,
        phrase_lines(
            """
            no longer|not need|require|want|using|use|be_using|needing|wanting|interested|wish|
                needed ..4 <deal>|anymore|any_more|any_longer
            no longer need|require|want this|it|your|you
            no longer want to be
            discontinue|stop|end|cease|ceasing ..2 using|use ..2 you|your|platform|product|service|
                software|tool
            stopped|quit using you|your
            do|does not need|want ..2 <deal> ..1 anymore|any_more|any_longer|now
            """
        ),
    ),
    Cue(
        "downgrade",
        3.0,
        phrase_lines(
            """
            downgrade|downgrading ..5 free|freemium|basic|standard|lower|plan|account|tier|starter|
                cheaper|smaller|subscription
            switch|switching|move|go|change|changing|back ..4 to the|a|my? free|freemium|basic|standard|
                cheaper|lower ..1 plan|account|tier|version|profile|subscription
            """
        ),
    ),
    Cue(
        "hedged",
        -3.0,
        phrase_lines(
            """
            may|might|could ..1 have_to|need_to|be_forced_to|want_to|well? <end>|switch|leave|move|go|
                look|change
            consider|considering|considered|thinking|thought|tempted ..4 <end>|switching|leaving|moving|
                changing|switch|leave|move|going
            if|unless ..8 will|would|may|might|am|are ..3 <end>|leaving|leave|switch|switching|move|
                moving|go|going
            wondering|unsure ..2 whether|if
            """
        ),
    ),
    Cue(
        "regret",
        0.7,
        phrase_lines("unfortunately\nregrettably\nsadly\nregret\nafraid"),
        whole_message=True,
    ),
    Cue(
        "speaks_of_ending",
        1.2,
        phrase_lines(
            """
            cancel|stop|end|ending|close|leave|quit|terminate|goodbye|cancellation
            done|finished|over with|here
            no longer|more
            not ..2 need|renew|continue|carry_on|go_ahead|stay
            elsewhere|instead
            last|final
            """
        ),
        hint=True,
        family="hint",
    ),
)
