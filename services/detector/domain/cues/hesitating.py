"""Doubt in plain speech: rivals at the door, trust that is used up, money that is gone, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

HESITATING = (
    Cue(
        "rival_at_hand",
        2.8,
        phrase_lines(
            """
            two|three|another|other ..1 other? quotes|offers|quote|offer ..3 on|from|in|before|elsewhere
            got|have|had|getting|get|getting_in ..3 two|three|other|another ..2 quotes|offers|quote|offer
            going|go with them|the_other|her_network|theirs
            competitor|competitors|rival|rivals|<named> ..5 at_the_door|guy|rep|called|called_me|visited|
                presented|was_here|tempting|impressed
            rep|guy|salesman|sales ..2 from ..3 was|came|called|at ..3 here|door|morning|yesterday
            their|an offer|price|quote ..2 is|was ..1 tempting|attractive|good|half|lower|better
            other|another ..1 company|network|provider|bank|supplier|lot ..6 works_fine|better|cheaper|faster
            somebody|someone|everybody|everyone|others|they ..1 else? charge|charges|pay|offer|
                offers ..1 half|less|cheaper
            half of|the that|price|cost
            what else ..2 on|in ..1 market|out_there
            how hard|easy|difficult ..3 move|get|migrate|switch|take ..6 to|into|out|elsewhere
            price|cost|vendor|product|tool ..1 comparison|comparisons
            comparison ..2 of both|of_two|between
            comparing|compare you|your|both|it ..2 with|to|and
            testing|trying|piloting|evaluating|trialling|trialing ..1 another|other|a_second|different|
                alternative ..3 system|tool|one|provider|phone|platform|product
            trained|used ..1 on|to ..1 rival|competing|other|different|another
            open|public ..1 tender
            """
        ),
        family="alternatives",
    ),
    Cue(
        "what_for",
        2.7,
        phrase_lines(
            """
            why ..1 are we|i ..1 still paying|pay|using|keeping
            asked|asks|ask|asking|wants|want|wonder|wonders|wondering|question ..2 why ..1 we ..1 pay|need|
                keep|use|still
            asked|asks|asking|wants_to_know ..5 what we get
            what we ..1 actually? get out|for_it|for_the_money|from_it
            had|have no good answer|argument|reply
            hard|difficult|struggle|struggling|impossible|not_able|unable ..2 to justify|defend|explain
            not be able to justify|defend|afford|keep
            justify|defend|explain ..2 the|this|your|it|our ..1 line|cost|spend|contract|subscription
            line ..3 on|in ..3 list
            on ..2 list ..5 cut|explained|reviewed|questioned|chopping
            which ..3 we ..1 still|really need
            two years|long ..4 tied
            rather hire|do_it_ourselves|build_it
            """
        ),
        family="value",
    ),
    Cue(
        "nobody_uses_it",
        2.7,
        phrase_lines(
            """
            nobody|no_one|none|hardly|barely|few|almost_nobody ..3 logs|log|logged|logging in
            nobody|no_one|none ..3 uses|use|opens|open|touches|touch ..2 it|this|you|the_tool|any_more|
                anymore|here
            out of # ..4 use|opened|open|logged|log
            went|gone|going|go|moved|drifted back to ..2 spreadsheets|excel|email|emailing|emails|paper|pen|
                whatsapp|phone|group_chat|old
            something my|our people|team|staff avoid|avoids|hate|hates
            gathering|collecting dust
            pay ..4 for ..2 empty|nothing
            not|never ..1 been|used|opened|logged ..3 since january|february|march|april|may|june|july|
                august|september|october|november|december|spring|summer|last
            person|one who bought|chose|ran|wanted|brought it|you|this ..1 in? ..1 has? left|gone|retired
            """
        ),
        family="disuse",
    ),
    Cue(
        "money_gone",
        2.6,
        phrase_lines(
            """
            not ..1 sure|certain ..2 we|i ..1 can ..1 still? ..1 afford
            can|could|will not ..1 really? afford ..1 it|this|you|your|that|to ..3
            lost ..3 grant|funding|sponsor|biggest_client|two_clients|main_client
            freeze on ..3 spend|spending|budget
            budget ..5 cut|frozen|slashed|halved|shrunk
            get|bring|keep|need_to_get ..2 cost|costs|bill|price|spend down
            loyalty discount
            i pay ..3 for this
            look|looking for something cheaper
            something cheaper by|before|instead
            feel ripped off
            """
        ),
        family="price",
    ),
    Cue(
        "at_the_end",
        2.9,
        phrase_lines(
            """
            last straw|chance|warning
            that is|was it for me|us
            had it up to here
            one more ..6 and|then i|we ..1 am|are|will ..3 gone|out|deleting|leaving|canceling|off
            if ..8 one more time ..6 delete|deleting|leave|leaving|cancel|out|gone|done
            if ..8 not ..3 solved|fixed|stable|sorted|resolved ..6 will|would ..3 tender|recommend|plug|
                leave|look|cancel|elsewhere|end|stop|review
            condition for us|me
            lost ..3 faith|trust|patience|confidence ..1 in|with
            drawn up a plan b
            regret signing|choosing|switching|buying|the_day
            should have gone with the|another|someone
            picked|chose|choose the wrong vendor|tool|partner|provider
            make|making it ..2 easy to leave
            not for much longer
            my partner|boss|director|husband|wife wants you gone
            used to recommend
            can not promise ..3 third|survive|stay|renew|renewal
            serious doubts|thoughts about
            thinking of|about changing_provider|leaving_you|moving_on|switching_away|giving_up_on_you
            starting to think ..6 right|wrong|mistake|other|elsewhere
            considering the jump
            fence|undecided ..2 renew|about|whether|this
            on the fence
            thinking ..2 about ..1 whether ..4 need|keep|renew|want
            whether|if i|we ..1 still need
            look around first|before
            fee|penalty|cost ..2 if|to|for ..2 leave|leaving|stop|stopping|get_out
            if i|we ..1 stop|leave|end ..1 early
            stop before ..4 up|over|end|ends
            get out of this ..2 early|contract
            shorten the contract
            """
        ),
        family="reconsider",
    ),
    Cue(
        "only_weather",
        -3.4,
        phrase_lines(
            """
            in|over|during august|july|summer|the_holidays|christmas|december|easter
            full steam|busy again|back to normal
            we left|moved_from|came_off|came_from|switched_from|moved_off <named>|our_old|another
            our|my|their members|customers|clients|patients|guests|tenants|pupils|students
            sunset|legacy
            hypothetically
            august|summer|beach|holidays ..3 beach|off|away
            """
        ),
    ),
)
