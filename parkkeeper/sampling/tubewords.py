"""What is known of each tube as of a moment: the one SQL fragment that every question about tubes shares.

Whoever asks defines the common table `asked_tube(tube_id)` (each tube once) and puts TUBE_WORDS after it:

    f"WITH asked_tube AS (SELECT DISTINCT tube_id FROM …), {TUBE_WORDS} SELECT … FROM tube_word …"

with the parameter %(at)s (aware), "infinity" for now; whoever asks of a past moment asks by asknown.rows_known.
It gives `tube_word`, one row a tube asked for:

    tube_id
    outcome       negative | positive | indeterminate | invalid | contradicting; null while no result stands
    ruling        the most serious standing value (positive > indeterminate > invalid > negative); null likewise
    ruling_id     the first standing result that says the ruling value
    outcome_at    when the laboratory tested it (the latest time told)
    received_at   when the server knew the outcome
    condition     the laboratory's latest word at its door: good | damaged | leaked | missing | rejected; null: none yet
    condition_at  when it was said
    lost          true when a box that holds it was declared lost and no laboratory has seen it since

Known means: received by then, not struck by then, and of the tube of which it was told then. All joins are on tube ids,
so that it grows with the number of tubes asked for and not with what the park has ever sent.
"""

from parkkeeper.sampling.asknown import PLAIN, Known, results_of

SERIOUSNESS = ("negative", "invalid", "indeterminate", "positive")
"""Values of a result, the least serious first: the most serious of those that stand rules."""


def tube_words(known: Known) -> str:
    """The common tables up to `tube_word`, reading what was known as `known` says (asknown.rows_known)."""
    return f"""
tube_result AS (
    SELECT r.tube_id, r.value, min(r.id) AS first_id, max(r.tested_at) AS tested_at, min(r.received_at) AS received_at,
           CASE r.value WHEN 'positive' THEN 3 WHEN 'indeterminate' THEN 2 WHEN 'invalid' THEN 1 ELSE 0 END AS weight
      FROM {results_of("asked_tube")} r
     GROUP BY r.tube_id, r.value
), tube_outcome AS (
    SELECT tube_id, count(*) AS meanings, max(weight) AS weight, max(tested_at) AS tested_at,
           CASE WHEN count(*) > 1 THEN max(received_at) ELSE min(received_at) END AS received_at,
           (array_agg(first_id ORDER BY weight DESC))[1] AS ruling_id
      FROM tube_result GROUP BY tube_id
), tube_reception AS (
    SELECT DISTINCT ON (p.tube_id) p.tube_id, p.condition, p.at
      FROM {known.receptions_of("asked_tube")} p
     ORDER BY p.tube_id, p.at DESC, p.condition = 'good', p.id DESC
), tube_lost AS (
    {known.lost_of("asked_tube")}
), tube_word AS (
    SELECT asked_tube.tube_id,
           CASE WHEN o.meanings > 1 THEN 'contradicting'
                ELSE (ARRAY['negative', 'invalid', 'indeterminate', 'positive'])[o.weight + 1] END AS outcome,
           (ARRAY['negative', 'invalid', 'indeterminate', 'positive'])[o.weight + 1] AS ruling,
           o.ruling_id, o.tested_at AS outcome_at, o.received_at,
           p.condition, p.at AS condition_at,
           (l.tube_id IS NOT NULL AND coalesce(p.condition, 'missing') = 'missing') AS lost
      FROM asked_tube
      LEFT JOIN tube_outcome o ON o.tube_id = asked_tube.tube_id
      LEFT JOIN tube_reception p ON p.tube_id = asked_tube.tube_id
      LEFT JOIN tube_lost l ON l.tube_id = asked_tube.tube_id
)"""


TUBE_WORDS = tube_words(PLAIN)
