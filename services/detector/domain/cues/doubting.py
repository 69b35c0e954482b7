"""Risk between the lines: the ways in which a customer shows doubt without giving notice, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

DOUBTING = (
    Cue(
        "market",
        2.9,
        phrase_lines(
            """
            <many>|other|another ..1 companies|vendors|providers|suppliers|firms ..5 showing|show|showed|demo|
                demos|presenting|pitching|quoted|quotes|offers|gave|give
            <many> others ..4 showing|show|showed|demo|demos|presenting|pitching|quoted|quotes|gave|give
            put|putting|compare|line|set ..5 side by side
            running|run|issuing|preparing|going_out_to|out_to|put_out|through a? ..1 tender|rfp|rfi
            rfp|rfi
            call|invite|inviting for|to bids|bid|tender|offers
            what else|what ..4 on|in the market
            what|who else ..2 out there|around|available
            asking|looking|ask|shop|shopping around|elsewhere
            look|looking|searching ..3 other|different|alternative <vendor>|options|tools
            compar* ..4 with|to|against others|other|competitors|competition|<named>|yours
            vendors|providers|suppliers|offers ..2 compared|comparison|next_to_each_other
            looking|look|weighing|reviewing ..1 at|through? a|some|several|few|other|our|all|the ..1 options
            demo|demos|quote|quotes|offer|offers|proposal from|with ..1 others|another|competitor|competitors|
                <named>|two|three|other
            they gave|showed|sent ..3 demo|demos|quote|quotes|offer
            shortlist|short_list|short list
            <named> charge|charges|charged|cost|costs|offer|offers|quoted|price|prices
            another|other|different <vendor> ..4 offered|offers|offering|quoted|quotes|cheaper|less
            can|could|will you match|beat ..2 it|that|this|price|them|offer
            for ..2 third|half|quarter|lot|fraction less|of|cheaper
            they|them quoted|quote ..2 us|#
            prefer|prefers|preferring|like ..2 free|other|another|different app|tool|system|one|product
            """
        ),
        family="alternatives",
    ),
    Cue(
        "not_worth",
        2.6,
        phrase_lines(
            """
            not|hardly|barely ..4 money worth
            not|nor see|sees|seeing ..1 the point|sense|use|benefit of|in
            point of paying|keeping|having
            hard|harder|difficult|tough|impossible ..2 argue|justify|defend|explain|sell
            justify|justifies|prove|earn itself|its|their
            losing|lost the argument|battle|fight|debate
            defend|defending you|it|this|keeping|the|your
            without a? champion|sponsor|owner
            why we|they|one need|needs|have|pay both|two|for_both
            two|both systems|tools|products ..4 same
            everything|all|us on|onto|into|to one|a_single platform|system|suite|vendor|tool
            how much longer
            whether ..3 still ..3
            not sure|certain|convinced ..4 still ..1 need|needed|makes|make|worth|right|use|want
            makes|make sense ..4 size|us|anymore|any_more|any_longer
            not|nor ..2 doing|do|does the job|what
            not what i|we|it was|were sold|promised|told
            was|were|been sold something|a|the
            bought it for
            """
        ),
        family="value",
    ),
    Cue(
        "too_dear",
        2.5,
        phrase_lines(
            """
            price rise|rises|hike|hikes|jump|uplift
            <many>|another|third|second price rise|increase|hike
            get ..4 past|by|through <our>|the ..1 director|boss|board|cfo|finance|manager|owner|accountant|
                committee
            halve|half|cut|slash|trim|reduce|shrink|lower ..4 bill|bills|spend|budget|costs|software|tools
            least|minimum|lowest ..3 pay|paying|cost
            spending|budget|cost|hiring freeze
            money|cash|budget|budgets|times|things is|are ..1 tight|short|gone|frozen|tough
            at|for that|this|those|these ..1 price|prices|rate
            smallest|minimum|lowest|fewest ..2 of? ..1 seats|licenses|users|plan
            budget|savings|costs|cost ..2 exercise|program|round|measures
            costing|costs us more than
            quite a difference
            """
        ),
        family="price",
    ),
    Cue(
        "fewer_people",
        2.6,
        phrase_lines(
            """
            drop|reduce|cut|lower|shrink|come|go|scale ..1 down? from # ..2 to #
            hand|give|return|get_rid_of|lose|release ..4 seats|licenses|users ..2 back?
            only #|<many> ..1 people|of_us|users|staff ..2 ever|use|open|left|log
            only|just ..1 a? dozen|handful|few|couple|fraction ..4 use|used|in_use|log|open
            half|most|many|some|part of <our>|the|us|them ..3 never|hardly|rarely|do_not|stopped
            hardly|barely|rarely|seldom|scarcely|never ..2 touch|touches|touched|open|opens|look|looks
            drifted|slipped|fallen|reverted|slid|crept back to|into
            nobody|no_one|none ..6 knows|know|remembers ..3 how|what|to
            since ..2 left nobody|no_one|none
            # of|out_of <our>? # ..1 seats|licenses|users|people|accounts
            down|go ..2 to the? ..1 fewer|smaller|lower|cheaper
            """
        ),
        family="disuse",
    ),
    Cue(
        "wavering",
        2.6,
        phrase_lines(
            """
            if we|i ..2 decide|decided|choose|chose not
            if we|i ..2 decide|decided to leave|stop|end|move|go
            in case|if we|i ..1 ever|should|had_to move|leave|switch|go
            shorter|smaller|lighter commitment|term|contract|agreement|period
            do not know ..2 where|whether|if ..1 we ..4 be|still|need|keep|stay
            talk|talks|rumors|rumours|plans|thinking|discussion ..2 of|about building|moving|switching|
                replacing|dropping|canceling|leaving|consolidat*
            our own ..3 over|instead|version
            building|build|write|writing|develop|developing ..1 our own
            put|putting|place ..3 on hold|ice
            hate|sorry|sad|reluctant to leave|go|switch|cancel|lose
            not|never ..3 recommend|recommending that|we|staying|renewing|keeping
            gone|going|went downhill|backwards
            faith|trust|patience|goodwill ..8 used_up|gone|running_out|run_out|exhausted
            if|unless ..2 it|this|that|things|you|nothing ..1 not|is_not|are_not|changes ..8 pull|plug|walk|
                leave|tender|gone|alternative|alternatives|elsewhere|stop|end|quit|drop
            pull|pulling the plug
            start|open|run|put_out a tender
            start|starting|begin|have to? looking|look|asking|searching around|elsewhere|what|for_something
            one of them|the_two|these ..4 go
            reviewing|review|auditing|audit ..3 <our>|all ..3 suppliers|vendors|software|tools|subscriptions|
                contracts|spend
            taken|taking over as|from ..6
            used ..2 different|another ..3 in|at my|our ..1 last|previous|old
            contract owner|sponsor ..4 sure|know|leaving|left
            """
        ),
        family="reconsider",
    ),
    Cue(
        "exit_terms",
        3.0,
        phrase_lines(
            """
            <exit>|leaving|ending|canceling terms|conditions|clause|rules|policy|notice|fee|fees|penalty|
                charge|charges|cost|costs
            terms|conditions|rules|fee|fees|penalty|charge|cost for|of|to|on leaving|leave|ending|canceling|
                exit|cancellation|stopping|stop|getting_out
            how much|long|many ..2 notice
            notice ..4 required|needed|need|give|period
            stop|stopping|end|ending|leave|leaving|cancel|canceling|out ..3 early|before_the|before ..2 end|
                term
            everything|whole|entire|complete|full ..6 exportable|exported|downloaded|taken_out
            format|form ..2 other|others|another ..2 system|systems|tool|tools|software
            handover|hand_over|transfer of ..1 data
            data if we|i ..2 decide|leave|stop|cancel|go|end
            """
        ),
        family="exit",
    ),
    Cue(
        "not_about_us",
        -4.0,
        phrase_lines(
            """
            not you|yours|your_fault|your_prices|your_side
            nothing to do with you|your|yours
            price|prices|cost|costs of steel|metal|wood|timber|copper|fuel|diesel|petrol|gas|electricity|
                energy|power|rent|materials|food|flour|eggs|milk|paper|parts|labor|freight|feed|seed|insurance
            steel|metal|wood|timber|copper|fuel|diesel|petrol|gas|electricity|energy|material|materials|food|
                flour|egg|milk|paper|rent|freight ..2 price|prices|bill|bills|cost|costs
            everything gets|is|becomes ..3 expensive|dearer|pricier
            """
        ),
    ),
    Cue(
        "another_doubt",
        -4.0,
        phrase_lines(
            """
            text field|box|template|templates
            with|at|for my printer|laptop|phone|bank|landlord
            not with you
            sent them away
            notice period of our
            one customer|contact|client|person history
            data request
            our|the employees
            """
        ),
    ),
)
