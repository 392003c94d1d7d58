"""Data: native formats, generators with a known truth, where files lie and how they are fetched.

| module | what it holds |
|---|---|
| ``catalog`` | every data set as one entry (``entries``): files, checksums, licence, reader (``readers``), kind |
| ``choices`` | the names that a Params may list, derived from the catalogue |
| ``images``, ``vectors``, ``tables``, ``annotated``, ``texts`` | ``load_...`` by name |
| ``sources`` | parameters of a study that searches vectors, and points for a study of graphs |
| ``store`` | the data folder: locate, fetch, check |

The rest reads one format each. Knows nothing of experiments; a file that cannot be used raises
``experiments.lab.errors.InputError``.
"""
