"""The invented source park as pure data: no Django, no files, no clock; everything follows from one seed.

Public surface::

    from parkkeeper.demo.invent import invent
    park = invent(seed=20220427)     # -> SourcePark (park.py), about two seconds
    park.enterprises, park.people, park.points, park.posts, …   # nouns: model.py
    park.evening(day), park.morning(day)                        # what happens on a day: events.py
    park.incidents, park.antigen_positives                      # the stories that run over several days
    park.grids_geojson(), park.roads_geojson(), park.sites_geojson()

The parameters that shape it (how many enterprises, how the park grows …) are in `scenario.toml`.
Nobody and nothing here exists: names are made of parts, documents carry province-level area codes that no card bears,
phone numbers lie in one range of zeros.
"""

from parkkeeper.demo.invent.park import SourcePark, invent

__all__ = ["SourcePark", "invent"]
