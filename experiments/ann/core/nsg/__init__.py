"""The navigating spreading-out graph: building, searching, keeping and dividing it.

Imports ``simd``, ``exact`` and ``codes``, and may import ``theory``. Start with ``search`` (Algorithm 1 of the paper)
and ``pruning`` (the rule that chooses edges); ``index`` is what users call, ``building`` the order of the stages.
``coded_index`` is the same graph searched by short codes, which is the fast form; ``sharding`` and ``transformer``
stand on both.
"""
