from django.apps import AppConfig


class InspectionConfig(AppConfig):
    name = "parkkeeper.inspection"
    label = "inspection"

    def ready(self) -> None:
        from parkkeeper.inspection.actions.days import close_days
        from parkkeeper.inspection.actions.deadlines import tell_deadlines
        from parkkeeper.inspection.factwords import LABELS, NOUNS, PAGES, SAYS
        from parkkeeper.inspection.words import DOUBTS, MESSAGES, VERBS
        from parkkeeper.park import facts, words
        from parkkeeper.park.turns import add_turn
        from parkkeeper.sampling.doubts import KINDS

        words.add_messages(MESSAGES)
        words.add_verbs(VERBS)
        facts.add(labels=LABELS, says=SAYS, nouns=NOUNS, pages=PAGES)
        KINDS.update(DOUBTS)
        add_turn(tell_deadlines)
        add_turn(close_days)
