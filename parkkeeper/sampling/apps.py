from django.apps import AppConfig


class SamplingConfig(AppConfig):
    name = "parkkeeper.sampling"
    label = "sampling"

    def ready(self) -> None:
        from parkkeeper.park import facts, words
        from parkkeeper.park.imports.finders import add_place_finder
        from parkkeeper.park.retention.standins import after_standing_in
        from parkkeeper.park.turns import add_turn
        from parkkeeper.sampling import evidence, factwords
        from parkkeeper.sampling.forgetting import new_keys
        from parkkeeper.sampling.growth import tell_of_growth
        from parkkeeper.sampling.models import Point
        from parkkeeper.sampling.tally import keep_tallies
        from parkkeeper.sampling.words import MESSAGES, VERBS

        after_standing_in(new_keys)
        add_turn(tell_of_growth)
        add_turn(keep_tallies)
        words.add_messages(MESSAGES)
        words.add_verbs(VERBS)
        facts.add(labels=evidence.LABELS | factwords.LABELS, says=evidence.SAYS | factwords.SAYS)
        facts.add(nouns=factwords.NOUNS, pages=factwords.PAGES)
        add_place_finder(lambda codes: dict(Point.objects.filter(code__in=codes).values_list("code", "site_id")))
