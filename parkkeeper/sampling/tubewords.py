"""What is known of each tube as of a moment: the one SQL fragment that every question about tubes shares.

Whoever asks defines the common table `asked_tube(tube_id)` (each tube once) and puts TUBE_WORDS after it:

    f"WITH asked_tube AS (SELECT DISTINCT tube_id FROM …), {TUBE_WORDS} SELECT … FROM tube_word …"

with the parameter %(at)s (aware). It gives `tube_word`, one row a tube asked for:

    tube_id
    outcome       negative | positive | indeterminate | invalid | contradicting; null while no result stands
    ruling        the most serious standing value (positive > indeterminate > invalid > negative); null likewise
    ruling_id     the first standing result that says the ruling value
    outcome_at    when the laboratory tested it (the latest time told)
    received_at   when the server knew the outcome
    condition     the laboratory's latest word at its door: good | damaged | leaked | missing | rejected; null: none yet
    condition_at  when it was said
    lost          true when a box that holds it was declared lost and no laboratory has seen it since

Known means: received by then and, for results, not struck by then. All joins are on tube ids, so that it grows with the
number of tubes asked for and not with what the park has ever sent.
"""

SERIOUSNESS = ("negative", "invalid", "indeterminate", "positive")
"""Values of a result, the least serious first: the most serious of those that stand rules."""

TUBE_WORDS = """
tube_result AS (
    SELECT r.tube_id, r.value, min(r.id) AS first_id, max(r.tested_at) AS tested_at, min(r.received_at) AS received_at,
           CASE r.value WHEN 'positive' THEN 3 WHEN 'indeterminate' THEN 2 WHEN 'invalid' THEN 1 ELSE 0 END AS weight
      FROM sampling_result r
      JOIN asked_tube ON asked_tube.tube_id = r.tube_id
     WHERE r.received_at <= %(at)s AND (r.struck_at IS NULL OR r.struck_at > %(at)s)
     GROUP BY r.tube_id, r.value
), tube_outcome AS (
    SELECT tube_id, count(*) AS meanings, max(weight) AS weight, max(tested_at) AS tested_at,
           CASE WHEN count(*) > 1 THEN max(received_at) ELSE min(received_at) END AS received_at,
           (array_agg(first_id ORDER BY weight DESC))[1] AS ruling_id
      FROM tube_result GROUP BY tube_id
), tube_reception AS (
    SELECT DISTINCT ON (p.tube_id) p.tube_id, p.condition, p.at
      FROM sampling_reception p
      JOIN asked_tube ON asked_tube.tube_id = p.tube_id
     WHERE p.received_at <= %(at)s
     ORDER BY p.tube_id, p.at DESC, p.condition = 'good', p.id DESC
), tube_lost AS (
    SELECT DISTINCT c.tube_id
      FROM sampling_box_tube c
      JOIN asked_tube ON asked_tube.tube_id = c.tube_id
      JOIN sampling_box b ON b.id = c.box_id
     WHERE b.received_at <= %(at)s AND b.lost_at <= %(at)s
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
