from django.apps import AppConfig


class SamplingConfig(AppConfig):
    name = "parkkeeper.sampling"
    label = "sampling"

    def ready(self) -> None:
        from parkkeeper.park import words
        from parkkeeper.sampling.words import MESSAGES, VERBS

        words.add_messages(MESSAGES)
        words.add_verbs(VERBS)
