"""The invented source park as pure data: no Django, no clock; everything follows from one seed and `scenario.toml`.

Public surface::

    from parkkeeper.demo.invent import DEFAULT_SEED, invent
    park = invent(DEFAULT_SEED)      # -> SourcePark (park.py), about a second; a day's plan takes a tenth of one
    park.enterprises, park.people, park.points, park.posts, …   # nouns: model.py
    park.evening(day), park.morning(day)                        # what happens on a day: events.py
    park.incidents, park.antigen_positives                      # the stories that run over several days
    park.grids_geojson(), park.roads_geojson(), park.sites_geojson()

Who counts: "on post" is presence state `on_post` and nothing else, building workers included. People in their silent
period are registered, not on post, and are sampled in the last slot of nearby points. The park's own office (enterprise
of kind `park_office`: office, leader, laboratories, couriers, drivers, concierges, teams) has no presences at all.

The parameters that shape it (how many enterprises, how the park grows …) are in `scenario.toml`.
Nobody and nothing here exists: names are made of parts, documents carry province-level area codes that no card bears,
phone numbers lie in one range of zeros.
"""

from parkkeeper.demo.invent.park import DEFAULT_SEED, SourcePark, invent

__all__ = ["DEFAULT_SEED", "SourcePark", "invent"]
