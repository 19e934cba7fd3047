from django.apps import AppConfig


class InspectionConfig(AppConfig):
    name = "parkkeeper.inspection"
    label = "inspection"

    def ready(self) -> None:
        from parkkeeper.inspection.actions.days import close_days
        from parkkeeper.inspection.actions.deadlines import tell_deadlines
        from parkkeeper.inspection.words import DOUBTS, MESSAGES, VERBS
        from parkkeeper.park import words
        from parkkeeper.park.turns import add_turn
        from parkkeeper.sampling.doubts import KINDS

        words.add_messages(MESSAGES)
        words.add_verbs(VERBS)
        KINDS.update(DOUBTS)
        add_turn(tell_deadlines)
        add_turn(close_days)
