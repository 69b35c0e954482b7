"""Who is leaving or may leave: notice given outright, and risk between the lines, kept apart.

Explicit: ends, or asks how to end, the paid relationship. Implied: weighs alternatives, doubts the
value, cannot or will not pay, stopped using it, is at the end of their patience. Cancelling a meeting,
an order or a newsletter is neither, and so is what the writer's own customers cancel.
"""

from __future__ import annotations

from services.detector.domain.answers import answers, doubts, offers
from services.detector.domain.cues.departing import DEPARTING
from services.detector.domain.cues.doubting import DOUBTING
from services.detector.domain.cues.hesitating import HESITATING
from services.detector.domain.cues.leaving import LEAVING
from services.detector.domain.detector import Parameters
from services.detector.domain.finding import Kind
from services.detector.domain.lexical import LexicalDetector, Voice
from services.detector.domain.rules import Calibration, Cue, RuleBook
from services.detector.domain.text.phrases import phrase_lines
from services.detector.domain.vocabulary import FAULT, GROUPS, THIRD_PARTY

NAME = "churn_risk"
VERSION = "9"

_GROUPS = {
    **GROUPS,
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

_NOT_THIS = (
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

_EXPLICIT = (
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
    *LEAVING,
    *DEPARTING,
    *_NOT_THIS,
)

_IMPLIED = (
    Cue(
        "alternatives",
        3.0,
        phrase_lines(
            """
            look|looking|compar*|evaluat*|explor*|consider*|test*|trying|assess*|weigh*|shop*|
                research* ..4 alternative|alternatives|competitor|competitors|competition
            look|looking|compar*|evaluat*|explor*|consider*|test*|trying|assess*|weigh*|
                demo* ..2 <other> ..1 <vendor>|options|offers|helpdesk|quotes
            look|looking at|into ..2 other|different|alternative ..1 <vendor>|options
            look|looking|go|going|shop|shopping elsewhere|around
            consider*|think*|thought|tempted ..3 switching|canceling|changing_to|cancel|switch|
                leaving_you|moving_away|moving_on
            consider*|think*|thought ..1 leaving|moving|canceling|closing|ending|terminating ..6 account|
                subscription|contract|service|plan|membership|it|$
            consider*|think*|thought ..1 leaving|moving $
            competitor|competitors|<rival>|rival|someone_else|somebody_else|others ..3 offer|offers|
                offered|offering|cheaper|quoted|impressed
            competitor|competitors|<rival>|rival ..3 same|built|better
            competitors ..6 impressed
            one of your competitors
            better|cheaper|lower offer|deal|price|rate|quote|rates ..2 from|elsewhere|with|at|than
            got|found|received ..3 better|cheaper ..1 offer|deal|price|quote|option
            go|going|move|switch ..1 to your competition|competitor|competitors|rival
            parent|new ..5 wants ..3 on <rival>
            used|prefers a different|another tool|system|vendor|provider|product
            """
        ),
        family="alternatives",
    ),
    Cue(
        "value",
        2.6,
        phrase_lines(
            """
            not|hardly|barely|never|no ..4 value|roi|benefit|justify|justified|paying_for
            not ..2 worth the|it|our|what|paying|that|keeping
            question*|justify|justifying|defending|defend ..4 cost|costs|expense|price|investment|spend|
                spending|it_to|you_internally|roi|this
            why ..2 i|we|am|are pay|paying|keep ..1 for|paying ..1 this|you|it|that $
            not ..2 getting|seeing ..2 value|enough|worth|results|return
            value for ..2 money|pay|spend|price
            waste of money|time
            convinced ..2 roi|value
            could do without
            do|does not ..2 see|know why ..4 stay|keep|pay
            more work than
            expected more|better
            not what i|we expected|signed|paid|was_promised
            """
        ),
    ),
    Cue(
        "price",
        2.4,
        phrase_lines(
            """
            too|very|so|really expensive|pricey|costly|steep
            too much money|to_pay|for_what|per_month|a_month
            not|no_longer ..2 afford <our>|it|you|this
            price|prices|pricing|rate|cost ..2 increase|increases|hike|hikes|went_up|gone_up|jump|doubled
            raised|raising|raise|increased|increasing|hiked ..3 price|prices|rates|fee|fees|bill
            half the price
            all ..2 data in a format
            price|prices|pricing ..2 no_longer|stays|out_of|not ..2 works|work|like|reach|sustainable|
                competitive
            budget ..7 cut|cuts|slashed|reduced|gone|frozen|tight|halved|shrunk
            cut|reduce|reducing|cutting|save|saving|trim ..4 costs|spend|spending|budget|expenses
            smaller|cheaper|lower ..1 plan|option|package|tier
            price|pricing|bill|fee ..2 too high|much
            overpriced
            ridiculous ..2 price|amount|fee
            """
        ),
    ),
    Cue(
        "disuse",
        2.6,
        phrase_lines(
            """
            nobody|no_one|hardly|hardly_anyone|barely|rarely|noone ..6 use|uses|using|used|log|logs|
                logged|login|logging|touched|opens
            not using|used|use it|this|you|your|the ..3 much|enough|as|anymore|any_more|often|at_all
            usage|adoption|engagement|logins ..4 dropped|down|low|poor|slow|fell|declining|never|weak|
                disappointing|struggl*
            adoption never
            went|going|go|gone back to the|our ..1 old|spreadsheets|excel
            back to|on spreadsheets|excel|the_old|our_old|email|paper|manual
            seats|licenses|half|most ..4 unused|idle|empty
            not logged ..1 in
            not ..2 use ..3 anymore|any_more|any_longer
            gathering dust
            """
        ),
    ),
    Cue(
        "displeased",
        1.5,
        phrase_lines(
            """
            disappointed|disappointing|disappointment|frustrated|frustrating|unacceptable|ridiculous|
                terrible|awful|horrible|worst|unhappy|dissatisfied|appalling|useless|joke
            fed up
            let down
            losing|lost patience|faith|trust|confidence
            last straw|chance|warning
            had enough
            sick|tired of
            not happy|satisfied|acceptable|impressed|pleased with|about|at_all|for|and|$
            nobody ..6 cares
            running out of patience|arguments
            not the service|level|quality
            not ..2 keep recommending
            """
        ),
        family="displeased",
    ),
    Cue(
        "end_of_patience",
        1.6,
        phrase_lines(
            """
            last straw
            last|final chance|warning
            losing|lost|out_of patience
            running out of patience|arguments
            fed up
            had enough
            not the service we|i signed|pay
            not ..2 keep recommending
            """
        ),
    ),
    Cue(
        "again_and_again",
        1.0,
        phrase_lines(
            """
            third|fourth|fifth|second|nth|umpteenth time|outage|week|ticket|incident|month|bug
            again and again
            keeps happening|breaking|failing|crashing
            every release|update|week|day|time
            still no answer|reply|response|fix|solution
            #|two|three|four|five|several|many|multiple times|weeks|months|tickets|emails
            over a|# year|years|month|months
            for weeks|months|ages
            asked|reported|complained ..3 twice|times|before|already|again
            """
        ),
        whole_message=True,
    ),
    Cue(
        "ultimatum",
        3.0,
        phrase_lines(
            """
            if|unless ..8 we|i ..1 will|would|may|might|am|are have_to|need_to|be_forced|consider|
                considering|look|looking|leave|leaving|cancel|canceling|switch|switching|move|reconsider|
                gone
            if ..4 not|never ..1 fixed|resolved|solved|sorted|improved|improve|addressed|change ..8 will|
                would|may|might|going|have|am|are
            if ..1 stays|continues|keeps ..8 not|leave|look|cancel|switch
            if ..2 can not ..6 considering|consider|leaving|moving|cancel|leave|switch
            if|unless ..6 have to look|leave|cancel|reconsider|move|find|go|switch
            or ..1 i|we ..2 leave|cancel|go|switch|look|walk|are_out
            why ..1 i|we should|would not? stay|leave|keep|remain|go|switch
            may|might|could need|have to reconsider|rethink|look|leave|cancel|move|switch|go|find|change
            may|might|could switch|leave|cancel|move|look|go ..2 to|elsewhere|another|our
            """
        ),
    ),
    Cue(
        "reconsidering",
        3.0,
        phrase_lines(
            """
            reconsider*|rethink*|reevaluat*|re_evaluat*|reassess* ..4 <deal>|relationship|options|you|
                whether|our|using|partnership|vendor|vendors|choice
            on the fence
            second thoughts
            not sure|certain|convinced ..4 stay|staying|keep|continue|continuing|renew|right|fit|getting
            whether ..2 to|we|i ..1 keep|stay|continue|renew|leave|picked|made|chose
            if we should ..1 keep|stay|continue|renew|leave
            do not see us|me|ourselves staying|continuing|renewing
            under review
            whether|wonder|wondering|wonders|doubt|not ..5 right vendor|choice|tool|product|decision
            what ..3 happen|happens ..4 not continue|leave|left|cancel|canceled|stopped|end
            seriously questioning
            """
        ),
    ),
    Cue(
        "shrinking",
        2.6,
        phrase_lines(
            """
            pause|pausing|suspend|freeze|hold ..3 subscription|account|plan|billing|contract|membership
            reduce|drop|dropping|fewer|cut|remove|lower|decrease|less ..4 seats|licenses
            layoffs|redundancies|downsizing|downsized|let_go
            laid off
            only need|a ..3 third|half|fraction|quarter of
            gets|being|is wound down
            since ..2 merger|acquisition
            hiring freeze
            """
        ),
    ),
    Cue(
        "champion_gone",
        2.6,
        phrase_lines(
            """
            championed ..6 leaving|left
            i am leaving|moving_on|departing ..4 company|job|role|firm|organization
            <our> new ..2 vp|cto|ceo|cfo|cio|coo|head|director|boss|manager|lead|leadership ..4 used|
                prefers|wants|likes|favors|puts
            my|our last day at|here|in
            """
        ),
    ),
    Cue(
        "no_fit",
        2.4,
        phrase_lines(
            """
            does|do|is|are|did not ..2 fit|suit|meet|working ..2 how|for|our|my|us|needs|expectations
            not the? right tool|product|fit|solution|platform
            not for us|me
            build|built|do|developed|develop ..2 ourselves|in_house|internally
            easier for us to build
            gap|gaps between
            not working|worked out for us
            """
        ),
    ),
    Cue(
        "way_out",
        2.2,
        phrase_lines(
            """
            locked in
            lock in period
            exit clause
            contract break|breaks
            refund ..6 not use|month|months|year|remaining|unused|subscription|annual
            export|download|extract|backup ..1 all|our|my ..2 data|history|everything ..4 format|other|
                leave|move|another|before
            how ..5 get|take ..3 data out
            minimum term|contract
            """
        ),
    ),
    Cue(
        "slow_support",
        1.2,
        phrase_lines(
            """
            still no answer|reply|response
            no answer|reply|response after|for|in
            response times
            never answer|reply|respond|hear|heard
            nobody|no_one answers|replies|responds|helps
            sent|passed from one
            basics do not
            breaks something
            """
        ),
        whole_message=True,
    ),
    Cue(
        "praise",
        -1.5,
        phrase_lines(
            """
            love|loving you|it|your|this
            best tool|software|product|service|decision
            saved me|us
            thanks to you
            all good|fine
            worth every
            works great|well|perfectly
            """
        ),
    ),
    Cue(
        "speaks_of_doubt",
        1.0,
        phrase_lines(
            """
            options|others|alternatives|compare|compared|comparing|comparison
            budget|cost_review|costs|savings
            decide|decision|deciding|undecided|unsure
            not ..2 used|using|use|sure|logged
            notice|fee|term|exit
            manager|management|board|director|finance ..4 ask|asks|asked|asking|wants|whether|if|questions
            export|archive|download ..4 everything|history|all|complete|whole
            """
        ),
        hint=True,
        family="hint",
    ),
    *DOUBTING,
    *HESITATING,
    *_NOT_THIS,
)


def create(parameters: Parameters | None = None) -> LexicalDetector:
    """The churn risk detector; README.md says how the calibration was found."""
    return LexicalDetector(
        name=NAME,
        version=VERSION,
        kind=Kind.CHURN_RISK,
        voices=(
            Voice(
                RuleBook(_EXPLICIT, _GROUPS),
                Calibration(slope=1.554, offset=-2.917),
                explicit=True,
                answers=answers(Kind.CHURN_RISK),
                offers=offers(Kind.CHURN_RISK),
            ),
            Voice(
                RuleBook(_IMPLIED, _GROUPS),
                Calibration(slope=0.885, offset=-1.481),
                explicit=False,
                answers=doubts(),
            ),
        ),
        parameters=parameters or Parameters(threshold=0.6),
    )
